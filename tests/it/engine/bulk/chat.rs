//! The rules of `chat.toml` as it ships, where everything is archived: groups, recipients, pointers, and what comes back.

use std::collections::BTreeSet;

use domain::deletion::{Action, Deletion, State};
use domain::key::RecordKey;
use requests::act::ActError;
use requests::destroy::Requested;
use serde_json::{Value, json};
use testing::samples::{key, key2};

use super::world::records;
use crate::engine::areas::text_of;
use crate::engine::delete::undisturbed::assert_valid_events;
use crate::engine::world::{Ignore as _, World, admin};

const SENT: &str = "2026-11-21T06:55:00Z";

/// Ann's six messages stand in two streams, three topics and two conversations; bob wrote the others.
fn chat() -> World {
    chat_of(|text| text)
}

/// The same, with the file changed.
fn chat_of(change: impl FnOnce(String) -> String) -> World {
    let world = World::new(&change(text_of("chat.toml")));
    for (stream, first) in [("s-1", "01"), ("s-2", "05")] {
        let pointer = [("first_message_id", json!(first))];
        world.put_with("streams", &key(stream), None, &pointer);
    }
    for (stream, id, topic, sender) in [
        ("s-1", "01", "lunch", "ann"),
        ("s-1", "02", "lunch", "bob"),
        ("s-1", "03", "deploys", "ann"),
        ("s-1", "04", "lunch", "ann"),
        ("s-2", "05", "lunch", "ann"),
        ("s-2", "06", "lunch", "bob"),
    ] {
        let more = [
            ("topic", json!(topic)),
            ("sender_id", json!(sender)),
            ("sent_at", json!(SENT)),
        ];
        let (message, stream) = (key2(stream, id), key(stream));
        world.put_with("stream_messages", &message, Some(&stream), &more);
    }
    for (conversation, id, sender, people) in [
        ("c-1", "07", "ann", ["ann", "bob"]),
        ("c-1", "08", "bob", ["ann", "bob"]),
        ("c-2", "09", "ann", ["ann", "dan"]),
    ] {
        let more = [
            ("participant_ids", json!(people)),
            ("sender_id", json!(sender)),
            ("sent_at", json!(SENT)),
        ];
        let message = key2(conversation, id);
        world.put_with("direct_messages", &message, None, &more);
    }
    for (stream, message, user) in [("s-1", "01", "bob"), ("s-1", "02", "ann")] {
        let more = [("user_id", json!(user))];
        let reaction = key2(message, user);
        world.put_with("reactions", &reaction, Some(&key2(stream, message)), &more);
    }
    for (stream, user, idle) in [
        ("s-1", "ada", false),
        ("s-1", "ann", false),
        ("s-1", "bob", true),
        ("s-1", "cid", false),
        ("s-2", "cid", false),
    ] {
        let idle = [("long_term_idle", json!(idle)), ("user_id", json!(user))];
        let subscription = key2(stream, user);
        world.put_with("subscriptions", &subscription, Some(&key(stream)), &idle);
    }
    world
}

async fn destroy(world: &World, named: Requested<'_>) -> Deletion {
    world
        .destroy(&world.faults(), &admin(), "stream_messages", named, None)
        .await
        .expect("it is accepted")
}

async fn all_of_ann(world: &World) -> Deletion {
    let named = Requested::Author {
        author: "ann".to_owned(),
        beside: vec![world.collection("direct_messages")],
    };
    destroy(world, named).await
}

/// The archived messages and reactions of a deletion of ann's.
fn of_ann() -> Vec<(&'static str, RecordKey)> {
    vec![
        ("direct_messages", key2("c-1", "07")),
        ("direct_messages", key2("c-2", "09")),
        ("reactions", key2("01", "bob")),
        ("stream_messages", key2("s-1", "01")),
        ("stream_messages", key2("s-1", "03")),
        ("stream_messages", key2("s-1", "04")),
        ("stream_messages", key2("s-2", "05")),
    ]
}

/// What the delete events say in these fields.
fn said(world: &World, fields: &[&str]) -> BTreeSet<String> {
    let events = world.told("delete_message");
    let of =
        |detail: &Value| -> Value { fields.iter().map(|field| detail[*field].clone()).collect() };
    events
        .iter()
        .map(|event| of(&event.detail).to_string())
        .collect()
}

