//! Schedules die before their records.

use domain::deletion::{Action, State};
use serde_json::{Value, json};
use testing::samples::{key, key2};
use testing::{Fault, Moment, Operation};

use crate::engine::effects::STREAMS;
use crate::engine::world::{Ignore, World, text};

/// A task with three steps; all but the last step have a schedule, and so has somebody else's task.
fn tasks() -> World {
    let world = World::new(STREAMS);
    world.put("tasks", &key("t"), None);
    for (step, slot) in [("1", Some("a")), ("2", Some("b")), ("3", None)] {
        let slot = slot.map(|slot| ("slot", json!(slot)));
        world.put_with("steps", &key2("t", step), Some(&key("t")), slot.as_slice());
    }
    for name in ["task-t", "task-u", "step-a", "step-b"] {
        world.schedules.put(name);
    }
    world
}

#[tokio::test]
async fn the_schedules_of_all_records_go_and_no_others() {
    let world = tasks();

    let deletion = world.accept("tasks", &key("t")).await;
    world.come_to_rest().await;

    assert_eq!(world.now(&deletion).state, State::Deleted);
    assert_eq!(world.schedules.all(), ["task-u"]);
}

#[tokio::test]
async fn a_missing_schedule_is_success() {
    let world = tasks();
    let faults = world.faults();
    for name in ["task-t", "step-a"] {
        world.schedules.take(name);
    }

    let deletion = world.accept("tasks", &key("t")).await;
    world.deliver(&faults, &deletion).await.unwrap().ignore();

    assert_eq!(world.now(&deletion).state, State::Deleted);
    assert_eq!(faults.count(Operation::RemoveSchedule), 3);
}

#[tokio::test]
async fn a_schedule_is_removed_before_its_row_and_before_its_document() {
    let world = tasks();
    let faults = world.faults();

    let deletion = world.accept("tasks", &key("t")).await;
    world.deliver(&faults, &deletion).await.unwrap().ignore();

    let log = faults.log();
    let last_schedule = log
        .iter()
        .rposition(|call| call.operation == Operation::RemoveSchedule);
    let first_row = log
        .iter()
        .position(|call| call.operation == Operation::MarkRows);
    assert!(last_schedule.unwrap() < first_row.unwrap());
}

#[tokio::test]
async fn a_schedule_that_cannot_be_removed_holds_its_row_back_and_a_retry_tries_again() {
    let world = tasks();
    let faults = world.faults();
    // The task's own is the first, the steps' are the second and the third.
    faults.fail(
        Operation::RemoveSchedule,
        2..=2,
        Fault::Refused(Moment::Before),
    );

    let deletion = world.accept("tasks", &key("t")).await;
    world.deliver(&faults, &deletion).await.unwrap().ignore();

    let failed = world.now(&deletion);
    assert_eq!(failed.state, State::DeleteFailed);
    let counts = failed.deleted["steps"];
    assert_eq!((counts.selected, counts.deleted, counts.failed), (3, 2, 1));
    let exceptions = world.deletions.exceptions_of(&deletion, 2);
    let reasons: Vec<_> = exceptions.deleted.values().collect();
    assert!(
        format!("{reasons:?}").contains("SCHEDULE_NOT_REMOVED: scheduler could not"),
        "{reasons:?}"
    );
    assert_eq!(
        world.marks("steps", &key2("t", "1")).0.as_deref(),
        Some(""),
        "the row stays"
    );

    world.act_and_rest(&deletion, Action::Retry).await;

    assert_eq!(world.now(&deletion).state, State::Deleted);
    assert_eq!(world.marks("steps", &key2("t", "1")).0, text(deletion.id));
    assert_eq!(world.schedules.all(), ["task-u"]);
}

#[tokio::test]
async fn a_record_that_is_held_back_or_worked_on_keeps_its_schedule_until_it_is_taken() {
    let waiting = STREAMS.replace(
        "schedule    = \"step-{slot}\"",
        "schedule    = \"step-{slot}\"\nheld        = { pinned = true }\nmarks       = { state = { attribute = \"state\", deleted = \"DELETED\", live = [\"OPEN\"], busy = [\"LOCKED\"] } }",
    );
    for (name, staying) in [("pinned", json!(true)), ("state", json!("LOCKED"))] {
        let world = World::new(&waiting);
        world.put("tasks", &key("t"), None);
        let put = |step: &str, more: &[(&str, Value)]| {
            let mut all = vec![("slot", json!(step)), ("state", json!("OPEN"))];
            all.retain(|(name, _)| !more.iter().any(|(other, _)| other == name));
            all.extend_from_slice(more);
            world.put_with("steps", &key2("t", step), Some(&key("t")), &all);
        };
        put("a", &[]);
        put("b", &[]);
        for name in ["task-t", "step-a", "step-b"] {
            world.schedules.put(name);
        }
        let deletion = world.accept("tasks", &key("t")).await;
        // After the acceptance, which would refuse it.
        put("b", &[(name, staying)]);

        world.come_to_rest().await;

        let failed = world.now(&deletion);
        assert_eq!(failed.state, State::DeleteFailed, "{name}");
        assert_eq!(failed.deleted["steps"].failed, 1, "{name}");
        assert_eq!(world.schedules.all(), ["step-b"], "{name}");

        put("b", &[]);
        world.act_and_rest(&deletion, Action::Retry).await;
        assert_eq!(world.now(&deletion).state, State::Deleted, "{name}");
        assert_eq!(world.schedules.all(), Vec::<String>::new(), "{name}");
    }
}

