//! Stores that are busy, away or refuse: what was only late never fails, and what fails says why.

use std::time::Duration;

use domain::deletion::{Deletion, Failure, State};
use domain::page::Outcome;
use engine::Advanced;
use ports::Clock;
use testing::samples::key;
use testing::{Fault, Moment, Operation};

use crate::engine::world::end::End;
use crate::engine::world::trees::{four_levels, mail};
use crate::engine::world::{Ignore, World};

async fn ready() -> (World, Deletion) {
    let mut world = four_levels();
    world.page_keys = 4;
    let deletion = world.accept("lists", &key("l")).await;
    let _ = world.queue.take();
    (world, deletion)
}

async fn undisturbed() -> End {
    let (world, deletion) = ready().await;
    world.come_to_rest().await;
    world.end(&deletion)
}

const STORE_CALLS: [Operation; 10] = [
    Operation::ReadRows,
    Operation::QueryRows,
    Operation::MarkRows,
    Operation::MarkDocuments,
    Operation::ReadScope,
    Operation::ReadPage,
    Operation::ReadExceptions,
    Operation::PutPage,
    Operation::Store,
    Operation::Publish,
];

#[tokio::test]
async fn throttled_records_of_a_batch_are_asked_again_and_none_fails() {
    let expected = undisturbed().await;
    for operation in [
        Operation::MarkRows,
        Operation::MarkDocuments,
        Operation::ReadRows,
        Operation::Publish,
    ] {
        for held in [
            |place: usize| place.is_multiple_of(2),
            |place: usize| place > 0,
            |_: usize| true,
        ] {
            let (world, deletion) = ready().await;
            let faults = world.faults();
            faults.fail(operation, ..=4, Fault::Again(held));

            let answer = world.deliver(&faults, &deletion).await.unwrap();

            assert_eq!(answer, Advanced::Ended(State::Deleted), "{operation:?}");
            world.come_to_rest().await;
            assert_eq!(world.end(&deletion), expected, "{operation:?}");
        }
    }
}

#[tokio::test]
async fn a_store_that_stays_busy_is_asked_later_and_that_is_no_attempt() {
    let expected = undisturbed().await;
    for operation in [
        Operation::MarkRows,
        Operation::MarkDocuments,
        Operation::ReadRows,
    ] {
        let (world, deletion) = ready().await;
        for _ in 0..20 {
            let faults = world.faults();
            faults.fail(operation, .., Fault::Again(|_| true));
            let answer = world.deliver(&faults, &deletion).await.unwrap();
            assert_eq!(answer, Advanced::Continued);
            assert_eq!(world.queue.take().len(), 1);
        }

        let stands = world.now(&deletion);
        assert_eq!(
            (stands.state, stands.attempts),
            (State::Deleting, 0),
            "{operation:?}"
        );
        assert_eq!(stands.failure.unwrap().code, "DEPENDENCY_BUSY");
        world.come_to_rest().await;
        assert_eq!(world.end(&deletion), expected, "{operation:?}");
    }
}

#[tokio::test]
async fn a_dependency_that_is_away_for_hours_fails_nothing() {
    let expected = undisturbed().await;
    for operation in STORE_CALLS {
        for moment in Moment::ALL {
            let (world, deletion) = ready().await;
            let faults = world.faults();
            faults.fail(operation, .., Fault::Unavailable(moment));
            for _ in 0..12 * 30 {
                // As the deployed functions do it: an error is a message that comes again, until it is given to the DLQ.
                for _ in world.queue.take() {
                    let _ = world.deliver(&faults, &deletion).await;
                }
                let _ = world.sweep(&faults).await;
                world.clock.advance(Duration::from_mins(2));
            }
            assert!(
                !matches!(world.now(&deletion).state, State::DeleteFailed),
                "{operation:?}, {moment:?}: {:?}",
                world.now(&deletion).failure
            );

            world.come_to_rest().await;

            assert_eq!(world.end(&deletion), expected, "{operation:?}, {moment:?}");
        }
    }
}

