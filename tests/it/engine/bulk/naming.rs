//! What is selected, and what is told of the rest.

use std::time::Duration;

use domain::deletion::{Action, DeleteCounts, Deletion, State};
use domain::page::Outcome;
use requests::destroy::Requested;
use serde_json::json;
use testing::samples::{key, key2, with_null};
use testing::{Moment, Operation};

use super::world::{chat, ids, message, put_direct, put_message, put_sent, records};
use crate::engine::world::{Ignore as _, TENANT, World, admin, at_once};

#[tokio::test]
async fn ids_are_deleted_with_everything_below_them_and_nothing_else() {
    for page_keys in [1, 2, 3, 1000] {
        let mut world = chat();
        world.page_keys = page_keys;

        let deletion = world.destroy_ids(&["s0", "t3"]).await;
        world.come_to_rest().await;

        let stands = world.now(&deletion);
        assert_eq!(stands.state, State::Deleted);
        assert_eq!(
            world.marked_by(&deletion),
            [
                "messages s0",
                "messages t3",
                "reactions s0 x",
                "reactions s0 🪦",
                "reactions t3 x",
                "reactions t3 🪦",
            ]
        );
        let (row, document) = world.marks("messages", &message("s0"));
        assert_eq!(row, document);
        assert_eq!(stands.root, None);
        assert_eq!(world.counts(&deletion, "messages").deleted, 2);
        assert_eq!(world.counts(&deletion, "reactions").deleted, 4);
        assert_eq!(world.named("RecordsDeleted").len(), 6);
    }
}

#[tokio::test]
async fn an_id_that_is_absent_or_another_tenants_is_missing_and_the_two_are_not_told_apart() {
    let world = chat();
    world.give_away("messages", &message("s1"));
    let before = records(&world);

    let deletion = world.destroy_ids(&["s1", "s9"]).await;
    world.come_to_rest().await;

    assert_eq!(
        records(&world),
        before,
        "nothing is touched, nor below them"
    );
    let outcomes: Vec<_> = world.outcomes(&deletion).into_values().collect();
    assert_eq!(outcomes, [Outcome::Missing, Outcome::Missing]);
    assert_eq!(
        world.counts(&deletion, "messages"),
        DeleteCounts {
            selected: 2,
            missing: 2,
            ..DeleteCounts::default()
        }
    );
    assert_eq!(world.now(&deletion).state, State::Deleted);
    assert!(world.named("RecordsDeleted").is_empty());
}

#[tokio::test]
async fn deleting_the_same_ids_a_second_time_is_a_no_op_with_zero_deleted() {
    for page_keys in [1, 1000] {
        let mut world = chat();
        world.page_keys = page_keys;
        let first = world.destroy_ids(&["s0", "s1"]).await;
        world.come_to_rest().await;
        let before = records(&world);

        let second = world.destroy_ids(&["s0", "s1"]).await;
        world.come_to_rest().await;

        assert_eq!(records(&world), before);
        assert_eq!(
            world.counts(&second, "messages"),
            DeleteCounts {
                selected: 2,
                already_deleted: 2,
                ..DeleteCounts::default()
            }
        );
        assert_eq!(world.counts(&second, "reactions").selected, 0);
        assert_eq!(world.counts(&first, "messages").deleted, 2);
        assert_eq!(world.now(&second).state, State::Deleted);
    }
}

#[tokio::test]
async fn below_a_record_of_another_deletion_that_is_still_at_work_nothing_is_taken_from_it() {
    let world = chat();
    let first = world.accept("messages", &message("s0")).await;
    drop(world.queue.take());

    let second = world.destroy_ids(&["s0"]).await;
    world.deliver_all().await;
    assert_eq!(world.now(&second).state, State::Deleted);
    world.come_to_rest().await;

    assert_eq!(world.counts(&second, "messages").already_deleted, 1);
    assert_eq!(world.counts(&second, "reactions").selected, 0);
    assert_eq!(world.counts(&first, "reactions").deleted, 2);
}

#[tokio::test]
async fn ids_of_another_parent_are_missing() {
    let world = chat();
    let deletion = world
        .destroy(
            &world.faults(),
            &admin(),
            "messages",
            ids(&["s0", "t0"]),
            Some(key("t")),
        )
        .await
        .unwrap();
    world.come_to_rest().await;

    let outcomes = world.outcomes(&deletion);
    assert_eq!(outcomes["messages s0"], Outcome::Missing);
    assert_eq!(outcomes["messages t0"], Outcome::Deleted);
    assert_eq!(world.counts(&deletion, "reactions").deleted, 2);
}

