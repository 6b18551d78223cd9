//! Compare and repair: what others do to the stores after a pass has ended is found, and made good where it may be.

use std::time::Duration;

use serde_json::{Value, json};
use shared::domain::deletion::comparison::{Drift, RETURNS};
use shared::domain::deletion::{Action, Deletion, State};
use shared::domain::key::RecordKey;
use shared::ports::{ChangeDeletions, Clock, Health};
use shared::service::act::act;
use shared::service::sweep::SweepReport;
use shared::testing::samples::{key, key2};
use shared::testing::{Call, Fault, Moment, Operation};

use super::purges::{deleted, purged};
use super::trees::{four_levels, mail, message_key, small_tree};
use super::world::{World, admin, after, at_once, text};

/// Lets the time of the comparison come, and sweeps once.
pub(crate) async fn compared(world: &World, deletion: &Deletion) -> SweepReport {
    until_due(world, deletion);
    let report = world.sweep(&world.faults()).await.unwrap();
    assert_eq!(report.errors, 0, "{report:?}");
    report
}

fn until_due(world: &World, deletion: &Deletion) {
    let due = world.now(deletion).due_at.expect("it is due once more");
    world.clock.set(due.max(world.clock.now()));
}

/// Found and repaired, of this kind.
fn of(report: &SweepReport, drift: Drift) -> (u64, u64) {
    let tally = report.drift.get(&drift).copied().unwrap_or_default();
    (tally.found, tally.repaired)
}

/// A deletion that is purged and not compared.
async fn purged_world(world: &World) -> Deletion {
    let deletion = deleted(world, "discussions", "d").await;
    compared(world, &deletion).await;
    world.until_purge(&deletion);
    world.come_to_rest().await;
    assert_eq!(world.now(&deletion).state, State::Purged);
    deletion
}

/// A deletion that is restored and not compared.
async fn restored(world: &World, collection: &str, root: &str) -> Deletion {
    let deletion = deleted(world, collection, root).await;
    ask(world, &deletion, Action::Restore).await;
    world.come_to_rest().await;
    assert_eq!(world.now(&deletion).state, State::Restored);
    deletion
}

async fn ask(world: &World, deletion: &Deletion, action: Action) {
    act(&world.api(&world.faults()), &admin(), deletion.id, action)
        .await
        .unwrap();
}

/// An outside writer puts a document of this record, without a mark.
fn put_document(world: &World, collection: &str, record: &RecordKey, parent: Option<&RecordKey>) {
    let source = world.live_row(collection, record, parent);
    let declared = world.collection(collection);
    let id = super::world::document_id(declared, record).expect("it has one");
    world.documents.put(declared, &id, source);
}

/// Puts this deletion's mark on a record in both stores, as a crash or a backup might leave it.
fn put_marked(world: &World, deletion: &Deletion, collection: &str, record: &RecordKey) {
    let parent = record.partition.as_str();
    let row = world.live_row(collection, record, Some(&key(parent)));
    let declared = world.collection(collection);
    let row = shared::testing::samples::marked(declared, row, &deletion.mark());
    world.put_row(collection, row);
}

#[tokio::test]
async fn a_deletion_is_compared_ten_minutes_after_its_end_and_once() {
    let world = mail(3);
    let deletion = deleted(&world, "discussions", "d").await;
    let before = world.end(&deletion);
    let due = after(
        world.now(&deletion).ended_at.unwrap(),
        Duration::from_mins(10),
    );
    assert_eq!(world.now(&deletion).due_at, Some(due));

    world
        .clock
        .set(due.checked_sub(Duration::from_millis(1)).unwrap());
    let early = world.sweep(&world.faults()).await.unwrap();
    let report = compared(&world, &deletion).await;

    assert_eq!(early, SweepReport::default());
    assert_eq!(
        report,
        SweepReport {
            due: 1,
            compared: 1,
            ..SweepReport::default()
        }
    );
    assert_eq!(world.end(&deletion), before, "nothing was wrong");
    assert_eq!(world.now(&deletion).due_at, deletion.purge_at);
    world.clock.advance(Duration::from_hours(24));
    assert_eq!(
        world.sweep(&world.faults()).await.unwrap(),
        SweepReport::default()
    );
}

