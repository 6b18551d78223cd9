//! Restores: what a deletion marked comes back, root last, and nothing that is somebody else's.

use std::collections::BTreeMap;

use domain::deletion::{Action, Deletion, State};
use serde_json::{Map, Value, json};
use testing::samples::{key, key2, with_null};
use testing::{Moment, Operation};

use crate::engine::world::trees::four_levels;
use requests::act::ActError;

use crate::engine::world::{Ignore, World, at_once, text};

/// What is stored of everything, to be compared before and after.
pub(crate) fn stored(world: &World) -> BTreeMap<String, [Option<Map<String, Value>>; 2]> {
    let all = world.everything().into_iter();
    all.map(|(collection, key)| {
        let both = [
            world.row(&collection, &key),
            world.document(&collection, &key),
        ];
        (format!("{collection}{}", json!(key)), both)
    })
    .collect()
}

pub(crate) fn restored(deletion: &Deletion) -> (u64, u64, u64) {
    let counts = deletion.restored.values();
    counts.fold((0, 0, 0), |sum, counts| {
        (
            sum.0 + counts.restored,
            sum.1 + counts.conflict,
            sum.2 + counts.failed,
        )
    })
}

#[tokio::test]
async fn a_restore_brings_everything_back_as_it_was_and_tells_each_record_once() {
    for page_keys in [1, 2, 3, 1000] {
        let mut world = four_levels();
        world.page_keys = page_keys;
        let row = world.live_row("subscribers", &key2("l", "bob"), Some(&key("l")));
        let subscribers = world.collection("subscribers").clone();
        world.rows.put(&subscribers, with_null(&subscribers, row));
        let before = stored(&world);
        let deletion = world.accept("lists", &key("l")).await;
        world.come_to_rest().await;
        assert_ne!(stored(&world), before);

        let asked = world.act(&deletion, Action::Restore).await.unwrap();
        assert_eq!(asked.state, State::Restoring);
        world.come_to_rest().await;

        let stands = world.now(&deletion);
        assert_eq!(stands.state, State::Restored);
        assert_eq!(restored(&stands), (15, 0, 0));
        assert_eq!(stored(&world), before, "pages of {page_keys}");
        let told = world.named("RecordsRestored");
        assert_eq!(told.len(), 15);
        assert!(told.values().all(|times| *times == 1));
        let finished: Vec<_> = world
            .events
            .distinct()
            .into_iter()
            .filter(|event| event.kind == "DeletionFinished")
            .map(|event| {
                (
                    event.detail["state"].clone(),
                    event.detail["counts"].clone(),
                )
            })
            .collect();
        assert_eq!(
            finished[1],
            (
                json!("RESTORED"),
                json!({ "restored": 15, "conflict": 0, "failed": 0 })
            )
        );
    }
}

#[tokio::test]
async fn the_root_comes_last_and_hides_everything_until_then() {
    let mut world = four_levels();
    world.page_keys = 2;
    let deletion = world.accept("lists", &key("l")).await;
    world.come_to_rest().await;
    world.act(&deletion, Action::Restore).await.unwrap();
    drop(world.queue.take());
    let faults = world.faults();
    let steps = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    for nth in 1..=40 {
        for operation in [Operation::ClearRows, Operation::ClearDocuments] {
            let (seen, beside, deletion) = (steps.clone(), world.clone(), deletion.clone());
            faults.beside(operation, nth, Moment::After, move || {
                let root = beside.marks("lists", &key("l"));
                let state = beside.now(&deletion).state;
                seen.lock().unwrap().push((root, state));
            });
        }
    }

    world.deliver(&faults, &deletion).await.unwrap().ignore();

    let steps = steps.lock().unwrap();
    let (last, before) = steps.split_last().unwrap();
    assert!(before.len() > 10);
    for (root, state) in before {
        assert_eq!(
            (root, *state),
            (&(text(deletion.id), text(deletion.id)), State::Restoring)
        );
    }
    // The root's row goes with the state, its document follows.
    assert_eq!(
        *last,
        ((Some(String::new()), Some(String::new())), State::Restored)
    );
}

#[tokio::test]
async fn a_restored_record_is_deleted_again_by_another_deletion_and_a_second_restore_is_refused() {
    let world = four_levels();
    let before = stored(&world);
    let mut ids = Vec::new();
    for _ in 0..3 {
        let deletion = world.accept("lists", &key("l")).await;
        world.come_to_rest().await;
        assert_eq!(world.now(&deletion).state, State::Deleted);

        let stands = world.act_and_rest(&deletion, Action::Restore).await;

        assert_eq!(stands.state, State::Restored);
        assert_eq!(stored(&world), before);
        for action in Action::ALL {
            assert_eq!(world.refused(&deletion, action).await, State::Restored);
        }
        assert_eq!(world.now(&deletion), stands);
        ids.push(deletion.id);
    }
    assert_eq!(world.deletions.all().len(), ids.len());
}

