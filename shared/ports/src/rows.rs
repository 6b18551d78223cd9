//! Rows of the user's tables.

use crate::{Attempt, DependencyError};
use domain::collection::Collection;
use domain::deletion::DeletionId;
use domain::found::Found;
use domain::key::RecordKey;
use domain::page::Position;
use domain::principal::Tenant;
use domain::row::{Mark, Row, Unreadable};
use jiff::Timestamp;

/// Which attributes a read returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fields {
    /// Keys, tenant, parent's key, author, time and marks: what a decision needs.
    Judged,
    /// Those, and the declared fields of the record's document.
    Searched,
    /// All of them.
    All,
    /// All of them, each to its type and digits: what JSON has no form for is as in [`domain::found::Found`].
    Exact,
}

impl Fields {
    /// The attributes, each once; `None` for all of them.
    #[must_use]
    pub fn attributes(self, collection: &Collection) -> Option<Vec<&str>> {
        match self {
            Self::Judged => Some(collection.judged_attributes()),
            Self::Searched => Some(collection.searched_attributes()),
            Self::All | Self::Exact => None,
        }
    }
}

/// What a query reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Through<'a> {
    /// The table, read consistently. The first condition is on its partition attribute.
    Table,
    /// An index, which may lag. The first condition is on its partition attribute.
    Index(&'a str),
}

/// Rows of one collection by the values of some attributes.
#[derive(Debug, Clone, Copy)]
pub struct RowQuery<'a> {
    /// The collection.
    pub collection: &'a Collection,
    /// Table or index.
    pub through: Through<'a>,
    /// `(name, value)` of attributes and of parts: what the partition attribute is made of first, the others narrow the
    /// result.
    pub equals: &'a [(&'a str, &'a str)],
    /// Where to continue.
    pub after: Option<&'a Position>,
    /// The most rows to read.
    pub limit: usize,
    /// Leave out rows that carry the mark of this deletion.
    pub not_marked_by: Option<DeletionId>,
    /// Which attributes.
    pub fields: Fields,
}

/// One page of a query's result.
#[derive(Debug, Clone, PartialEq)]
pub struct RowPage {
    /// The rows, in key order. There may be none although `next` says that there is more.
    pub rows: Vec<Row>,
    /// Where to continue; `None` when everything was read.
    pub next: Option<Position>,
}

/// Reads rows.
pub trait ReadRows: Send + Sync {
    /// The most keys of one [`read`](Self::read).
    const READ_BATCH: usize = 100;

    /// Reads rows by key, consistently. Answers in the order of the keys, which must differ from one another; `None`
    /// is "no such row".
    ///
    /// # Errors
    ///
    /// When the store did not answer, or refused.
    fn read(
        &self,
        collection: &Collection,
        keys: &[RecordKey],
        fields: Fields,
    ) -> impl Future<Output = Result<Vec<Attempt<Option<Row>>>, DependencyError>> + Send;

    /// One page of a query. Rows of other collections that are in the same table are left out. Through the table it is
    /// consistent; through an index a new row may be missing for a moment and a removed one may still be shown.
    ///
    /// # Errors
    ///
    /// When the store did not answer, or refused. A `Position` that is not of this query is refused.
    fn query(
        &self,
        query: RowQuery<'_>,
    ) -> impl Future<Output = Result<RowPage, DependencyError>> + Send;
}

/// A row to be marked.
#[derive(Debug, Clone, PartialEq)]
pub struct RowToMark {
    /// Its key.
    pub key: RecordKey,
    /// What was in it where the mark changes it when it was read.
    pub found: Found,
}

/// The outcome of marking one row.
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub enum MarkOutcome {
    /// It carries this deletion's mark, by this call or an earlier one.
    Marked,
    /// It is live, and this is in it, contrary to what the caller said; it was left as it is.
    Otherwise(Found),
    /// Another program is working on it; it was left as it is.
    Busy,
    /// What it has in this attribute holds it back; it was left as it is.
    Held {
        /// The attribute.
        attribute: String,
    },
    /// It carries another mark and keeps it.
    MarkedByAnother,
    /// There is no such row of this tenant, and none was created or changed.
    Missing,
    /// With the mark it would be larger than the store allows; it was left as it is.
    TooLarge,
    /// Nobody can say whose it is, or whether it is marked; it was left as it is.
    Unreadable(Unreadable),
}

