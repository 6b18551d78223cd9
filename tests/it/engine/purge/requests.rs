//! Purges on request: what is parked or stopped is removed only when somebody says so, and who did is on record.

use std::time::Duration;

use domain::deletion::{Action, Deletion, State};
use requests::act::ActError;
use serde_json::json;
use testing::samples::key;
use testing::{Moment, Operation};

use crate::engine::restore::restores::restored;
use crate::engine::world::trees::{four_levels, is_in_tree};
use crate::engine::world::{World, at_once};

fn purged(deletion: &Deletion) -> (u64, u64, u64) {
    let counts = deletion.purged.values();
    counts.fold((0, 0, 0), |sum, counts| {
        (
            sum.0 + counts.purged,
            sum.1 + counts.kept,
            sum.2 + counts.failed,
        )
    })
}

#[tokio::test]
async fn a_purge_on_request_happens_now_and_names_who_asked() {
    let world = four_levels();
    let deletion = world.accept("lists", &key("l")).await;
    world.come_to_rest().await;
    world.clock.advance(Duration::from_hours(1));
    let now = world.clock.clone();

    let asked = world.act(&deletion, Action::Purge).await.unwrap();

    assert_eq!(asked.state, State::Purging);
    assert_eq!(asked.purge_at, Some(ports::Clock::now(&now)));
    assert_eq!(asked.deleted_at, deletion.deleted_at);
    world.come_to_rest().await;
    let stands = world.now(&deletion);
    assert_eq!((stands.state, purged(&stands)), (State::Purged, (15, 0, 0)));
    assert!(world.everything().iter().all(|(_, key)| !is_in_tree(key)));
    for event in world.events.published() {
        if event.kind == "RecordsPurged" || event.detail["state"] == json!("PURGED") {
            assert_eq!(event.detail["actor"], json!("ada"));
            assert_eq!(event.detail["origin"], json!("purge"));
        }
    }
}

#[tokio::test]
async fn a_purge_at_the_end_of_the_retention_has_no_actor_though_a_restore_had_one() {
    let world = four_levels();
    let child = world.accept("messages", &key("l-d1-0")).await;
    world.come_to_rest().await;
    world.until_purge(&child);
    world.come_to_rest().await;
    assert_eq!(world.now(&child).state, State::Purged);
    let actors: Vec<_> = world
        .events
        .published()
        .into_iter()
        .filter(|event| event.kind == "RecordsPurged")
        .map(|event| event.detail["actor"].clone())
        .collect();
    assert!(!actors.is_empty() && actors.iter().all(|actor| *actor == json!(null)));
}

/// A deletion in each of the states that wait for somebody.
async fn waiting(state: State) -> (World, Deletion) {
    let mut world = four_levels();
    world.page_keys = 4;
    if state == State::DeleteFailed {
        world.documents.reject("l-d1-1", "mapper_parsing_exception");
    }
    let deletion = world.accept("lists", &key("l")).await;
    match state {
        State::Cancelled => {
            world.act_and_rest(&deletion, Action::Cancel).await;
        }
        State::RestoreFailed => {
            world.come_to_rest().await;
            world.documents.reject("l-d1-1", "mapper_parsing_exception");
            world.act_and_rest(&deletion, Action::Restore).await;
        }
        _ => world.come_to_rest().await,
    }
    world.documents.accept("l-d1-1");
    assert_eq!(world.now(&deletion).state, state);
    (world, deletion)
}

const WAITING: [State; 3] = [State::Cancelled, State::DeleteFailed, State::RestoreFailed];

#[tokio::test]
async fn what_is_parked_or_stopped_is_never_purged_by_itself() {
    for state in WAITING {
        let (world, deletion) = waiting(state).await;
        let before = crate::engine::restore::restores::stored(&world);
        world.until_purge(&deletion);
        for _ in 0..3 {
            world.clock.advance(Duration::from_hours(24 * 365));
            world.sweep(&world.faults()).await.unwrap();
            world.come_to_rest().await;
        }

        assert_eq!(world.now(&deletion).state, state);
        assert_eq!(
            crate::engine::restore::restores::stored(&world),
            before,
            "{state}"
        );
    }
}