#[tokio::test]
async fn a_refusing_dependency_parks_after_as_many_attempts_as_are_allowed_and_says_who_refused() {
    for (operation, who) in [
        (Operation::MarkRows, "record store could not mark rows"),
        (
            Operation::MarkDocuments,
            "search index could not mark documents",
        ),
        (Operation::QueryRows, "record store could not query rows"),
        (Operation::PutPage, "control table could not write a page"),
    ] {
        let (world, deletion) = ready().await;
        let faults = world.faults();
        // The root's page goes through.
        let from = if operation == Operation::MarkDocuments {
            2
        } else {
            1
        };
        faults.fail(operation, from.., Fault::Refused(Moment::Before));
        let mut answers = Vec::new();
        while world.now(&deletion).state != State::DeleteFailed {
            answers.push(world.deliver(&faults, &deletion).await.unwrap());
            let _ = world.queue.take();
            assert!(answers.len() < 10, "{operation:?}: it is never given up");
        }

        // The first slice did the root's page, which is progress.
        assert_eq!(
            answers.len(),
            1 + world.patience.max_attempts as usize,
            "{operation:?}"
        );
        assert_eq!(answers.last(), Some(&Advanced::Ended(State::DeleteFailed)));
        let stands = world.now(&deletion);
        let Failure { code, reason } = stands.failure.clone().unwrap();
        assert_eq!(code, "ATTEMPTS_EXHAUSTED");
        assert!(reason.contains(who), "{reason}");
        assert_sums(&stands);
        world.come_to_rest().await;
        assert_eq!(world.now(&deletion).due_at, None, "parked is not due");
        let finished: Vec<_> = world
            .events
            .distinct()
            .into_iter()
            .filter(|event| event.kind == "DeletionFinished")
            .collect();
        assert_eq!(finished.len(), 1);
        assert_eq!(finished[0].detail["state"], "DELETE_FAILED");
    }
}

#[tokio::test]
async fn what_a_given_up_page_holds_has_failed_and_says_why() {
    let world = mail(5);
    let deletion = world.accept("discussions", &key("d")).await;
    let faults = world.faults();
    faults.fail(Operation::MarkRows, .., Fault::Refused(Moment::Before));
    for _ in 0..10 {
        let _ = world.deliver(&faults, &deletion).await.unwrap();
    }

    let stands = world.now(&deletion);

    assert_eq!(stands.state, State::DeleteFailed);
    let messages = stands
        .deleted
        .iter()
        .find(|(name, _)| name.as_ref() == "messages")
        .unwrap()
        .1;
    assert_eq!(
        (messages.selected, messages.failed, messages.deleted),
        (5, 5, 0)
    );
    let (_, exceptions) = world.deletions.manifest(&stands).pop().unwrap();
    for outcome in exceptions.deleted.values() {
        let Outcome::Failed { reason } = outcome else {
            panic!("{outcome:?}")
        };
        assert!(reason.starts_with("GIVEN_UP: "), "{reason}");
    }
    assert_eq!((stands.acted, exceptions.deleted.len()), (2, 5));
    assert_sums(&stands);
}

#[tokio::test]
async fn a_missing_index_is_a_refusal_and_never_a_missing_document() {
    let world = mail(3);
    let deletion = world.accept("discussions", &key("d")).await;
    world.documents.drop_index(world.collection("messages"));

    for _ in 0..8 {
        world
            .deliver(&world.faults(), &deletion)
            .await
            .unwrap()
            .ignore();
    }

    let stands = world.now(&deletion);
    assert_eq!(stands.state, State::DeleteFailed);
    assert!(stands.failure.unwrap().reason.contains("search index"));
}

