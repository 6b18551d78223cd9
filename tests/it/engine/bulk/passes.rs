//! Cancel, retry, restore and purge of a deletion without a root.

use domain::deletion::comparison::Drift;
use domain::deletion::{Action, Deletion, RestoreCounts, State};
use domain::page::Outcome;
use testing::Operation;
use testing::samples::{key, key2, with_null};

use super::world::{chat, chat_as, message, put_message, put_reaction, records};
use crate::engine::compare::compares::{compared, of};
use crate::engine::world::{World, document_id};

fn restored(world: &World, deletion: &Deletion) -> RestoreCounts {
    let counts = world.now(deletion).restored.into_values();
    counts.fold(RestoreCounts::default(), |mut sum, more| {
        sum += more;
        sum
    })
}

#[tokio::test]
async fn a_restore_brings_back_what_was_deleted_and_nothing_else() {
    for page_keys in [1, 2, 1000] {
        for is_by_author in [false, true] {
            let mut world = chat();
            world.page_keys = page_keys;
            let row = world.row("messages", &message("s2")).unwrap();
            let messages = world.collection("messages");
            world.rows.put(messages, with_null(messages, row));
            world.accept("reactions", &key2("s0", "x")).await;
            world.come_to_rest().await;
            let before = records(&world);
            let deletion = if is_by_author {
                world.destroy_author("ann").await
            } else {
                world.destroy_ids(&["s0", "s2", "s-none", "t1"]).await
            };
            world.come_to_rest().await;
            assert_ne!(records(&world), before);

            world.act(&deletion, Action::Restore).await.unwrap();
            world.come_to_rest().await;

            assert_eq!(world.now(&deletion).state, State::Restored);
            assert_eq!(records(&world), before);
            let counts = restored(&world, &deletion);
            assert_eq!(counts.failed, 0);
            let conflicts = if is_by_author { 1 } else { 2 };
            assert_eq!(
                counts.conflict, conflicts,
                "another deletion's, and the missing id"
            );
        }
    }
}

#[tokio::test]
async fn what_was_missing_is_not_restored_whatever_stands_there_now() {
    let world = chat();
    world.give_away("messages", &message("s1"));
    let deletion = world.destroy_ids(&["s0", "s1", "s-none"]).await;
    world.come_to_rest().await;
    put_message(&world, "s", "s-none", "ann");
    let theirs = world.row("messages", &message("s1"));

    world.act(&deletion, Action::Restore).await.unwrap();
    world.come_to_rest().await;

    let of_messages = world.now(&deletion).restored.into_iter();
    let of_messages = of_messages.filter(|(name, _)| name.as_ref() == "messages");
    let counts: Vec<_> = of_messages
        .map(|(_, counts)| (counts.restored, counts.conflict))
        .collect();
    assert_eq!(counts, [(1, 2)]);
    assert_eq!(world.row("messages", &message("s1")), theirs);
}

#[tokio::test]
async fn a_record_whose_parent_is_gone_or_deleted_by_another_is_a_conflict_and_stays() {
    let world = chat();
    let deletion = world.destroy_ids(&["s0", "t0"]).await;
    world.come_to_rest().await;
    let other = world.accept("streams", &key("t")).await;
    world.come_to_rest().await;
    let streams = world.collection("streams").clone();
    world.rows.remove(&streams, &key("s"));

    world.act(&deletion, Action::Restore).await.unwrap();
    world.come_to_rest().await;

    assert_eq!(world.now(&deletion).state, State::Restored);
    for id in ["s0", "t0"] {
        assert_eq!(
            world.marks("messages", &message(id)).0,
            Some(deletion.id.to_string()),
            "{id}"
        );
    }
    assert_ne!(world.marks("messages", &message("t1")).0, None);
    assert_eq!(world.counts(&other, "messages").already_deleted, 1);
    // With what is below them.
    assert_eq!(restored(&world, &deletion).conflict, 2 + 4);
}