#[tokio::test]
async fn a_document_that_an_outside_writer_put_back_is_found_and_marked_again() {
    let world = mail(3);
    let deletion = deleted(&world, "discussions", "d").await;
    put_document(&world, "messages", &message_key("d", 1), Some(&key("d")));
    put_document(&world, "discussions", &key("d"), None);

    let report = compared(&world, &deletion).await;

    assert_eq!((report.drift_found, report.drift_repaired), (2, 2));
    assert_eq!(of(&report, Drift::UnmarkedDocument), (2, 2));
    for (collection, record) in [("messages", message_key("d", 1)), ("discussions", key("d"))] {
        let ours = text(deletion.id);
        assert_eq!(world.marks(collection, &record), (ours.clone(), ours));
    }
}

#[tokio::test]
async fn before_the_purge_a_document_without_a_row_is_hidden_and_not_removed() {
    let world = mail(3);
    let deletion = deleted(&world, "discussions", "d").await;
    let record = message_key("d", 1);
    world.rows.remove(world.collection("messages"), &record);
    put_document(&world, "messages", &record, Some(&key("d")));

    let report = compared(&world, &deletion).await;

    assert_eq!(of(&report, Drift::DocumentWithoutRow), (1, 1));
    assert_eq!(world.marks("messages", &record), (None, text(deletion.id)));
    world.until_purge(&deletion);
    world.come_to_rest().await;
    assert_eq!(world.document("messages", &record), None);
}

#[tokio::test]
async fn a_re_created_record_is_counted_and_never_touched() {
    let world = mail(3);
    let deletion = deleted(&world, "discussions", "d").await;
    let record = message_key("d", 1);
    world.put("messages", &record, Some(&key("d")));
    world.put("discussions", &key("d"), None);
    let before = world.end(&deletion);

    let report = compared(&world, &deletion).await;

    assert_eq!(of(&report, Drift::Recreated), (2, 0));
    assert_eq!(report.drift_found, 0, "its owner does nothing wrong");
    assert_eq!(world.end(&deletion), before);
}

#[tokio::test]
async fn a_child_that_was_written_around_the_api_is_found_and_left_to_the_purge() {
    let world = four_levels();
    let deletion = deleted(&world, "lists", "l").await;
    world.put("messages", &key("l-late"), Some(&key2("l", "d3")));
    world.put("subscribers", &key2("l", "zoe"), Some(&key("l")));

    let report = compared(&world, &deletion).await;

    assert_eq!(of(&report, Drift::LiveChild), (2, 0));
    assert_eq!(
        world.marks("messages", &key("l-late")).0,
        Some(String::new())
    );
    world.until_purge(&deletion);
    world.come_to_rest().await;
    assert_eq!(purged(&world, &deletion), (17, 0, 0));
    assert_eq!(world.row("messages", &key("l-late")), None);
}

#[tokio::test]
async fn children_of_a_re_created_root_are_no_drift() {
    let world = mail(3);
    let deletion = deleted(&world, "discussions", "d").await;
    world.put("discussions", &key("d"), None);
    world.put("messages", &key2("d", "new"), Some(&key("d")));

    let report = compared(&world, &deletion).await;

    assert_eq!(of(&report, Drift::LiveChild), (0, 0));
    assert_eq!(report.compared, 1);
}

