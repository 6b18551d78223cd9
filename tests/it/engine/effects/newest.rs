//! The text, the time and the sender of the newest message are in the row of its conversation: values that are of one
//! child are set by one write.

use domain::deletion::{Action, State};
use domain::key::RecordKey;
use serde_json::{Map, Value, json};
use testing::samples::key;
use testing::{Moment, Operation};

use crate::engine::world::{Ignore, World, at_once};

const CHAT: &str = r#"
[conversations]
table       = "conversations"
key         = ["id"]
tenant      = "owner"
strategy    = "flag"
retention   = "30d"
permissions = { delete = ["admin"], restore = ["admin"], purge = ["admin"] }

[messages]
table       = "messages"
key         = ["id"]
tenant      = "owner"
parent      = { collection = "conversations", by = ["conversation"], gsi = "by_conversation", on_delete = "cascade" }
strategy    = "flag"
retention   = "30d"
permissions = { delete = ["admin"], restore = ["admin"], purge = ["admin"] }
[[messages.aggregates]]
on   = "conversations"
take = "max"
of   = "at"
gsi  = "by_conversation"
set  = { lastMessage = "content", lastMessageAt = "at", lastMessageSender = "sender" }
"#;

/// The content, the time and the sender of a message.
type Message<'a> = (&'a str, Value, &'a str, Value);

fn chat_of(collections: &str, messages: &[Message<'_>]) -> World {
    let world = World::new(collections);
    for (id, content, at, sender) in messages {
        let more = [
            ("content", content.clone()),
            ("at", json!(at)),
            ("sender", sender.clone()),
        ];
        world.put_with("messages", &key(id), Some(&key("c")), &more);
    }
    let (_, content, at, sender) = messages.iter().max_by_key(|one| one.2).unwrap();
    let known = [
        ("lastMessage", content.clone()),
        ("lastMessageAt", json!(at)),
        ("lastMessageSender", sender.clone()),
    ];
    world.put_with("conversations", &key("c"), None, &known);
    world
}

fn three() -> Vec<Message<'static>> {
    vec![
        ("m-1", json!("one"), "10:01", json!("ann")),
        ("m-2", json!("two"), "10:02", json!("bob")),
        ("m-3", json!("three"), "10:03", json!("ann")),
    ]
}

fn chat() -> World {
    chat_of(CHAT, &three())
}

fn row(world: &World) -> Map<String, Value> {
    world.row("conversations", &key("c")).expect("it is there")
}

fn last(world: &World) -> [Value; 3] {
    let row = row(world);
    let value = |name: &str| row.get(name).cloned().unwrap_or(json!("absent"));
    ["lastMessage", "lastMessageAt", "lastMessageSender"].map(value)
}

async fn delete(world: &World, message: &RecordKey) -> domain::deletion::Deletion {
    let deletion = world.accept("messages", message).await;
    world.come_to_rest().await;
    assert_eq!(world.now(&deletion).state, State::Deleted);
    deletion
}

#[tokio::test]
async fn without_its_newest_message_a_conversation_has_all_three_of_the_next_one() {
    let world = chat();
    let before = row(&world);

    let deletion = delete(&world, &key("m-3")).await;

    assert_eq!(last(&world), [json!("two"), json!("10:02"), json!("bob")]);
    let told = world.told("AggregateChanged");
    let told = told
        .iter()
        .map(|event| (&event.detail["attribute"], &event.detail["value"]));
    let mut told: Vec<String> = told
        .map(|(name, value)| format!("{name} {value}"))
        .collect();
    told.sort();
    assert_eq!(
        told,
        [
            r#""lastMessage" "two""#,
            r#""lastMessageAt" "10:02""#,
            r#""lastMessageSender" "bob""#
        ]
    );

    world.act_and_rest(&deletion, Action::Restore).await;
    assert_eq!(row(&world), before);
}

#[tokio::test]
async fn without_a_message_all_three_are_null_and_a_restore_brings_them_back() {
    let world = chat();
    let before = row(&world);
    let mut deletions = Vec::new();
    for message in ["m-1", "m-3", "m-2"] {
        deletions.push(delete(&world, &key(message)).await);
    }
    assert_eq!(last(&world), [Value::Null, Value::Null, Value::Null]);

    for deletion in deletions {
        world.act_and_rest(&deletion, Action::Restore).await;
    }

    assert_eq!(row(&world), before);
}

#[tokio::test]
async fn deleting_an_older_message_changes_nothing() {
    let world = chat();
    let before = row(&world);

    delete(&world, &key("m-2")).await;

    assert_eq!(row(&world), before);
    assert_eq!(world.told("AggregateChanged"), []);
}

/// Both are the newest; the conversation keeps what it has of one while that is live.
#[tokio::test]
async fn of_two_messages_of_one_time_it_is_the_one_that_it_already_has() {
    for gone in ["m-1", "m-3", "m-4"] {
        let mut messages = three();
        messages.push(("m-4", json!("four"), "10:03", json!("eve")));
        messages.push(("m-5", json!("five"), "10:03", json!("eve")));
        let world = chat_of(CHAT, &messages);
        let known = [
            ("lastMessage", json!("four")),
            ("lastMessageAt", json!("10:03")),
            ("lastMessageSender", json!("eve")),
        ];
        world.put_with("conversations", &key("c"), None, &known);

        delete(&world, &key(gone)).await;

        let [content, at, sender] = last(&world);
        if gone == "m-4" {
            let of_another = [("five", "eve"), ("three", "ann")];
            let is_whole = |(text, by)| (&content, &sender) == (&json!(text), &json!(by));
            assert!(
                of_another.into_iter().any(is_whole),
                "{content} of {sender}"
            );
        } else {
            assert_eq!((content, sender), (json!("four"), json!("eve")));
        }
        assert_eq!(at, "10:03");
    }
}

