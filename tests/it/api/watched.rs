//! Rows that are judged by more than their mark: what holds them back, and texts that say whose child they are.

use std::sync::Arc;

use domain::collection::Collections;
use serde_json::{Value, json};
use testing::samples::key;

use super::event::Event;
use super::world::{Answer, World};

const SETS: &str = r#"
[sets]
table       = "sets"
key         = ["name", "version"]
tenant      = { fixed = "main" }
held        = { state = ["RUNNING"] }
strategy    = "flag"
retention   = "30d"
serve       = ["read"]
permissions = { read = ["member"], delete = ["member"] }

[granules]
table       = "granules"
key         = ["granule"]
tenant      = { fixed = "main" }
parts       = { set = "{name}___{version}" }
parent      = { collection = "sets", by = ["name", "version"], gsi = "by_set", on_delete = "cascade" }
held        = { published = true }
strategy    = "flag"
retention   = "30d"
serve       = ["read", "write"]
permissions = { read = ["member"], delete = ["member"], destroy_all = ["member"] }

[missions]
table       = "notes"
key         = ["id"]
row         = "none"
tenant      = { fixed = "main" }
strategy    = "flag"
retention   = "30d"
permissions = { delete = ["member"] }

[notes]
table       = "remarks"
key         = ["id", "note"]
tenant      = { fixed = "main" }
parent      = { collection = "missions", by = ["id"], on_delete = "cascade" }
held        = { published = true }
strategy    = "flag"
retention   = "30d"
"#;

fn world() -> World {
    let world = World::of(&Arc::new(Collections::for_tests(SETS)));
    put(&world, "sets", &json!({ "name": "A", "version": "1" }));
    put(&world, "sets", &json!({ "name": "A", "version": "2" }));
    put(
        &world,
        "sets",
        &json!({ "name": "B", "version": "1", "state": "RUNNING" }),
    );
    put(
        &world,
        "granules",
        &json!({ "granule": "g1", "set": "A___1", "published": true }),
    );
    put(
        &world,
        "granules",
        &json!({ "granule": "g2", "set": "A___1", "published": false }),
    );
    put(
        &world,
        "granules",
        &json!({ "granule": "g3", "set": "A___2" }),
    );
    put(
        &world,
        "granules",
        &json!({ "granule": "odd", "set": "A___1___x" }),
    );
    put(
        &world,
        "notes",
        &json!({ "id": "m", "note": "1", "published": true }),
    );
    world
}

fn put(world: &World, collection: &str, row: &Value) {
    world.put_row(collection, row.as_object().unwrap().clone());
}

async fn ask(world: &World, method: &str, target: &str) -> Answer {
    world.call(Event::new(method, target)).await
}

fn detail(answer: &Answer) -> &str {
    answer.body["detail"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn what_is_held_back_is_a_conflict_that_says_what_holds_it() {
    let world = world();

    for (target, says) in [
        ("/v1/granules/g1", "`published`"),
        ("/v1/sets/B/1", "`state`"),
        ("/v1/sets/A/1", "granules"),
        ("/v1/missions/m", "notes"),
    ] {
        let answer = ask(&world, "DELETE", target).await;

        assert_eq!(
            (answer.status, answer.code()),
            (409, "RECORD_HELD"),
            "{target}"
        );
        assert!(detail(&answer).contains(says), "{target}: {answer:?}");
    }
    assert!(world.is_untouched());
    for target in ["/v1/granules/g2", "/v1/sets/A/2"] {
        let answer = ask(&world, "DELETE", target).await;
        assert_eq!(answer.status, 202, "{target}: {answer:?}");
    }
}

#[tokio::test]
async fn one_of_many_that_is_held_back_fails_with_its_reason() {
    let world = world();
    let ids = json!({ "ids": ["g1", "g2"] });

    let accepted = world
        .call(
            Event::new("POST", "/v1/granules/destroy_all")
                .header("content-type", "application/json")
                .body(&ids.to_string()),
        )
        .await;
    assert_eq!(accepted.status, 202, "{accepted:?}");
    world.come_to_rest().await;

    let id = accepted.body["deletion"]["id"].as_str().unwrap();
    let failed = ask(
        &world,
        "GET",
        &format!("/v1/deletions/{id}/records?outcome=failed"),
    )
    .await;
    let items = failed.body["items"].as_array().unwrap();
    assert_eq!(items.len(), 1, "{failed:?}");
    assert_eq!(items[0]["key"]["id"], "g1");
    let reason = items[0]["reason"].as_str().unwrap();
    assert!(reason.starts_with("RECORD_HELD: "), "{reason}");
}

#[tokio::test]
async fn a_text_that_says_whose_child_a_row_is_and_cannot_be_read_is_told() {
    let world = world();
    let before = world.row("granules", &key("odd"));
    for method in ["GET", "DELETE"] {
        let answer = ask(&world, method, "/v1/granules/odd").await;
        assert_eq!(
            (answer.status, answer.code()),
            (500, "ROW_UNREADABLE"),
            "{method}"
        );
    }
    assert_eq!(world.row("granules", &key("odd")), before);
    let met = world.told(Event::new("GET", "/v1/granules/odd")).await;
    let line: Value = serde_json::from_str(&met.expect("something to report")).unwrap();
    assert_eq!(line["UnreadableRows"], 1, "{line}");
    let listed = ask(&world, "GET", "/v1/granules?parent=A&parent_sort=1").await;
    assert_eq!(listed.ids(), ["g1", "g2"]);
}

#[tokio::test]
async fn no_client_writes_a_text_that_cannot_be_read() {
    let world = world();
    let put = |set: &str| {
        Event::new("PUT", "/v1/granules/new")
            .header("content-type", "application/json")
            .body(&json!({ "set": set }).to_string())
    };

    let odd = world.call(put("A___1___x")).await;
    let good = world.call(put("A___2")).await;

    assert_eq!((odd.status, odd.code()), (400, "INVALID_ATTRIBUTE"));
    assert_eq!(odd.pointers(), ["/body/set"]);
    assert_eq!(good.status, 201, "{good:?}");
}
