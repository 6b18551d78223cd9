//! Requests that a client repeats under a key: they are done once, and answered each time.

use std::time::Duration;

use domain::deletion::State;
use requests::OnPublishFailure;
use serde_json::Value;
use testing::samples::{key, key2};
use testing::{Fault, Moment, Operation};

use super::event::Event;
use super::world::{Answer, World};

const MORE: &str = r#"
[memos]
table       = "memos"
key         = ["memo_id"]
tenant      = "owner"
strategy    = "flag"
retention   = "30d"
author      = { attribute = "writer", gsi = "by_writer" }
permissions = { delete = ["admin", "author"], destroy_all = ["admin"], restore = ["admin"], purge = ["admin"] }

[papers]
table       = "papers"
key         = ["paper_id"]
tenant      = "owner"
strategy    = "flag"
retention   = "30d"
permissions = { delete = ["admin"], destroy_all = ["admin"], restore = ["admin"], purge = ["admin"] }
"#;

fn world() -> World {
    let mut world = World::new();
    world.redeclare(|text| text + MORE);
    world.put("discussions", &key("d-1"));
    world.put("messages", &key2("d-1", "m-1"));
    world.put("memos", &key("n-1"));
    world.put("memos", &key("n-2"));
    world
}

fn delete(target: &str) -> Event {
    Event::new("DELETE", target).header("idempotency-key", "k-1")
}

fn destroy(body: &str) -> Event {
    Event::new("POST", "/v1/memos/destroy_all")
        .header("content-type", "application/json")
        .header("idempotency-key", "k-1")
        .body(body)
}

fn brief(answer: &Answer) -> (i64, &str) {
    (answer.status, answer.code())
}

