//! Invariant 2 for deletes of many records: from the 202 on no route shows what they cover, nor anything below it, until
//! their run has ended. No consumer runs unless a test says so.
#![expect(clippy::print_stdout, reason = "figures are for whoever runs it")]

use std::time::Duration;

use ports::{AcceptDeletions, ReadDeletions, RequestedOutcome};
use serde_json::{Value, json};
use testing::samples::{self, key, key2};
use testing::{Fault, Moment, Operation};

use super::event::Event;
use super::world::{Answer, World};
use crate::engine::world::at_once;

const BOARDS: &str = r#"
[boards]
table       = "boards"
key         = ["board_id"]
tenant      = "realm"
strategy    = "flag"
retention   = "30d"
serve       = ["read", "write"]
permissions = { read = ["member"], write = ["member"], delete = ["admin"], restore = ["admin"] }

[pins]
table       = "pins"
key         = ["board_id", "pin_id"]
tenant      = { attribute = "realm", gsi = "by_realm" }
parent      = { collection = "boards", by = ["board_id"], on_delete = "cascade" }
document    = { index = "pins", id = "{board_id}~{pin_id}", fields = ["subject"] }
strategy    = "flag"
retention   = "30d"
author      = { attribute = "writer", gsi = "by_writer" }
filters     = { time = "sent_at", type = "kind" }
serve       = ["read", "search", "write"]
permissions = { read = ["member"], write = ["member"], delete = ["admin"], destroy_all = ["admin"], restore = ["admin"] }

[likes]
table       = "likes"
key         = ["like_id"]
tenant      = "realm"
parent      = { collection = "pins", by = ["board_id", "pin_id"], gsi = "by_pin", on_delete = "cascade" }
strategy    = "flag"
retention   = "30d"
serve       = ["read", "write"]
permissions = { read = ["member"], write = ["member"], delete = ["admin"], restore = ["admin"] }

[labels]
table       = "labels"
key         = ["label_id"]
tenant      = "realm"
strategy    = "flag"
retention   = "30d"
serve       = ["read"]
permissions = { read = ["member"], delete = [] }
"#;

const BEFORE: &str = "2026-11-21T06:00:00Z";

fn put_pin(world: &World, tenant: &str, id: &str, more: &Value) {
    let mut row = samples::row(world.collection("pins"), &key2("b", id), tenant);
    row.insert("sent_at".to_owned(), json!(BEFORE));
    row.extend(more.as_object().cloned().expect("attributes"));
    world.put_row("pins", row);
}

fn put_like(world: &World, id: &str, pin: &str) {
    let mut row = samples::row(world.collection("likes"), &key(id), "acme");
    row.insert("board_id".to_owned(), json!("b"));
    row.insert("pin_id".to_owned(), json!(pin));
    world.put_row("likes", row);
}

/// A board with `p1` and `p2`, ann's and comments, and `p3`, bob's and none; each has a like.
fn world() -> World {
    let world = World::with(BOARDS);
    world.put("boards", &key("b"));
    for (pin, more) in [
        ("p1", json!({"kind": "comment", "writer": "ann"})),
        ("p2", json!({"kind": "comment", "writer": "ann"})),
        ("p3", json!({"kind": "note", "writer": "bob"})),
    ] {
        put_pin(&world, "acme", pin, &more);
        put_like(&world, &format!("l-{pin}"), pin);
    }
    world
}

fn get(target: &str) -> Event {
    Event::new("GET", target).by("bob", "acme", "[]")
}

fn put(target: &str, body: &Value) -> Event {
    Event::new("PUT", target)
        .header("content-type", "application/json")
        .body(&body.to_string())
}

fn destroy(body: &Value) -> Event {
    Event::new("POST", "/v1/pins/destroy_all")
        .header("content-type", "application/json")
        .body(&body.to_string())
}

/// All three ways to name `p1` and `p2`.
fn ways() -> [Value; 3] {
    [
        json!({"parent": "b", "filters": {"type": "comment"}}),
        json!({"ids": [{"id": "b", "sort": "p1"}, {"id": "b", "sort": "p2"}, {"id": "b", "sort": "none"}]}),
        json!({"author": "ann"}),
    ]
}

async fn accepted(world: &World, body: &Value) -> String {
    let answer = world.call(destroy(body)).await;
    assert_eq!(answer.code(), "PENDING_DELETE", "{answer:?}");
    answer.body["deletion"]["id"].as_str().unwrap().to_owned()
}

fn brief(answer: &Answer) -> (i64, &str) {
    (answer.status, answer.code())
}

