//! How a slice ends that has not ended its pass.

use jiff::Timestamp;

use super::failure::Failure;
use super::timing::Timing;
use super::value::Deletion;
use crate::time::later;

/// What a slice that ends before its pass does counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndedEarly {
    /// An attempt: it had its answers, and made no progress.
    Attempt,
    /// Nothing: its time was over, or a dependency was not there.
    Nothing,
    /// A wait for another deletion: its patience begins anew.
    Wait,
}

impl Deletion {
    /// The slice is over and work is left: the lease is released, and the message is sent next.
    #[must_use]
    pub fn release(
        &self,
        now: Timestamp,
        failure: Option<Failure>,
        ended: EndedEarly,
        timing: &Timing,
    ) -> Self {
        let mut next = self.changed();
        next.lease = None;
        next.failure = failure;
        if ended != EndedEarly::Attempt {
            next.attempts = next.attempts.saturating_sub(1);
        }
        if ended == EndedEarly::Wait {
            next.progress_at = now;
        }
        next.due_at = Some(later(now, timing.resend_after));
        next
    }
}
