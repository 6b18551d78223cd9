//! Events that could not be told are told later, once, and never hold anything up.

use std::time::Duration;

use domain::deletion::State;
use engine::SweepReport;
use testing::samples::key;
use testing::{Fault, Moment, Operation};

use crate::engine::world::trees::four_levels;
use crate::engine::world::{Ignore, after};

#[tokio::test]
async fn owed_events_are_told_later_and_once() {
    let world = four_levels();
    let deletion = world.accept("lists", &key("l")).await;
    let faults = world.faults();
    faults.fail(Operation::Publish, .., Fault::Unavailable(Moment::Before));
    world.deliver(&faults, &deletion).await.unwrap().ignore();
    assert_eq!(world.now(&deletion).state, State::Deleted);

    // Still away; then back.
    world.clock.advance(Duration::from_mins(5));
    let away = world.sweep(&faults).await.unwrap();
    assert_eq!((away.told, away.errors), (0, 1));
    assert_eq!(
        world.sweep(&world.faults()).await.unwrap().told,
        0,
        "not at once again"
    );
    world.clock.advance(Duration::from_mins(2));
    let back = world.sweep(&world.faults()).await.unwrap();

    assert_eq!((back.told, back.errors), (1, 0));
    assert_eq!(world.events.published(), world.events.distinct());
    assert_eq!(world.named("RecordsDeleted").len(), 15);
    let ended = world.now(&deletion).ended_at.unwrap();
    let compare_at = after(ended, world.timing.compare_after);
    assert_eq!(world.now(&deletion).due_at, Some(compare_at));
    world.clock.set(compare_at);
    assert_eq!(world.sweep(&world.faults()).await.unwrap().compared, 1);
    assert_eq!(world.now(&deletion).due_at, deletion.purge_at);
    world.clock.advance(Duration::from_hours(1));
    assert_eq!(
        world.sweep(&world.faults()).await.unwrap(),
        SweepReport::default()
    );
}

#[tokio::test]
async fn a_bus_that_is_away_for_good_keeps_no_record_beyond_its_retention() {
    let expected = {
        let world = four_levels();
        let deletion = world.accept("lists", &key("l")).await;
        world.come_to_rest().await;
        world.clock.set(deletion.purge_at.unwrap());
        world.sweep(&world.faults()).await.unwrap();
        world.end(&deletion).events
    };
    let world = four_levels();
    let deletion = world.accept("lists", &key("l")).await;
    let away = world.faults();
    away.fail(Operation::Publish, .., Fault::Refused(Moment::Before));
    world.deliver(&away, &deletion).await.unwrap().ignore();
    world.clock.set(deletion.purge_at.unwrap());

    let swept = world.sweep(&away).await.unwrap();

    assert_eq!(swept.purging, 1, "{swept:?}");
    assert_eq!(world.row("lists", &key("l")), None);
    assert!(world.events.published().is_empty());

    // Back: all of it is told, under the ids that it would have had.
    world.clock.advance(Duration::from_mins(5));
    assert_eq!(world.sweep(&world.faults()).await.unwrap().told, 1);
    assert_eq!(world.end(&deletion).events, expected);
}

#[tokio::test]
async fn events_whose_answer_is_lost_keep_their_ids() {
    let expected = {
        let world = four_levels();
        let deletion = world.accept("lists", &key("l")).await;
        world.come_to_rest().await;
        world.end(&deletion).events
    };
    for lost in 1..=4 {
        let world = four_levels();
        let deletion = world.accept("lists", &key("l")).await;
        let faults = world.faults();
        faults.fail(
            Operation::Publish,
            lost..=lost,
            Fault::Unavailable(Moment::After),
        );
        world.deliver(&faults, &deletion).await.unwrap().ignore();

        world.come_to_rest().await;

        assert_eq!(world.end(&deletion).events, expected, "answer {lost}");
    }
}

#[tokio::test]
async fn two_sweeps_at_once_tell_owed_events_with_the_same_ids() {
    for seed in 1..=25 {
        let world = four_levels();
        let deletion = world.accept("lists", &key("l")).await;
        let faults = world.faults();
        faults.fail(Operation::Publish, .., Fault::Unavailable(Moment::Before));
        world.deliver(&faults, &deletion).await.unwrap().ignore();
        world.clock.advance(Duration::from_mins(5));
        let faults = world.faults();
        faults.interleave(seed);

        let (one, other) = tokio::join!(world.sweep(&faults), world.sweep(&faults));

        one.unwrap();
        other.unwrap();
        world.come_to_rest().await;
        assert_eq!(
            world.named("RecordsDeleted").values().sum::<usize>(),
            15,
            "seed {seed}"
        );
        assert_eq!(
            world.now(&deletion).due_at,
            world
                .now(&deletion)
                .ended_at
                .map(|ended| after(ended, world.timing.compare_after)),
            "seed {seed}"
        );
    }
}
