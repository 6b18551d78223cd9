//! The shipped `chat.toml`: what is archived is told to those who had it, and comes back as it was.

use std::collections::{BTreeMap, BTreeSet};

use domain::deletion::{Action, Deletion, State};
use requests::destroy::Requested;
use serde_json::{Value, json};
use testing::Moment;
use testing::samples::{key, key2};

use crate::engine::world::strategies::sum;
use crate::engine::world::{Ignore as _, World, admin};

const CHAT: &str = include_str!("../../../../collections/chat.toml");

/// Two streams of three messages, by ann and bob in turn, each message with a reaction; a conversation of two. The
/// streams have four subscribers, one of them idle.
fn chat() -> World {
    let world = World::new(CHAT);
    for stream in ["s", "t"] {
        let first = [("first_message_id", json!(format!("{stream}-1")))];
        world.put_with("streams", &key(stream), None, &first);
        for (user, idle) in [
            ("ada", false),
            ("ann", false),
            ("bob", false),
            ("cid", true),
        ] {
            let idle = [("long_term_idle", json!(idle)), ("user_id", json!(user))];
            let parent = key(stream);
            world.put_with("subscriptions", &key2(stream, user), Some(&parent), &idle);
        }
        for number in 1..=3 {
            let id = format!("{stream}-{number}");
            let sent = [
                ("sender_id", json!(if number == 2 { "bob" } else { "ann" })),
                (
                    "topic",
                    json!(if number == 3 { "deploys" } else { "lunch" }),
                ),
                ("sent_at", json!("2026-11-21T06:59:00Z")),
            ];
            let message = key2(stream, &id);
            world.put_with("stream_messages", &message, Some(&key(stream)), &sent);
            world.put("reactions", &key2(&id, "x"), Some(&message));
        }
    }
    for (id, sender) in [("d-1", "ann"), ("d-2", "bob")] {
        let sent = [
            ("sender_id", json!(sender)),
            ("sent_at", json!("2026-11-21T06:59:00Z")),
            ("participant_ids", json!(["ann", "bob"])),
        ];
        world.put_with("direct_messages", &key2("c", id), None, &sent);
    }
    world
}

/// Everything in both stores.
fn records(world: &World) -> BTreeMap<String, Value> {
    let all = world.everything().into_iter();
    all.map(|(collection, key)| {
        let both = json!([
            world.row(&collection, &key),
            world.document(&collection, &key)
        ]);
        (format!("{collection} {}", json!(key)), both)
    })
    .collect()
}

/// Who was told of which messages: each group with all of its messages, and all who were told of each of its events.
fn told(world: &World) -> BTreeMap<String, (BTreeSet<String>, BTreeSet<String>)> {
    let mut told: BTreeMap<String, (BTreeSet<String>, BTreeSet<String>)> = BTreeMap::new();
    for event in world.told("delete_message") {
        let group = json!([
            event.detail["message_type"],
            event.detail["stream_id"],
            event.detail["topic"],
            event.detail["conversation_id"],
        ]);
        let names = |field: &str| -> BTreeSet<String> {
            let listed = event.detail[field].as_array();
            let listed = listed.unwrap_or_else(|| panic!("{field} in {}", event.detail));
            listed
                .iter()
                .map(|name| name.as_str().expect("a text").to_owned())
                .collect()
        };
        let (messages, recipients) = told.entry(group.to_string()).or_default();
        messages.extend(names("message_ids"));
        recipients.extend(names("recipients"));
    }
    told
}

fn lines(
    lines: &[(Value, &[&str], &[&str])],
) -> BTreeMap<String, (BTreeSet<String>, BTreeSet<String>)> {
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    lines
        .iter()
        .map(|(group, messages, users)| (group.to_string(), (set(messages), set(users))))
        .collect()
}

async fn destroy(world: &World, named: Requested<'_>) -> Deletion {
    let (faults, admin) = (world.faults(), admin());
    let asked = world.destroy(&faults, &admin, "stream_messages", named, None);
    let deletion = asked.await.expect("it is accepted");
    world.come_to_rest().await;
    world.now(&deletion)
}

/// Who deletes is a subscriber, too.
const STREAM: &[&str] = &["ada", "ann", "bob"];

