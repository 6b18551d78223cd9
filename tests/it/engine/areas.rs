//! Tasks and learners as their files ship: what is asked of these areas and of no other.

mod asking;
mod chat;
mod many;
mod notifications;
mod one_tenant;
mod random_filters;

use std::time::Duration;

use domain::collection::Collections;
use domain::deletion::{Action, State};
use ports::ArchiveRows as _;
use requests::OnPublishFailure;
use requests::records::{Got, get, list};
use serde_json::{Map, Value, json};
use testing::samples::{key, key2};
use testing::{Fault, Moment, Operation};

use crate::engine::compare::compares::compared;
use crate::engine::world::{TENANT, World, admin, ask, principal};

/// The text of a file that ships.
pub(crate) fn text_of(file: &str) -> String {
    let files = Collections::compiled_in();
    let found = files.iter().find(|(name, _)| *name == file);
    let (_, text) = found.expect("it ships");
    (*text).to_owned()
}

/// A world of the collections in a file that ships.
pub(crate) fn shipped(file: &str) -> World {
    World::new(&text_of(file))
}

fn task() -> World {
    let world = shipped("tasks.toml");
    let status = [("status", json!("DISABLED"))];
    world.put_with("tasks", &key("t-1"), None, &status);
    world.put("executions", &key2("t-1", "e-1"), Some(&key("t-1")));
    world
}

fn row_of(world: &World) -> Map<String, Value> {
    world.row("tasks", &key("t-1")).expect("it is there")
}

#[tokio::test]
async fn the_message_carries_the_tasks_id_its_project_the_time_and_the_request_and_comes_after_the_mark()
 {
    let world = task();
    let faults = world.faults();
    let beside = world.clone();
    faults.beside(Operation::Send, 1, Moment::Before, move || {
        let by = beside.marks("tasks", &key("t-1")).0.unwrap();
        assert!(!by.is_empty(), "the mark is stored before the message goes");
    });

    world.ask(&faults, "tasks", &key("t-1")).await.unwrap();

    let deletion = world.deletions.all().remove(0);
    let message = world.queue.take().remove(0).message();
    assert_eq!(message.root, Some(key("t-1")));
    assert_eq!(message.tenant.as_str(), TENANT);
    assert_eq!(message.requested_at, deletion.deleted_at);
    assert_eq!(message.request_id, "request-1");
}

#[tokio::test]
async fn a_tasks_status_is_the_same_after_a_rollback_a_restore_and_in_between() {
    let world = task();
    let before = row_of(&world);
    let faults = world.faults();
    faults.fail(Operation::Send, .., Fault::Unavailable(Moment::Before));
    let mut api = world.api(&faults);
    api.on_publish_failure = OnPublishFailure::Rollback;
    let refused = ask(&api, &admin(), "tasks", &key("t-1")).await;
    assert!(refused.is_err());
    assert_eq!(row_of(&world), before);

    let deletion = world.accept("tasks", &key("t-1")).await;
    assert_eq!(row_of(&world)["status"], "DISABLED");
    let cancelled = world.act_and_rest(&deletion, Action::Cancel).await;
    assert_eq!(cancelled.state, State::Cancelled);
    let restored = world.act_and_rest(&deletion, Action::Restore).await;

    assert_eq!(restored.state, State::Restored);
    assert_eq!(row_of(&world), before);
}

#[tokio::test]
async fn a_schedule_that_fires_between_the_202_and_the_consumer_finds_a_task_that_is_not_live() {
    let world = task();
    world.schedules.put("task-t-1");
    let api = world.api(&world.faults());
    let worker = principal("worker", TENANT, &[]);

    world.accept("tasks", &key("t-1")).await;

    assert_eq!(world.schedules.all(), ["task-t-1"], "it may still fire");
    for (name, record) in [("tasks", key("t-1")), ("executions", key2("t-1", "e-1"))] {
        let got = get(&api, &worker, world.collection(name), &record)
            .await
            .unwrap();
        assert!(!matches!(got, Got::Live(_)), "{name}: {got:?}");
    }
    world.come_to_rest().await;
    assert!(world.schedules.all().is_empty());
}

fn learner() -> World {
    let world = shipped("learners.toml");
    world.put("learners", &key("s-001"), None);
    for participation in ["p1", "p2", "p3"] {
        let at = key2("s-001", participation);
        world.put("participations", &at, Some(&key("s-001")));
    }
    world
}

#[tokio::test]
async fn learners_are_not_purged_at_year_10_by_the_clock() {
    let world = learner();
    let deletion = world.delete_and_rest("learners", &key("s-001")).await;
    assert_eq!(deletion.purge_at, None);
    compared(&world, &deletion).await;

    world.clock.advance(Duration::from_hours(10 * 366 * 24));
    for _ in 0..3 {
        world.sweep(&world.faults()).await.unwrap();
        world.come_to_rest().await;
    }

    assert_eq!(world.now(&deletion).state, State::Deleted);
    assert_eq!(world.copies_under(deletion.id).len(), 4);
}

#[tokio::test]
async fn an_archived_row_moved_on_by_another_process_is_not_drift() {
    let world = learner();
    let deletion = world.delete_and_rest("learners", &key("s-001")).await;
    let participations = world.collection("participations");
    let keys = [key2("s-001", "p1"), key2("s-001", "p2")];
    let dropped = world.rows.drop_copies(participations, deletion.id, &keys);
    dropped.await.unwrap();
    assert_eq!(world.copies_under(deletion.id).len(), 2);

    let report = compared(&world, &deletion).await;

    assert!(report.drift.is_empty(), "{report:?}");
    let stands = world.now(&deletion);
    assert_eq!((stands.state, stands.failure), (State::Deleted, None));
    assert_eq!(world.copies_under(deletion.id).len(), 2);
}

#[tokio::test]
async fn a_participation_deleted_earlier_keeps_its_own_deletion_and_both_are_archived_once() {
    let world = learner();
    let earlier = world
        .delete_and_rest("participations", &key2("s-001", "p1"))
        .await;
    world.clock.advance(Duration::from_hours(1));

    let later = world.delete_and_rest("learners", &key("s-001")).await;

    let of = |id| world.copies_under(id).len();
    assert_eq!((of(earlier.id), of(later.id)), (1, 3));
    let participations = world.collection("participations");
    let copy = world
        .rows
        .copy_of(earlier.id, participations, &key2("s-001", "p1"))
        .unwrap();
    let [at, ..] = participations.marks.all();
    assert_eq!(copy[at], json!(domain::time::rfc3339(earlier.deleted_at)));
    assert_eq!(world.now(&earlier).deleted_at, earlier.deleted_at);
}

#[tokio::test]
async fn a_new_learner_of_the_same_key_does_not_get_the_old_participations() {
    let world = learner();
    let first = world.delete_and_rest("learners", &key("s-001")).await;
    world.put("learners", &key("s-001"), None);
    world.put("participations", &key2("s-001", "p9"), Some(&key("s-001")));

    let api = world.api(&world.faults());
    let member = principal("mia", TENANT, &[]);
    let participations = world.collection("participations");
    let below = list(&api, &member, participations, Some(&key("s-001")), 50, None).await;
    let keys: Vec<_> = below
        .unwrap()
        .items
        .iter()
        .map(|row| row.key.clone())
        .collect();
    assert_eq!(keys, [key2("s-001", "p9")]);

    let second = world.delete_and_rest("learners", &key("s-001")).await;
    let of = |id| world.copies_under(id).len();
    assert_eq!(
        (of(first.id), of(second.id)),
        (4, 2),
        "both histories stay apart"
    );
}
