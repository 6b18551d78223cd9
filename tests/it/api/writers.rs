//! Who may write what.

use serde_json::{Value, json};
use testing::samples::{key, row};

use super::event::Event;
use super::world::World;
use super::writing::{post, put};

fn letter(body: &Value) -> Event {
    put("/v1/letters/l-1", body)
}

/// A letter of ann's, sent at this moment; the clock stands at 07:00.
fn sent(sent_at: &str) -> World {
    let world = post();
    let letters = world.collection("letters");
    let mut row = world.row("letters", &key("l-1"));
    row.insert("sent_at".to_owned(), json!(sent_at));
    world.rows.put(letters, row);
    world
}

#[tokio::test]
async fn who_is_granted_nothing_is_refused_before_existence_is_told() {
    let world = post();
    for target in ["/v1/rooms/r-1", "/v1/rooms/nobody"] {
        let answer = world
            .call(put(target, &json!({})).by("bob", "acme", "[other]"))
            .await;

        // `author` is granted: a new room would be bob's own, the one that is there is ann's.
        let expected = if target.ends_with("nobody") { 201 } else { 403 };
        assert_eq!(answer.status, expected, "{target}");
    }
    let calls = world.rows.calls();
    for target in ["/v1/shelves/acme/1", "/v1/shelves/acme/nobody"] {
        let answer = world
            .call(put(target, &json!({})).by("bob", "acme", "[other]"))
            .await;

        assert_eq!(
            (answer.status, answer.code()),
            (403, "FORBIDDEN"),
            "{target}"
        );
    }
    assert_eq!(world.rows.calls(), calls);
}

#[tokio::test]
async fn an_author_writes_as_nobody_else() {
    let bob = |body: Value| put("/v1/rooms/r-9", &body).by("bob", "acme", "[]");
    let world = World::new();

    assert_eq!(
        world.call(bob(json!({ "owner": "ann" }))).await.code(),
        "FORBIDDEN"
    );
    let made = world.call(bob(json!({}))).await;
    assert_eq!(
        (made.status, &made.body["attributes"]["owner"]),
        (201, &json!("bob"))
    );
    let replaced = world.call(bob(json!({ "owner": "bob", "a": 1 }))).await;
    assert_eq!(replaced.status, 200);
    assert_eq!(
        world.call(bob(json!({ "owner": "ann" }))).await.code(),
        "FORBIDDEN"
    );
    // An administrator may give it away; without a word it stays whose it was.
    let kept = world.call(put("/v1/rooms/r-9", &json!({}))).await;
    assert_eq!(kept.body["attributes"]["owner"], "bob");
    let given = world
        .call(put("/v1/rooms/r-9", &json!({ "owner": "eve" })))
        .await;
    assert_eq!(given.body["attributes"]["owner"], "eve");
    assert_eq!(world.call(bob(json!({}))).await.code(), "FORBIDDEN");
}

#[tokio::test]
async fn a_record_that_the_caller_may_not_read_is_as_another_tenants() {
    let world = World::new();
    let drops = world.collection("drops");
    world.rows.put(drops, row(drops, &key("ann's"), "acme"));
    world
        .rows
        .put(drops, row(drops, &key("globex's"), "globex"));
    let bob = |id: &str| put(&format!("/v1/drops?id={id}"), &json!({})).by("bob", "acme", "[]");

    let unreadable = world.call(bob("ann's")).await;

    assert_eq!((unreadable.status, unreadable.code()), (409, "KEY_TAKEN"));
    assert_eq!(world.call(bob("globex's")).await, unreadable);
    assert_eq!(world.call(bob("new")).await.status, 201);
}

#[tokio::test]
async fn an_author_replaces_within_the_limit_only_and_cannot_move_it() {
    let ann = |event: Event| event.by("ann", "acme", "[]");
    let (young, old) = ("2026-11-21T06:50:00Z", "2026-11-21T06:49:59.999Z");
    let body = |sent_at: &str| json!({ "room_id": "r-1", "sent_at": sent_at });

    let world = sent(young);
    let kept = world.call(ann(letter(&json!({ "room_id": "r-1" })))).await;
    assert_eq!(
        (kept.status, &kept.body["attributes"]["sent_at"]),
        (200, &json!(young))
    );
    assert_eq!(world.call(ann(letter(&body(young)))).await.status, 200);
    let moved = world.call(ann(letter(&body("2026-11-21T06:59:00Z")))).await;
    assert_eq!(moved.code(), "FORBIDDEN");
    assert_eq!(world.row("letters", &key("l-1"))["sent_at"], young);

    let world = sent(old);
    assert_eq!(
        world.call(ann(letter(&body(old)))).await.code(),
        "FORBIDDEN"
    );
    assert_eq!(
        world.call(letter(&body(young))).await.status,
        200,
        "an administrator"
    );
}

#[tokio::test]
async fn a_guest_writes_nothing_even_inside_an_allowed_group() {
    let world = post();
    let before = world.row("letters", &key("l-1"));

    for target in ["/v1/letters/l-1", "/v1/letters/l-2"] {
        let answer = world
            .call(put(target, &json!({ "room_id": "r-1" })).by("ann", "acme", "[admin guest]"))
            .await;

        assert_eq!(
            (answer.status, answer.code()),
            (403, "FORBIDDEN"),
            "{target}"
        );
    }
    assert_eq!(world.row("letters", &key("l-1")), before);
}
