//! The strategy `erase`: document, then row; the root last.

use std::sync::Arc;

use domain::collection::Collections;
use domain::deletion::{Action, State};
use domain::size::{Count, ITEM_BYTES};
use requests::accept::AcceptError;
use requests::destroy::Requested;
use serde_json::json;
use testing::samples::{key, key2};
use testing::{Moment, Operation};

use crate::engine::areas::shipped;
use crate::engine::world::strategies::{erased, root_anew_half_way, small, sum};
use crate::engine::world::trees::FOUR_LEVELS;
use crate::engine::world::{Ignore, World, admin, at_once, text};

fn tasks() -> World {
    let world = shipped("tasks.toml");
    world.put("tasks", &key("t-1"), None);
    for execution in ["e1", "e2"] {
        let at = key2("t-1", execution);
        world.put("executions", &at, Some(&key("t-1")));
    }
    world
}

#[tokio::test]
async fn a_task_and_all_its_executions_are_gone_and_nothing_is_kept() {
    let world = tasks();

    let deletion = world.delete_and_rest("tasks", &key("t-1")).await;

    assert_eq!(deletion.state, State::Purged);
    assert_eq!(sum(&deletion.deleted, "deleted"), 3);
    assert_eq!(world.everything(), []);
    assert!(world.rows.copies().is_empty());
}

#[tokio::test]
async fn a_root_that_has_no_room_for_a_mark_is_removed_by_its_id_with_all_below_it() {
    let world = tasks();
    let mut row = world.row("tasks", &key("t-1")).unwrap();
    let bytes = Count::Most.item(&row) + "body".len();
    row.insert("body".into(), json!("x".repeat(ITEM_BYTES - bytes)));
    world.rows.put(world.collection("tasks"), row);
    let answer = world.ask(&world.faults(), "tasks", &key("t-1")).await;
    assert!(
        matches!(answer, Err(AcceptError::TooLarge { by_id: true })),
        "{answer:?}"
    );

    let named = Requested::Ids {
        ids: vec![key("t-1")],
        author: None,
    };
    let asked = world
        .destroy(&world.faults(), &admin(), "tasks", named, None)
        .await;

    let deletion = asked.expect("it is accepted");
    world.come_to_rest().await;
    assert_eq!(world.now(&deletion).state, State::Purged);
    assert_eq!(world.everything(), []);
}

#[tokio::test]
async fn a_task_is_marked_from_the_202_on_and_its_own_status_stays_untouched() {
    let world = tasks();
    let mut row = world.row("tasks", &key("t-1")).unwrap();
    row.insert("status".into(), json!("ACTIVE"));
    world.put_row("tasks", row);

    let deletion = world.accept("tasks", &key("t-1")).await;

    assert_eq!(deletion.state, State::PendingDelete);
    assert_eq!(world.marks("tasks", &key("t-1")).0, text(deletion.id));
    assert_eq!(world.row("tasks", &key("t-1")).unwrap()["status"], "ACTIVE");
}

#[tokio::test]
async fn an_erased_tree_is_gone_from_both_stores_and_ends_purged() {
    for page_keys in [1, 2, 1000] {
        let mut world = small(&erased());
        world.page_keys = page_keys;

        let deletion = world.delete_and_rest("lists", &key("l")).await;

        assert_eq!(deletion.state, State::Purged);
        assert_eq!(sum(&deletion.deleted, "deleted"), 6);
        assert_eq!(world.rows_of_tree(), 0);
        for (collection, id) in [
            ("lists", "l"),
            ("discussions", "l~d1"),
            ("messages", "l-d1-0"),
        ] {
            assert_eq!(world.documents.get(world.collection(collection), id), None);
        }
        assert!(world.row("lists", &key("other")).is_some());
        assert!(
            world
                .document("subscribers", &key2("other", "bob"))
                .is_some()
        );
        assert!(world.rows.copies().is_empty());
        assert_eq!(world.named("RecordsDeleted").len(), 6);
        assert!(deletion.allowed_actions(world.clock_now()).next().is_none());
    }
}

#[tokio::test]
async fn a_document_goes_before_its_row() {
    let world = small(&erased());
    let deletion = world.accept("lists", &key("l")).await;
    let faults = world.faults();
    for n in 1..=4 {
        let other = world.clone();
        faults.beside(Operation::EraseRows, n, Moment::After, move || {
            other.assert_every_document_has_its_row("after rows were erased");
        });
    }

    world.deliver(&faults, &deletion).await.unwrap().ignore();

    assert_eq!(world.now(&deletion).state, State::Purged);
}

