//! `destroy_all` by filters, its preview and its expected count: what is accepted and shown, and that whatever is not
//! understood deletes nothing.

use serde_json::{Value, json};
use testing::samples::key2;
use testing::{Fault, Moment, Operation};

use super::event::Event;
use super::world::{Answer, World};
use crate::engine::areas::text_of;

/// Beside the shipped notifications: ones that only some may read, some without a time, and some that a query of the
/// tenant finds.
const MORE: &str = r#"
[hints]
table       = "hints"
key         = ["hint_id"]
tenant      = { attribute = "account_id", gsi = "by_account" }
strategy    = "flag"
retention   = "30d"
author      = "writer"
filters     = { type = "kind", place = ["country", "town"] }
permissions = { read = ["author"], delete = ["admin", "author"], destroy_all = ["admin", "sweepers"] }

[loose]
table       = "loose"
key         = ["loose_id"]
tenant      = "account_id"
strategy    = "flag"
retention   = "30d"
filters     = { type = "kind" }
permissions = { read = ["member"], delete = ["admin"], destroy_all = ["admin"] }
"#;

fn put(world: &World, tenant: &str, id: &str, more: &Value) {
    let (target, _) = id.split_once('-').expect("target-number");
    let notifications = world.collection("notifications");
    let mut row = testing::samples::row(notifications, &key2(target, id), tenant);
    row.insert("sent_at".to_owned(), json!("2026-11-21T06:00:00.120Z"));
    row.extend(more.as_object().cloned().expect("attributes"));
    world.put_row("notifications", row);
}

/// Two targets; `a` has five notifications, of which one is another tenant's by mistake, and `b` has one.
pub(super) fn world() -> World {
    let world = World::with(&(text_of("notifications.toml") + MORE));
    for target in ["a", "b"] {
        let targets = world.collection("targets");
        let key = testing::samples::key(target);
        let row = testing::samples::row(targets, &key, "acme");
        world.put_row("targets", row);
    }
    put(
        &world,
        "acme",
        "a-1",
        &json!({"kind": "comment", "group_type": "article", "group_id": "7", "event_key": "k"}),
    );
    put(
        &world,
        "acme",
        "a-2",
        &json!({"kind": "comment", "opened_at": "2026-11-21T06:30:00Z"}),
    );
    put(
        &world,
        "acme",
        "a-3",
        &json!({"kind": "mention", "sent_at": "2026-11-21T06:00:00.121Z"}),
    );
    put(
        &world,
        "acme",
        "a-4",
        &json!({"kind": "mention", "opened_at": null}),
    );
    put(&world, "globex", "a-5", &json!({"kind": "comment"}));
    put(&world, "acme", "b-1", &json!({"kind": "comment"}));
    world
}

pub(super) fn ask(collection: &str, body: &Value) -> Event {
    Event::new("POST", &format!("/v1/{collection}/destroy_all"))
        .header("content-type", "application/json")
        .body(&body.to_string())
}

fn brief(answer: &Answer) -> (i64, &str) {
    (answer.status, answer.code())
}

pub(super) fn marked(world: &World) -> Vec<String> {
    let marked = world.marked("notifications").into_iter();
    marked.filter_map(|key| key.sort).collect()
}

#[tokio::test]
async fn a_filter_is_accepted_shown_and_deletes_what_it_says() {
    let world = world();
    let body = json!({"parent": "a", "filters": {"type": "comment", "opened": false, "earlier_than": "2026-11-21T07:00:00+01:00"}});
    let later = json!({"parent": "a", "filters": {"type": "comment", "later_than": "2026-11-21T06:00:00+01:00"}});

    let none = world.call(ask("notifications", &body)).await;
    let answer = world.call(ask("notifications", &later)).await;

    assert_eq!(brief(&none), (202, "PENDING_DELETE"));
    assert_eq!(brief(&answer), (202, "PENDING_DELETE"));
    let scope = json!({
        "collection": "notifications", "root": null, "collections": ["notifications"], "parent": {"id": "a"},
        "filters": {"later_than": "2026-11-21T05:00:00.000Z", "type": "comment"},
    });
    assert_eq!(answer.body["deletion"]["scope"], scope);
    let id = answer.body["deletion"]["id"].as_str().unwrap();
    let shown = world
        .call(Event::new("GET", &format!("/v1/deletions/{id}")))
        .await;
    assert_eq!(shown.body["scope"], scope);
    world.come_to_rest().await;
    assert_eq!(marked(&world), ["a-1", "a-2"]);
    let records = Event::new("GET", &format!("/v1/deletions/{id}/records"));
    let records = world.call(records).await;
    let outcomes: Vec<_> = records.body["items"].as_array().unwrap().iter().collect();
    assert_eq!(outcomes.len(), 2);
    assert!(outcomes.iter().all(|record| record["outcome"] == "deleted"));
}