fn set<const N: usize>(lines: &[Value; N]) -> BTreeSet<String> {
    lines.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn six_messages_over_two_channels_three_topics_and_two_direct_chats_are_five_events_and_the_pointers()
 {
    let world = chat();

    let deletion = all_of_ann(&world).await;
    world.come_to_rest().await;

    assert_eq!(world.now(&deletion).state, State::Deleted);
    let fields = [
        "message_type",
        "stream_id",
        "topic",
        "conversation_id",
        "message_ids",
        "recipients",
    ];
    assert_eq!(
        said(&world, &fields),
        set(&[
            json!([
                "stream",
                "s-1",
                "lunch",
                null,
                ["01", "04"],
                ["ada", "ann", "cid"]
            ]),
            json!([
                "stream",
                "s-1",
                "deploys",
                null,
                ["03"],
                ["ada", "ann", "cid"]
            ]),
            json!(["stream", "s-2", "lunch", null, ["05"], ["ada", "cid"]]),
            json!(["direct", null, null, "c-1", ["07"], ["ann", "bob"]]),
            json!(["direct", null, null, "c-2", ["09"], ["ann", "dan"]]),
        ])
    );
    assert_eq!(world.told("delete_message").len(), 5);
    let changes: BTreeSet<String> = world
        .told("AggregateChanged")
        .iter()
        .map(|event| json!([event.detail["key"]["id"], event.detail["value"]]).to_string())
        .collect();
    assert_eq!(changes, set(&[json!(["s-1", "02"]), json!(["s-2", "06"])]));
    assert_eq!(world.known("s-1").0, "02");
    assert_eq!(world.known("s-2").0, "06");
    assert_valid_events(&world);
}

#[tokio::test]
async fn who_loses_an_archived_stream_is_told_of_the_stream_itself() {
    for page_keys in [1, 2, 1000] {
        let mut world = chat_of(|text| {
            let streams = "[subscriptions] ";
            let tells = r#"
event      = { type = "delete_stream", group = ["stream_id"] }
recipients = { collection = "subscriptions", by = ["stream_id"], user = "user_id", unless = "long_term_idle" }

"#;
            text.replacen(streams, &format!("{tells}{streams}"), 1)
        });
        world.page_keys = page_keys;

        world.accept("streams", &key("s-1")).await;
        world.come_to_rest().await;

        let events = world.told("delete_stream");
        assert_eq!(events.len(), 1);
        let recipients = &events[0].detail["recipients"];
        assert_eq!(
            recipients,
            &json!(["ada", "ann", "cid"]),
            "pages of {page_keys}"
        );
    }
}

#[tokio::test]
async fn the_archive_holds_message_reactions_and_author_and_a_restore_brings_them_back_again_and_again()
 {
    for page_keys in [1, 2, 1000] {
        let mut world = chat();
        world.page_keys = page_keys;
        let before = records(&world);
        for _ in 0..3 {
            let deletion = all_of_ann(&world).await;
            world.come_to_rest().await;

            let mut copies = world.copies_under(deletion.id);
            copies.sort_by_key(|(name, key)| (name.to_string(), json!(key).to_string()));
            let archived: Vec<_> = copies
                .iter()
                .map(|(name, key)| (name.as_ref(), key.clone()))
                .collect();
            assert_eq!(archived, of_ann());
            for (name, key) in of_ann() {
                let collection = world.collection(name);
                let copy = world.rows.copy_of(deletion.id, collection, &key).unwrap();
                let author = &collection.author.as_ref().unwrap().attribute;
                let wrote = if name == "reactions" { "bob" } else { "ann" };
                assert_eq!(copy[author], wrote, "{name} {key:?}");
                assert_eq!(world.row(name, &key), None, "{name} {key:?}");
            }
            let restored = world.act_and_rest(&deletion, Action::Restore).await;

            assert_eq!(restored.state, State::Restored);
            assert_eq!(records(&world), before, "pages of {page_keys}");
            assert!(world.rows.copies().is_empty());
            let again = world.act(&deletion, Action::Restore).await;
            assert!(matches!(again, Err(ActError::InvalidState(..))));
        }
    }
}

#[tokio::test]
async fn two_concurrent_deletes_of_one_message_archive_it_once_and_the_pointer_names_a_live_one() {
    for seed in 1..=60 {
        let world = chat();
        let faults = world.faults();
        faults.interleave(seed);
        let one = world.accept("stream_messages", &key2("s-1", "01")).await;
        let named = Requested::Ids {
            ids: vec![key2("s-1", "01"), key2("s-1", "02")],
            author: None,
        };
        let two = destroy(&world, named).await;

        let (first, second) =
            futures_util::future::join(world.deliver(&faults, &one), world.deliver(&faults, &two))
                .await;
        first.unwrap().ignore();
        second.unwrap().ignore();
        world.come_to_rest().await;

        for deletion in [&one, &two] {
            assert_eq!(world.now(deletion).state, State::Deleted, "seed {seed}");
            assert_eq!(
                world.counts(deletion, "stream_messages").deleted,
                1,
                "seed {seed}"
            );
        }
        assert_eq!(world.known("s-1").0, "03", "seed {seed}");
        let named = world.named("delete_message");
        assert_eq!(named.len(), 2);
        assert!(named.values().all(|times| *times == 1), "seed {seed}");
    }
}
