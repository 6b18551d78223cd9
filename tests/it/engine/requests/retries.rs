//! Retries: only what failed, or what was not reached, is done again.

use std::time::Duration;

use domain::deletion::{Action, Deletion, State};
use serde_json::json;
use testing::samples::{key, key2};
use testing::{Call, Fault, Faults, Moment, Operation};

use crate::engine::delete::undisturbed::assert_valid_events;
use crate::engine::disturbed::stalls::places;
use crate::engine::restore::restores::{restored, stored};
use crate::engine::world::strategies::{archived, erased, small, sum};
use crate::engine::world::trees::{FOUR_LEVELS, four_levels};
use crate::engine::world::{Ignore, World, at_once};

const REJECTED: &str = "l-d1-1";

/// How many records the calls of an operation were about.
fn items(log: &[Call], operation: Operation) -> usize {
    let calls = log.iter().filter(|call| call.operation == operation);
    calls.map(|call| call.items).sum()
}

async fn retried(world: &World, deletion: &Deletion) -> Faults {
    world.act(deletion, Action::Retry).await.unwrap();
    let faults = world.faults();
    world.deliver(&faults, deletion).await.unwrap().ignore();
    world.come_to_rest().await;
    faults
}

/// Each record is named by one event of this kind.
fn assert_told_once(world: &World, kind: &str, records: usize) {
    let told = world.named(kind);
    assert_eq!(told.len(), records, "{kind}");
    assert!(told.values().all(|times| *times == 1), "{kind}: {told:?}");
}

#[tokio::test]
async fn a_retry_of_a_delete_touches_only_what_failed_and_rebuilds_the_counts() {
    for page_keys in [1, 3, 1000] {
        let mut world = four_levels();
        world.page_keys = page_keys;
        let undisturbed = four_levels();
        let expected = undisturbed.accept("lists", &key("l")).await;
        undisturbed.come_to_rest().await;
        world.documents.reject(REJECTED, "mapper_parsing_exception");
        let deletion = world.accept("lists", &key("l")).await;
        world.come_to_rest().await;
        let failed = world.now(&deletion);
        assert_eq!(failed.state, State::DeleteFailed);
        assert_eq!(failed.failure.as_ref().unwrap().code, "RECORDS_FAILED");
        assert_eq!(failed.deleted["messages"].failed, 1);

        world.documents.accept(REJECTED);
        let faults = retried(&world, &deletion).await;

        let log = faults.log();
        // Its row was marked before.
        assert_eq!(items(&log, Operation::MarkRows), 0);
        assert_eq!(items(&log, Operation::MarkDocuments), 1);
        assert_eq!(items(&log, Operation::PutPage), 0);
        let stands = world.now(&deletion);
        assert_eq!(stands.state, State::Deleted);
        assert_eq!(stands.deleted, undisturbed.now(&expected).deleted);
        assert_told_once(&world, "RecordsDeleted", 15);
        let told = world.events.published().into_iter().rev();
        let mut told = told.filter(|event| event.kind == "RecordsDeleted");
        assert_eq!(
            told.next().unwrap().detail["ids"],
            json!([{ "id": REJECTED }]),
            "the last event names what this run did"
        );
    }
}

#[tokio::test]
async fn what_fails_again_parks_it_again_and_a_third_run_may_do_it() {
    let world = four_levels();
    for id in [REJECTED, "l~d1"] {
        world.documents.reject(id, "mapper_parsing_exception");
    }
    let deletion = world.accept("lists", &key("l")).await;
    world.come_to_rest().await;

    world.documents.accept("l~d1");
    retried(&world, &deletion).await;
    let second = world.now(&deletion);
    assert_eq!(second.state, State::DeleteFailed);
    assert_eq!(second.deleted["messages"].failed, 1);
    assert_eq!(second.deleted["discussions"].failed, 0);
    world.documents.accept(REJECTED);
    retried(&world, &deletion).await;

    assert_eq!(world.now(&deletion).state, State::Deleted);
    assert_told_once(&world, "RecordsDeleted", 15);
    let states: Vec<_> = world
        .events
        .published()
        .into_iter()
        .filter(|event| event.kind == "DeletionFinished")
        .map(|event| event.detail["state"].clone())
        .collect();
    assert_eq!(
        states,
        [
            json!("DELETE_FAILED"),
            json!("DELETE_FAILED"),
            json!("DELETED")
        ]
    );
}

