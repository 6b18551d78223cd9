//! Compare and repair: what others do to the stores after a pass has ended is found, and made good where it may be.

use domain::deletion::comparison::Drift;
use domain::deletion::{Action, Deletion, State};
use domain::key::RecordKey;
use engine::SweepReport;
use ports::{ChangeDeletions, Clock, Health};
use std::time::Duration;
use testing::samples::{key, key2};
use testing::{Moment, Operation};

use crate::engine::purge::purges::{deleted, purged};
use crate::engine::world::trees::{four_levels, mail, message_key};
use crate::engine::world::{World, after, at_once, text};

/// Lets the time of the comparison come, and sweeps once.
pub(crate) async fn compared(world: &World, deletion: &Deletion) -> SweepReport {
    until_due(world, deletion);
    let report = world.sweep(&world.faults()).await.unwrap();
    assert_eq!(report.errors, 0, "{report:?}");
    report
}

pub(crate) fn until_due(world: &World, deletion: &Deletion) {
    let due = world.now(deletion).due_at.expect("it is due once more");
    world.clock.set(due.max(world.clock.now()));
}

/// Found and repaired, of this kind.
pub(crate) fn of(report: &SweepReport, drift: Drift) -> (u64, u64) {
    let tally = report.drift.get(&drift).copied().unwrap_or_default();
    (tally.found, tally.repaired)
}

/// A deletion that is purged and not compared.
pub(crate) async fn purged_world(world: &World) -> Deletion {
    let deletion = deleted(world, "discussions", "d").await;
    compared(world, &deletion).await;
    world.until_purge(&deletion);
    world.come_to_rest().await;
    assert_eq!(world.now(&deletion).state, State::Purged);
    deletion
}

/// A deletion that is restored and not compared.
pub(crate) async fn restored(world: &World, collection: &str, root: &str) -> Deletion {
    let deletion = deleted(world, collection, root).await;
    world.act_and_rest(&deletion, Action::Restore).await;
    assert_eq!(world.now(&deletion).state, State::Restored);
    deletion
}

/// An outside writer puts a document of this record, without a mark.
pub(crate) fn put_document(
    world: &World,
    collection: &str,
    record: &RecordKey,
    parent: Option<&RecordKey>,
) {
    let source = world.live_row(collection, record, parent);
    let declared = world.collection(collection);
    let id = crate::engine::world::document_id(declared, record).expect("it has one");
    world.documents.put(declared, &id, source);
}

/// Puts this deletion's mark on a record in both stores, as a crash or a backup might leave it.
pub(crate) fn put_marked(world: &World, deletion: &Deletion, collection: &str, record: &RecordKey) {
    let parent = record.partition.as_str();
    let row = world.live_row(collection, record, Some(&key(parent)));
    let declared = world.collection(collection);
    let row = testing::samples::marked(declared, row, &deletion.mark());
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
    world.act_and_rest(&deletion, Action::Restore).await;
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
async fn what_a_cancelled_deletion_has_not_reached_is_no_drift() {
    let mut world = mail(6);
    world.page_keys = 2;
    let deletion = world.accept("discussions", &key("d")).await;
    let faults = world.faults();
    let beside = world.clone();
    faults.beside(Operation::PutPage, 1, Moment::After, move || {
        let deletion = beside.deletions.all().remove(0);
        at_once(beside.act(&deletion, Action::Cancel)).unwrap();
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
    stands.comparison = domain::deletion::Comparison::default();
    stands.due_at = Some(world.clock.now());
    let _ = world.deletions.store(&stands).await.unwrap();
    let faults = world.faults();
    faults.slow(Duration::from_secs(1));

    let report = world.sweep(&faults).await.unwrap();

    assert_eq!(report.comparing, 1, "{report:?}");
    assert_eq!(report.purging, 1, "{report:?}");
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
