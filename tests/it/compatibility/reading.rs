//! Each kind of item, and what can still be done with it.

use domain::certificate::{Recount, Verdict};
use domain::collection::Strategy;
use domain::deletion::{Action, Deletion, DeletionId, Pass, State};
use domain::effects::Audience;
use domain::message::DeletionMessage;
use domain::page::{Exceptions, Judged, NotPurged, NotRestored, Outcome, Page};
use domain::scope::Source;
use engine::Advanced;
use ports::{ReadDeletions, StoreNotices};
use testing::samples::{key, key2};

use super::{Frozen, id, sorted};
use crate::on_tables::OnTables;

/// The deletion of discussion `d`: in its first delete a record failed, the retry did it; its restore and then its purge
/// ended with a record that failed.
fn of_discussion(frozen: &Frozen) -> DeletionId {
    id(frozen, "0003")
}

/// The deletion of three messages of a stream by their ids, of which one was not there.
fn of_ids(frozen: &Frozen) -> DeletionId {
    id(frozen, "0008")
}

async fn manifest(world: &OnTables, deletion: &Deletion) -> Vec<(Page, Exceptions)> {
    let (store, tenant) = (world.deletions(), &deletion.tenant);
    let mut manifest = Vec::new();
    for number in 1..=deletion.pages {
        let page = store.page(tenant, deletion.id, number).await.unwrap();
        let exceptions = store.exceptions(tenant, deletion.id, number).await;
        manifest.push((page.unwrap(), exceptions.unwrap().unwrap_or_default()));
    }
    manifest
}

#[test]
fn messages_of_version_1_are_read() {
    let sent = [Frozen::v1(), Frozen::of_first_builds()].map(|frozen| frozen.sent);

    let read = sent.concat();
    let read: Vec<_> = read
        .iter()
        .map(|body| DeletionMessage::parse(body).unwrap())
        .collect();

    assert_eq!(read.len(), 9);
    let frozen = Frozen::v1();
    assert_eq!(read[1].deletion_id, of_discussion(&frozen));
    assert_eq!(read[1].tenant.as_str(), "acme");
    assert_eq!(read[1].root, Some(key("d")));
    assert_eq!(
        (read[2].deletion_id, &read[2].root),
        (of_ids(&frozen), &None)
    );
}

#[tokio::test]
async fn a_deletion_of_version_1_is_read() {
    let frozen = Frozen::v1();
    let world = frozen.world("acme");

    let deletion = world.read(of_discussion(&frozen)).await;

    assert_eq!(deletion.state, State::PurgeFailed);
    assert_eq!(
        (deletion.strategy, deletion.restorable),
        (Strategy::Flag, true)
    );
    assert_eq!(deletion.root, Some(key("d")));
    assert_eq!((deletion.pages, deletion.acted, deletion.run), (4, 4, 4));
    let deleted = &deletion.deleted["messages"];
    assert_eq!(
        (deleted.deleted, deleted.already_deleted, deleted.missing),
        (4, 1, 1)
    );
    let restored = &deletion.restored["messages"];
    assert_eq!(
        (restored.restored, restored.conflict, restored.failed),
        (2, 3, 1)
    );
    let purged = &deletion.purged["messages"];
    assert_eq!((purged.purged, purged.kept, purged.failed), (4, 1, 1));
    assert_eq!(deletion.failure.unwrap().code, "RECORDS_FAILED");
    let told = &deletion.notified;
    assert_eq!(told.purge.by.as_deref(), Some("ada"));
    assert_eq!(told.restore.ended, Some(State::RestoreFailed));
    assert_eq!((told.delete.run, told.delete.retold), (2, 4));
}

#[tokio::test]
async fn a_manifest_of_version_1_is_read_and_proves_its_head() {
    let frozen = Frozen::v1();
    let world = frozen.world("acme");
    for id in [of_discussion(&frozen), of_ids(&frozen)] {
        let deletion = world.read(id).await;

        let manifest = manifest(&world, &deletion).await;

        let mut recount = Recount::begin(id);
        for (page, exceptions) in &manifest {
            recount.add(&deletion, page, exceptions);
        }
        assert_eq!(recount.verdict(&deletion), Verdict::Proved);
    }
}

