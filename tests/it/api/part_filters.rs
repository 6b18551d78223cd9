//! Filters that are about a part: of lists, and of deletes of many.

use std::sync::Arc;

use domain::collection::Collections;
use serde_json::{Value, json};

use super::event::Event;
use super::world::{Answer, World};

const LOGS: &str = r#"
[streams]
table       = "logs"
key         = [{ attribute = "PK", is = "{realm}#LOG#{stream}" }, { attribute = "SK", is = "HEAD" }]
tenant      = { part = "realm" }
strategy    = "flag"
retention   = "30d"
serve       = ["read"]
permissions = { read = ["member"], delete = ["member"] }

[lines]
table       = "logs"
key         = [{ attribute = "PK", is = "{realm}#LOG#{stream}" }, { attribute = "SK", is = "{day}#{kind}#{line}" }]
tenant      = { part = "realm" }
parts       = { origin = "{host}:{port}" }
parent      = { collection = "streams", by = ["realm", "stream"], on_delete = "cascade" }
strategy    = "flag"
retention   = "30d"
filters     = { day = "day", kind = "kind", host = "host", level = "level", seen = { attribute = "seen_at", op = "exists" } }
serve       = ["read"]
permissions = { read = ["member"], delete = ["member"], destroy_all = ["member"], audit = ["member"] }
"#;

fn world() -> World {
    let world = World::of(&Arc::new(Collections::for_tests(LOGS)));
    put(&world, "streams", "HEAD", &json!({}));
    for (sk, more) in [
        (
            "2026-01#web#1",
            json!({ "origin": "a:80", "level": "info" }),
        ),
        (
            "2026-01#web#2",
            json!({ "origin": "b:80", "level": "warn" }),
        ),
        (
            "2026-01#job#3",
            json!({ "origin": "a:81", "level": "info" }),
        ),
        ("2026-010#web#4", json!({ "origin": "a:80" })),
        ("2026-02#web#5", json!({})),
    ] {
        put(&world, "lines", sk, &more);
    }
    world
}

fn put(world: &World, collection: &str, sk: &str, more: &Value) {
    let mut row = json!({ "PK": "acme#LOG#s", "SK": sk });
    row.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    world.put_row(collection, row.as_object().unwrap().clone());
}

async fn list(world: &World, filters: &str) -> Answer {
    let target = format!("/v1/lines?parent=s{filters}");
    world.call(Event::new("GET", &target)).await
}

fn lines(answer: &Answer) -> Vec<&str> {
    let items = answer.body["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["id"]["line"].as_str().unwrap())
        .collect()
}

async fn destroy(world: &World, body: &Value) -> Answer {
    let event = Event::new("POST", "/v1/lines/destroy_all")
        .header("content-type", "application/json")
        .body(&body.to_string());
    world.call(event).await
}

#[tokio::test]
async fn a_list_is_narrowed_by_parts_and_attributes() {
    let world = world();
    for (filters, expected) in [
        ("", vec!["3", "1", "2", "4", "5"]),
        ("&filter.day=2026-01", vec!["3", "1", "2"]),
        ("&filter.kind=web", vec!["1", "2", "4", "5"]),
        ("&filter.day=2026-01&filter.kind=web", vec!["1", "2"]),
        ("&filter.host=a", vec!["3", "1", "4"]),
        ("&filter.level=info", vec!["3", "1"]),
        ("&filter.day=2026", vec![]),
        ("&filter.day=2026-01%23web", vec![]),
    ] {
        let answer = list(&world, filters).await;
        assert_eq!(lines(&answer), expected, "{filters}");
    }
    let first = list(&world, "&filter.kind=web&limit=3").await;
    let cursor = first.body["next_cursor"].as_str().unwrap();
    let next = list(&world, &format!("&filter.kind=web&limit=3&cursor={cursor}")).await;
    let other = list(&world, &format!("&filter.kind=job&limit=3&cursor={cursor}")).await;
    assert_eq!(
        (lines(&first), lines(&next)),
        (vec!["1", "2", "4"], vec!["5"])
    );
    assert_eq!((other.status, other.code()), (400, "INVALID_CURSOR"));
}

#[tokio::test]
async fn a_filter_that_a_list_does_not_take_is_refused() {
    let world = world();
    for (filters, code) in [
        ("&filter.line=1", "UNKNOWN_PARAMETER"),
        ("&filter.seen=true", "UNKNOWN_PARAMETER"),
        ("&day=2026-01", "UNKNOWN_PARAMETER"),
        ("&filter.day=", "INVALID_PARAMETER"),
    ] {
        let answer = list(&world, filters).await;
        assert_eq!((answer.status, answer.code()), (400, code), "{filters}");
    }
}

#[tokio::test]
async fn a_delete_of_many_is_narrowed_by_parts_and_its_preview_counts_the_same() {
    for (filters, expected) in [
        (
            json!({ "day": "2026-01" }),
            vec!["2026-01#job#3", "2026-01#web#1", "2026-01#web#2"],
        ),
        (json!({ "kind": "job" }), vec!["2026-01#job#3"]),
        (
            json!({ "day": "2026-01", "host": "a" }),
            vec!["2026-01#job#3", "2026-01#web#1"],
        ),
        (json!({ "day": "2026-01#web" }), vec![]),
    ] {
        let world = world();
        let mut body = json!({ "parent": "s", "filters": filters, "validate_only": true });

        let preview = destroy(&world, &body).await;
        body["validate_only"] = json!(false);
        let accepted = destroy(&world, &body).await;
        world.come_to_rest().await;

        assert_eq!(
            preview.body["count"],
            expected.len(),
            "{filters}: {preview:?}"
        );
        assert_eq!(accepted.status, 202, "{filters}: {accepted:?}");
        let marked = world.marked("lines");
        let marked: Vec<&str> = marked
            .iter()
            .filter_map(|key| key.sort.as_deref())
            .collect();
        assert_eq!(marked, expected, "{filters}");
    }
}
