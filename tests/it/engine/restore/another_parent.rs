//! Records whose parent is another one by now: they do not come back in it.

use domain::deletion::{Action, State};
use serde_json::json;
use testing::samples::{key, key2};

use crate::engine::areas::shipped;
use crate::engine::world::{World, text};

const BEFORE: &str = "2026-11-01T07:00:00Z";

fn put_stream(world: &World, created_at: &str) {
    let mut row = world.live_row("streams", &key("s"), None);
    row.insert("created_at".to_owned(), json!(created_at));
    world.put_row("streams", row);
}

/// A stream with a message that has a reaction.
fn chat() -> World {
    let world = shipped("chat.toml");
    put_stream(&world, BEFORE);
    let message = key2("s", "m");
    world.put("stream_messages", &message, Some(&key("s")));
    world.put("reactions", &key2("m", "x"), Some(&message));
    world
}

#[tokio::test]
async fn a_message_does_not_come_back_in_another_stream_of_the_same_id() {
    let world = chat();
    let first = world
        .delete_and_rest("stream_messages", &key2("s", "m"))
        .await;
    world.delete_and_rest("streams", &key("s")).await;
    put_stream(&world, "2026-12-01T07:00:00Z");

    let stands = world.act_and_rest(&first, Action::Restore).await;

    assert_eq!(stands.state, State::RestoreFailed);
    let now = world.marks("stream_messages", &key2("s", "m")).0;
    assert!(now.is_none() || now == text(first.id), "{now:?}");
}

#[tokio::test]
async fn it_comes_back_in_its_own_stream() {
    let world = chat();
    let first = world
        .delete_and_rest("stream_messages", &key2("s", "m"))
        .await;
    let second = world.delete_and_rest("streams", &key("s")).await;
    world.act_and_rest(&second, Action::Restore).await;

    let stands = world.act_and_rest(&first, Action::Restore).await;

    assert_eq!(stands.state, State::Restored);
    let live = Some(String::new());
    assert_eq!(world.marks("stream_messages", &key2("s", "m")).0, live);
    assert_eq!(world.marks("reactions", &key2("m", "x")).0, live);
}