/// Marks rows.
pub trait MarkRows: Send + Sync {
    /// The most rows of one [`mark`](Self::mark).
    const MARK_BATCH: usize = 25;

    /// Marks live rows of this tenant that are as they were read, in one write with what the mark replaces, and leaves every
    /// other one as it is: the store itself checks all of it. Doing it again is harmless. The keys must differ.
    ///
    /// # Errors
    ///
    /// When the store did not answer (which rows were marked is then unknown), or refused.
    fn mark(
        &self,
        collection: &Collection,
        tenant: &Tenant,
        mark: &Mark,
        rows: &[RowToMark],
    ) -> impl Future<Output = Result<Vec<Attempt<MarkOutcome>>, DependencyError>> + Send;
}

/// Finds rows that others have marked.
pub trait FindMarked: Send + Sync {
    /// The next rows of the whole table that carry the mark of somebody else, which is no deletion: of at most `limit`
    /// rows that are looked at, in no order. There may be none although `next` says that there is more.
    ///
    /// # Errors
    ///
    /// When the store did not answer, or refused. A `Position` that is not of this table is refused.
    fn marked_by_others(
        &self,
        collection: &Collection,
        after: Option<&Position>,
        limit: usize,
    ) -> impl Future<Output = Result<RowPage, DependencyError>> + Send;
}

/// The outcome of removing one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum PurgeOutcome {
    /// It is removed, by this call or before.
    Gone,
    /// It does not carry this deletion's mark and stays.
    Kept,
}

/// Removes rows for good.
pub trait PurgeRows: Send + Sync {
    /// The most rows of one [`purge`](Self::purge).
    const PURGE_BATCH: usize = 25;

    /// Removes the rows that carry the mark of this deletion; the store itself checks that. The keys must differ.
    ///
    /// # Errors
    ///
    /// When the store did not answer (which rows were removed is then unknown), or refused.
    fn purge(
        &self,
        collection: &Collection,
        deletion: DeletionId,
        keys: &[RecordKey],
    ) -> impl Future<Output = Result<Vec<Attempt<PurgeOutcome>>, DependencyError>> + Send;
}

/// A row whose mark is to be removed.
#[derive(Debug, Clone, PartialEq)]
pub struct RowToClear {
    /// Its key.
    pub key: RecordKey,
    /// What was in it where a mark changes it when it was read, and whether an explicit NULL is put back.
    pub found: Found,
    /// The moment of the write.
    pub at: Timestamp,
}

/// The outcome of clearing one row.
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub enum ClearOutcome {
    /// Its mark was this deletion's and is removed, and what it had replaced is back.
    Cleared,
    /// Its mark is this deletion's, and this is in it, contrary to what the caller said; it was left as it is.
    Otherwise(Found),
    /// It carries no mark: removed by an earlier call, or by another writer.
    Live,
    /// It carries another mark and keeps it.
    MarkedByAnother,
    /// There is no such row, and none was created.
    Missing,
}

/// Removes marks from rows.
pub trait ClearRows: Send + Sync {
    /// The most rows of one [`clear`](Self::clear).
    const CLEAR_BATCH: usize = 25;

    /// Removes the mark of this deletion from rows that carry it, puts back what it has replaced, and leaves every other
    /// row as it is. Doing it again is harmless. The keys must differ.
    ///
    /// # Errors
    ///
    /// When the store did not answer (which rows were cleared is then unknown), or refused.
    fn clear(
        &self,
        collection: &Collection,
        deletion: DeletionId,
        rows: &[RowToClear],
    ) -> impl Future<Output = Result<Vec<Attempt<ClearOutcome>>, DependencyError>> + Send;
}
