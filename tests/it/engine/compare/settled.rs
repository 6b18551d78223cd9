//! When a comparison is over for good, and what is dropped then.

use std::sync::Arc;
use std::time::Duration;

use domain::collection::Collections;
use domain::deletion::{Action, Deletion, State};
use ports::Clock;
use testing::Operation;
use testing::samples::{COLLECTIONS, key};

use crate::engine::bulk::world::{chat, message};
use crate::engine::compare::compares::{compared, put_marked, restored, until_due};
use crate::engine::purge::purges::deleted;
use crate::engine::world::trees::{mail, message_key};
use crate::engine::world::{World, text};

/// A restored deletion with marks that have to wait for `purge_at`: its root is gone, its messages are still marked.
async fn with_marks_left(messages: usize) -> (World, Deletion) {
    let mut world = mail(messages);
    world.page_keys = 5;
    let deletion = restored(&world, "discussions", "d").await;
    world
        .rows
        .remove(world.collection("discussions"), &key("d"));
    for n in 0..messages {
        put_marked(&world, &deletion, "messages", &message_key("d", n));
    }
    (world, deletion)
}

async fn sweep_for_an_hour(world: &World) {
    for _ in 0..60 {
        world.clock.advance(Duration::from_mins(1));
        world.sweep(&world.faults()).await.unwrap();
    }
}

#[tokio::test]
async fn a_comparison_that_purge_at_cuts_leaves_no_mark_behind() {
    let (world, deletion) = with_marks_left(60).await;
    let purge_at = deletion.purge_at.unwrap();
    // Nobody has swept until then.
    world
        .clock
        .set(purge_at.checked_sub(Duration::from_secs(10)).unwrap());
    let faults = world.faults();
    faults.slow(Duration::from_secs(1));
    let report = world.sweep(&faults).await.unwrap();
    assert_eq!(report.comparing, 1, "{report:?}");
    assert!(world.now(&deletion).comparison.waiting > 0);
    assert!(world.clock.now() > purge_at);

    sweep_for_an_hour(&world).await;

    for n in 0..60 {
        let left = world.marks("messages", &message_key("d", n));
        assert_eq!(left, (None, None), "message {n}");
    }
    let stands = world.now(&deletion);
    assert_eq!((stands.due_at, stands.comparison.waiting), (None, 0));
}

#[tokio::test]
async fn a_restored_deletion_keeps_its_certificate_and_loses_its_pages_after_the_last_look() {
    let world = mail(3);
    let deletion = restored(&world, "discussions", "d").await;
    let before = world.now(&deletion);

    let report = compared(&world, &deletion).await;

    assert_eq!((report.compared, report.tidied), (1, 1));
    assert!(world.deletions.manifest(&deletion).is_empty());
    assert_eq!(world.deletions.items(), 0);
    let stands = world.now(&deletion);
    assert_eq!((stands.state, stands.due_at), (State::Restored, None));
    assert!(stands.expires_at.is_some());
    assert_eq!(
        (stands.pages, stands.restored),
        (before.pages, before.restored)
    );
}

#[tokio::test]
async fn a_restored_deletion_with_a_conflict_keeps_its_pages_until_purge_at() {
    let world = mail(3);
    let deletion = deleted(&world, "discussions", "d").await;
    let lost = message_key("d", 1);
    world.rows.remove(world.collection("messages"), &lost);
    let messages = world.collection("messages").clone();
    world.documents.forget(&messages, "d\u{1f}m0001");
    world.act_and_rest(&deletion, Action::Restore).await;

    compared(&world, &deletion).await;

    let stands = world.now(&deletion);
    assert_eq!(
        (stands.state, stands.due_at),
        (State::Restored, stands.purge_at)
    );
    assert!(!world.deletions.manifest(&deletion).is_empty());
    until_due(&world, &deletion);
    world.sweep(&world.faults()).await.unwrap();
    assert!(world.deletions.manifest(&deletion).is_empty());
    assert_eq!(world.now(&deletion).due_at, None);
}