/// The pins that each route shows.
async fn shown(world: &World) -> [Vec<String>; 3] {
    let sorts = |answer: Answer| {
        let items = answer.body["items"].as_array().expect("a list").clone();
        let sorts = items.iter().filter_map(|item| item["sort"].as_str());
        let mut sorts: Vec<String> = sorts.map(str::to_owned).collect();
        sorts.sort();
        sorts
    };
    let listed = sorts(world.call(get("/v1/pins?parent=b")).await);
    let found = sorts(world.call(get("/v1/search/pins?q=stone")).await);
    let mut got = Vec::new();
    for pin in ["p1", "p2", "p3", "p4"] {
        let answer = world.call(get(&format!("/v1/pins/b/{pin}"))).await;
        if answer.status == 200 {
            got.push(pin.to_owned());
        } else {
            assert_eq!(brief(&answer), (404, "RECORD_NOT_FOUND"), "{pin}");
        }
    }
    [listed, found, got]
}

fn each(pins: &[&str]) -> [Vec<String>; 3] {
    let pins: Vec<String> = pins.iter().map(|pin| (*pin).to_owned()).collect();
    [pins.clone(), pins.clone(), pins]
}

#[tokio::test]
async fn what_a_delete_of_many_covers_is_hidden_from_every_read_at_once() {
    for way in ways() {
        let world = world();
        assert_eq!(shown(&world).await, each(&["p1", "p2", "p3"]));

        accepted(&world, &way).await;

        assert_eq!(shown(&world).await, each(&["p3"]), "{way}");
        assert!(world.marked("pins").is_empty(), "nobody has begun");
        for gone in ["/v1/likes/l-p1", "/v1/likes/l-p2"] {
            let answer = world.call(get(gone)).await;
            assert_eq!(brief(&answer), (404, "RECORD_NOT_FOUND"), "{way} {gone}");
        }
        assert_eq!(world.call(get("/v1/likes/l-p3")).await.status, 200);
        let below = "/v1/likes?parent=b&parent_sort=p1";
        assert!(world.call(get(below)).await.ids().is_empty(), "{way}");
        let below = "/v1/likes?parent=b&parent_sort=p3";
        assert_eq!(world.call(get(below)).await.ids(), ["l-p3"], "{way}");
    }
}

#[tokio::test]
async fn who_may_restore_is_told_which_delete_of_many_hides_a_record() {
    let world = world();
    let id = accepted(&world, &ways()[0]).await;

    for gone in ["/v1/pins/b/p1", "/v1/likes/l-p1"] {
        let answer = world.call(Event::new("GET", gone)).await;

        assert_eq!(brief(&answer), (410, "RECORD_DELETED"), "{gone}");
        assert_eq!(answer.body["deletion"]["id"], id.as_str(), "{gone}");
    }
}

#[tokio::test]
async fn what_is_written_after_the_request_is_shown_while_it_is_carried_out() {
    for way in [
        json!({"parent": "b", "all": true}),
        json!({"parent": "b", "filters": {"type": "comment"}}),
        json!({"author": "ann"}),
    ] {
        let world = world();
        accepted(&world, &way).await;
        world.clock.advance(Duration::from_secs(1));

        let body = json!({"kind": "comment", "writer": "ann", "subject": "stone"});
        let written = world.call(put("/v1/pins/b/p4", &body)).await;

        assert_eq!(written.status, 201, "{written:?}");
        for route in shown(&world).await {
            assert!(route.contains(&"p4".to_owned()), "{way}: {route:?}");
        }
        world.come_to_rest().await;
        assert!(!world.marked("pins").contains(&key2("b", "p4")), "{way}");
    }
}

#[tokio::test]
async fn what_is_done_with_the_delete_is_shown_as_it_is_when_the_run_has_ended() {
    for way in ways() {
        let world = world();
        let id = accepted(&world, &way).await;

        world.come_to_rest().await;

        assert_eq!(shown(&world).await, each(&["p3"]), "{way}");
        assert_eq!(world.deletions.announced(), 0, "{way}");
        let restore = Event::new("POST", &format!("/v1/deletions/{id}/restore"));
        assert_eq!(world.call(restore).await.status, 202);
        world.come_to_rest().await;
        assert_eq!(shown(&world).await, each(&["p1", "p2", "p3"]), "{way}");
    }
}

#[tokio::test]
async fn a_cancelled_delete_hides_what_it_has_not_reached_no_longer() {
    let world = world();
    let id = accepted(&world, &ways()[0]).await;
    let cancel = Event::new("POST", &format!("/v1/deletions/{id}/cancel"));
    assert_eq!(world.call(cancel).await.status, 202);

    world.come_to_rest().await;

    let state = Event::new("GET", &format!("/v1/deletions/{id}"));
    assert_eq!(world.call(state).await.body["state"], "CANCELLED");
    assert_eq!(shown(&world).await, each(&["p1", "p2", "p3"]));
    assert_eq!(world.deletions.announced(), 0);
}

