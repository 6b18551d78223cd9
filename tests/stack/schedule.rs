//! The schedule of the template: the sweeper runs without anybody calling it.

use std::time::Duration;

use tests::functions::logged;
use tests::stacks::short_stack;
use tests::wait;

/// Nothing in this target calls the sweeper of the short stack, so whoever does is the schedule.
#[tokio::test]
async fn the_schedule_calls_the_sweeper_every_minute() {
    let Some(stack) = short_stack() else { return };
    let sweeps = async || logged(&stack, "sweeper", "sweep:").await;
    let before = sweeps().await.len();

    let report = wait::until("a sweep", Duration::from_secs(150), async || {
        sweeps().await.into_iter().nth(before)
    })
    .await;

    assert!(report.contains("errors"), "{report}");
}
