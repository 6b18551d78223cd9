//! Schedules: [`RemoveSchedules`].

use ports::{Attempt, RemoveSchedules, ScheduleOutcome};

/// A group of schedules, empty.
pub trait SchedulesHarness: Send + Sync {
    type Schedules: RemoveSchedules;

    /// The port.
    fn schedules(&self) -> &Self::Schedules;

    /// Creates a schedule without the port.
    fn put(&self, name: &str) -> impl Future<Output = ()> + Send;

    /// The names of the existing schedules, in order.
    fn all(&self) -> impl Future<Output = Vec<String>> + Send;
}

/// One test for each rule about schedules.
#[macro_export]
macro_rules! schedules_contract {
    ($harness:expr) => {
        $crate::contract_tests!(
            schedules,
            $harness,
            [
                removing_a_schedule_leaves_the_others,
                removing_a_schedule_again_finds_none,
                a_schedule_that_never_was_is_missing,
                a_name_that_no_schedule_can_have_is_missing,
            ]
        );
    };
}

pub async fn removing_a_schedule_leaves_the_others<H: SchedulesHarness>(harness: &H) {
    for name in ["task-1", "task-10", "task-2"] {
        harness.put(name).await;
    }

    let answer = harness.schedules().remove("task-1").await;

    assert_eq!(
        answer.expect("it answers"),
        Attempt::Done(ScheduleOutcome::Removed)
    );
    assert_eq!(harness.all().await, ["task-10", "task-2"]);
}

pub async fn removing_a_schedule_again_finds_none<H: SchedulesHarness>(harness: &H) {
    harness.put("task-1").await;

    let mut answers = Vec::new();
    for _ in 0..2 {
        answers.push(
            harness
                .schedules()
                .remove("task-1")
                .await
                .expect("it answers"),
        );
    }

    assert_eq!(
        answers,
        [ScheduleOutcome::Removed, ScheduleOutcome::Missing].map(Attempt::Done)
    );
}

pub async fn a_schedule_that_never_was_is_missing<H: SchedulesHarness>(harness: &H) {
    let answer = harness.schedules().remove("nobody.made-this_one").await;

    assert_eq!(
        answer.expect("it answers"),
        Attempt::Done(ScheduleOutcome::Missing)
    );
}

pub async fn a_name_that_no_schedule_can_have_is_missing<H: SchedulesHarness>(harness: &H) {
    harness.put("task-1").await;
    for name in ["", "a b", "a/b", "\u{1faa6}", &"x".repeat(65)] {
        let answer = harness.schedules().remove(name).await;

        assert_eq!(
            answer.expect("it answers"),
            Attempt::Done(ScheduleOutcome::Missing),
            "{name:?}"
        );
    }
    assert_eq!(harness.all().await, ["task-1"]);
}
