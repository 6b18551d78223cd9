//! Events of the collections' own: in groups, with the recipients of the first telling.

use std::collections::BTreeSet;

use domain::deletion::{Action, State};
use serde_json::{Value, json};
use testing::samples::{key, key2};
use testing::{Fault, Moment, Operation};

use crate::engine::effects::REALMS;
use crate::engine::world::{Ignore, World, ask, principal};

/// Six messages over two streams, three topics and two direct chats.
fn chat() -> World {
    let world = World::new(REALMS);
    world.put("realms", &key("r"), None);
    for (stream, message, topic) in [
        ("s-1", "m-1", "lunch"),
        ("s-1", "m-2", "lunch"),
        ("s-1", "m-3", "deploys"),
        ("s-2", "m-4", "lunch"),
    ] {
        let topic = [("topic", json!(topic))];
        let key2 = key2(stream, message);
        world.put_with("stream_messages", &key2, Some(&key("r")), &topic);
    }
    for (chat, people) in [("c-1", ["ann", "bob"]), ("c-2", ["cid", "dan"])] {
        let listed = [("participant_ids", json!(people))];
        let key2 = key2(chat, "m-1");
        world.put_with("direct_messages", &key2, Some(&key("r")), &listed);
    }
    for (stream, user, idle) in [
        ("s-1", "ann", false),
        ("s-1", "bob", true),
        ("s-1", "ada", false),
        ("s-2", "cid", false),
    ] {
        let idle = [("long_term_idle", json!(idle))];
        world.put_with("subscriptions", &key2(stream, user), None, &idle);
    }
    world
}

/// What events of this kind say in these fields, in any order.
fn said(world: &World, fields: &[&str]) -> BTreeSet<String> {
    world
        .told("delete_message")
        .iter()
        .map(|event| {
            let said: Vec<&Value> = fields.iter().map(|field| &event.detail[*field]).collect();
            json!(said).to_string()
        })
        .collect()
}