#[tokio::test]
async fn pages_and_exceptions_of_version_1_say_what_became_of_each_record() {
    let frozen = Frozen::v1();
    let world = frozen.world("acme");
    let deletion = world.read(of_discussion(&frozen)).await;

    let manifest = manifest(&world, &deletion).await;

    let judged: Vec<_> = manifest
        .iter()
        .flat_map(|(page, _)| {
            page.entries
                .iter()
                .map(|entry| (entry.key.clone(), entry.judged))
        })
        .collect();
    let message = |n: u8| key2("d", &format!("m{n}"));
    let expected = [
        (key("d"), Judged::Live),
        (message(1), Judged::Live),
        (message(2), Judged::LiveNull),
        (message(3), Judged::Live),
        (message(4), Judged::AlreadyDeleted),
        (message(5), Judged::Live),
        (message(6), Judged::Live),
    ];
    assert_eq!(judged, expected);
    let [_, second, third, fourth] = manifest.map_exceptions();
    assert!(matches!(second.restored[&0], NotRestored::Failed { .. }));
    assert!(matches!(second.purged[&0], NotPurged::Failed { .. }));
    assert!(matches!(third.restored[&0], NotRestored::Conflict { .. }));
    assert_eq!(third.purged[&1], NotPurged::Kept);
    assert_eq!(fourth.deleted[&1], Outcome::Missing);
    assert_eq!(fourth.redone_in(Pass::Delete, 0), Some(2));
}

trait MapExceptions {
    fn map_exceptions(self) -> [Exceptions; 4];
}

impl MapExceptions for Vec<(Page, Exceptions)> {
    fn map_exceptions(self) -> [Exceptions; 4] {
        let all: Vec<_> = self.into_iter().map(|(_, exceptions)| exceptions).collect();
        all.try_into().unwrap()
    }
}

#[tokio::test]
async fn scopes_ids_and_what_was_told_of_version_1_are_read() {
    let frozen = Frozen::v1();
    let world = frozen.world("acme");
    let (store, tenant) = (world.deletions(), &world.principal.tenant);
    let (whole, named) = (of_discussion(&frozen), of_ids(&frozen));

    let of_root = store.scope(tenant, whole).await.unwrap().unwrap();
    let of_ids = store.scope(tenant, named).await.unwrap().unwrap();
    let ids = store.ids(tenant, named, 1).await.unwrap().unwrap();
    let told = store.notice(tenant, named, 1).await.unwrap().unwrap();

    assert_eq!(of_root.source, Source::Root);
    assert_eq!(
        of_root.children_of(&"discussions".parse().unwrap()).len(),
        1
    );
    assert_eq!(of_ids.source, Source::Ids { parts: 1, count: 3 });
    assert_eq!(ids.len(), 3);
    let recipients = Audience::of(["ada", "u-1", "u-3"].map(str::to_owned));
    assert!(
        told.recipients
            .values()
            .all(|audience| *audience == recipients),
        "{told:?}"
    );
    assert_eq!(told.changes.len(), 1, "the stream's first message");
}

#[tokio::test]
async fn what_was_parked_in_version_1_can_be_tried_again_to_its_end() {
    let frozen = Frozen::v1();
    let world = frozen.world("acme");
    let (id, plain) = (of_discussion(&frozen), world.faults());

    world.act(&plain, id, Action::Retry).await;
    let advanced = world.deliver(&plain, id).await.unwrap();

    assert_eq!(advanced, Advanced::Ended(State::Purged));
    let deletion = world.read(id).await;
    let purged = &deletion.purged["messages"];
    assert_eq!((purged.purged, purged.kept, purged.failed), (5, 1, 0));
    assert!(world.items("discussions").is_empty());
    let left = world.items("messages");
    assert_eq!(
        left.len(),
        1,
        "the one that another deletion holds: {left:?}"
    );
    assert_eq!(left[0]["message_id"]["S"], "m4");
}

#[tokio::test]
async fn rows_that_version_1_archived_come_back_as_they_were() {
    let frozen = Frozen::v1();
    let world = frozen.world("acme");
    let (id, plain) = (of_ids(&frozen), world.faults());

    assert!(world.read(id).await.names.is_empty(), "the scope has them");
    world.act(&plain, id, Action::Restore).await;
    assert_eq!(
        world.read(id).await.names,
        ["stream_messages".parse().unwrap()]
    );
    let advanced = world.deliver(&plain, id).await.unwrap();

    assert_eq!(advanced, Advanced::Ended(State::Restored));
    for (collection, archived) in &frozen.archived {
        let mut expected = archived.clone();
        expected.extend(frozen.rows[collection].clone());
        assert_eq!(
            sorted(world.items(collection)),
            sorted(expected),
            "{collection}"
        );
    }
    assert!(world.tables.items(&world.tables.archive()).is_empty());
    assert_eq!(world.items("streams")[0]["first_message_id"]["S"], "001");
}
