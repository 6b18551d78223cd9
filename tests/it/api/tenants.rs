//! What somebody may not know is answered byte for byte like what is not there.

use testing::samples::{key, key2};

use super::event::Event;
use super::world::{Answer, World};

const UNKNOWN: &str = "01a1fce7-9d80-7c3a-9f21-5b0e4d8a7c16";

/// With a discussion `d-1` of `acme` and a message in it, all live.
fn mail() -> World {
    let world = World::new();
    world.put("discussions", &key("d-1"));
    world.put("messages", &key2("d-1", "m-1"));
    world
}

async fn by_globex(world: &World, method: &str, target: &str) -> Answer {
    world
        .call(Event::new(method, target).by("gus", "globex", "[admin]"))
        .await
}

#[tokio::test]
async fn another_tenants_record_is_answered_byte_for_byte_like_an_absent_one() {
    for (method, target) in [
        ("DELETE", "/v1/discussions/d-1"),
        ("DELETE", "/v1/discussions?id=d-1"),
        ("DELETE", "/v1/messages/d-1/m-1"),
        ("GET", "/v1/discussions/d-1"),
        ("GET", "/v1/discussions?id=d-1"),
        ("GET", "/v1/messages/d-1/m-1"),
        ("GET", "/v1/messages?parent=d-1"),
        ("GET", "/v1/discussions"),
        ("GET", "/v1/search/discussions?q=stone"),
        ("GET", "/v1/search/messages?q=stone"),
    ] {
        let live = by_globex(&mail(), method, target).await;
        let marked = mail();
        marked
            .call(Event::new("DELETE", "/v1/discussions/d-1"))
            .await;
        let marked = by_globex(&marked, method, target).await;
        let absent = by_globex(&World::new(), method, target).await;

        assert_eq!(live, absent, "{method} {target}");
        assert_eq!(marked, absent, "{method} {target}");
    }
}

#[tokio::test]
async fn another_tenants_deletion_is_answered_byte_for_byte_like_an_absent_one() {
    let world = mail();
    let accepted = world
        .call(Event::new("DELETE", "/v1/discussions/d-1"))
        .await;
    let id = accepted.body["deletion"]["id"].as_str().unwrap().to_owned();

    for suffix in ["", "/records"] {
        let foreign = by_globex(&world, "GET", &format!("/v1/deletions/{id}{suffix}")).await;
        let member =
            Event::new("GET", &format!("/v1/deletions/{id}{suffix}")).by("bob", "acme", "[]");
        let invisible = world.call(member).await;
        let unknown = by_globex(&world, "GET", &format!("/v1/deletions/{UNKNOWN}{suffix}")).await;
        let no_id = by_globex(&world, "GET", &format!("/v1/deletions/nonsense{suffix}")).await;
        let upper = by_globex(
            &world,
            "GET",
            &format!("/v1/deletions/{}{suffix}", id.to_uppercase()),
        )
        .await;

        assert_eq!(
            (foreign.status, foreign.code()),
            (404, "DELETION_NOT_FOUND")
        );
        assert_eq!([&invisible, &unknown, &no_id, &upper], [&foreign; 4]);
    }
    assert!(
        by_globex(&world, "GET", "/v1/deletions")
            .await
            .ids()
            .is_empty()
    );
}

#[tokio::test]
async fn who_may_not_see_the_deletion_is_answered_as_if_the_record_had_never_been() {
    let (world, empty) = (mail(), World::new());
    world
        .call(Event::new("DELETE", "/v1/discussions/d-1").by("boss", "acme", "[admin]"))
        .await;

    for target in ["/v1/discussions/d-1", "/v1/messages/d-1/m-1"] {
        let author = |method| Event::new(method, target).by("ann", "acme", "[]");

        let deleted = world.call(author("DELETE")).await;
        assert_eq!(deleted.code(), "ALREADY_DELETED");
        assert_eq!(deleted, empty.call(author("DELETE")).await);
        assert_eq!(
            world.call(author("GET")).await,
            empty.call(author("GET")).await
        );
    }
}

#[tokio::test]
async fn what_may_neither_be_read_nor_deleted_is_answered_as_if_it_were_not_there() {
    let (world, empty) = (World::new(), World::new());
    world.put("drafts", &key("x"));

    for method in ["DELETE", "GET"] {
        let stranger = || Event::new(method, "/v1/drafts/x").by("bob", "acme", "[admin]");

        assert_eq!(world.call(stranger()).await, empty.call(stranger()).await);
    }
    assert!(world.is_untouched());
}