/// Every request that may have a key, on a world where it applies.
async fn requests() -> Vec<(World, Event)> {
    let acted = |state, action| async move {
        let world = world();
        world
            .call(Event::new("DELETE", "/v1/discussions/d-1"))
            .await;
        drop(world.queue.take());
        let mut deletion = world.deletions.all().remove(0);
        deletion.state = state;
        let scope =
            domain::scope::Scope::below(world.collection("discussions"), &world.collections);
        world.deletions.put(&deletion, &scope, &[]);
        let target = format!("/v1/deletions/{}/{action}", deletion.id);
        let event = Event::new("POST", &target).header("idempotency-key", "k-1");
        (world, event)
    };
    vec![
        (world(), delete("/v1/discussions/d-1")),
        (world(), delete("/v1/discussions?id=d-1")),
        (world(), destroy(r#"{"ids":["n-1"]}"#)),
        (world(), destroy(r#"{"author":"ann"}"#)),
        acted(State::PendingDelete, "cancel").await,
        acted(State::Deleted, "restore").await,
        acted(State::Deleted, "purge").await,
        acted(State::DeleteFailed, "retry").await,
    ]
}

#[tokio::test]
async fn a_repeated_request_is_done_once_and_answered_with_what_came_of_it() {
    for (world, event) in requests().await {
        let first = world.call(event.clone()).await;
        assert_eq!(first.status, 202, "{}", first.text);
        assert_eq!(first.header("idempotency-replayed"), None);
        let stored = world.deletions.all();
        let sent = world.queue.take().len();
        assert_eq!(sent, 1);

        let again = world.call(event).await;

        assert_eq!(again.status, first.status);
        assert_eq!(again.header("idempotency-replayed"), Some("true"));
        assert_eq!(again.header("location"), first.header("location"));
        assert_eq!(again.body, first.body);
        assert_eq!(world.deletions.all(), stored);
        assert!(world.queue.is_empty());
    }
}

#[tokio::test]
async fn a_request_that_is_repeated_after_the_work_shows_how_the_deletion_is_by_then() {
    let world = world();
    world.call(delete("/v1/discussions/d-1")).await;
    world.come_to_rest().await;

    let again = world.call(delete("/v1/discussions/d-1")).await;

    assert_eq!(brief(&again), (202, "PENDING_DELETE"));
    assert_eq!(again.body["deletion"]["state"], "DELETED");
}

#[tokio::test]
async fn a_record_that_was_written_anew_is_not_deleted_by_a_repeated_request() {
    let world = world();
    world.call(delete("/v1/discussions/d-1")).await;
    world.come_to_rest().await;
    world.put("discussions", &key("d-1"));

    let again = world.call(delete("/v1/discussions/d-1")).await;

    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert!(!world.marked("discussions").contains(&key("d-1")));
}

#[tokio::test]
async fn the_same_key_with_another_query_or_body_is_422_and_does_nothing() {
    for (first, other) in [
        (destroy(r#"{"ids":["n-1"]}"#), destroy(r#"{"ids":["n-2"]}"#)),
        (delete("/v1/memos?id=n-1"), delete("/v1/memos?id=n-2")),
    ] {
        let world = world();
        assert_eq!(world.call(first).await.status, 202);
        let stored = world.deletions.all();

        let answer = world.call(other).await;

        assert_eq!(brief(&answer), (422, "IDEMPOTENCY_KEY_REUSED"));
        assert_eq!(answer.pointers(), ["/header/idempotency-key"]);
        assert_eq!(world.deletions.all(), stored);
    }
}

/// The delete of a record that says which version it is meant for, or the cancel of its deletion: on a world where one
/// is done with these tags, and the other asked for with those.
async fn of_versions(first: Option<&str>, other: Option<&str>) -> Vec<(World, Answer)> {
    let tagged = |event: Event, tags: Option<&str>| match tags {
        Some(tags) => event.header("if-match", tags),
        None => event,
    };
    let mut asked = Vec::new();
    for is_action in [false, true] {
        let world = world();
        let event = if is_action {
            let accepted = world
                .call(Event::new("DELETE", "/v1/discussions/d-1"))
                .await;
            let target = format!("{}/cancel", accepted.header("location").unwrap());
            Event::new("POST", &target).header("idempotency-key", "k-1")
        } else {
            delete("/v1/discussions/d-1")
        };
        let shown = if is_action {
            "\"1\"".to_owned()
        } else {
            let shown = world.call(Event::new("GET", "/v1/discussions/d-1")).await;
            shown.header("etag").unwrap().to_owned()
        };
        let known = |tags: Option<&str>| tags.map(|tags| tags.replace("SHOWN", &shown));
        let (first, other) = (known(first), known(other));
        let done = world.call(tagged(event.clone(), first.as_deref())).await;
        assert_eq!(done.status, 202, "{}", done.text);
        let answer = world.call(tagged(event, other.as_deref())).await;
        asked.push((world, answer));
    }
    asked
}

#[tokio::test]
async fn the_same_key_for_other_versions_is_422_and_does_nothing() {
    for (first, other) in [
        (None, Some("SHOWN")),
        (None, Some("*")),
        (Some("SHOWN"), None),
        (Some("SHOWN"), Some("*")),
        (Some("SHOWN"), Some("\"other\"")),
        (Some("SHOWN"), Some("SHOWN, \"other\"")),
        (Some("*"), Some("SHOWN")),
        (Some("*"), Some("\"*\"")),
    ] {
        for (world, answer) in of_versions(first, other).await {
            let said = brief(&answer);
            assert_eq!(said, (422, "IDEMPOTENCY_KEY_REUSED"), "{first:?} {other:?}");
            assert_eq!(answer.pointers(), ["/header/idempotency-key"]);
            assert_eq!(world.deletions.all().len(), 1);
        }
    }
}

#[tokio::test]
async fn a_request_is_repeated_with_the_versions_that_it_had_however_they_are_written() {
    for (first, other) in [
        (Some("SHOWN"), Some("SHOWN")),
        (Some("*"), Some("*")),
        (Some("SHOWN, \"other\""), Some("\"other\",SHOWN")),
        (Some("SHOWN"), Some("SHOWN , SHOWN")),
    ] {
        for (_, answer) in of_versions(first, other).await {
            assert_eq!(answer.status, 202, "{first:?} {other:?}: {}", answer.text);
            assert_eq!(answer.header("idempotency-replayed"), Some("true"));
        }
    }
}

#[tokio::test]
async fn another_caller_tenant_method_or_path_is_another_request() {
    let world = world();
    assert_eq!(world.call(delete("/v1/memos/n-1")).await.status, 202);
    world.put_of("globex", "memos", &key("n-9"));
    for other in [
        delete("/v1/memos/n-2"),
        delete("/v1/memos/n-1").by("bob", "acme", "[admin]"),
        delete("/v1/memos/n-9").by("ann", "globex", "[admin]"),
        destroy(r#"{"ids":["n-1"]}"#),
    ] {
        let answer = world.call(other).await;

        assert_eq!(answer.status, 202, "{}", answer.text);
        assert_eq!(answer.header("idempotency-replayed"), None);
    }
}

#[tokio::test]
async fn a_key_is_forgotten_after_a_day() {
    let world = world();
    let first = world.call(destroy(r#"{"ids":["n-1"]}"#)).await;
    world.clock.advance(Duration::from_secs(24 * 3_600 - 1));
    let again = world.call(destroy(r#"{"ids":["n-1"]}"#)).await;
    assert_eq!(again.header("location"), first.header("location"));
    world.clock.advance(Duration::from_secs(2));

    let later = world.call(destroy(r#"{"ids":["n-1"]}"#)).await;

    assert_eq!(later.header("idempotency-replayed"), None);
    assert_ne!(later.header("location"), first.header("location"));
}

#[tokio::test]
async fn rights_are_asked_again_when_a_request_is_repeated() {
    let destroy = Event::new("POST", "/v1/papers/destroy_all")
        .header("content-type", "application/json")
        .header("idempotency-key", "k-1")
        .body(r#"{"ids":["p-1"]}"#);
    for event in [delete("/v1/papers/p-1"), destroy] {
        let world = world();
        world.put("papers", &key("p-1"));
        let first = world.call(event.clone()).await;
        assert_eq!(first.status, 202, "{}", first.text);
        world.come_to_rest().await;
        let target = format!("{}/restore", first.header("location").unwrap());
        let restore = Event::new("POST", &target).header("idempotency-key", "k-1");
        assert_eq!(world.call(restore.clone()).await.status, 202);

        for event in [event, restore] {
            let answer = world.call(event.by("ann", "acme", "[nobody]")).await;

            assert_eq!(brief(&answer), (403, "FORBIDDEN"), "{}", answer.text);
        }
    }
}

#[tokio::test]
async fn who_keeps_a_lesser_right_may_repeat_only_what_that_right_allows() {
    let author = |who: &str| {
        Event::new("POST", "/v1/memos/destroy_all")
            .header("content-type", "application/json")
            .header("idempotency-key", "k-1")
            .body(&format!(r#"{{"author":"{who}"}}"#))
    };
    // The records are ann's.
    for (event, by, status) in [
        (delete("/v1/memos/n-1"), "ann", 202),
        (delete("/v1/memos/n-1"), "bob", 403),
        (author("ann"), "ann", 202),
        (author("ann"), "bob", 403),
    ] {
        let world = world();
        world.put("memos", &key("n-1"));
        let first = world.call(event.clone().by(by, "acme", "[admin]")).await;
        assert_eq!(first.status, 202, "{}", first.text);
        world.come_to_rest().await;

        let again = world.call(event.by(by, "acme", "[nobody]")).await;

        assert_eq!(again.status, status, "{by}: {}", again.text);
    }
}

#[tokio::test]
async fn what_did_nothing_uses_no_key() {
    let world = world();
    let nothing = world.call(delete("/v1/memos/absent")).await;
    assert_eq!(brief(&nothing), (202, "ALREADY_DELETED"));

    let again = world.call(delete("/v1/memos/absent")).await;

    assert_eq!(again.header("idempotency-replayed"), None);
}

#[tokio::test]
async fn an_answer_that_was_lost_is_found_by_its_key() {
    for (world, event) in requests().await {
        let operation = |target: Operation| {
            world
                .faults
                .fail(target, 1..=1, Fault::Unavailable(Moment::After));
        };
        // The acceptance asks again by itself; an action does not.
        operation(Operation::Store);

        let first = world.call(event.clone()).await;
        assert!([202, 503].contains(&first.status), "{}", first.text);
        let again = world.call(event).await;

        assert_eq!(again.status, 202, "{}", again.text);
        assert_eq!(again.header("idempotency-replayed"), Some("true"));
        assert_eq!(world.deletions.all().len(), 1);
    }
}

#[tokio::test]
async fn a_request_that_was_taken_back_may_be_repeated() {
    for event in [delete("/v1/memos/n-1"), destroy(r#"{"ids":["n-1"]}"#)] {
        let mut world = world();
        world.on_publish_failure = OnPublishFailure::Rollback;
        world
            .faults
            .fail(Operation::Send, 1..=1, Fault::Unavailable(Moment::Before));
        let refused = world.call(event.clone()).await;
        assert_eq!(brief(&refused), (503, "NOT_QUEUED"));

        let again = world.call(event).await;

        assert_eq!(again.status, 202);
        assert_eq!(again.header("idempotency-replayed"), None);
    }
}

#[tokio::test]
async fn a_request_whose_key_is_being_used_is_409_and_does_nothing() {
    for (world, event) in requests().await {
        let stored = world.deletions.all();
        world.deletions.hold_keys();

        let answer = world.call(event).await;

        assert_eq!(brief(&answer), (409, "IDEMPOTENCY_KEY_IN_FLIGHT"));
        assert_eq!(answer.header("retry-after"), Some("1"));
        assert_eq!(world.deletions.all(), stored);
        assert!(world.queue.is_empty());
    }
}

#[tokio::test]
async fn a_key_has_at_most_255_printable_characters() {
    let long = "k".repeat(256);
    for wrong in ["", long.as_str(), "a b", "a\tb", "schlüssel"] {
        let world = world();
        let event = Event::new("DELETE", "/v1/memos/n-1").header("idempotency-key", wrong);

        let answer = world.call(event).await;

        assert_eq!(brief(&answer), (400, "INVALID_HEADER"), "{wrong}");
        assert_eq!(answer.pointers(), ["/header/idempotency-key"]);
        assert!(world.is_untouched());
    }
    for fine in ["k", &long[1..], "\"quoted\"", "a/b?c=%20~!"] {
        let world = world();
        let event = Event::new("DELETE", "/v1/memos/n-1").header("idempotency-key", fine);

        assert_eq!(world.call(event).await.status, 202, "{fine}");
    }
}

#[tokio::test]
async fn an_action_is_done_only_on_the_revision_that_the_caller_has_seen() {
    let world = world();
    let accepted = world
        .call(Event::new("DELETE", "/v1/discussions/d-1"))
        .await;
    let tag = accepted.header("etag").unwrap().to_owned();
    let target = format!("{}/cancel", accepted.header("location").unwrap());
    for stale in ["\"99\"", "\"0\", \"7\""] {
        let answer = world
            .call(Event::new("POST", &target).header("if-match", stale))
            .await;
        assert_eq!(brief(&answer), (412, "PRECONDITION_FAILED"), "{stale}");
        assert_eq!(answer.pointers(), ["/header/if-match"]);
    }
    for wrong in ["1", "W/\"1\"", "\"1", "", "\"a\"b\""] {
        let answer = world
            .call(Event::new("POST", &target).header("if-match", wrong))
            .await;
        assert_eq!(brief(&answer), (400, "INVALID_HEADER"), "{wrong}");
    }
    assert_eq!(world.deletions.all()[0].revision, 1);

    let both = format!("\"99\", {tag}");
    let answer = world
        .call(Event::new("POST", &target).header("if-match", &both))
        .await;

    assert_eq!(answer.status, 202);
    assert_ne!(answer.header("etag"), Some(tag.as_str()));
    assert_eq!(
        answer.body["certificate"],
        accepted.body["deletion"]["certificate"]
    );
    assert_eq!(answer.body["failure"], Value::Null);
}