#[tokio::test]
async fn the_children_of_a_record_that_was_created_anew_elsewhere_are_no_drift_and_survive_the_purge()
 {
    let world = four_levels();
    let deletion = deleted(&world, "lists", "l").await;
    // The key of a message that is in the manifest, now below another list, and a reaction to it.
    let (message, reaction) = (key("l-d1-0"), key2("l-d1-0", "new"));
    world.put("messages", &message, Some(&key2("other", "d1")));
    world.put("reactions", &reaction, Some(&message));

    let report = compared(&world, &deletion).await;
    assert_eq!(of(&report, Drift::LiveChild), (0, 0));
    assert_eq!(of(&report, Drift::Recreated), (1, 0));
    world.until_purge(&deletion);
    world.come_to_rest().await;

    assert_eq!(world.now(&deletion).state, State::Purged);
    let live = Some(String::new());
    assert_eq!(
        world.marks("messages", &message),
        (live.clone(), live.clone())
    );
    assert_eq!(world.marks("reactions", &reaction).0, live);
    let report = compared(&world, &deletion).await;
    assert_eq!((report.compared, report.returned), (1, 0));
}

/// The look marks the message again in place, and what came below it meanwhile is its.
#[tokio::test]
async fn the_late_children_of_a_record_that_somebody_unmarked_are_purged_with_it() {
    for page_keys in [1, 3, 1000] {
        let mut world = four_levels();
        world.page_keys = page_keys;
        let deletion = deleted(&world, "lists", "l").await;
        let (message, reaction) = (key("l-d1-0"), key2("l-d1-0", "new"));
        world.put("messages", &message, Some(&key2("l", "d1")));
        world.put("reactions", &reaction, Some(&message));
        world.until_purge(&deletion);

        world.come_to_rest().await;

        assert_eq!(purged(&world, &deletion), (16, 0, 0), "{page_keys}");
        assert_eq!(world.row("reactions", &reaction), None, "{page_keys}");
    }
}

#[tokio::test]
async fn another_deletions_mark_is_no_drift() {
    let world = mail(3);
    world.accept("messages", &message_key("d", 1)).await;
    world.come_to_rest().await;
    let deletion = deleted(&world, "discussions", "d").await;
    let before = world.end(&deletion);

    let report = compared(&world, &deletion).await;

    assert!(report.drift.is_empty(), "{report:?}");
    assert_eq!(world.end(&deletion), before);
}

#[tokio::test]
async fn a_mark_that_a_restored_deletion_left_is_cleared_where_the_parent_exists() {
    let world = mail(3);
    let deletion = restored(&world, "discussions", "d").await;
    let (whole, document) = (message_key("d", 0), message_key("d", 1));
    put_marked(&world, &deletion, "messages", &whole);
    put_marked(&world, &deletion, "messages", &document);
    let live = world.live_row("messages", &document, Some(&key("d")));
    world.rows.put(world.collection("messages"), live);

    let report = compared(&world, &deletion).await;

    assert_eq!(of(&report, Drift::OrphanMark), (2, 2));
    for record in [whole, document] {
        let live = Some(String::new());
        assert_eq!(world.marks("messages", &record), (live.clone(), live));
    }
    assert_eq!(world.now(&deletion).due_at, None, "nothing waits");
}

#[tokio::test]
async fn a_mark_below_a_parent_that_is_gone_stays_until_purge_at_and_is_then_removed() {
    let world = four_levels();
    let deletion = deleted(&world, "lists", "l").await;
    let gone = key2("l", "d1");
    world.rows.remove(world.collection("discussions"), &gone);
    ask(&world, &deletion, Action::Restore).await;
    world.come_to_rest().await;
    assert_eq!(world.now(&deletion).state, State::Restored);
    let orphan = key("l-d1-0");
    let ours = text(deletion.id);
    assert_eq!(
        world.marks("messages", &orphan),
        (ours.clone(), ours.clone())
    );

    let report = compared(&world, &deletion).await;

    // Two messages and the document of their discussion.
    assert_eq!(of(&report, Drift::OrphanMark), (3, 0));
    assert_eq!(world.marks("messages", &orphan), (ours.clone(), ours));
    let purge_at = deletion.purge_at.unwrap();
    assert_eq!(world.now(&deletion).due_at, Some(purge_at));
    world
        .clock
        .set(purge_at.checked_sub(Duration::from_millis(1)).unwrap());
    world.sweep(&world.faults()).await.unwrap();
    assert!(world.row("messages", &orphan).is_some());

    let report = compared(&world, &deletion).await;

    assert_eq!(of(&report, Drift::OrphanMark), (3, 3));
    assert_eq!(world.marks("messages", &orphan), (None, None));
    assert_eq!(world.document("discussions", &gone), None);
    world.assert_every_document_has_its_row("after purge_at");
    let stands = world.now(&deletion);
    assert_eq!((stands.state, stands.due_at), (State::Restored, None));
    assert!(
        world.row("lists", &key("l")).is_some(),
        "what is back stays"
    );
}

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

