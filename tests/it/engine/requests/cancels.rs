//! Cancels: what is written is finished, nothing more is begun, and what was done can be finished or undone.

use domain::deletion::{Action, Deletion, State};
use requests::act::ActError;
use testing::samples::{key, key2};
use testing::{Moment, Operation};

use crate::engine::disturbed::crashes::cuts;
use crate::engine::disturbed::stalls::places;
use crate::engine::restore::restores::{restored, stored};
use crate::engine::world::trees::four_levels;
use crate::engine::world::{Ignore, World, at_once, text};

fn small_pages() -> World {
    let mut world = four_levels();
    world.page_keys = 3;
    world
}

/// Selected, deleted and not reached.
fn sums(deletion: &Deletion) -> (u64, u64, u64) {
    deletion.deleted.values().fold((0, 0, 0), |sum, counts| {
        (
            sum.0 + counts.selected,
            sum.1 + counts.deleted,
            sum.2 + counts.not_reached,
        )
    })
}

/// A delete that is cancelled beside the n-th call of an operation; what the caller was answered.
async fn cancelled_at(
    (operation, nth): (Operation, u64),
    moment: Moment,
) -> (World, Deletion, Option<Result<State, State>>) {
    let world = small_pages();
    let deletion = world.accept("lists", &key("l")).await;
    let faults = world.faults();
    let answer = std::sync::Arc::new(std::sync::Mutex::new(None));
    let (beside, asked, heard) = (world.clone(), deletion.clone(), answer.clone());
    faults.beside(operation, nth, moment, move || {
        let answer = at_once(beside.act(&asked, Action::Cancel));
        *heard.lock().unwrap() = Some(match answer {
            Ok(stands) => Ok(stands.state),
            Err(ActError::InvalidState(stands, _)) => Err(stands.state),
            Err(other) => panic!("{other:?}"),
        });
    });
    world.deliver(&faults, &deletion).await.unwrap().ignore();
    world.come_to_rest().await;
    let answer = *answer.lock().unwrap();
    (world, deletion, answer)
}

#[tokio::test]
async fn a_cancel_at_any_moment_stops_at_a_page_boundary_with_exact_counts() {
    let world = small_pages();
    let before = stored(&world);
    let deletion = world.accept("lists", &key("l")).await;
    let faults = world.faults();
    world.deliver(&faults, &deletion).await.unwrap().ignore();
    world.come_to_rest().await;
    let (done, calls) = (stored(&world), faults.log());
    let deleted = serde_json::to_value(&world.now(&deletion).deleted).unwrap();
    let mut stopped_early = 0;

    for place in places(&calls) {
        for moment in [Moment::Before, Moment::After] {
            let context = format!("cancelled {moment:?} {place:?}");
            let (world, deletion, answer) = cancelled_at(place, moment).await;
            let stands = world.now(&deletion);
            match answer {
                Some(Ok(state)) => {
                    assert_eq!(state, State::Cancelling, "{context}");
                    assert_eq!(stands.state, State::Cancelled, "{context}");
                }
                // It had ended by then.
                Some(Err(state)) => {
                    assert_eq!((state, stands.state), (State::Deleted, State::Deleted));
                    continue;
                }
                None => panic!("{context}: nobody asked"),
            }
            // Every page that is written is done, and nothing else is marked.
            let (selected, deleted_now, not_reached) = sums(&stands);
            let manifest = world.deletions.manifest(&deletion);
            assert_eq!(manifest.len(), stands.acted as usize, "{context}");
            let written: usize = manifest.iter().map(|(page, _)| page.entries.len()).sum();
            assert_eq!(
                (selected, deleted_now, not_reached),
                (written as u64, written as u64, 0),
                "{context}"
            );
            let marked = world.everything().into_iter();
            let marked = marked
                .filter(|(name, record)| world.marks(name, record).0 == text(deletion.id))
                .count();
            assert_eq!(marked, written, "{context}");
            stopped_early += u64::from(written < 15);

            // Finished.
            let again = world.act_and_rest(&deletion, Action::Retry).await;
            assert_eq!(again.state, State::Deleted, "{context}");
            assert_eq!(stored(&world), done, "{context}");
            assert_eq!(serde_json::to_value(&again.deleted).unwrap(), deleted);
            assert!(
                world
                    .named("RecordsDeleted")
                    .values()
                    .all(|times| *times == 1)
                    && world.named("RecordsDeleted").len() == 15,
                "{context}"
            );

            // Or undone.
            let (world, deletion, _) = cancelled_at(place, moment).await;
            let undone = world.act_and_rest(&deletion, Action::Restore).await;
            assert_eq!(undone.state, State::Restored, "{context}");
            assert_eq!(restored(&undone), (written as u64, 0, 0), "{context}");
            assert_eq!(stored(&world), before, "{context}");
        }
    }
    assert!(stopped_early > 10);
}

