//! What is written below records of a delete without a root while these are removed: it goes before them, so that nothing
//! live is left below nothing, to show below the next record of that key.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use domain::deletion::{Action, Deletion, State, TOPS_LAST, VERSION};
use domain::key::RecordKey;
use testing::samples::key2;
use testing::{Faults, Moment, Operation};

use super::world::{chat_as, message, put_reaction};
use crate::engine::world::World;
use crate::engine::world::strategies::sum;

/// The reaction that comes late.
fn late() -> RecordKey {
    key2("s0", "late")
}

/// Whether the late reaction is live below nothing.
fn is_orphan(world: &World) -> bool {
    let (row, _) = world.marks("reactions", &late());
    row.as_deref() == Some("") && world.row("messages", &message("s0")).is_none()
}

/// From now on a panic tells of the first call that leaves the reaction live below nothing.
fn watch(world: &World, faults: &Faults, operation: Operation) {
    for nth in 1..50 {
        let beside = world.clone();
        faults.beside(operation, nth, Moment::After, move || {
            assert!(!is_orphan(&beside), "{operation:?} {nth} leaves an orphan");
        });
    }
}

async fn removed(strategy: &str, page_keys: usize, nth: u64) -> (World, Deletion) {
    let mut world = chat_as(strategy);
    world.page_keys = page_keys;
    let deletion = world.destroy_ids(&["s0", "t3"]).await;
    let faults = world.faults();
    let operation = match strategy {
        "archive" => Operation::TakeRows,
        _ => Operation::EraseRows,
    };
    let beside = world.clone();
    faults.beside(operation, nth, Moment::Before, move || {
        put_reaction(&beside, "s", "s0", "late");
    });
    watch(&world, &faults, operation);
    world.work(&faults, &deletion).await;
    (world, deletion)
}

#[tokio::test]
async fn a_child_that_arrives_while_the_children_go_is_removed_before_its_parent() {
    for strategy in ["archive", "erase"] {
        for page_keys in [1, 2] {
            let context = format!("{strategy}, pages of {page_keys}");
            let (world, deletion) = removed(strategy, page_keys, 1).await;

            let stands = world.now(&deletion);
            let ended = match strategy {
                "archive" => State::Deleted,
                _ => State::Purged,
            };
            assert_eq!(stands.state, ended, "{context}");
            assert_eq!(sum(&stands.deleted, "deleted"), 7, "{context}");
            assert_eq!(world.row("reactions", &late()), None, "{context}");
            world.come_to_rest().await;
            assert_eq!(world.named("RecordsDeleted").len(), 7, "{context}");
            if strategy == "archive" {
                let back = world.act_and_rest(&deletion, Action::Restore).await;
                assert_eq!(back.state, State::Restored);
                assert_eq!(sum(&back.restored, "restored"), 7, "{context}");
                assert!(world.row("reactions", &late()).is_some(), "{context}");
            }
        }
    }
}

#[tokio::test]
async fn an_earlier_build_leaves_a_deletion_alone_that_has_late_arrivals_to_do_first() {
    let mut world = chat_as("archive");
    world.page_keys = 1;
    let deletion = world.destroy_ids(&["s0", "t3"]).await;
    let faults = world.faults();
    let seen = Arc::new(Mutex::new(BTreeSet::new()));
    for nth in 1..=20 {
        let (beside, deletion, seen) = (world.clone(), deletion.clone(), seen.clone());
        faults.beside(Operation::TakeRows, nth, Moment::Before, move || {
            if nth == 1 {
                put_reaction(&beside, "s", "s0", "late");
            }
            let stands = beside.now(&deletion);
            let has_late = stands.late > stands.behind;
            seen.lock().unwrap().insert((has_late, stands.version()));
        });
    }

    world.work(&faults, &deletion).await;
    world.come_to_rest().await;

    let expected = BTreeSet::from([(false, VERSION), (true, TOPS_LAST)]);
    assert_eq!(*seen.lock().unwrap(), expected);
    let stands = world.now(&deletion);
    assert_eq!((stands.state, stands.version()), (State::Deleted, VERSION));
}

#[tokio::test]
async fn a_child_that_arrives_before_the_only_page_goes_is_removed_before_its_parent() {
    for strategy in ["archive", "erase"] {
        let world = chat_as(strategy);
        let deletion = world.destroy_ids(&["s0", "t3"]).await;
        let faults = world.faults();
        let beside = world.clone();
        faults.beside(Operation::PutPage, 1, Moment::After, move || {
            put_reaction(&beside, "s", "s0", "late");
        });

        world.work(&faults, &deletion).await;

        let stands = world.now(&deletion);
        assert!(stands.state.is_done(), "{strategy}");
        assert_eq!(sum(&stands.deleted, "deleted"), 7, "{strategy}");
        assert_eq!(world.row("reactions", &late()), None, "{strategy}");
    }
}

#[tokio::test]
async fn a_purge_removes_what_came_late_before_the_record_above_it() {
    for page_keys in [1, 2, 1000] {
        let mut world = chat_as("flag");
        world.page_keys = page_keys;
        let deletion = world.destroy_ids(&["s0", "t3"]).await;
        world.come_to_rest().await;
        put_reaction(&world, "s", "s0", "late");
        world.until_purge(&deletion);
        let faults = world.faults();
        watch(&world, &faults, Operation::PurgeRows);

        world.sweep(&faults).await.unwrap();

        let stands = world.now(&deletion);
        assert_eq!(stands.state, State::Purged, "pages of {page_keys}");
        assert_eq!(sum(&stands.purged, "purged"), 7, "pages of {page_keys}");
        assert_eq!(world.row("reactions", &late()), None);
    }
}

#[tokio::test]
async fn an_explicit_purge_of_what_was_cancelled_leaves_what_is_below_records_that_it_never_had() {
    for (strategy, page_keys) in [("flag", 1), ("archive", 1), ("archive", 1000)] {
        let mut world = chat_as(strategy);
        world.page_keys = page_keys;
        let deletion = world.destroy_ids(&["s0", "t3"]).await;
        let faults = world.faults();
        let (beside, asked) = (world.clone(), deletion.clone());
        let operation = Operation::PutPage;
        faults.beside(operation, 1, Moment::After, move || {
            let _ = crate::engine::world::at_once(beside.act(&asked, Action::Cancel));
        });
        world.work(&faults, &deletion).await;
        world.come_to_rest().await;
        assert_eq!(world.now(&deletion).state, State::Cancelled, "{strategy}");
        // Its owner removes a record that the deletion has listed, or has not come to.
        for id in ["s0", "t3"] {
            let had = world.marks("messages", &message(id)).0;
            if had.as_deref() == Some("") {
                let messages = world.collection("messages");
                world.rows.remove(messages, &message(id));
            }
        }

        let purged = world.act_and_rest(&deletion, Action::Purge).await;

        assert_eq!(purged.state, State::Purged, "{strategy}");
        assert!(
            world.row("reactions", &key2("t3", "x")).is_some(),
            "{strategy}"
        );
        if strategy == "archive" {
            assert!(
                world.row("reactions", &key2("s0", "x")).is_some(),
                "{strategy}"
            );
        }
    }
}