#[tokio::test]
async fn ids_and_an_author_that_does_not_match_delete_nothing() {
    let world = chat();
    let before = records(&world);
    let named = Requested::Ids {
        ids: vec![message("s0"), message("t0")],
        author: Some("bob".to_owned()),
    };
    let deletion = world
        .destroy(&world.faults(), &admin(), "messages", named, None)
        .await
        .unwrap();
    world.come_to_rest().await;

    assert_eq!(records(&world), before);
    assert_eq!(world.counts(&deletion, "messages").missing, 2);
}

#[tokio::test]
async fn by_sender_all_messages_of_an_author_across_streams_and_direct_ones() {
    for page_keys in [1, 2, 1000] {
        let mut world = chat();
        world.page_keys = page_keys;

        let deletion = world.destroy_author("ann").await;
        world.come_to_rest().await;

        assert_eq!(world.now(&deletion).state, State::Deleted);
        let outcomes = world.outcomes(&deletion);
        for name in [
            "messages s0",
            "messages s2",
            "messages t0",
            "messages t2",
            "direct c0",
            "direct c2",
        ] {
            assert_eq!(outcomes[name], Outcome::Deleted, "{name}");
        }
        assert_eq!(world.counts(&deletion, "messages").deleted, 4);
        assert_eq!(world.counts(&deletion, "direct").deleted, 2);
        assert_eq!(world.counts(&deletion, "reactions").deleted, 8);
        assert_eq!(world.marked_by(&deletion).len(), 14);
        for id in ["s1", "s3", "t1", "t3"] {
            assert_eq!(world.marks("messages", &message(id)).0.as_deref(), Some(""));
        }
    }
}

#[tokio::test]
async fn what_an_author_wrote_for_another_tenant_is_left_alone_and_not_counted() {
    let world = chat();
    world.give_away("messages", &message("s0"));

    let deletion = world.destroy_author("ann").await;
    world.come_to_rest().await;

    assert_eq!(world.counts(&deletion, "messages").selected, 3);
    assert_eq!(
        world.marks("messages", &message("s0")).0.as_deref(),
        Some("")
    );
}

#[tokio::test]
async fn what_arrives_later_than_the_request_is_left_alone() {
    let world = chat();
    put_sent(
        &world,
        "messages",
        &key2("s", "s-now"),
        Some(&key("s")),
        "ann",
        "2026-11-21T07:00:00Z",
    );
    let deletion = world.destroy_author("ann").await;
    assert_eq!(deletion.deleted_at, "2026-11-21T07:00:00Z".parse().unwrap());
    for (id, sent_at) in [
        ("s-late", "2026-11-21T07:00:00.001Z"),
        ("s-early", "2026-11-21T06:59:59.999Z"),
    ] {
        put_sent(
            &world,
            "messages",
            &key2("s", id),
            Some(&key("s")),
            "ann",
            sent_at,
        );
    }

    world.come_to_rest().await;

    assert_eq!(
        world.marks("messages", &key2("s", "s-late")).0.as_deref(),
        Some("")
    );
    for id in ["s-now", "s-early"] {
        assert_eq!(
            world.marks("messages", &key2("s", id)).0,
            Some(deletion.id.to_string()),
            "{id}"
        );
    }
}

#[tokio::test]
async fn deleting_all_of_an_author_again_marks_nothing() {
    let world = chat();
    world.destroy_author("ann").await;
    world.come_to_rest().await;
    let before = records(&world);

    let second = world.destroy_author("ann").await;
    world.come_to_rest().await;

    assert_eq!(records(&world), before);
    assert_eq!(world.counts(&second, "messages").deleted, 0);
    assert_eq!(world.counts(&second, "messages").already_deleted, 4);
}

#[tokio::test]
async fn an_author_of_nothing_ends_a_deletion_without_a_page() {
    let world = chat();
    let before = records(&world);

    let deletion = world.destroy_author("nobody").await;
    world.come_to_rest().await;

    let stands = world.now(&deletion);
    assert_eq!((stands.state, stands.pages), (State::Deleted, 0));
    assert_eq!(records(&world), before);

    world.until_purge(&deletion);
    world.come_to_rest().await;
    assert_eq!(world.now(&deletion).state, State::Purged);
}

#[tokio::test]
async fn a_null_mark_is_live_and_counts() {
    let world = chat();
    let row = world.row("messages", &message("s0")).unwrap();
    world.put_row("messages", with_null(world.collection("messages"), row));

    let deletion = world.destroy_ids(&["s0"]).await;
    world.come_to_rest().await;

    assert_eq!(world.counts(&deletion, "messages").deleted, 1);
}

