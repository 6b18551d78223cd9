//! The states of a deletion. Their documented names are also stored and returned.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The state of a deletion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
    /// Accepted: the root is marked, no worker has begun.
    PendingDelete,
    /// The delete is under way.
    Deleting,
    /// Everything below the root is marked in both stores, or archived.
    Deleted,
    /// Some records could not be deleted, or the delete was given up.
    DeleteFailed,
    /// The delete finishes the page that it has begun, and no more.
    Cancelling,
    /// The delete was stopped on request.
    Cancelled,
    /// The restore is under way.
    Restoring,
    /// The records are back.
    Restored,
    /// The restore could not be finished, or was given up.
    RestoreFailed,
    /// The purge is under way.
    Purging,
    /// The records are removed for good.
    Purged,
    /// Some records could not be removed, or the purge was given up.
    PurgeFailed,
}

/// One run of the engine over the manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pass {
    /// Marks, archives or erases.
    Delete,
    /// Undoes the delete.
    Restore,
    /// Removes for good.
    Purge,
}

impl State {
    /// All states, for tests and for filters.
    pub const ALL: [Self; 12] = [
        Self::PendingDelete,
        Self::Deleting,
        Self::Deleted,
        Self::DeleteFailed,
        Self::Cancelling,
        Self::Cancelled,
        Self::Restoring,
        Self::Restored,
        Self::RestoreFailed,
        Self::Purging,
        Self::Purged,
        Self::PurgeFailed,
    ];

    /// The name in answers and in the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PendingDelete => "PENDING_DELETE",
            Self::Deleting => "DELETING",
            Self::Deleted => "DELETED",
            Self::DeleteFailed => "DELETE_FAILED",
            Self::Cancelling => "CANCELLING",
            Self::Cancelled => "CANCELLED",
            Self::Restoring => "RESTORING",
            Self::Restored => "RESTORED",
            Self::RestoreFailed => "RESTORE_FAILED",
            Self::Purging => "PURGING",
            Self::Purged => "PURGED",
            Self::PurgeFailed => "PURGE_FAILED",
        }
    }

    /// The state of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// Whether a client that polls may stop: nothing more happens by itself before `purge_at`.
    #[must_use]
    pub fn is_done(self) -> bool {
        self.working_pass().is_none()
    }

    /// Whether it was given up and waits for a person.
    #[must_use]
    pub fn is_parked(self) -> bool {
        matches!(
            self,
            Self::DeleteFailed | Self::RestoreFailed | Self::PurgeFailed
        )
    }

    /// Whether its marks are being taken off, or have been, but for those of records that could not come back: they do
    /// not say that a record stays deleted.
    #[must_use]
    pub fn takes_marks_off(self) -> bool {
        matches!(self, Self::Restoring | Self::Restored)
    }

    /// The pass that has work left in this state, if any.
    #[must_use]
    pub fn working_pass(self) -> Option<Pass> {
        match self {
            Self::PendingDelete | Self::Deleting | Self::Cancelling => Some(Pass::Delete),
            Self::Restoring => Some(Pass::Restore),
            Self::Purging => Some(Pass::Purge),
            Self::Deleted
            | Self::DeleteFailed
            | Self::Cancelled
            | Self::Restored
            | Self::RestoreFailed
            | Self::Purged
            | Self::PurgeFailed => None,
        }
    }

    /// The pass that this state belongs to, under way or ended. An erased deletion is `PURGED` by its delete.
    #[must_use]
    pub fn pass(self) -> Pass {
        match self {
            Self::PendingDelete
            | Self::Deleting
            | Self::Deleted
            | Self::DeleteFailed
            | Self::Cancelling
            | Self::Cancelled => Pass::Delete,
            Self::Restoring | Self::Restored | Self::RestoreFailed => Pass::Restore,
            Self::Purging | Self::Purged | Self::PurgeFailed => Pass::Purge,
        }
    }
}

impl Pass {
    /// The name in answers and events.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Delete => "delete",
            Self::Restore => "restore",
            Self::Purge => "purge",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_one_name_everywhere() {
        for state in State::ALL {
            assert_eq!(State::parse(state.as_str()), Some(state));
            assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
        }
    }

    #[test]
    fn a_client_stops_polling_exactly_when_no_pass_is_under_way() {
        let working: Vec<_> = State::ALL
            .into_iter()
            .filter(|state| !state.is_done())
            .collect();

        assert_eq!(
            working,
            [
                State::PendingDelete,
                State::Deleting,
                State::Cancelling,
                State::Restoring,
                State::Purging
            ]
        );
    }
}
