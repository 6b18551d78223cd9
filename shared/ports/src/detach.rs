//! Rows that outlive the parent they name.

use crate::{Attempt, DependencyError};
use domain::collection::Collection;
use domain::key::RecordKey;

/// What came of detaching one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum DetachOutcome {
    /// It names no parent any more, or the other owner.
    Detached,
    /// It does not name this parent or owner, and was left as it is.
    Elsewhere,
    /// There is no such row, and none was made.
    Missing,
}

/// Detaches children.
pub trait DetachRows: Send + Sync {
    /// The most rows of one [`detach`](Self::detach).
    const DETACH_BATCH: usize = 25;

    /// Removes the attributes that name the parent from rows that still name this one. Doing it again is harmless: such
    /// a row is [`DetachOutcome::Elsewhere`]. The collection has a parent, none of whose attributes is part of its key;
    /// the keys must differ.
    ///
    /// # Errors
    ///
    /// When the store did not answer (which rows were detached is then unknown), or refused.
    fn detach(
        &self,
        collection: &Collection,
        parent: &RecordKey,
        keys: &[RecordKey],
    ) -> impl Future<Output = Result<Vec<Attempt<DetachOutcome>>, DependencyError>> + Send;

    /// Lets rows that name an owner in this attribute name another one, or nobody: then the attribute goes. A row that
    /// names somebody else is [`DetachOutcome::Elsewhere`] and left as it is; doing it again is harmless. The attribute
    /// is not part of the key; the keys must differ.
    ///
    /// # Errors
    ///
    /// As [`detach`](Self::detach).
    fn regroup(
        &self,
        collection: &Collection,
        attribute: &str,
        from: &str,
        to: Option<&str>,
        keys: &[RecordKey],
    ) -> impl Future<Output = Result<Vec<Attempt<DetachOutcome>>, DependencyError>> + Send;
}
