//! What the first builds were in the middle of is carried on, and told once.

use std::time::Duration;

use domain::certificate::{Recount, Verdict};
use domain::collection::Strategy;
use domain::deletion::{Action, DeleteCounts, DeletionId, State};
use domain::page::Exceptions;
use engine::Advanced;
use ports::ReadDeletions;

use super::{Frozen, id};
use crate::on_tables::OnTables;

/// What its deletion stands in, and the end of its id.
const STATES: [(State, &str); 6] = [
    (State::Purged, "0001"),
    (State::Purging, "0003"),
    (State::Deleted, "0007"),
    (State::DeleteFailed, "0009"),
    (State::Deleting, "000b"),
    (State::PendingDelete, "000d"),
];

struct Early {
    world: OnTables,
    id: DeletionId,
}

/// The deletion in this state, past any lease.
fn early(state: State) -> Early {
    let frozen = Frozen::of_first_builds();
    let world = frozen.world("r-help");
    world.clock.advance(Duration::from_mins(5));
    let (_, end) = STATES.iter().find(|(of, _)| *of == state).unwrap();
    Early {
        world,
        id: id(&frozen, end),
    }
}

impl Early {
    async fn advance(&self) -> Advanced {
        self.world
            .deliver(&self.world.faults(), self.id)
            .await
            .unwrap()
    }

    async fn deleted(&self, collection: &str) -> DeleteCounts {
        self.world.read(self.id).await.deleted[collection]
    }

    /// What the bus was told of it, in order.
    fn told(&self) -> Vec<String> {
        let id = self.id.to_string();
        let events = self.world.events.published();
        let about = events
            .iter()
            .filter(|event| event.detail["deletion_id"] == id.as_str());
        about.map(|event| event.kind.to_string()).collect()
    }

    /// How many rows carry its mark.
    fn marked(&self) -> usize {
        let id = self.id.to_string();
        let all = ["discussions", "messages"]
            .map(|name| self.world.items(name))
            .concat();
        all.iter()
            .filter(|item| {
                item.get("deletion_id")
                    .is_some_and(|by| by["S"] == id.as_str())
            })
            .count()
    }
}

fn all_deleted(records: u64) -> DeleteCounts {
    DeleteCounts {
        selected: records,
        deleted: records,
        ..DeleteCounts::default()
    }
}

#[tokio::test]
async fn a_deletion_without_the_fields_that_were_added_since_is_read() {
    for (state, _) in STATES {
        let Early { world, id } = early(state);

        let deletion = world.read(id).await;

        assert_eq!(deletion.state, state);
        assert_eq!(
            (deletion.strategy, deletion.restorable),
            (Strategy::Flag, true)
        );
        assert!(deletion.root.is_some() && deletion.restored.is_empty());
        let delete = &deletion.notified.delete;
        assert_eq!(
            (delete.first, delete.by.as_deref()),
            (1, Some("ada")),
            "{state}"
        );
        let is_over = !matches!(state, State::PendingDelete | State::Deleting);
        assert_eq!(delete.ended.is_some(), is_over, "{state}");
        assert_eq!(delete.finished, is_over, "{state}");
        let is_purge = matches!(state, State::Purging | State::Purged);
        assert_eq!(deletion.notified.purge.run > 0, is_purge, "{state}");
        let mut recount = Recount::begin(id);
        let page = world.deletions().page(&deletion.tenant, id, 1).await;
        recount.add(&deletion, &page.unwrap().unwrap(), &Exceptions::default());
        assert_eq!(recount.verdict(&deletion), Verdict::NoHead, "{state}");
    }
}

#[tokio::test]
async fn one_that_nobody_had_begun_is_done_and_counted() {
    let early = early(State::PendingDelete);

    let advanced = early.advance().await;

    assert_eq!(advanced, Advanced::Ended(State::Deleted));
    assert_eq!(early.deleted("discussions").await, all_deleted(1));
    assert_eq!(early.deleted("messages").await, all_deleted(4));
    assert_eq!(early.marked(), 5);
    let records = ["RecordsDeleted"; 3];
    let told = [&["DeletionAccepted"][..], &records, &["DeletionFinished"]].concat();
    assert_eq!(early.told(), told);
}