fn set<const N: usize>(lines: &[Value; N]) -> BTreeSet<String> {
    lines.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn messages_are_grouped_by_stream_and_topic_or_by_conversation() {
    let world = chat();

    let deletion = world.accept("realms", &key("r")).await;
    world.come_to_rest().await;

    assert_eq!(world.now(&deletion).state, State::Deleted);
    let said = said(
        &world,
        &[
            "message_type",
            "stream_id",
            "topic",
            "conversation_id",
            "message_ids",
        ],
    );
    assert_eq!(
        said,
        set(&[
            json!(["stream", "s-1", "lunch", null, ["m-1", "m-2"]]),
            json!(["stream", "s-1", "deploys", null, ["m-3"]]),
            json!(["stream", "s-2", "lunch", null, ["m-4"]]),
            json!(["private", null, null, "c-1", ["m-1"]]),
            json!(["private", null, null, "c-2", ["m-1"]]),
        ])
    );
    assert_eq!(
        world.events.published().len(),
        world.events.distinct().len()
    );
}

#[tokio::test]
async fn stream_and_topic_are_only_in_events_of_streams() {
    let world = chat();

    world.accept("realms", &key("r")).await;
    world.come_to_rest().await;

    for event in world.told("delete_message") {
        let is_stream = event.detail["message_type"] == "stream";
        for field in ["stream_id", "topic"] {
            assert_eq!(event.detail.get(field).is_some(), is_stream, "{field}");
            assert_eq!(event.detail["group"].get(field).is_some(), is_stream);
        }
    }
}

#[tokio::test]
async fn subscribers_and_participants_are_told_but_the_idle_and_the_actor_always_and_none_twice() {
    let world = chat();

    world.accept("realms", &key("r")).await;
    world.come_to_rest().await;

    assert_eq!(
        said(&world, &["stream_id", "conversation_id", "recipients"]),
        set(&[
            json!(["s-1", null, ["ada", "ann"]]),
            json!(["s-2", null, ["ada", "cid"]]),
            // Who deletes may not read the direct messages of others, and is not told of them.
            json!([null, "c-1", ["ann", "bob"]]),
            json!([null, "c-2", ["cid", "dan"]]),
        ])
    );
}

#[tokio::test]
async fn who_deletes_a_message_of_its_own_may_read_it_and_is_told() {
    let world = chat();
    let api = world.api(&world.faults());

    let ann = principal("ann", "acme", &[]);
    let asked = ask(&api, &ann, "direct_messages", &key2("c-2", "m-1")).await;
    asked.unwrap();
    world.come_to_rest().await;

    assert_eq!(
        said(&world, &["conversation_id", "recipients", "actor"]),
        set(&[json!(["c-2", ["ann", "cid", "dan"], "ann"])])
    );
}

#[tokio::test]
async fn no_event_before_both_stores_are_done_and_a_failed_record_is_in_none() {
    let world = chat();
    let faults = world.faults();
    // The page's rows are done, then the worker dies.
    faults.beside(Operation::PutNotice, 1, Moment::Before, {
        let world = world.clone();
        move || assert!(world.told("delete_message").is_empty())
    });
    let deletion = world.accept("realms", &key("r")).await;
    faults.fail(Operation::PutNotice, ..=1, Fault::Refused(Moment::Before));
    world.deliver(&faults, &deletion).await.unwrap().ignore();

    assert!(world.told("delete_message").is_empty());

    world.come_to_rest().await;
    assert_eq!(world.told("delete_message").len(), 5);
}

#[tokio::test]
async fn a_thousand_and_one_subscribers_are_a_reference_instead_of_a_list() {
    let world = chat();
    for n in 0..999 {
        let user = key2("s-2", &format!("u-{n:04}"));
        world.put_with("subscriptions", &user, None, &[]);
    }
    // With `cid` and who deletes, stream 2 has 1,001.
    world.accept("realms", &key("r")).await;
    world.come_to_rest().await;

    let events = world.told("delete_message");
    let of = |stream: &str| {
        let mut found = events.iter();
        let event = found.find(|event| event.detail["stream_id"] == stream);
        event.expect("an event").detail.clone()
    };
    assert_eq!(of("s-2").get("recipients"), None);
    assert_eq!(
        of("s-2")["audience"],
        json!({ "collection": "subscriptions", "by": { "stream_id": "s-2" }, "user": "user_id", "unless": "long_term_idle" })
    );
    assert_eq!(of("s-1").get("audience"), None);
}

#[tokio::test]
async fn a_thousand_subscribers_are_listed() {
    let world = chat();
    for n in 0..998 {
        let user = key2("s-2", &format!("u-{n:04}"));
        world.put_with("subscriptions", &user, None, &[]);
    }
    world.accept("realms", &key("r")).await;
    world.come_to_rest().await;

    let listed: BTreeSet<usize> = world
        .told("delete_message")
        .iter()
        .filter_map(|event| event.detail["recipients"].as_array())
        .map(Vec::len)
        .collect();
    assert_eq!(listed, BTreeSet::from([2, 1000]));
}

#[tokio::test]
async fn recipients_of_a_repeated_event_are_those_of_the_first() {
    let world = chat();
    let faults = world.faults();
    // The bus takes the events, and nobody hears of it.
    faults.fail(Operation::Publish, .., Fault::Unavailable(Moment::After));
    let deletion = world.accept("realms", &key("r")).await;
    world.deliver(&faults, &deletion).await.unwrap().ignore();
    let first = world.events.published();
    world.put_with("subscriptions", &key2("s-1", "new"), None, &[]);
    world
        .rows
        .remove(world.collection("subscriptions"), &key2("s-1", "ann"));

    world.come_to_rest().await;

    let all = world.events.published();
    assert!(all.len() > first.len());
    for event in world.told("delete_message") {
        let id = &event.detail["event_id"];
        let same = all.iter().filter(|other| other.detail["event_id"] == *id);
        assert!(same.clone().count() >= 1);
        for other in same {
            assert_eq!(other.detail, event.detail);
        }
    }
    assert!(said(&world, &["recipients"]).contains(&json!([["ada", "ann"]]).to_string()));
}

#[tokio::test]
async fn a_page_size_of_two_tells_of_the_same_messages_as_one_page() {
    let mut world = chat();
    world.page_keys = 2;

    world.accept("realms", &key("r")).await;
    world.come_to_rest().await;

    let mut told: Vec<String> = world
        .told("delete_message")
        .iter()
        .flat_map(|event| event.detail["ids"].as_array().unwrap().clone())
        .map(|id| id.to_string())
        .collect();
    told.sort();
    assert_eq!(told.len(), 6);
    told.dedup();
    assert_eq!(told.len(), 6);
}

#[tokio::test]
async fn a_retrys_event_names_only_what_that_run_did() {
    let world = chat();
    let faults = world.faults();
    // One message is too large for the mark.
    let heavy = json!("x".repeat(409_500));
    let topic = ("topic", json!("lunch"));
    let message = key2("s-1", "m-1");
    let more = [topic.clone(), ("content", heavy)];
    world.put_with("stream_messages", &message, Some(&key("r")), &more);
    let deletion = world.accept("realms", &key("r")).await;
    world.deliver(&faults, &deletion).await.unwrap().ignore();
    world.come_to_rest().await;
    assert_eq!(world.now(&deletion).state, State::DeleteFailed);
    let before = world.told("delete_message").len();

    world.put_with("stream_messages", &message, Some(&key("r")), &[topic]);
    world.act_and_rest(&deletion, Action::Retry).await;

    assert_eq!(world.now(&deletion).state, State::Deleted);
    let events = world.told("delete_message");
    assert_eq!(events.len(), before + 1);
    let last = &events.last().unwrap().detail;
    assert_eq!(last["message_ids"], json!(["m-1"]));
    assert_eq!(last["recipients"], json!(["ada", "ann"]));
}

#[tokio::test]
async fn a_restore_and_a_purge_tell_of_records_and_never_of_deleted_messages() {
    let world = chat();
    let deletion = world.accept("realms", &key("r")).await;
    world.come_to_rest().await;
    world.act_and_rest(&deletion, Action::Restore).await;
    assert_eq!(world.told("delete_message").len(), 5);
    let restored: usize = world
        .told("RecordsRestored")
        .iter()
        .filter(|event| event.detail["collection"] != "realms")
        .map(|event| event.detail["ids"].as_array().unwrap().len())
        .sum();
    assert_eq!(restored, 6);

    let again = world.accept("realms", &key("r")).await;
    world.come_to_rest().await;
    world.until_purge(&again);
    world.sweep(&world.faults()).await.unwrap();
    world.come_to_rest().await;

    assert_eq!(world.told("delete_message").len(), 10);
    for event in world.told("RecordsPurged") {
        assert_eq!(event.detail["actor"], Value::Null);
        assert_eq!(event.detail["origin"], "purge");
        assert_eq!(event.detail.get("recipients"), None);
    }
}
