//! Rows that contradict the collections file: nobody can say whose they are, or whether they are deleted. None of them is
//! taken for deleted, removed, or left without a word.

use domain::deletion::{Action, Deletion, State};
use domain::key::RecordKey;
use domain::page::Outcome;
use serde_json::{Map, Value, json};
use testing::Faults;
use testing::samples::{key, key2};

use crate::engine::accept::accepting::word;
use crate::engine::world::World;
use crate::engine::world::strategies::{archived, erased, small, sum};
use crate::engine::world::trees::FOUR_LEVELS;

/// What others have in the place of a mark, or of a tenant: attribute and value.
fn contradictions() -> Vec<(&'static str, Option<Value>)> {
    vec![
        ("deleted_at", Some(json!(false))),
        ("deleted_at", Some(json!(0))),
        ("deleted_at", Some(json!(""))),
        ("deleted_at", Some(json!([]))),
        ("user_id", None),
        ("user_id", Some(json!(17))),
        ("user_id", Some(json!(null))),
        ("user_id", Some(json!(""))),
    ]
}

fn with(
    (attribute, value): &(&str, Option<Value>),
    mut row: Map<String, Value>,
) -> Map<String, Value> {
    match value {
        Some(value) => drop(row.insert((*attribute).to_owned(), value.clone())),
        None => drop(row.remove(*attribute)),
    }
    row
}

/// The world of the small tree in which a message contradicts its collection.
fn world_with(collections: &str, contradiction: &(&str, Option<Value>)) -> (World, RecordKey) {
    let world = small(collections);
    let bad = key("l-d1-1");
    let row = world.row("messages", &bad).unwrap();
    world.put_row("messages", with(contradiction, row));
    (world, bad)
}

fn reason(world: &World, deletion: &Deletion, record: &RecordKey) -> Option<String> {
    let manifest = world.deletions.manifest(deletion);
    manifest.into_iter().find_map(|(page, exceptions)| {
        let place = page.entries.iter().position(|entry| entry.key == *record)?;
        match page.outcome(place, &exceptions) {
            Outcome::Failed { reason } => Some(reason),
            _ => None,
        }
    })
}

#[tokio::test]
async fn a_child_of_which_nobody_can_say_whose_it_is_or_whether_it_is_deleted_fails_and_says_why() {
    for collections in [FOUR_LEVELS.to_owned(), archived(), erased()] {
        for contradiction in contradictions() {
            let (world, bad) = world_with(&collections, &contradiction);
            let before = world.row("messages", &bad);

            let deletion = world.delete_and_rest("lists", &key("l")).await;

            let context = format!("{contradiction:?} {:?}", deletion.strategy);
            assert_eq!(deletion.state, State::DeleteFailed, "{context}");
            assert_eq!(sum(&deletion.deleted, "already_deleted"), 0, "{context}");
            assert_eq!(sum(&deletion.deleted, "missing"), 0, "{context}");
            assert!(sum(&deletion.deleted, "failed") >= 1, "{context}");
            let reason = reason(&world, &deletion, &bad).expect(&context);
            assert!(reason.starts_with("ROW_UNREADABLE"), "{context}: {reason}");
            assert!(reason.contains(contradiction.0), "{context}: {reason}");
            assert_eq!(world.row("messages", &bad), before, "{context}");
        }
    }
}

#[tokio::test]
async fn it_is_deleted_by_a_retry_once_it_is_corrected() {
    for collections in [FOUR_LEVELS.to_owned(), archived(), erased()] {
        for contradiction in contradictions() {
            let (world, bad) = world_with(&collections, &contradiction);
            let good = small(&collections).row("messages", &bad).unwrap();
            let deletion = world.delete_and_rest("lists", &key("l")).await;

            world.put_row("messages", good);
            let retried = world.act_and_rest(&deletion, Action::Retry).await;

            let context = format!("{contradiction:?} {:?}", deletion.strategy);
            let end = if deletion.strategy.keeps_records() {
                State::Deleted
            } else {
                State::Purged
            };
            assert_eq!(retried.state, end, "{context}");
            assert_eq!(sum(&retried.deleted, "deleted"), 6, "{context}");
        }
    }
}

#[tokio::test]
async fn what_is_above_it_is_not_purged_while_it_is_there() {
    for collections in [FOUR_LEVELS.to_owned(), archived()] {
        for contradiction in contradictions() {
            let (world, bad) = world_with(&collections, &contradiction);
            let before = world.row("messages", &bad);
            let deletion = world.delete_and_rest("lists", &key("l")).await;

            let purged = world.act_and_rest(&deletion, Action::Purge).await;

            let context = format!("{contradiction:?} {:?}", deletion.strategy);
            assert_eq!(purged.state, State::PurgeFailed, "{context}");
            assert_eq!(world.row("messages", &bad), before, "{context}");
            let discussion = key2("l", "d1");
            for (collection, above) in [("discussions", &discussion), ("lists", &key("l"))] {
                let row = world.row(collection, above);
                assert!(row.is_some(), "{context}: {collection}");
            }
        }
    }
}

#[tokio::test]
async fn a_delete_of_it_is_refused_and_not_answered_as_one_that_is_not_needed() {
    for contradiction in contradictions() {
        let world = small(FOUR_LEVELS);
        let root = key("l");
        let row = world.row("lists", &root).unwrap();
        world.put_row("lists", with(&contradiction, row.clone()));

        let itself = world.ask(&world.faults(), "lists", &root).await;
        let below = world
            .ask(&world.faults(), "discussions", &key2("l", "d1"))
            .await;
        world.put_row("lists", row);
        let corrected = world.ask(&world.faults(), "lists", &root).await;

        let context = format!("{contradiction:?}");
        assert_eq!(word(&itself), "unreadable", "{context}");
        assert_eq!(word(&below), "unreadable", "{context}: what is above it");
        assert_eq!(word(&corrected), "scheduled", "{context}");
    }
}

#[tokio::test]
async fn it_is_counted_for_operators_each_time_that_it_is_met() {
    let contradiction = ("user_id", Some(json!(17)));
    let (world, _) = world_with(FOUR_LEVELS, &contradiction);
    let deletion = world.accept("lists", &key("l")).await;
    let faults: Faults = world.faults();
    let engine = world.engine(&faults);

    let until = world.clock_now() + std::time::Duration::from_mins(1);
    let advanced = engine::advance(&engine, &deletion.tenant, deletion.id, until).await;

    assert!(advanced.is_ok());
    assert_eq!(engine.unreadable_rows.take(), 1);
    assert_eq!(engine.unreadable_rows.take(), 0, "it was reported");
}