#[tokio::test]
async fn what_a_cancelled_deletion_has_not_reached_is_no_drift() {
    let mut world = mail(6);
    world.page_keys = 2;
    let deletion = world.accept("discussions", &key("d")).await;
    let faults = world.faults();
    let beside = world.clone();
    faults.beside(Operation::PutPage, 1, Moment::After, move || {
        let deletion = beside.deletions.all().remove(0);
        at_once(ask(&beside, &deletion, Action::Cancel));
    });
    let _ = world.deliver(&faults, &deletion).await.unwrap();
    world.come_to_rest().await;
    assert_eq!(world.now(&deletion).state, State::Cancelled);
    put_document(&world, "discussions", &key("d"), None);

    let report = compared(&world, &deletion).await;

    assert_eq!(of(&report, Drift::UnmarkedDocument), (1, 1));
    assert_eq!((report.drift.len(), report.compared), (1, 1), "{report:?}");
    assert_eq!(world.now(&deletion).due_at, None);
}

#[tokio::test]
async fn a_parked_deletion_is_not_compared() {
    let world = mail(3);
    world
        .documents
        .reject("d\u{1f}m0001", "mapper_parsing_exception");
    let deletion = world.accept("discussions", &key("d")).await;
    world.come_to_rest().await;

    assert_eq!(world.now(&deletion).state, State::DeleteFailed);
    assert_eq!(world.now(&deletion).due_at, None);
}

/// A document that the index refuses stays as it is, is told, and holds nothing up.
#[tokio::test]
async fn a_document_that_cannot_be_repaired_is_told_and_holds_nothing_up() {
    let world = mail(3);
    let deletion = deleted(&world, "discussions", "d").await;
    put_document(&world, "messages", &message_key("d", 1), Some(&key("d")));
    world.documents.reject("d\u{1f}m0001", "for now");

    let report = compared(&world, &deletion).await;

    assert_eq!(of(&report, Drift::UnmarkedDocument), (1, 0));
    assert_eq!(report.compared, 1);
}

#[tokio::test]
async fn a_giant_is_compared_in_stretches_and_does_not_hold_up_the_small() {
    let mut world = mail(60);
    world.page_keys = 5;
    let giant = deleted(&world, "discussions", "d").await;
    let small = deleted(&world, "discussions", "other").await;
    put_document(&world, "messages", &message_key("d", 59), Some(&key("d")));
    until_due(&world, &small);
    let mut reports = Vec::new();
    let mut sweeps = 0;
    while !world.now(&giant).comparison.done || !world.now(&small).comparison.done {
        let faults = world.faults();
        faults.slow(Duration::from_secs(1));
        let report = world.sweep(&faults).await.unwrap();
        assert_eq!(report.errors, 0, "{report:?}");
        reports.push(report);
        sweeps += 1;
        assert!(sweeps < 40, "it never ends");
    }

    assert!(reports[0].comparing > 0, "{:?}", reports[0]);
    let found: u64 = reports.iter().map(|report| report.drift_found).sum();
    assert_eq!(found, 1, "told once over all stretches");
    let compared: usize = reports.iter().map(|report| report.compared).sum();
    assert_eq!(compared, 2);
}