#[tokio::test]
async fn a_child_that_arrives_while_the_others_go_is_erased_before_the_root() {
    let mut world = small(&erased());
    world.page_keys = 2;
    let deletion = world.accept("lists", &key("l")).await;
    let faults = world.faults();
    let other = world.clone();
    faults.beside(Operation::EraseRows, 1, Moment::Before, move || {
        other.put("discussions", &key2("l", "late"), Some(&key("l")));
        other.put("messages", &key("l-late-0"), Some(&key2("l", "late")));
    });

    world.deliver(&faults, &deletion).await.unwrap().ignore();
    world.come_to_rest().await;

    let stands = world.now(&deletion);
    assert_eq!(stands.state, State::Purged);
    assert_eq!(sum(&stands.deleted, "deleted"), 8);
    assert_eq!(world.row("messages", &key("l-late-0")), None);
    assert_eq!(world.rows_of_tree(), 0);
    assert_eq!(world.named("RecordsDeleted").len(), 8);
}

#[tokio::test]
async fn no_old_child_shows_below_a_root_that_was_created_anew_half_way() {
    for n in 1..=4 {
        root_anew_half_way(&erased(), (Operation::EraseRows, n), State::Purged).await;
    }
}

#[tokio::test]
async fn a_record_whose_document_is_rejected_fails_alone_and_the_root_stays_until_it_is_gone() {
    let world = small(&erased());
    world.documents.reject("l-d1-1", "cluster_block_exception");

    let deletion = world.delete_and_rest("lists", &key("l")).await;

    assert_eq!(deletion.state, State::DeleteFailed);
    let counted = ["deleted", "failed", "not_reached"].map(|of| sum(&deletion.deleted, of));
    assert_eq!(counted, [3, 2, 1], "with the discussion above it");
    assert!(world.row("messages", &key("l-d1-1")).is_some());
    assert_eq!(world.marks("lists", &key("l")).0, text(deletion.id));

    world.documents.accept("l-d1-1");
    let retried = world.act_and_rest(&deletion, Action::Retry).await;

    assert_eq!(retried.state, State::Purged);
    assert_eq!(sum(&retried.deleted, "deleted"), 6);
    assert_eq!(world.rows_of_tree(), 0);
    assert!(
        world
            .named("RecordsDeleted")
            .values()
            .all(|times| *times == 1)
    );
}

#[tokio::test]
async fn a_cancel_half_way_finishes_what_is_begun_and_is_finished_or_undone_later() {
    for after in [Action::Retry, Action::Restore, Action::Purge] {
        let mut world = small(&erased());
        world.page_keys = 1;
        let deletion = world.accept("lists", &key("l")).await;
        let faults = world.faults();
        let (other, accepted) = (world.clone(), deletion.clone());
        faults.beside(Operation::EraseRows, 2, Moment::Before, move || {
            at_once(other.act(&accepted, Action::Cancel)).expect("it applies");
        });

        world.deliver(&faults, &deletion).await.unwrap().ignore();
        world.come_to_rest().await;

        let stands = world.now(&deletion);
        assert_eq!(stands.state, State::Cancelled);
        assert_eq!(sum(&stands.deleted, "deleted"), 2);
        assert_eq!(sum(&stands.deleted, "not_reached"), 4);
        assert_eq!(world.rows_of_tree(), 4);

        let ended = world.act_and_rest(&deletion, after).await;
        if after == Action::Restore {
            assert_eq!(ended.state, State::Restored);
            assert_eq!(sum(&ended.restored, "restored"), 4);
            assert_eq!(sum(&ended.restored, "conflict"), 2, "they are gone");
            assert_eq!(world.rows_of_tree(), 4);
            assert_eq!(world.marks("lists", &key("l")).0, Some(String::new()));
        } else {
            assert_eq!(ended.state, State::Purged);
            assert_eq!(world.rows_of_tree(), 0);
        }
    }
}

#[tokio::test]
async fn a_policy_that_changes_while_a_deletion_is_open_does_not_change_it() {
    let mut world = small(FOUR_LEVELS);
    world.page_keys = 1;
    let deletion = world.accept("lists", &key("l")).await;
    world.collections = Arc::new(Collections::for_tests(&erased()));
    world.come_to_rest().await;

    let stands = world.now(&deletion);
    assert_eq!(stands.state, State::Deleted);
    assert_eq!(stands.purge_at, deletion.purge_at);
    assert_eq!(world.rows_of_tree(), 6, "they are marked and there");
    assert_eq!(
        world.marks("messages", &key("l-d1-0")),
        (text(deletion.id), text(deletion.id))
    );
    let restored = world.act_and_rest(&deletion, Action::Restore).await;
    assert_eq!(restored.state, State::Restored);
}
