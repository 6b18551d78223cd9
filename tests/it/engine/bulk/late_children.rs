//! What is written below records of a delete without a root while these are removed: it goes before them, so that nothing
//! live is left below nothing, to show below the next record of that key.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use domain::deletion::{Action, Deletion, State, TOPS_LAST, VERSION};
use domain::key::RecordKey;
use ports::ReadDeletions;
use testing::samples::key2;
use testing::{Fault, Faults, Moment, Operation};

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

/// A delete of `s0` and `t3` that has failed at `s0`, below which a reaction is written since.
async fn failed_at_s0(strategy: &str, page_keys: usize) -> (World, Deletion) {
    let mut world = chat_as(strategy);
    world.page_keys = page_keys;
    world.documents.reject("s~s0", "cluster_block_exception");
    let deletion = world.destroy_ids(&["s0", "t3"]).await;
    world.come_to_rest().await;
    let failed = world.now(&deletion);
    assert_eq!(failed.state, State::DeleteFailed);
    assert_eq!(sum(&failed.deleted, "failed"), 1);
    put_reaction(&world, "s", "s0", "late");
    world.documents.accept("s~s0");
    (world, failed)
}

#[tokio::test]
async fn a_retry_removes_what_came_late_before_the_requested_record_that_had_failed() {
    for strategy in ["archive", "erase"] {
        for page_keys in [1, 2, 1000] {
            let context = format!("{strategy}, pages of {page_keys}");
            let (world, deletion) = failed_at_s0(strategy, page_keys).await;
            world.act(&deletion, Action::Retry).await.unwrap();
            let faults = world.faults();
            watch(&world, &faults, Operation::TakeRows);
            watch(&world, &faults, Operation::EraseRows);

            world.work(&faults, &deletion).await;
            world.come_to_rest().await;

            let stands = world.now(&deletion);
            assert!(stands.state.is_done(), "{context}: {:?}", stands.state);
            assert_eq!(stands.behind, 0, "{context}");
            assert_eq!(sum(&stands.deleted, "deleted"), 7, "{context}");
            assert_eq!(sum(&stands.deleted, "selected"), 7, "{context}");
            assert_eq!(world.row("reactions", &late()), None, "{context}");
            assert_eq!(world.row("messages", &message("s0")), None, "{context}");
            let told = world.named("RecordsDeleted");
            assert_eq!(told.len(), 7, "{context}");
            assert!(
                told.values().all(|times| *times == 1),
                "{context}: {told:?}"
            );
            if strategy == "archive" {
                let back = world.act_and_rest(&deletion, Action::Restore).await;
                assert_eq!(back.state, State::Restored, "{context}");
                assert_eq!(sum(&back.restored, "restored"), 7, "{context}");
            }
        }
    }
}

#[tokio::test]
async fn a_retry_that_dies_at_any_call_removes_what_came_late_all_the_same() {
    for strategy in ["archive", "erase"] {
        let (world, deletion) = failed_at_s0(strategy, 1).await;
        world.act(&deletion, Action::Retry).await.unwrap();
        let faults = world.faults();
        world.work(&faults, &deletion).await;
        for call in 1..=faults.calls() {
            let context = format!("{strategy}, call {call}");
            let (world, deletion) = failed_at_s0(strategy, 1).await;
            world.act(&deletion, Action::Retry).await.unwrap();
            let faults = world.faults();
            faults.crash_at(call, Moment::After);
            watch(&world, &faults, Operation::TakeRows);
            watch(&world, &faults, Operation::EraseRows);
            let _dead = faults.until_crash(world.deliver(&faults, &deletion)).await;

            world.come_to_rest().await;

            let stands = world.now(&deletion);
            assert!(stands.state.is_done(), "{context}: {:?}", stands.state);
            assert_eq!(sum(&stands.deleted, "deleted"), 7, "{context}");
            assert_eq!(world.row("reactions", &late()), None, "{context}");
            assert_eq!(world.row("messages", &message("s0")), None, "{context}");
            let told = world.named("RecordsDeleted");
            assert!(
                told.len() == 7 && told.values().all(|times| *times == 1),
                "{context}"
            );
        }
    }
}

/// The manifest cannot be read for what it lists; nothing is passed by in silence, and nothing is removed above it.
#[tokio::test]
async fn above_ten_thousand_pages_what_came_late_keeps_what_it_is_below_and_the_deletion_says_why()
{
    for strategy in ["archive", "erase"] {
        let mut world = chat_as(strategy);
        world.page_keys = 1;
        let deletion = world.destroy_ids(&["s0", "t3"]).await;
        let faults = world.faults();
        let away = Fault::Unavailable(Moment::Before);
        faults.fail(Operation::TakeRows, 3.., away);
        faults.fail(Operation::EraseRows, 3.., away);
        world.work(&faults, &deletion).await;
        // Two of four reactions are done, and nothing was searched for. The manifest is as long as that of a very large deletion, and one has failed.
        let mut stands = world.now(&deletion);
        stands.pages = 10_001;
        stands.notified.delete.of = stands.pages;
        let reactions = "reactions".parse().unwrap();
        stands.deleted.entry(reactions).or_default().failed = 1;
        let scope = world.deletions.scope(&stands.tenant, stands.id).await;
        world.deletions.put(&stands, &scope.unwrap().unwrap(), &[]);
        put_reaction(&world, "s", "s0", "late");

        world.come_to_rest().await;

        let stands = world.now(&deletion);
        assert_eq!(stands.state, State::DeleteFailed, "{strategy}");
        assert_eq!(stands.failure.unwrap().code, "MANIFEST_TOO_LONG");
        assert!(world.row("messages", &message("s0")).is_some());
        assert!(world.row("reactions", &late()).is_some());
    }
}
