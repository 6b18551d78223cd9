//! Schedules that belong to records and die with them.

use crate::{Attempt, DependencyError};

/// What came of removing a schedule. Either way there is none any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum ScheduleOutcome {
    /// It was there.
    Removed,
    /// There was none: it ran out, somebody removed it, or an earlier call did.
    Missing,
}

/// Whether a schedule can have this name: 1 to 64 letters, digits, `-`, `_` and `.`.
#[must_use]
pub fn can_name_a_schedule(name: &str) -> bool {
    let fits = |letter: u8| letter.is_ascii_alphanumeric() || b"-_.".contains(&letter);
    (1..=64).contains(&name.len()) && name.bytes().all(fits)
}

/// Removes schedules.
pub trait RemoveSchedules: Send + Sync {
    /// Removes the schedule of this name in the group that this port was made for. Doing it again is harmless. A
    /// name that no schedule can have (see [`can_name_a_schedule`]) is one that is not there.
    ///
    /// # Errors
    ///
    /// When the scheduler did not answer; it may be removed all the same. A refusal is about this schedule alone: others
    /// may well be removed.
    fn remove(
        &self,
        name: &str,
    ) -> impl Future<Output = Result<Attempt<ScheduleOutcome>, DependencyError>> + Send;
}
