//! Deletes that are meant for one version of a record.

use serde_json::{Value, json};
use testing::samples::key;
use testing::{Fault, Moment, Operation};

use super::event::Event;
use super::world::World;
use super::writing::{brief, post, put};

/// One whose rows no answer shows, one that its writers only see, and one that its readers may not see whole.
const MORE: &str = r#"
[secrets]
table       = "secrets"
key         = ["secret_id"]
tenant      = "realm"
strategy    = "flag"
retention   = "30d"
permissions = { delete = ["member"] }

[boxes]
table       = "boxes"
key         = ["box_id"]
tenant      = "realm"
strategy    = "flag"
retention   = "30d"
serve       = ["write"]
permissions = { write = ["admin"], delete = ["member"] }

[scripts]
table       = "scripts"
key         = ["script_id"]
tenant      = "realm"
strategy    = "archive"
retention   = "30d"
hidden      = ["note"]
serve       = ["read", "write"]
permissions = { read = ["admin"], write = ["admin"], delete = ["member"], restore = ["admin"] }
"#;

async fn tag(world: &World, target: &str) -> String {
    let got = world.call(Event::new("GET", target)).await;
    got.header("etag").expect("a tag").to_owned()
}

fn delete(target: &str, tags: &str) -> Event {
    Event::new("DELETE", target).header("if-match", tags)
}

#[tokio::test]
async fn a_record_is_deleted_only_in_the_version_that_the_caller_has_seen() {
    for target in ["/v1/rooms/r-1", "/v1/scripts/s-1"] {
        for tags in ["seen", "*", "another"] {
            let world = World::with(MORE);
            world.put("rooms", &key("r-1"));
            world.put("scripts", &key("s-1"));
            let seen = tag(&world, target).await;
            let tags = tags
                .replace("seen", &seen)
                .replace("another", &format!("\"1\", {seen}"));

            let stale = world.call(delete(target, "\"1\"")).await;
            assert_eq!(brief(&stale), (412, "PRECONDITION_FAILED"));
            assert!(world.is_untouched());
            let fits = world.call(delete(target, &tags)).await;

            assert_eq!(brief(&fits), (202, "PENDING_DELETE"), "{target} {tags}");
        }
    }
}

#[tokio::test]
async fn a_record_that_is_written_after_it_was_looked_at_is_not_deleted() {
    let world = post();
    let seen = tag(&world, "/v1/rooms/r-1").await;
    let (rows, rooms) = (world.rows.clone(), world.collection("rooms").clone());
    let mut theirs = world.row("rooms", &key("r-1"));
    theirs.insert("subject".to_owned(), json!("theirs"));
    let written = theirs.clone();
    world
        .faults
        .beside(Operation::Accept, 1, Moment::Before, move || {
            rows.put(&rooms, theirs);
        });

    let answer = world.call(delete("/v1/rooms/r-1", &seen)).await;

    assert_eq!(brief(&answer), (412, "PRECONDITION_FAILED"));
    assert_eq!(world.row("rooms", &key("r-1")), written);
    assert!(world.is_untouched());
}

#[tokio::test]
async fn a_hidden_value_that_changes_beside_a_delete_does_not_refuse_it() {
    let world = World::with(MORE);
    world.put("scripts", &key("s-1"));
    let seen = tag(&world, "/v1/scripts/s-1").await;
    let (rows, scripts) = (world.rows.clone(), world.collection("scripts").clone());
    let mut theirs = world.row("scripts", &key("s-1"));
    theirs.insert("note".to_owned(), json!("theirs"));
    world
        .faults
        .beside(Operation::Accept, 1, Moment::Before, move || {
            rows.put(&scripts, theirs);
        });

    let answer = world.call(delete("/v1/scripts/s-1", &seen)).await;

    assert_eq!(brief(&answer), (202, "PENDING_DELETE"));
}

#[tokio::test]
async fn a_delete_whose_answer_was_lost_is_accepted_once() {
    let world = post();
    let seen = tag(&world, "/v1/rooms/r-1").await;
    let lost = Fault::Unavailable(Moment::After);
    world.faults.fail(Operation::Accept, 1..=1, lost);

    let answer = world.call(delete("/v1/rooms/r-1", &seen)).await;

    assert_eq!(brief(&answer), (202, "PENDING_DELETE"));
    assert_eq!(world.deletions.all().len(), 1);
}

