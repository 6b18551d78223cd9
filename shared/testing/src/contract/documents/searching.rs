//! Searching: the tenant's own, the unmarked, the declared fields.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::harness::{DocumentsHarness, message, put_messages};
use crate::contract::assert_refused;
use crate::contract::done;
use crate::samples::{collection, key2, mark, tenant};
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
            .mark(&messages, &mark(1), &ids[1..2])
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
            after = page.hits.last().map(|hit| hit.place.clone());
            seen.extend(page.hits.into_iter().map(|hit| hit.key));
            if !page.more || after.is_none() || seen.len() > names.len() {
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

pub async fn a_place_that_is_not_of_this_index_is_refused<H: DocumentsHarness>(harness: &H) {
    let messages = collection("messages");
    put_messages(harness, &messages, &["1"]).await;
    harness.refresh().await;
    let tenant = tenant("acme");

    for place in [
        json!("x"),
        json!({}),
        json!([]),
        json!(["a"]),
        json!([{ "a": 1 }, []]),
        json!([null, null, null]),
        json!([null, "d", "1"]),
        json!([true, "d", "1"]),
        json!(["x", 1, 2]),
        json!([1, 2, 3, 4, 5, 6, 7]),
    ] {
        let query = SearchQuery {
            collection: &messages,
            tenant: &tenant,
            text: "stone",
            after: Some(&place),
            limit: 10,
        };

        assert_refused(harness.documents().search(query).await);
    }
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
    after: Option<&Value>,
    limit: usize,
) -> SearchPage {
    let (messages, tenant) = (collection("messages"), tenant(name));
    let query = SearchQuery {
        collection: &messages,
        tenant: &tenant,
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
        .map(|hit| hit.key)
        .collect()
}

fn keys(names: &[&str]) -> BTreeSet<RecordKey> {
    names.iter().map(|name| key2("d", name)).collect()
}
