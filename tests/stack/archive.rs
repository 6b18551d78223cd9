//! Real mails: 13,405 messages load, and all discussions of one list are deleted with counts that equal the data.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use futures_util::stream::{self, StreamExt as _};
use local::load::{Archive, Mail, Message};
use serde_json::Value;
use tests::caller::Caller;
use tests::stacks::{mail_archive, say, stack, unique};
use tests::stores::Stores;

const LIST: &str = "r-sig-hpc";
const MESSAGES: usize = 13_405;
const MESSAGES_OF_LIST: usize = 2_152;
const AT_ONCE: usize = 16;

#[tokio::test]
async fn all_discussions_of_a_real_list_are_deleted_and_the_counts_equal_the_data() {
    let (Some(stack), Some(file)) = (stack(), mail_archive()) else {
        return;
    };
    let collections = tombstone::collections::read(None).unwrap();
    let mail = Mail::of(&collections).unwrap();
    let archive = Archive::read(&file, &mail).unwrap();
    assert_eq!(archive.messages().len() + archive.repeated(), MESSAGES);
    let loaded = local::load::write(&stack, &mail, &archive).await.unwrap();
    say(&format!(
        "loaded {} rows and {} documents in {:?}",
        loaded.rows, loaded.documents, loaded.took
    ));
    let sizes = sizes(archive.messages());
    let admin = Caller::new(&stack, LIST, &unique("hpc-admin"), &["admin"]).await;

    let begun = Instant::now();
    let roots: Vec<&String> = sizes[LIST].keys().collect();
    let deletions: BTreeMap<String, Value> =
        stream::iter(roots.iter().map(|root| delete(&admin, root)))
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
    let took = begun.elapsed();

    let mut messages = 0;
    for (root, deletion) in &deletions {
        let expected = sizes[LIST][root];
        assert_eq!(deletion["state"], "DELETED", "{deletion:#}");
        assert_eq!(
            deletion["counts"]["delete"]["messages"]["deleted"], expected,
            "{root}"
        );
        messages += expected;
    }
    assert_eq!(
        (deletions.len(), messages),
        (sizes[LIST].len(), MESSAGES_OF_LIST)
    );
    say(&format!(
        "{LIST}: {} discussions, {messages} messages deleted in {took:?}, {AT_ONCE} at once",
        deletions.len()
    ));
    let stores = Stores::of(&stack);
    assert_rows(&stores, &sizes, &deletions).await;
    assert_documents(&stores, &sizes).await;
}

async fn delete(admin: &Caller, root: &str) -> (String, Value) {
    let id = admin.begin(&format!("/v1/discussions/{root}")).await;
    let deletion = admin.done(&id, Duration::from_mins(2)).await;
    (root.to_owned(), deletion)
}

/// How many messages each discussion of each list has.
fn sizes(messages: &[Message]) -> BTreeMap<String, BTreeMap<String, usize>> {
    let mut sizes: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
    for message in messages {
        let of_list = sizes.entry(message.list.clone()).or_default();
        *of_list.entry(Mail::discussion_id(message)).or_default() += 1;
    }
    sizes
}

/// Every row of the list carries the mark of its own discussion's deletion, and no other row carries any.
async fn assert_rows(
    stores: &Stores,
    sizes: &BTreeMap<String, BTreeMap<String, usize>>,
    deletions: &BTreeMap<String, Value>,
) {
    for table in ["discussions", "messages"] {
        let rows = stores
            .scan(
                table,
                &["discussion_id", "user_id", "date_delete", "deletion_id"],
            )
            .await;
        let mut found: BTreeMap<&str, usize> = BTreeMap::new();
        for row in rows
            .iter()
            .filter(|row| sizes.contains_key(row["user_id"].as_str().unwrap()))
        {
            let (list, root) = (
                row["user_id"].as_str().unwrap(),
                row["discussion_id"].as_str().unwrap(),
            );
            *found.entry(list).or_default() += 1;
            let deletion = deletions.get(root);
            assert_eq!(
                row.get("deletion_id"),
                deletion.map(|deletion| &deletion["id"]),
                "{root}"
            );
            assert_eq!(
                row.get("date_delete"),
                deletion.map(|deletion| &deletion["deleted_at"]),
                "{root}"
            );
            assert_eq!(deletion.is_some(), list == LIST, "{root}");
        }
        let expected = sizes.iter().map(|(list, roots)| {
            let count = if table == "messages" {
                roots.values().sum()
            } else {
                roots.len()
            };
            (list.as_str(), count)
        });
        assert_eq!(found, expected.collect(), "{table}");
    }
}

async fn assert_documents(stores: &Stores, sizes: &BTreeMap<String, BTreeMap<String, usize>>) {
    for (list, roots) in sizes {
        let counts = [
            ("messages", roots.values().sum::<usize>()),
            ("discussions", roots.len()),
        ];
        for (index, expected) in counts {
            let found = stores.count_documents(index, &[("user_id", list)]).await;
            assert_eq!(found, expected, "{index} of {list}");
        }
    }
    for (index, expected) in [
        ("messages", MESSAGES_OF_LIST),
        ("discussions", sizes[LIST].len()),
    ] {
        let documents = stores.documents(index, ("user_id", LIST)).await;
        let marked: BTreeSet<&String> = documents
            .iter()
            .filter(|(_, fields)| fields.contains_key("deletion_id"))
            .map(|(id, _)| id)
            .collect();
        assert_eq!(marked.len(), expected, "{index}");
    }
    for list in sizes.keys().filter(|list| *list != LIST) {
        let marked = stores.count_marked(list).await;
        assert_eq!(marked, 0, "{list}");
    }
}
