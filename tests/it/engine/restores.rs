//! Restores: what a deletion marked comes back, root last, and nothing that is somebody else's.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use shared::domain::deletion::{Action, Deletion, State};
use shared::testing::samples::{key, key2, with_null};
use shared::testing::{Moment, Operation};

use super::trees::four_levels;
use shared::service::act::ActError;

use super::world::{Ignore, World, at_once, text};

/// What is stored of everything, to be compared before and after.
pub(super) fn stored(world: &World) -> BTreeMap<String, [Option<Map<String, Value>>; 2]> {
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

pub(super) fn restored(deletion: &Deletion) -> (u64, u64, u64) {
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
            assert_eq!(world.sweep(&world.faults()).await.unwrap().purged, 1);
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
    let Err(ActError::InvalidState(stands)) = answer else {
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
    assert_eq!((report.purged, report.purging, report.errors), (0, 0, 0));
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

    let Err(ActError::InvalidState(stands)) = answer else {
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
        let id = super::world::document_id(&declared, &record).unwrap();
        let row = world.row(collection, &record).unwrap();
        let marked = shared::testing::samples::marked(&declared, row, &theirs);
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
    assert_eq!(
        world.marks("subscribers", &key2("l", "ann")),
        (Some(String::new()), text(child.id))
    );
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
async fn a_child_whose_parent_is_deleted_meanwhile_is_not_restored_and_a_purge_is_a_way_out() {
    for gone in [false, true] {
        for way_out in [Action::Purge, Action::Retry, Action::Restore] {
            let mut world = four_levels();
            world.page_keys = 2;
            let child = world.accept("discussions", &key2("l", "d1")).await;
            world.come_to_rest().await;
            let parent = world.accept("lists", &key("l")).await;
            world.come_to_rest().await;
            if gone {
                world.act_and_rest(&parent, Action::Purge).await;
            }

            let stands = world.act_and_rest(&child, Action::Restore).await;

            assert_eq!(stands.state, State::RestoreFailed);
            assert_eq!(stands.failure.as_ref().unwrap().code, "PARENT_NOT_LIVE");
            // What is below the root came back below it, and is hidden by it.
            assert_eq!(restored(&stands), (6, 1, 0), "every entry is counted");
            assert_eq!(
                world.marks("discussions", &key2("l", "d1")),
                (text(child.id), text(child.id))
            );
            assert_eq!(stands.due_at, None);

            if way_out == Action::Purge {
                let purged = world.act_and_rest(&child, Action::Purge).await;
                assert_eq!(purged.state, State::Purged);
                let counts: u64 = purged.purged.values().map(|counts| counts.purged).sum();
                assert_eq!(counts, 7);
                assert!(
                    world
                        .everything()
                        .iter()
                        .all(|(_, record)| !record.partition.starts_with("l-d1")),
                );
            } else if gone {
                let again = world.act_and_rest(&child, way_out).await;
                assert_eq!(again.state, State::RestoreFailed);
                assert_eq!(restored(&again), (6, 1, 0));
            } else {
                world.act_and_rest(&parent, Action::Restore).await;
                let again = world.act_and_rest(&child, way_out).await;
                assert_eq!(again.state, State::Restored);
                assert_eq!(restored(&again), (7, 0, 0));
                assert_eq!(
                    world.marks("discussions", &key2("l", "d1")),
                    (Some(String::new()), Some(String::new()))
                );
                let told = world.named("RecordsRestored");
                // Eight of the parent's: the root of the child among the child's.
                assert_eq!(told.len(), 15);
                assert!(told.values().all(|times| *times == 1), "{told:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_parent_deleted_at_any_moment_of_the_restore_is_never_left_with_a_live_child() {
    let ready = async || {
        let mut world = four_levels();
        world.page_keys = 3;
        let child = world.accept("discussions", &key2("l", "d1")).await;
        world.come_to_rest().await;
        world.act(&child, Action::Restore).await.unwrap();
        drop(world.queue.take());
        (world, child)
    };
    let (world, child) = ready().await;
    let faults = world.faults();
    world.deliver(&faults, &child).await.unwrap().ignore();
    for place in super::stalls::places(&faults.log()) {
        let (world, child) = ready().await;
        let faults = world.faults();
        let beside = world.clone();
        faults.beside(place.0, place.1, Moment::Before, move || {
            at_once(beside.accept("lists", &key("l")));
        });
        world.deliver(&faults, &child).await.unwrap().ignore();
        world.come_to_rest().await;

        let stands = world.now(&child);
        let root = world.marks("discussions", &key2("l", "d1")).0.unwrap();
        let parent = world.marks("lists", &key("l")).0.unwrap();
        match stands.state {
            // Then the parent's deletion has found it live and taken it, or it came back just before.
            State::Restored => assert!(!root.is_empty(), "{place:?}: live under a deleted parent"),
            State::RestoreFailed => {
                assert_eq!(stands.failure.unwrap().code, "PARENT_NOT_LIVE", "{place:?}");
                assert_eq!(root, child.id.to_string(), "{place:?}");
            }
            other => panic!("{place:?}: {other}"),
        }
        assert!(!parent.is_empty(), "{place:?}");
    }
}

#[tokio::test]
async fn a_restore_given_up_just_before_its_end_and_then_purged_shows_nothing_that_is_being_purged()
{
    let mut world = four_levels();
    world.page_keys = 2;
    let deletion = world.accept("lists", &key("l")).await;
    world.come_to_rest().await;
    world.act(&deletion, Action::Restore).await.unwrap();
    for _ in 0..10 {
        let faults = world.faults();
        faults.fail(
            Operation::FinishRestore,
            ..,
            shared::testing::Fault::Refused(Moment::Before),
        );
        let _ = world.deliver(&faults, &deletion).await;
        world.clock.advance(std::time::Duration::from_mins(1));
    }
    drop(world.queue.take());
    assert_eq!(world.now(&deletion).state, State::RestoreFailed);
    assert_eq!(
        world.marks("messages", &key("l-d1-0")),
        (Some(String::new()), Some(String::new())),
        "all but the root was back"
    );

    world.act(&deletion, Action::Purge).await.unwrap();
    let faults = world.faults();
    for operation in [
        Operation::MarkRows,
        Operation::RemoveDocuments,
        Operation::PurgeRows,
    ] {
        for nth in 1..=40 {
            let beside = world.clone();
            faults.beside(operation, nth, Moment::After, move || {
                let left = beside.everything();
                let is_shown = left.iter().any(|(name, record)| {
                    super::trees::is_in_tree(record)
                        && name != "lists"
                        && beside.row("lists", &key("l")).is_none()
                });
                assert!(!is_shown, "the root went before what is below it");
                let root = beside.marks("lists", &key("l")).0;
                assert!(root.is_none_or(|mark| !mark.is_empty()));
            });
        }
    }
    world.deliver(&faults, &deletion).await.unwrap().ignore();
    world.come_to_rest().await;

    let purged = world.now(&deletion);
    assert_eq!(purged.state, State::Purged);
    let counts: u64 = purged.purged.values().map(|counts| counts.purged).sum();
    assert_eq!(counts, 15);
}

/// R → C1 → C2: another deletion got C1 before R's did, and C1 is purged by it.
#[tokio::test]
async fn a_record_whose_parent_another_deletion_purged_is_not_left_live_under_nothing() {
    let mut world = four_levels();
    world.page_keys = 1;
    let root = world.accept("lists", &key("l")).await;
    let faults = world.faults();
    // Between R's look at the discussion and its mark: the deletion of the discussion is accepted, and stands still.
    let taken = std::sync::Arc::new(std::sync::Mutex::new(None));
    let (beside, other) = (world.clone(), taken.clone());
    faults.beside(Operation::Accept, 1, Moment::Before, || {});
    let list = world.clone();
    faults.beside(Operation::PutPage, 1, Moment::Before, move || {
        // Asked for before the list was deleted; its transaction looks at the discussion alone.
        let declared = list.collection("lists").clone();
        let marked = list.rows.get(&declared, &key("l")).unwrap();
        list.rows.put(
            &declared,
            shared::testing::samples::row(&declared, &key("l"), super::world::TENANT),
        );
        let deletion = at_once(beside.accept("discussions", &key2("l", "d1")));
        list.rows.put(&declared, marked);
        drop(list.queue.take());
        *other.lock().unwrap() = Some(deletion);
    });
    world.deliver(&faults, &root).await.unwrap().ignore();
    let child = taken.lock().unwrap().clone().unwrap();
    assert_eq!(world.now(&root).state, State::Deleted);
    assert_eq!(
        world.marks("messages", &key("l-d1-0")).0,
        text(root.id),
        "R's has marked what is below the discussion"
    );
    world.come_to_rest().await;
    let purged = world.act_and_rest(&child, Action::Purge).await;
    assert_eq!(purged.state, State::Purged);
    assert_eq!(world.row("discussions", &key2("l", "d1")), None);

    let stands = world.act_and_rest(&root, Action::Restore).await;

    assert_eq!(stands.state, State::Restored);
    for message in ["l-d1-0", "l-d1-1"] {
        if world.row("messages", &key(message)).is_some() {
            assert_eq!(
                world.marks("messages", &key(message)),
                (text(root.id), text(root.id)),
                "it stays as it is"
            );
        }
    }
    let (back, conflict, failed) = restored(&stands);
    assert_eq!((back + conflict, failed), (15, 0));
    assert!(conflict >= 3, "{conflict}");
}

#[tokio::test]
async fn a_root_that_is_gone_or_taken_fails_before_anything_moved() {
    for (what, code) in [
        ("gone", "ROOT_MISSING"),
        ("live", "KEY_TAKEN"),
        ("another's", "KEY_TAKEN"),
    ] {
        let mut world = four_levels();
        world.page_keys = 2;
        let deletion = world.accept("lists", &key("l")).await;
        world.come_to_rest().await;
        let lists = world.collection("lists").clone();
        let live = world.live_row("lists", &key("l"), None);
        match what {
            "gone" => world.rows.remove(&lists, &key("l")),
            "live" => world.rows.put(&lists, live),
            _ => world.rows.put(
                &lists,
                shared::testing::samples::marked(&lists, live, &shared::testing::samples::mark(7)),
            ),
        }
        let before = stored(&world);

        let stands = world.act_and_rest(&deletion, Action::Restore).await;

        assert_eq!(stands.state, State::RestoreFailed, "{what}");
        assert_eq!(stands.failure.unwrap().code, code, "{what}");
        assert_eq!(stored(&world), before, "{what}: nothing moved");
        assert!(world.named("RecordsRestored").is_empty());
    }
}

#[tokio::test]
async fn a_root_that_goes_or_is_taken_during_the_restore_fails_it_and_is_left_alone() {
    for (is_gone, code) in [(true, "ROOT_MISSING"), (false, "KEY_TAKEN")] {
        let world = four_levels();
        let deletion = world.accept("lists", &key("l")).await;
        world.come_to_rest().await;
        world.act(&deletion, Action::Restore).await.unwrap();
        let faults = world.faults();
        let beside = world.clone();
        faults.beside(Operation::ClearRows, 1, Moment::Before, move || {
            let lists = beside.collection("lists").clone();
            if is_gone {
                beside.rows.remove(&lists, &key("l"));
            } else {
                let live = beside.live_row("lists", &key("l"), None);
                beside.rows.put(&lists, live);
            }
        });
        world.deliver(&faults, &deletion).await.unwrap().ignore();
        world.come_to_rest().await;

        let stands = world.now(&deletion);
        assert_eq!(stands.state, State::RestoreFailed);
        assert_eq!(stands.failure.unwrap().code, code);
        let root = world.row("lists", &key("l"));
        assert_eq!(root.is_none(), is_gone);
    }
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
        beside.fail_any(.., shared::testing::Fault::Unavailable(Moment::Before));
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
        for place in super::stalls::places(&faults.log()) {
            let (world, deletion) = ready().await;
            let faults = world.faults();
            let (beside, stalled) = (world.clone(), deletion.clone());
            let seen = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
            let picture = seen.clone();
            super::stalls::stall(&faults, place, move || {
                super::stalls::finish(&beside);
                if pass == Action::Restore {
                    assert_eq!(beside.now(&stalled).state, State::Restored);
                    at_once(beside.accept("lists", &key("l")));
                } else {
                    at_once(beside.act(&stalled, Action::Restore)).unwrap();
                }
                at_once(beside.come_to_rest());
                *picture.lock().unwrap() = super::stalls::picture(&beside, &stalled);
            });

            let _ = world.deliver(&faults, &deletion).await;

            assert_eq!(
                super::stalls::picture(&world, &deletion),
                *seen.lock().unwrap(),
                "{pass:?}, stalled behind {place:?}"
            );
        }
    }
}
