//! What a later version wrote is left alone: not read as far as it goes, not written over, not removed; and what is not of
//! a later version goes on.

use std::time::Duration;

use domain::deletion::{Action, DeletionId, KNOWN, State};
use domain::key::RecordKey;
use domain::row::Mark;
use engine::Advanced;
use engine::SweepReport;
use ports::{ArchiveRows, Attempt, Clock, DependencyError, RowToCopy};
use requests::act::ActError;
use serde_json::json;
use testing::samples::key2;
use testing::{Fault, Moment, Operation};

use super::{Frozen, Item, id, sorted};
use crate::on_tables::OnTables;

const DELETED: &str = "0001";
const PURGE_FAILED: &str = "0003";
const ARCHIVED: &str = "0008";

/// Everything that is stored, byte for byte.
fn stored(world: &OnTables) -> Vec<Vec<Item>> {
    let tables = &world.tables;
    let rows = [
        "discussions",
        "messages",
        "streams",
        "stream_messages",
        "reactions",
    ];
    let mut all: Vec<_> = rows.iter().map(|name| sorted(world.items(name))).collect();
    all.push(sorted(tables.control_items()));
    all.push(sorted(tables.items(&tables.archive())));
    all
}

fn set_version(item: &mut Item, version: u32) {
    item.insert("v".to_owned(), json!({ "N": version.to_string() }));
}

fn assert_newer<T: std::fmt::Debug>(answer: Result<T, DependencyError>) {
    let error = answer.expect_err("it is left alone");
    assert!(error.is_newer && !error.retryable, "{error:?}");
}

#[tokio::test]
async fn whatever_is_asked_of_deletions_of_a_later_version_nothing_of_them_changes() {
    let mut frozen = Frozen::v1();
    let ids = [DELETED, PURGE_FAILED, ARCHIVED].map(|end| id(&frozen, end));
    let all = frozen.control.iter_mut().chain(&mut frozen.archive);
    all.for_each(|item| set_version(item, KNOWN + 1));
    let world = frozen.world("acme");
    world.clock.advance(Duration::from_hours(40 * 24));
    let before = stored(&world);
    let plain = world.faults();

    let swept = world.sweep(&plain).await;
    for id in ids {
        assert_newer(world.deliver(&plain, id).await);
        for action in Action::ALL {
            let acted = world.try_act(&plain, id, action).await;
            assert!(matches!(acted, Err(ActError::Dependency(error)) if error.is_newer));
        }
    }

    let expected = SweepReport {
        due: 2,
        newer: 2,
        ..SweepReport::default()
    };
    assert_eq!(swept, expected);
    assert_eq!(stored(&world), before);
    assert_eq!(world.events.published(), []);
    assert!(world.queue.is_empty());
}

/// Puts another version into the item of a deletion with this sort key.
fn change(world: &OnTables, id: DeletionId, sk: &str, version: u32) {
    let tables = &world.tables;
    let items = tables.control_items().into_iter();
    let mut found: Vec<Item> = items
        .filter(|item| item["pk"]["S"].as_str().unwrap().ends_with(&id.to_string()))
        .filter(|item| item["sk"]["S"] == sk)
        .collect();
    let item = found.first_mut().expect("there is such an item");
    set_version(item, version);
    tables.put_item(&tables.control(), item);
}

#[tokio::test]
async fn a_deletion_of_which_one_part_is_of_a_later_version_waits_for_that_version() {
    let cases = [
        (PURGE_FAILED, Action::Retry, "SCOPE", State::Purged),
        (PURGE_FAILED, Action::Retry, "P#00000003", State::Purged),
        (PURGE_FAILED, Action::Retry, "X#00000002", State::Purged),
        (ARCHIVED, Action::Restore, "P#00000001", State::Restored),
        (ARCHIVED, Action::Restore, "R#00000001", State::Restored),
    ];
    for (end, action, sk, ended) in cases {
        let frozen = Frozen::v1();
        let (world, id) = (frozen.world("acme"), id(&frozen, end));
        let plain = world.faults();
        change(&world, id, sk, KNOWN + 1);
        let acted = world.act(&plain, id, action).await;
        let before = part(&world, id, sk);

        // As often as a queue delivers a message, and more often than a deletion is tried.
        for _ in 0..6 {
            assert_newer(world.deliver(&plain, id).await);
        }

        let waiting = world.read(id).await;
        assert_eq!((waiting.state, waiting.attempts), (acted.state, 0), "{sk}");
        assert_eq!(waiting.failure.unwrap().code, "NEWER_VERSION", "{sk}");
        assert!(waiting.lease.is_none() && waiting.due_at.is_some(), "{sk}");
        assert_eq!(part(&world, id, sk), before, "{sk}");
        // The version comes that can read it.
        change(&world, id, sk, 1);
        let advanced = world.deliver(&plain, id).await.unwrap();
        assert_eq!(advanced, Advanced::Ended(ended), "{sk}");
    }
}

/// The others go on, and this one is due again.
async fn assert_skipped(world: &OnTables, id: DeletionId, what: &str) {
    let swept = world.sweep(&world.faults()).await;

    let told = (swept.newer, swept.errors, swept.due, swept.compared);
    assert_eq!(told, (1, 0, 2, 1), "{what}: {swept:?}");
    let stands = world.read(id).await;
    assert!(stands.due_at.is_some() && stands.lease.is_none(), "{what}");
}

