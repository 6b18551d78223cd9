//! What another deletion or another tenant has below a record may be more than a stretch can read.

use std::time::Duration;

use domain::deletion::{Action, Deletion, State};
use domain::key::RecordKey;
use serde_json::Value;
use testing::samples::{key, key2};
use testing::{Faults, Moment, Operation};

use crate::engine::bulk::world::{chat_as, message, put_reaction};
use crate::engine::compare::compares::{put_marked, restored};
use crate::engine::world::World;
use crate::engine::world::trees::{FOUR_LEVELS, four_levels};

/// How many rows one query of a look reads.
const QUERY: usize = 100;

/// How long a query takes.
const SLOW: Duration = Duration::from_secs(1);

/// More than two stretches can read.
const MANY: usize = 6_000;

/// With a query for each, more than a stretch can read, too.
const MESSAGES: usize = 60;

/// Sweeps until the deletion is compared, where each query takes so long. Returns how many sweeps and queries it took.
async fn compared_slowly(world: &World, query: Duration, most: usize) -> (usize, usize) {
    let faults: Faults = world.faults();
    faults.slow_at(Operation::QueryRows, query);
    let (mut sweeps, mut compared) = (0, 0);
    while compared == 0 {
        sweeps += 1;
        assert!(sweeps <= most, "not compared after {most} sweeps");
        let report = world.sweep(&faults).await.unwrap();
        assert_eq!(report.errors, 0, "{report:?}");
        compared = report.compared;
    }
    (sweeps, faults.count(Operation::QueryRows))
}

/// An author's messages are restored except for those below a stream that is gone; below two of them another tenant has
/// many reactions, and before and behind those one is live.
async fn strangers_below(strategy: &str) -> (World, Deletion) {
    let world = chat_as(strategy);
    let author = world.destroy_author("ann").await;
    world.come_to_rest().await;
    world.rows.remove(world.collection("streams"), &key("s"));
    let restored = world.act_and_rest(&author, Action::Restore).await;
    assert_eq!(restored.state, State::Restored);
    for id in ["s0", "s2"] {
        for n in 0..MANY {
            let stranger = format!("m{n:05}");
            put_reaction(&world, "s", id, &stranger);
            world.give_away("reactions", &key2(id, &stranger));
        }
        put_reaction(&world, "s", id, "a");
        put_reaction(&world, "s", id, "z");
    }
    world.clock.advance(Duration::from_mins(20));
    let report = world.sweep(&world.faults()).await.unwrap();
    assert_eq!(report.compared, 1, "{report:?}");
    world.until_purge(&author);
    (world, author)
}

#[tokio::test]
async fn what_strangers_have_below_a_record_is_read_once_over_all_stretches() {
    for strategy in ["flag", "archive"] {
        let (world, deletion) = strangers_below(strategy).await;

        let (sweeps, queries) = compared_slowly(&world, SLOW, 10).await;

        let needed = 2 * MANY / QUERY;
        assert!(queries <= needed + 4 * sweeps, "{strategy}: {queries}");
        assert!(sweeps > 4, "{strategy}: it takes several stretches");
        for id in ["s0", "s2"] {
            assert_eq!(world.marks("messages", &message(id)), (None, None));
            for emoji in ["a", "z"] {
                assert_eq!(world.row("reactions", &key2(id, emoji)), None);
            }
            let stranger = key2(id, &format!("m{:05}", MANY - 1));
            assert!(world.row("reactions", &stranger).is_some(), "{strategy}");
        }
        assert!(world.rows.copies().is_empty(), "{strategy}");
        assert_eq!(world.now(&deletion).due_at, None, "{strategy}");
    }
}

/// A list of folders; notes stay when their folder goes.
const FOLDERS: &str = r#"
[lists]
table       = "lists"
key         = ["list_id"]
tenant      = "owner"
strategy    = "flag"
retention   = "30d"
permissions = { read = ["member"], delete = ["admin"], restore = ["admin"], purge = ["admin"] }

[folders]
table       = "folders"
key         = ["list_id", "folder_id"]
tenant      = "owner"
parent      = { collection = "lists", by = ["list_id"], on_delete = "cascade" }
strategy    = "flag"
retention   = "30d"
permissions = { read = ["member"], delete = ["admin"], restore = ["admin"], purge = ["admin"] }

[notes]
table       = "notes"
key         = ["note_id"]
tenant      = "owner"
parent      = { collection = "folders", by = ["list", "folder"], gsi = "by_folder", on_delete = "detach" }
strategy    = "flag"
retention   = "30d"
permissions = { read = ["member"], delete = ["admin"], restore = ["admin"], purge = ["admin"] }
"#;

#[tokio::test]
async fn children_of_more_records_than_a_stretch_can_ask_for_are_detached_over_several() {
    let world = World::new(FOLDERS);
    world.put("lists", &key("l"), None);
    world.rows.lag();
    for n in 0..120 {
        let folder = key2("l", &format!("f{n:03}"));
        world.put("folders", &folder, Some(&key("l")));
        world.put("notes", &key(&format!("n{n:03}")), Some(&folder));
    }
    let deletion = world.delete_and_rest("lists", &key("l")).await;
    world.rows.settle();
    let due = world.now(&deletion).due_at.expect("it is compared");
    world.clock.set(due);

    let (sweeps, queries) = compared_slowly(&world, SLOW, 12).await;

    assert!(sweeps > 3, "it takes several stretches: {sweeps}");
    // Of a stretch that ends, fewer than are remembered at once are asked for again; and what is below the list is.
    assert!(queries <= 120 + 16 * sweeps + 300, "{queries}");
    for n in 0..120 {
        let note = world.row("notes", &key(&format!("n{n:03}"))).unwrap();
        assert_eq!(note.get("folder"), None, "{n}");
    }
}

