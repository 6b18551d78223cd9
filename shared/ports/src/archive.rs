//! Rows that leave their table: to the archive, from where they come back as they were, or for good.

use crate::{Attempt, DependencyError, Stored};
use domain::collection::Collection;
use domain::deletion::DeletionId;
use domain::key::RecordKey;
use domain::principal::Tenant;
use domain::row::Mark;

/// What a read says of one whole row, or of a copy.
pub type WholeRow<K> = Attempt<Option<Stored<K>>>;

/// A row to be copied.
#[derive(Debug, Clone, PartialEq)]
pub struct RowToCopy<K> {
    /// As it was read.
    pub stored: Stored<K>,
    /// Whether it takes the place of a copy that is there: only for whoever knows that this row was never removed.
    pub again: bool,
}

/// What came of copying one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum CopyOutcome {
    /// The copy stands as given.
    Copied,
    /// There is a copy of an earlier attempt, which stays.
    Earlier,
    /// With what the archive adds it would be larger than the store allows, or it is nested too deeply.
    TooLarge,
    /// It has too many attributes to be compared and put back in one statement.
    TooWide,
}

/// What came of removing one row that was copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum TakeOutcome {
    /// It was as it was read, and is gone.
    Taken,
    /// There is no such row: by an earlier call, or by somebody else.
    Gone,
    /// It is not as it was read any more, and stays.
    Changed,
}

/// A row to be put back.
#[derive(Debug, Clone, PartialEq)]
pub struct RowToPutBack<K> {
    /// As it was copied.
    pub stored: Stored<K>,
    /// Whether it comes back with the mark that it carried; without, it comes back live.
    pub marked: bool,
    /// Whether a live row has an explicit NULL for a mark.
    pub null: bool,
}

/// What came of putting one row back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum PutBackOutcome {
    /// It is there.
    Back,
    /// A row with its key is there, which stays; perhaps the same one, by an earlier call.
    Taken,
}

/// Moves rows to the archive and back. Copies belong to one deletion: two deletions of one key have two.
pub trait ArchiveRows: Send + Sync {
    /// A row as the store holds it, of which nothing is lost on the way.
    type Whole: Clone + PartialEq + Send + Sync;

    /// The most keys of one read.
    const WHOLE_BATCH: usize = 100;

    /// The most rows of one write.
    const MOVE_BATCH: usize = 25;

    /// Reads all of some rows, consistently, in the order of the keys, which must differ; `None` is "no such row".
    ///
    /// # Errors
    ///
    /// When the store did not answer, or refused.
    fn whole(
        &self,
        collection: &Collection,
        keys: &[RecordKey],
    ) -> impl Future<Output = Result<Vec<WholeRow<Self::Whole>>, DependencyError>> + Send;

    /// Puts copies into the archive, under the deletion of the mark; the rows stay. The keys must differ.
    ///
    /// # Errors
    ///
    /// When the store did not answer (which copies were made is then unknown), or refused.
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
        rows: &[Stored<Self::Whole>],
    ) -> impl Future<Output = Result<Vec<Attempt<TakeOutcome>>, DependencyError>> + Send;

    /// Reads copies of this deletion, consistently, in the order of the keys, which must differ; `None` is "no copy".
    ///
    /// # Errors
    ///
    /// When the store did not answer, refused, or holds a copy of a later version.
    fn copies(
        &self,
        collection: &Collection,
        deletion: DeletionId,
        keys: &[RecordKey],
    ) -> impl Future<Output = Result<Vec<WholeRow<Self::Whole>>, DependencyError>> + Send;

    /// Puts rows back into their table where their key is free; the copies stay. The keys must differ.
    ///
    /// # Errors
    ///
    /// When the store did not answer (which rows are back is then unknown), or refused.
    fn put_back(
        &self,
        collection: &Collection,
        rows: &[RowToPutBack<Self::Whole>],
    ) -> impl Future<Output = Result<Vec<Attempt<PutBackOutcome>>, DependencyError>> + Send;

    /// Removes copies of this deletion for good. Doing it again is harmless. The keys must differ.
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

/// How a row that is to be erased was found.
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
    /// How it was found.
    pub found: Found,
}

/// What came of erasing one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum EraseOutcome {
    /// It is gone, by this call or before.
    Gone,
    /// Its mark or its tenant is not as it was found: it stays.
    Changed,
}

/// Removes rows at once.
pub trait EraseRows: Send + Sync {
    /// The most rows of one [`erase`](Self::erase).
    const ERASE_BATCH: usize = 25;

    /// Removes rows of this tenant that are as they were found; the store itself checks that. The keys must differ.
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
