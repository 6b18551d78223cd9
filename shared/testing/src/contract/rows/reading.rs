//! Reading rows by key.

use serde_json::json;

use super::harness::{RowsHarness, put_live, to_mark};
use crate::contract::done;
use crate::samples::{collection, deletion_id, key, key2, mark, marked, row, tenant, with_null};
use domain::key::RecordKey;
use domain::row::RowMark;
use ports::{Fields, MarkRows, ReadRows};

pub async fn reading_answers_in_the_order_of_the_keys_and_tells_what_is_missing<H: RowsHarness>(
    harness: &H,
) {
    let messages = collection("messages");
    let keys = [
        key2("d", "3"),
        key2("d", "missing"),
        key2("d", "1"),
        key2("e", "1"),
        key2("d", "2"),
    ];
    put_live(
        harness,
        &messages,
        &[keys[0].clone(), keys[2].clone(), keys[4].clone()],
    )
    .await;

    let found = done(harness.rows().read(&messages, &keys, Fields::All).await);

    let found: Vec<_> = found
        .into_iter()
        .map(|row| row.map(|row| row.key))
        .collect();
    assert_eq!(
        found,
        [
            Some(keys[0].clone()),
            None,
            Some(keys[2].clone()),
            None,
            Some(keys[4].clone())
        ]
    );
}

pub async fn reading_takes_100_keys_at_once<H: RowsHarness>(harness: &H) {
    let messages = collection("messages");
    let keys: Vec<RecordKey> = (0..H::Rows::READ_BATCH)
        .map(|n| key2(&"d".repeat(500), &format!("{n:0500}")))
        .collect();
    put_live(harness, &messages, &keys).await;

    let found = done(harness.rows().read(&messages, &keys, Fields::Judged).await);

    assert!(H::Rows::READ_BATCH >= 100);
    assert_eq!(
        found
            .into_iter()
            .map(|row| row.map(|row| row.key))
            .collect::<Option<Vec<_>>>(),
        Some(keys)
    );
}

pub async fn reading_nothing_answers_nothing<H: RowsHarness>(harness: &H) {
    assert_eq!(
        done(
            harness
                .rows()
                .read(&collection("messages"), &[], Fields::All)
                .await
        ),
        []
    );
}

pub async fn reading_for_a_decision_brings_what_it_needs_and_no_more<H: RowsHarness>(harness: &H) {
    let replies = collection("replies");
    let mut reply = marked(&replies, row(&replies, &key("r"), "acme"), &mark(1));
    reply.insert("group".to_owned(), json!("d"));
    reply.insert("order".to_owned(), json!("m"));
    harness.put(&replies, reply).await;

    let found = done(
        harness
            .rows()
            .read(&replies, &[key("r")], Fields::Judged)
            .await,
    )
    .remove(0)
    .expect("it is there");

    let names: Vec<_> = found.attributes.keys().map(String::as_str).collect();
    assert!(!names.contains(&"subject"), "{names:?}");
    for name in [
        "key", "owner", "group", "order", "user", "date", "by", "value",
    ] {
        assert!(names.contains(&name), "{name} is not in {names:?}");
    }
    assert_eq!(
        found.parent_key(&replies, &tenant("acme")),
        Some(key2("d", "m"))
    );
    assert_eq!(found.author(&replies), Some("ann"));
    assert!(found.mark(&replies).is_of(deletion_id(1)));
}

pub async fn reading_for_a_document_brings_what_it_says_too_and_no_more<H: RowsHarness>(
    harness: &H,
) {
    let messages = collection("messages");
    let key = key2("d", "1");
    let mut rich = row(&messages, &key, "acme");
    rich.insert("body".to_owned(), json!("words"));
    rich.insert("note".to_owned(), json!("aside"));
    harness.put(&messages, rich).await;
    let keys = std::slice::from_ref(&key);

    let found = done(harness.rows().read(&messages, keys, Fields::Searched).await);

    let found = found[0].as_ref().expect("it is there");
    assert_eq!(found.text("subject"), Some("a stone"));
    assert_eq!(found.text("body"), Some("words"));
    assert_eq!(found.author(&messages), Some("ann"));
    assert_eq!(found.text("note"), None);
}

pub async fn reading_everything_brings_every_attribute_as_json<H: RowsHarness>(harness: &H) {
    let discussions = collection("discussions");
    let mut written = row(&discussions, &key("d"), "acme");
    written.insert("whole".to_owned(), json!(42));
    written.insert("broken".to_owned(), json!(-1.5));
    written.insert("yes".to_owned(), json!(true));
    written.insert("nothing".to_owned(), json!(null));
    written.insert("empty".to_owned(), json!(""));
    written.insert("list".to_owned(), json!(["a", 1, { "b": [] }]));
    written.insert("map".to_owned(), json!({ "a b": { "c": "🪦" } }));
    harness.put(&discussions, written.clone()).await;

    let found = done(
        harness
            .rows()
            .read(&discussions, &[key("d")], Fields::All)
            .await,
    )
    .remove(0)
    .expect("it is there");

    assert_eq!(found.attributes, written);
}

pub async fn an_absent_mark_a_null_one_ours_and_a_strangers_are_told_apart<H: RowsHarness>(
    harness: &H,
) {
    let messages = collection("messages");
    let keys = ["1", "2", "3", "4"].map(|sort| key2("d", sort));
    let live = |key| row(&messages, key, "acme");
    let mut strange = live(&keys[3]);
    strange.insert("date_delete".to_owned(), json!("2020-01-01"));
    harness.put(&messages, live(&keys[0])).await;
    harness
        .put(&messages, with_null(&messages, live(&keys[1])))
        .await;
    harness
        .put(&messages, marked(&messages, live(&keys[2]), &mark(1)))
        .await;
    harness.put(&messages, strange).await;

    let found = done(harness.rows().read(&messages, &keys, Fields::Judged).await);

    let marks: Vec<_> = found
        .iter()
        .flatten()
        .map(|row| row.mark(&messages))
        .collect();
    assert_eq!(
        marks,
        [
            RowMark::Absent,
            RowMark::Null,
            RowMark::By(Some(deletion_id(1))),
            RowMark::By(None)
        ]
    );
}

pub async fn reading_sees_what_was_just_written<H: RowsHarness>(harness: &H) {
    let messages = collection("messages");
    let key = key2("d", "1");
    put_live(harness, &messages, std::slice::from_ref(&key)).await;

    let _ = done(
        harness
            .rows()
            .mark(
                &messages,
                &tenant("acme"),
                &mark(1),
                &[to_mark(&key, false)],
            )
            .await,
    );

    let found = done(harness.rows().read(&messages, &[key], Fields::Judged).await)
        .remove(0)
        .expect("it is there");
    assert_eq!(found.mark(&messages), RowMark::By(Some(deletion_id(1))));
}