#[tokio::test]
async fn many_ids_are_cut_into_pages_and_each_is_judged_once() {
    let mut world = chat();
    world.page_keys = 7;
    let ids: Vec<String> = (0..60).map(|n| format!("s-{n:02}")).collect();
    for id in &ids {
        put_message(&world, "s", id, "ann");
    }
    let named: Vec<&str> = ids.iter().map(String::as_str).collect();

    let deletion = world.destroy_ids(&named).await;
    world.come_to_rest().await;

    assert_eq!(world.counts(&deletion, "messages").deleted, 60);
    assert_eq!(world.outcomes(&deletion).len(), 60);
}

#[tokio::test]
async fn an_index_that_still_shows_what_changed_its_author_deletes_nothing_of_it() {
    let world = chat();
    put_direct(&world, "c0", "bob");

    let deletion = world.destroy_author("ann").await;
    world.come_to_rest().await;

    assert_eq!(world.counts(&deletion, "direct").deleted, 1);
    assert_eq!(
        world.marks("direct", &key2("c", "c0")).0.as_deref(),
        Some("")
    );
}

#[tokio::test]
async fn the_message_and_the_first_event_tell_that_there_is_no_root() {
    let world = chat();
    let deletion = world.destroy_ids(&["s0"]).await;
    let message = world.queue.take().remove(0).message();
    assert_eq!(message.root, None);
    world
        .deliver(&world.faults(), &deletion)
        .await
        .unwrap()
        .ignore();

    let accepted = world
        .events
        .distinct()
        .into_iter()
        .find(|event| event.kind == "DeletionAccepted");
    let detail = accepted.unwrap().detail;
    assert_eq!(detail["root"], json!(null));
    assert_eq!(detail["tenant"], TENANT);
}

/// A deletion of a message that is to be restored, its message late; and one of the same, by its id or by its author.
async fn coming_back(is_by_author: bool) -> (World, Deletion, Deletion) {
    let world = chat();
    let first = world.accept("messages", &message("s0")).await;
    world.come_to_rest().await;
    world.act(&first, Action::Restore).await.unwrap();
    drop(world.queue.take());
    let second = if is_by_author {
        world.destroy_author("ann").await
    } else {
        world.destroy_ids(&["s0"]).await
    };
    (world, first, second)
}

#[tokio::test]
async fn what_is_coming_back_is_waited_for_and_deleted_then() {
    for is_by_author in [false, true] {
        let (world, first, second) = coming_back(is_by_author).await;
        world.deliver_all().await;
        assert_eq!(world.now(&first).state, State::Restoring);
        world.come_to_rest().await;

        assert_eq!(world.now(&first).state, State::Restored);
        assert_eq!(world.now(&second).state, State::Deleted);
        let counts = world.counts(&second, "messages");
        assert_eq!(counts.already_deleted, 0, "{counts:?}");
        assert_eq!(counts.deleted, counts.selected);
    }
}

#[tokio::test]
async fn a_record_is_judged_by_a_row_that_was_read_after_the_restore_had_ended() {
    for is_by_author in [false, true] {
        let (world, first, second) = coming_back(is_by_author).await;
        let faults = world.faults();
        let (beside, restored) = (world.clone(), first.clone());
        faults.beside(Operation::ReadRows, 1, Moment::After, move || {
            at_once(beside.deliver(&beside.faults(), &restored))
                .unwrap()
                .ignore();
            assert_eq!(beside.now(&restored).state, State::Restored);
        });

        world.deliver(&faults, &second).await.unwrap().ignore();
        world.come_to_rest().await;

        let counts = world.counts(&second, "messages");
        assert_eq!(counts.already_deleted, 0, "{is_by_author}: {counts:?}");
        assert_eq!(counts.deleted, counts.selected);
    }
}

#[tokio::test]
async fn waiting_for_another_deletions_restore_is_not_what_it_is_given_up_for() {
    let (world, first, second) = coming_back(false).await;
    drop(world.queue.take());
    let mut waited = Duration::ZERO;
    while waited <= world.patience.fail_after * 2 {
        // Somebody works on the restore without an end, so that is not given up either.
        let mut first = world.now(&first);
        first.progress_at = ports::Clock::now(&world.clock);
        first.revision += 1;
        let stored = at_once(ports::ChangeDeletions::store(&world.deletions, &first));
        assert_eq!(stored.unwrap(), ports::StoreOutcome::Stored);
        world
            .deliver(&world.faults(), &second)
            .await
            .unwrap()
            .ignore();
        let stands = world.now(&second);
        assert_eq!(
            stands.failure.map(|failure| failure.code),
            Some("WAITING".to_owned())
        );
        let hours = world.patience.fail_after / 4;
        world.clock.advance(hours);
        waited += hours;
    }

    world.come_to_rest().await;

    assert_eq!(world.now(&second).state, State::Deleted);
    assert_eq!(world.counts(&second, "messages").deleted, 1);
}
