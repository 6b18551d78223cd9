//! Rows that contradict the collections file: no answer is made from them.

use domain::deletion::State;
use serde_json::{Map, Value, json};
use testing::samples::key;

use super::event::Event;
use super::world::World;

const SLIPS: &str = r#"
[slips]
table       = "slips"
key         = ["slip_id"]
tenant      = { attribute = "realm", gsi = "by_realm" }
strategy    = "flag"
retention   = "30d"
serve       = ["read"]
permissions = { read = ["member"], delete = ["member"], destroy_all = ["admin"] }
"#;

fn row(id: &str, more: &Value) -> Map<String, Value> {
    let mut row = json!({ "slip_id": id, "realm": "acme" });
    let all = row.as_object_mut().unwrap();
    for (name, value) in more.as_object().unwrap() {
        all.insert(name.clone(), value.clone());
    }
    all.clone()
}

/// Two slips that are as declared; of the others nobody can say whether they are deleted (`m-…`), or whose they are
/// (`t-…`).
fn world() -> World {
    let world = World::with(SLIPS);
    world.put_row("slips", row("live", &json!({})));
    world.put_row("slips", row("null", &json!({ "deleted_at": null })));
    world.put_row("slips", row("m-false", &json!({ "deleted_at": false })));
    world.put_row("slips", row("m-zero", &json!({ "deleted_at": 0 })));
    world.put_row("slips", row("m-empty", &json!({ "deleted_at": "" })));
    world.put_row("slips", row("t-number", &json!({ "realm": 17 })));
    world.put_row("slips", row("t-null", &json!({ "realm": null })));
    world
}

#[tokio::test]
async fn a_delete_is_never_answered_with_already_deleted_and_changes_nothing() {
    let world = world();
    for id in ["m-false", "m-zero", "m-empty", "t-number", "t-null"] {
        let before = world.row("slips", &key(id));

        let target = format!("/v1/slips/{id}");
        let answer = world.call(Event::new("DELETE", &target)).await;

        assert_eq!(
            (answer.status, answer.code()),
            (500, "ROW_UNREADABLE"),
            "{id}"
        );
        assert_eq!(world.row("slips", &key(id)), before, "{id}");
    }
}

#[tokio::test]
async fn a_record_is_shown_only_where_the_row_says_that_it_is_live() {
    let world = world();
    for (id, status, code) in [
        ("live", 200, ""),
        ("null", 200, ""),
        ("m-false", 500, "ROW_UNREADABLE"),
        ("m-zero", 500, "ROW_UNREADABLE"),
        ("m-empty", 500, "ROW_UNREADABLE"),
        // Nobody's: not shown to anybody, and no secret told.
        ("t-number", 404, "RECORD_NOT_FOUND"),
        ("t-null", 404, "RECORD_NOT_FOUND"),
    ] {
        let answer = world
            .call(Event::new("GET", &format!("/v1/slips/{id}")))
            .await;

        let told = answer.body["code"].as_str().unwrap_or_default();
        assert_eq!((answer.status, told), (status, code), "{id}");
    }

    let listed = world.call(Event::new("GET", "/v1/slips")).await;

    let ids: Vec<&str> = listed.body["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["live", "null"]);
}

#[tokio::test]
async fn what_is_requested_by_id_fails_with_its_reason_and_is_not_counted_as_missing() {
    let world = world();
    let ids = json!({ "ids": ["live", "m-false", "t-number", "absent"] });

    let accepted = world
        .call(
            Event::new("POST", "/v1/slips/destroy_all")
                .header("content-type", "application/json")
                .body(&ids.to_string()),
        )
        .await;
    assert_eq!(accepted.status, 202, "{accepted:?}");
    world.come_to_rest().await;

    let id = accepted.body["deletion"]["id"].as_str().unwrap();
    let shown = world
        .call(Event::new("GET", &format!("/v1/deletions/{id}")))
        .await;
    let failed = world
        .call(Event::new(
            "GET",
            &format!("/v1/deletions/{id}/records?outcome=failed"),
        ))
        .await;
    assert_eq!(shown.body["state"], json!(State::DeleteFailed.to_string()));
    let counts = &shown.body["counts"]["delete"]["slips"];
    assert_eq!(counts["deleted"], 1, "{counts}");
    assert_eq!(counts["failed"], 2, "{counts}");
    assert_eq!(counts["missing"], 1, "{counts}");
    for item in failed.body["items"].as_array().unwrap() {
        let reason = item["reason"].as_str().unwrap();
        assert!(reason.starts_with("ROW_UNREADABLE"), "{reason}");
    }
}

#[tokio::test]
async fn each_is_reported_once_in_the_metric_that_the_alarm_reads() {
    let world = world();
    let (met, silent) = (Event::new("GET", "/v1/slips/t-null"), "/v1/slips/live");

    let told = world.told(met).await.expect("something to report");
    let nothing = world.told(Event::new("GET", silent)).await;

    let line: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(line["UnreadableRows"], 1, "{line}");
    assert!(!told.contains("t-null"), "no key in the log");
    assert_eq!(nothing, None);
}
