//! `PUT`: what is written, what is answered, and what is refused.

use serde_json::{Value, json};
use testing::samples::{ODD_IDS, key, key2, mark, marked, with_null};

use super::event::{Event, encode};
use super::world::{Answer, World};

/// A request of ann's, an administrator's unless it says otherwise.
pub(super) fn put(target: &str, body: &Value) -> Event {
    Event::new("PUT", target)
        .header("content-type", "application/json")
        .body(&body.to_string())
}

/// A room with a letter in it, both ann's.
pub(super) fn post() -> World {
    let world = World::new();
    world.put("rooms", &key("r-1"));
    world.put_letter("l-1", "r-1");
    world
}

pub(super) fn brief(answer: &Answer) -> (i64, &str) {
    (answer.status, answer.code())
}

#[tokio::test]
async fn a_new_record_is_created_with_its_document() {
    let world = World::new();

    let answer = world
        .call(put(
            "/v1/rooms/r-1",
            &json!({ "subject": "stones", "size": [1, 2.5], "note": null }),
        ))
        .await;

    let attributes = json!({
        "room_id": "r-1", "realm": "acme", "owner": "ann", "subject": "stones", "size": [1, 2.5], "note": null,
    });
    assert_eq!(answer.status, 201);
    assert_eq!(
        answer.body,
        json!({ "collection": "rooms", "id": "r-1", "attributes": attributes })
    );
    assert_eq!(Value::Object(world.row("rooms", &key("r-1"))), attributes);
    assert_eq!(
        world.document("rooms", "r-1"),
        Some(json!({ "room_id": "r-1", "realm": "acme", "subject": "stones" }))
    );
    let got = world.call(Event::new("GET", "/v1/rooms/r-1")).await;
    assert_eq!((got.status, got.body), (200, answer.body));
    let found = world
        .call(Event::new("GET", "/v1/search/rooms?q=stones"))
        .await;
    assert_eq!(found.ids(), ["r-1"]);
}

#[tokio::test]
async fn a_live_record_is_replaced_whole_and_its_document_with_it() {
    let world = post();

    let answer = world
        .call(put(
            "/v1/letters/l-1",
            &json!({ "room_id": "r-1", "body": "new" }),
        ))
        .await;

    let attributes = json!({
        "letter_id": "l-1", "realm": "acme", "room_id": "r-1", "sender_id": "ann", "body": "new",
    });
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body["attributes"], attributes);
    assert_eq!(Value::Object(world.row("letters", &key("l-1"))), attributes);
    assert_eq!(
        world.document("letters", "l-1"),
        Some(
            json!({ "letter_id": "l-1", "realm": "acme", "body": "new", "room_id": "r-1", "sender_id": "ann" })
        )
    );
}

#[tokio::test]
async fn what_get_answered_can_be_put_back_and_changes_nothing() {
    let world = post();
    let row = world.row("letters", &key("l-1"));
    let got = world.call(Event::new("GET", "/v1/letters/l-1")).await;

    let answer = world
        .call(put("/v1/letters/l-1", &got.body["attributes"]))
        .await;

    assert_eq!((answer.status, answer.body), (200, got.body));
    assert_eq!(world.row("letters", &key("l-1")), row);
}

#[tokio::test]
async fn an_explicit_null_is_live_and_stays() {
    let world = World::new();
    let rooms = world.collection("rooms");
    let row = with_null(rooms, testing::samples::row(rooms, &key("r-1"), "acme"));
    world.rows.put(rooms, row);

    assert_eq!(
        world.call(put("/v1/rooms/r-1", &json!({}))).await.status,
        200
    );

    let row = world.row("rooms", &key("r-1"));
    assert_eq!(row.get("deleted_at"), Some(&Value::Null));
    assert_eq!(row.get("subject"), None);
}

