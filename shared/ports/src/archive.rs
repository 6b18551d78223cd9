//! Rows that leave their table: they are moved to the archive, from where they come back as they were, or removed for
//! good.

use std::sync::Arc;

use crate::{Attempt, DependencyError, Stored};
use domain::collection::Collection;
use domain::deletion::DeletionId;
use domain::key::RecordKey;
use domain::principal::Tenant;
use domain::row::Mark;

/// The answer to a read of one whole row, or of one archived row. Shared, because one row may have 400 KB: from the read
/// to the last write nobody copies it.
pub type WholeRow<K> = Attempt<Option<Arc<Stored<K>>>>;

/// A row to be copied.
#[derive(Debug, Clone, PartialEq)]
pub struct RowToCopy<K> {
    /// As it was read.
    pub stored: Arc<Stored<K>>,
    /// Whether it replaces an archived row that is there: only for a caller that knows that this row was never removed.
    pub again: bool,
}

/// The outcome of copying one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum CopyOutcome {
    /// The archived row is stored as given.
    Copied,
    /// What is there stays: an archived row of an earlier attempt, or none where one was to be replaced.
    Earlier,
    /// With what the archive adds it would be larger than the store allows, or it is nested too deeply.
    TooLarge,
    /// It has too many attributes to be compared and put back in one statement.
    TooWide,
}

/// The outcome of removing one row that was copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum TakeOutcome {
    /// It was as it was read, and is removed.
    Taken,
    /// There is no such row: removed by an earlier call, or by another writer.
    Gone,
    /// It has changed since it was read, and stays.
    Changed,
}

/// The outcome of putting one row back.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum PutBackOutcome {
    /// It is there.
    Back,
    /// There is a row with its key, which stays; perhaps the same one, put back by an earlier call.
    Taken,
    /// The table does not take it: it has no room for it, or an index that its attributes do not fit. Says why, without
    /// the content.
    Refused(String),
}

/// Moves rows to the archive and back. Archived rows belong to one deletion: two deletions of one key have two.
pub trait ArchiveRows: Send + Sync {
    /// A row in the store's own types, without any loss.
    type Whole: Clone + PartialEq + Send + Sync;

    /// The most keys of one read.
    const WHOLE_BATCH: usize = 100;

    /// The most rows of one write.
    const MOVE_BATCH: usize = 25;

    /// Reads whole rows, consistently, in the order of the keys, which must differ; `None` is "no such row".
    ///
    /// # Errors
    ///
    /// When the store did not answer, or refused.
    fn whole(
        &self,
        collection: &Collection,
        keys: &[RecordKey],
    ) -> impl Future<Output = Result<Vec<WholeRow<Self::Whole>>, DependencyError>> + Send;

    /// Writes archived rows, under the deletion of the mark; the rows stay. The keys must differ.
    ///
    /// # Errors
    ///
    /// When the store did not answer (which archived rows were written is then unknown), or refused.
    fn copy(
        &self,
        collection: &Collection,
        tenant: &Tenant,
        mark: &Mark,
        rows: &[RowToCopy<Self::Whole>],
    ) -> impl Future<Output = Result<Vec<Attempt<CopyOutcome>>, DependencyError>> + Send;

    /// Removes rows that are still as they were read: in the attribute of the collection's `version` and the mark, or, where
    /// none is declared, in every attribute that they had. The keys must differ.
    ///
    /// # Errors
    ///
    /// When the store did not answer (which rows were removed is then unknown), or refused.
    fn take(
        &self,
        collection: &Collection,
        rows: &[Arc<Stored<Self::Whole>>],
    ) -> impl Future<Output = Result<Vec<Attempt<TakeOutcome>>, DependencyError>> + Send;

    /// Reads archived rows of this deletion, consistently, in the order of the keys, which must differ; `None` is "no
    /// archived row".
    ///
    /// # Errors
    ///
    /// When the store did not answer, refused, or holds an archived row of a later version.
    fn copies(
        &self,
        collection: &Collection,
        deletion: DeletionId,
        keys: &[RecordKey],
    ) -> impl Future<Output = Result<Vec<WholeRow<Self::Whole>>, DependencyError>> + Send;

    /// Puts rows back into their table as they were copied, mark and all, if their key is free; the archived rows stay.
    /// The keys must differ.
    ///
    /// # Errors
    ///
    /// When the store did not answer (which rows were put back is then unknown), or refused.
    fn put_back(
        &self,
        collection: &Collection,
        rows: &[Arc<Stored<Self::Whole>>],
    ) -> impl Future<Output = Result<Vec<Attempt<PutBackOutcome>>, DependencyError>> + Send;

    /// Removes archived rows of this deletion for good. Doing it again is harmless. The keys must differ.
    ///
    /// # Errors
    ///
    /// When the store did not answer (which were removed is then unknown), or refused.
    fn drop_copies(
        &self,
        collection: &Collection,
        deletion: DeletionId,
        keys: &[RecordKey],
    ) -> impl Future<Output = Result<Vec<Attempt<()>>, DependencyError>> + Send;
}

/// The mark attribute of a row to be erased, as it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// Without a mark attribute.
    Unmarked,
    /// With an explicit NULL for a mark.
    Null,
    /// With the mark of this deletion.
    Ours,
}

/// A row to be erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowToErase {
    /// Its key.
    pub key: RecordKey,
    /// Its mark attribute, as it was read.
    pub found: Found,
}

/// The outcome of erasing one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum EraseOutcome {
    /// It is removed, by this call or before.
    Gone,
    /// Its mark or its tenant is not as it was read: it stays.
    Changed,
}

/// Removes rows at once.
pub trait EraseRows: Send + Sync {
    /// The most rows of one [`erase`](Self::erase).
    const ERASE_BATCH: usize = 25;

    /// Removes rows of this tenant that are as they were read; the store itself checks that. The keys must differ.
    ///
    /// # Errors
    ///
    /// When the store did not answer (which rows were removed is then unknown), or refused.
    fn erase(
        &self,
        collection: &Collection,
        tenant: &Tenant,
        deletion: DeletionId,
        rows: &[RowToErase],
    ) -> impl Future<Output = Result<Vec<Attempt<EraseOutcome>>, DependencyError>> + Send;
}
