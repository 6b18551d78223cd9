//! The sweep: whatever is due and nothing else, once, later each time, and a report of it.

use std::time::Duration;

use domain::deletion::{Action, Deletion, State};
use engine::{SweepReport, sweep};
use ports::Clock;
use testing::samples::key;
use testing::{Fault, Moment, Operation};

use crate::engine::world::trees::{four_levels, mail};
use crate::engine::world::{World, after, at_once};

async fn lost(world: &World) -> Deletion {
    let deletion = world.accept("discussions", &key("d")).await;
    let _lost = world.queue.take();
    deletion
}

/// At which seconds after its acceptance the message is sent again, if every one of them is lost.
async fn resends(world: &World, deletion: &Deletion, until: Duration) -> Vec<i64> {
    let mut seconds = Vec::new();
    while world.clock.now() < after(deletion.deleted_at, until) {
        world.clock.advance(Duration::from_secs(10));
        world.sweep(&world.faults()).await.unwrap();
        if !world.queue.take().is_empty() {
            seconds.push(
                world
                    .clock
                    .now()
                    .duration_since(deletion.deleted_at)
                    .as_secs(),
            );
        }
    }
    seconds
}

#[tokio::test]
async fn a_lost_message_is_sent_again_later_each_time() {
    let world = mail(1);
    let deletion = lost(&world).await;

    let seconds = resends(&world, &deletion, Duration::from_mins(45)).await;

    // 2 minutes of silence, then 1, 2, 3 … times 2 minutes.
    assert_eq!(seconds, [120, 240, 480, 840, 1320, 1920, 2640]);
    assert_eq!(world.now(&deletion).state, State::PendingDelete);
}

#[tokio::test]
async fn what_was_sent_again_is_touched_so_that_the_next_sweep_does_not_send_it() {
    let world = mail(1);
    lost(&world).await;
    world.clock.advance(Duration::from_mins(2));

    let first = world.sweep(&world.faults()).await.unwrap();
    let second = world.sweep(&world.faults()).await.unwrap();

    assert_eq!(
        first,
        SweepReport {
            due: 1,
            resent: 1,
            silent: 1,
            longest_silence: 120,
            ..SweepReport::default()
        }
    );
    assert_eq!(second, SweepReport::default());
}

#[tokio::test]
async fn two_sweeps_at_once_send_one_message() {
    for operation in [
        Operation::FindDue,
        Operation::ReadDeletion,
        Operation::Store,
        Operation::Send,
    ] {
        let world = mail(1);
        lost(&world).await;
        world.clock.advance(Duration::from_mins(2));
        let faults = world.faults();
        let beside = world.clone();
        // In the same millisecond both would write the same; a second message would be harmless.
        faults.beside(operation, 1, Moment::After, move || {
            at_once(beside.sweep(&beside.faults())).unwrap();
            beside.clock.advance(Duration::from_millis(1));
        });

        world.sweep(&faults).await.unwrap();

        assert_eq!(
            world.queue.len(),
            1,
            "the other one came in behind {operation:?}"
        );
    }
}

#[tokio::test]
async fn a_deletion_that_is_being_worked_on_is_not_disturbed() {
    let mut world = four_levels();
    world.page_keys = 2;
    let deletion = world.accept("lists", &key("l")).await;
    let _ = world.queue.take();
    let faults = world.faults();
    faults.crash_at(12, Moment::After);
    assert!(
        faults
            .until_crash(world.deliver(&faults, &deletion))
            .await
            .is_none()
    );
    let leased = world.now(&deletion);
    let until = leased.lease.clone().unwrap().until;

    while world.clock.now() < after(until, Duration::from_secs(50)) {
        assert_eq!(world.sweep(&world.faults()).await.unwrap().resent, 0);
        world.clock.advance(Duration::from_secs(10));
    }
    assert_eq!(world.now(&deletion), leased);
    world.clock.advance(Duration::from_secs(10));
    assert_eq!(
        world.sweep(&world.faults()).await.unwrap().resent,
        1,
        "a minute after the lease it is taken for dead"
    );
}