#[tokio::test]
async fn a_delete_that_was_taken_back_hides_nothing() {
    let mut world = world();
    world.on_publish_failure = requests::OnPublishFailure::Rollback;
    let fault = Fault::Unavailable(Moment::Before);
    world.faults.fail(Operation::Send, .., fault);

    let answer = world.call(destroy(&ways()[1])).await;

    assert_eq!(answer.status, 503, "{answer:?}");
    assert_eq!(shown(&world).await, each(&["p1", "p2", "p3"]));
}

#[tokio::test]
async fn deletes_of_another_tenant_and_those_of_a_later_version_hide_nothing() {
    let world = world();
    put_pin(&world, "globex", "p4", &json!({"kind": "comment"}));
    world
        .call(destroy(&json!({"filters": {"type": "comment"}})).by("eve", "globex", "[admin]"))
        .await;
    assert_eq!(shown(&world).await, each(&["p1", "p2", "p3"]));

    accepted(&world, &ways()[0]).await;
    for deletion in world.deletions.all() {
        world.deletions.make_newer(&deletion);
    }

    assert_eq!(shown(&world).await, each(&["p1", "p2", "p3"]));
}

#[tokio::test]
async fn what_one_delete_of_many_covers_is_not_counted_for_the_next_one() {
    let world = world();
    let preview = json!({"parent": "b", "all": true, "validate_only": true});
    let before = world.call(destroy(&preview)).await;
    assert_eq!(before.body["count"], 3, "{before:?}");
    accepted(&world, &ways()[0]).await;

    let after = world.call(destroy(&preview)).await;
    let expecting = json!({"parent": "b", "all": true, "expected_count": 3});
    let refused = world.call(destroy(&expecting)).await;

    assert_eq!(after.body["count"], 1, "{after:?}");
    assert_eq!(after.body["sample"].as_array().unwrap().len(), 1);
    assert_eq!(brief(&refused), (409, "COUNT_CHANGED"));
    let expecting = json!({"parent": "b", "all": true, "expected_count": 1});
    accepted(&world, &expecting).await;
}

#[tokio::test]
async fn a_delete_of_what_is_hidden_is_answered_with_what_hides_it_and_writes_nothing() {
    let world = world();
    let id = accepted(&world, &ways()[1]).await;

    for target in ["/v1/pins/b/p1", "/v1/likes/l-p1"] {
        let answer = world.call(Event::new("DELETE", target)).await;

        assert_eq!(brief(&answer), (202, "ALREADY_DELETED"), "{target}");
        assert_eq!(answer.body["deletion"]["id"], id.as_str(), "{target}");
    }
    assert_eq!(world.deletions.all().len(), 1);
}

#[tokio::test]
async fn nothing_is_written_over_what_is_hidden_nor_below_it() {
    let world = world();
    accepted(&world, &ways()[0]).await;
    let before = world.row("pins", &key2("b", "p1"));
    let body = json!({"kind": "note", "subject": "moved out"});

    let told = world.call(put("/v1/pins/b/p1", &body)).await;
    let untold = put("/v1/pins/b/p1", &body).by("ann", "acme", "[]");
    let untold = world.call(untold).await;
    let like = json!({"board_id": "b", "pin_id": "p1"});
    let below = world.call(put("/v1/likes/new", &like)).await;

    assert_eq!(brief(&told), (410, "RECORD_DELETED"));
    assert_eq!(brief(&untold), (409, "KEY_TAKEN"));
    assert_eq!(brief(&below), (409, "PARENT_NOT_LIVE"));
    assert_eq!(world.row("pins", &key2("b", "p1")), before);

    // Nor below one that is named by the key itself.
    let boards = Event::new("POST", "/v1/boards/destroy_all")
        .header("content-type", "application/json")
        .body(&json!({"ids": ["b"]}).to_string());
    assert_eq!(world.call(boards).await.code(), "PENDING_DELETE");
    let written = world.rows.keys(world.collection("pins"));
    let below = world.call(put("/v1/pins/b/p9", &body)).await;
    assert_eq!(brief(&below), (409, "PARENT_NOT_LIVE"));
    assert_eq!(world.rows.keys(world.collection("pins")), written);
}

async fn act(world: &World, id: &str, action: &str) -> Answer {
    let target = format!("/v1/deletions/{id}/{action}");
    world.call(Event::new("POST", &target)).await
}

