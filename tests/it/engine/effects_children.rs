//! Children that stay when their parent goes.

use serde_json::json;
use shared::domain::deletion::State;
use shared::testing::Moment;
use shared::testing::samples::key;

use super::world::{Ignore, World};

/// Notes stay when their folder goes; a folder of somebody else keeps its own.
const FOLDERS: &str = r#"
[folders]
table       = "folders"
key         = ["folder_id"]
tenant      = { attribute = "owner", gsi = "by_owner" }
strategy    = "flag"
retention   = "30d"
permissions = { read = ["member"], delete = ["admin"], restore = ["admin"], purge = ["admin"] }

[notes]
table       = "notes"
key         = ["note_id"]
tenant      = { attribute = "owner", gsi = "by_owner" }
parent      = { collection = "folders", by = ["folder_id"], gsi = "by_folder", on_delete = "detach" }
strategy    = "flag"
retention   = "30d"
permissions = { read = ["member"], delete = ["admin"], restore = ["admin"], purge = ["admin"] }
"#;

fn folders() -> World {
    let world = World::new(FOLDERS);
    for (folder, notes) in [("f", 30), ("g", 2)] {
        world.put("folders", &key(folder), None);
        for n in 0..notes {
            world.put(
                "notes",
                &key(&format!("{folder}-{n:02}")),
                Some(&key(folder)),
            );
        }
    }
    world
}

fn assert_detached(world: &World) {
    for n in 0..30 {
        let note = world.row("notes", &key(&format!("f-{n:02}"))).unwrap();
        assert_eq!(note.get("folder_id"), None);
        assert_eq!(note.get("deleted_at"), None);
    }
    let kept = world.row("notes", &key("g-01")).unwrap();
    assert_eq!(kept.get("folder_id"), Some(&json!("g")));
}

#[tokio::test]
async fn detached_children_stay_and_name_no_parent_any_more() {
    let world = folders();

    let deletion = world.accept("folders", &key("f")).await;
    world.come_to_rest().await;

    let ended = world.now(&deletion);
    assert_eq!(ended.state, State::Deleted);
    assert!(!ended.deleted.contains_key("notes"));
    assert_detached(&world);
}

#[tokio::test]
async fn detaching_that_is_killed_at_any_step_is_finished_later() {
    let steps = {
        let world = folders();
        let faults = world.faults();
        let deletion = world.accept("folders", &key("f")).await;
        world.deliver(&faults, &deletion).await.unwrap().ignore();
        faults.calls()
    };
    for step in 1..=steps {
        let world = folders();
        let faults = world.faults();
        let deletion = world.accept("folders", &key("f")).await;
        faults.crash_at(step, Moment::Midway);
        let _dead = faults.until_crash(world.deliver(&faults, &deletion)).await;
        world.come_to_rest().await;

        assert_eq!(world.now(&deletion).state, State::Deleted, "step {step}");
        assert_detached(&world);
    }
}
