//! What is written leaves room for what its deletion adds: whatever can be written can be deleted.

use domain::size::ITEM_BYTES;
use serde_json::{Value, json};
use testing::samples::key;

use super::event::Event;
use super::world::World;
use super::writing::{brief, post, put};

/// The time that PUT gives a new letter.
const SENT: &str = "2026-11-21T07:00:00.000Z";

/// A record of a collection with a text that leaves so many bytes of an item free.
fn filling(collection: &str, id: &str, less: usize) -> Event {
    let rest = "room_id".len() + "r-1".len() + "realm".len() + "acme".len() + "body".len();
    let own = match collection {
        "letters" => {
            "letter_id".len() + "sender_id".len() + "ann".len() + "sent_at".len() + SENT.len()
        }
        "jobs" => "job_id".len(),
        _ => "print_id".len(),
    };
    let body = "x".repeat(ITEM_BYTES - less - rest - own - id.len());
    put(
        &format!("/v1/{collection}/{id}"),
        &json!({ "room_id": "r-1", "body": body }),
    )
}

#[tokio::test]
async fn what_could_not_be_deleted_is_not_written_and_the_answer_has_the_number() {
    // The names and values of a mark, with the longest subject; and what the archive adds.
    for (collection, added) in [("letters", 91 + 255), ("jobs", 91 + 255), ("prints", 1200)] {
        let world = post();

        let refused = world.call(filling(collection, "n-1", 91 + 254)).await;

        assert_eq!(brief(&refused), (413, "RECORD_TOO_LARGE"), "{collection}");
        let detail = refused.body["detail"].as_str().unwrap();
        let most = ITEM_BYTES.to_string();
        assert!(detail.contains(&most), "{detail}");
        assert_eq!(
            world.rows.get(world.collection(collection), &key("n-1")),
            None
        );
        let written = world.call(filling(collection, "n-1", added)).await;
        assert_eq!(written.status, 201, "{}", written.text);
        let longest = "s".repeat(255);
        let delete = Event::new("DELETE", &format!("/v1/{collection}/n-1"));
        let deleted = world.call(delete.by(&longest, "acme", "[admin]")).await;
        assert_eq!(brief(&deleted), (202, "PENDING_DELETE"), "{}", deleted.text);
    }
}

#[tokio::test]
async fn what_could_not_be_archived_is_not_written_either() {
    let world = World::new();
    let mut deep = json!(1);
    for _ in 0..31 {
        deep = json!([deep]);
    }
    let wide: serde_json::Map<String, Value> =
        (0..300).map(|n| (format!("a{n}"), json!(n))).collect();

    for body in [json!({ "deep": deep }), Value::Object(wide)] {
        let refused = world.call(put("/v1/prints/p-1", &body)).await;
        assert_eq!(brief(&refused), (413, "RECORD_TOO_LARGE"));
        assert_eq!(
            world.rows.get(world.collection("prints"), &key("p-1")),
            None
        );
        let erased = world.call(put("/v1/jobs/j-1", &body)).await;
        assert!(erased.status < 300, "where nothing is copied it is taken");
    }
}