#[tokio::test]
async fn cancelled_before_the_first_page_and_purged_the_root_is_gone_and_the_counts_are_one() {
    let world = World::new(crate::engine::world::trees::FOUR_LEVELS);
    world.put("lists", &key("l"), None);
    let deletion = world.accept("lists", &key("l")).await;

    assert_eq!(
        world.act(&deletion, Action::Cancel).await.unwrap().state,
        State::Cancelling
    );
    world.come_to_rest().await;
    let cancelled = world.now(&deletion);
    assert_eq!(
        (cancelled.state, sums(&cancelled)),
        (State::Cancelled, (1, 1, 0))
    );
    assert_eq!(
        world.marks("lists", &key("l")),
        (text(deletion.id), text(deletion.id)),
        "what was hidden stays hidden"
    );

    let purged = world.act_and_rest(&deletion, Action::Purge).await;

    assert_eq!(purged.state, State::Purged);
    let counts = purged.purged.values().fold((0, 0, 0), |sum, counts| {
        (
            sum.0 + counts.purged,
            sum.1 + counts.kept,
            sum.2 + counts.failed,
        )
    });
    assert_eq!(counts, (1, 0, 0));
    assert_eq!(world.marks("lists", &key("l")), (None, None));
}

#[tokio::test]
async fn cancelled_before_the_first_page_nothing_below_the_root_is_touched_and_a_purge_takes_it_all()
 {
    let world = small_pages();
    let deletion = world.accept("lists", &key("l")).await;
    world.act_and_rest(&deletion, Action::Cancel).await;
    assert_eq!(sums(&world.now(&deletion)), (1, 1, 0));
    assert_eq!(
        world.marks("discussions", &key2("l", "d1")),
        (Some(String::new()), Some(String::new()))
    );

    let purged = world.act_and_rest(&deletion, Action::Purge).await;

    let gone: u64 = purged.purged.values().map(|counts| counts.purged).sum();
    assert_eq!((purged.state, gone), (State::Purged, 15));
    assert!(
        world
            .everything()
            .iter()
            .all(|(_, key)| !crate::engine::world::trees::is_in_tree(key))
    );
}

#[tokio::test]
async fn a_cancel_whose_worker_is_dead_is_honoured_by_the_next_one() {
    let world = small_pages();
    let deletion = world.accept("lists", &key("l")).await;
    let faults = world.faults();
    world.deliver(&faults, &deletion).await.unwrap().ignore();

    for (call, moment) in cuts(&faults.log()) {
        let world = small_pages();
        let deletion = world.accept("lists", &key("l")).await;
        let faults = world.faults();
        faults.crash_at(call, moment);
        let _ = faults.until_crash(world.deliver(&faults, &deletion)).await;
        let context = format!("killed at call {call}, {moment:?}");
        if world.now(&deletion).state == State::Deleted {
            continue;
        }
        // Whoever died may still have its lease.
        world.act(&deletion, Action::Cancel).await.unwrap();
        drop(world.queue.take());
        world.come_to_rest().await;

        let stands = world.now(&deletion);
        assert_eq!(stands.state, State::Cancelled, "{context}");
        let (selected, deleted, not_reached) = sums(&stands);
        assert_eq!((selected, not_reached), (deleted, 0), "{context}");
        let manifest = world.deletions.manifest(&deletion);
        let written: usize = manifest.iter().map(|(page, _)| page.entries.len()).sum();
        assert_eq!(
            written as u64, deleted,
            "{context}: what is written is done"
        );
        let marked = world.everything().into_iter();
        let marked =
            marked.filter(|(name, record)| world.marks(name, record).0 == text(deletion.id));
        assert_eq!(marked.count(), written, "{context}");
    }
}

#[tokio::test]
async fn what_is_cancelled_is_cancelled_once_and_never_purged_by_itself() {
    let world = small_pages();
    let deletion = world.accept("lists", &key("l")).await;
    world.act(&deletion, Action::Cancel).await.unwrap();
    assert_eq!(
        world.refused(&deletion, Action::Cancel).await,
        State::Cancelling
    );
    world.come_to_rest().await;
    assert_eq!(
        world.refused(&deletion, Action::Cancel).await,
        State::Cancelled
    );
    let (before, stands) = (stored(&world), world.now(&deletion));

    world.until_purge(&deletion);
    for _ in 0..3 {
        world
            .clock
            .advance(std::time::Duration::from_hours(24 * 365));
        world.sweep(&world.faults()).await.unwrap();
        world.come_to_rest().await;
    }

    assert_eq!(world.now(&deletion).state, stands.state);
    assert_eq!(stored(&world), before);
}

#[tokio::test]
async fn only_a_delete_is_cancelled() {
    let world = small_pages();
    let deletion = world.accept("lists", &key("l")).await;
    world.come_to_rest().await;
    assert_eq!(
        world.refused(&deletion, Action::Cancel).await,
        State::Deleted
    );
    world.act(&deletion, Action::Restore).await.unwrap();
    assert_eq!(
        world.refused(&deletion, Action::Cancel).await,
        State::Restoring
    );
}
