//! The schedule of the template: the sweeper runs without anybody calling it.

use std::time::Duration;

use tests::stacks::policy_stack;
use tests::wait;
use xtask::logs::{Function, lines};

/// Nothing in this target calls the sweeper of the policy stack, so whoever did was the schedule.
#[tokio::test]
async fn the_schedule_calls_the_sweeper_every_minute() {
    let Some(stack) = policy_stack() else { return };

    let report = wait::until(
        "a sweep by the schedule",
        Duration::from_secs(150),
        async || {
            let lines = lines(&stack, Function::Sweeper).await.ok()?;
            lines
                .into_iter()
                .find(|line| line.contains("sweep:") && line.contains("due"))
        },
    )
    .await;

    assert!(report.contains("errors"), "{report}");
}
