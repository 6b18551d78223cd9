//! Nothing that a restore has left is removed without a look below it.

use std::time::Duration;

use domain::deletion::comparison::Drift;
use domain::deletion::{Action, Deletion, State};
use serde_json::Value;
use testing::samples::{key, key2, marked};

use crate::engine::bulk::world::{chat_as, message, put_reaction, records};
use crate::engine::compare::compares::{compared, of, put_marked, restored};
use crate::engine::disturbed::crashes::cuts;
use crate::engine::world::World;
use crate::engine::world::trees::small_tree;

/// An author's messages are restored except for those below a stream that is gone, and reactions are written below one of
/// them; one of those has a deletion of its own.
async fn left_below_no_stream(strategy: &str) -> (World, Deletion) {
    let world = chat_as(strategy);
    let author = world.destroy_author("ann").await;
    world.come_to_rest().await;
    world.rows.remove(world.collection("streams"), &key("s"));
    let restored = world.act_and_rest(&author, Action::Restore).await;
    assert_eq!(restored.state, State::Restored);
    put_reaction(&world, "s", "s0", "late");
    put_reaction(&world, "s", "s2", "late");
    world.give_away("reactions", &key2("s2", "late"));
    world.clock.advance(Duration::from_mins(20));
    let report = world.sweep(&world.faults()).await.unwrap();
    assert_eq!(report.compared, 1, "{report:?}");
    assert!(world.row("reactions", &key2("s0", "late")).is_some());
    world.until_purge(&author);
    (world, author)
}

#[tokio::test]
async fn what_is_below_a_record_that_is_removed_at_purge_at_goes_first() {
    for strategy in ["flag", "archive"] {
        let (world, deletion) = left_below_no_stream(strategy).await;

        let report = world.sweep(&world.faults()).await.unwrap();

        assert_eq!(report.compared, 1, "{strategy}: {report:?}");
        assert_eq!(of(&report, Drift::LiveChild), (1, 1), "{strategy}");
        for id in ["s0", "s2"] {
            assert_eq!(
                world.marks("messages", &message(id)),
                (None, None),
                "{strategy}"
            );
        }
        assert_eq!(
            world.row("reactions", &key2("s0", "late")),
            None,
            "{strategy}"
        );
        // Another tenant's.
        assert!(
            world.row("reactions", &key2("s2", "late")).is_some(),
            "{strategy}"
        );
        assert!(world.rows.copies().is_empty());
        assert_eq!(world.now(&deletion).due_at, None, "{strategy}");
    }
}

#[tokio::test]
async fn another_deletions_record_below_it_stays_with_its_mark() {
    let (world, deletion) = left_below_no_stream("flag").await;
    let mut row = world.row("reactions", &key2("s0", "late")).unwrap();
    let other = "01999999-9999-7999-8999-999999999999";
    row.insert("deleted_at".to_owned(), "2026-11-21T07:00:00Z".into());
    row.insert("deletion_id".to_owned(), other.into());
    world.put_row("reactions", row);

    world.sweep(&world.faults()).await.unwrap();

    assert_eq!(world.marks("messages", &message("s0")).0, None);
    let marks = world.marks("reactions", &key2("s0", "late"));
    assert_eq!(marks.0.as_deref(), Some(other));
    assert_eq!(world.now(&deletion).due_at, None);
}

#[tokio::test]
async fn a_record_below_which_something_cannot_be_taken_stays_marked() {
    let world = small_tree();
    let discussion = key2("l", "d1");
    let deletion = restored(&world, "lists", "l").await;
    world.rows.remove(world.collection("lists"), &key("l"));
    put_marked(&world, &deletion, "discussions", &discussion);
    world.documents.reject("l-d1-0", "mapper_parsing_exception");
    world.until_purge(&deletion);

    let report = world.sweep(&world.faults()).await.unwrap();

    // The discussion, and the message, which is hidden as well.
    assert_eq!(of(&report, Drift::OrphanMark), (2, 0), "{report:?}");
    assert_eq!(of(&report, Drift::LiveChild), (2, 2), "{report:?}");
    let ours = Some(deletion.id.to_string());
    assert_eq!(world.marks("discussions", &discussion).0, ours);
    // Hidden as well, and what is below it is gone.
    assert_eq!(world.marks("messages", &key("l-d1-0")).0, ours);
    assert_eq!(world.row("messages", &key("l-d1-1")), None);
    assert_eq!(world.row("reactions", &key2("l-d1-0", "x")), None);
}

/// Its parent waits for its own: whether that one comes back is not known yet.
#[tokio::test]
async fn a_record_below_one_that_is_left_is_left_too() {
    let world = small_tree();
    let discussion = key2("l", "d1");
    let deletion = restored(&world, "lists", "l").await;
    world.rows.remove(world.collection("lists"), &key("l"));
    put_marked(&world, &deletion, "discussions", &discussion);
    let messages = world.collection("messages");
    let row = world.live_row("messages", &key("l-d1-1"), Some(&discussion));
    world.put_row("messages", marked(messages, row, &deletion.mark()));

    let report = compared(&world, &deletion).await;

    assert_eq!(of(&report, Drift::OrphanMark), (2, 0), "{report:?}");
    let ours = Some(deletion.id.to_string());
    assert_eq!(world.marks("messages", &key("l-d1-1")).0, ours);
}

async fn settled(world: &World) -> (Value, usize) {
    for _ in 0..10 {
        world.clock.advance(Duration::from_mins(1));
        world.sweep(&world.faults()).await.unwrap();
    }
    (records(world), world.rows.copies().len())
}

#[tokio::test]
async fn a_look_below_that_is_killed_at_any_call_ends_like_an_undisturbed_one() {
    for strategy in ["flag", "archive"] {
        let (world, _) = left_below_no_stream(strategy).await;
        let faults = world.faults();
        world.sweep(&faults).await.unwrap();
        let expected = settled(&world).await;
        assert_eq!(world.row("reactions", &key2("s0", "late")), None);
        for (call, moment) in cuts(&faults.log()) {
            let context = format!("{strategy}, call {call}, {moment:?}");
            let (world, _) = left_below_no_stream(strategy).await;
            let faults = world.faults();
            faults.crash_at(call, moment);
            let answer = faults.until_crash(world.sweep(&faults)).await;
            assert!(answer.is_none(), "{context}: it is dead");

            assert_eq!(settled(&world).await, expected, "{context}");
        }
    }
}
