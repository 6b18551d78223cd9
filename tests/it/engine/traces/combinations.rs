//! Rules that meet: what one of them leaves is what another one begins with.

use domain::deletion::{Action, State};
use serde_json::json;
use testing::samples::{key, key2};
use testing::{Moment, Operation};

use crate::engine::compare::compares::compared;
use crate::engine::disturbed::crashes::cuts;
use crate::engine::world::World;

/// Notes stay when their folder goes; a note has lines, which go with it.
const FOLDERS: &str = r#"
[folders]
table       = "folders"
key         = ["folder_id"]
tenant      = "owner"
document    = { index = "folders", id = "{folder_id}", fields = ["subject"] }
strategy    = "flag"
retention   = "30d"
permissions = { read = ["member"], delete = ["admin"], restore = ["admin"], purge = ["admin"] }

[notes]
table       = "notes"
key         = ["note_id"]
tenant      = "owner"
parent      = { collection = "folders", by = ["folder_id"], gsi = "by_folder", on_delete = "detach" }
strategy    = "flag"
retention   = "30d"
permissions = { read = ["member"], delete = ["admin"], restore = ["admin"], purge = ["admin"] }

[lines]
table       = "lines"
key         = ["note_id", "line_id"]
tenant      = "owner"
parent      = { collection = "notes", by = ["note_id"], on_delete = "cascade" }
strategy    = "flag"
retention   = "30d"
permissions = { read = ["member"], delete = ["admin"], restore = ["admin"], purge = ["admin"] }
"#;

fn folders(strategy: &str) -> World {
    let text = FOLDERS.replace("\"flag\"", &format!("\"{strategy}\""));
    let is_said = |line: &&str| strategy != "erase" || !line.starts_with("retention");
    let lines: Vec<&str> = text.lines().filter(is_said).collect();
    let world = World::new(&lines.join("\n"));
    world.put("folders", &key("f"), None);
    for note in ["a", "b"] {
        world.put("notes", &key(note), Some(&key("f")));
        world.put("lines", &key2(note, "1"), Some(&key(note)));
    }
    world
}

fn folder_of(world: &World, note: &str) -> Option<serde_json::Value> {
    let row = world.row("notes", &key(note)).expect("it stays");
    row.get("folder_id").cloned()
}

/// A note that has a deletion of its own loses its folder all the same, and comes back without one, with its lines.
#[tokio::test]
async fn a_deleted_child_that_is_detached_comes_back_without_a_parent() {
    let world = folders("flag");
    let note = world.delete_and_rest("notes", &key("a")).await;
    let folder = world.delete_and_rest("folders", &key("f")).await;
    assert_eq!(folder.state, State::Deleted);

    let back = world.act_and_rest(&note, Action::Restore).await;

    assert_eq!(back.state, State::Restored, "{:?}", back.failure);
    for note in ["a", "b"] {
        assert_eq!(folder_of(&world, note), None);
    }
    assert_eq!(world.marks("lines", &key2("a", "1")).0, Some(String::new()));
}

/// The folder fails by its document, and its purge removes it.
#[tokio::test]
async fn children_of_a_parent_that_had_failed_are_detached_when_it_is_purged() {
    for strategy in ["flag", "archive"] {
        let world = folders(strategy);
        world.documents.reject("f", "mapper_parsing_exception");
        let deletion = world.accept("folders", &key("f")).await;
        world.come_to_rest().await;
        assert_eq!(world.now(&deletion).state, State::DeleteFailed);
        assert_eq!(folder_of(&world, "a"), Some(json!("f")), "{strategy}");
        world.documents.accept("f");

        let purged = world.act_and_rest(&deletion, Action::Purge).await;

        assert_eq!(purged.state, State::Purged, "{strategy}");
        assert_eq!(world.row("folders", &key("f")), None);
        for note in ["a", "b"] {
            assert_eq!(folder_of(&world, note), None, "{strategy}");
        }
    }
}

/// A client puts a record with the key of one that is being purged from the archive, at any moment.
#[tokio::test]
async fn what_takes_the_key_of_an_archived_record_survives_its_purge_at_any_call() {
    let calls = {
        let world = folders("archive");
        let note = world.delete_and_rest("notes", &key("a")).await;
        world.until_purge(&note);
        let faults = world.faults();
        world.sweep(&faults).await.unwrap();
        assert_eq!(world.now(&note).state, State::Purged);
        cuts(&faults.log()).last().expect("there are calls").0
    };
    for call in 1..=calls {
        let world = folders("archive");
        let note = world.delete_and_rest("notes", &key("a")).await;
        world.until_purge(&note);
        let faults = world.faults();
        faults.crash_at(call, Moment::After);
        let _dead = faults.until_crash(world.sweep(&faults)).await;
        world.put("notes", &key("a"), Some(&key("f")));
        world.put("lines", &key2("a", "new"), Some(&key("a")));

        world.come_to_rest().await;
        compared(&world, &note).await;

        assert_eq!(world.now(&note).state, State::Purged, "call {call}");
        let live = Some(String::new());
        assert_eq!(world.marks("notes", &key("a")).0, live, "call {call}");
        assert_eq!(
            world.marks("lines", &key2("a", "new")).0,
            live,
            "call {call}"
        );
        assert_eq!(world.row("lines", &key2("a", "1")), None, "call {call}");
        assert!(world.rows.copies().is_empty(), "call {call}");
    }
}

/// A worker dies anywhere while it erases a folder, and its owner makes a new note in it meanwhile.
#[tokio::test]
async fn an_erased_parent_leaves_no_child_below_it_wherever_its_worker_dies() {
    let calls = {
        let world = folders("erase");
        let deletion = world.accept("folders", &key("f")).await;
        let faults = world.faults();
        let _ = world.deliver(&faults, &deletion).await.unwrap();
        assert_eq!(world.now(&deletion).state, State::Purged);
        assert!(faults.count(Operation::DetachRows) > 0);
        faults.calls()
    };
    for call in 1..=calls {
        let world = folders("erase");
        let deletion = world.accept("folders", &key("f")).await;
        let faults = world.faults();
        faults.crash_at(call, Moment::After);
        let _dead = faults.until_crash(world.deliver(&faults, &deletion)).await;
        world.put("notes", &key("c"), Some(&key("f")));

        world.come_to_rest().await;
        compared(&world, &deletion).await;

        assert_eq!(world.row("folders", &key("f")), None, "call {call}");
        for note in ["a", "b", "c"] {
            assert_eq!(folder_of(&world, note), None, "call {call}: {note}");
        }
    }
}