#[tokio::test]
async fn a_restore_is_accepted_one_millisecond_before_purge_at_and_refused_from_then_on() {
    for (millis, is_accepted) in [(-1, true), (0, false), (1, false)] {
        let world = four_levels();
        let before = stored(&world);
        let deletion = world.accept("lists", &key("l")).await;
        world.come_to_rest().await;
        let purge_at = world.now(&deletion).purge_at.unwrap();
        world
            .clock
            .set(purge_at + jiff::SignedDuration::from_millis(millis));

        if is_accepted {
            // The sweeper comes while it is under way, and leaves it alone.
            world.act(&deletion, Action::Restore).await.unwrap();
            world.clock.set(purge_at);
            world.sweep(&world.faults()).await.unwrap();
            world.come_to_rest().await;
            assert_eq!(world.now(&deletion).state, State::Restored);
            assert_eq!(stored(&world), before);
        } else {
            let answer = world.refused(&deletion, Action::Restore).await;
            assert_eq!(answer, State::Deleted, "{millis} ms");
            assert_eq!(world.sweep(&world.faults()).await.unwrap().purging, 1);
            assert_eq!(world.now(&deletion).state, State::Purged);
        }
    }
}

#[tokio::test]
async fn of_a_restore_and_a_purge_at_the_same_moment_one_wins_and_the_other_says_so() {
    // The purge comes between the restore's look and its word.
    let world = four_levels();
    let deletion = world.accept("lists", &key("l")).await;
    world.come_to_rest().await;
    let purge_at = world.now(&deletion).purge_at.unwrap();
    world
        .clock
        .set(purge_at - jiff::SignedDuration::from_millis(1));
    let faults = world.faults();
    let beside = world.clone();
    faults.beside(Operation::Store, 1, Moment::Before, move || {
        beside.clock.set(purge_at);
        at_once(async { beside.sweep(&beside.faults()).await.unwrap() });
    });
    let answer = world
        .act_disturbed(&faults, &deletion, Action::Restore)
        .await;
    let Err(ActError::InvalidState(stands, _)) = answer else {
        panic!("{answer:?}")
    };
    assert_eq!(stands.state, State::Purged);

    // The restore comes between the purge's look and its word.
    let world = four_levels();
    let before = stored(&world);
    let deletion = world.accept("lists", &key("l")).await;
    world.come_to_rest().await;
    world.clock.set(purge_at);
    let faults = world.faults();
    let (beside, asked) = (world.clone(), deletion.clone());
    faults.beside(Operation::Store, 1, Moment::Before, move || {
        // As if its clock were behind by a millisecond.
        beside
            .clock
            .set(purge_at - jiff::SignedDuration::from_millis(1));
        at_once(beside.act(&asked, Action::Restore)).unwrap();
        beside.clock.set(purge_at);
    });
    let report = world.sweep(&faults).await.unwrap();
    assert_eq!((report.purging, report.errors), (0, 0));
    world.come_to_rest().await;
    assert_eq!(world.now(&deletion).state, State::Restored);
    assert_eq!(stored(&world), before);
}

#[tokio::test]
async fn two_requests_at_once_are_one_restore() {
    let world = four_levels();
    let deletion = world.accept("lists", &key("l")).await;
    world.come_to_rest().await;
    let faults = world.faults();
    let (beside, asked) = (world.clone(), deletion.clone());
    faults.beside(Operation::Store, 1, Moment::Before, move || {
        // A moment later: of two that are the same to the letter, one stands and both are answered by it.
        beside.clock.advance(std::time::Duration::from_millis(1));
        at_once(beside.act(&asked, Action::Restore)).unwrap();
    });

    let answer = world
        .act_disturbed(&faults, &deletion, Action::Restore)
        .await;

    let Err(ActError::InvalidState(stands, _)) = answer else {
        panic!("{answer:?}")
    };
    assert_eq!((stands.state, stands.run), (State::Restoring, 2));
}