#[tokio::test]
async fn what_is_parked_or_stopped_is_purged_on_request_and_nothing_is_left() {
    for state in WAITING {
        let (world, deletion) = waiting(state).await;

        let stands = world.act_and_rest(&deletion, Action::Purge).await;

        assert_eq!(
            (stands.state, purged(&stands)),
            (State::Purged, (15, 0, 0)),
            "{state}"
        );
        assert!(
            world.everything().iter().all(|(_, key)| !is_in_tree(key)),
            "{state}"
        );
        let told = world.named("RecordsPurged");
        assert_eq!(told.len(), 15, "{state}");
        assert!(told.values().all(|times| *times == 1), "{state}");
    }
}

#[tokio::test]
async fn what_is_parked_or_stopped_can_be_restored_and_brings_back_exactly_what_was_taken() {
    for state in WAITING {
        let before = crate::engine::restore::restores::stored(&four_levels());
        let (world, deletion) = waiting(state).await;

        let stands = world.act_and_rest(&deletion, Action::Restore).await;

        assert_eq!(stands.state, State::Restored, "{state}");
        let expected = if state == State::Cancelled { 1 } else { 15 };
        assert_eq!(restored(&stands), (expected, 0, 0), "{state}");
        assert_eq!(
            crate::engine::restore::restores::stored(&world),
            before,
            "{state}"
        );
    }
}

#[tokio::test]
async fn a_purge_is_refused_while_anything_is_under_way_and_when_it_is_over() {
    let world = four_levels();
    let deletion = world.accept("lists", &key("l")).await;
    assert_eq!(
        world.refused(&deletion, Action::Purge).await,
        State::PendingDelete
    );
    world.come_to_rest().await;
    world.act(&deletion, Action::Restore).await.unwrap();
    assert_eq!(
        world.refused(&deletion, Action::Purge).await,
        State::Restoring
    );
    world.come_to_rest().await;
    assert_eq!(
        world.refused(&deletion, Action::Purge).await,
        State::Restored
    );

    let again = world.accept("lists", &key("l")).await;
    world.come_to_rest().await;
    world.act(&again, Action::Purge).await.unwrap();
    for action in Action::ALL {
        assert_eq!(world.refused(&again, action).await, State::Purging);
    }
    world.come_to_rest().await;
    for action in Action::ALL {
        assert_eq!(world.refused(&again, action).await, State::Purged);
    }
}

#[tokio::test]
async fn a_request_whose_message_is_lost_is_done_all_the_same() {
    for action in [Action::Restore, Action::Purge] {
        let world = four_levels();
        let deletion = world.accept("lists", &key("l")).await;
        world.come_to_rest().await;
        let faults = world.faults();
        faults.fail(
            Operation::Send,
            ..,
            testing::Fault::Unavailable(Moment::Before),
        );

        let asked = world.act_disturbed(&faults, &deletion, action).await;

        assert!(asked.is_ok(), "{action:?}: the deletion is the outbox");
        assert!(world.queue.is_empty());
        world.come_to_rest().await;
        assert!(
            matches!(world.now(&deletion).state, State::Restored | State::Purged),
            "{action:?}"
        );
    }
}

#[tokio::test]
async fn a_request_that_keeps_losing_the_race_is_answered_by_what_stands() {
    let world = four_levels();
    let deletion = world.accept("lists", &key("l")).await;
    world.come_to_rest().await;
    let faults = world.faults();
    let (beside, asked) = (world.clone(), deletion.clone());
    faults.beside(Operation::Store, 1, Moment::Before, move || {
        at_once(beside.act(&asked, Action::Purge)).unwrap();
        at_once(beside.come_to_rest());
    });

    let answer = world
        .act_disturbed(&faults, &deletion, Action::Restore)
        .await;

    let Err(ActError::InvalidState(stands, _)) = answer else {
        panic!("{answer:?}")
    };
    assert_eq!(stands.state, State::Purged);
}
