//! The disturbances do what they promise, so that a test that relies on them proves something.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::*;
use crate::samples::{collection, key2, mark, row, tenant};
use crate::{FakeClock, FakeRows};
use ports::{Clock, DependencyError, Fields, MarkOutcome, MarkRows, ReadRows, RowToMark};

/// Four live messages behind a disturbed port.
fn four() -> (Failing<FakeRows>, Faults, FakeClock) {
    let (rows, clock) = (FakeRows::default(), FakeClock::default());
    let messages = collection("messages");
    for n in 0..4 {
        rows.put(
            &messages,
            row(&messages, &key2("d", &n.to_string()), "acme"),
        );
    }
    let faults = Faults::new(&clock);
    (Failing::new(rows, &faults), faults, clock)
}

async fn mark_all(rows: &Failing<FakeRows>) -> Result<Vec<Attempt<MarkOutcome>>, DependencyError> {
    let keys = (0..4).map(|n| RowToMark {
        key: key2("d", &n.to_string()),
        found: domain::found::Found::default(),
    });
    rows.mark(
        &collection("messages"),
        &tenant("acme"),
        &mark(1),
        &keys.collect::<Vec<_>>(),
    )
    .await
}

/// How many of the four are marked.
fn marked(rows: &Failing<FakeRows>) -> usize {
    let messages = collection("messages");
    let rows = (0..4).filter_map(|n| rows.inner().get(&messages, &key2("d", &n.to_string())));
    rows.filter(|row| row.contains_key("date_delete")).count()
}

#[tokio::test]
async fn an_error_before_midway_or_after_leaves_none_half_or_all_done() {
    for (moment, done) in [(Moment::Before, 0), (Moment::Midway, 2), (Moment::After, 4)] {
        let (rows, faults, _) = four();
        faults.fail(Operation::MarkRows, ..=1, Fault::Unavailable(moment));

        let error = mark_all(&rows).await.unwrap_err();

        assert!(error.retryable);
        assert_eq!(
            (error.dependency, error.operation),
            ("record store", "mark rows")
        );
        assert_eq!(marked(&rows), done, "{moment:?}");
        assert!(mark_all(&rows).await.is_ok(), "only the first call fails");
    }
}

#[tokio::test]
async fn only_the_calls_that_are_named_fail() {
    let (rows, faults, _) = four();
    faults.fail(Operation::ReadRows, 2..=3, Fault::Refused(Moment::Before));
    let messages = collection("messages");

    let mut failed = Vec::new();
    for _ in 0..5 {
        assert!(mark_all(&rows).await.is_ok());
        let answer = rows.read(&messages, &[key2("d", "0")], Fields::All).await;
        failed.push(answer.is_err_and(|error| !error.retryable));
    }

    assert_eq!(failed, [false, true, true, false, false]);
}

#[tokio::test]
async fn what_is_held_back_is_to_be_asked_again_and_the_others_are_done_in_their_places() {
    let (rows, faults, _) = four();
    faults.fail(
        Operation::MarkRows,
        ..=1,
        Fault::Again(|place| place % 2 == 1),
    );

    let answers = mark_all(&rows).await.unwrap();

    let again: Vec<_> = answers
        .iter()
        .map(|answer| matches!(answer, Attempt::Retry(_)))
        .collect();
    assert_eq!(again, [false, true, false, true]);
    assert_eq!(marked(&rows), 2);
}

#[tokio::test]
async fn a_dead_worker_is_dropped_at_its_step_and_does_nothing_more() {
    for (moment, done) in [(Moment::Before, 0), (Moment::Midway, 2), (Moment::After, 4)] {
        let (rows, faults, _) = four();
        faults.crash_at(2, moment);
        let steps = Arc::new(AtomicU32::new(0));
        let worker = async {
            for _ in 0..3 {
                let _ = rows
                    .read(&collection("messages"), &[key2("d", "0")], Fields::All)
                    .await;
                steps.fetch_add(1, Ordering::Relaxed);
                let _ = mark_all(&rows).await;
                steps.fetch_add(1, Ordering::Relaxed);
            }
        };

        assert_eq!(faults.until_crash(worker).await, None);

        assert_eq!(
            (steps.load(Ordering::Relaxed), marked(&rows)),
            (1, done),
            "{moment:?}"
        );
        assert_eq!((faults.calls(), faults.has_crashed()), (2, true));
        faults.clear();
        assert!(
            faults.until_crash(mark_all(&rows)).await.is_some(),
            "a fresh worker lives"
        );
    }
}

#[tokio::test]
async fn the_log_has_every_call_with_the_time_it_began() {
    let (rows, faults, clock) = four();
    faults.slow(Duration::from_secs(1));
    faults.slow_at(Operation::MarkRows, Duration::from_secs(2));
    let began = clock.now();

    let _ = mark_all(&rows).await;
    let _ = rows
        .read(&collection("messages"), &[key2("d", "0")], Fields::All)
        .await;

    let log: Vec<_> = faults
        .log()
        .iter()
        .map(|call| {
            (
                call.number,
                call.operation,
                call.items,
                call.at.duration_since(began).as_secs(),
            )
        })
        .collect();
    assert_eq!(
        log,
        [
            (1, Operation::MarkRows, 4, 0),
            (2, Operation::ReadRows, 1, 3)
        ]
    );
    assert_eq!(clock.now().duration_since(began).as_secs(), 4);
    assert_eq!(faults.count(Operation::ReadRows), 1);
}

#[tokio::test]
async fn something_can_happen_right_before_or_after_the_nth_call() {
    for (moment, expected) in [(Moment::Before, 3), (Moment::After, 4)] {
        let (rows, faults, _) = four();
        let inner = rows.inner().clone();
        faults.beside(Operation::MarkRows, 2, moment, move || {
            inner.remove(&collection("messages"), &key2("d", "0"));
        });

        let first = mark_all(&rows).await.unwrap();
        let second = mark_all(&rows).await.unwrap();

        let count = |answers: &[Attempt<_>]| {
            answers
                .iter()
                .filter(|answer| **answer == Attempt::Done(MarkOutcome::Marked))
                .count()
        };
        assert_eq!((count(&first), count(&second)), (4, expected), "{moment:?}");
        assert_eq!(marked(&rows), 3);
    }
}

#[tokio::test]
async fn calls_that_give_way_mix_as_the_seed_says() {
    let order = async |seed| {
        let (rows, faults, _) = four();
        faults.interleave(seed);
        let messages = collection("messages");
        let reads = async {
            for _ in 0..8 {
                let _ = rows.read(&messages, &[], Fields::All).await;
            }
        };
        let marks = async {
            for _ in 0..8 {
                let _ = mark_all(&rows).await;
            }
        };
        futures_util::future::join(reads, marks).await;
        faults
            .log()
            .into_iter()
            .map(|call| call.operation)
            .collect::<Vec<_>>()
    };

    assert_eq!(order(1).await, order(1).await);
    assert_ne!(order(1).await, order(2).await);
}
