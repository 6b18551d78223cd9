//! Who may, and for how long: denied groups, and authors whose time is over.

use serde_json::{Value, json};
use testing::samples::{key, key2};

use super::event::Event;
use super::world::World;

/// A post of ann's, sent at this moment; the clock stands at 07:00.
fn posted(sent_at: Value) -> World {
    let world = World::new();
    let posts = world.collection("posts");
    let mut row = testing::samples::row(posts, &key("p-1"), "acme");
    row.insert("sent_at".to_owned(), sent_at);
    world.rows.put(posts, row);
    world
}

async fn delete(world: &World, subject: &str, groups: &str) -> (i64, String) {
    let event = Event::new("DELETE", "/v1/posts/p-1").by(subject, "acme", groups);
    let answer = world.call(event).await;
    (answer.status, answer.code().to_owned())
}

#[tokio::test]
async fn authors_delete_their_own_within_the_limit_only() {
    for (sent_at, allowed) in [
        (json!("2026-11-21T06:50:00Z"), true),
        (json!("2026-11-21T06:49:59.999Z"), false),
        (json!(1_795_244_400 - 600), true),
        (json!(1_795_244_400_000_i64 - 600_001), false),
        (json!("just now"), false),
        (Value::Null, false),
    ] {
        let world = posted(sent_at.clone());

        let (status, code) = delete(&world, "ann", "[]").await;

        let expected = if allowed {
            (202, "PENDING_DELETE")
        } else {
            (403, "FORBIDDEN")
        };
        assert_eq!((status, code.as_str()), expected, "{sent_at}");
        assert_eq!(world.is_untouched(), !allowed, "{sent_at}");
    }
}

#[tokio::test]
async fn the_limit_moves_with_the_clock() {
    let world = posted(json!("2026-11-21T06:55:00Z"));
    world.clock.advance(std::time::Duration::from_secs(301));

    assert_eq!(delete(&world, "ann", "[]").await.1, "FORBIDDEN");
}

#[tokio::test]
async fn others_are_refused_and_administrators_always_may() {
    let world = posted(json!("2026-11-21T06:59:59Z"));
    assert_eq!(delete(&world, "bob", "[]").await.1, "FORBIDDEN");
    assert!(world.is_untouched());

    let world = posted(json!("2001-01-01T00:00:00Z"));
    assert_eq!(delete(&world, "bob", "[admin]").await.1, "PENDING_DELETE");
}

#[tokio::test]
async fn a_guest_is_refused_even_inside_an_allowed_group_and_sees_nothing() {
    let world = posted(json!("2026-11-21T06:59:59Z"));
    let guest = |event: Event| event.by("ann", "acme", "[admin guest]");

    for (method, target) in [
        ("DELETE", "/v1/posts/p-1"),
        ("GET", "/v1/posts/p-1"),
        ("GET", "/v1/posts/nobody"),
        ("GET", "/v1/posts"),
    ] {
        let answer = world.call(guest(Event::new(method, target))).await;

        assert_eq!(
            (answer.status, answer.code()),
            (403, "FORBIDDEN"),
            "{method} {target}"
        );
    }
    assert!(world.is_untouched());

    assert_eq!(delete(&world, "ann", "[admin]").await.1, "PENDING_DELETE");
    let id = world.deletions.all()[0].id.to_string();
    for target in [
        format!("/v1/deletions/{id}"),
        format!("/v1/deletions/{id}/records"),
    ] {
        let answer = world.call(guest(Event::new("GET", &target))).await;

        assert_eq!(answer.code(), "DELETION_NOT_FOUND", "{target}");
    }
    let answer = world.call(guest(Event::new("GET", "/v1/deletions"))).await;
    assert_eq!(answer.text, r#"{"items":[],"next_cursor":null}"#);
}

#[tokio::test]
async fn a_widened_permission_takes_effect_at_once() {
    let mut world = World::new();
    world.put("discussions", &key("d-1"));
    world.put("messages", &key2("d-1", "m-1"));
    let bob = || Event::new("DELETE", "/v1/messages/d-1/m-1").by("bob", "acme", "[]");
    assert_eq!(world.call(bob()).await.code(), "FORBIDDEN");

    world.redeclare(|text| {
        text.replace(r#"delete = ["admin", "author"]"#, r#"delete = ["member"]"#)
    });

    assert_eq!(world.call(bob()).await.code(), "PENDING_DELETE");
}