/// Collection, body, code and pointer.
const REFUSED: &str = r#"
notifications | {"parent":"a"} | INVALID_FIELD /body
notifications | {"parent":"a","all":false} | INVALID_FIELD /body/all
notifications | {"parent":"a","all":"true"} | INVALID_FIELD /body/all
notifications | {"parent":"a","all":1} | INVALID_FIELD /body/all
notifications | {"parent":"a","all":null} | INVALID_FIELD /body/all
notifications | {"parent":"a","filters":{}} | INVALID_FIELD /body/filters
notifications | {"parent":"a","filters":{},"all":true} | INVALID_FIELD /body/filters
notifications | {"parent":"a","filters":null} | INVALID_FIELD /body/filters
notifications | {"parent":"a","filters":null,"all":true} | INVALID_FIELD /body/filters
notifications | {"parent":"a","filters":[]} | INVALID_FIELD /body/filters
notifications | {"parent":"a","filters":"type"} | INVALID_FIELD /body/filters
notifications | {"parent":"a","filters":{"type":null}} | INVALID_FIELD /body/filters/type
notifications | {"parent":"a","filters":{"type":""}} | INVALID_FIELD /body/filters/type
notifications | {"parent":"a","filters":{"type":["comment"]}} | INVALID_FIELD /body/filters/type
notifications | {"parent":"a","filters":{"type":"comment","type":"mention"}} | INVALID_BODY /body
notifications | {"parent":"a","filters":{"kind":"comment"}} | UNKNOWN_FIELD /body/filters/kind
notifications | {"parent":"a","filters":{"TYPE":"comment"}} | UNKNOWN_FIELD /body/filters/TYPE
notifications | {"parent":"a","filters":{"a/b":"comment"}} | UNKNOWN_FIELD /body/filters/a~1b
notifications | {"parent":"a","filters":{"group_id":"7"}} | INVALID_FIELD /body/filters/group_id
notifications | {"parent":"a","filters":{"group_type":"article"}} | INVALID_FIELD /body/filters/group_type
notifications | {"parent":"a","filters":{"type":"comment","group_type":"article"}} | INVALID_FIELD /body/filters/group_type
notifications | {"parent":"a","filters":{"key":""}} | INVALID_FIELD /body/filters/key
notifications | {"parent":"a","filters":{"opened":"true"}} | INVALID_FIELD /body/filters/opened
notifications | {"parent":"a","filters":{"opened":0}} | INVALID_FIELD /body/filters/opened
notifications | {"parent":"a","filters":{"opened":null}} | INVALID_FIELD /body/filters/opened
notifications | {"parent":"a","filters":{"later_than":"yesterday"}} | INVALID_FIELD /body/filters/later_than
notifications | {"parent":"a","filters":{"later_than":"2026-11-21"}} | INVALID_FIELD /body/filters/later_than
notifications | {"parent":"a","filters":{"later_than":"2026-11-21T06:00:00"}} | INVALID_FIELD /body/filters/later_than
notifications | {"parent":"a","filters":{"earlier_than":1795244400}} | INVALID_FIELD /body/filters/earlier_than
notifications | {"parent":"a","filters":{"later_than":"20261121T0600Z"}} | INVALID_FIELD /body/filters/later_than
notifications | {"parent":"a","filters":{"later_than":"2026-11-21 06:00-04"}} | INVALID_FIELD /body/filters/later_than
notifications | {"parent":"a","filters":{"later_than":"2026-11-21T06:00Z"}} | INVALID_FIELD /body/filters/later_than
notifications | {"parent":"a","filters":{"later_than":"2026-11-21T06:00:00-04:00[America/New_York]"}} | INVALID_FIELD /body/filters/later_than
notifications | {"all":true,"parent":"a","as_of":"20261121T060000Z"} | INVALID_FIELD /body/as_of
notifications | {"parent":"a","filters":{"later_than":"2026-11-21T06:00:00Z","earlier_than":"2026-11-21T06:00:00Z"}} | INVALID_FIELD /body/filters/earlier_than
notifications | {"ids":[],"filters":{"type":"comment"}} | INVALID_FIELD /body/ids
notifications | {"ids":[],"all":true} | INVALID_FIELD /body/ids
notifications | {"ids":null,"all":true} | INVALID_FIELD /body/ids
notifications | {"author":"","all":true} | INVALID_FIELD /body/author
notifications | {"author":"ann","parent":"a"} | INVALID_FIELD /body/author
notifications | {"all":true,"parent":null} | INVALID_FIELD /body/parent
notifications | {"all":true,"parent":""} | INVALID_ID /body/parent
notifications | {"all":true} | INVALID_FIELD /body
notifications | {"filters":{"type":"comment"}} | INVALID_FIELD /body
notifications | {"type":"comment","parent":"a"} | UNKNOWN_FIELD /body/type
notifications | {"all":true,"parent":"a","collections":[]} | INVALID_FIELD /body/collections
notifications | {"all":true,"parent":"a","collections":["loose"]} | INVALID_FIELD /body/collections/0
notifications | {"all":true,"parent":"a","validate_only":"true"} | INVALID_FIELD /body/validate_only
notifications | {"all":true,"parent":"a","validate_only":1} | INVALID_FIELD /body/validate_only
notifications | {"all":true,"parent":"a","validate_only":null} | INVALID_FIELD /body/validate_only
notifications | {"all":true,"parent":"a","expected_count":"4"} | INVALID_FIELD /body/expected_count
notifications | {"all":true,"parent":"a","expected_count":-1} | INVALID_FIELD /body/expected_count
notifications | {"all":true,"parent":"a","expected_count":4.5} | INVALID_FIELD /body/expected_count
notifications | {"all":true,"parent":"a","expected_count":10001} | INVALID_FIELD /body/expected_count
notifications | {"all":true,"parent":"a","expected_count":null} | INVALID_FIELD /body/expected_count
notifications | {"all":true,"parent":"a","as_of":"now"} | INVALID_FIELD /body/as_of
notifications | {"all":true,"parent":"a","as_of":null} | INVALID_FIELD /body/as_of
notifications | {"all":true,"parent":"a","as_of":"2026-11-21T07:00:06Z"} | INVALID_FIELD /body/as_of
notifications | {"validate_only":true} | INVALID_FIELD /body
notifications | {"validate_only":true,"parent":"a"} | INVALID_FIELD /body
notifications | {"expected_count":0,"parent":"a"} | INVALID_FIELD /body
notifications | {"as_of":"2026-11-21T06:00:00Z","parent":"a"} | INVALID_FIELD /body
targets | {"filters":{"type":"comment"}} | UNKNOWN_FIELD /body/filters/type
targets | {"all":true,"as_of":"2026-11-21T06:00:00Z"} | INVALID_FIELD /body/as_of
targets | {"all":true,"parent":"a"} | INVALID_FIELD /body/parent
hints | {"filters":{"place":["de"]}} | INVALID_FIELD /body/filters/place
hints | {"filters":{"place":["de",""]}} | INVALID_FIELD /body/filters/place/1
hints | {"filters":{"place":["de","ulm"]},"collections":["targets"]} | INVALID_FIELD /body/collections/0
hints | {"filters":{"later_than":"2026-11-21T06:00:00Z"}} | UNKNOWN_FIELD /body/filters/later_than
loose | {"all":true} | INVALID_FIELD /body
loose | {"filters":{"type":"x"}} | INVALID_FIELD /body
"#;