#[tokio::test]
async fn a_cancel_stops_at_a_page_and_a_retry_finishes() {
    let mut world = chat();
    world.page_keys = 2;
    let deletion = world.destroy_ids(&["s0", "s1", "s2", "s3"]).await;
    let faults = world.faults();
    let (stopper, id) = (world.clone(), deletion.clone());
    faults.beside(Operation::PutPage, 1, testing::Moment::After, move || {
        crate::engine::world::at_once(stopper.act(&id, Action::Cancel)).unwrap();
    });

    world.work(&faults, &deletion).await;
    world.come_to_rest().await;

    assert_eq!(world.now(&deletion).state, State::Cancelled);
    assert_eq!(
        world.marked_by(&deletion).len(),
        2,
        "the page that was written"
    );

    world.act(&deletion, Action::Retry).await.unwrap();
    world.come_to_rest().await;
    assert_eq!(world.now(&deletion).state, State::Deleted);
    assert_eq!(world.counts(&deletion, "messages").deleted, 4);
    assert_eq!(world.counts(&deletion, "reactions").deleted, 8);
}

#[tokio::test]
async fn one_that_is_cancelled_before_its_first_page_has_touched_nothing_and_can_still_do_all() {
    let world = chat();
    let before = records(&world);
    let deletion = world.destroy_ids(&["s0"]).await;

    world.act(&deletion, Action::Cancel).await.unwrap();
    world.come_to_rest().await;
    assert_eq!(world.now(&deletion).state, State::Cancelled);
    assert_eq!(records(&world), before);

    world.act(&deletion, Action::Retry).await.unwrap();
    world.come_to_rest().await;
    assert_eq!(world.now(&deletion).state, State::Deleted);
    assert_eq!(world.marked_by(&deletion).len(), 3);
}

#[tokio::test]
async fn a_cancelled_one_purges_what_it_marked_and_no_more() {
    let mut world = chat();
    world.page_keys = 2;
    let deletion = world.destroy_ids(&["s0", "s1", "s2", "s3"]).await;
    let faults = world.faults();
    let (stopper, id) = (world.clone(), deletion.clone());
    faults.beside(Operation::PutPage, 1, testing::Moment::After, move || {
        crate::engine::world::at_once(stopper.act(&id, Action::Cancel)).unwrap();
    });
    world.work(&faults, &deletion).await;
    world.come_to_rest().await;

    world.act(&deletion, Action::Purge).await.unwrap();
    world.come_to_rest().await;

    assert_eq!(world.now(&deletion).state, State::Purged);
    for id in ["s0", "s1"] {
        assert_eq!(world.row("messages", &message(id)), None, "{id}");
        assert_eq!(
            world.row("reactions", &key2(id, "x")),
            None,
            "nothing is left under nothing"
        );
    }
    for id in ["s2", "s3", "t0"] {
        assert_eq!(
            world.marks("messages", &message(id)),
            (Some(String::new()), Some(String::new())),
            "{id}"
        );
        assert_eq!(
            world.marks("reactions", &key2(id, "x")).0.as_deref(),
            Some("")
        );
    }
}