#[tokio::test]
async fn a_retry_goes_on_where_the_delete_was_given_up() {
    for operation in [
        Operation::MarkRows,
        Operation::MarkDocuments,
        Operation::QueryRows,
        Operation::PutPage,
    ] {
        let mut world = four_levels();
        world.page_keys = 3;
        let deletion = world.accept("lists", &key("l")).await;
        for delivery in 0..10 {
            let faults = world.faults();
            // Once it gets on, and then no more.
            let first = if delivery == 0 { 2 } else { 1 };
            faults.fail(operation, first.., Fault::Refused(Moment::Midway));
            let _ = world.deliver(&faults, &deletion).await;
            world.clock.advance(Duration::from_mins(1));
        }
        let parked = world.now(&deletion);
        assert_eq!(parked.state, State::DeleteFailed, "{operation:?}");
        assert_eq!(parked.failure.as_ref().unwrap().code, "ATTEMPTS_EXHAUSTED");
        for counts in parked.deleted.values() {
            assert_eq!(
                counts.selected,
                counts.deleted + counts.failed + counts.not_reached,
                "{operation:?}: {counts:?}"
            );
        }
        drop(world.queue.take());

        retried(&world, &deletion).await;

        let stands = world.now(&deletion);
        let deleted: u64 = stands.deleted.values().map(|counts| counts.deleted).sum();
        assert_eq!(
            (stands.state, deleted),
            (State::Deleted, 15),
            "{operation:?}"
        );
        assert_told_once(&world, "RecordsDeleted", 15);
    }
}

#[tokio::test]
async fn a_retry_of_a_restore_touches_only_what_failed() {
    for page_keys in [1, 3, 1000] {
        let mut world = four_levels();
        world.page_keys = page_keys;
        let before = stored(&world);
        let deletion = world.accept("lists", &key("l")).await;
        world.come_to_rest().await;
        world.documents.reject(REJECTED, "mapper_parsing_exception");
        let failed = world.act_and_rest(&deletion, Action::Restore).await;
        assert_eq!(failed.state, State::RestoreFailed);
        assert_eq!(restored(&failed), (13, 0, 1), "the root waits");
        assert_eq!(
            world.marks("lists", &key("l")).0,
            crate::engine::world::text(deletion.id),
            "and hides what is half done"
        );

        world.documents.accept(REJECTED);
        let faults = retried(&world, &deletion).await;

        let log = faults.log();
        assert_eq!(
            items(&log, Operation::ClearRows),
            0,
            "the row is live already"
        );
        // Its own, and the root's.
        assert_eq!(items(&log, Operation::ClearDocuments), 2);
        let stands = world.now(&deletion);
        assert_eq!(stands.state, State::Restored);
        assert_eq!(restored(&stands), (15, 0, 0));
        assert_eq!(stored(&world), before);
        assert_told_once(&world, "RecordsRestored", 15);
    }
}

#[tokio::test]
async fn a_retry_of_a_purge_removes_what_was_left_and_tells_it_once() {
    for page_keys in [1, 3, 1000] {
        for late in [false, true] {
            let mut world = four_levels();
            world.page_keys = page_keys;
            let deletion = world.accept("lists", &key("l")).await;
            world.come_to_rest().await;
            world.documents.reject(REJECTED, "mapper_parsing_exception");
            let failed = world.act_and_rest(&deletion, Action::Purge).await;
            assert_eq!(failed.state, State::PurgeFailed);
            assert_eq!(failed.purged["messages"].failed, 1);
            if late {
                // Below a record that is still there: the second look finds it, and the manifest grows.
                world.put("reactions", &key2(REJECTED, "late"), Some(&key(REJECTED)));
            }

            world.documents.accept(REJECTED);
            retried(&world, &deletion).await;

            let stands = world.now(&deletion);
            assert_eq!(stands.state, State::Purged);
            assert_told_once(&world, "RecordsPurged", 15 + usize::from(late));
            let purged: u64 = stands.purged.values().map(|counts| counts.purged).sum();
            assert_eq!(purged, 15 + u64::from(late));
            assert!(
                stands
                    .purged
                    .values()
                    .all(|counts| counts.kept + counts.failed == 0)
            );
        }
    }
}