/// Another deletion's messages.
fn put_marked_by_another(world: &World, discussion: &RecordKey, id: &str) {
    let mut row = world.live_row("messages", &key(id), Some(discussion));
    let other: Value = "01999999-9999-7999-8999-999999999999".into();
    row.insert("deleted_at".to_owned(), "2026-11-21T07:00:00Z".into());
    row.insert("deletion_id".to_owned(), other);
    world.put_row("messages", row);
}

#[tokio::test]
async fn a_record_below_which_something_stays_does_not_hold_up_the_others() {
    let world = four_levels();
    let deletion = restored(&world, "lists", "l").await;
    world.rows.remove(world.collection("lists"), &key("l"));
    for id in ["d1", "d2", "d3"] {
        let discussion = key2("l", id);
        put_marked(&world, &deletion, "discussions", &discussion);
        for n in 0..MANY {
            put_marked_by_another(&world, &discussion, &format!("l-{id}-m{n:05}"));
        }
    }
    // Behind the others: it cannot be taken.
    world.put("messages", &key("l-d1-z"), Some(&key2("l", "d1")));
    world.documents.reject("l-d1-z", "mapper_parsing_exception");
    world.until_purge(&deletion);

    let (sweeps, queries) = compared_slowly(&world, SLOW, 20).await;

    // The index has them all in one partition: it is read up to what stays, then once for each of the others.
    let needed = (1 + 3 + 3) * MANY / QUERY;
    assert!(queries <= needed + 4 * sweeps, "{queries}");
    let ours = Some(deletion.id.to_string());
    assert_eq!(world.marks("discussions", &key2("l", "d1")).0, ours);
    assert_eq!(world.marks("messages", &key("l-d1-z")).0, ours);
    for id in ["d2", "d3"] {
        assert_eq!(world.marks("discussions", &key2("l", id)), (None, None));
    }
    assert!(world.now(&deletion).comparison.done);
}

/// A discussion that is to be removed, and another one: below two of its many messages another tenant has more than two
/// stretches can read; around those are records that may be removed.
async fn strangers_below_children() -> (World, Deletion) {
    let world = World::new(FOUR_LEVELS);
    world.put("lists", &key("l"), None);
    let discussions = ["d", "e"].map(|id| key2("l", id));
    for discussion in &discussions {
        world.put("discussions", discussion, Some(&key("l")));
    }
    let deletion = restored(&world, "lists", "l").await;
    world.rows.remove(world.collection("lists"), &key("l"));
    for discussion in &discussions {
        put_marked(&world, &deletion, "discussions", discussion);
    }
    let reactions = world.collection("reactions");
    for n in 0..MESSAGES {
        let message = key(&format!("m{n:02}"));
        world.put("messages", &message, Some(&discussions[0]));
        for emoji in ["a", "z"] {
            let reaction = key2(&message.partition, emoji);
            world.put("reactions", &reaction, Some(&message));
        }
        for n in 0..if [10, 20].contains(&n) { MANY } else { 0 } {
            let stranger = key2(&message.partition, &format!("m{n:05}"));
            let row = testing::samples::row(reactions, &stranger, "globex");
            world.rows.put(reactions, row);
        }
    }
    world.until_purge(&deletion);
    (world, deletion)
}

#[tokio::test]
async fn what_strangers_have_below_its_children_is_read_once_over_all_stretches_too() {
    let (world, deletion) = strangers_below_children().await;

    let (sweeps, queries) = compared_slowly(&world, SLOW, 40).await;

    // One for each message at least, and in each stretch those that it makes once more.
    let needed = 2 * MANY / QUERY + MESSAGES + 2;
    assert!(queries <= needed + 20 * sweeps, "{queries} in {sweeps}");
    assert!(sweeps > 6, "it takes several stretches: {sweeps}");
    for id in ["d", "e"] {
        assert_eq!(world.marks("discussions", &key2("l", id)), (None, None));
    }
    for (collection, strangers) in [("messages", 0), ("reactions", 2 * MANY)] {
        let left = world.rows.keys(world.collection(collection));
        assert_eq!(left.len(), strangers, "{collection}");
    }
    let ended = world.now(&deletion);
    assert!(ended.comparison.done && ended.comparison.deeper.is_empty());
    assert_eq!(ended.due_at, None);
}

#[tokio::test]
async fn a_look_below_children_that_is_killed_anywhere_ends_like_an_undisturbed_one() {
    for call in (1..400).step_by(47) {
        let (world, deletion) = strangers_below_children().await;
        let faults = world.faults();
        faults.slow_at(Operation::QueryRows, SLOW);
        faults.crash_at(call, Moment::After);
        let mut is_dead = false;
        for _ in 0..40 {
            is_dead |= faults.until_crash(world.sweep(&faults)).await.is_none();
            world.clock.advance(Duration::from_mins(10));
            if is_dead {
                break;
            }
        }
        assert!(is_dead, "call {call}");

        compared_slowly(&world, SLOW / 10, 40).await;

        assert!(world.now(&deletion).comparison.done, "call {call}");
        for (collection, strangers) in [("messages", 0), ("reactions", 2 * MANY)] {
            let left = world.rows.keys(world.collection(collection));
            assert_eq!(left.len(), strangers, "call {call}: {collection}");
        }
        assert_eq!(
            world.rows.keys(world.collection("discussions")),
            [],
            "call {call}"
        );
    }
}
