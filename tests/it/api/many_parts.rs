//! Records whose ids have more parts than `id` and `sort`: each part is given and told under its name.

use std::sync::Arc;

use domain::collection::Collections;
use domain::key::RecordKey;
use serde_json::{Value, json};

use super::event::Event;
use super::world::{Answer, World};

const READINGS: &str = r#"
[readings]
table       = "readings"
key         = [{ attribute = "PK", is = "{realm}#SITE#{site}#DEVICE#{device}" }, { attribute = "SK", is = "AT#{at}" }]
tenant      = { part = "realm" }
strategy    = "flag"
retention   = "30d"
serve       = ["read", "write"]
permissions = { read = ["member"], delete = ["member"], restore = ["member"], audit = ["member"], destroy_all = ["member"] }

[remarks]
table       = "remarks"
key         = ["PK", { attribute = "SK", is = "{site}#{device}#{at}#{remark}" }]
tenant      = "PK"
parent      = { collection = "readings", by = ["PK", "site", "device", "at"], on_delete = "cascade" }
strategy    = "flag"
retention   = "30d"
serve       = ["read"]
permissions = { read = ["member"], delete = ["member"] }
"#;

fn world() -> World {
    let world = World::of(&Arc::new(Collections::for_tests(READINGS)));
    for (pk, at) in [
        ("acme#SITE#s-1#DEVICE#d/1", 7),
        ("acme#SITE#s-1#DEVICE#d/1", 70),
        ("acme#SITE#s-1#DEVICE#d/2", 7),
        ("globex#SITE#s-1#DEVICE#d/1", 7),
    ] {
        let row = json!({ "PK": pk, "SK": format!("AT#{at}") });
        world.put_row("readings", row.as_object().unwrap().clone());
    }
    world
}

const ONE: &str = "site=s-1&device=d%2F1&at=7";

fn key(at: &str) -> RecordKey {
    RecordKey::stored("acme#SITE#s-1#DEVICE#d/1", Some(&format!("AT#{at}")))
}

fn id(at: &str) -> Value {
    json!({ "site": "s-1", "device": "d/1", "at": at })
}

async fn ask(world: &World, method: &str, target: &str) -> Answer {
    world.call(Event::new(method, target)).await
}

fn with(method: &str, target: &str, body: &Value) -> Event {
    Event::new(method, target)
        .header("content-type", "application/json")
        .body(&body.to_string())
}

#[tokio::test]
async fn a_record_is_read_written_and_deleted_by_the_names_of_its_parts() {
    let world = world();

    let shown = ask(&world, "GET", &format!("/v1/readings?{ONE}")).await;
    let target = "/v1/readings?at=8&device=d%2F1&site=s-1";
    let written = world.call(with("PUT", target, &json!({ "v": 1 }))).await;
    let deleted = ask(&world, "DELETE", &format!("/v1/readings?{ONE}")).await;
    let again = ask(&world, "GET", &format!("/v1/readings?{ONE}")).await;

    assert_eq!((shown.status, &shown.body["id"]), (200, &id("7")));
    assert_eq!(shown.body.get("sort"), None);
    assert_eq!((written.status, &written.body["id"]), (201, &id("8")));
    assert_eq!(world.row("readings", &key("8"))["v"], 1);
    assert_eq!((deleted.status, &deleted.body["id"]), (202, &id("7")));
    let scope = &deleted.body["deletion"]["scope"];
    assert_eq!(scope["root"], json!({ "id": id("7") }));
    assert_eq!((again.status, again.code()), (410, "RECORD_DELETED"));
    assert_eq!(world.marked("readings"), [key("7")]);
}

#[tokio::test]
async fn its_records_and_its_events_name_it_by_its_parts() {
    let world = world();
    let deleted = ask(&world, "DELETE", &format!("/v1/readings?{ONE}")).await;
    world.come_to_rest().await;

    let deletion = deleted.body["deletion"]["id"].as_str().unwrap();
    let records = ask(&world, "GET", &format!("/v1/deletions/{deletion}/records")).await;

    assert_eq!(records.body["items"][0]["key"]["id"], id("7"));
    let sent = world.events.published();
    let told = sent
        .iter()
        .find(|event| event.kind == "RecordsDeleted")
        .unwrap();
    assert_eq!(told.detail["ids"], json!([{ "id": id("7") }]));
}

#[tokio::test]
async fn many_are_named_by_their_parts_and_a_list_by_those_of_the_parent() {
    let world = world();
    let ids = |ids: Value| with("POST", "/v1/readings/destroy_all", &json!({ "ids": ids }));

    let missing = world
        .call(ids(json!([{ "site": "s-1", "device": "d/1" }])))
        .await;
    let text = world.call(ids(json!(["s-1"]))).await;
    let accepted = world.call(ids(json!([id("7"), id("70")]))).await;
    world.come_to_rest().await;
    let below = ask(
        &world,
        "GET",
        "/v1/remarks?parent.site=s-1&parent.device=d%2F2&parent.at=7",
    )
    .await;

    assert_eq!((missing.status, missing.code()), (400, "INVALID_FIELD"));
    assert_eq!((text.status, text.pointers()), (400, vec!["/body/ids/0"]));
    assert_eq!(accepted.status, 202, "{accepted:?}");
    assert_eq!(world.marked("readings"), [key("7"), key("70")]);
    assert_eq!((below.status, &below.body["items"]), (200, &json!([])));
}

#[tokio::test]
async fn what_names_no_record_is_told_with_what_is_wrong() {
    let world = world();

    for (target, code, pointer) in [
        ("/v1/readings?site=s-1&device=d", "INVALID_ID", "/query/at"),
        (
            "/v1/readings?site=s-1&device=d&at=",
            "INVALID_ID",
            "/query/at",
        ),
        (
            "/v1/readings?site=a%23DEVICE%23b&device=d&at=7",
            "INVALID_ID",
            "/query/site",
        ),
        ("/v1/readings/s-1", "ID_NEEDS_QUERY", "/path/id"),
        ("/v1/readings/s-1/d", "ID_NEEDS_QUERY", "/path/id"),
        (
            "/v1/readings?site=s-1&sort=d",
            "UNKNOWN_PARAMETER",
            "/query/sort",
        ),
        (
            "/v1/remarks?parent.site=s-1",
            "INVALID_ID",
            "/query/parent.device",
        ),
    ] {
        let answer = ask(&world, "GET", target).await;

        assert_eq!((answer.status, answer.code()), (400, code), "{target}");
        assert_eq!(answer.pointers(), [pointer], "{target}");
    }
    let theirs = ask(&world, "DELETE", "/v1/readings?site=s-1&device=d%2F3&at=7").await;
    assert_eq!(theirs.body["status"], "ALREADY_DELETED");
    assert!(world.is_untouched());
}
