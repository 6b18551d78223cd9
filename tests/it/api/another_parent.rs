//! A restore below a record that has the parent's key, and is another one.

use serde_json::json;
use testing::samples::{self, key, key2};

use super::acting::{post, told};
use super::event::Event;
use super::world::World;

/// A letter that says that it was sent then.
fn put_letter_of(world: &World, sent_at: &str) {
    world.put_letter("l-1", "r-1");
    let mut row = world.row("letters", &key("l-1"));
    row.insert("sent_at".to_owned(), json!(sent_at));
    world.put_row("letters", row);
}

#[tokio::test]
async fn a_restore_below_another_record_of_the_parents_id_is_409_at_once_whenever_that_was_written()
{
    for (own, other) in [
        ("2026-11-01T07:00:00Z", "2026-10-01T07:00:00Z"),
        ("2026-11-01T07:00:00Z", "2026-12-24T07:00:00Z"),
        ("2026-12-24T07:00:00Z", "2026-11-01T07:00:00Z"),
    ] {
        let world = World::new();
        world.put("rooms", &key("r-1"));
        put_letter_of(&world, own);
        let stamp = key2("l-1", "s-1");
        let row = samples::row(world.collection("stamps"), &stamp, "acme");
        world.put_row("stamps", row);
        let answer = world.call(Event::new("DELETE", "/v1/stamps/l-1/s-1")).await;
        assert_eq!(answer.status, 202);
        world.come_to_rest().await;
        let deletion = world.deletions.all().remove(0);
        put_letter_of(&world, other);

        let refused = world.call(post(&deletion, "restore")).await;

        assert_eq!(told(&refused), (409, "PARENT_NOT_LIVE"), "{own}, {other}");
        assert!(refused.body.get("deletion").is_none());
        assert_eq!(world.deletions.get(deletion.id).unwrap(), deletion);
        put_letter_of(&world, own);
        let answer = world.call(post(&deletion, "restore")).await;
        assert_eq!(answer.status, 202, "its own is there again: {own}, {other}");
    }
}
