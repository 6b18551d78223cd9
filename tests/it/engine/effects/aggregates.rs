//! The first and the latest message of a stream are known to its row, through deletes and restores.

use std::collections::BTreeSet;

use domain::deletion::{Action, State};
use serde_json::{Value, json};
use testing::samples::{key, key2};
use testing::{Faults, Moment, Operation};

use crate::engine::effects::STREAMS;
use crate::engine::world::{Ignore, World, at_once};

fn stream(messages: &[&str]) -> World {
    let world = World::new(STREAMS);
    world.put_stream("s", messages);
    // Somebody else's, which nothing may change.
    world.put_stream("t", &["1", "2"]);
    world
}

fn known(first: Option<&str>, latest: Option<&str>) -> (Value, Value) {
    (
        json!(first),
        json!(latest.map(|message| format!("at-{message}"))),
    )
}

async fn delete(world: &World, message: &str) -> domain::deletion::Deletion {
    let deletion = world.accept("stream_messages", &key2("s", message)).await;
    world.come_to_rest().await;
    assert_eq!(world.now(&deletion).state, State::Deleted);
    deletion
}

#[tokio::test]
async fn deleting_another_message_leaves_the_pointers() {
    let world = stream(&["1", "2", "3"]);

    delete(&world, "2").await;

    assert_eq!(world.known("s"), known(Some("1"), Some("3")));
    assert!(world.told("AggregateChanged").is_empty());
}

#[tokio::test]
async fn deleting_the_first_message_moves_the_pointer_to_the_first_remaining() {
    let world = stream(&["1", "2", "3", "4"]);
    delete(&world, "2").await;

    delete(&world, "1").await;

    assert_eq!(world.known("s"), known(Some("3"), Some("4")));
    assert_eq!(world.known("t"), known(Some("1"), Some("2")));
    let events = world.told("AggregateChanged");
    assert_eq!(events.len(), 1);
    let detail = &events[0].detail;
    assert_eq!(detail["collection"], "streams");
    assert_eq!(detail["key"], json!({ "id": "s" }));
    assert_eq!(detail["attribute"], "first_message_id");
    assert_eq!(detail["value"], "3");
}

/// A delete that has failed on the message has not moved the pointer.
#[tokio::test]
async fn a_purge_moves_the_pointers_that_its_delete_has_not_moved_and_tells() {
    let document =
        "document    = { index = \"messages\", id = \"{stream_id}~{message_id}\", fields = [] }";
    let key_of = "key         = [\"stream_id\", \"message_id\"]";
    let world = World::new(&STREAMS.replace(key_of, &format!("{key_of}\n{document}")));
    world.put_stream("s", &["1", "2", "3"]);
    world.documents.reject("s~1", "mapper_parsing_exception");
    let deletion = world.accept("stream_messages", &key2("s", "1")).await;
    world.come_to_rest().await;
    assert_eq!(world.now(&deletion).state, State::DeleteFailed);
    assert_eq!(world.known("s"), known(Some("1"), Some("3")));
    world.documents.accept("s~1");

    let purged = world.act_and_rest(&deletion, Action::Purge).await;

    assert_eq!(purged.state, State::Purged);
    assert_eq!(world.known("s"), known(Some("2"), Some("3")));
    let told = world.told("AggregateChanged");
    let values: Vec<&Value> = told.iter().map(|event| &event.detail["value"]).collect();
    assert_eq!(values, [&json!("2")]);
}

#[tokio::test]
async fn deleting_the_latest_message_moves_that_pointer_over_an_index() {
    let world = stream(&["1", "2", "3"]);

    delete(&world, "3").await;

    assert_eq!(world.known("s"), known(Some("1"), Some("2")));
}

#[tokio::test]
async fn an_index_that_lags_points_at_nothing_deleted() {
    let world = stream(&["1", "2", "3"]);
    world.rows.lag();

    delete(&world, "3").await;

    assert_eq!(world.known("s"), known(Some("1"), Some("2")));
}

