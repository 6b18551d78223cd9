//! Tasks that run on a schedule, each with some executions.

use serde_json::json;

use super::{Area, uuid};
use crate::load::generate::Chance;

/// Executions of each task.
const EXECUTIONS: usize = 4;

pub(super) fn generate(tenant: &str, count: usize, seed: u64) -> Area {
    let mut area = Area::default();
    for number in 0..count {
        let mut chance = Chance::new(seed, number);
        let task = uuid(tenant, seed, number);
        area.put(
            "tasks",
            json!({
                "task_uuid": task, "project_id": tenant, "title": chance.words(3),
                "status": if chance.below(4) == 0 { "DISABLED" } else { "ACTIVE" },
            }),
        );
        for execution in 0..EXECUTIONS {
            area.put(
                "executions",
                json!({
                    "task_uuid": task, "execution_id": format!("e{execution:06}"), "project_id": tenant,
                    "outcome": if chance.below(5) == 0 { "failed" } else { "ok" },
                }),
            );
        }
        area.schedules.push(format!("task-{task}"));
    }
    area
}
