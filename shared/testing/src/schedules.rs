//! Schedules by name.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard};

use ports::{Attempt, DependencyError, RemoveSchedules, ScheduleOutcome, can_name_a_schedule};

/// One group of schedules.
#[derive(Debug, Clone, Default)]
pub struct FakeSchedules(Arc<Mutex<BTreeSet<String>>>);

impl FakeSchedules {
    /// Creates a schedule, as the owner of a record might.
    ///
    /// # Panics
    ///
    /// When no schedule can have this name.
    pub fn put(&self, name: &str) {
        assert!(can_name_a_schedule(name), "no schedule is called {name:?}");
        self.names().insert(name.to_owned());
    }

    /// Removes a schedule, as if it had run and ended.
    pub fn take(&self, name: &str) {
        self.names().remove(name);
    }

    /// The names of the existing schedules, in order.
    #[must_use]
    pub fn all(&self) -> Vec<String> {
        self.names().iter().cloned().collect()
    }

    fn names(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.0.lock().expect("no test panics with the lock held")
    }
}

impl RemoveSchedules for FakeSchedules {
    async fn remove(&self, name: &str) -> Result<Attempt<ScheduleOutcome>, DependencyError> {
        Ok(Attempt::Done(if self.names().remove(name) {
            ScheduleOutcome::Removed
        } else {
            ScheduleOutcome::Missing
        }))
    }
}