#[tokio::test]
async fn a_live_message_behind_many_deleted_ones_of_the_same_time_is_found() {
    let names: Vec<String> = (0..30).map(|n| format!("{n:02}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let world = stream(&names);
    for name in &names {
        let at = [("sent_at", json!("noon"))];
        let stream = key("s");
        world.put_with("stream_messages", &key2("s", name), Some(&stream), &at);
    }
    let known = [("latest_sent_at", json!("noon"))];
    world.put_with("streams", &key("s"), None, &known);

    // The index has the latest ones first.
    for name in names.iter().rev().take(29) {
        world.accept("stream_messages", &key2("s", name)).await;
    }
    world.come_to_rest().await;

    assert_eq!(world.known("s").1, json!("noon"));
    delete(&world, "00").await;
    assert_eq!(world.known("s").1, Value::Null);
}

#[tokio::test]
async fn deleting_all_messages_sets_the_pointers_to_null_and_restoring_recomputes_them() {
    let world = stream(&["1", "2", "3"]);
    let mut deletions = Vec::new();
    for message in ["2", "1", "3"] {
        deletions.push(delete(&world, message).await);
    }
    assert_eq!(world.known("s"), known(None, None));

    world.act_and_rest(&deletions[0], Action::Restore).await;
    assert_eq!(world.known("s"), known(Some("2"), Some("2")));

    world.act_and_rest(&deletions[2], Action::Restore).await;
    assert_eq!(world.known("s"), known(Some("2"), Some("3")));

    world.act_and_rest(&deletions[1], Action::Restore).await;
    assert_eq!(world.known("s"), known(Some("1"), Some("3")));
}

#[tokio::test]
async fn a_stream_that_goes_itself_keeps_its_pointers_and_has_them_when_it_comes_back() {
    let mut world = stream(&["1", "2", "3", "4", "5"]);
    world.page_keys = 2;
    delete(&world, "1").await;

    let deletion = world.accept("streams", &key("s")).await;
    world.come_to_rest().await;
    assert_eq!(world.known("s"), known(Some("2"), Some("5")));

    world.act_and_rest(&deletion, Action::Restore).await;
    assert_eq!(world.now(&deletion).state, State::Restored);
    assert_eq!(world.known("s"), known(Some("2"), Some("5")));
}

#[tokio::test]
async fn values_that_nobody_keeps_are_left_alone() {
    for stands in [json!(7), json!(["1"])] {
        let world = stream(&["1", "2"]);
        world.put_with(
            "streams",
            &key("s"),
            None,
            &[("first_message_id", stands.clone())],
        );

        delete(&world, "1").await;

        assert_eq!(world.known("s"), (stands, json!("absent")));
    }
}

#[tokio::test]
async fn pointer_repair_under_two_concurrent_deletes_never_names_a_deleted_message() {
    for seed in 1..=60 {
        let world = stream(&["1", "2", "3"]);
        let faults: Faults = world.faults();
        faults.interleave(seed);
        let one = world.accept("stream_messages", &key2("s", "1")).await;
        let two = world.accept("stream_messages", &key2("s", "2")).await;

        let (first, second) =
            futures_util::future::join(world.deliver(&faults, &one), world.deliver(&faults, &two))
                .await;

        first.unwrap().ignore();
        second.unwrap().ignore();
        world.come_to_rest().await;
        assert_eq!(world.known("s"), known(Some("3"), Some("3")), "seed {seed}");
    }
}

#[tokio::test]
async fn a_message_that_is_deleted_between_the_look_and_the_change_is_seen_afterwards() {
    for moment in [Moment::Before, Moment::After] {
        let world = stream(&["1", "2", "3"]);
        let faults = world.faults();
        let other = world.clone();
        faults.beside(Operation::SetAggregate, 1, moment, move || {
            at_once(async {
                let deletion = other.accept("stream_messages", &key2("s", "2")).await;
                other
                    .deliver(&other.faults(), &deletion)
                    .await
                    .unwrap()
                    .ignore();
            });
        });

        let deletion = world.accept("stream_messages", &key2("s", "1")).await;
        world.deliver(&faults, &deletion).await.unwrap().ignore();
        world.come_to_rest().await;

        assert_eq!(world.known("s"), known(Some("3"), Some("3")), "{moment:?}");
    }
}

#[tokio::test]
async fn whatever_crashes_the_pointer_is_right_and_its_change_is_told_once() {
    let steps = {
        let world = stream(&["1", "2", "3"]);
        let faults = world.faults();
        let deletion = world.accept("stream_messages", &key2("s", "1")).await;
        world.deliver(&faults, &deletion).await.unwrap().ignore();
        faults.calls()
    };
    for step in 1..=steps {
        for moment in Moment::ALL {
            let world = stream(&["1", "2", "3"]);
            let faults = world.faults();
            let deletion = world.accept("stream_messages", &key2("s", "1")).await;
            faults.crash_at(step, moment);
            let _dead = faults.until_crash(world.deliver(&faults, &deletion)).await;
            world.come_to_rest().await;

            assert_eq!(world.known("s"), known(Some("2"), Some("3")));
            let told: BTreeSet<String> = world
                .told("AggregateChanged")
                .iter()
                .map(|event| event.detail.to_string())
                .collect();
            assert_eq!(told.len(), 1, "step {step} {moment:?}");
            assert!(told.iter().all(|event| event.contains(r#""value":"2""#)));
        }
    }
}
