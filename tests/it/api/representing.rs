//! One form of a deletion in every answer: what it covers, when it ended, who acted on it, and when to look again.

use std::time::Duration;

use domain::deletion::Deletion;
use serde_json::{Value, json};
use testing::Operation;
use testing::samples::{key, key2};

use super::event::Event;
use super::world::World;

const MORE: &str = r#"
[memos]
table       = "memos"
key         = ["memo_id"]
tenant      = "owner"
strategy    = "flag"
retention   = "30d"
author      = { attribute = "writer", gsi = "by_writer" }
permissions = { delete = ["admin"], destroy_all = ["admin"], restore = ["admin"], purge = ["admin"] }

[cards]
table       = "cards"
key         = ["card_id"]
tenant      = "owner"
strategy    = "flag"
retention   = "30d"
author      = { attribute = "writer", gsi = "by_writer" }
permissions = { delete = ["admin"], destroy_all = ["admin"], restore = ["admin"], purge = ["admin"] }
"#;

fn world() -> World {
    let mut world = World::new();
    world.redeclare(|text| text + MORE);
    world.put("discussions", &key("d-1"));
    world.put("messages", &key2("d-1", "m-1"));
    world.put("memos", &key("n-1"));
    world
}

fn destroy(collection: &str, body: &str) -> Event {
    Event::new("POST", &format!("/v1/{collection}/destroy_all"))
        .header("content-type", "application/json")
        .body(body)
}

fn path(deletion: &Deletion) -> String {
    format!("/v1/deletions/{}", deletion.id)
}

#[tokio::test]
async fn what_a_deletion_covers_is_in_every_answer_that_shows_one() {
    for (collection, body, covered) in [
        (
            "messages",
            r#"{"ids":[{"id":"d-1","sort":"m-1"}],"parent":"d-1"}"#,
            json!({ "collection": "messages", "root": null, "ids": 1, "collections": ["messages"], "parent": { "id": "d-1" } }),
        ),
        (
            "memos",
            r#"{"ids":["n-1"],"author":"ann"}"#,
            json!({ "collection": "memos", "root": null, "ids": 1, "author": "ann", "collections": ["memos"] }),
        ),
        (
            "memos",
            r#"{"author":"ann","collections":["cards"]}"#,
            json!({ "collection": "memos", "root": null, "author": "ann", "collections": ["memos", "cards"] }),
        ),
    ] {
        let world = world();
        let accepted = world.call(destroy(collection, body)).await;
        assert_eq!(accepted.body["deletion"]["scope"], covered, "{body}");
        let of = path(&world.deletions.all()[0]);

        let shown = world.call(Event::new("GET", &of)).await;
        let listed = world.call(Event::new("GET", "/v1/deletions")).await;
        let acted = world
            .call(Event::new("POST", &format!("{of}/cancel")))
            .await;

        assert_eq!(shown.body, accepted.body["deletion"]);
        assert_eq!(listed.body["items"][0], shown.body);
        assert_eq!(acted.status, 202);
        assert_eq!(acted.body["scope"], covered);
    }
}

