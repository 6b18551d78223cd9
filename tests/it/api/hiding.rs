//! Invariant 2: from the 202 on no route shows the root or anything below it. No consumer runs in these tests.

use testing::samples::{key, key2};

use super::event::Event;
use super::world::World;

/// Three levels below `d-1`, and a sibling that stays.
async fn deleted() -> World {
    let world = World::new();
    for discussion in ["d-1", "d-2"] {
        world.put("discussions", &key(discussion));
        for message in ["m-1", "m-2"] {
            world.put("messages", &key2(discussion, message));
        }
    }
    let accepted = world
        .call(Event::new("DELETE", "/v1/discussions/d-1").by("boss", "acme", "[admin]"))
        .await;
    assert_eq!(accepted.code(), "PENDING_DELETE");
    world
}

#[tokio::test]
async fn what_was_accepted_is_hidden_from_every_read_at_once() {
    let world = deleted().await;
    let get = |target: &str| Event::new("GET", target).by("bob", "acme", "[]");

    for gone in [
        "/v1/discussions/d-1",
        "/v1/discussions?id=d-1",
        "/v1/messages/d-1/m-1",
        "/v1/messages?id=d-1&sort=m-2",
    ] {
        let answer = world.call(get(gone)).await;
        assert_eq!(
            (answer.status, answer.code()),
            (404, "RECORD_NOT_FOUND"),
            "{gone}"
        );
    }
    assert_eq!(world.call(get("/v1/discussions")).await.ids(), ["d-2"]);
    assert_eq!(
        world.call(get("/v1/messages?parent=d-1")).await.text,
        r#"{"items":[],"next_cursor":null}"#
    );
    assert_eq!(
        world
            .call(get("/v1/search/discussions?q=stone"))
            .await
            .ids(),
        ["d-2"]
    );
    assert_eq!(
        world.call(get("/v1/search/messages?q=stone")).await.ids(),
        ["d-2", "d-2"]
    );
    assert_eq!(
        world.call(get("/v1/messages?parent=d-2")).await.ids(),
        ["d-2", "d-2"]
    );
}

#[tokio::test]
async fn who_may_restore_is_told_when_it_is_removed_for_good_and_by_which_deletion() {
    let world = deleted().await;

    for gone in ["/v1/discussions/d-1", "/v1/messages/d-1/m-1"] {
        let answer = world.call(Event::new("GET", gone)).await;

        assert_eq!(
            (answer.status, answer.code()),
            (410, "RECORD_DELETED"),
            "{gone}"
        );
        assert_eq!(answer.body["purge_at"], "2026-12-21T07:00:00.000Z");
        assert_eq!(answer.body["deletion"]["requested_by"], "boss");
        assert_eq!(answer.body["deletion"]["scope"]["root"]["id"], "d-1");
    }
}