#[tokio::test]
async fn what_another_deletion_marked_stays_marked_in_row_and_document() {
    let world = four_levels();
    let before = stored(&world);
    let child = world.accept("discussions", &key2("l", "d1")).await;
    world.come_to_rest().await;
    let parent = world.accept("lists", &key("l")).await;
    world.come_to_rest().await;
    // Since then somebody else has taken one of ours, in both stores, and one in its document only.
    let theirs = child.mark();
    for (collection, record, is_row_too) in [
        ("messages", key("l-d2-0"), true),
        ("subscribers", key2("l", "ann"), false),
    ] {
        let declared = world.collection(collection).clone();
        let id = crate::engine::world::document_id(&declared, &record).unwrap();
        let row = world.row(collection, &record).unwrap();
        let marked = testing::samples::marked(&declared, row, &theirs);
        if is_row_too {
            world.rows.put(&declared, marked.clone());
        }
        world.documents.put(&declared, &id, marked);
    }

    let stands = world.act_and_rest(&parent, Action::Restore).await;

    assert_eq!(stands.state, State::Restored);
    // Seven of the child's deletion, and the one that was taken.
    assert_eq!(restored(&stands), (7, 8, 0));
    for (collection, record) in [
        ("discussions", key2("l", "d1")),
        ("messages", key("l-d1-0")),
        ("messages", key("l-d2-0")),
    ] {
        assert_eq!(
            world.marks(collection, &record),
            (text(child.id), text(child.id)),
            "{record:?}"
        );
    }
    // Rows are marked before documents, so a mark in a document alone is an old one: the row is right.
    let live = || Some(String::new());
    let ann = world.marks("subscribers", &key2("l", "ann"));
    assert_eq!(ann, (live(), live()));
    assert_eq!(world.named("RecordsRestored").len(), 7);

    // The child's own deletion brings its records back.
    world.act_and_rest(&child, Action::Restore).await;
    let now = stored(&world);
    let record = |name: &str| now.iter().find(|(record, _)| record.contains(name));
    assert_eq!(
        record("l-d1-0"),
        before.iter().find(|(name, _)| name.contains("l-d1-0"))
    );
}

#[tokio::test]
async fn a_restore_in_many_short_slices_ends_like_one_in_a_single_slice() {
    let ready = async || {
        let mut world = four_levels();
        world.page_keys = 2;
        let deletion = world.accept("lists", &key("l")).await;
        world.come_to_rest().await;
        world.act(&deletion, Action::Restore).await.unwrap();
        (world, deletion)
    };
    let (world, deletion) = ready().await;
    world.come_to_rest().await;
    let expected = world.end(&deletion);

    let (world, deletion) = ready().await;
    drop(world.queue.take());
    let mut slices = 0;
    while world.now(&deletion).state == State::Restoring {
        let faults = world.faults();
        faults.slow(std::time::Duration::from_millis(1900));
        world.deliver(&faults, &deletion).await.unwrap().ignore();
        slices += 1;
        assert!(slices < 60, "it does not get on");
    }
    world.come_to_rest().await;

    assert!(slices > 2, "{slices}");
    assert_eq!(world.end(&deletion), expected);
}

#[tokio::test]
async fn a_root_whose_document_cannot_be_reached_is_restored_and_its_document_follows() {
    let world = four_levels();
    let before = stored(&world);
    let deletion = world.accept("lists", &key("l")).await;
    world.come_to_rest().await;
    world.act(&deletion, Action::Restore).await.unwrap();
    let (state, faults) = (world.clone(), world.faults());
    let (beside, asked) = (faults.clone(), deletion.clone());
    faults.beside(Operation::FinishRestore, 1, Moment::After, move || {
        assert_eq!(state.now(&asked).state, State::Restored);
        beside.fail_any(.., testing::Fault::Unavailable(Moment::Before));
    });
    let _ = world.deliver(&faults, &deletion).await;
    assert_eq!(
        world.marks("lists", &key("l")),
        (Some(String::new()), text(deletion.id))
    );

    world.come_to_rest().await;

    assert_eq!(stored(&world), before);
    assert_eq!(world.named("RecordsRestored").len(), 15);
}

/// Whoever stalls in a delete and wakes up when it has been restored, or in a restore and wakes up when everything was
/// deleted again.
#[tokio::test]
async fn a_worker_that_stalls_and_wakes_up_changes_nothing_that_was_decided_since() {
    for pass in [Action::Retry, Action::Restore] {
        let ready = async || {
            let mut world = four_levels();
            world.page_keys = 4;
            let deletion = world.accept("lists", &key("l")).await;
            if pass == Action::Restore {
                world.come_to_rest().await;
                world.act(&deletion, Action::Restore).await.unwrap();
                drop(world.queue.take());
            }
            (world, deletion)
        };
        let (world, deletion) = ready().await;
        let faults = world.faults();
        world.deliver(&faults, &deletion).await.unwrap().ignore();
        for place in crate::engine::disturbed::stalls::places(&faults.log()) {
            let (world, deletion) = ready().await;
            let faults = world.faults();
            let (beside, stalled) = (world.clone(), deletion.clone());
            let seen = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
            let picture = seen.clone();
            crate::engine::disturbed::stalls::stall(&faults, place, move || {
                crate::engine::disturbed::stalls::finish(&beside);
                if pass == Action::Restore {
                    assert_eq!(beside.now(&stalled).state, State::Restored);
                    at_once(beside.accept("lists", &key("l")));
                } else {
                    at_once(beside.act(&stalled, Action::Restore)).unwrap();
                }
                at_once(beside.come_to_rest());
                *picture.lock().unwrap() =
                    crate::engine::disturbed::stalls::picture(&beside, &stalled);
            });

            let _ = world.deliver(&faults, &deletion).await;

            assert_eq!(
                crate::engine::disturbed::stalls::picture(&world, &deletion),
                *seen.lock().unwrap(),
                "{pass:?}, stalled behind {place:?}"
            );
        }
    }
}
