//! The sweeper's handler: the schedule's event says nothing, the answer is the report.

use std::time::Duration;

use domain::deletion::State;
use jiff::Timestamp;
use ports::Clock;
use serde_json::{Value, json};
use testing::samples::{COLLECTIONS, key, key2};
use testing::{Fault, Moment, Operation};

use crate::engine::world::World;

fn world() -> World {
    let world = World::new(COLLECTIONS);
    for discussion in ["lost", "owed", "old"] {
        world.put("discussions", &key(discussion), None);
        world.put("messages", &key2(discussion, "m"), Some(&key(discussion)));
    }
    world
}

#[test]
fn the_schedules_event_is_an_object_without_content() {
    let path =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../events/sweeper-schedule.json");
    let event: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();

    assert_eq!(event, json!({}), "a sweep takes no input");
}

#[tokio::test]
async fn one_sweep_does_everything_that_is_due_and_answers_with_its_report() {
    let world = world();
    let old = world.accept("discussions", &key("old")).await;
    world.come_to_rest().await;
    world.until_purge(&old);
    let owed = world.accept("discussions", &key("owed")).await;
    let faults = world.faults();
    faults.fail(Operation::Publish, .., Fault::Unavailable(Moment::Before));
    let _ = world.deliver(&faults, &owed).await.unwrap();
    let lost = world.accept("discussions", &key("lost")).await;
    let _lost = world.queue.take();
    world.clock.advance(Duration::from_mins(2));
    let deadline = world
        .clock
        .now()
        .checked_add(Duration::from_mins(2))
        .unwrap();

    let report = sweeper::handle(&world.engine(&world.faults()), deadline)
        .await
        .unwrap();

    assert_eq!(
        json!(report),
        json!({
            "due": 3, "resent": 1, "parked": 0, "told": 1, "unreadable": 0, "given_up": 0, "compared": 0, "comparing": 0, "returned": 0,
            "drift_found": 0, "drift_repaired": 0, "drift": {}, "purging": 1, "tidied": 0, "put_off": 0,
            "silent": 1, "longest_silence": 120, "purge_lag": 120, "errors": 0, "newer": 0, "adopted": 0, "left": 0
        })
    );
    world.deliver_all().await;
    assert_eq!(world.now(&lost).state, State::Deleted);
    assert_eq!(world.now(&old).state, State::Purged);
    assert!(world.now(&owed).notified.delete.finished);
}

#[tokio::test]
async fn a_deadline_in_1970_does_not_stop_the_sweep() {
    let world = world();
    world.accept("discussions", &key("lost")).await;
    let _lost = world.queue.take();
    world.clock.advance(Duration::from_mins(2));

    let long_ago = Timestamp::from_second(600).unwrap();
    let report = sweeper::handle(&world.engine(&world.faults()), long_ago)
        .await
        .unwrap();

    assert_eq!(report.resent, 1);
}

#[tokio::test]
async fn no_purge_begins_when_the_function_is_about_to_be_stopped() {
    let world = world();
    let old = world.accept("discussions", &key("old")).await;
    world.come_to_rest().await;
    world.until_purge(&old);
    let faults = world.faults();
    faults.slow(Duration::from_secs(1));
    let stopped = world
        .clock
        .now()
        .checked_add(Duration::from_secs(30))
        .unwrap();

    let report = sweeper::handle(&world.engine(&faults), stopped)
        .await
        .unwrap();

    assert_eq!((report.purging, report.left), (0, 1));
    assert_eq!(world.now(&old).state, State::Deleted);
}

#[tokio::test]
async fn a_sweep_that_finds_nothing_out_is_an_error_so_that_somebody_notices() {
    let world = world();
    let faults = world.faults();
    faults.fail(Operation::FindDue, .., Fault::Refused(Moment::Before));
    let deadline = world
        .clock
        .now()
        .checked_add(Duration::from_mins(2))
        .unwrap();

    sweeper::handle(&world.engine(&faults), deadline)
        .await
        .unwrap_err();
}

#[tokio::test]
async fn a_sweep_tells_those_who_watch_what_drift_it_found_what_is_late_and_what_it_left_alone() {
    let world = world();
    let old = world.accept("discussions", &key("old")).await;
    world.come_to_rest().await;
    let messages = world.collection("messages").clone();
    let unmarked = world.live_row("messages", &key2("old", "m"), Some(&key("old")));
    world.documents.put(&messages, "old\u{1f}m", unmarked);
    world.accept("discussions", &key("lost")).await;
    let newer = world.accept("discussions", &key("owed")).await;
    world.deletions.make_newer(&newer);
    let _lost = world.queue.take();
    world.clock.set(world.now(&old).due_at.unwrap());
    let report = world.sweep(&world.faults()).await.unwrap();

    let line = sweeper::metrics("stack-sweeper", world.clock.now(), &report);

    let line: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(line["FunctionName"], "stack-sweeper");
    let declared = &line["_aws"]["CloudWatchMetrics"][0];
    assert_eq!(declared["Namespace"], "Tombstone");
    for (name, value) in [
        ("DriftFound", 1),
        ("DriftRepaired", 1),
        ("Resurrected", 0),
        ("Compared", 1),
        ("Parked", 0),
        ("Silent", 1),
        ("PurgeLag", 0),
        ("Backlog", 0),
        ("EventsGivenUp", 0),
        ("SweepErrors", 0),
        ("NewerVersions", 1),
    ] {
        assert_eq!(line[name], value, "{name}");
    }
    for metric in declared["Metrics"].as_array().unwrap() {
        assert!(line[metric["Name"].as_str().unwrap()].is_u64(), "{metric}");
    }
    assert!(line["LongestSilence"].as_u64().unwrap() > 500, "{line}");
}
