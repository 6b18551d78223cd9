//! How a comparison of the stores progresses, each step as one function from the present value to the next one.

use jiff::Timestamp;
use uuid::Uuid;

use super::comparison::Findings;
use super::failure::Failure;
use super::state::State;
use super::timing::Timing;
use super::value::Deletion;
use crate::cursor::SelectCursor;
use crate::time::later;

impl Deletion {
    /// A sweep begins to compare, or continues; until `until` no other one does.
    #[must_use]
    pub fn comparing(&self, until: Timestamp, holder: Uuid) -> Self {
        let mut next = self.changed();
        if next.comparison.done {
            next.comparison = next.comparison.anew();
        }
        next.comparison.holder = Some(holder);
        next.due_at = Some(until);
        next
    }

    /// The pages up to this one are compared.
    #[must_use]
    pub fn page_compared(&self, page: u32, findings: &Findings) -> Self {
        let mut next = self.changed();
        next.comparison.pages = page;
        next.comparison.below_cursor = None;
        next.comparison.deeper = Vec::new();
        next.comparison.waiting += findings.waiting;
        next.comparison.late += findings.late;
        next.comparison.found_more(&findings.drift);
        next
    }

    /// The search for live records below the root has progressed up to here.
    #[must_use]
    pub fn below_compared(&self, cursor: SelectCursor, findings: &Findings) -> Self {
        let mut next = self.changed();
        next.comparison.below_cursor = Some(cursor);
        next.comparison.found_more(&findings.drift);
        next
    }

    /// The time for comparing is over; a later sweep continues.
    #[must_use]
    pub fn compare_later(&self, now: Timestamp) -> Self {
        let mut next = self.changed();
        next.comparison.holder = None;
        next.due_at = Some(now);
        next
    }

    /// All is compared.
    #[must_use]
    pub fn compared(&self, timing: &Timing) -> Self {
        let mut next = self.changed();
        next.comparison.done = true;
        next.comparison.below_cursor = None;
        next.comparison.deeper = Vec::new();
        next.comparison.holder = None;
        // What waits was compared before `purge_at`, and is due then, even if that has come meanwhile. Nothing waits of
        // what was compared later: what could not be removed then is counted.
        next.due_at = next.due_at_rest(timing);
        next
    }

    /// It can never be compared to its end, for this reason: what follows does not wait for that.
    #[must_use]
    pub fn compare_given_up(&self, failure: Failure, now: Timestamp, timing: &Timing) -> Self {
        let mut next = self.compared(timing);
        next.comparison.failure = Some(failure);
        if self.terms(now).is_due {
            next.comparison.waiting = 0;
        }
        next.due_at = next.due_at_rest(timing);
        next
    }

    /// Since when it should have been compared, at the latest.
    #[must_use]
    pub fn compare_due_since(&self, now: Timestamp, timing: &Timing) -> Option<Timestamp> {
        let first = later(self.ended_at?, timing.compare_after);
        let last = self.purge_at.filter(|purge_at| *purge_at <= now);
        Some(last.map_or(first, |purge_at| purge_at.max(first)))
    }

    /// Whether nobody needs the pages of a restored deletion any more: nothing of it waits, and nothing of it can be
    /// brought back another time.
    #[must_use]
    pub fn is_restored_for_good(&self, now: Timestamp) -> bool {
        self.is_all_restored() || (self.is_compared_whole() && self.terms(now).is_due)
    }

    fn is_all_restored(&self) -> bool {
        let conflicts: u64 = self.restored.values().map(|counts| counts.conflict).sum();
        self.is_compared_whole() && conflicts == 0
    }

    fn is_compared_whole(&self) -> bool {
        let comparison = &self.comparison;
        comparison.done && comparison.waiting == 0 && comparison.failure.is_none()
    }

    /// When an ended deletion whose events are published is processed next.
    pub(super) fn due_at_rest(&self, timing: &Timing) -> Option<Timestamp> {
        let ended = self.ended_at?;
        let compare = later(ended, timing.compare_after);
        match (self.state, self.comparison.done) {
            (State::Deleted, false) => {
                Some(self.purge_at.map_or(compare, |purge| purge.min(compare)))
            }
            (State::Restored | State::Purged | State::Cancelled, false) => Some(compare),
            (State::Deleted, true) => self.purge_at,
            // The pages can be deleted.
            (State::Purged, true) => Some(ended),
            (State::Restored, true) if self.is_all_restored() => Some(ended),
            // What is left can be brought back until then.
            (State::Restored, true) if self.is_compared_whole() || self.comparison.waiting > 0 => {
                self.purge_at
            }
            _ => None,
        }
    }
}