#[tokio::test]
async fn one_that_was_under_way_is_done_and_told_once() {
    let early = early(State::Deleting);

    let advanced = early.advance().await;

    assert_eq!(advanced, Advanced::Ended(State::Deleted));
    assert_eq!(early.deleted("discussions").await, all_deleted(1));
    assert_eq!(early.deleted("messages").await, all_deleted(4));
    assert_eq!(early.marked(), 5);
    // That it was accepted had been told; the root's page had not.
    let told = [
        "RecordsDeleted",
        "RecordsDeleted",
        "RecordsDeleted",
        "DeletionFinished",
    ];
    assert_eq!(early.told(), told);
}

#[tokio::test]
async fn one_that_was_being_purged_is_purged() {
    let early = early(State::Purging);

    let advanced = early.advance().await;

    assert_eq!(advanced, Advanced::Ended(State::Purged));
    let deletion = early.world.read(early.id).await;
    let purged = |name: &str| deletion.purged[name].purged;
    assert_eq!((purged("discussions"), purged("messages")), (1, 4));
    assert_eq!(early.marked(), 0);
    let told = [
        "RecordsPurged",
        "RecordsPurged",
        "RecordsPurged",
        "DeletionFinished",
    ];
    assert_eq!(early.told(), told);
}

#[tokio::test]
async fn one_that_was_deleted_is_purged_when_its_time_comes_and_not_told_again() {
    let early = early(State::Deleted);
    let purge_at = early.world.read(early.id).await.purge_at.unwrap();
    early.world.clock.set(purge_at);

    early.world.sweep(&early.world.faults()).await;
    assert_eq!(early.advance().await, Advanced::Ended(State::Purged));

    let deletion = early.world.read(early.id).await;
    assert_eq!(deletion.state, State::Purged);
    assert_eq!(early.marked(), 0);
    let told = [
        "RecordsPurged",
        "RecordsPurged",
        "RecordsPurged",
        "DeletionFinished",
    ];
    assert_eq!(early.told(), told);
}

#[tokio::test]
async fn one_that_was_deleted_can_be_restored() {
    let early = early(State::Deleted);
    let (world, id) = (&early.world, early.id);

    world.act(&world.faults(), id, Action::Restore).await;
    let advanced = early.advance().await;

    assert_eq!(advanced, Advanced::Ended(State::Restored));
    assert_eq!(early.marked(), 0);
    let messages = world.items("messages");
    let second = messages
        .iter()
        .find(|item| item["discussion_id"]["S"] == "deleted" && item["message_id"]["S"] == "m2");
    assert_eq!(
        second.unwrap()["date_delete"]["NULL"],
        true,
        "as it was before"
    );
}

#[tokio::test]
async fn one_that_had_failed_can_be_tried_again() {
    let early = early(State::DeleteFailed);
    let (world, id) = (&early.world, early.id);

    world.act(&world.faults(), id, Action::Retry).await;
    let advanced = early.advance().await;

    assert_eq!(advanced, Advanced::Ended(State::DeleteFailed));
    let failed = DeleteCounts {
        selected: 5,
        deleted: 4,
        failed: 1,
        ..DeleteCounts::default()
    };
    assert_eq!(early.deleted("messages").await, failed);
    assert_eq!(early.told(), ["DeletionFinished"]);
}

#[tokio::test]
async fn one_that_was_purged_is_compared_and_its_pages_go() {
    let early = early(State::Purged);
    let due_at = early.world.read(early.id).await.due_at.unwrap();
    early.world.clock.set(due_at);

    // The events of its end are owed: first these, then the comparison.
    early.world.sweep(&early.world.faults()).await;
    early.world.clock.advance(Duration::from_mins(11));
    early.world.sweep(&early.world.faults()).await;

    let deletion = early.world.read(early.id).await;
    assert!(deletion.comparison.done && deletion.expires_at.is_some());
    let control = early.world.tables.control_items();
    let left: Vec<_> = control
        .iter()
        .filter(|item| {
            item["pk"]["S"]
                .as_str()
                .unwrap()
                .ends_with(&early.id.to_string())
        })
        .map(|item| item["sk"]["S"].as_str().unwrap())
        .collect();
    assert_eq!(left, ["META"]);
    assert_eq!(early.told(), ["DeletionFinished"]);
}