#[tokio::test]
async fn a_restore_below_what_a_delete_of_many_hides_is_409_at_once_and_says_what_to_restore_first()
{
    let boards = json!({"ids": ["b"]});
    for (collection, way, own) in [
        ("pins", ways()[0].clone(), "/v1/likes/l-p1"),
        ("pins", ways()[1].clone(), "/v1/likes/l-p1"),
        ("pins", ways()[2].clone(), "/v1/likes/l-p1"),
        // Two levels above it, and one that its key itself names.
        ("boards", boards.clone(), "/v1/likes/l-p1"),
        ("boards", boards, "/v1/pins/b/p1"),
    ] {
        let world = world();
        let deleted = world.call(Event::new("DELETE", own)).await;
        let deleted = deleted.body["deletion"]["id"].as_str().unwrap().to_owned();
        world.come_to_rest().await;
        let target = format!("/v1/{collection}/destroy_all");
        let event = Event::new("POST", &target).header("content-type", "application/json");
        let hiding = world.call(event.body(&way.to_string())).await;
        let hiding = hiding.body["deletion"]["id"].as_str().unwrap().to_owned();
        let (before, waiting) = (world.deletions.all(), world.queue.len());

        let refused = act(&world, &deleted, "restore").await;

        assert_eq!(brief(&refused), (409, "PARENT_NOT_LIVE"), "{way} {own}");
        assert_eq!(refused.body["deletion"]["id"], hiding.as_str(), "{way}");
        assert_eq!(
            (world.deletions.all(), world.queue.len()),
            (before, waiting)
        );

        // It is still so when it is done, and no longer when it is undone.
        world.come_to_rest().await;
        let refused = act(&world, &deleted, "restore").await;
        assert_eq!(brief(&refused), (409, "PARENT_NOT_LIVE"), "{way} {own}");
        assert_eq!(act(&world, &hiding, "restore").await.status, 202);
        world.come_to_rest().await;
        assert_eq!(act(&world, &deleted, "restore").await.status, 202, "{way}");
        world.come_to_rest().await;
        assert_eq!(world.call(get(own)).await.status, 200, "{way} {own}");
    }
}

#[tokio::test]
async fn a_write_that_a_delete_of_many_overtakes_is_taken_back() {
    let twin = world();
    accepted(&twin, &ways()[0]).await;
    let deletion = twin.deletions.all().remove(0);
    let scope = twin.deletions.scope(&deletion.tenant, deletion.id).await;
    let scope = scope.unwrap().expect("it is stored");
    for moment in [Moment::Before, Moment::After] {
        let world = world();
        let before = world.row("pins", &key2("b", "p1"));
        let (deletions, deletion, scope) =
            (world.deletions.clone(), deletion.clone(), scope.clone());
        world
            .faults
            .beside(Operation::WriteRow, 1, moment, move || {
                let accepting = deletions.accept_requested(&deletion, &scope, &[], None);
                assert_eq!(at_once(accepting).unwrap(), RequestedOutcome::Accepted);
            });

        // It would no longer be a comment, and so escape.
        let body = json!({"kind": "note", "subject": "stone", "sent_at": BEFORE, "writer": "ann"});
        let answer = world.call(put("/v1/pins/b/p1", &body)).await;

        assert_eq!(brief(&answer), (409, "KEY_TAKEN"));
        assert_eq!(world.row("pins", &key2("b", "p1")), before);
        assert_eq!(shown(&world).await, each(&["p3"]));
    }
}

#[tokio::test]
async fn a_read_makes_one_call_more_and_two_while_something_is_open_however_much() {
    let world = world();
    world.put("labels", &key("x"));
    let cost = async |target: &str| {
        let before = world.faults.calls();
        assert_eq!(world.call(get(target)).await.status, 200, "{target}");
        world.faults.calls() - before
    };
    let targets = [
        "/v1/pins/b/p3",
        "/v1/pins?parent=b",
        "/v1/search/pins?q=stone",
    ];
    let mut without = Vec::new();
    for target in targets {
        without.push(cost(target).await);
    }
    let never = cost("/v1/labels/x").await;

    for _ in 0..60 {
        accepted(&world, &ways()[1]).await;
        world.clock.advance(Duration::from_millis(1));
    }

    for (target, without) in targets.into_iter().zip(without) {
        let with = cost(target).await;
        println!("{target:40} {without} calls, {with} while 60 deletes of many are under way");
        assert_eq!(with, without + 1, "{target}");
    }
    // Nobody may delete these, so nothing is asked.
    assert_eq!((never, cost("/v1/labels/x").await), (1, 1));
}