/// A pass in which nobody gets on, until it is given up.
async fn given_up(world: &World, deletion: &Deletion, operation: Operation) -> Deletion {
    for _ in 0..10 {
        let faults = world.faults();
        faults.fail(operation, .., Fault::Refused(Moment::Before));
        let _ = world.deliver(&faults, deletion).await;
        world.clock.advance(Duration::from_mins(1));
    }
    drop(world.queue.take());
    world.come_to_rest().await;
    world.now(deletion)
}

#[tokio::test]
async fn whatever_is_given_up_is_parked_with_its_reason_and_a_retry_ends_it() {
    for (action, operation, parked, ended) in [
        (
            Action::Restore,
            Operation::ClearDocuments,
            State::RestoreFailed,
            State::Restored,
        ),
        (
            Action::Restore,
            Operation::FinishRestore,
            State::RestoreFailed,
            State::Restored,
        ),
        (
            Action::Purge,
            Operation::PurgeRows,
            State::PurgeFailed,
            State::Purged,
        ),
    ] {
        let mut world = four_levels();
        world.page_keys = 4;
        let deletion = world.accept("lists", &key("l")).await;
        world.come_to_rest().await;
        world.act(&deletion, action).await.unwrap();

        let stands = given_up(&world, &deletion, operation).await;

        assert_eq!(stands.state, parked, "{operation:?}");
        let failure = stands.failure.clone().unwrap();
        assert_eq!(failure.code, "ATTEMPTS_EXHAUSTED");
        assert!(failure.reason.contains("; last: "), "{}", failure.reason);
        assert_eq!(stands.due_at, None, "nothing happens by itself");
        retried(&world, &deletion).await;
        assert_eq!(world.now(&deletion).state, ended, "{operation:?}");
        let kind = if ended == State::Purged {
            "RecordsPurged"
        } else {
            "RecordsRestored"
        };
        assert_told_once(&world, kind, 15);
    }
}

/// The bus is away for a pass, and the next one begins before it is back.
#[tokio::test]
async fn what_one_pass_owes_is_told_after_another_has_begun_and_nothing_under_two_ids() {
    for page_keys in [2, 1000] {
        let mut world = four_levels();
        world.page_keys = page_keys;
        let deletion = world.accept("lists", &key("l")).await;
        let away = || {
            let faults = world.faults();
            faults.fail(Operation::Publish, .., Fault::Unavailable(Moment::Before));
            faults
        };
        world.documents.reject(REJECTED, "mapper_parsing_exception");
        world.deliver(&away(), &deletion).await.unwrap().ignore();
        assert_eq!(world.now(&deletion).state, State::DeleteFailed);
        world.documents.accept(REJECTED);
        world.act(&deletion, Action::Retry).await.unwrap();
        world.deliver(&away(), &deletion).await.unwrap().ignore();
        assert_eq!(world.now(&deletion).state, State::Deleted);
        world.documents.reject("l~d2", "mapper_parsing_exception");
        world.act(&deletion, Action::Restore).await.unwrap();
        world.deliver(&away(), &deletion).await.unwrap().ignore();
        assert_eq!(world.now(&deletion).state, State::RestoreFailed);
        world.documents.accept("l~d2");
        // The purge finds one more, so that the manifest grows.
        world.put("messages", &key("l-late"), Some(&key2("l", "d3")));
        world.act(&deletion, Action::Purge).await.unwrap();
        assert!(world.events.published().is_empty());

        world.come_to_rest().await;

        assert_eq!(world.now(&deletion).state, State::Purged);
        assert_told_once(&world, "RecordsDeleted", 15);
        // Neither the root nor the one that failed.
        assert_told_once(&world, "RecordsRestored", 13);
        assert_told_once(&world, "RecordsPurged", 16);
        let states: Vec<_> = world
            .events
            .distinct()
            .into_iter()
            .filter(|event| event.kind == "DeletionFinished")
            .map(|event| event.detail["state"].clone())
            .collect();
        assert_eq!(
            states,
            [json!("DELETED"), json!("RESTORE_FAILED"), json!("PURGED")]
        );
        assert_valid_events(&world);
    }
}