#[tokio::test]
async fn a_purge_removes_what_was_deleted_and_collects_what_came_late_below_it() {
    for page_keys in [1, 2, 1000] {
        let mut world = chat();
        world.page_keys = page_keys;
        world.give_away("messages", &message("s3"));
        let deletion = world.destroy_ids(&["s0", "s3", "s-none", "t0"]).await;
        world.come_to_rest().await;
        put_reaction(&world, "s", "s0", "late");
        put_message(&world, "s", "s-none", "ann");
        // Created anew, with a reaction of its own: none of the deletion's business.
        put_message(&world, "t", "t0", "ann");
        put_reaction(&world, "t", "t0", "new");
        let (theirs, new) = (
            world.row("messages", &message("s3")),
            world.row("messages", &message("t0")),
        );
        world.until_purge(&deletion);
        world.come_to_rest().await;

        assert_eq!(world.now(&deletion).state, State::Purged);
        assert_eq!(world.row("messages", &message("s0")), None);
        assert_eq!(world.document("messages", &message("s0")), None);
        for emoji in ["x", "🪦", "late"] {
            assert_eq!(world.row("reactions", &key2("s0", emoji)), None, "{emoji}");
        }
        assert_eq!(world.row("messages", &message("s3")), theirs);
        assert_eq!(world.row("messages", &message("t0")), new);
        assert!(world.document("messages", &message("t0")).is_some());
        assert_eq!(
            world.marks("reactions", &key2("t0", "new")).0.as_deref(),
            Some("")
        );
        assert_eq!(
            world.marks("messages", &message("s-none")).0.as_deref(),
            Some("")
        );
        assert!(world.document("messages", &message("s-none")).is_some());
        world.assert_every_document_has_its_row("after the purge");
    }
}

#[tokio::test]
async fn after_the_purge_nothing_names_the_records_any_more() {
    for is_by_author in [false, true] {
        let world = chat();
        let deletion = if is_by_author {
            world.destroy_author("nobody").await
        } else {
            world.destroy_ids(&["s0", "s-none"]).await
        };
        world.come_to_rest().await;
        world.until_purge(&deletion);
        world.come_to_rest().await;

        world.clock.advance(world.timing.compare_after);
        world.sweep(&world.faults()).await.unwrap();

        let stands = world.now(&deletion);
        assert_eq!((stands.state, stands.due_at), (State::Purged, None));
        assert_eq!(world.deletions.items(), 0);
    }
}

#[tokio::test]
async fn a_retry_does_only_what_failed() {
    let world = chat();
    world.documents.reject("s~s1", "mapper_parsing_exception");
    let deletion = world.destroy_ids(&["s0", "s1", "s-none"]).await;
    world.come_to_rest().await;
    assert_eq!(world.now(&deletion).state, State::DeleteFailed);
    assert!(matches!(
        world.outcomes(&deletion)["messages s1"],
        Outcome::Failed { .. }
    ));
    assert_eq!(world.outcomes(&deletion)["messages s0"], Outcome::Deleted);
    world.documents.accept("s~s1");

    world.act(&deletion, Action::Retry).await.unwrap();
    world.come_to_rest().await;

    assert_eq!(world.now(&deletion).state, State::Deleted);
    let counts = world.counts(&deletion, "messages");
    assert_eq!((counts.deleted, counts.missing, counts.failed), (2, 1, 0));
}

#[tokio::test]
async fn what_is_back_is_found_again_though_the_rest_of_its_deletion_is_purged() {
    for strategy in ["flag", "archive"] {
        let world = chat_as(strategy);
        let messages = world.collection("messages");
        let id = document_id(messages, &message("s0")).unwrap();
        let before = world.document("messages", &message("s0"));
        let deletion = world.destroy_ids(&["s0", "s1"]).await;
        world.come_to_rest().await;
        world.documents.forget(messages, &id);
        world.documents.reject(&id, "mapper_parsing_exception");
        let failed = world.act_and_rest(&deletion, Action::Restore).await;
        assert_eq!(failed.state, State::RestoreFailed, "{strategy}");
        assert_eq!(restored(&world, &deletion).failed, 1, "{strategy}");
        world.documents.accept(&id);

        let purged = world.act_and_rest(&deletion, Action::Purge).await;
        let report = compared(&world, &deletion).await;

        assert_eq!(purged.state, State::Purged, "{strategy}");
        assert!(
            world.row("messages", &message("s0")).is_some(),
            "{strategy}"
        );
        assert_eq!(of(&report, Drift::StaleDocument), (1, 1), "{strategy}");
        let after = world.document("messages", &message("s0"));
        assert_eq!(after.is_some(), before.is_some(), "{strategy}");
        assert_eq!(
            world.marks("messages", &message("s0")).1,
            Some(String::new())
        );
    }
}
