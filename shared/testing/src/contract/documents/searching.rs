//! Searching: the tenant's own, the unmarked, the declared fields.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::harness::{DocumentsHarness, at, message, put_messages};
use crate::contract::done;
use crate::samples::{collection, key2, mark, tenant};
use domain::collection::Grant;
use domain::key::RecordKey;
use ports::{MarkDocuments, SearchDocuments, SearchPage, SearchQuery};

pub async fn searching_finds_live_documents_of_the_tenant<H: DocumentsHarness>(harness: &H) {
    let messages = collection("messages");
    put_messages(harness, &messages, &["1"]).await;
    let (id, mut with_null) = message("2");
    with_null.insert("date_delete".to_owned(), Value::Null);
    harness.put(&messages, &id, with_null).await;
    harness.refresh().await;

    // One word of each field.
    for text in ["stone", "words"] {
        assert_eq!(
            found(harness, "acme", text).await,
            keys(&["1", "2"]),
            "{text}"
        );
    }
    assert_eq!(found(harness, "acme", "pebble").await, keys(&[]));
}

pub async fn searching_shows_no_marked_document<H: DocumentsHarness>(harness: &H) {
    let messages = collection("messages");
    let ids = put_messages(harness, &messages, &["1", "2", "3"]).await;

    let _ = done(
        harness
            .documents()
            .mark(&messages, &mark(1), &at(&messages, &ids[1..2]))
            .await,
    );
    harness.refresh().await;

    assert_eq!(found(harness, "acme", "stone").await, keys(&["1", "3"]));
}

pub async fn searching_shows_nothing_of_another_tenant<H: DocumentsHarness>(harness: &H) {
    let messages = collection("messages");
    put_messages(harness, &messages, &["1"]).await;
    for (name, owner) in [
        ("2", json!("globex")),
        ("3", Value::Null),
        ("4", json!("acme corp")),
    ] {
        let (id, mut source) = message(name);
        source.insert("user_id".to_owned(), owner);
        harness.put(&messages, &id, source).await;
    }
    let (id, mut nobodys) = message("5");
    nobodys.remove("user_id");
    harness.put(&messages, &id, nobodys).await;
    harness.refresh().await;

    assert_eq!(found(harness, "acme", "stone").await, keys(&["1"]));
    assert_eq!(found(harness, "globex", "stone").await, keys(&["2"]));
    assert_eq!(found(harness, "initech", "stone").await, keys(&[]));
}

pub async fn searching_looks_into_the_declared_fields_only<H: DocumentsHarness>(harness: &H) {
    put_messages(harness, &collection("messages"), &["1"]).await;
    harness.refresh().await;

    for text in ["aside", "ann", "acme", "note:aside"] {
        assert_eq!(found(harness, "acme", text).await, keys(&[]), "{text}");
    }
}

pub async fn searching_goes_on_behind_the_last_hit_and_shows_each_once<H: DocumentsHarness>(
    harness: &H,
) {
    let names = ["1", "2", "3", "4", "5", "6", "7"];
    put_messages(harness, &collection("messages"), &names).await;
    harness.refresh().await;

    for limit in [1, 2, 7, 100] {
        let mut seen = Vec::new();
        let mut after = None;
        loop {
            let page = search(harness, "acme", "stone", after.as_ref(), limit).await;
            assert!(page.hits.len() <= limit);
            after = page.next;
            seen.extend(page.hits);
            if after.is_none() || seen.len() > names.len() {
                break;
            }
        }
        assert_eq!(seen.len(), names.len(), "limit {limit}: {seen:?}");
        assert_eq!(
            seen.into_iter().collect::<BTreeSet<_>>(),
            keys(&names),
            "limit {limit}"
        );
    }
}

pub async fn searching_is_in_the_order_of_keys_whatever_else_is_in_the_index<
    H: DocumentsHarness,
>(
    harness: &H,
) {
    let messages = collection("messages");
    let put = async |name: &str, owner: &str, body: &str| {
        let (id, mut source) = message(name);
        source.insert("user_id".to_owned(), json!(owner));
        source.insert("body".to_owned(), json!(body));
        harness.put(&messages, &id, source).await;
    };
    for (name, body) in [
        ("1", "granite granite granite granite"),
        ("2", "basalt"),
        ("3", "granite and much more that makes it a long text"),
        ("4", "granite basalt"),
    ] {
        put(name, "acme", body).await;
    }
    harness.refresh().await;
    let expected: Vec<_> = ["4", "3", "2", "1"].map(|name| key2("d", name)).into();
    let both = async || search(harness, "acme", "granite | basalt", None, 100).await;
    let before = both().await.hits;

    // With these `granite` is common and `basalt` rare, or the other way round.
    for n in 0..60 {
        put(&format!("other-{n}"), "globex", "granite").await;
    }
    harness.refresh().await;
    let between = both().await.hits;
    for n in 0..60 {
        put(&format!("other-{n}"), "globex", "basalt basalt").await;
    }
    harness.refresh().await;

    assert_eq!(
        [before, between, both().await.hits],
        [expected.clone(), expected.clone(), expected]
    );
}

