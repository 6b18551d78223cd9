//! Restores that cannot end: a parent that is not live, a root that is gone or taken. Nothing is left live that must not be.

use domain::deletion::{Action, State};
use requests::act::ActError;
use testing::samples::{key, key2, of_another_tenant};
use testing::{Moment, Operation};

use crate::engine::restore::restores::{restored, stored};
use crate::engine::world::trees::four_levels;
use crate::engine::world::{Ignore, at_once, text};

#[tokio::test]
async fn a_child_whose_parent_is_deleted_meanwhile_is_not_restored_and_a_purge_is_a_way_out() {
    for gone in [false, true] {
        for way_out in [Action::Purge, Action::Retry, Action::Restore] {
            let mut world = four_levels();
            world.page_keys = 2;
            let child = world.accept("discussions", &key2("l", "d1")).await;
            world.come_to_rest().await;
            world.act(&child, Action::Restore).await.unwrap();
            // Its message is late.
            drop(world.queue.take());
            let parent = world.accept("lists", &key("l")).await;
            world.deliver_all_to_the_end().await;
            if gone {
                world.act(&parent, Action::Purge).await.unwrap();
                world.deliver_all_to_the_end().await;
            }

            world.come_to_rest().await;

            let stands = world.now(&child);
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
                continue;
            }
            let refused = world.act(&child, way_out).await;
            let Err(ActError::ParentNotLive(above)) = refused else {
                panic!("{refused:?}")
            };
            assert_eq!(above.map(|above| above.id), (!gone).then_some(parent.id));
            assert_eq!(world.now(&child), stands, "nothing is written");
            if !gone {
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
    let places = crate::engine::disturbed::stalls::places(&faults.log());
    let end = places
        .iter()
        .position(|place| place.0 == Operation::FinishRestore)
        .expect("it ends");
    for (number, place) in places.into_iter().enumerate() {
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
            State::Restored => {
                assert!(!root.is_empty(), "{place:?}: live under a deleted parent");
                assert!(number > end, "{place:?}: never shown, and told as restored");
            }
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
            testing::Fault::Refused(Moment::Before),
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
                    crate::engine::world::trees::is_in_tree(record)
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
            testing::samples::row(&declared, &key("l"), crate::engine::world::TENANT),
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
        ("another tenant's", "ROOT_MISSING"),
    ] {
        let mut world = four_levels();
        world.page_keys = 2;
        let deletion = world.accept("lists", &key("l")).await;
        world.come_to_rest().await;
        world.act(&deletion, Action::Restore).await.unwrap();
        let lists = world.collection("lists").clone();
        let live = world.live_row("lists", &key("l"), None);
        match what {
            "gone" => world.rows.remove(&lists, &key("l")),
            "live" => world.rows.put(&lists, live),
            "another tenant's" => world.rows.put(&lists, of_another_tenant(&lists, live)),
            _ => world.rows.put(
                &lists,
                testing::samples::marked(&lists, live, &testing::samples::mark(7)),
            ),
        }
        let before = stored(&world);

        world.come_to_rest().await;

        let stands = world.now(&deletion);
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
