//! Deletes of many records without a root, where records leave their tables.

use domain::deletion::{Action, Deletion, State};
use ports::AdvanceDeletions;
use testing::samples::key2;
use testing::{Moment, Operation};

use super::world::{chat_as, message, put_reaction, records};
use crate::engine::world::strategies::sum;
use crate::engine::world::{Ignore as _, World, at_once};

/// Of ids or of an author, with the number of records that it takes.
async fn destroyed(world: &World, is_by_author: bool) -> (Deletion, u64) {
    let (deletion, records) = if is_by_author {
        (world.destroy_author("ann").await, 14)
    } else {
        (world.destroy_ids(&["s0", "t3", "s-none"]).await, 6)
    };
    world.come_to_rest().await;
    (world.now(&deletion), records)
}

fn how_many(world: &World) -> u64 {
    world.everything().len() as u64
}

#[tokio::test]
async fn what_is_named_or_all_of_an_author_is_archived_and_comes_back_or_goes_for_good() {
    for is_by_author in [false, true] {
        for page_keys in [1, 2, 1000] {
            let mut world = chat_as("archive");
            world.page_keys = page_keys;
            let before = records(&world);

            let (deletion, taken) = destroyed(&world, is_by_author).await;

            assert_eq!(deletion.state, State::Deleted);
            assert_eq!(sum(&deletion.deleted, "deleted"), taken);
            assert_eq!(world.copies_under(deletion.id).len() as u64, taken);
            assert_eq!(how_many(&world), 30 - taken);
            assert_eq!(world.named("RecordsDeleted").len() as u64, taken);

            let restored = world.act_and_rest(&deletion, Action::Restore).await;
            assert_eq!(restored.state, State::Restored);
            assert_eq!(sum(&restored.restored, "restored"), taken);
            assert_eq!(records(&world), before);
            assert!(world.rows.copies().is_empty());

            let (again, _) = destroyed(&world, is_by_author).await;
            world.until_purge(&again);
            world.come_to_rest().await;
            let purged = world.now(&again);
            assert_eq!(purged.state, State::Purged);
            assert_eq!(sum(&purged.purged, "purged"), taken);
            assert!(world.rows.copies().is_empty());
            assert_eq!(how_many(&world), 30 - taken);
            world.assert_every_document_has_its_row("after the purge");
        }
    }
}

#[tokio::test]
async fn what_is_named_or_all_of_an_author_is_erased_and_nothing_else() {
    for is_by_author in [false, true] {
        for page_keys in [1, 2, 1000] {
            let mut world = chat_as("erase");
            world.page_keys = page_keys;

            let (deletion, taken) = destroyed(&world, is_by_author).await;

            assert_eq!(deletion.state, State::Purged);
            assert_eq!(sum(&deletion.deleted, "deleted"), taken);
            assert_eq!(how_many(&world), 30 - taken);
            assert!(world.rows.copies().is_empty());
            world.assert_every_document_has_its_row("after the delete");
            let live = |(name, key): &(String, _)| world.marks(name, key).0.as_deref() == Some("");
            assert!(world.everything().iter().all(live));
        }
    }
}

#[tokio::test]
async fn a_cancel_of_many_that_leave_their_table_is_finished_or_undone() {
    for strategy in ["archive", "erase"] {
        for then in [Action::Retry, Action::Restore] {
            let mut world = chat_as(strategy);
            world.page_keys = 2;
            let before = records(&world);
            let deletion = world.destroy_author("ann").await;
            world.act(&deletion, Action::Cancel).await.unwrap();
            world.come_to_rest().await;
            assert_eq!(world.now(&deletion).state, State::Cancelled);
            assert_eq!(records(&world), before, "{strategy}: nothing was begun");

            let stands = world.act_and_rest(&deletion, then).await;

            if then == Action::Restore {
                assert_eq!(stands.state, State::Restored, "{strategy}");
                assert_eq!(records(&world), before, "{strategy}");
            } else {
                assert!(stands.state.is_done(), "{strategy}");
                assert_eq!(sum(&stands.deleted, "deleted"), 14, "{strategy}");
                assert_eq!(how_many(&world), 30 - 14, "{strategy}");
            }
        }
    }
}

#[tokio::test]
async fn what_is_late_below_a_record_that_another_deletion_took_is_left_to_that_one() {
    for strategy in ["flag", "archive"] {
        let world = chat_as(strategy);
        let many = world.destroy_ids(&["s0"]).await;
        let faults = world.faults();
        let (beside, announced) = (world.clone(), many.clone());
        faults.beside(Operation::MarkRows, 1, Moment::Before, move || {
            // It was asked for at the same moment, and did not see the other one.
            at_once(beside.deletions.close(&announced)).unwrap();
            let first = at_once(beside.accept("messages", &message("s0")));
            at_once(beside.deliver(&beside.faults(), &first))
                .unwrap()
                .ignore();
        });
        world.deliver(&faults, &many).await.unwrap().ignore();
        world.come_to_rest().await;
        assert_eq!(sum(&world.now(&many).deleted, "deleted"), 0, "{strategy}");
        put_reaction(&world, "s", "s0", "late");

        let purged = world.act_and_rest(&many, Action::Purge).await;

        assert_eq!(purged.state, State::Purged);
        let late = world.row("reactions", &key2("s0", "late"));
        assert!(late.is_some(), "{strategy}");
    }
}
