//! A delete that failed, as a client sees it: which records and why, and what can be done about it. Nobody has cancelled
//! it: the engine itself could not delete a record.

use domain::key::RecordKey;
use serde_json::json;
use testing::samples::{key, key2};

use super::event::Event;
use super::world::{Answer, World};

/// A message whose document's id would be another record's, so that it cannot be deleted.
fn broken() -> RecordKey {
    key2("d-1", "m\u{1f}9")
}

async fn get(world: &World, target: &str) -> Answer {
    world.call(Event::new("GET", target)).await
}

/// A discussion of which one message could not be deleted, and the path of its deletion.
async fn failed() -> (World, String) {
    let world = World::new();
    world.put("discussions", &key("d-1"));
    world.put("messages", &key2("d-1", "m-1"));
    let messages = world.collection("messages");
    let row = testing::samples::row(messages, &broken(), "acme");
    world.rows.put(messages, row);
    let event = Event::new("DELETE", "/v1/discussions/d-1");
    let answer = world.call(event).await;
    let path = answer.header("location").unwrap().to_owned();
    world.come_to_rest().await;
    (world, path)
}

#[tokio::test]
async fn a_delete_that_failed_says_which_records_and_why_and_what_can_be_done() {
    let (world, path) = failed().await;

    let shown = get(&world, &path).await;

    let body = &shown.body;
    assert_eq!(
        (&body["state"], &body["done"]),
        (&json!("DELETE_FAILED"), &json!(true)),
        "{}",
        shown.text
    );
    assert_eq!(shown.header("retry-after"), None);
    assert!(body["ended_at"].is_string() && body["last_action"].is_null());
    assert!(body["failure"]["code"].is_string() && body["failure"]["reason"].is_string());
    let counts = &body["counts"]["delete"]["messages"];
    assert_eq!(
        (&counts["selected"], &counts["deleted"], &counts["failed"]),
        (&json!(2), &json!(1), &json!(1))
    );
    assert_eq!(
        body["allowed_actions"],
        json!(["retry", "restore", "purge"])
    );
    let listed = get(&world, "/v1/deletions?state=DELETE_FAILED").await;
    assert_eq!(listed.body["items"], json!([body]));

    let records = get(&world, &format!("{path}/records?outcome=failed")).await;
    assert_eq!(records.body["items"].as_array().unwrap().len(), 1);
    let record = &records.body["items"][0];
    assert_eq!(record["key"], json!({"id": "d-1", "sort": "m\u{1f}9"}));
    assert_eq!(record["outcome"], "failed");
    let reason = record["reason"].as_str().unwrap();
    assert!(!reason.is_empty(), "{record}");
    assert_eq!(records.body["complete"], true);
}

#[tokio::test]
async fn what_is_offered_for_a_failed_delete_is_done() {
    // What was broken is mended by its owner: the record goes, and a retry ends well.
    let (world, path) = failed().await;
    world.rows.remove(world.collection("messages"), &broken());
    let retry = Event::new("POST", &format!("{path}/retry"));
    assert_eq!(world.call(retry).await.status, 202);
    world.come_to_rest().await;
    let shown = get(&world, &path).await;
    assert_eq!(shown.body["state"], "DELETED", "{}", shown.text);
    assert_eq!(shown.body["last_action"]["action"], "retry");
    let failed_ones = get(&world, &format!("{path}/records?outcome=failed")).await;
    assert_eq!(failed_ones.body["items"], json!([]));

    // And what was done is undone.
    let (world, path) = failed().await;
    let restore = Event::new("POST", &format!("{path}/restore"));
    assert_eq!(world.call(restore).await.status, 202);
    world.come_to_rest().await;
    let shown = get(&world, &path).await;
    assert_eq!(shown.body["state"], "RESTORED", "{}", shown.text);
    assert_eq!(get(&world, "/v1/discussions/d-1").await.status, 200);
    assert!(world.marked("messages").is_empty());
}
