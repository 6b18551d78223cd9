//! Tasks: nothing is kept, and the schedule of a task is gone before the task.

use std::time::Duration;

use local::load::Kind;
use reqwest::Method;
use serde_json::json;
use tests::areas::{is_scheduled, is_scheduled_in, loaded, schedule_in};
use tests::bus::Bus;
use tests::mail::Tenant;
use tests::stacks::stack;

const SOON: Duration = Duration::from_mins(1);

#[tokio::test]
async fn a_deleted_task_its_executions_and_its_schedule_are_gone_and_its_own_event_says_so() {
    let Some(stack) = stack() else { return };
    let tenant = Tenant::new(&stack, "tasks");
    let member = tenant.member("ann").await;
    let area = loaded(&stack, Kind::Tasks, &tenant.name, 2).await;
    let [task, beside] = [0, 1].map(|n| area.records["tasks"][n]["task_uuid"].as_str().unwrap());
    let [schedule, other] = [&area.schedules[0], &area.schedules[1]];
    assert!(is_scheduled(&stack, schedule).await);
    let mut bus = Bus::listen(&stack, &tenant.name).await;

    let id = member.begin(&format!("/v1/tasks/{task}")).await;
    let deletion = member.done(&id, SOON).await;
    let heard = bus.finished(1, SOON).await;

    assert_eq!(deletion["state"], "PURGED", "{deletion:#}");
    assert_eq!(deletion["counts"]["delete"]["executions"]["deleted"], 4);
    assert!(!is_scheduled(&stack, schedule).await);
    let row = tenant.stores.row("tasks", &[("task_uuid", task)]).await;
    assert_eq!(row, None);
    let left = tenant.stores.partition("executions", ("task_uuid", task));
    assert!(left.await.is_empty());
    let told = heard.iter().filter(|event| event.kind == "TaskDeleted");
    let told: Vec<_> = told.map(|event| &event.detail["task_uuids"]).collect();
    assert_eq!(told, [&json!([task])]);

    assert!(is_scheduled(&stack, other).await);
    let row = tenant.stores.row("tasks", &[("task_uuid", beside)]).await;
    assert!(row.is_some());
}

#[tokio::test]
async fn a_task_that_is_not_there_counts_as_deleted_and_a_missing_schedule_stops_nothing() {
    let Some(stack) = stack() else { return };
    let tenant = Tenant::new(&stack, "task-twice");
    let member = tenant.member("ann").await;
    let area = loaded(&stack, Kind::Tasks, &tenant.name, 1).await;
    let task = area.records["tasks"][0]["task_uuid"].as_str().unwrap();
    let never = tenant.id("never");
    let row = json!({ "task_uuid": never, "project_id": tenant.name, "status": "ACTIVE" });
    let row = row.as_object().unwrap().clone();
    tenant.stores.put_rows("tasks", &[row]).await;

    let first = member.begin(&format!("/v1/tasks/{task}")).await;
    let without = member.begin(&format!("/v1/tasks/{never}")).await;
    for id in [&first, &without] {
        let deletion = member.done(id, SOON).await;
        assert_eq!(deletion["state"], "PURGED", "{deletion:#}");
    }
    let again = member.delete(&format!("/v1/tasks/{task}")).await;
    let nobodys = member.delete("/v1/tasks/nobodys").await;

    for answer in [again, nobodys] {
        assert_eq!(
            (answer.status, &answer.json()["status"]),
            (202, &json!("ALREADY_DELETED")),
            "{answer:?}"
        );
    }
}

/// Names of schedules are made of ids that a member chooses; a group of the stack's own keeps others' out of reach.
#[tokio::test]
async fn a_schedule_that_somebody_else_made_under_a_tasks_name_stays() {
    let Some(stack) = stack() else { return };
    let tenant = Tenant::new(&stack, "foreign-schedule");
    let member = tenant.member("ann").await;
    let task = tenant.id("foo").replace('~', "-");
    let name = format!("task-{task}");
    schedule_in(&stack, "default", &name).await;

    let path = format!("/v1/tasks/{task}");
    let made = member.call(Method::PUT, &path, &[], Some("{}")).await;
    let id = member.begin(&path).await;
    let deletion = member.done(&id, SOON).await;

    assert_eq!(made.status, 201, "{made:?}");
    assert_eq!(deletion["state"], "PURGED", "{deletion:#}");
    assert!(is_scheduled_in(&stack, "default", &name).await);
}