#[tokio::test]
async fn a_pass_that_stands_still_for_a_day_is_given_up_whatever_the_reason() {
    let (world, deletion) = ready().await;
    let faults = world.faults();
    faults.fail(
        Operation::MarkDocuments,
        ..,
        Fault::Unavailable(Moment::Before),
    );
    let patience = world.patience.fail_after;
    let give_up_at = deletion.progress_at.checked_add(patience).unwrap();

    let mut last = State::PendingDelete;
    while last != State::DeleteFailed {
        for _ in world.queue.take() {
            let _ = world.deliver(&faults, &deletion).await;
        }
        world.sweep(&faults).await.unwrap();
        last = world.now(&deletion).state;
        let now = world.clock.now();
        assert_eq!(last == State::DeleteFailed, now >= give_up_at, "at {now}");
        world.clock.advance(Duration::from_mins(10));
    }

    let failure = world.now(&deletion).failure.unwrap();
    assert_eq!(failure.code, "NOT_IN_TIME");
    assert!(
        failure
            .reason
            .contains("search index could not mark documents"),
        "{}",
        failure.reason
    );
}

#[tokio::test]
async fn a_bus_that_is_away_or_busy_does_not_hold_a_deletion_up() {
    let expected = undisturbed().await;
    for fault in [
        Fault::Unavailable(Moment::Before),
        Fault::Refused(Moment::Before),
        Fault::Again(|_| true),
    ] {
        let (world, deletion) = ready().await;
        let faults = world.faults();
        faults.fail(Operation::Publish, .., fault);
        let began = world.clock.now();

        let answer = world.deliver(&faults, &deletion).await.unwrap();

        assert_eq!(answer, Advanced::Ended(State::Deleted), "{fault:?}");
        let waited = world.clock.now().duration_since(began).as_secs();
        assert!(waited < 10, "{fault:?}: {waited} s of the slice are lost");
        assert!(world.events.published().is_empty());
        assert!(
            !world.now(&deletion).notified.delete.finished,
            "they are owed"
        );

        world.come_to_rest().await;

        assert_eq!(world.end(&deletion), expected, "{fault:?}");
        assert_eq!(
            world.events.published(),
            world.events.distinct(),
            "{fault:?}: owed events are told once"
        );
    }
}

#[tokio::test]
async fn a_continuation_that_cannot_be_sent_is_sent_by_the_sweeper() {
    let expected = undisturbed().await;
    let (world, deletion) = ready().await;
    let faults = world.faults();
    faults.fail(Operation::Send, .., Fault::Unavailable(Moment::Before));
    faults.fail(
        Operation::MarkDocuments,
        ..=1,
        Fault::Unavailable(Moment::Before),
    );

    let answer = world.deliver(&faults, &deletion).await.unwrap();
    assert_eq!((answer, world.queue.len()), (Advanced::Continued, 0));
    world.come_to_rest().await;

    assert_eq!(world.end(&deletion), expected);
}

fn assert_sums(deletion: &Deletion) {
    for (name, counts) in &deletion.deleted {
        let sum = counts.deleted
            + counts.already_deleted
            + counts.missing
            + counts.kept
            + counts.failed
            + counts.not_reached;
        assert_eq!(counts.selected, sum, "{name}: {counts:?}");
    }
}

#[tokio::test]
async fn when_recording_the_failure_fails_too_the_first_error_is_what_is_reported() {
    let world = mail(2);
    let deletion = world.accept("discussions", &key("d")).await;
    let faults = world.faults();
    faults.fail(Operation::MarkRows, .., Fault::Refused(Moment::Before));
    // Behind the lease and the root's page.
    faults.fail(Operation::Store, 3.., Fault::Unavailable(Moment::Before));

    let error = world.deliver(&faults, &deletion).await.unwrap_err();

    assert!(!error.retryable, "it is the refusal of the rows: {error}");
    world.come_to_rest().await;
    assert_eq!(world.now(&deletion).state, State::Deleted);
}