#[tokio::test]
async fn the_certificate_says_how_many_pages_there_were_however_often_tidying_is_cut() {
    let mut world = mail(20);
    world.page_keys = 2;
    let deletion = deleted(&world, "discussions", "d").await;
    world.until_purge(&deletion);
    world.come_to_rest().await;
    let before = world.now(&deletion);
    assert_eq!(before.state, State::Purged);
    until_due(&world, &deletion);
    let faults = world.faults();
    faults.slow_at(Operation::DropPage, Duration::from_secs(8));

    let report = world.sweep(&faults).await.unwrap();

    assert_eq!((report.compared, report.tidied), (1, 0), "{report:?}");
    let stands = world.now(&deletion);
    let left = u32::try_from(world.deletions.manifest(&deletion).len()).unwrap();
    assert!(left > 0 && left < before.pages, "{left}");
    assert_eq!(
        (stands.pages, stands.comparison.dropped),
        (before.pages, before.pages - left)
    );
    sweep_for_an_hour(&world).await;
    let stands = world.now(&deletion);
    assert!(world.deletions.manifest(&deletion).is_empty());
    assert_eq!((stands.pages, stands.chain), (before.pages, before.chain));
}

#[tokio::test]
async fn a_comparison_of_records_that_no_file_declares_any_more_is_given_up_after_a_day() {
    for state in [State::Deleted, State::Purged, State::Restored] {
        let mut world = mail(3);
        let deletion = deleted(&world, "discussions", "d").await;
        match state {
            State::Restored => drop(world.act_and_rest(&deletion, Action::Restore).await),
            State::Purged => {
                world.until_purge(&deletion);
                world.come_to_rest().await;
            }
            _ => {}
        }
        assert_eq!(world.now(&deletion).state, state);
        let from = COLLECTIONS.find("[messages]").unwrap();
        world.collections = Arc::new(Collections::for_tests(&COLLECTIONS[..from]));
        until_due(&world, &deletion);

        let report = world.sweep(&world.faults()).await.unwrap();
        assert_eq!((report.errors, report.compared), (1, 0), "{state}");
        assert!(
            !world.now(&deletion).comparison.done,
            "{state}: it may come back"
        );
        world.clock.advance(world.patience.fail_after);
        world.sweep(&world.faults()).await.unwrap();
        world.clock.advance(Duration::from_mins(2));
        world.sweep(&world.faults()).await.unwrap();

        let stands = world.now(&deletion);
        let failure = stands.comparison.failure.clone().expect("a reason");
        assert_eq!(failure.code, "COLLECTION_UNKNOWN", "{state}");
        let due = match state {
            State::Deleted => stands.purge_at,
            _ => None,
        };
        assert_eq!(stands.due_at, due, "{state}");
    }
}

#[tokio::test]
async fn what_a_restore_has_left_marked_is_hidden_in_its_document_too() {
    let world = chat();
    world.documents.reject("s~s0", "mapper_parsing_exception");
    let deletion = world.destroy_ids(&["s0"]).await;
    world.come_to_rest().await;
    world.documents.accept("s~s0");
    // The row is marked, the document is not.
    assert_eq!(world.now(&deletion).state, State::DeleteFailed);
    world.delete_and_rest("streams", &key("s")).await;
    let left = world.act_and_rest(&deletion, Action::Restore).await;
    let (id, live) = (text(deletion.id), Some(String::new()));
    assert_eq!(left.state, State::Restored);
    assert_eq!(world.marks("messages", &message("s0")), (id.clone(), live));

    compared(&world, &deletion).await;

    assert_eq!(world.marks("messages", &message("s0")), (id.clone(), id));
    assert_eq!(
        world.now(&deletion).comparison.waiting,
        3,
        "with its reactions"
    );
}