#[tokio::test]
async fn an_index_that_lags_behind_disturbs_nothing() {
    let world = mail(2);
    let deletion = lost(&world).await;
    world.clock.advance(Duration::from_mins(2));
    world.deletions.lag();
    let first = world.sweep(&world.faults()).await.unwrap();

    let second = world.sweep(&world.faults()).await.unwrap();
    world.deliver_all().await;
    let third = world.sweep(&world.faults()).await.unwrap();

    assert_eq!(
        (first.resent, second.resent, third.resent),
        (1, 0, 0),
        "each is read before it is acted on"
    );
    assert_eq!((second.due, third.due), (1, 1));
    assert_eq!(world.now(&deletion).state, State::Deleted);
}

#[tokio::test]
async fn a_message_that_cannot_be_sent_is_tried_at_a_later_sweep() {
    let world = mail(2);
    let deletion = lost(&world).await;
    world.clock.advance(Duration::from_mins(2));
    let faults = world.faults();
    faults.fail(Operation::Send, .., Fault::Unavailable(Moment::Before));

    let report = world.sweep(&faults).await.unwrap();

    assert_eq!((report.errors, report.resent), (1, 0));
    world.come_to_rest().await;
    assert_eq!(world.now(&deletion).state, State::Deleted);
}

#[tokio::test]
async fn one_deletion_that_cannot_be_read_does_not_stop_the_others() {
    let world = mail(2);
    let newer = world.accept("discussions", &key("d")).await;
    let other = world.accept("discussions", &key("other")).await;
    let _lost = world.queue.take();
    world.deletions.make_newer(&newer);
    world.clock.advance(Duration::from_mins(2));

    let report = world.sweep(&world.faults()).await.unwrap();
    world.deliver_all().await;

    assert_eq!(
        report,
        SweepReport {
            due: 2,
            resent: 1,
            silent: 1,
            longest_silence: 120,
            newer: 1,
            ..SweepReport::default()
        }
    );
    assert_eq!(world.now(&other).state, State::Deleted);
    assert_eq!(
        world.now(&newer).state,
        State::PendingDelete,
        "what a later version wrote is left alone"
    );
}

#[tokio::test]
async fn a_sweep_stops_at_its_deadline_and_says_what_is_left() {
    let world = mail(0);
    for n in 0..20 {
        world.put("discussions", &key(&format!("d{n:02}")), None);
        world.accept("discussions", &key(&format!("d{n:02}"))).await;
    }
    let _lost = world.queue.take();
    world.clock.advance(Duration::from_mins(2));
    let faults = world.faults();
    faults.slow(Duration::from_secs(1));
    let deadline = after(world.clock.now(), Duration::from_secs(20));

    let report = sweep(&world.engine(&faults), deadline).await.unwrap();

    assert!(
        faults
            .log()
            .iter()
            .all(|call| call.at < after(deadline, Duration::from_secs(3))),
        "no work begins after it"
    );
    assert_eq!((report.due, report.resent + report.left), (20, 20));
    assert!(report.left > 0 && report.resent > 0, "{report:?}");
    assert_eq!(
        world.sweep(&world.faults()).await.unwrap().resent,
        report.left
    );
}

#[tokio::test]
async fn a_purged_deletion_keeps_its_certificate_and_loses_its_pages_after_the_last_look() {
    let world = mail(3);
    let deletion = world.accept("discussions", &key("d")).await;
    world.come_to_rest().await;
    world.until_purge(&deletion);
    world.come_to_rest().await;
    let purged = world.now(&deletion);
    let ended = purged.ended_at.unwrap();

    world
        .clock
        .set(after(ended, Duration::from_millis(599_999)));
    assert_eq!(
        world.sweep(&world.faults()).await.unwrap(),
        SweepReport::default()
    );
    world.clock.advance(Duration::from_millis(1));
    let report = world.sweep(&world.faults()).await.unwrap();

    assert_eq!(
        report,
        SweepReport {
            due: 1,
            compared: 1,
            tidied: 1,
            ..SweepReport::default()
        }
    );
    assert!(world.deletions.manifest(&deletion).is_empty());
    let stands = world.now(&deletion);
    assert_eq!((stands.state, stands.due_at), (State::Purged, None));
    assert_eq!(
        stands.expires_at,
        Some(after(world.clock.now(), Duration::from_hours(24 * 3650)))
    );
    assert_eq!(
        (stands.deleted, stands.purged, stands.requested_by),
        (purged.deleted, purged.purged, purged.requested_by)
    );
    world.clock.advance(Duration::from_hours(24));
    assert_eq!(
        world.sweep(&world.faults()).await.unwrap(),
        SweepReport::default()
    );
}