#[tokio::test]
async fn what_hides_a_record_is_shown_with_all_that_it_covers() {
    let world = world();
    world.call(destroy("memos", r#"{"author":"ann"}"#)).await;
    world.come_to_rest().await;
    let of = path(&world.deletions.all()[0]);

    let again = world.call(Event::new("DELETE", "/v1/memos/n-1")).await;

    assert_eq!(again.code(), "ALREADY_DELETED");
    let shown = world.call(Event::new("GET", &of)).await;
    assert_eq!(again.body["deletion"], shown.body);
    assert_eq!(shown.body["scope"]["author"], "ann");
}

#[tokio::test]
async fn who_acted_and_when_it_ended_is_shown() {
    let world = world();
    world
        .call(Event::new("DELETE", "/v1/discussions/d-1"))
        .await;
    let of = path(&world.deletions.all()[0]);
    let accepted = world.call(Event::new("GET", &of)).await;
    assert_eq!(accepted.body["ended_at"], Value::Null);
    assert_eq!(accepted.body["last_action"], Value::Null);
    world.come_to_rest().await;
    let ended = world.call(Event::new("GET", &of)).await;
    assert!(ended.body["ended_at"].is_string(), "{}", ended.text);

    world.clock.advance(Duration::from_secs(90));
    let event = Event::new("POST", &format!("{of}/restore")).by("bob", "acme", "[admin]");
    let asked = world.call(event).await;

    assert_eq!(asked.body["ended_at"], Value::Null);
    let last = &asked.body["last_action"];
    assert_eq!(
        (&last["action"], &last["by"]),
        (&json!("restore"), &json!("bob"))
    );
    assert!(last["at"].is_string(), "{last}");
    world.come_to_rest().await;
    let restored = world.call(Event::new("GET", &of)).await;
    assert_eq!(&restored.body["last_action"], last);
    assert!(restored.body["ended_at"].is_string());
}

#[tokio::test]
async fn a_client_looks_again_after_a_tenth_of_the_age_and_at_most_half_a_minute() {
    let world = world();
    let asked = world
        .call(Event::new("DELETE", "/v1/discussions/d-1"))
        .await;
    assert_eq!(asked.header("retry-after"), Some("1"));
    let of = path(&world.deletions.all()[0]);
    for (more, after) in [(5, "1"), (20, "2"), (75, "10"), (3_600, "30")] {
        world.clock.advance(Duration::from_secs(more));
        let shown = world.call(Event::new("GET", &of)).await;
        assert_eq!(shown.header("retry-after"), Some(after), "{more}");
    }

    let cancelled = world
        .call(Event::new("POST", &format!("{of}/cancel")))
        .await;

    assert_eq!(cancelled.header("retry-after"), Some("1"));
}

#[tokio::test]
async fn the_tag_of_a_deletion_is_its_revision() {
    let world = world();
    let accepted = world
        .call(Event::new("DELETE", "/v1/discussions/d-1"))
        .await;
    assert_eq!(accepted.header("etag"), Some("\"1\""));
    let of = path(&world.deletions.all()[0]);
    world.come_to_rest().await;

    let shown = world.call(Event::new("GET", &of)).await;

    let revision = world.deletions.all()[0].revision;
    assert!(revision > 1);
    assert_eq!(
        shown.header("etag"),
        Some(format!("\"{revision}\"").as_str())
    );
}

#[tokio::test]
async fn an_action_takes_an_empty_object_as_no_body() {
    for body in ["{}", " { } \n"] {
        let world = world();
        world
            .call(Event::new("DELETE", "/v1/discussions/d-1"))
            .await;
        let of = path(&world.deletions.all()[0]);

        let cancel = Event::new("POST", &format!("{of}/cancel")).body(body);

        assert_eq!(world.call(cancel).await.status, 202, "{body}");
    }
}

/// The ids that a list of deletions shows, oldest first.
async fn listed(world: &World, query: &str) -> Vec<String> {
    let answer = world
        .call(Event::new("GET", &format!("/v1/deletions?{query}")))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let items = answer.body["items"].as_array().unwrap().iter();
    let roots = items.map(|item| item["scope"]["root"]["id"].as_str().unwrap().to_owned());
    let mut roots: Vec<String> = roots.collect();
    roots.reverse();
    roots
}

#[tokio::test]
async fn deletions_are_listed_by_when_they_were_accepted() {
    let world = World::new();
    for id in ["a", "b", "c"] {
        world.put("discussions", &key(id));
        world
            .call(Event::new("DELETE", &format!("/v1/discussions/{id}")))
            .await;
        world.clock.advance(Duration::from_mins(1));
    }
    for (query, expected) in [
        ("later_than=2026-11-21T07:00:00Z", vec!["b", "c"]),
        ("later_than=2026-11-21T06:59:59.999Z", vec!["a", "b", "c"]),
        ("earlier_than=2026-11-21T07:01:00Z", vec!["a"]),
        ("earlier_than=2026-11-21T07:01:00.000001Z", vec!["a", "b"]),
        (
            "later_than=2026-11-21T07:00:30Z&earlier_than=2026-11-21T07:01:30Z",
            vec!["b"],
        ),
        (
            "later_than=2026-11-21T07:01:30Z&earlier_than=2026-11-21T07:00:30Z",
            vec![],
        ),
        ("later_than=1960-01-01T00:00:00Z", vec!["a", "b", "c"]),
    ] {
        assert_eq!(listed(&world, query).await, expected, "{query}");
    }
    for wrong in [
        "later_than=",
        "earlier_than=yesterday",
        "later_than=2026-11-21",
    ] {
        let answer = world
            .call(Event::new("GET", &format!("/v1/deletions?{wrong}")))
            .await;
        assert_eq!(answer.code(), "INVALID_PARAMETER", "{wrong}");
    }
}

#[tokio::test]
async fn a_list_of_deletions_reads_them_in_batches_however_few_are_shown() {
    let world = World::new();
    for n in 0..120 {
        let id = format!("d-{n:03}");
        world.put("discussions", &key(&id));
        world
            .call(Event::new("DELETE", &format!("/v1/discussions/{id}")))
            .await;
        world.clock.advance(Duration::from_millis(5));
    }
    let before = world.faults.calls();

    let shown = listed(&world, "limit=100").await;

    assert_eq!(shown.len(), 100);
    let calls = world.faults.calls() - before;
    // Two for each fifty; whether there is one more decides about the cursor.
    assert!(calls <= 6, "{calls}");
    let before = world.faults.count(Operation::ReadDeletion);
    assert!(listed(&world, "state=PURGED").await.is_empty());
    assert_eq!(world.faults.count(Operation::ReadDeletion), before);
}

#[tokio::test]
async fn what_deleted_nothing_is_kept_for_days() {
    let world = world();
    let body = r#"{"ids":["absent","gone"]}"#;
    assert_eq!(world.call(destroy("memos", body)).await.status, 202);
    let began = world.deletions.all()[0].deleted_at;

    world.come_to_rest().await;

    let ended = world.deletions.all().remove(0);
    let days = |at: jiff::Timestamp| at.duration_since(began).as_hours() / 24;
    assert!(ended.has_done_nothing());
    assert!(days(ended.purge_at.unwrap()) <= 3, "{:?}", ended.purge_at);
    world.until_purge(&ended);
    world.come_to_rest().await;
    for _ in 0..3 {
        world.clock.advance(Duration::from_mins(20));
        world.sweep(&world.faults()).await.unwrap();
    }
    let purged = world.deletions.all().remove(0);
    assert_eq!(purged.state.as_str(), "PURGED");
    assert!(
        days(purged.expires_at.unwrap()) <= 7,
        "{:?}",
        purged.expires_at
    );
}

#[tokio::test]
async fn what_deleted_something_keeps_its_retention_and_its_certificate() {
    let world = world();
    let body = r#"{"ids":["absent","n-1"]}"#;
    assert_eq!(world.call(destroy("memos", body)).await.status, 202);

    world.come_to_rest().await;

    let ended = world.deletions.all().remove(0);
    assert!(!ended.has_done_nothing());
    let kept = ended.purge_at.unwrap().duration_since(ended.deleted_at);
    assert_eq!(kept.as_hours(), 30 * 24);
}