#[tokio::test]
async fn key_and_tenant_are_those_of_path_and_token() {
    let same = json!({ "letter_id": "l-2", "realm": "acme", "room_id": "r-1" });
    assert_eq!(post().call(put("/v1/letters/l-2", &same)).await.status, 201);

    for (body, pointer) in [
        (json!({ "letter_id": "l-3" }), "/body/letter_id"),
        (json!({ "letter_id": null }), "/body/letter_id"),
        (json!({ "realm": "globex" }), "/body/realm"),
        (json!({ "room_id": 1 }), "/body/room_id"),
        (json!({ "room_id": "" }), "/body/room_id"),
        (json!({}), "/body/room_id"),
        (
            json!({ "room_id": "r-1", "sender_id": 7 }),
            "/body/sender_id",
        ),
    ] {
        let world = post();

        let answer = world.call(put("/v1/letters/l-2", &body)).await;

        assert_eq!(brief(&answer), (400, "INVALID_ATTRIBUTE"), "{body}");
        assert_eq!(answer.pointers(), [pointer], "{body}");
        assert_eq!(world.rows.keys(world.collection("letters")).len(), 1);
    }
}

#[tokio::test]
async fn marks_are_refused_whatever_they_hold() {
    for attribute in ["deleted_at", "deleted_by", "deletion_id"] {
        for value in [json!("2026-11-21T07:00:00.000Z"), json!(null), json!(0)] {
            for target in ["/v1/letters/l-1", "/v1/letters/l-2"] {
                let world = post();
                let before = world.row("letters", &key("l-1"));

                let answer = world
                    .call(put(target, &json!({ "room_id": "r-1", attribute: value })))
                    .await;

                assert_eq!(
                    brief(&answer),
                    (400, "MARK_NOT_ALLOWED"),
                    "{attribute} {value}"
                );
                assert_eq!(answer.pointers(), [format!("/body/{attribute}")]);
                assert_eq!(world.row("letters", &key("l-1")), before);
            }
        }
    }
}

#[tokio::test]
async fn internal_states_are_refused_and_active_and_disabled_pass() {
    for target in ["/v1/letters/l-1", "/v1/letters/l-2"] {
        for status in ["PENDING_DELETE", "DELETE_FAILED", "DELETED", "active", ""] {
            let world = post();
            let before = world.row("letters", &key("l-1"));

            let answer = world
                .call(put(target, &json!({ "room_id": "r-1", "status": status })))
                .await;

            assert_eq!(
                brief(&answer),
                (400, "STATUS_NOT_ALLOWED"),
                "{target} {status}"
            );
            assert_eq!(answer.pointers(), ["/body/status"]);
            assert_eq!(world.row("letters", &key("l-1")), before);
        }
        for status in ["ACTIVE", "DISABLED"] {
            let answer = post()
                .call(put(target, &json!({ "room_id": "r-1", "status": status })))
                .await;

            assert!([200, 201].contains(&answer.status), "{target} {status}");
            assert_eq!(answer.body["attributes"]["status"], status);
        }
    }
}

#[tokio::test]
async fn the_status_is_the_same_after_a_delete_as_it_was_put() {
    let world = post();
    world
        .call(put(
            "/v1/letters/l-1",
            &json!({ "room_id": "r-1", "status": "DISABLED" }),
        ))
        .await;

    let deleted = world.call(Event::new("DELETE", "/v1/letters/l-1")).await;

    assert_eq!(deleted.code(), "PENDING_DELETE");
    assert_eq!(world.row("letters", &key("l-1"))["status"], "DISABLED");
}

#[tokio::test]
async fn another_tenants_record_is_not_overwritten_and_not_told_from_a_deleted_one() {
    let (foreign, deleted) = (World::new(), World::new());
    foreign.put_of("globex", "rooms", &key("r-1"));
    let rooms = deleted.collection("rooms");
    let row = testing::samples::row(rooms, &key("r-1"), "acme");
    deleted.rows.put(rooms, marked(rooms, row, &mark(1)));
    let mut answers = Vec::new();
    for world in [&foreign, &deleted] {
        let before = world.row("rooms", &key("r-1"));

        let answer = world
            .call(put("/v1/rooms/r-1", &json!({})).by("bob", "acme", "[writers]"))
            .await;

        assert_eq!(brief(&answer), (409, "KEY_TAKEN"));
        assert_eq!(world.row("rooms", &key("r-1")), before);
        answers.push(answer);
    }
    assert_eq!(answers[0], answers[1]);
    // Who may restore sees no more of another tenant's record.
    let answer = foreign.call(put("/v1/rooms/r-1", &json!({}))).await;
    assert_eq!(answer, answers[0]);
}

