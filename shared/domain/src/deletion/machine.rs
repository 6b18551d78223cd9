//! Which event is possible in which state, and the state that follows: one table that all other code uses.
//!
//! The transitions of a deletion, the actions that an answer offers, the refusal of one that is not allowed and the
//! model checker all use it; no other code compares states.

use super::state::State;
use crate::strategy::Strategy;

/// What may happen to a deletion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Event {
    /// A worker takes the lease for a slice.
    Lease,
    /// All pages of the pass are done, and no record failed.
    Done,
    /// All pages are done and some records failed, or the pass is given up; or, right behind a restore, the search index
    /// refuses the document of its root.
    Fail,
    /// A person asks to stop.
    Cancel,
    /// A person asks to continue where it failed or stopped.
    Retry,
    /// A person asks to undo it.
    Restore,
    /// A person asks to remove for good now.
    Purge,
    /// `purge_at` has come.
    PurgeDue,
    /// Compare found live records below the root of a purged deletion, or ones that an author's deletion was asked for and
    /// that an index did not show in time.
    Found,
}

impl Event {
    /// All events, for tests.
    pub const ALL: [Self; 9] = [
        Self::Lease,
        Self::Done,
        Self::Fail,
        Self::Cancel,
        Self::Retry,
        Self::Restore,
        Self::Purge,
        Self::PurgeDue,
        Self::Found,
    ];
}

/// An event that a client asks for: `POST /v1/deletions/{id}/{action}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// See [`Event::Cancel`].
    Cancel,
    /// See [`Event::Retry`].
    Retry,
    /// See [`Event::Restore`].
    Restore,
    /// See [`Event::Purge`].
    Purge,
}

impl Action {
    /// All actions, in the order in which answers list them.
    pub const ALL: [Self; 4] = [Self::Cancel, Self::Retry, Self::Restore, Self::Purge];

    /// The name in paths and answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cancel => "cancel",
            Self::Retry => "retry",
            Self::Restore => "restore",
            Self::Purge => "purge",
        }
    }

    /// The event that it asks for.
    #[must_use]
    pub fn event(self) -> Event {
        match self {
            Self::Cancel => Event::Cancel,
            Self::Retry => Event::Retry,
            Self::Restore => Event::Restore,
            Self::Purge => Event::Purge,
        }
    }
}

/// What decides beside the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Terms {
    /// Frozen at acceptance.
    pub strategy: Strategy,
    /// Frozen at acceptance: `false` where the collection says `restore = "never"`.
    pub restorable: bool,
    /// Whether `purge_at` has come.
    pub is_due: bool,
    /// Whether the latest restore has left records as they were: what kept them may be gone by now.
    pub has_conflicts: bool,
}

/// The state that follows, or `None` when the event is not possible.
#[must_use]
pub fn next(state: State, event: Event, terms: Terms) -> Option<State> {
    use State as S;
    let following = match (event, state) {
        (Event::Lease, S::PendingDelete | S::Deleting)
        | (Event::Retry, S::DeleteFailed | S::Cancelled) => S::Deleting,
        (Event::Lease, S::Cancelling | S::Restoring | S::Purging) => state,

        (Event::Done, S::Deleting) if !terms.strategy.keeps_records() => S::Purged,
        (Event::Done, S::Deleting) => S::Deleted,
        // Records that could not be finished before a cancel are failed in their page; the deletion is cancelled all
        // the same.
        (Event::Done | Event::Fail, S::Cancelling) => S::Cancelled,
        (Event::Done, S::Restoring) => S::Restored,
        (Event::Done, S::Purging) => S::Purged,

        (Event::Fail, S::Deleting) => S::DeleteFailed,
        (Event::Fail, S::Restoring | S::Restored) => S::RestoreFailed,
        (Event::Fail, S::Purging) => S::PurgeFailed,

        (Event::Cancel, S::PendingDelete | S::Deleting) => S::Cancelling,

        (Event::Retry, S::RestoreFailed) => S::Restoring,

        (Event::Restore, S::Deleted) if terms.restorable && !terms.is_due => S::Restoring,
        // From `purge_at` on, a comparison removes what the restore has left.
        (Event::Restore, S::Restored)
            if terms.restorable && terms.has_conflicts && !terms.is_due =>
        {
            S::Restoring
        }
        (Event::Restore, S::Cancelled | S::DeleteFailed | S::RestoreFailed) if terms.restorable => {
            S::Restoring
        }

        // From `purge_at` on it is the purge that removes what is there.
        (Event::Found, S::Deleted) if !terms.is_due => S::Deleting,
        // Records of a parked deletion may be wanted back: only a request purges them.
        (Event::Purge, S::Deleted | S::Cancelled | S::DeleteFailed | S::RestoreFailed)
        | (Event::Retry, S::PurgeFailed)
        | (Event::Found, S::Purged) => S::Purging,
        (Event::PurgeDue, S::Deleted) if terms.is_due => S::Purging,

        (
            Event::Lease
            | Event::Done
            | Event::Fail
            | Event::Cancel
            | Event::Retry
            | Event::Restore
            | Event::Purge
            | Event::PurgeDue
            | Event::Found,
            _,
        ) => return None,
    };
    Some(following)
}

/// Why an event is not possible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The state.
    State,
    /// The collection said `restore = "never"` when the deletion was accepted.
    NeverRestored,
    /// `purge_at` has come.
    RetentionOver,
}

/// Why an event is not possible that might be under other terms.
#[must_use]
pub fn refusal(state: State, event: Event, terms: Terms) -> Refusal {
    let best = Terms {
        restorable: true,
        is_due: false,
        ..terms
    };
    if next(state, event, best).is_none() {
        Refusal::State
    } else if terms.restorable {
        Refusal::RetentionOver
    } else {
        Refusal::NeverRestored
    }
}

#[cfg(test)]
mod tests;