#[tokio::test]
async fn a_sweep_skips_what_a_later_version_wrote_a_part_of_and_goes_on_with_the_others() {
    let frozen = Frozen::v1();
    // What is told of a purge.
    let (world, purged) = (frozen.world("acme"), id(&frozen, PURGE_FAILED));
    world.act(&world.faults(), purged, Action::Retry).await;
    let faults = world.faults();
    faults.fail(Operation::Publish, .., Fault::Unavailable(Moment::Before));
    let ended = world.deliver(&faults, purged).await.unwrap();
    assert_eq!(ended, Advanced::Ended(State::Purged));
    change(&world, purged, "P#00000002", KNOWN + 1);
    world.clock.advance(Duration::from_mins(2));
    assert_skipped(&world, purged, "events").await;

    // What is compared.
    let (world, archived) = (frozen.world("acme"), id(&frozen, ARCHIVED));
    change(&world, archived, "P#00000002", KNOWN + 1);
    world.clock.advance(Duration::from_mins(20));
    assert_skipped(&world, archived, "compare").await;
    assert_eq!(world.read(archived).await.state, State::Deleted);

    // What is purged.
    let (mut frozen, world) = (Frozen::v1(), frozen.world("acme"));
    let copy = frozen.archive.last_mut().unwrap();
    set_version(copy, 2);
    world.tables.put_item(&world.tables.archive(), copy);
    world
        .clock
        .set(world.read(archived).await.purge_at.unwrap());
    let swept = world.sweep(&world.faults()).await;
    assert_eq!((swept.newer, swept.errors, swept.purging), (0, 0, 2));
    assert_newer(world.deliver(&world.faults(), archived).await);
    let stands = world.read(archived).await;
    assert_eq!(stands.state, State::Purging);
    assert_eq!(stands.failure.unwrap().code, "NEWER_VERSION");
    assert!(world.tables.items(&world.tables.archive()).contains(copy));
}

fn part(world: &OnTables, id: DeletionId, sk: &str) -> Vec<Item> {
    let mut items = world.tables.control_items();
    items.retain(|item| {
        item["pk"]["S"].as_str().unwrap().ends_with(&id.to_string()) && item["sk"]["S"] == sk
    });
    items
}

#[tokio::test]
async fn a_copy_of_a_later_version_is_neither_put_back_nor_written_over_nor_removed() {
    let mut frozen = Frozen::v1();
    frozen
        .archive
        .iter_mut()
        .for_each(|item| set_version(item, KNOWN + 1));
    let (world, id) = (frozen.world("acme"), id(&frozen, ARCHIVED));
    let (rows, messages) = (world.rows(), world.collection("stream_messages"));
    let (plain, before) = (world.faults(), world.tables.items(&world.tables.archive()));
    world.act(&plain, id, Action::Restore).await;

    assert_newer(world.deliver(&plain, id).await);
    assert_newer(rows.copies(messages, id, &[key2("s", "001")]).await);
    assert_newer(rows.drop_copies(messages, id, &[key2("s", "001")]).await);
    let live = whole(&world, &key2("s", "002")).await;
    for again in [false, true] {
        let mut stored = live.clone();
        std::sync::Arc::make_mut(&mut stored).row.key = key2("s", "001");
        let mark = Mark {
            deleted_at: world.clock.now(),
            deleted_by: "ada".to_owned(),
            deletion_id: id,
            purge_at: None,
            written_at: world.clock.now(),
            adopts: false,
        };
        let copy = [RowToCopy { stored, again }];
        let copied = rows
            .copy(messages, &world.principal.tenant, &mark, &copy)
            .await;
        if again {
            assert_newer(copied);
        } else if let Ok(outcomes) = copied {
            assert!(matches!(
                outcomes[..],
                [Attempt::Done(ports::CopyOutcome::Earlier)]
            ));
        }
    }

    let after = world.tables.items(&world.tables.archive());
    assert_eq!(sorted(after), sorted(before));
    assert_eq!(world.read(id).await.state, State::Restoring);
}

type Whole = std::sync::Arc<ports::Stored<<aws::DynamoRows as ArchiveRows>::Whole>>;

async fn whole(world: &OnTables, key: &RecordKey) -> Whole {
    let rows = world.rows();
    let read = rows.whole(
        world.collection("stream_messages"),
        std::slice::from_ref(key),
    );
    match read.await.unwrap().remove(0) {
        Attempt::Done(Some(row)) => row,
        other => panic!("it is there: {other:?}"),
    }
}

#[tokio::test]
async fn a_body_in_a_form_of_a_later_version_is_left_alone_too() {
    let mut frozen = Frozen::v1();
    let page = frozen
        .control
        .iter_mut()
        .find(|item| item["sk"]["S"] == "P#00000003")
        .unwrap();
    // Another format byte before the payload.
    page.insert("body".to_owned(), json!({ "B": "AgAA" }));
    let (world, id) = (frozen.world("acme"), id(&frozen, PURGE_FAILED));
    world.act(&world.faults(), id, Action::Retry).await;

    assert_newer(world.deliver(&world.faults(), id).await);
}