#[tokio::test]
async fn tidying_that_is_cut_short_is_done_by_a_later_sweep() {
    for call in 1..=6 {
        let world = mail(3);
        let deletion = world.accept("discussions", &key("d")).await;
        world.come_to_rest().await;
        world.until_purge(&deletion);
        world.come_to_rest().await;
        world.clock.advance(Duration::from_mins(11));
        let faults = world.faults();
        faults.crash_at(call, Moment::After);
        let _ = faults.until_crash(world.sweep(&faults)).await;

        world.clock.advance(Duration::from_mins(2));
        world.sweep(&world.faults()).await.unwrap();

        assert!(
            world.deletions.manifest(&deletion).is_empty(),
            "call {call}"
        );
        assert_eq!(world.now(&deletion).due_at, None, "call {call}");
        assert!(world.now(&deletion).expires_at.is_some(), "call {call}");
    }
}

#[tokio::test]
async fn a_deletion_that_expired_between_find_and_read_is_nothing() {
    let world = mail(1);
    let deletion = lost(&world).await;
    world.clock.advance(Duration::from_mins(2));
    world.deletions.lag();
    world.deletions.remove(&deletion);

    let report = world.sweep(&world.faults()).await.unwrap();

    assert_eq!(
        report,
        SweepReport {
            due: 1,
            ..SweepReport::default()
        }
    );
}

#[tokio::test]
async fn a_sweep_that_cannot_find_what_is_due_is_an_error_and_the_next_one_works() {
    let world = mail(1);
    let deletion = lost(&world).await;
    world.clock.advance(Duration::from_mins(2));
    let faults = world.faults();
    faults.fail(Operation::FindDue, ..=1, Fault::Unavailable(Moment::Before));

    world.sweep(&faults).await.unwrap_err();
    world.come_to_rest().await;

    assert_eq!(world.now(&deletion).state, State::Deleted);
}

#[tokio::test]
async fn a_message_that_the_queue_refuses_every_time_is_given_up_with_the_reason() {
    for is_cancelled in [false, true] {
        let world = mail(1);
        let deletion = lost(&world).await;
        if is_cancelled {
            world.act(&deletion, Action::Cancel).await.unwrap();
            drop(world.queue.take());
        }
        let mut errors = 0;
        while !world.now(&deletion).state.is_done() {
            world.clock.advance(Duration::from_mins(1));
            let faults = world.faults();
            faults.fail(Operation::Send, .., Fault::Refused(Moment::Before));
            errors += world.sweep(&faults).await.unwrap().errors;
        }

        let stands = world.now(&deletion);
        let expected = if is_cancelled {
            State::Cancelled
        } else {
            State::DeleteFailed
        };
        assert_eq!(stands.state, expected);
        let failure = stands.failure.clone().expect("it has a reason");
        assert!(failure.reason.contains("queue could not"), "{failure:?}");
        assert!(errors > 0, "each is reported");
        let waited = world.clock.now().duration_since(deletion.deleted_at);
        assert!(waited.as_hours() < 2, "{waited:?}");

        let retried = world.act_and_rest(&deletion, Action::Retry).await;
        assert_eq!(retried.state, State::Deleted);
    }
}

#[tokio::test]
async fn a_queue_that_does_not_answer_is_no_attempt() {
    let world = mail(1);
    let deletion = lost(&world).await;
    for _ in 0..120 {
        world.clock.advance(Duration::from_mins(1));
        let faults = world.faults();
        faults.fail(Operation::Send, .., Fault::Unavailable(Moment::Before));
        world.sweep(&faults).await.unwrap();
    }

    assert_eq!(world.now(&deletion).state, State::PendingDelete);
    assert_eq!(world.now(&deletion).attempts, 0);
}