pub async fn what_others_write_between_two_pages_moves_no_hit<H: DocumentsHarness>(harness: &H) {
    let messages = collection("messages");
    let names = ["10", "20", "30", "40", "50", "60"];
    let ids = put_messages(harness, &messages, &names).await;
    harness.refresh().await;
    let mut seen = Vec::new();
    let mut after: Option<RecordKey> = None;

    for page in 0..6 {
        let found = search(harness, "acme", "stone", after.as_ref(), 1).await;
        seen.extend(found.hits);
        after = found.next;
        // A new one on each side of the place, one that was shown goes, and one that was shown is written again.
        put_messages(
            harness,
            &messages,
            &[&format!("9{page}"), &format!("1{page}-new")],
        )
        .await;
        let (id, mut source) = message("60");
        source.insert("body".to_owned(), json!("stone ".repeat(page + 1)));
        harness.put(&messages, &id, source).await;
        if page == 2 {
            let _ = done(
                harness
                    .documents()
                    .mark(&messages, &mark(1), &at(&messages, &ids[4..5]))
                    .await,
            );
        }
        harness.refresh().await;
    }

    let throughout: Vec<_> = seen
        .into_iter()
        .filter(|key| names.iter().any(|name| *key == key2("d", name)))
        .collect();
    let expected: Vec<_> = ["60", "50", "40", "30", "20"]
        .map(|name| key2("d", name))
        .into();
    assert_eq!(throughout[..5], expected);
}

pub async fn searching_for_an_authors_own_shows_nothing_of_others<H: DocumentsHarness>(
    harness: &H,
) {
    // Who may read only what they wrote; the documents of such a collection say the author.
    let mut messages = collection("messages");
    messages.permissions.read = vec![Grant::Author];
    for (name, author) in [("1", "ann"), ("2", "bob"), ("3", "ann bob"), ("4", "ann")] {
        let (id, mut source) = message(name);
        source.insert("sender_id".to_owned(), json!(author));
        harness.put(&messages, &id, source).await;
    }
    harness.refresh().await;
    let tenant = tenant("acme");
    let own = async |author, limit| {
        let query = SearchQuery {
            collection: &messages,
            tenant: &tenant,
            author: Some(author),
            text: "stone",
            after: None,
            limit,
        };
        match harness.documents().search(query).await {
            Ok(page) => page,
            Err(error) => unreachable!("{error:?}"),
        }
    };

    assert_eq!(
        own("ann", 10).await.hits,
        ["4", "1"].map(|name| key2("d", name))
    );
    // Not even the end of a page tells of others'.
    let page = own("bob", 2).await;
    assert_eq!((page.hits, page.next), (vec![key2("d", "2")], None));
    assert_eq!(own("nobody", 1).await.next, None);
}

pub async fn any_text_can_be_searched_for<H: DocumentsHarness>(harness: &H) {
    put_messages(harness, &collection("messages"), &["1"]).await;
    harness.refresh().await;

    for text in [
        "",
        " ",
        "\"",
        "(",
        "((stone",
        "a*",
        "*",
        "~",
        "a~9999999999",
        "stone -",
        "|",
        "\\",
        "\u{0}",
        "🪦",
        "[1 TO 2]",
    ] {
        let _ = search(harness, "acme", text, None, 10).await;
    }
}

pub async fn words_that_are_nearly_meant_are_not_looked_for_and_never_too_many<
    H: DocumentsHarness,
>(
    harness: &H,
) {
    let messages = collection("messages");
    // Enough words for each fuzzy one to become many.
    let letters = || ('a'..='z').map(|letter| letter.to_string());
    for (n, first) in letters().enumerate() {
        let (id, mut source) = message(&n.to_string());
        let words: Vec<String> = letters()
            .flat_map(|second| letters().map(move |third| format!("sto{second}{third}")))
            .map(|word| format!("{first}{word}"))
            .collect();
        source.insert("body".to_owned(), json!(words.join(" ")));
        harness.put(&messages, &id, source).await;
    }
    harness.refresh().await;
    let fuzzy: Vec<String> = letters().map(|letter| format!("{letter}stone~2")).collect();

    // It is answered: with fuzzy words it would have too many clauses.
    search(harness, "acme", &fuzzy.join(" "), None, 10).await;

    // Each document has the word `stone` in its subject.
    let near = found(harness, "acme", "ston~1").await;
    assert_eq!(near, keys(&[]));
    assert!(!found(harness, "acme", "sto*").await.is_empty());
}

async fn search<H: DocumentsHarness>(
    harness: &H,
    name: &str,
    text: &str,
    after: Option<&RecordKey>,
    limit: usize,
) -> SearchPage {
    let (messages, tenant) = (collection("messages"), tenant(name));
    let query = SearchQuery {
        collection: &messages,
        tenant: &tenant,
        author: None,
        text,
        after,
        limit,
    };
    match harness.documents().search(query).await {
        Ok(page) => page,
        Err(error) => unreachable!("a search for {text:?} failed: {error:?}"),
    }
}

async fn found<H: DocumentsHarness>(harness: &H, name: &str, text: &str) -> BTreeSet<RecordKey> {
    search(harness, name, text, None, 100)
        .await
        .hits
        .into_iter()
        .collect()
}

fn keys(names: &[&str]) -> BTreeSet<RecordKey> {
    names.iter().map(|name| key2("d", name)).collect()
}
