//! The announcement that says that a deletion without a root may be under way: it is there from the acceptance on, and gone when
//! the run has ended, also if the worker that ended it dies.

use std::time::Duration;

use domain::deletion::{Action, State};
use testing::{Fault, Moment, Operation};

use super::world::chat;

#[tokio::test]
async fn the_announcement_is_there_until_the_run_has_ended() {
    let world = chat();
    let deletion = world.destroy_ids(&["s0"]).await;
    assert_eq!(world.deletions.announced(), 1);

    world.work(&world.faults(), &deletion).await;

    assert_eq!(world.now(&deletion).state, State::Deleted);
    assert_eq!(world.deletions.announced(), 0);
}

#[tokio::test]
async fn the_announcement_is_removed_when_a_deletion_is_given_up_or_cancelled() {
    for is_cancelled in [false, true] {
        let world = chat();
        let deletion = world.destroy_author("ann").await;
        if is_cancelled {
            world.act(&deletion, Action::Cancel).await.unwrap();
        } else {
            let refused = Fault::Refused(Moment::Before);
            let faults = world.faults();
            faults.fail(Operation::MarkRows, .., refused);
            for _ in 0..20 {
                world.work(&faults, &deletion).await;
                world.clock.advance(Duration::from_hours(1));
            }
        }
        world.come_to_rest().await;

        let ended = world.now(&deletion).state;
        let expected = if is_cancelled {
            State::Cancelled
        } else {
            State::DeleteFailed
        };
        assert_eq!(ended, expected);
        assert_eq!(world.deletions.announced(), 0, "{ended}");
    }
}

#[tokio::test]
async fn an_announcement_that_a_dead_worker_has_left_is_removed_by_the_comparison() {
    for fault in [
        Fault::Unavailable(Moment::Before),
        Fault::Refused(Moment::Before),
    ] {
        let world = chat();
        let deletion = world.destroy_ids(&["s0"]).await;
        let faults = world.faults();
        faults.fail(Operation::Close, .., fault);
        world.work(&faults, &deletion).await;
        assert_eq!(world.now(&deletion).state, State::Deleted);
        assert_eq!(world.deletions.announced(), 1);

        for _ in 0..3 {
            world.clock.advance(Duration::from_mins(11));
            world.sweep(&world.faults()).await.expect("it sweeps");
        }

        assert_eq!(world.deletions.announced(), 0);
    }
}