#[tokio::test]
async fn what_is_not_understood_is_refused_with_its_place_and_deletes_nothing() {
    for line in REFUSED.lines().filter(|line| !line.is_empty()) {
        let parts: Vec<&str> = line.split(" | ").collect();
        let (code, pointer) = parts[2].split_once(' ').unwrap();
        let world = world();
        let event = Event::new("POST", &format!("/v1/{}/destroy_all", parts[0]))
            .header("content-type", "application/json")
            .body(parts[1]);

        let answer = world.call(event).await;

        assert_eq!(brief(&answer), (400, code), "{line}");
        assert_eq!(answer.pointers(), [pointer], "{line}");
        assert!(world.is_untouched(), "{line}");
    }
}

#[tokio::test]
async fn a_request_that_no_query_serves_is_told_what_to_do() {
    let world = world();

    let answer = world.call(ask("loose", &json!({"all": true}))).await;

    assert_eq!(
        answer.body["errors"][0]["detail"],
        "is not read as a whole: give `parent`, `author` or `ids`, or declare an index over its tenants (`tenant.gsi`)"
    );
    assert_eq!(world.faults.count(Operation::QueryRows), 0);
}

#[tokio::test]
async fn a_preview_counts_what_a_run_deletes_and_writes_nothing() {
    for (filters, expected) in [
        (json!({"type": "comment"}), vec!["a-1", "a-2"]),
        (
            json!({"group_type": "article", "group_id": "7"}),
            vec!["a-1"],
        ),
        (json!({"key": "k"}), vec!["a-1"]),
        (json!({"opened": true}), vec!["a-2"]),
        (json!({"opened": false}), vec!["a-1", "a-3", "a-4"]),
        (
            json!({"later_than": "2026-11-21T06:00:00.120Z"}),
            vec!["a-3"],
        ),
        (
            json!({"earlier_than": "2026-11-21T06:00:00.121Z"}),
            vec!["a-1", "a-2", "a-4"],
        ),
        (json!({"type": "mention", "opened": true}), vec![]),
    ] {
        let world = world();
        let asked = json!({"parent": "a", "filters": filters, "validate_only": true});

        let preview = world.call(ask("notifications", &asked)).await;

        let sample: Vec<Value> = expected
            .iter()
            .map(|id| json!({"collection": "notifications", "id": "a", "sort": id}))
            .collect();
        let told = json!({"count": expected.len(), "exact": true, "sample": sample, "as_of": "2026-11-21T07:00:00.000Z"});
        assert_eq!((preview.status, &preview.body), (200, &told), "{filters}");
        assert!(world.is_untouched(), "{filters}");
        let run = json!({
            "parent": "a", "filters": filters, "as_of": preview.body["as_of"],
            "expected_count": preview.body["count"], "validate_only": false,
        });
        let run = world.call(ask("notifications", &run)).await;
        assert_eq!(brief(&run), (202, "PENDING_DELETE"), "{filters}");
        world.come_to_rest().await;
        assert_eq!(marked(&world), expected, "{filters}");
    }
}

