//! Archived rows are as large as rows may be: how many of them are in memory is bounded by their bytes.

use domain::deletion::{Action, State};
use serde_json::json;
use testing::samples::{key, key2};

use crate::engine::world::World;
use crate::engine::world::strategies::archived;

/// Below 400 KB, with what the archive adds.
const LARGEST: usize = 400 * 1024 - 1000;

/// What is in memory at most: 8 MB and then 25 rows more.
const BOUND: usize = (8 << 20) + 25 * 400 * 1024;

/// A list with these subscribers, each with a text of so many bytes.
fn list(sizes: &[usize]) -> World {
    let world = World::new(&archived());
    world.put("lists", &key("l"), None);
    for (number, size) in sizes.iter().enumerate() {
        let at = key2("l", &format!("u{number:04}"));
        let mut row = world.live_row("subscribers", &at, Some(&key("l")));
        row.insert("text".to_owned(), json!("x".repeat(*size)));
        world.rows.put(world.collection("subscribers"), row);
    }
    world
}

#[tokio::test]
async fn no_more_than_18_megabytes_of_whole_rows_are_in_memory_however_many_are_moved() {
    let small_then_large: Vec<usize> = (0..150)
        .map(|n| if n < 60 { 10 } else { LARGEST })
        .collect();
    for sizes in [vec![LARGEST; 120], small_then_large] {
        let world = list(&sizes);
        let subscribers = world.collection("subscribers").clone();

        let deletion = world.delete_and_rest("lists", &key("l")).await;
        assert_eq!(deletion.state, State::Deleted);
        assert_eq!(world.rows.keys(&subscribers).len(), 0);
        let restored = world.act_and_rest(&deletion, Action::Restore).await;

        assert_eq!(restored.state, State::Restored);
        assert_eq!(world.rows.keys(&subscribers).len(), sizes.len());
        let most = world.rows.most_bytes_held();
        assert!(most <= BOUND, "{most} bytes");
    }
}

#[tokio::test]
async fn a_row_that_the_table_does_not_take_back_fails_alone_and_a_retry_brings_it() {
    for page_keys in [1, 1000] {
        let mut world = list(&[10, 10, 10]);
        world.page_keys = page_keys;
        let subscribers = world.collection("subscribers").clone();
        let deletion = world.delete_and_rest("lists", &key("l")).await;
        let full = key2("l", "u0001");
        world.rows.take_the_room(&full);

        let failed = world.act_and_rest(&deletion, Action::Restore).await;

        assert_eq!(failed.state, State::RestoreFailed);
        assert_eq!(failed.restored[&subscribers.name].failed, 1);
        assert_eq!(failed.restored[&subscribers.name].restored, 2);
        let reasons = world.deletions.manifest(&failed).into_iter();
        let reasons: Vec<String> = reasons
            .flat_map(|(_, exceptions)| exceptions.restored.into_values())
            .map(|exception| format!("{exception:?}"))
            .collect();
        assert_eq!(reasons.len(), 1);
        assert!(reasons[0].contains("ROW_REFUSED"), "{reasons:?}");
        let copy = world.rows.copy_of(deletion.id, &subscribers, &full);
        assert!(copy.is_some(), "its copy stays");

        world.rows.make_room(&full);
        let restored = world.act_and_rest(&deletion, Action::Retry).await;

        assert_eq!(restored.state, State::Restored);
        assert_eq!(world.rows.keys(&subscribers).len(), 3);
        assert_eq!(world.rows.copies(), []);
    }
}

#[tokio::test]
async fn a_root_that_the_table_does_not_take_back_ends_the_restore_with_the_reason() {
    let world = list(&[10]);
    let deletion = world.delete_and_rest("lists", &key("l")).await;
    world.rows.take_the_room(&key("l"));

    let failed = world.act_and_rest(&deletion, Action::Restore).await;

    assert_eq!(failed.state, State::RestoreFailed);
    assert_eq!(failed.failure.expect("it says why").code, "ROW_REFUSED");
    world.rows.make_room(&key("l"));
    let restored = world.act_and_rest(&deletion, Action::Retry).await;
    assert_eq!(restored.state, State::Restored);
}
