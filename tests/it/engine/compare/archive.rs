//! Comparing what was archived: a copy never outlives its retention.

use domain::deletion::comparison::Drift;
use domain::deletion::{Action, Deletion, State};
use ports::{ArchiveRows, Attempt, CopyOutcome, RowToCopy};
use std::time::Duration;
use testing::samples::{key, key2};

use crate::engine::compare::compares::{compared, of};
use crate::engine::strategies::archives::steady_writer;
use crate::engine::world::strategies::{archived, small};
use crate::engine::world::{Ignore, World, text};

/// The list was restored while somebody else had the key of its discussion: that copy and those below it stayed.
async fn restored_in_part(world: &World) -> Deletion {
    let deletion = world.delete_and_rest("lists", &key("l")).await;
    let mut new = world.live_row("discussions", &key2("l", "d1"), None);
    new.insert("subject".into(), "new".into());
    world.put_row("discussions", new);
    world.act_and_rest(&deletion, Action::Restore).await
}

#[tokio::test]
async fn a_copy_whose_key_was_taken_is_removed_at_purge_at_and_not_a_millisecond_earlier() {
    let world = small(&archived());
    let deletion = restored_in_part(&world).await;
    assert_eq!(deletion.state, State::Restored);

    let report = compared(&world, &deletion).await;

    assert_eq!(of(&report, Drift::OrphanCopy), (4, 0));
    let purge_at = deletion.purge_at.unwrap();
    assert_eq!(world.now(&deletion).due_at, Some(purge_at));
    world
        .clock
        .set(purge_at.checked_sub(Duration::from_millis(1)).unwrap());
    world.sweep(&world.faults()).await.unwrap();
    assert_eq!(world.copies_under(deletion.id).len(), 4);

    let report = compared(&world, &deletion).await;

    assert_eq!(of(&report, Drift::OrphanCopy), (4, 4));
    assert!(world.rows.copies().is_empty());
    let stands = world.now(&deletion);
    assert_eq!((stands.state, stands.due_at), (State::Restored, None));
    for (collection, there) in [("lists", key("l")), ("discussions", key2("l", "d1"))] {
        assert!(
            world.row(collection, &there).is_some(),
            "{collection}: what lives stays"
        );
    }
}

#[tokio::test]
async fn a_copy_that_a_late_worker_made_behind_the_purge_is_removed() {
    let world = small(&archived());
    let (messages, record) = (world.collection("messages"), key("l-d1-0"));
    let read = world.rows.whole(messages, std::slice::from_ref(&record));
    let Some(Attempt::Done(Some(stored))) = read.await.unwrap().pop() else {
        panic!("the row is there");
    };
    let deletion = world.delete_and_rest("lists", &key("l")).await;
    world.until_purge(&deletion);
    world.come_to_rest().await;
    assert_eq!(world.now(&deletion).state, State::Purged);
    let late = [RowToCopy {
        stored,
        again: false,
    }];
    let mark = deletion.mark();
    let copying = world.rows.copy(messages, &deletion.tenant, &mark, &late);
    assert_eq!(copying.await.unwrap(), [Attempt::Done(CopyOutcome::Copied)]);

    let report = compared(&world, &deletion).await;

    assert_eq!(of(&report, Drift::OrphanCopy), (1, 1));
    assert!(world.rows.copies().is_empty());
}

#[tokio::test]
async fn a_row_that_stays_marked_is_no_drift() {
    let world = small(&archived());
    let faults = world.faults();
    steady_writer(&world, &faults);
    let deletion = world.accept("lists", &key("l")).await;
    world.deliver(&faults, &deletion).await.unwrap().ignore();
    world.come_to_rest().await;
    assert_eq!(
        world.marks("reactions", &key2("l-d1-0", "x")).0,
        text(deletion.id)
    );

    let report = compared(&world, &deletion).await;

    assert_eq!(of(&report, Drift::Resurrected), (0, 0), "{report:?}");
    assert_eq!(report.drift_found, 0, "{report:?}");
}