/// What a retry did and could not tell is told, though the next retry begins before.
#[tokio::test]
async fn what_a_retry_owes_is_told_by_the_next_one() {
    let mut world = four_levels();
    world.page_keys = 2;
    for id in [REJECTED, "l~d1", "l~ann"] {
        world.documents.reject(id, "mapper_parsing_exception");
    }
    let deletion = world.accept("lists", &key("l")).await;
    world.come_to_rest().await;
    for id in ["l~d1", "l~ann"] {
        world.documents.accept(id);
        world.act(&deletion, Action::Retry).await.unwrap();
        let faults = world.faults();
        faults.fail(Operation::Publish, .., Fault::Unavailable(Moment::Before));
        world.deliver(&faults, &deletion).await.unwrap().ignore();
        assert_eq!(world.now(&deletion).state, State::DeleteFailed);
    }
    world.documents.accept(REJECTED);
    retried(&world, &deletion).await;

    assert_eq!(world.now(&deletion).state, State::Deleted);
    assert_told_once(&world, "RecordsDeleted", 15);
}

/// The small tree, whose delete has failed at this document, and is tried again.
async fn tried_again(collections: &str, page_keys: usize, rejected: &str) -> (World, Deletion) {
    let mut world = small(collections);
    world.page_keys = page_keys;
    world.documents.reject(rejected, "mapper_parsing_exception");
    let deletion = world.delete_and_rest("lists", &key("l")).await;
    assert_eq!(deletion.state, State::DeleteFailed);
    let retried = world.act(&deletion, Action::Retry).await;
    retried.expect("it applies");
    (world, deletion)
}

/// What is counted is what the pages say that are done; the rest is not reached.
fn assert_counted(world: &World, deletion: &Deletion, context: &str) {
    let stands = world.now(deletion);
    let (mut done, mut failed) = (0, 0);
    for (page, exceptions) in world.deletions.manifest(&stands) {
        for counts in page.delete_counts(&exceptions).values() {
            if stands.is_acted(page.number) {
                done += counts.deleted;
                failed += counts.failed;
            }
        }
    }
    let counted = ["deleted", "failed", "not_reached"].map(|of| sum(&stands.deleted, of));
    assert_eq!(counted, [done, failed, 6 - done - failed], "{context}");
}

#[tokio::test]
async fn a_retry_that_is_cancelled_at_any_moment_counts_what_was_done_before() {
    for collections in [FOUR_LEVELS.to_owned(), archived(), erased()] {
        // A message, and the root: then all below it is done.
        for (rejected, page_keys) in [("l-d1-1", 1), ("l", 1), ("l", 2), ("l-d1-1", 1000)] {
            let (world, deletion) = tried_again(&collections, page_keys, rejected).await;
            assert!(world.act(&deletion, Action::Cancel).await.is_ok());
            world.come_to_rest().await;
            let stands = world.now(&deletion);
            assert_eq!(stands.state, State::Cancelled);
            assert_eq!(stands.deleted, deletion.deleted, "{rejected}, {page_keys}");

            let (world, deletion) = tried_again(&collections, page_keys, rejected).await;
            let undisturbed = world.faults();
            world
                .deliver(&undisturbed, &deletion)
                .await
                .unwrap()
                .ignore();
            for (operation, nth) in places(&undisturbed.log()) {
                let context = format!("{rejected}, {page_keys}, {operation:?} {nth}");
                let (world, deletion) = tried_again(&collections, page_keys, rejected).await;
                let (faults, beside, of) = (world.faults(), world.clone(), deletion.clone());
                faults.beside(operation, nth, Moment::Before, move || {
                    let _ = at_once(beside.act(&of, Action::Cancel));
                });
                world.deliver(&faults, &deletion).await.unwrap().ignore();
                world.come_to_rest().await;

                assert!(world.now(&deletion).state.is_done(), "{context}");
                assert_counted(&world, &deletion, &context);
            }
        }
    }
}

#[tokio::test]
async fn a_retry_that_is_given_up_counts_what_was_done_before() {
    for collections in [FOUR_LEVELS.to_owned(), archived(), erased()] {
        for (rejected, page_keys) in [("l-d1-1", 1), ("l", 2), ("l-d1-1", 1000)] {
            let (world, deletion) = tried_again(&collections, page_keys, rejected).await;

            let parked = given_up(&world, &deletion, Operation::ReadScope).await;

            assert_eq!(parked.failure.as_ref().unwrap().code, "ATTEMPTS_EXHAUSTED");
            assert_eq!(parked.deleted, deletion.deleted, "{rejected}, {page_keys}");
            world.documents.accept(rejected);
            let ended = world.act_and_rest(&deletion, Action::Retry).await;
            assert_eq!(sum(&ended.deleted, "deleted"), 6, "{rejected}, {page_keys}");
        }
    }
}