#[tokio::test]
async fn what_is_absent_foreign_deleted_or_hidden_has_no_version_and_is_answered_alike() {
    let world = post();
    world.put_of("globex", "rooms", &key("foreign"));
    world.put("rooms", &key("gone"));
    let gone = tag(&world, "/v1/rooms/gone").await;
    let deleted = world.call(Event::new("DELETE", "/v1/rooms/gone")).await;
    assert_eq!(deleted.status, 202);
    for tags in ["*", "\"1\"", gone.as_str()] {
        let absent = world.call(delete("/v1/rooms/absent", tags)).await;

        assert_eq!(brief(&absent), (412, "PRECONDITION_FAILED"));
        for other in ["foreign", "gone"] {
            let other = world
                .call(delete(&format!("/v1/rooms/{other}"), tags))
                .await;
            assert_eq!(other, absent, "{tags}");
        }
    }
}

#[tokio::test]
async fn who_cannot_know_a_tag_learns_nothing_by_guessing_it() {
    let world = World::with(MORE);
    world.put("scripts", &key("s-1"));
    world.put("boxes", &key("b-1"));
    let made = world.call(put("/v1/boxes/b-1", &json!({ "a": 1 }))).await;
    let of_box = made.header("etag").unwrap().to_owned();
    let of_script = tag(&world, "/v1/scripts/s-1").await;
    for (target, right) in [("/v1/scripts/s-1", &of_script), ("/v1/boxes/b-1", &of_box)] {
        let guess = |tags: &str| world.call(delete(target, tags).by("bob", "acme", "[]"));

        let (right, wrong) = (guess(right).await, guess("\"1\"").await);

        assert_eq!(brief(&right), (412, "PRECONDITION_FAILED"));
        assert_eq!(right, wrong);
        assert!(world.is_untouched());
    }
    let written = world.call(delete("/v1/boxes/b-1", &of_box)).await;
    assert_eq!(brief(&written), (202, "PENDING_DELETE"));
}

#[tokio::test]
async fn rights_are_asked_before_the_version() {
    let world = post();
    let event = delete("/v1/rooms/r-1", "\"1\"").by("bob", "acme", "[writers]");

    assert_eq!(world.call(event).await.code(), "FORBIDDEN");
}

#[tokio::test]
async fn a_collection_that_shows_no_tags_takes_none() {
    let world = World::with(MORE);
    world.put("secrets", &key("s-1"));
    for tags in ["*", "\"1\""] {
        let answer = world.call(delete("/v1/secrets/s-1", tags)).await;

        assert_eq!(brief(&answer), (400, "HEADER_NOT_ALLOWED"));
        assert_eq!(answer.pointers(), ["/header/if-match"]);
    }
    assert!(world.is_untouched());
}

#[tokio::test]
async fn a_repeated_request_is_answered_before_its_version_is_judged() {
    let world = post();
    let seen = tag(&world, "/v1/rooms/r-1").await;
    let event = delete("/v1/rooms/r-1", &seen).header("idempotency-key", "k-1");

    let first = world.call(event.clone()).await;
    let again = world.call(event).await;

    assert_eq!(brief(&first), (202, "PENDING_DELETE"));
    assert_eq!(brief(&again), (202, "PENDING_DELETE"));
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
}

#[tokio::test]
async fn a_record_of_more_than_100_attributes_is_deleted_without_a_version_or_in_any() {
    let world = post();
    let wide: serde_json::Map<String, Value> =
        (0..101).map(|n| (format!("a{n}"), json!(n))).collect();
    let made = world.call(put("/v1/rooms/r-1", &Value::Object(wide))).await;
    let seen = made.header("etag").unwrap();

    let answer = world.call(delete("/v1/rooms/r-1", seen)).await;
    assert_eq!(brief(&answer), (400, "HEADER_NOT_ALLOWED"));
    assert_eq!(answer.pointers(), ["/header/if-match"]);
    let stale = world.call(delete("/v1/rooms/r-1", "\"1\"")).await;
    assert_eq!(brief(&stale), (412, "PRECONDITION_FAILED"));
    assert!(world.is_untouched());

    let any = world.call(delete("/v1/rooms/r-1", "*")).await;
    assert_eq!(brief(&any), (202, "PENDING_DELETE"));
}
