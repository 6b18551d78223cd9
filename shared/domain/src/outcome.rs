//! What became of a record in each pass.

use serde::{Deserialize, Serialize};

/// What happened to a record in the delete.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "StoredOutcome", into = "StoredOutcome")]
pub enum Outcome {
    /// Not done yet.
    Pending,
    /// Marked, archived or erased by this deletion.
    Deleted,
    /// Carries another deletion's mark.
    AlreadyDeleted,
    /// No row, or a re-created one.
    Missing,
    /// A live link still referenced it when its page was done: it stays, and does not belong to this deletion.
    Kept,
    /// Could not be deleted in both stores.
    Failed {
        /// Stable code with a sentence.
        reason: String,
    },
}

/// An outcome as it is stored. A kept record is stored as a missing one with one more field: a build that does not know
/// the field reads what it would have written itself.
#[derive(Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
enum StoredOutcome {
    Pending,
    Deleted,
    AlreadyDeleted,
    Missing {
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        kept: bool,
    },
    Failed {
        reason: String,
    },
}

impl From<StoredOutcome> for Outcome {
    fn from(stored: StoredOutcome) -> Self {
        match stored {
            StoredOutcome::Pending => Self::Pending,
            StoredOutcome::Deleted => Self::Deleted,
            StoredOutcome::AlreadyDeleted => Self::AlreadyDeleted,
            StoredOutcome::Missing { kept: false } => Self::Missing,
            StoredOutcome::Missing { kept: true } => Self::Kept,
            StoredOutcome::Failed { reason } => Self::Failed { reason },
        }
    }
}

impl From<Outcome> for StoredOutcome {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Pending => Self::Pending,
            Outcome::Deleted => Self::Deleted,
            Outcome::AlreadyDeleted => Self::AlreadyDeleted,
            Outcome::Missing => Self::Missing { kept: false },
            Outcome::Kept => Self::Missing { kept: true },
            Outcome::Failed { reason } => Self::Failed { reason },
        }
    }
}

impl Outcome {
    /// It could not be deleted, for this reason.
    #[must_use]
    pub fn failed(reason: &str) -> Self {
        Self::Failed {
            reason: reason.to_owned(),
        }
    }

    /// Whether it could not be deleted.
    #[must_use]
    pub fn is_failed(&self) -> bool {
        matches!(self, Self::Failed { .. })
    }
}

/// Why a restore left a record.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum NotRestored {
    /// Its row is missing, its parent's row is missing, or it carries another deletion's mark: it stays as it is.
    Conflict {
        /// Stable code with a sentence.
        reason: String,
    },
    /// It could not be restored in both stores.
    Failed {
        /// Stable code with a sentence.
        reason: String,
    },
}

impl NotRestored {
    /// It stays as it is, for this reason.
    #[must_use]
    pub fn conflict(reason: &str) -> Self {
        Self::Conflict {
            reason: reason.to_owned(),
        }
    }
}

/// Why a purge left a record.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum NotPurged {
    /// Its row does not carry this deletion's mark: restored, re-created or another deletion's.
    Kept,
    /// It could not be removed.
    Failed {
        /// Stable code with a sentence.
        reason: String,
    },
}

impl NotPurged {
    /// Whether it could not be removed.
    #[must_use]
    pub fn is_failed(&self) -> bool {
        matches!(self, Self::Failed { .. })
    }
}
