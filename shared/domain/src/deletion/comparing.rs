//! How a comparison of the stores progresses, each step as one function from the present value to the next one.

use jiff::Timestamp;
use uuid::Uuid;

use super::comparison::Findings;
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
        next.comparison.waiting += findings.waiting;
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
    pub fn compared(&self, now: Timestamp, timing: &Timing) -> Self {
        let mut next = self.changed();
        next.comparison.done = true;
        next.comparison.below_cursor = None;
        next.comparison.holder = None;
        // What could not be removed when it was due is counted, and nothing waits for it any more.
        if self.terms(now).is_due {
            next.comparison.waiting = 0;
        }
        next.due_at = next.due_at_rest(timing);
        next
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
            (State::Restored, true) if self.comparison.waiting > 0 => self.purge_at,
            // The pages can be deleted.
            (State::Purged, true) => Some(ended),
            _ => None,
        }
    }
}
