//! How much one request may read: a number of store calls and a time, whatever is deleted around what it looks for.
//!
//! A list that has used it up answers with what it has and a cursor. A call that was begun is never cut off: the budget
//! only says whether the next round may begin.

use std::time::Duration;

use jiff::Timestamp;

use domain::time::later;
use ports::Clock;

/// The most store calls after which no further round begins.
const CALLS: usize = 40;

/// The longest time after which no further round begins: the gateway waits 30 s, and one call may take 8 s.
const TIME: Duration = Duration::from_secs(5);

/// What is left of it.
pub(super) struct Budget<'c, C> {
    clock: &'c C,
    until: Timestamp,
    calls: usize,
}

impl<'c, C: Clock> Budget<'c, C> {
    /// A whole one, from now on.
    pub(super) fn of(clock: &'c C) -> Self {
        Self::of_calls(clock, CALLS)
    }

    /// One with another number of calls, from now on: for small ones that are made together.
    pub(super) fn of_calls(clock: &'c C, calls: usize) -> Self {
        Self {
            clock,
            until: later(clock.now(), TIME),
            calls,
        }
    }

    /// Counts calls that were made.
    pub(super) fn spend(&mut self, calls: usize) {
        self.calls = self.calls.saturating_sub(calls);
    }

    /// Whether there is none left.
    pub(super) fn is_spent(&self) -> bool {
        self.calls == 0 || self.clock.now() >= self.until
    }
}
