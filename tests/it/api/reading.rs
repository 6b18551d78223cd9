//! One live record, a search, and who may read.

use domain::row::Row;
use serde_json::json;
use testing::samples::{self, key, key2};

use super::event::Event;
use super::world::World;

#[tokio::test]
async fn a_live_record_is_shown_with_its_attributes_and_without_marks() {
    let world = World::new();
    world.put("discussions", &key("d-1"));
    let messages = world.collection("messages");
    let row = samples::with_null(
        messages,
        samples::row(messages, &key2("d-1", "m-1"), "acme"),
    );
    world.rows.put(messages, row);

    let answer = world.call(Event::new("GET", "/v1/messages/d-1/m-1")).await;

    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.body,
        json!({
            "collection": "messages",
            "id": "d-1",
            "sort": "m-1",
            "attributes": { "discussion_id": "d-1", "message_id": "m-1", "user_id": "acme", "sender_id": "ann", "subject": "a stone" },
        })
    );
    assert_eq!(
        answer,
        world
            .call(Event::new("GET", "/v1/messages?sort=m-1&id=d-1"))
            .await
    );
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let world = World::new();
    world.put("messages", &key2("orphan", "m-1"));

    for target in [
        "/v1/discussions/d-1",
        "/v1/messages/d-1/m-1",
        "/v1/messages/orphan/m-1",
    ] {
        let answer = world.call(Event::new("GET", target)).await;
        assert_eq!(
            (answer.status, answer.code()),
            (404, "RECORD_NOT_FOUND"),
            "{target}"
        );
    }
}

#[tokio::test]
async fn only_those_who_are_granted_it_read() {
    let world = World::new();
    world.put("drafts", &key("x"));
    let mine = world
        .call(Event::new("GET", "/v1/drafts/x").by("ann", "acme", "[]"))
        .await;
    let not_mine = world
        .call(Event::new("GET", "/v1/drafts/x").by("bob", "acme", "[admin]"))
        .await;

    assert_eq!((mine.status, not_mine.status), (200, 404));
    assert_eq!(not_mine.code(), "RECORD_NOT_FOUND");
}

#[tokio::test]
async fn a_search_shows_what_the_truth_confirms() {
    let world = World::new();
    for id in ["d-1", "d-2", "d-3"] {
        world.put("discussions", &key(id));
    }
    // The copy lags: its row is gone already.
    world
        .rows
        .remove(world.collection("discussions"), &key("d-2"));

    let answer = world
        .call(Event::new("GET", "/v1/search/discussions?q=stone"))
        .await;

    assert_eq!(answer.ids(), ["d-3", "d-1"]);
    assert_eq!(answer.body["next_cursor"], json!(null));
    assert_eq!(
        world
            .call(Event::new("GET", "/v1/search/discussions?q=unheard"))
            .await
            .ids(),
        Vec::<&str>::new()
    );
}

#[tokio::test]
async fn a_search_text_is_decoded_once_and_a_plus_is_a_plus() {
    let world = World::new();
    let discussions = world.collection("discussions");
    for (id, subject) in [("d-1", "c++ 50% off"), ("d-2", "c")] {
        let mut row = Row {
            key: key(id),
            attributes: samples::row(discussions, &key(id), "acme"),
        };
        row.attributes.insert("subject".to_owned(), json!(subject));
        world.documents.put(discussions, id, row.attributes.clone());
        world.rows.put(discussions, row.attributes);
    }

    for text in ["c++", "c%2B%2B", "50%25"] {
        assert_eq!(
            world
                .call(Event::new(
                    "GET",
                    &format!("/v1/search/discussions?q={text}")
                ))
                .await
                .ids(),
            ["d-1"],
            "{text}"
        );
    }
}