#[tokio::test]
async fn what_is_due_for_its_purge_gets_its_time_beside_what_is_compared() {
    let mut world = mail(60);
    world.page_keys = 5;
    let giant = deleted(&world, "discussions", "d").await;
    let small = deleted(&world, "discussions", "other").await;
    compared(&world, &small).await;
    world.until_purge(&small);
    // The giant is purged at the same moment but for this.
    let mut stands = world.now(&giant);
    stands.revision += 1;
    stands.purge_at = None;
    stands.comparison = shared::domain::deletion::Comparison::default();
    stands.due_at = Some(world.clock.now());
    let _ = world.deletions.store(&stands).await.unwrap();
    let faults = world.faults();
    faults.slow(Duration::from_secs(1));

    let report = world.sweep(&faults).await.unwrap();

    assert_eq!(report.comparing, 1, "{report:?}");
    assert_eq!(report.purged + report.purging, 1, "{report:?}");
}

#[tokio::test]
async fn nothing_is_compared_while_the_search_domain_is_sick() {
    let world = mail(3);
    let deletion = deleted(&world, "discussions", "d").await;
    until_due(&world, &deletion);
    world.domain.set(Health::Sick("red".to_owned()));

    let report = world.sweep(&world.faults()).await.unwrap();
    world.domain.set(Health::Well);

    assert_eq!((report.put_off, report.compared), (1, 0));
    assert_eq!(compared(&world, &deletion).await.compared, 1);
}

#[tokio::test]
async fn two_sweeps_at_once_tell_of_drift_once() {
    for seed in 1..=25 {
        let mut world = four_levels();
        world.page_keys = 3;
        let deletion = deleted(&world, "lists", "l").await;
        put_document(&world, "messages", &key("l-d1-0"), Some(&key2("l", "d1")));
        until_due(&world, &deletion);
        let faults = world.faults();
        faults.interleave(seed);

        let (one, other) = tokio::join!(world.sweep(&faults), world.sweep(&faults));

        let (one, other) = (one.unwrap(), other.unwrap());
        assert_eq!(one.drift_found + other.drift_found, 1, "seed {seed}");
        assert_eq!(one.compared + other.compared, 1, "seed {seed}");
        assert_eq!(world.now(&deletion).due_at, deletion.purge_at);
    }
}

#[tokio::test]
async fn a_restore_that_passes_while_documents_are_marked_again_wins() {
    for operation in [
        Operation::DocumentStates,
        Operation::ReadRows,
        Operation::MarkDocuments,
    ] {
        for moment in [Moment::Before, Moment::After] {
            let world = mail(3);
            let deletion = deleted(&world, "discussions", "d").await;
            let record = message_key("d", 1);
            put_document(&world, "messages", &record, Some(&key("d")));
            until_due(&world, &deletion);
            let faults = world.faults();
            let beside = (world.clone(), deletion.clone());
            faults.beside(operation, 1, moment, move || {
                let (world, deletion) = beside;
                at_once(async {
                    ask(&world, &deletion, Action::Restore).await;
                    let _ = world.deliver(&world.faults(), &deletion).await.unwrap();
                });
            });

            world.sweep(&faults).await.unwrap();
            world.come_to_rest().await;

            let context = format!("{operation:?}, {moment:?}");
            assert_eq!(world.now(&deletion).state, State::Restored, "{context}");
            let live = Some(String::new());
            assert_eq!(
                world.marks("messages", &record),
                (live.clone(), live),
                "{context}"
            );
        }
    }
}

