//! The records of a deletion: while they become more, when they are gone, and the few that a caller looks for.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::deletion::State;
use domain::page::{Entry, Exceptions, Judged, NotRestored, Outcome, Page};
use domain::scope::Scope;
use ports::AdvanceDeletions as _;
use serde_json::{Value, json};
use testing::Operation;
use testing::samples::{key, key2};

use super::event::Event;
use super::world::{Answer, World};

async fn accepted() -> (World, String) {
    let world = World::new();
    world.put("discussions", &key("d-1"));
    world.put("messages", &key2("d-1", "m-1"));
    world
        .call(Event::new("DELETE", "/v1/discussions/d-1"))
        .await;
    let target = format!("/v1/deletions/{}/records", world.deletions.all()[0].id);
    (world, target)
}

#[tokio::test]
async fn a_manifest_says_whether_it_is_complete() {
    let (world, target) = accepted().await;

    let begun = world.call(Event::new("GET", &target)).await;
    assert_eq!(begun.body["complete"], false, "{}", begun.text);
    assert_eq!(begun.body["items"].as_array().unwrap().len(), 1);
    world.come_to_rest().await;

    let done = world.call(Event::new("GET", &target)).await;
    assert_eq!(done.body["complete"], true);
    assert_eq!(done.body["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_manifest_grows_in_a_delete_and_in_a_purge_only() {
    let (world, target) = accepted().await;
    for state in State::ALL {
        let mut deletion = world.deletions.all().remove(0);
        deletion.state = state;
        let scope = Scope::below(world.collection("discussions"), &world.collections);
        world.deletions.put(&deletion, &scope, &[]);

        let answer = world.call(Event::new("GET", &target)).await;

        let grows = [
            State::PendingDelete,
            State::Deleting,
            State::Cancelling,
            State::Purging,
        ];
        assert_eq!(answer.body["complete"], !grows.contains(&state), "{state}");
    }
}

#[tokio::test]
async fn a_manifest_that_was_dropped_is_gone_and_not_empty() {
    let (world, target) = accepted().await;
    world.come_to_rest().await;
    let deletion = world.deletions.all().remove(0);
    world.until_purge(&deletion);
    world.come_to_rest().await;
    for _ in 0..3 {
        world.clock.advance(Duration::from_mins(20));
        world.sweep(&world.faults()).await.unwrap();
    }
    assert!(world.deletions.all()[0].comparison.dropped > 0);

    for query in ["", "?outcome=failed", "?collection=messages"] {
        let answer = world
            .call(Event::new("GET", &format!("{target}{query}")))
            .await;

        assert_eq!((answer.status, answer.code()), (410, "RECORDS_DROPPED"));
    }
}

#[tokio::test]
async fn a_page_that_is_dropped_between_two_answers_is_gone_too() {
    let (world, target) = accepted().await;
    world.come_to_rest().await;
    let deletion = world.deletions.all().remove(0);
    for number in 1..=deletion.pages {
        world.deletions.drop_page(&deletion, number).await.unwrap();
    }

    let answer = world.call(Event::new("GET", &target)).await;

    assert_eq!(answer.code(), "RECORDS_DROPPED");
}

/// A deletion of five pages of two messages each; in the fourth one record failed and one conflicted.
async fn five_pages() -> (World, String) {
    let (world, target) = accepted().await;
    let messages = world.collection("messages").name.clone();
    let pages: Vec<Page> = (2..=6)
        .map(|number| Page {
            number,
            entries: ["a", "b"]
                .map(|sort| {
                    let key = key2("d-1", &format!("{number}-{sort}"));
                    Entry::new(messages.clone(), key, Judged::Live)
                })
                .into(),
            next: None,
        })
        .collect();
    let mut deletion = world.deletions.all().remove(0);
    (
        deletion.state,
        deletion.acted,
        deletion.pages,
        deletion.cursor,
    ) = (State::RestoreFailed, 6, 6, 6);
    deletion.notified.restore.of = 6;
    deletion.notified.restore.done = 6;
    let scope = Scope::below(world.collection("discussions"), &world.collections);
    world.deletions.put(&deletion, &scope, &pages);
    let reason = || "UNAVAILABLE: the store".to_owned();
    let exceptions = Exceptions {
        deleted: BTreeMap::from([(0, Outcome::Failed { reason: reason() })]),
        restored: BTreeMap::from([(1, NotRestored::Conflict { reason: reason() })]),
        ..Exceptions::default()
    };
    let put = world.deletions.put_exceptions(&deletion, 4, &exceptions);
    put.await.unwrap();
    (world, target)
}

fn sorts(answer: &Answer) -> Vec<&str> {
    let items = answer.body["items"].as_array().unwrap().iter();
    items
        .map(|item| item["key"]["sort"].as_str().unwrap_or("root"))
        .collect()
}

#[tokio::test]
async fn records_are_found_by_their_outcome_in_any_pass_and_by_their_collection() {
    let (world, target) = five_pages().await;
    for (query, expected) in [
        ("outcome=failed", vec!["4-a"]),
        ("outcome=conflict", vec!["4-b"]),
        ("outcome=failed&collection=discussions", vec![]),
        ("collection=discussions", vec!["root"]),
        ("outcome=missing", vec![]),
    ] {
        let answer = world
            .call(Event::new("GET", &format!("{target}?{query}")))
            .await;
        assert_eq!(sorts(&answer), expected, "{query}");
        assert_eq!(answer.body["next_cursor"], Value::Null, "{query}");
    }
    let deleted = world
        .call(Event::new(
            "GET",
            &format!("{target}?outcome=deleted&limit=1000"),
        ))
        .await;
    assert_eq!(sorts(&deleted).len(), 10);
    for wrong in [
        "outcome=",
        "outcome=FAILED",
        "collection=%20",
        "outcome=lost",
    ] {
        let answer = world
            .call(Event::new("GET", &format!("{target}?{wrong}")))
            .await;
        assert_eq!(answer.code(), "INVALID_PARAMETER", "{wrong}");
    }
}

#[tokio::test]
async fn the_failed_ones_are_found_without_reading_the_pages_of_the_others() {
    let (world, target) = five_pages().await;
    let before = world.faults.count(Operation::ReadPage);

    let answer = world
        .call(Event::new("GET", &format!("{target}?outcome=failed")))
        .await;

    assert_eq!(sorts(&answer), ["4-a"]);
    assert_eq!(
        answer.body["items"][0]["reason"],
        json!("UNAVAILABLE: the store")
    );
    assert_eq!(world.faults.count(Operation::ReadPage) - before, 1);
}

#[tokio::test]
async fn a_page_that_ends_where_the_records_end_is_the_last_one() {
    let (world, target) = five_pages().await;
    for query in [
        "",
        "outcome=restored&",
        "outcome=conflict&",
        "outcome=failed&",
    ] {
        let all = world
            .call(Event::new("GET", &format!("{target}?{query}limit=1000")))
            .await;
        let all = sorts(&all);
        for limit in 1..=all.len() {
            let (mut found, mut cursor) = (Vec::<String>::new(), String::new());
            loop {
                let page = format!("{target}?{query}limit={limit}{cursor}");
                let answer = world.call(Event::new("GET", &page)).await;
                assert!(!sorts(&answer).is_empty(), "an empty page: {query} {limit}");
                found.extend(sorts(&answer).into_iter().map(str::to_owned));
                match answer.body["next_cursor"].as_str() {
                    Some(next) => cursor = format!("&cursor={next}"),
                    None => break,
                }
            }
            assert_eq!(found, all, "{query} {limit}");
        }
    }
}

#[tokio::test]
async fn a_cursor_of_filtered_records_goes_on_with_the_same_filter_only() {
    let (world, target) = five_pages().await;
    let first = world
        .call(Event::new(
            "GET",
            &format!("{target}?outcome=restored&limit=1"),
        ))
        .await;
    let cursor = first.body["next_cursor"].as_str().unwrap();

    let same = format!("{target}?outcome=restored&limit=1000&cursor={cursor}");
    assert_eq!(sorts(&world.call(Event::new("GET", &same)).await).len(), 9);
    for other in [
        "",
        "outcome=deleted&",
        "outcome=restored&collection=messages&",
    ] {
        let answer = world
            .call(Event::new(
                "GET",
                &format!("{target}?{other}cursor={cursor}"),
            ))
            .await;
        assert_eq!(answer.code(), "INVALID_CURSOR", "{other}");
    }
}