#[tokio::test]
async fn what_arrives_between_preview_and_run_is_left_alone_by_a_run_as_of_the_preview() {
    let world = world();
    let body = |more: Value| {
        let mut body = json!({"parent": "a", "all": true});
        let fields = body.as_object_mut().unwrap();
        fields.extend(more.as_object().cloned().unwrap());
        body
    };
    let preview = world
        .call(ask("notifications", &body(json!({"validate_only": true}))))
        .await;
    assert_eq!(preview.body["count"], 4);
    world.clock.advance(std::time::Duration::from_mins(1));
    put(
        &world,
        "acme",
        "a-6",
        &json!({"sent_at": "2026-11-21T07:00:30Z"}),
    );

    let run = body(json!({"as_of": preview.body["as_of"], "expected_count": 4}));
    let run = world.call(ask("notifications", &run)).await;
    world.come_to_rest().await;

    assert_eq!(brief(&run), (202, "PENDING_DELETE"));
    assert_eq!(marked(&world), ["a-1", "a-2", "a-3", "a-4"]);
}

#[tokio::test]
async fn a_scope_shows_until_when_only_where_the_request_said_so() {
    let before = "2026-11-21T06:00:00.000Z";
    for (body, expected) in [
        (
            json!({"ids": [{"id": "a", "sort": "a-1"}], "as_of": before}),
            json!(before),
        ),
        (
            json!({"parent": "a", "all": true, "as_of": before}),
            json!(before),
        ),
        (json!({"parent": "a", "all": true}), Value::Null),
    ] {
        let run = world().call(ask("notifications", &body)).await;
        assert_eq!(run.body["deletion"]["scope"]["as_of"], expected, "{body}");
    }
}

#[tokio::test]
async fn a_count_that_is_not_the_expected_one_is_told_and_nothing_is_deleted() {
    let world = world();
    for (body, count) in [
        (json!({"parent": "a", "all": true, "expected_count": 3}), 4),
        (json!({"parent": "a", "all": true, "expected_count": 5}), 4),
        (json!({"parent": "a", "all": true, "expected_count": 0}), 4),
        (
            json!({"parent": "a", "all": true, "expected_count": 3, "validate_only": true}),
            4,
        ),
        (
            json!({"parent": "b", "filters": {"type": "comment"}, "expected_count": 2}),
            1,
        ),
        (
            json!({"ids": [{"id": "a", "sort": "a-1"}, {"id": "a", "sort": "a-5"}], "expected_count": 2}),
            1,
        ),
    ] {
        let answer = world.call(ask("notifications", &body)).await;

        assert_eq!(brief(&answer), (409, "COUNT_CHANGED"), "{body}");
        assert_eq!(answer.body["count"], count, "{body}");
        assert_eq!(answer.body["exact"], true, "{body}");
        assert!(world.is_untouched(), "{body}");
    }
}