#[tokio::test]
async fn a_late_record_that_is_held_back_keeps_its_schedule_and_its_root() {
    let waiting = STREAMS.replace(
        "schedule    = \"step-{slot}\"",
        "schedule    = \"step-{slot}\"\nheld        = { pinned = true }",
    );
    let world = World::new(&waiting);
    world.put("tasks", &key("t"), None);
    let deletion = world.delete_and_rest("tasks", &key("t")).await;
    assert_eq!(deletion.state, State::Deleted);
    let late = [("slot", json!("late")), ("pinned", json!(true))];
    world.put_with("steps", &key2("t", "late"), Some(&key("t")), &late);
    world.schedules.put("step-late");

    let failed = world.act_and_rest(&deletion, Action::Purge).await;

    assert_eq!(failed.state, State::PurgeFailed);
    assert_eq!(world.schedules.all(), ["step-late"]);
    assert!(world.row("tasks", &key("t")).is_some());
    world.put_with("steps", &key2("t", "late"), Some(&key("t")), &late[..1]);
    let purged = world.act_and_rest(&deletion, Action::Retry).await;
    assert_eq!(purged.state, State::Purged);
    assert_eq!(world.schedules.all(), Vec::<String>::new());
}

#[tokio::test]
async fn a_root_that_was_created_anew_before_the_first_page_keeps_its_schedule() {
    let world = tasks();
    let deletion = world.accept("tasks", &key("t")).await;
    world.rows.remove(world.collection("tasks"), &key("t"));
    world.put("tasks", &key("t"), None);

    world.come_to_rest().await;

    assert_eq!(world.now(&deletion).deleted["tasks"].missing, 1);
    let stands = world.schedules.all();
    assert!(stands.contains(&"task-t".to_owned()), "{stands:?}");
}

#[tokio::test]
async fn a_scheduler_that_is_away_or_busy_fails_nothing() {
    for fault in [
        Fault::Unavailable(Moment::Before),
        Fault::Unavailable(Moment::After),
        Fault::Again(|_| true),
    ] {
        let world = tasks();
        let faults = world.faults();
        faults.fail(Operation::RemoveSchedule, ..=2, fault);

        let deletion = world.accept("tasks", &key("t")).await;
        world.deliver(&faults, &deletion).await.unwrap().ignore();
        world.come_to_rest().await;

        let ended = world.now(&deletion);
        assert_eq!(ended.state, State::Deleted, "{fault:?}");
        assert_eq!(ended.deleted["steps"].failed, 0);
        assert_eq!(world.schedules.all(), ["task-u"]);
    }
}

#[tokio::test]
async fn the_event_is_the_collections_own_and_names_the_task() {
    let world = tasks();

    let deletion = world.accept("tasks", &key("t")).await;
    world.come_to_rest().await;

    let events = world.told("TaskDeleted");
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].detail["task_uuids"], json!(["t"]));
    assert_eq!(events[0].detail["ids"], json!([{ "id": "t" }]));
    assert_eq!(events[0].detail["deletion_id"], json!(deletion.id));
    assert_eq!(events[0].detail["actor"], "ada");
    // Steps have none of their own.
    assert_eq!(world.told("RecordsDeleted").len(), 1);
}

#[tokio::test]
async fn a_late_record_whose_schedule_cannot_be_removed_keeps_its_root_with_a_reason() {
    for is_requested in [false, true] {
        let world = tasks();
        let deletion = world.delete_and_rest("tasks", &key("t")).await;
        let late = key2("t", "late");
        let slot = [("slot", json!("late"))];
        world.put_with("steps", &late, Some(&key("t")), &slot);
        world.schedules.put("step-late");
        let faults = world.faults();
        let refused = Fault::Refused(Moment::Before);
        faults.fail(Operation::RemoveSchedule, .., refused);

        if is_requested {
            world.act(&deletion, Action::Purge).await.unwrap();
            world.deliver(&faults, &deletion).await.unwrap().ignore();
        } else {
            world.until_purge(&deletion);
            world.sweep(&faults).await.unwrap();
        }

        let failed = world.now(&deletion);
        assert_eq!(failed.state, State::PurgeFailed, "{is_requested}");
        assert_eq!(failed.purged["steps"].failed, 1);
        let reasons = format!("{:?}", world.deletions.manifest(&failed));
        assert!(reasons.contains("SCHEDULE_NOT_REMOVED"), "{reasons}");
        assert_eq!(world.marks("steps", &late).0.as_deref(), Some(""));
        assert_eq!(
            world.marks("tasks", &key("t")).0,
            text(deletion.id),
            "it hides the step"
        );

        let purged = world.act_and_rest(&deletion, Action::Retry).await;

        assert_eq!(purged.state, State::Purged, "{is_requested}");
        assert_eq!(world.row("steps", &late), None);
        assert_eq!(world.row("tasks", &key("t")), None);
        assert_eq!(world.schedules.all(), ["task-u"]);
    }
}