/// A world with all kinds of drift, at the moment of its comparison.
async fn drifted(state: State, page_keys: usize) -> (World, Deletion) {
    let mut world = small_tree();
    world.page_keys = page_keys;
    let deletion = deleted(&world, "lists", "l").await;
    let discussion = key2("l", "d1");
    match state {
        State::Deleted => {
            put_document(&world, "messages", &key("l-d1-0"), Some(&discussion));
            put_document(&world, "lists", &key("l"), None);
            world
                .rows
                .remove(world.collection("messages"), &key("l-d1-1"));
            put_document(&world, "messages", &key("l-d1-1"), Some(&discussion));
            world.put("subscribers", &key2("l", "late"), Some(&key("l")));
        }
        State::Restored => {
            world
                .rows
                .remove(world.collection("discussions"), &discussion);
            ask(&world, &deletion, Action::Restore).await;
            world.come_to_rest().await;
            put_marked(&world, &deletion, "subscribers", &key2("l", "bob"));
        }
        _ => {
            world.until_purge(&deletion);
            world.come_to_rest().await;
            put_document(&world, "messages", &key("l-d1-0"), Some(&discussion));
            put_document(&world, "lists", &key("l"), None);
            world.put("subscribers", &key2("l", "late"), Some(&key("l")));
        }
    }
    assert_eq!(world.now(&deletion).state, state);
    until_due(&world, &deletion);
    (world, deletion)
}

fn cuts(log: &[Call]) -> Vec<(u64, Moment)> {
    let all = log
        .iter()
        .flat_map(|call| Moment::ALL.map(|moment| (call, moment)));
    all.filter(|(call, moment)| *moment != Moment::Midway || call.items > 1)
        .map(|(call, moment)| (call.number, moment))
        .collect()
}

/// Sweeps until nothing is due before the day is over.
async fn settled(world: &World) -> Value {
    for _ in 0..40 {
        world.clock.advance(Duration::from_mins(1));
        world.sweep(&world.faults()).await.unwrap();
        world.deliver_all().await;
    }
    let stands = world.deletions.all().remove(0);
    let end = world.end(&stands);
    json!([
        end.state,
        end.counts,
        end.rows,
        end.documents,
        stands.comparison.done,
        stands.comparison.waiting,
        stands.due_at.is_some(),
        end.manifest.len(),
        stands.comparison.returns
    ])
}

#[tokio::test]
async fn a_comparison_that_is_killed_at_any_call_ends_like_an_undisturbed_one() {
    for state in [State::Deleted, State::Restored, State::Purged] {
        for page_keys in [1, 1000] {
            let (world, _) = drifted(state, page_keys).await;
            let faults = world.faults();
            let report = world.sweep(&faults).await.unwrap();
            assert!(report.drift_found > 0, "{state}: {report:?}");
            let calls = faults.log();
            let expected = settled(&world).await;
            for (call, moment) in cuts(&calls) {
                let context = format!(
                    "{state}, pages of {page_keys}, killed at call {call} of {}, {moment:?}",
                    calls.len()
                );
                let (world, _) = drifted(state, page_keys).await;
                let faults = world.faults();
                faults.crash_at(call, moment);
                let answer = faults.until_crash(world.sweep(&faults)).await;
                assert!(answer.is_none(), "{context}: it is dead");

                assert_eq!(settled(&world).await, expected, "{context}");
            }
        }
    }
}

#[tokio::test]
async fn a_call_of_a_comparison_that_fails_once_changes_nothing_in_the_end() {
    for state in [State::Deleted, State::Restored, State::Purged] {
        let (world, _) = drifted(state, 2).await;
        let faults = world.faults();
        world.sweep(&faults).await.unwrap();
        let calls = faults.log();
        let expected = settled(&world).await;
        for (call, moment) in cuts(&calls) {
            let context = format!("{state}, call {call} of {}, {moment:?}", calls.len());
            let (world, _) = drifted(state, 2).await;
            let faults = world.faults();
            faults.fail_any(call..=call, Fault::Unavailable(moment));
            let _ = world.sweep(&faults).await;

            assert_eq!(settled(&world).await, expected, "{context}");
        }
    }
}