#[tokio::test]
async fn a_value_has_the_type_that_the_message_has_and_none_is_made_of_a_list() {
    let messages = [
        ("m-1", json!(["a", "b"]), "10:01", json!("ann")),
        ("m-2", json!(7.5), "10:02", json!(true)),
        ("m-3", json!("three"), "10:03", json!("ann")),
    ];
    let world = chat_of(CHAT, &messages);

    delete(&world, &key("m-3")).await;
    assert_eq!(last(&world), [json!(7.5), json!("10:02"), json!(true)]);

    delete(&world, &key("m-2")).await;
    assert_eq!(last(&world), [Value::Null, json!("10:01"), json!("ann")]);
}

#[tokio::test]
async fn without_the_time_among_them_they_follow_all_the_same() {
    let world = chat_of(&CHAT.replace(" lastMessageAt = \"at\",", ""), &three());
    let before = row(&world);

    let newest = delete(&world, &key("m-3")).await;
    assert_eq!(last(&world), [json!("two"), json!("10:03"), json!("bob")]);
    let next = delete(&world, &key("m-2")).await;
    let rest = delete(&world, &key("m-1")).await;
    assert_eq!(last(&world), [Value::Null, json!("10:03"), Value::Null]);

    for deletion in [rest, newest, next] {
        world.act_and_rest(&deletion, Action::Restore).await;
    }
    assert_eq!(row(&world), before);
}

#[tokio::test]
async fn a_conversation_that_has_none_of_them_is_left_alone() {
    let world = chat();
    world.put_with("conversations", &key("c"), None, &[]);

    delete(&world, &key("m-3")).await;

    assert_eq!(
        last(&world),
        ["absent", "absent", "absent"].map(Value::from)
    );
}

/// Its owner has written one of the three only, between the look and the write.
#[tokio::test]
async fn a_value_that_somebody_else_changes_meanwhile_is_judged_again_with_the_others() {
    let world = chat();
    let faults = world.faults();
    let other = world.clone();
    faults.beside(Operation::SetAggregate, 1, Moment::Before, move || {
        let mut changed = row(&other);
        changed.insert("lastMessageSender".to_owned(), json!("eve"));
        other.put_row("conversations", changed);
    });

    let deletion = world.accept("messages", &key("m-3")).await;
    world.deliver(&faults, &deletion).await.unwrap().ignore();

    assert_eq!(last(&world), [json!("two"), json!("10:02"), json!("bob")]);
}

#[tokio::test]
async fn whatever_crashes_the_three_are_of_one_message() {
    let steps = {
        let world = chat();
        let faults = world.faults();
        let deletion = world.accept("messages", &key("m-3")).await;
        world.deliver(&faults, &deletion).await.unwrap().ignore();
        faults.calls()
    };
    for step in 1..=steps {
        for moment in Moment::ALL {
            let world = chat();
            let faults = world.faults();
            let deletion = world.accept("messages", &key("m-3")).await;
            faults.crash_at(step, moment);
            let _dead = faults.until_crash(world.deliver(&faults, &deletion)).await;
            let content = last(&world)[0].clone();
            assert!(content == "three" || content == "two");
            let whole = if content == "two" {
                [json!("two"), json!("10:02"), json!("bob")]
            } else {
                [json!("three"), json!("10:03"), json!("ann")]
            };
            assert_eq!(last(&world), whole, "step {step} {moment:?}");
            world.come_to_rest().await;
            assert_eq!(last(&world), [json!("two"), json!("10:02"), json!("bob")]);
        }
    }
}

#[tokio::test]
async fn a_message_that_goes_between_the_look_and_the_reading_of_it_is_none() {
    let world = chat();
    let faults = world.faults();
    let other = world.clone();
    faults.beside(Operation::SetAggregate, 1, Moment::Before, move || {
        at_once(async {
            let deletion = other.accept("messages", &key("m-2")).await;
            let delivered = other.deliver(&other.faults(), &deletion).await;
            delivered.unwrap().ignore();
        });
    });

    let deletion = world.accept("messages", &key("m-3")).await;
    world.deliver(&faults, &deletion).await.unwrap().ignore();
    world.come_to_rest().await;

    assert_eq!(last(&world), [json!("one"), json!("10:01"), json!("ann")]);
}

#[tokio::test]
async fn a_conversation_without_room_has_no_values_rather_than_those_of_a_deleted_message() {
    let mut messages = three();
    messages[1].1 = json!("x".repeat(30_000));
    let world = chat_of(CHAT, &messages);
    let mut full = row(&world);
    full.insert("notes".to_owned(), json!("y".repeat(380_000)));
    world
        .rows
        .put(world.collection("conversations"), full.clone());

    let deletion = world.accept("messages", &key("m-3")).await;
    world.come_to_rest().await;

    assert_eq!(world.now(&deletion).state, State::Deleted);
    for name in ["lastMessage", "lastMessageAt", "lastMessageSender"] {
        full.insert(name.to_owned(), Value::Null);
    }
    assert_eq!(row(&world), full);
}