#[tokio::test]
async fn a_tenant_in_the_key_is_the_callers_own() {
    let world = World::new();

    let ours = world.call(put("/v1/shelves/acme/1", &json!({}))).await;
    let theirs = world.call(put("/v1/shelves/globex/1", &json!({}))).await;

    assert_eq!(ours.status, 201);
    assert_eq!(brief(&theirs), (409, "KEY_TAKEN"));
    assert_eq!(
        world.rows.keys(world.collection("shelves")),
        [key2("acme", "1")]
    );
}

#[tokio::test]
async fn a_deleted_record_is_told_to_those_who_may_restore_it_and_stays() {
    let world = post();
    world.call(Event::new("DELETE", "/v1/letters/l-1")).await;
    let before = world.row("letters", &key("l-1"));
    let body = json!({ "room_id": "r-1" });

    let answer = world.call(put("/v1/letters/l-1", &body)).await;
    let other = world
        .call(put("/v1/letters/l-1", &body).by("bob", "acme", "[writers]"))
        .await;

    assert_eq!(brief(&answer), (410, "RECORD_DELETED"));
    assert_eq!(answer.body["deletion"]["state"], "PENDING_DELETE");
    assert_eq!(answer.body["purge_at"], "2026-12-21T07:00:00.000Z");
    assert_eq!(brief(&other), (409, "KEY_TAKEN"));
    assert_eq!(world.row("letters", &key("l-1")), before);
}

#[tokio::test]
async fn a_child_that_names_a_deleted_parent_is_refused() {
    let world = post();
    world.call(Event::new("DELETE", "/v1/rooms/r-1")).await;
    world.put_of("globex", "rooms", &key("r-globex"));
    let before = world.row("letters", &key("l-1"));
    let bob = |id: &str, room: &str| {
        put(&format!("/v1/letters/{id}"), &json!({ "room_id": room })).by(
            "bob",
            "acme",
            "[writers]",
        )
    };

    let deleted = world.call(bob("l-2", "r-1")).await;
    assert_eq!(brief(&deleted), (409, "PARENT_NOT_LIVE"));
    // Whether the parent is deleted, absent or another tenant's, and whether there is a letter below it, is not told.
    for (id, room) in [
        ("l-2", "nobody"),
        ("l-2", "r-globex"),
        ("l-1", "r-1"),
        ("l-1", "nobody"),
    ] {
        assert_eq!(world.call(bob(id, room)).await, deleted, "{id} {room}");
    }
    // Who may restore learns of the deletion.
    let answer = world
        .call(put("/v1/letters/l-1", &json!({ "room_id": "r-1" })))
        .await;
    assert_eq!(brief(&answer), (410, "RECORD_DELETED"));
    assert_eq!(answer.body["deletion"]["scope"]["collection"], "rooms");
    assert_eq!(world.row("letters", &key("l-1")), before);
    assert_eq!(world.rows.keys(world.collection("letters")), [key("l-1")]);
}

#[tokio::test]
async fn a_record_below_a_deleted_parent_cannot_be_moved_to_a_live_one() {
    let world = post();
    world.put("rooms", &key("r-2"));
    world.call(Event::new("DELETE", "/v1/rooms/r-1")).await;
    let before = world.row("letters", &key("l-1"));

    let answer = world
        .call(put("/v1/letters/l-1", &json!({ "room_id": "r-2" })).by("bob", "acme", "[writers]"))
        .await;

    assert_eq!(brief(&answer), (409, "KEY_TAKEN"));
    assert_eq!(world.row("letters", &key("l-1")), before);
}

#[tokio::test]
async fn a_record_that_is_too_large_is_refused_and_the_old_one_stays() {
    let world = post();
    let before = world.row("letters", &key("l-1"));
    let body = json!({ "room_id": "r-1", "body": "x".repeat(400 * 1024) });

    for target in ["/v1/letters/l-1", "/v1/letters/l-2"] {
        let answer = world.call(put(target, &body)).await;

        assert_eq!(brief(&answer), (413, "RECORD_TOO_LARGE"), "{target}");
    }
    assert_eq!(world.row("letters", &key("l-1")), before);
    assert_eq!(world.rows.keys(world.collection("letters")).len(), 1);
}

