//! `destroy_all`: what is accepted, and that whatever is not understood deletes nothing.

use domain::message::DeletionMessage;
use requests::OnPublishFailure;
use serde_json::{Value, json};
use testing::samples::{key, key2};
use testing::{Fault, Moment, Operation};

use super::event::Event;
use super::world::{Answer, World};

/// Two collections with an index over their authors, one that is archived, and one above and one below another.
const MORE: &str = r#"
[memos]
table       = "memos"
key         = ["memo_id"]
tenant      = "owner"
strategy    = "flag"
retention   = "30d"
author      = { attribute = "writer", gsi = "by_writer" }
permissions = { delete = ["admin", "author"], destroy_all = ["admin"], deny = ["guest"] }

[sheets]
table       = "sheets"
key         = ["memo_id", "sheet_id"]
tenant      = "owner"
parent      = { collection = "memos", by = ["memo_id"], on_delete = "cascade" }
strategy    = "flag"
retention   = "30d"
author      = { attribute = "writer", gsi = "by_writer" }
permissions = { delete = ["admin"], destroy_all = ["admin"] }

[cards]
table       = "cards"
key         = ["card_id"]
tenant      = "owner"
strategy    = "flag"
retention   = "30d"
author      = { attribute = "writer", gsi = "by_writer" }
permissions = { delete = ["admin"], destroy_all = ["admin"] }

[files]
table       = "files"
key         = ["file_id"]
tenant      = "owner"
strategy    = "archive"
retention   = "30d"
author      = { attribute = "writer", gsi = "by_writer" }
permissions = { delete = ["admin"], destroy_all = ["admin"] }
"#;

fn world() -> World {
    let mut world = World::new();
    world.redeclare(|text| text + MORE);
    world.put("discussions", &key("d-1"));
    world.put("messages", &key2("d-1", "m-1"));
    world.put("memos", &key("n-1"));
    world
}

fn ask(collection: &str, body: &str) -> Event {
    Event::new("POST", &format!("/v1/{collection}/destroy_all"))
        .header("content-type", "application/json")
        .body(body)
}

fn brief(answer: &Answer) -> (i64, &str) {
    (answer.status, answer.code())
}

#[tokio::test]
async fn ids_are_accepted_and_answered_like_a_delete() {
    let world = world();

    let answer = world
        .call(ask(
            "messages",
            r#"{"ids":[{"id":"d-1","sort":"m-1"},{"id":"d-1","sort":"none"}]}"#,
        ))
        .await;

    assert_eq!(brief(&answer), (202, "PENDING_DELETE"));
    assert!(
        answer.text.starts_with(
            r#"{"status":"PENDING_DELETE","message":"Deletion has been scheduled","deletion":{"#
        ),
        "{}",
        answer.text
    );
    let deletion = world.deletions.all().remove(0);
    assert_eq!(
        answer.header("location"),
        Some(format!("/v1/deletions/{}", deletion.id).as_str())
    );
    assert_eq!(answer.header("retry-after"), Some("1"));
    let scope =
        json!({ "collection": "messages", "root": null, "ids": 2, "collections": ["messages"] });
    assert_eq!(answer.body["deletion"]["scope"], scope);
    assert_eq!(
        answer.body["deletion"]["allowed_actions"],
        json!(["cancel"])
    );
    let sent: Vec<_> = world
        .queue
        .take()
        .iter()
        .map(testing::Sent::message)
        .collect();
    assert_eq!(sent, [DeletionMessage::about(&deletion)]);

    let shown = world
        .call(Event::new("GET", &format!("/v1/deletions/{}", deletion.id)))
        .await;
    assert_eq!(shown.body, answer.body["deletion"]);
    let listed = world.call(Event::new("GET", "/v1/deletions")).await;
    assert_eq!(listed.body["items"][0]["scope"]["root"], Value::Null);
    let records = world
        .call(Event::new(
            "GET",
            &format!("/v1/deletions/{}/records", deletion.id),
        ))
        .await;
    assert_eq!(
        records.body,
        json!({ "items": [], "next_cursor": null, "complete": false }),
        "judged later"
    );
}

