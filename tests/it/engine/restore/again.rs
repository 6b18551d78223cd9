//! What a restore has left is restored again, as soon as nothing is in its way any more.

use std::time::Duration;

use domain::deletion::{Action, Deletion, State};
use serde_json::json;
use testing::samples::{key, key2};

use crate::engine::bulk::world::{chat_as, records};
use crate::engine::restore::restores::restored;
use crate::engine::world::trees::four_levels;
use crate::engine::world::{World, admin};

fn offers(world: &World, deletion: &Deletion) -> Vec<&'static str> {
    let (stands, faults) = (world.now(deletion), world.faults());
    let offered = requests::act::allowed(&world.api(&faults), &admin(), &stands);
    offered.into_iter().map(Action::as_str).collect()
}

/// All of an author is deleted, then a stream; the author's records are restored, except for those below the stream.
async fn left_below_a_stream(world: &World) -> (Deletion, Deletion) {
    let author = world.destroy_author("ann").await;
    world.come_to_rest().await;
    let stream = world.accept("streams", &key("s")).await;
    world.come_to_rest().await;
    let stands = world.act_and_rest(&author, Action::Restore).await;
    assert_eq!(stands.state, State::Restored);
    assert!(restored(&stands).1 > 0, "conflicts: {:?}", stands.restored);
    (author, stream)
}

#[tokio::test]
async fn an_authors_records_below_a_stream_that_comes_back_later_come_back_too() {
    for strategy in ["flag", "archive"] {
        for page_keys in [1, 3, 1000] {
            let mut world = chat_as(strategy);
            world.page_keys = page_keys;
            let before = records(&world);
            let (author, stream) = left_below_a_stream(&world).await;
            world.act_and_rest(&stream, Action::Restore).await;
            assert_ne!(records(&world), before, "the messages are still hidden");
            assert_eq!(offers(&world, &author), ["restore"]);

            let again = world.act_and_rest(&author, Action::Restore).await;

            assert_eq!(again.state, State::Restored);
            assert_eq!(restored(&again), (14, 0, 0), "{strategy}, {page_keys}");
            assert_eq!(records(&world), before);
            assert!(world.rows.copies().is_empty());
            let told = world.named("RecordsRestored");
            assert!(told.values().all(|times| *times == 1), "{told:?}");
            assert_eq!(offers(&world, &author), Vec::<&str>::new());
            assert_eq!(
                world.refused(&author, Action::Restore).await,
                State::Restored
            );
        }
    }
}

#[tokio::test]
async fn what_is_still_in_the_way_keeps_them_hidden_and_they_may_be_asked_for_again() {
    let world = chat_as("flag");
    let (author, stream) = left_below_a_stream(&world).await;
    let left = restored(&world.now(&author));

    let again = world.act_and_rest(&author, Action::Restore).await;

    assert_eq!((again.state, restored(&again)), (State::Restored, left));
    world.act_and_rest(&stream, Action::Restore).await;
    let last = world.act_and_rest(&author, Action::Restore).await;
    assert_eq!(restored(&last), (14, 0, 0));
}

#[tokio::test]
async fn from_purge_at_on_what_was_left_is_removed_and_not_restored() {
    let world = chat_as("flag");
    let (author, stream) = left_below_a_stream(&world).await;
    world.act_and_rest(&stream, Action::Restore).await;
    let purge_at = world.now(&author).purge_at.expect("it has one");
    world
        .clock
        .set(purge_at.checked_sub(Duration::from_millis(1)).unwrap());
    assert_eq!(offers(&world, &author), ["restore"]);

    world.clock.set(purge_at);

    assert_eq!(offers(&world, &author), Vec::<&str>::new());
    assert_eq!(
        world.refused(&author, Action::Restore).await,
        State::Restored
    );
}

/// A list is deleted; a discussion of it vanishes meanwhile, so that its messages cannot come back with the list. Then
/// the table's owner puts it back.
pub(crate) async fn left_below_a_discussion(page_keys: usize) -> (World, Deletion) {
    let mut world = four_levels();
    world.page_keys = page_keys;
    let discussions = world.collection("discussions").clone();
    let at = key2("l", "d1");
    let row = world.row("discussions", &at).expect("it is there");
    let deletion = world.accept("lists", &key("l")).await;
    world.come_to_rest().await;
    world.rows.remove(&discussions, &at);
    let stands = world.act_and_rest(&deletion, Action::Restore).await;
    assert_eq!(stands.state, State::Restored);
    assert!(restored(&stands).1 > 1, "{:?}", stands.restored);
    world.put_row("discussions", row);
    (world, deletion)
}

#[tokio::test]
async fn what_was_left_below_a_root_that_is_back_comes_back_and_the_root_is_not_touched() {
    for page_keys in [1, 3, 1000] {
        let (world, deletion) = left_below_a_discussion(page_keys).await;
        let mut root = world.row("lists", &key("l")).expect("it is back");
        root.insert("subject".to_owned(), json!("written since"));
        world.put_row("lists", root.clone());

        let again = world.act_and_rest(&deletion, Action::Restore).await;

        assert_eq!(again.state, State::Restored, "{:?}", again.failure);
        assert_eq!(restored(&again), (15, 0, 0), "pages of {page_keys}");
        assert_eq!(world.row("lists", &key("l")), Some(root));
        for (collection, record) in world.everything() {
            let live = (Some(String::new()), Some(String::new()));
            let marks = world.marks(&collection, &record);
            assert!(
                marks == live || (marks.0 == live.0 && marks.1.is_none()),
                "{collection} {record:?}: {marks:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_root_that_is_deleted_again_meanwhile_keeps_its_second_deletion() {
    let (world, deletion) = left_below_a_discussion(3).await;
    let second = world.accept("lists", &key("l")).await;
    world.come_to_rest().await;

    world.act_and_rest(&deletion, Action::Restore).await;

    assert_eq!(
        world.marks("lists", &key("l")).0,
        Some(second.id.to_string())
    );
    assert_eq!(world.now(&second).state, State::Deleted);
}
