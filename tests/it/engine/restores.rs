//! Restores: what a deletion marked comes back, root last, and nothing that is somebody else's.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use shared::domain::deletion::{Action, Deletion, State};
use shared::testing::samples::{key, key2, with_null};
use shared::testing::{Moment, Operation};

use super::trees::four_levels;
use super::world::{Ignore, World, text};

/// What is stored of everything, to be compared before and after.
pub(super) fn stored(world: &World) -> BTreeMap<String, [Option<Map<String, Value>>; 2]> {
    let all = world.everything().into_iter();
    all.map(|(collection, key)| {
        let both = [
            world.row(&collection, &key),
            world.document(&collection, &key),
        ];
        (format!("{collection}{}", json!(key)), both)
    })
    .collect()
}

pub(super) fn restored(deletion: &Deletion) -> (u64, u64, u64) {
    let counts = deletion.restored.values();
    counts.fold((0, 0, 0), |sum, counts| {
        (
            sum.0 + counts.restored,
            sum.1 + counts.conflict,
            sum.2 + counts.failed,
        )
    })
}

#[tokio::test]
async fn a_restore_brings_everything_back_as_it_was_and_tells_each_record_once() {
    for page_keys in [1, 2, 3, 1000] {
        let mut world = four_levels();
        world.page_keys = page_keys;
        let row = world.live_row("subscribers", &key2("l", "bob"), Some(&key("l")));
        let subscribers = world.collection("subscribers").clone();
        world.rows.put(&subscribers, with_null(&subscribers, row));
        let before = stored(&world);
        let deletion = world.accept("lists", &key("l")).await;
        world.come_to_rest().await;
        assert_ne!(stored(&world), before);

        let asked = world.act(&deletion, Action::Restore).await.unwrap();
        assert_eq!(asked.state, State::Restoring);
        world.come_to_rest().await;

        let stands = world.now(&deletion);
        assert_eq!(stands.state, State::Restored);
        assert_eq!(restored(&stands), (15, 0, 0));
        assert_eq!(stored(&world), before, "pages of {page_keys}");
        let told = world.named("RecordsRestored");
        assert_eq!(told.len(), 15);
        assert!(told.values().all(|times| *times == 1));
        let finished: Vec<_> = world
            .events
            .distinct()
            .into_iter()
            .filter(|event| event.kind == "DeletionFinished")
            .map(|event| {
                (
                    event.detail["state"].clone(),
                    event.detail["counts"].clone(),
                )
            })
            .collect();
        assert_eq!(
            finished[1],
            (
                json!("RESTORED"),
                json!({ "restored": 15, "conflict": 0, "failed": 0 })
            )
        );
        assert_eq!(stands.due_at, None, "nothing is left to do");
    }
}

#[tokio::test]
async fn the_root_comes_last_and_hides_everything_until_then() {
    let mut world = four_levels();
    world.page_keys = 2;
    let deletion = world.accept("lists", &key("l")).await;
    world.come_to_rest().await;
    world.act(&deletion, Action::Restore).await.unwrap();
    drop(world.queue.take());
    let faults = world.faults();
    let steps = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    for nth in 1..=40 {
        for operation in [Operation::ClearRows, Operation::ClearDocuments] {
            let (seen, beside, deletion) = (steps.clone(), world.clone(), deletion.clone());
            faults.beside(operation, nth, Moment::After, move || {
                let root = beside.marks("lists", &key("l"));
                let state = beside.now(&deletion).state;
                seen.lock().unwrap().push((root, state));
            });
        }
    }

    world.deliver(&faults, &deletion).await.unwrap().ignore();

    let steps = steps.lock().unwrap();
    let (last, before) = steps.split_last().unwrap();
    assert!(before.len() > 10);
    for (root, state) in before {
        assert_eq!(
            (root, *state),
            (&(text(deletion.id), text(deletion.id)), State::Restoring)
        );
    }
    // The root's row goes with the state, its document follows.
    assert_eq!(
        *last,
        ((Some(String::new()), Some(String::new())), State::Restored)
    );
}

#[tokio::test]
async fn a_restored_record_is_deleted_again_by_another_deletion_and_a_second_restore_is_refused() {
    let world = four_levels();
    let before = stored(&world);
    let mut ids = Vec::new();
    for _ in 0..3 {
        let deletion = world.accept("lists", &key("l")).await;
        world.come_to_rest().await;
        assert_eq!(world.now(&deletion).state, State::Deleted);

        let stands = world.act_and_rest(&deletion, Action::Restore).await;

        assert_eq!(stands.state, State::Restored);
        assert_eq!(stored(&world), before);
        for action in Action::ALL {
            assert_eq!(world.refused(&deletion, action).await, State::Restored);
        }
        assert_eq!(world.now(&deletion), stands);
        ids.push(deletion.id);
    }
    assert_eq!(world.deletions.all().len(), ids.len());
}
