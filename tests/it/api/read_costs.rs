//! How many store calls a read makes: a bounded number, whatever is deleted around what it looks for.
//!
//! `cargo test --workspace --test it read_costs -- --nocapture` prints them.
#![expect(clippy::print_stdout, reason = "figures are for whoever runs it")]

use std::time::Duration;

use ports::Clock as _;
use serde_json::{Value, json};
use testing::Operation;
use testing::samples::{self, key, key2, mark};

use super::event::Event;
use super::world::{Answer, World};

/// The calls that a list or a search may make at the most: its budget, and the round that was begun with the last of it.
const MOST: usize = 60;

/// The same of a list of deletions, which looks at 500 of them: ten stretches, each with one call to the index and one or
/// two to the deletions.
const MOST_OF_DELETIONS: usize = 30;

/// One request, and how many store calls it made.
async fn cost(world: &World, target: &str) -> (Answer, usize) {
    let before = world.faults.calls();
    let answer = world.call(Event::new("GET", target)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let calls = usize::try_from(world.faults.calls() - before).unwrap();
    (answer, calls)
}

fn told(what: &str, calls: usize) {
    println!("{what:70} {calls:4} calls");
}

/// A record whose row carries a mark, and whose document does not yet.
fn put_marked(world: &World, name: &str, key: &domain::key::RecordKey) {
    let collection = world.collection(name);
    let row = samples::row(collection, key, "acme");
    world.put_row(name, row.clone());
    world
        .rows
        .put(collection, samples::marked(collection, row, &mark(1)));
}

/// Messages `m-0001`, …, all marked but those with these numbers.
fn marked_around(count: usize, live: &[usize]) -> World {
    let world = World::new();
    world.put("discussions", &key("d-1"));
    for n in 1..=count {
        let key = key2("d-1", &format!("m-{n:05}"));
        if live.contains(&n) {
            world.put("messages", &key);
        } else {
            put_marked(&world, "messages", &key);
        }
    }
    world
}

#[tokio::test]
async fn a_get_reads_the_record_and_each_level_above_it_once() {
    let world = World::new();
    world.put("discussions", &key("d-1"));
    world.put("messages", &key2("d-1", "m-1"));
    let replies = world.collection("replies");
    let mut row = samples::row(replies, &key("r-1"), "acme");
    row.extend([
        ("group".to_owned(), json!("d-1")),
        ("order".to_owned(), json!("m-1")),
    ]);
    world.rows.put(replies, row);

    for (target, most) in [
        // Of what is hidden, then each level.
        ("/v1/discussions/d-1", 1 + 1),
        ("/v1/messages/d-1/m-1", 1 + 2),
        ("/v1/replies/r-1", 1 + 3),
    ] {
        let (_, calls) = cost(&world, target).await;
        told(target, calls);
        assert_eq!(calls, most, "{target}");
    }
}

#[tokio::test]
async fn a_full_page_costs_a_handful_of_calls_whatever_its_length() {
    let world = World::new();
    for d in 0..120 {
        world.put("discussions", &key(&format!("d-{d:03}")));
    }
    for n in 0..150 {
        world.put("messages", &key2("d-001", &format!("m-{n:03}")));
        world.put("messages", &key2(&format!("d-{:03}", n % 120), "x"));
    }

    for target in [
        "/v1/messages?parent=d-001&",
        "/v1/discussions?",
        "/v1/search/messages?q=stone&",
        "/v1/search/discussions?q=stone&",
    ] {
        for limit in [1, 20, 100] {
            let (answer, calls) = cost(&world, &format!("{target}limit={limit}")).await;
            told(&format!("{target}limit={limit}, all live"), calls);
            assert_eq!(answer.ids().len(), limit);
            assert!(calls <= 10, "{target} {limit}: {calls}");
        }
    }
}

#[tokio::test]
async fn the_one_live_row_behind_three_hundred_marked_ones_is_found_by_one_request() {
    let world = marked_around(301, &[301]);
    let upwards = "/v1/messages?parent=d-1&limit=1";
    let world_downwards = marked_around(301, &[1]);
    let downwards = "/v1/search/messages?q=stone&limit=1";
    let tenants = World::new();
    for n in 1..=300 {
        put_marked(&tenants, "discussions", &key(&format!("d-{n:03}")));
    }
    tenants.put("discussions", &key("d-301"));

    for (world, target, live) in [
        (&world, upwards, "d-1"),
        (&world_downwards, downwards, "d-1"),
        (&tenants, "/v1/discussions?limit=1", "d-301"),
    ] {
        let (answer, calls) = cost(world, target).await;
        told(&format!("{target}, behind 300 marked"), calls);
        assert_eq!(answer.ids(), [live], "{target}");
        assert_eq!(answer.body["next_cursor"], Value::Null, "{target}");
        assert!(calls <= MOST, "{target}: {calls}");
    }
}

#[tokio::test]
async fn behind_thousands_of_marked_ones_each_request_is_bounded_and_few_are_needed() {
    for (target, live, most) in [
        // 500 rows in a step of one call.
        ("/v1/messages?parent=d-1&limit=1", 9_999, 2),
        // 100 hits in a round of three calls.
        ("/v1/search/messages?q=stone&limit=1", 1, 8),
    ] {
        let world = marked_around(9_999, &[live]);
        let (mut requests, mut all) = (0, 0);
        let mut cursor = String::new();
        loop {
            let (answer, calls) = cost(&world, &format!("{target}{cursor}")).await;
            requests += 1;
            all += calls;
            assert!(calls <= MOST, "{target}: {calls}");
            if answer.ids() == ["d-1"] {
                break;
            }
            // A short page that goes on.
            let next = answer.body["next_cursor"].as_str().expect("a cursor");
            cursor = format!("&cursor={next}");
        }
        told(
            &format!("{target}, behind 9,998 marked, in {requests} requests"),
            all,
        );
        assert!(requests <= most, "{target}: {requests}");
    }
}

#[tokio::test]
async fn a_search_reads_each_parent_of_its_hits_once() {
    // A freshly deleted discussion: its 400 messages are found, and hidden by one row.
    let world = World::new();
    world.put("discussions", &key("d-1"));
    world.put("discussions", &key("a-live"));
    for n in 0..400 {
        world.put("messages", &key2("d-1", &format!("m-{n:03}")));
    }
    world.put("messages", &key2("a-live", "m"));
    world
        .call(Event::new("DELETE", "/v1/discussions/d-1"))
        .await;

    let before = world.faults.count(Operation::ReadRows);
    let (answer, calls) = cost(&world, "/v1/search/messages?q=stone&limit=1").await;

    told("/v1/search/messages?q=stone, behind 400 hidden", calls);
    assert_eq!(answer.ids(), ["a-live"]);
    assert!(calls <= MOST, "{calls}");
    let reads = world.faults.count(Operation::ReadRows) - before;
    assert!(reads <= 20, "{reads}");
}

#[tokio::test]
async fn a_request_ends_in_time_when_the_stores_are_slow() {
    for target in [
        "/v1/messages?parent=d-1&limit=1",
        "/v1/search/messages?q=stone&limit=1",
    ] {
        let world = marked_around(3_000, &[]);
        world.faults.slow(Duration::from_secs(2));
        let began = world.clock.now();

        let (answer, calls) = cost(&world, target).await;

        let took = world.clock.now().duration_since(began);
        told(&format!("{target}, 2 s a call"), calls);
        assert!(took.as_secs() <= 15, "{target}: {took}");
        assert!(answer.ids().is_empty());
        // What was not looked at is not nothing.
        assert!(answer.body["next_cursor"].is_string(), "{target}");
    }
}

#[tokio::test]
async fn a_list_of_deletions_reads_a_bounded_number_of_them() {
    let world = World::new();
    for n in 0..600 {
        let id = format!("d-{n:03}");
        world.put("discussions", &key(&id));
        let target = format!("/v1/discussions/{id}");
        world.call(Event::new("DELETE", &target)).await;
    }

    for (target, found) in [
        ("/v1/deletions?limit=100", 100),
        ("/v1/deletions?limit=1", 1),
        ("/v1/deletions?state=PURGED&limit=1", 0),
    ] {
        let (answer, calls) = cost(&world, target).await;
        told(target, calls);
        assert_eq!(answer.ids().len(), found);
        assert!(answer.body["next_cursor"].is_string());
        assert!(calls <= MOST_OF_DELETIONS, "{target}: {calls}");
    }
}
