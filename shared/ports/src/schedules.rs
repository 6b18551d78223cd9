//! Schedules that belong to records and are removed with them.

use crate::{Attempt, DependencyError};

/// The outcome of removing a schedule. In each case there is none any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum ScheduleOutcome {
    /// It was there.
    Removed,
    /// There was none: it expired, another writer removed it, or an earlier call did.
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
    /// Removes the schedule of this name in the group that this port was created for. Doing it again is harmless. A
    /// name that no schedule can have (see [`can_name_a_schedule`]) counts as missing.
    ///
    /// # Errors
    ///
    /// When the scheduler did not answer; it may be removed all the same. A refusal concerns this schedule alone:
    /// others may still be removed.
    fn remove(
        &self,
        name: &str,
    ) -> impl Future<Output = Result<Attempt<ScheduleOutcome>, DependencyError>> + Send;
}