#[tokio::test]
async fn subscribers_of_an_archived_stream_are_told_of_its_messages_although_their_rows_go_too() {
    for page_keys in [1, 2, 3, 1000] {
        let mut world = chat();
        world.page_keys = page_keys;

        let deletion = world.delete_and_rest("streams", &key("s")).await;

        assert_eq!(deletion.state, State::Deleted);
        assert_eq!(
            told(&world),
            lines(&[
                (
                    json!(["stream", "s", "lunch", null]),
                    &["s-1", "s-2"],
                    STREAM
                ),
                (json!(["stream", "s", "deploys", null]), &["s-3"], STREAM),
            ]),
            "{page_keys} keys a page"
        );
    }
}

#[tokio::test]
async fn whatever_kills_the_delete_of_a_stream_its_subscribers_are_told() {
    let start = async || {
        let world = chat();
        let deletion = world.accept("streams", &key("s")).await;
        drop(world.queue.take());
        (world, deletion)
    };
    let (world, deletion) = start().await;
    let faults = world.faults();
    world.deliver(&faults, &deletion).await.unwrap().ignore();
    world.come_to_rest().await;
    let undisturbed = told(&world);
    assert_eq!(undisturbed.len(), 2);

    for call in 1..=faults.calls() {
        for moment in [Moment::Before, Moment::After] {
            let (world, deletion) = start().await;
            let faults = world.faults();
            faults.crash_at(call, moment);

            let answer = faults.until_crash(world.deliver(&faults, &deletion)).await;

            let context = format!("killed at call {call}, {moment:?}");
            assert!(answer.is_none(), "{context}: it is dead");
            world.come_to_rest().await;
            assert_eq!(told(&world), undisturbed, "{context}");
        }
    }
}

#[tokio::test]
async fn by_sender_over_direct_and_stream_messages_with_the_same_events_and_pointer_repairs() {
    for page_keys in [1, 2, 1000] {
        let mut world = chat();
        world.page_keys = page_keys;
        let before = records(&world);

        for round in 0..2 {
            let named = Requested::Author {
                author: "ann".to_owned(),
                beside: vec![world.collection("direct_messages")],
            };
            let deletion = destroy(&world, named).await;

            let context = format!("{page_keys} keys a page, round {round}");
            assert_eq!(deletion.state, State::Deleted, "{context}");
            // Four stream messages with their reactions, and a direct one.
            assert_eq!(sum(&deletion.deleted, "deleted"), 9, "{context}");
            assert_eq!(
                told(&world),
                lines(&[
                    (json!(["stream", "s", "lunch", null]), &["s-1"], STREAM),
                    (json!(["stream", "s", "deploys", null]), &["s-3"], STREAM),
                    (json!(["stream", "t", "lunch", null]), &["t-1"], STREAM),
                    (json!(["stream", "t", "deploys", null]), &["t-3"], STREAM),
                    (
                        json!(["direct", null, null, "c"]),
                        &["d-1"],
                        &["ann", "bob"]
                    ),
                ]),
                "{context}"
            );
            for stream in ["s", "t"] {
                let row = world.row("streams", &key(stream)).expect("it stays");
                let next = format!("{stream}-2");
                assert_eq!(row["first_message_id"], json!(next), "{context}");
            }
            assert_eq!(world.copies_under(deletion.id).len(), 9, "{context}");

            let restored = world.act_and_rest(&deletion, Action::Restore).await;

            assert_eq!(restored.state, State::Restored, "{context}");
            assert_eq!(records(&world), before, "{context}");
            world.refused(&deletion, Action::Restore).await;
        }
    }
}

#[tokio::test]
async fn deleting_archived_ids_a_second_time_deletes_nothing() {
    let world = chat();
    let named = || Requested::Ids {
        ids: vec![key2("s", "s-1"), key2("s", "s-9")],
        author: None,
    };

    let first = destroy(&world, named()).await;
    let between = records(&world);
    let second = destroy(&world, named()).await;

    assert_eq!(
        sum(&first.deleted, "deleted"),
        2,
        "the message and its reaction"
    );
    assert_eq!(sum(&first.deleted, "missing"), 1);
    assert_eq!(sum(&second.deleted, "deleted"), 0);
    assert_eq!(sum(&second.deleted, "missing"), 2);
    assert_eq!(second.state, State::Deleted);
    assert_eq!(records(&world), between);
    assert_eq!(world.told("delete_message").len(), 1);
}
