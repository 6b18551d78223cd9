//! Marks that depend on what else is in a row: what holds it back, and what says whose child it is.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::harness::RowsHarness;
use super::replacing::{marked_as_found, read};
use crate::samples::{collection, key2, row};
use domain::collection::{Collection, Held};
use domain::key::RecordKey;
use domain::row::Unreadable;
use ports::MarkOutcome;

/// Messages that are held back while they are published, or in one of two states.
fn held() -> Collection {
    let mut messages = collection("messages");
    messages.held = Held(BTreeMap::from([
        ("published".to_owned(), vec![json!(true)]),
        ("state".to_owned(), vec![json!("RUNNING"), json!(7)]),
    ]));
    messages
}

async fn put<H: RowsHarness>(
    harness: &H,
    messages: &Collection,
    key: &RecordKey,
    more: &Value,
) -> Map<String, Value> {
    let mut row = row(messages, key, "acme");
    row.extend(more.as_object().cloned().unwrap_or_default());
    harness.put(messages, row.clone()).await;
    row
}

pub async fn a_row_that_is_held_back_is_left_and_told_and_a_free_one_is_marked<H: RowsHarness>(
    harness: &H,
) {
    let messages = held();
    let by = |attribute: &str| MarkOutcome::Held {
        attribute: attribute.to_owned(),
    };
    for (sort, more, expected) in [
        ("1", json!({}), MarkOutcome::Marked),
        ("2", json!({ "published": false }), MarkOutcome::Marked),
        (
            "3",
            json!({ "published": null, "state": "DONE" }),
            MarkOutcome::Marked,
        ),
        ("4", json!({ "state": 8 }), MarkOutcome::Marked),
        ("5", json!({ "published": true }), by("published")),
        (
            "6",
            json!({ "published": false, "state": "RUNNING" }),
            by("state"),
        ),
        ("7", json!({ "state": 7 }), by("state")),
        (
            "8",
            json!({ "published": "true" }),
            MarkOutcome::Unreadable(Unreadable::Held(0)),
        ),
        (
            "9",
            json!({ "state": [] }),
            MarkOutcome::Unreadable(Unreadable::Held(1)),
        ),
    ] {
        let key = key2("held", sort);
        let before = put(harness, &messages, &key, &more).await;
        let found = read(harness, &messages, &key).await.found(&messages);

        let outcome = marked_as_found(harness, &messages, &key, found).await;

        assert_eq!(outcome, expected, "{more}");
        let now = harness.get(&messages, &key).await.expect("it is there");
        assert_eq!(now == before, expected != MarkOutcome::Marked, "{more}");
    }
}

pub async fn a_row_that_is_held_back_since_it_was_read_is_left_and_told<H: RowsHarness>(
    harness: &H,
) {
    let messages = held();
    let key = key2("held", "since");
    for before in [
        json!({}),
        json!({ "published": false }),
        json!({ "published": null }),
    ] {
        put(harness, &messages, &key, &before).await;
        let found = read(harness, &messages, &key).await.found(&messages);
        let now = put(harness, &messages, &key, &json!({ "published": true })).await;

        let outcome = marked_as_found(harness, &messages, &key, found).await;

        let attribute = "published".to_owned();
        assert_eq!(outcome, MarkOutcome::Held { attribute }, "{before}");
        assert_eq!(harness.get(&messages, &key).await, Some(now), "{before}");
    }
}

pub async fn a_row_whose_value_has_changed_to_another_free_one_is_told_with_what_it_has<
    H: RowsHarness,
>(
    harness: &H,
) {
    let messages = held();
    let key = key2("held", "free");
    put(harness, &messages, &key, &json!({ "state": "DONE" })).await;
    let found = read(harness, &messages, &key).await.found(&messages);
    put(harness, &messages, &key, &json!({ "state": "SEEN" })).await;

    let outcome = marked_as_found(harness, &messages, &key, found).await;

    let found = match outcome {
        MarkOutcome::Otherwise(found) => Some(found),
        _ => None,
    };
    let found = found.expect("it is told what the row has now");
    let outcome = marked_as_found(harness, &messages, &key, found).await;
    assert_eq!(outcome, MarkOutcome::Marked);
}
