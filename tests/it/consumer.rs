//! The consumer's handler on the files of `events/`, and on batches that are worse.

use std::time::Duration;

use aws_lambda_events::event::sqs::{SqsEvent, SqsMessage};
use domain::deletion::{Accepted, Deletion, State};
use domain::page::{Entry, Judged, Page, SelectCursor};
use domain::scope::Scope;
use jiff::Timestamp;
use ports::Clock;
use serde_json::json;
use testing::samples::{COLLECTIONS, key, key2, marked, tenant};
use testing::{Fault, Moment, Operation};

use crate::engine::world::{World, text};

const ROOT: &str = "acme~thread-42";

fn batch() -> SqsEvent {
    let path =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../events/consumer-batch.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The world that the messages of the file are about: the deletion is accepted, nobody has begun.
fn accepted(event: &SqsEvent) -> (World, Deletion) {
    let world = World::new(COLLECTIONS);
    let message =
        domain::message::DeletionMessage::parse(event.records[0].body.as_deref().unwrap()).unwrap();
    let collection = world.collection("discussions").clone();
    let entry = Entry::new(collection.name.clone(), key(ROOT), Judged::Live);
    let page = Page {
        number: 1,
        entries: vec![entry],
        next: Some(SelectCursor::ROOT),
    };
    let deletion = Deletion::accept(
        Accepted {
            id: message.deletion_id,
            tenant: tenant("acme"),
            requested_by: "ada".to_owned(),
            request_id: message.request_id.clone(),
            collection: &collection,
            first: Some(&page),
            names: Vec::new(),
            now: message.requested_at,
        },
        &world.timing,
    );
    world.put("discussions", &key(ROOT), None);
    world.rows.put(
        &collection,
        marked(
            &collection,
            world.live_row("discussions", &key(ROOT), None),
            &deletion.mark(),
        ),
    );
    for n in 0..3 {
        world.put("messages", &key2(ROOT, &format!("m{n}")), Some(&key(ROOT)));
    }
    world.deletions.put(
        &deletion,
        &Scope::below(&collection, &world.collections),
        &[page],
    );
    (world, deletion)
}

fn deadline(world: &World) -> Timestamp {
    world
        .clock
        .now()
        .checked_add(Duration::from_mins(2))
        .unwrap()
}

#[tokio::test]
async fn of_the_sample_batch_the_good_message_is_done_the_repeated_one_dropped_and_only_the_unparsable_one_comes_again()
 {
    let event = batch();
    let (world, deletion) = accepted(&event);

    let response = consumer::handle(&world.engine(&world.faults()), event, deadline(&world))
        .await
        .unwrap()
        .response;

    assert_eq!(
        json!(response),
        json!({ "batchItemFailures": [{ "itemIdentifier": "7b270e59-b47f-4f39-8a5c-0d6f1e2a3b4c" }] })
    );
    let stands = world.now(&deletion);
    assert_eq!(
        (stands.state, stands.epoch),
        (State::Deleted, 1),
        "one slice did it"
    );
    assert_eq!(
        world.marks("messages", &key2(ROOT, "m1")),
        (text(deletion.id), text(deletion.id))
    );
    assert_eq!(world.events.published(), world.events.distinct());
}

#[tokio::test]
async fn the_order_of_a_batch_does_not_matter() {
    let mut event = batch();
    event.records.reverse();
    let (world, deletion) = accepted(&batch());

    let response = consumer::handle(&world.engine(&world.faults()), event, deadline(&world))
        .await
        .unwrap()
        .response;

    assert_eq!(
        response.batch_item_failures.len(),
        1,
        "the unparsable one, though it came first, blocks nothing"
    );
    assert_eq!(world.now(&deletion).state, State::Deleted);
}

#[tokio::test]
async fn a_deadline_in_1970_does_not_stop_the_work() {
    let event = batch();
    let (world, deletion) = accepted(&event);

    consumer::handle(
        &world.engine(&world.faults()),
        event,
        Timestamp::from_second(600).unwrap(),
    )
    .await
    .unwrap();

    assert_eq!(world.now(&deletion).state, State::Deleted);
}

#[tokio::test]
async fn no_store_call_begins_a_grace_before_the_function_is_stopped() {
    let mut event = batch();
    event.records.truncate(1);
    let (world, deletion) = accepted(&event);
    let faults = world.faults();
    faults.slow(Duration::from_secs(1));
    let stopped = world
        .clock
        .now()
        .checked_add(Duration::from_secs(38))
        .unwrap();

    let response = consumer::handle(&world.engine(&faults), event, stopped)
        .await
        .unwrap()
        .response;

    let last = stopped.checked_sub(world.timing.grace).unwrap();
    assert!(
        faults.log().iter().all(|call| call.at < last),
        "{:?}",
        faults.log()
    );
    assert!(
        response.batch_item_failures.is_empty(),
        "it goes on by a message of its own"
    );
    assert_ne!(world.now(&deletion).state, State::Deleted);
    world.come_to_rest().await;
    assert_eq!(world.now(&deletion).state, State::Deleted);
}

#[tokio::test]
async fn a_message_of_a_later_version_is_left_for_a_later_build() {
    let mut event = batch();
    event.records.truncate(1);
    event.records[0].body = Some(json!({ "v": 2, "deletion": "another shape" }).to_string());
    let (world, deletion) = accepted(&batch());

    let handled = consumer::handle(&world.engine(&world.faults()), event, deadline(&world))
        .await
        .unwrap();

    assert_eq!(handled.response.batch_item_failures.len(), 1);
    assert_eq!(handled.newer, 1);
    assert_eq!(world.now(&deletion), deletion);
}

#[tokio::test]
async fn a_message_about_what_a_later_version_wrote_comes_again_until_that_version_reads_it() {
    let mut event = batch();
    event.records.truncate(1);
    let (world, deletion) = accepted(&event);
    world.deletions.make_newer(&deletion);
    let engine = world.engine(&world.faults());

    let left = consumer::handle(&engine, event.clone(), deadline(&world));
    let left = left.await.unwrap();
    let before = world.now(&deletion);
    world.deletions.make_known(&deletion);
    let read = consumer::handle(&engine, event, deadline(&world));
    let read = read.await.unwrap();

    assert_eq!(
        (left.response.batch_item_failures.len(), left.newer),
        (1, 1)
    );
    assert_eq!(before, deletion);
    assert_eq!(
        (read.response.batch_item_failures.len(), read.newer),
        (0, 0)
    );
    assert_eq!(world.now(&deletion).state, State::Deleted);
}

#[tokio::test]
async fn those_who_watch_are_told_what_was_left_to_a_later_version_and_nothing_else() {
    let mut event = batch();
    let (world, deletion) = accepted(&event);
    let now = world.clock.now();
    let engine = world.engine(&world.faults());
    let plain = consumer::handle(&engine, event.clone(), deadline(&world));
    let plain = plain.await.unwrap();
    event.records[0].body = Some(json!({ "v": 2 }).to_string());
    world.deletions.make_newer(&deletion);
    let newer = consumer::handle(&engine, event, deadline(&world));
    let newer = newer.await.unwrap();

    let lines = [&plain, &newer].map(|handled| consumer::metrics("stack-consumer", now, handled));

    let [None, Some(line)] = lines else {
        panic!("a line where something was left alone: {lines:?}");
    };
    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(
        (&line["FunctionName"], &line["NewerVersions"]),
        (&json!("stack-consumer"), &json!(2))
    );
    assert_eq!(
        line["_aws"]["CloudWatchMetrics"][0]["Namespace"],
        "Tombstone"
    );
}

#[tokio::test]
async fn those_who_watch_are_told_of_a_deletion_that_was_given_up() {
    let mut event = batch();
    event.records.truncate(1);
    let (world, deletion) = accepted(&event);
    let refused = format!("{ROOT}\u{1f}m0");
    world.documents.reject(&refused, "mapper_parsing_exception");

    let engine = world.engine(&world.faults());
    let handled = consumer::handle(&engine, event, deadline(&world));
    let handled = handled.await.unwrap();

    assert_eq!(world.now(&deletion).state, State::DeleteFailed);
    assert!(handled.response.batch_item_failures.is_empty());
    let line = consumer::metrics("stack-consumer", world.clock.now(), &handled).unwrap();
    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(
        (&line["FunctionName"], &line["Parked"]),
        (&json!("stack-consumer"), &json!(1))
    );
}

#[tokio::test]
async fn a_message_whose_deletion_does_not_exist_is_acknowledged() {
    let event = batch();
    let (world, deletion) = accepted(&event);
    world.deletions.remove(&deletion);

    let response = consumer::handle(&world.engine(&world.faults()), event, deadline(&world))
        .await
        .unwrap()
        .response;

    assert_eq!(
        response.batch_item_failures.len(),
        1,
        "only the unparsable one"
    );
}

#[tokio::test]
async fn a_failure_that_could_not_be_recorded_brings_the_message_again() {
    let mut event = batch();
    event.records.truncate(1);
    let (world, deletion) = accepted(&event);
    let faults = world.faults();
    faults.fail(
        Operation::ReadDeletion,
        ..,
        Fault::Unavailable(Moment::Before),
    );

    let response = consumer::handle(&world.engine(&faults), event.clone(), deadline(&world))
        .await
        .unwrap()
        .response;
    assert_eq!(response.batch_item_failures.len(), 1);

    consumer::handle(&world.engine(&world.faults()), event, deadline(&world))
        .await
        .unwrap();
    assert_eq!(world.now(&deletion).state, State::Deleted);
}

#[tokio::test]
async fn a_failure_that_is_recorded_is_not_the_queues_business() {
    let mut event = batch();
    event.records.truncate(1);
    let (world, deletion) = accepted(&event);
    let faults = world.faults();
    faults.fail(
        Operation::MarkDocuments,
        ..,
        Fault::Unavailable(Moment::Before),
    );

    let response = consumer::handle(&world.engine(&faults), event, deadline(&world))
        .await
        .unwrap()
        .response;

    assert!(response.batch_item_failures.is_empty());
    let sent = world.queue.take();
    assert_eq!(sent.len(), 1);
    assert!(sent[0].delay > Duration::ZERO, "it comes again, later");
    assert_eq!(
        world.now(&deletion).failure.unwrap().code,
        "DEPENDENCY_UNAVAILABLE"
    );
}

/// An empty identifier in the answer would mean "the whole batch failed".
#[tokio::test]
async fn a_record_without_an_id_fails_the_invocation_and_never_names_an_empty_one() {
    for id in [None, Some(String::new())] {
        let mut message = SqsMessage::default();
        message.message_id = id;
        message.body = Some("not a message".to_owned());
        let mut event = batch();
        event.records = vec![message];
        let (world, _) = accepted(&batch());

        consumer::handle(&world.engine(&world.faults()), event, deadline(&world))
            .await
            .unwrap_err();
    }
}

#[tokio::test]
async fn an_empty_batch_is_an_empty_answer() {
    let mut event = batch();
    event.records.clear();
    let (world, _) = accepted(&batch());

    let response = consumer::handle(&world.engine(&world.faults()), event, deadline(&world))
        .await
        .unwrap()
        .response;

    assert_eq!(json!(response), json!({ "batchItemFailures": [] }));
}
