//! Work is bounded, and whatever the shape of a tree, each slice gets on.

use std::time::Duration;

use domain::deletion::State;
use domain::page::PAGE_BYTES;
use engine::advance;
use ports::Clock;
use testing::samples::{key, key2};
use testing::{FakeClock, Operation};

use crate::engine::world::trees::FOUR_LEVELS;
use crate::engine::world::{SLICE, World, after};

/// A message with nothing below it is a question to the store all the same.
fn discussion_of_childless_messages(messages: usize) -> World {
    let world = World::new(FOUR_LEVELS);
    let discussion = key2("l", "d");
    world.put("lists", &key("l"), None);
    world.put("discussions", &discussion, Some(&key("l")));
    for message in 0..messages {
        world.put(
            "messages",
            &key(&format!("l-{message:05}")),
            Some(&discussion),
        );
    }
    world
}

#[tokio::test]
async fn a_delete_gets_on_though_no_slice_can_ask_for_the_children_of_all() {
    let world = discussion_of_childless_messages(3000);
    let deletion = world.accept("discussions", &key2("l", "d")).await;

    let mut slices = 0;
    while world.now(&deletion).state != State::Deleted {
        slices += 1;
        assert!(
            slices < 30,
            "it does not get on: cursor {:?}",
            world.now(&deletion).cursor
        );
        let faults = world.faults();
        faults.slow_at(Operation::QueryRows, Duration::from_millis(40));
        let _ = world.deliver(&faults, &deletion).await.unwrap();
        let _ = world.queue.take();
    }

    assert_eq!(
        world
            .now(&deletion)
            .deleted
            .values()
            .map(|counts| counts.deleted)
            .sum::<u64>(),
        3001
    );
}

#[tokio::test]
async fn a_purges_look_gets_on_though_no_slice_can_ask_for_the_children_of_all() {
    let world = discussion_of_childless_messages(3000);
    let deletion = world.accept("discussions", &key2("l", "d")).await;
    world.come_to_rest().await;
    world.put("reactions", &key2("l-00000", "late"), Some(&key("l-00000")));
    world.put("reactions", &key2("l-02999", "late"), Some(&key("l-02999")));
    world.until_purge(&deletion);
    world.sweep(&world.faults()).await.unwrap();
    let purge = world.now(&deletion);
    // Back to its beginning, with slow queries.
    let again = discussion_of_childless_messages(3000);
    let deletion = again.accept("discussions", &key2("l", "d")).await;
    again.come_to_rest().await;
    again.put("reactions", &key2("l-00000", "late"), Some(&key("l-00000")));
    again.put("reactions", &key2("l-02999", "late"), Some(&key("l-02999")));
    again.until_purge(&deletion);

    let mut slices = 0;
    while again.now(&deletion).state != State::Purged {
        slices += 1;
        assert!(
            slices < 40,
            "it does not get on: {:?}",
            again.now(&deletion).late_cursor
        );
        let faults = again.faults();
        faults.slow_at(Operation::QueryRows, Duration::from_millis(40));
        if slices == 1 {
            again.sweep(&faults).await.unwrap();
        } else {
            let _ = again.deliver(&faults, &deletion).await.unwrap();
        }
        let _ = again.queue.take();
    }

    assert_eq!(again.now(&deletion).purged, purge.purged);
}

/// Pages are items of the control table, which take 400 KB.
#[tokio::test]
async fn no_page_holds_more_bytes_of_keys_than_an_item_takes() {
    let world = World::new(FOUR_LEVELS);
    let long = |n: usize, letter: &str| format!("{n:04}{}", letter.repeat(500));
    world.put("messages", &key("l"), None);
    for n in 0..450 {
        world.put("reactions", &key2("l", &long(n, "é")), Some(&key("l")));
    }
    let deletion = world.accept("messages", &key("l")).await;
    world.come_to_rest().await;
    for n in 0..450 {
        world.put("reactions", &key2("l", &long(n, "ü")), Some(&key("l")));
    }
    world.until_purge(&deletion);
    world.come_to_rest().await;

    let manifest = world.deletions.manifest(&deletion);
    let pages: Vec<usize> = manifest
        .iter()
        .map(|(page, _)| page.entries.iter().map(|entry| entry.key.bytes()).sum())
        .collect();
    assert!(pages.iter().all(|bytes| *bytes <= PAGE_BYTES), "{pages:?}");
    assert_eq!(
        pages.len(),
        7,
        "the root, three for the delete and three for the look: {pages:?}"
    );
    let stands = world.now(&deletion);
    assert_eq!(
        stands
            .purged
            .values()
            .map(|counts| counts.purged)
            .sum::<u64>(),
        901
    );
}

#[tokio::test]
async fn a_slice_that_is_over_before_it_begins_does_nothing() {
    let world = discussion_of_childless_messages(3);
    let deletion = world.accept("discussions", &key2("l", "d")).await;
    let faults = world.faults();
    let engine = world.engine(&faults);
    let clock: &FakeClock = &world.clock;

    let _ = advance(&engine, &deletion.tenant, deletion.id, clock.now())
        .await
        .unwrap();

    assert_eq!(
        faults.count(Operation::MarkRows) + faults.count(Operation::PutPage),
        0
    );
    world.come_to_rest().await;
    assert_eq!(world.now(&deletion).state, State::Deleted);
}

#[tokio::test]
async fn one_event_names_at_most_a_page_of_ids_and_a_deletion_of_any_size_is_told_completely() {
    let world = discussion_of_childless_messages(2500);
    let deletion = world.accept("lists", &key("l")).await;
    let slice_end = after(world.clock.now(), SLICE);
    let _ = advance(
        &world.engine(&world.faults()),
        &deletion.tenant,
        deletion.id,
        slice_end,
    )
    .await
    .unwrap();
    world.come_to_rest().await;

    let named = world.named("RecordsDeleted");

    assert_eq!(named.len(), 2502);
    for event in world
        .events
        .published()
        .iter()
        .filter(|event| event.kind == "RecordsDeleted")
    {
        assert!(event.detail["ids"].as_array().unwrap().len() <= 1000);
    }
}
