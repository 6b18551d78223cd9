//! Comparing after the purge: what lands or comes back then.

use domain::deletion::State;
use domain::deletion::comparison::{Drift, RETURNS};
use testing::samples::{key, key2};
use testing::{Moment, Operation};

use crate::engine::compare::compares::{
    compared, of, purged_world, put_document, put_marked, until_due,
};
use crate::engine::purge::purges::deleted;
use crate::engine::world::text;
use crate::engine::world::trees::{four_levels, mail, message_key};

#[tokio::test]
async fn after_the_purge_a_document_that_was_put_back_is_removed() {
    let world = mail(3);
    let deletion = purged_world(&world).await;
    let record = message_key("d", 1);
    put_document(&world, "messages", &record, Some(&key("d")));

    let report = compared(&world, &deletion).await;

    assert_eq!(of(&report, Drift::DocumentWithoutRow), (1, 1));
    assert_eq!(world.document("messages", &record), None);
    assert_eq!((report.compared, report.tidied), (1, 1));
}

#[tokio::test]
async fn a_record_that_is_created_anew_between_the_look_and_the_removal_keeps_its_document() {
    // The root's page is read first, then that of the messages.
    let reads = [Operation::DocumentStates, Operation::ReadRows];
    for (operation, nth) in reads.into_iter().flat_map(|read| [(read, 1), (read, 2)]) {
        let world = mail(3);
        let deletion = purged_world(&world).await;
        let record = message_key("d", 1);
        put_document(&world, "messages", &record, Some(&key("d")));
        until_due(&world, &deletion);
        let faults = world.faults();
        let beside = (world.clone(), record.clone());
        faults.beside(operation, nth, Moment::After, move || {
            let (world, record) = beside;
            world.put("messages", &record, Some(&key("d")));
        });

        let report = world.sweep(&faults).await.unwrap();

        let context = format!("behind {operation:?} {nth}");
        assert_eq!(of(&report, Drift::DocumentWithoutRow), (0, 0), "{context}");
        assert!(world.document("messages", &record).is_some(), "{context}");
        assert!(world.row("messages", &record).is_some(), "{context}");
    }
}

#[tokio::test]
async fn a_child_that_lands_after_the_purges_look_sends_the_deletion_back_to_purging() {
    let world = mail(3);
    let deletion = purged_world(&world).await;
    let late = key2("d", "late");
    world.put("messages", &late, Some(&key("d")));

    let report = compared(&world, &deletion).await;

    assert_eq!((report.returned, report.compared, report.tidied), (1, 0, 0));
    assert_eq!(of(&report, Drift::LiveChild), (1, 1));
    assert_eq!(world.now(&deletion).state, State::Purging);
    assert_eq!(world.queue.len(), 1);
    world.come_to_rest().await;
    assert_eq!(world.now(&deletion).state, State::Purged);
    assert_eq!(world.marks("messages", &late), (None, None));
    let report = compared(&world, &deletion).await;
    assert_eq!((report.compared, report.tidied), (1, 1));
}

#[tokio::test]
async fn the_children_of_a_root_that_was_created_anew_after_the_purge_survive() {
    let world = mail(3);
    let deletion = purged_world(&world).await;
    world.put("discussions", &key("d"), None);
    world.put("messages", &key2("d", "new"), Some(&key("d")));
    world.put("messages", &message_key("d", 1), Some(&key("d")));

    let report = compared(&world, &deletion).await;

    assert_eq!((report.compared, report.returned), (1, 0));
    assert_eq!(of(&report, Drift::Recreated), (2, 0));
    let live = Some(String::new());
    for record in [key2("d", "new"), message_key("d", 1)] {
        assert_eq!(
            world.marks("messages", &record),
            (live.clone(), live.clone())
        );
    }
}

/// Further down there may be no row between a new record and the new root.
#[tokio::test]
async fn nothing_is_found_below_a_root_that_was_created_anew_however_deep() {
    let world = four_levels();
    let deletion = deleted(&world, "lists", "l").await;
    world.put("lists", &key("l"), None);
    world.put("messages", &key("l-new"), Some(&key2("l", "d1")));
    let report = compared(&world, &deletion).await;
    assert_eq!(of(&report, Drift::LiveChild), (0, 0));
    world.until_purge(&deletion);
    world.come_to_rest().await;
    assert_eq!(world.now(&deletion).state, State::Purged);

    let report = compared(&world, &deletion).await;

    assert_eq!((report.compared, report.returned), (1, 0));
    assert!(world.row("messages", &key("l-new")).is_some());
}

#[tokio::test]
async fn who_writes_below_a_purged_root_for_ever_does_not_keep_it_from_its_end() {
    let world = mail(1);
    let deletion = purged_world(&world).await;
    for round in 0..=RETURNS {
        let late = key2("d", &format!("late{round}"));
        world.put("messages", &late, Some(&key("d")));
        let report = compared(&world, &deletion).await;
        let is_last = round == RETURNS;
        assert_eq!(report.returned, usize::from(!is_last), "round {round}");
        world.come_to_rest().await;
        if is_last {
            assert_eq!(of(&report, Drift::LiveChild), (1, 0));
            assert_eq!((report.compared, report.tidied), (1, 1));
        }
    }
    assert_eq!(world.now(&deletion).due_at, None);
}

#[tokio::test]
async fn rows_that_a_backup_brought_back_after_the_purge_are_reported_and_not_removed() {
    let world = mail(3);
    let deletion = purged_world(&world).await;
    let record = message_key("d", 1);
    put_marked(&world, &deletion, "messages", &record);
    put_marked(&world, &deletion, "messages", &message_key("d", 2));
    // Something live beside them would send it back, and the purge would remove them.
    world.put("messages", &key2("d", "late"), Some(&key("d")));

    let report = compared(&world, &deletion).await;

    assert_eq!(of(&report, Drift::Resurrected), (2, 0));
    assert_eq!(of(&report, Drift::LiveChild), (1, 0));
    assert_eq!((report.drift_found, report.drift_repaired), (3, 0));
    assert_eq!(report.returned, 0);
    let ours = text(deletion.id);
    assert_eq!(world.marks("messages", &record), (ours.clone(), ours));
    world.come_to_rest().await;
    assert!(world.row("messages", &record).is_some());
}
