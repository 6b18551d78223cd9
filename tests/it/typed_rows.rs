//! Rows with types that JSON does not have: what a client sends back as it was shown must not lose them.

use aws::DynamoRows;
use ports::{TakeBackOutcome, Unchanged, WriteOutcome, WriteRows};
use serde_json::{Map, Value, json};
use testing::samples;

use crate::stores::dynamo::Tables;

fn typed() -> Map<String, Value> {
    let item = json!({
        "discussion_id": { "S": "d" },
        "user_id": { "S": "acme" },
        "sender_id": { "S": "ann" },
        "tags": { "SS": ["a", "b"] },
        "seal": { "B": "AQI=" },
        "amount": { "N": "123456789012345678901234567890.12345" },
        "nested": { "M": { "scores": { "NS": ["1", "2"] }, "count": { "N": "1" } } },
        "subject": { "S": "old" },
    });
    item.as_object().unwrap().clone()
}

#[tokio::test]
async fn what_is_sent_back_as_it_was_shown_keeps_its_type_in_the_table() {
    let collections = samples::collections();
    let (tables, discussions) = (
        Tables::of(&collections),
        collections.get("discussions").unwrap(),
    );
    let rows = DynamoRows::new(tables.client(), tables.names());
    let name = tables.names().of(discussions);
    tables.put_item(&name, &typed());

    let before = rows.stored(discussions, &samples::key("d")).await.unwrap();
    let mut sent = before.as_ref().unwrap().row.clone();
    sent.attributes.insert("subject".to_owned(), json!("new"));
    sent.attributes["nested"]["count"] = json!(2);
    let outcome = rows
        .write(discussions, &sent, before.as_ref(), Unchanged::These(&[]))
        .await
        .unwrap();

    assert_eq!(outcome, WriteOutcome::Written);
    let mut expected = typed();
    expected.insert("subject".to_owned(), json!({ "S": "new" }));
    expected["nested"]["M"]["count"] = json!({ "N": "2" });
    assert_eq!(
        tables.item(&name, &samples::key("d"), discussions),
        Some(expected)
    );
}

#[tokio::test]
async fn a_replaced_row_is_put_back_with_all_its_types() {
    let collections = samples::collections();
    let (tables, discussions) = (
        Tables::of(&collections),
        collections.get("discussions").unwrap(),
    );
    let rows = DynamoRows::new(tables.client(), tables.names());
    let name = tables.names().of(discussions);
    tables.put_item(&name, &typed());
    let before = rows.stored(discussions, &samples::key("d")).await.unwrap();
    let mut sent = before.as_ref().unwrap().row.clone();
    sent.attributes = samples::row(discussions, &samples::key("d"), "acme");
    let written = rows
        .write(discussions, &sent, before.as_ref(), Unchanged::These(&[]))
        .await
        .unwrap();

    let outcome = rows
        .take_back(discussions, &sent, before.as_ref())
        .await
        .unwrap();

    assert_eq!(
        (written, outcome),
        (WriteOutcome::Written, TakeBackOutcome::TakenBack)
    );
    assert_eq!(
        tables.item(&name, &samples::key("d"), discussions),
        Some(typed())
    );
}