#[tokio::test]
async fn an_author_is_accepted_with_further_collections() {
    let world = world();

    let answer = world
        .call(ask("memos", r#"{"author":"ann","collections":["cards"]}"#))
        .await;

    assert_eq!(brief(&answer), (202, "PENDING_DELETE"));
    let scope = json!({ "collection": "memos", "root": null, "author": "ann", "collections": ["memos", "cards"] });
    assert_eq!(answer.body["deletion"]["scope"], scope);
}

#[tokio::test]
async fn the_answer_does_not_tell_whether_an_id_exists() {
    let mut answers = Vec::new();
    for is_foreign in [false, true] {
        let world = world();
        if is_foreign {
            world.put_of("globex", "memos", &key("n-2"));
        }
        let calls = world.rows.calls();
        answers.push(world.call(ask("memos", r#"{"ids":["n-2"]}"#)).await);
        assert_eq!(world.rows.calls(), calls, "nothing is read");
    }
    assert_eq!(answers[0], answers[1]);
}

/// Collection, body, status, code, and the pointer.
const REFUSED: &str = r#"
memos | {} | 400 INVALID_FIELD /body
memos | {"ids":[]} | 400 INVALID_FIELD /body/ids
memos | {"ids":null} | 400 INVALID_FIELD /body/ids
memos | {"ids":"n-1"} | 400 INVALID_FIELD /body/ids
memos | {"ids":{"id":"n-1"}} | 400 INVALID_FIELD /body/ids
memos | {"ids":["n-1","n-2","n-1"]} | 400 INVALID_FIELD /body/ids/2
memos | {"ids":["n-1",2]} | 400 INVALID_FIELD /body/ids/1
memos | {"ids":["n-1",null]} | 400 INVALID_FIELD /body/ids/1
memos | {"ids":[["n-1"]]} | 400 INVALID_FIELD /body/ids/0
memos | {"ids":[{"id":"n-1"}]} | 400 INVALID_FIELD /body/ids/0
memos | {"ids":["n-1",""]} | 400 INVALID_ID /body/ids/1
memos | {"ids":["LONG"]} | 400 INVALID_ID /body/ids/0
memos | {"ids":MANY} | 400 INVALID_FIELD /body/ids
messages | {"ids":["d-1"]} | 400 INVALID_FIELD /body/ids/0
messages | {"ids":[{"id":"d-1"}]} | 400 INVALID_FIELD /body/ids/0
messages | {"ids":[{"id":"d-1","sort":1}]} | 400 INVALID_FIELD /body/ids/0
messages | {"ids":[{"id":"d-1","sort":"m-1","x":1}]} | 400 INVALID_FIELD /body/ids/0
messages | {"ids":[{"id":"d-1","key":"m-1"}]} | 400 INVALID_FIELD /body/ids/0
messages | {"ids":[{"id":"d-1","sort":""}]} | 400 INVALID_ID /body/ids/0/sort
messages | {"ids":[{"id":"LONG","sort":"m-1"}]} | 400 INVALID_ID /body/ids/0/id
messages | {"ids":[{"id":"d-1","sort":"m-1"}],"parent":{"id":"d-1"}} | 400 INVALID_FIELD /body/parent
messages | {"ids":[{"id":"d-1","sort":"m-1"}],"parent":""} | 400 INVALID_ID /body/parent
memos | {"ids":["n-1"],"parent":"n-1"} | 400 INVALID_FIELD /body/parent
memos | {"ids":["n-1"],"parent":null} | 400 INVALID_FIELD /body/parent
memos | {"ids":["n-1"],"collections":["cards"]} | 400 INVALID_FIELD /body/collections
memos | {"ids":["n-1"],"IDs":["n-1"]} | 400 UNKNOWN_FIELD /body/IDs
memos | {"ids":["n-1"],"a/b~c":1} | 400 UNKNOWN_FIELD /body/a~1b~0c
memos | {"ids":["n-1"],"tenant":"globex"} | 400 UNKNOWN_FIELD /body/tenant
memos | {"ids":["n-1"],"ids":["n-1"]} | 400 INVALID_BODY /body
memos | {"collections":["cards"]} | 400 INVALID_FIELD /body
memos | {"parent":"n-1"} | 400 INVALID_FIELD /body/parent
memos | {"author":""} | 400 INVALID_FIELD /body/author
memos | {"author":null} | 400 INVALID_FIELD /body/author
memos | {"author":["ann"]} | 400 INVALID_FIELD /body/author
memos | {"author":"LONG"} | 400 INVALID_FIELD /body/author
memos | {"author":"ann","collections":[]} | 400 INVALID_FIELD /body/collections
memos | {"author":"ann","collections":"cards"} | 400 INVALID_FIELD /body/collections
memos | {"author":"ann","collections":["unknown"]} | 400 INVALID_FIELD /body/collections/0
memos | {"author":"ann","collections":["memos"]} | 400 INVALID_FIELD /body/collections/0
memos | {"author":"ann","collections":["cards","cards"]} | 400 INVALID_FIELD /body/collections/1
memos | {"author":"ann","collections":["cards","files"]} | 400 INVALID_FIELD /body/collections/1
memos | {"author":"ann","collections":["sheets"]} | 400 INVALID_FIELD /body/collections/0
drafts | {"author":"ann"} | 400 INVALID_FIELD /body/author
memos | {"filters":{"type":"x"}} | 400 UNKNOWN_FIELD /body/filters/type
memos | [] | 400 INVALID_BODY /body
memos | ["n-1"] | 400 INVALID_BODY /body
memos | null | 400 INVALID_BODY /body
memos | {"ids":["n-1"] | 400 INVALID_BODY /body
memos |  | 400 INVALID_BODY /body
unknown | {"ids":["n-1"]} | 404 COLLECTION_NOT_FOUND /path/collection
"#;

#[tokio::test]
async fn what_is_not_understood_is_refused_and_deletes_nothing() {
    let many = json!((0..1001).map(|n| n.to_string()).collect::<Vec<_>>()).to_string();
    for line in REFUSED.lines().filter(|line| !line.is_empty()) {
        let parts: Vec<&str> = line.split(" | ").collect();
        let body = parts[1]
            .replace("LONG", &"x".repeat(1025))
            .replace("MANY", &many);
        let expected: Vec<&str> = parts[2].split(' ').collect();
        let world = world();

        let answer = world
            .call(ask(parts[0], body.trim()).by("ann", "acme", "[admin]"))
            .await;

        assert_eq!(
            format!("{} {}", answer.status, answer.code()),
            expected[..2].join(" "),
            "{line}"
        );
        assert_eq!(answer.pointers(), expected[2..], "{line}");
        assert!(world.is_untouched(), "{line}");
    }
}

#[tokio::test]
async fn a_thousand_ids_are_accepted() {
    let world = world();
    let ids: Vec<String> = (0..1000).map(|n| n.to_string()).collect();

    let answer = world
        .call(ask("memos", &json!({ "ids": ids }).to_string()))
        .await;

    assert_eq!(answer.status, 202);
    assert_eq!(answer.body["deletion"]["scope"]["ids"], 1000);
}

#[tokio::test]
async fn a_body_of_more_than_a_megabyte_or_of_another_type_is_refused() {
    let world = world();
    let long = format!(r#"{{"ids":["n-1"]{}}}"#, " ".repeat(1_000_000));
    let answer = world.call(ask("memos", &long)).await;
    assert_eq!(brief(&answer), (413, "BODY_TOO_LARGE"));

    let body = r#"{"ids":["n-1"]}"#;
    for kind in ["text/plain", "application/x-www-form-urlencoded"] {
        let answer = world
            .call(ask("memos", body).header("content-type", kind))
            .await;
        assert_eq!(brief(&answer), (415, "UNSUPPORTED_MEDIA_TYPE"), "{kind}");
    }
    let without = Event::new("POST", "/v1/memos/destroy_all").body(body);
    assert_eq!(
        brief(&world.call(without).await),
        (415, "UNSUPPORTED_MEDIA_TYPE")
    );
    assert!(world.is_untouched());
}

#[tokio::test]
async fn parameters_and_headers_that_are_not_understood_are_refused() {
    let world = world();
    let body = r#"{"ids":["n-1"]}"#;
    let event = Event::new("POST", "/v1/memos/destroy_all?force=true")
        .header("content-type", "application/json")
        .body(body);
    assert_eq!(brief(&world.call(event).await), (400, "UNKNOWN_PARAMETER"));
    let event = ask("memos", body).header("if-match", "\"1\"");
    assert_eq!(brief(&world.call(event).await), (400, "HEADER_NOT_ALLOWED"));
    assert!(world.is_untouched());
}

#[tokio::test]
async fn who_may_not_delete_is_refused_before_anything_is_told() {
    let world = world();
    for (collection, body, groups) in [
        ("memos", r#"{"author":"bob"}"#, ""),
        ("memos", r#"{"author":"ann"}"#, "[guest]"),
        ("memos", r#"{"ids":["n-1"]}"#, "[admin guest]"),
        ("memos", r#"{"author":"ann","collections":["cards"]}"#, ""),
        ("cards", r#"{"ids":["c-1"]}"#, ""),
        ("cards", r#"{"author":"ann"}"#, ""),
    ] {
        let answer = world
            .call(ask(collection, body).by("ann", "acme", groups))
            .await;

        assert_eq!(
            brief(&answer),
            (403, "FORBIDDEN"),
            "{collection} {body} {groups}"
        );
    }
    assert!(world.is_untouched());
    for body in [r#"{"author":"ann"}"#, r#"{"ids":["n-1"]}"#] {
        let answer = world.call(ask("memos", body).by("ann", "acme", "")).await;
        assert_eq!(answer.status, 202, "their own: {body}");
    }
}

#[tokio::test]
async fn the_word_of_the_route_is_an_id_for_the_other_methods() {
    let world = World::new();
    world.put("discussions", &key("destroy_all"));

    let shown = world
        .call(Event::new("GET", "/v1/discussions/destroy_all"))
        .await;
    assert_eq!(
        (shown.status, &shown.body["id"]),
        (200, &json!("destroy_all"))
    );
    let deleted = world
        .call(Event::new("DELETE", "/v1/discussions/destroy_all"))
        .await;
    assert_eq!(brief(&deleted), (202, "PENDING_DELETE"));
    let refused = world
        .call(Event::new("PATCH", "/v1/discussions/destroy_all"))
        .await;
    assert_eq!(refused.header("allow"), Some("GET, POST, DELETE"));
    for target in [
        "/v1/discussions/d-1",
        "/v1/messages/d-1/destroy_all",
        "/v1/discussions",
    ] {
        let event = Event::new("POST", target)
            .header("content-type", "application/json")
            .body(r#"{"ids":["d-1"]}"#);
        let refused = world.call(event).await;
        assert_eq!(brief(&refused), (405, "METHOD_NOT_ALLOWED"), "{target}");
    }
}

#[tokio::test]
async fn a_store_that_is_away_is_told_and_the_answer_promises_nothing() {
    let world = world();
    world.faults.fail(
        Operation::AcceptNamed,
        ..,
        Fault::Unavailable(Moment::Before),
    );

    let answer = world.call(ask("memos", r#"{"ids":["n-1"]}"#)).await;

    assert_eq!(brief(&answer), (503, "DEPENDENCY_UNAVAILABLE"));
    assert!(world.is_untouched());
}

#[tokio::test]
async fn a_queue_that_is_away_is_made_up_for_or_told_as_configured() {
    for (on_publish_failure, expected) in [
        (OnPublishFailure::Outbox, (202, "PENDING_DELETE")),
        (OnPublishFailure::Rollback, (503, "NOT_QUEUED")),
    ] {
        let mut world = world();
        world.on_publish_failure = on_publish_failure;
        world
            .faults
            .fail(Operation::Send, .., Fault::Unavailable(Moment::Before));

        let answer = world.call(ask("memos", r#"{"ids":["n-1"]}"#)).await;

        assert_eq!(brief(&answer), expected);
        assert_eq!(world.deletions.all().len(), usize::from(expected.0 == 202));
    }
}
