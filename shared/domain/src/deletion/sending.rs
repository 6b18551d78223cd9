//! What becomes of a deletion whose message is sent once more by the sweeper.

use jiff::Timestamp;

use super::failure::Failure;
use super::timing::Timing;
use super::value::Deletion;
use crate::time::later;

impl Deletion {
    /// The message is about to be sent once more; the wait before the next time is longer than before this one.
    #[must_use]
    pub fn resent(&self, now: Timestamp, timing: &Timing) -> Self {
        let mut next = self.changed();
        next.resends += 1;
        next.due_at = Some(later(now, timing.resend_after * next.resends.min(60)));
        next
    }

    /// It had to wait, for something that is nobody's fault here: its patience begins anew.
    #[must_use]
    pub fn waited(&self, now: Timestamp) -> Self {
        let mut next = self.changed();
        next.progress_at = now;
        next.attempts = 0;
        next
    }

    /// The queue has refused the message for a reason that stays. This counts as an attempt: what is refused every time
    /// is given up, with this reason.
    #[must_use]
    pub fn send_refused(&self, failure: Failure) -> Self {
        let mut next = self.changed();
        next.attempts += 1;
        next.failure = Some(failure);
        next
    }
}
