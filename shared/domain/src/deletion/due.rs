//! What the sweeper has to do with a deletion that is due: one decision, without a clock or a store.

use std::time::Duration;

use jiff::Timestamp;

use super::failure::Failure;
use super::state::{Pass, State};
use super::value::Deletion;

/// What a deletion will be due for, as its own value says it. What is due is found by it, so that much of one kind
/// keeps nothing of another waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DueKind {
    /// A delete or a restore is under way: its message may be lost.
    Work,
    /// A purge is to begin, or is under way.
    Purge,
    /// Events are owed.
    Events,
    /// The stores are to be compared, or what nobody needs any more is to be dropped.
    Compare,
}

impl DueKind {
    /// All of them, the most urgent first.
    pub const ALL: [Self; 4] = [Self::Work, Self::Purge, Self::Events, Self::Compare];
}

impl Deletion {
    /// What it will be due for.
    #[must_use]
    pub fn due_kind(&self) -> DueKind {
        if let Some(pass) = self.state.working_pass() {
            return match pass {
                Pass::Delete | Pass::Restore => DueKind::Work,
                Pass::Purge => DueKind::Purge,
            };
        }
        let is_purged_then = self.purge_at.is_some() && self.purge_at <= self.due_at;
        if self.state == State::Deleted && is_purged_then {
            DueKind::Purge
        } else if self.notified.owes() {
            DueKind::Events
        } else {
            DueKind::Compare
        }
    }
}

/// When to stop trying.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryLimits {
    /// Slices without progress that did get answers.
    pub max_attempts: u32,
    /// How long a pass may make no progress, whatever the reason.
    pub fail_after: Duration,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Due {
    /// Nothing yet: it is not due, or a worker is processing it.
    Wait,
    /// Send the message again.
    Resend,
    /// Give up, for this reason.
    Park(Failure),
    /// Ended, and events are owed.
    Tell,
    /// Ended, its events published, and the comparison of the stores is due.
    Compare,
    /// `purge_at` has come.
    Purge,
    /// Purged or restored, its events published, and compared: the pages can be deleted.
    Tidy,
}

/// Decides what is to be done with this deletion now.
#[must_use]
pub fn due(deletion: &Deletion, now: Timestamp, patience: &RetryLimits) -> Due {
    if deletion.is_leased(now) || deletion.due_at.is_none_or(|due_at| now < due_at) {
        return Due::Wait;
    }
    if deletion.state.working_pass().is_some() {
        return give_up(deletion, now, patience).map_or(Due::Resend, Due::Park);
    }
    match deletion.state {
        // Before the events: a bus that is unavailable must not keep records beyond their retention. The events stay
        // owed.
        State::Deleted if deletion.purge_at.is_some_and(|purge_at| purge_at <= now) => Due::Purge,
        _ if deletion.notified.owes() => Due::Tell,
        State::Deleted | State::Cancelled | State::Restored | State::Purged
            if !deletion.comparison.done =>
        {
            Due::Compare
        }
        State::Purged => Due::Tidy,
        State::Restored if deletion.is_restored_for_good(now) => Due::Tidy,
        // Marks whose repair has waited for this time.
        State::Restored if deletion.comparison.waiting > 0 && deletion.terms(now).is_due => {
            Due::Compare
        }
        _ => Due::Wait,
    }
}

/// Why the pass must be given up, if it must.
#[must_use]
pub fn give_up(deletion: &Deletion, now: Timestamp, patience: &RetryLimits) -> Option<Failure> {
    let last = deletion
        .failure
        .as_ref()
        .map_or_else(String::new, |failure| format!("; last: {}", failure.reason));
    if deletion.attempts >= patience.max_attempts {
        let reason = format!("{} attempts without progress{last}", deletion.attempts);
        return Some(Failure::new("ATTEMPTS_EXHAUSTED", &reason));
    }
    let age = Duration::try_from(now.duration_since(deletion.progress_at)).unwrap_or_default();
    (age >= patience.fail_after).then(|| {
        let reason = format!("no progress for {} s{last}", age.as_secs());
        Failure::new("NOT_IN_TIME", &reason)
    })
}