#[tokio::test]
async fn a_count_that_takes_too_long_is_told_as_at_least_and_an_expected_one_is_refused() {
    let world = world();
    world
        .faults
        .slow_at(Operation::QueryRows, std::time::Duration::from_secs(6));
    for number in 0..1_000 {
        put(&world, "acme", &format!("a-1{number:04}"), &json!({}));
    }
    let all = json!({"parent": "a", "all": true, "validate_only": true});
    let expected = json!({"parent": "a", "all": true, "expected_count": 999});

    let preview = world.call(ask("notifications", &all)).await;
    let refused = world.call(ask("notifications", &expected)).await;

    assert_eq!(preview.body["exact"], false);
    let count = preview.body["count"].as_u64().unwrap();
    assert!((900..1_004).contains(&count), "{count}");
    assert_eq!(preview.body["sample"].as_array().unwrap().len(), 100);
    assert_eq!(brief(&refused), (409, "COUNT_CHANGED"));
    assert_eq!(refused.body["exact"], false);
    assert!(world.is_untouched());
}

#[tokio::test]
async fn a_sample_leaves_out_what_is_below_something_deleted() {
    let world = world();
    let deleted = world.call(Event::new("DELETE", "/v1/targets/b")).await;
    assert_eq!(brief(&deleted), (202, "PENDING_DELETE"));
    let all = json!({"parent": "b", "all": true, "validate_only": true});

    let preview = world.call(ask("notifications", &all)).await;

    assert_eq!(preview.body["sample"], json!([]));
}

#[tokio::test]
async fn who_may_not_delete_or_not_read_all_is_refused_before_anything_is_counted() {
    let world = world();
    for (collection, body, groups, expected) in [
        ("hints", json!({"all": true}), "", 403),
        ("hints", json!({"filters": {"type": "x"}}), "", 403),
        (
            "hints",
            json!({"all": true, "validate_only": true}),
            "",
            403,
        ),
        (
            "hints",
            json!({"all": true, "validate_only": true}),
            "[sweepers]",
            403,
        ),
        (
            "hints",
            json!({"all": true, "expected_count": 0}),
            "[sweepers]",
            403,
        ),
        ("hints", json!({"author": "bob", "all": true}), "", 403),
        ("targets", json!({"all": true}), "", 403),
        (
            "targets",
            json!({"all": true, "validate_only": true}),
            "",
            403,
        ),
    ] {
        let answer = world
            .call(ask(collection, &body).by("ann", "acme", groups))
            .await;
        assert_eq!(answer.status, expected, "{collection} {body} {groups}");
        assert_eq!(answer.code(), "FORBIDDEN");
    }
    assert_eq!(world.faults.count(Operation::QueryRows), 0);
    assert!(world.is_untouched());
    for (body, groups) in [
        (json!({"all": true}), "[sweepers]"),
        (json!({"author": "ann", "filters": {"type": "x"}}), ""),
    ] {
        let answer = world
            .call(ask("hints", &body).by("ann", "acme", groups))
            .await;
        assert_eq!(answer.status, 202, "{body} {groups}");
    }
}

#[tokio::test]
async fn a_preview_of_a_store_that_is_away_is_told() {
    let world = world();
    world
        .faults
        .fail(Operation::QueryRows, .., Fault::Unavailable(Moment::Before));
    let all = json!({"parent": "a", "all": true, "validate_only": true});

    let answer = world.call(ask("notifications", &all)).await;

    assert_eq!(brief(&answer), (503, "DEPENDENCY_UNAVAILABLE"));
}

#[tokio::test]
async fn an_author_whom_no_index_finds_is_found_below_a_parent() {
    let world = world();
    world.put("rooms", &testing::samples::key("r"));
    for id in ["l-1", "l-2"] {
        world.put_letter(id, "r");
    }
    world.put_letter("l-3", "another");
    let letter = testing::samples::key("l-2");
    let mut row = world.row("letters", &letter);
    row.insert("sender_id".to_owned(), json!("bob"));
    world.put_row("letters", row);
    let ask = |body: &Value| ask("letters", body).by("ann", "acme", "[admin]");

    let everywhere = world.call(ask(&json!({"author": "ann"}))).await;
    let below = world
        .call(ask(&json!({"author": "ann", "parent": "r"})))
        .await;

    assert_eq!(brief(&everywhere), (400, "INVALID_FIELD"));
    assert_eq!(everywhere.pointers(), ["/body/author"]);
    assert_eq!(brief(&below), (202, "PENDING_DELETE"));
    let scope = &below.body["deletion"]["scope"];
    assert_eq!(
        (&scope["author"], &scope["parent"]),
        (&json!("ann"), &json!({"id": "r"}))
    );
    assert_eq!(scope["all"], Value::Null);
    world.come_to_rest().await;
    assert_eq!(world.marked("letters"), [testing::samples::key("l-1")]);
}
