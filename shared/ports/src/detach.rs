//! Rows that outlive the parent that they reference.

use crate::{Attempt, DependencyError};
use domain::collection::Collection;
use domain::key::RecordKey;

/// The outcome of detaching one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum DetachOutcome {
    /// It references no parent any more, or the other owner.
    Detached,
    /// It does not reference this parent or owner, and was left as it is.
    Elsewhere,
    /// There is no such row, and none was created.
    Missing,
}

/// Detaches children.
pub trait DetachRows: Send + Sync {
    /// The most rows of one [`detach`](Self::detach).
    const DETACH_BATCH: usize = 25;

    /// Removes the attributes that reference the parent from rows that still reference this one. Doing it again is
    /// harmless: such a row is [`DetachOutcome::Elsewhere`]. The collection has a parent, none of whose attributes is
    /// part of its key; the keys must differ.
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

    /// Changes rows that reference an owner in this attribute so that they reference another one, or none: then the
    /// attribute is removed. A row that references another owner is [`DetachOutcome::Elsewhere`] and left as it is;
    /// doing it again is harmless. The attribute is not part of the key; the keys must differ.
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