#[tokio::test]
async fn what_the_index_refuses_is_taken_back_and_is_the_clients_fault() {
    let world = post();
    let before = world.row("letters", &key("l-1"));
    let document = world.document("letters", "l-1");
    let body = json!({ "room_id": "r-1", "body": { "no": "text" } });

    for target in ["/v1/letters/l-1", "/v1/letters/l-2"] {
        let answer = world.call(put(target, &body)).await;

        assert_eq!(brief(&answer), (400, "RECORD_NOT_STORABLE"), "{target}");
    }
    assert_eq!(world.row("letters", &key("l-1")), before);
    assert_eq!(world.document("letters", "l-1"), document);
    assert_eq!(world.rows.keys(world.collection("letters")).len(), 1);
}

#[tokio::test]
async fn the_same_record_is_written_by_query_whatever_its_id() {
    for id in ODD_IDS {
        let world = World::new();
        let target = format!("/v1/rooms?id={}", encode(id));

        let answer = world.call(put(&target, &json!({ "subject": "odd" }))).await;

        assert_eq!(
            (answer.status, &answer.body["id"]),
            (201, &json!(id)),
            "{id}"
        );
        assert_eq!(world.rows.keys(world.collection("rooms")), [key(id)]);
        assert!(world.document("rooms", id).is_some());
    }
    let answer = World::new().call(put("/v1/rooms/a%2Fb", &json!({}))).await;
    assert_eq!(brief(&answer), (400, "ID_NEEDS_QUERY"));
    let answer = World::new().call(put("/v1/rooms", &json!({}))).await;
    assert_eq!(brief(&answer), (400, "INVALID_ID"));
}

#[tokio::test]
async fn an_id_that_no_document_can_have_is_refused_before_anything_is_written() {
    let world = World::new();
    let (fits, long) = ("x".repeat(512), "x".repeat(513));

    assert_eq!(
        world
            .call(put(&format!("/v1/rooms/{fits}"), &json!({})))
            .await
            .status,
        201
    );
    let answer = world
        .call(put(&format!("/v1/rooms/{long}"), &json!({})))
        .await;

    assert_eq!(brief(&answer), (400, "INVALID_ID"));
    assert_eq!(world.rows.keys(world.collection("rooms")), [key(&fits)]);
}

#[tokio::test]
async fn where_writing_is_not_served_the_method_is_unknown() {
    for (target, allow) in [
        ("/v1/discussions/d-1", "GET, DELETE"),
        ("/v1/messages/d-1/m-1/x", "GET, DELETE"),
        ("/v1/notes/n-1", "DELETE"),
    ] {
        let world = World::new();

        let answer = world.call(put(target, &json!({}))).await;

        assert_eq!(brief(&answer), (405, "METHOD_NOT_ALLOWED"), "{target}");
        assert_eq!(answer.header("allow"), Some(allow));
    }
    for (target, allow) in [
        ("/v1/rooms/r-1", "GET, PUT, DELETE"),
        ("/v1/shelves/acme/1", "PUT, DELETE"),
    ] {
        let answer = World::new().call(Event::new("PATCH", target)).await;

        assert_eq!(answer.header("allow"), Some(allow), "{target}");
    }
}

#[tokio::test]
async fn a_body_that_is_not_understood_is_refused() {
    for body in [
        "",
        "{",
        "[]",
        "null",
        r#"{"a":1,"a":2}"#,
        r#"{"a":0.12345678901234567890}"#,
    ] {
        for target in ["/v1/rooms/r-1", "/v1/rooms/r-1/"] {
            let world = World::new();
            let event = put(target, &Value::Null).body(body);

            let answer = world.call(event).await;

            assert_eq!(brief(&answer), (400, "INVALID_BODY"), "{target} {body}");
            assert_eq!(answer.pointers(), ["/body"]);
            assert_eq!(world.rows.calls(), 0);
        }
    }
    let answer = World::new()
        .call(Event::new("PUT", "/v1/rooms/r-1").body("{}"))
        .await;
    assert_eq!(brief(&answer), (415, "UNSUPPORTED_MEDIA_TYPE"));
    let answer = World::new()
        .call(put("/v1/rooms/r-1", &json!({})).header("If-Match", "*"))
        .await;
    assert_eq!(brief(&answer), (412, "PRECONDITION_FAILED"));
    let answer = World::new()
        .call(put("/v1/rooms/r-1?force=1", &json!({})))
        .await;
    assert_eq!(brief(&answer), (400, "UNKNOWN_PARAMETER"));
    let answer = World::new().call(put("/v1/rooms/r-1/", &json!({}))).await;
    assert_eq!(brief(&answer), (400, "ID_NEEDS_QUERY"));
}
