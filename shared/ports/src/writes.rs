//! Records as clients write them: the row, and its document.

use crate::{Attempt, DependencyError};
use domain::collection::Collection;
use domain::document::Document;
use domain::key::RecordKey;
use domain::row::Row;

/// A row as it was read, in both forms.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored<K> {
    /// All of it, as a decision reads it.
    pub row: Row,
    /// All of it in the store's own types, some of which JSON does not have.
    pub raw: K,
}

/// The outcome of writing one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum WriteOutcome {
    /// It is stored as given.
    Written,
    /// The row has changed since it was read (created, removed, marked, or of another tenant or author). It was left.
    Changed,
    /// It would be larger than the store allows. What was there was left.
    TooLarge,
    /// It has more attributes, or longer names, than a row that is archived may have. What was there was left.
    TooWide,
    /// It contains something that the store cannot hold: an attribute of a type that one of the table's indexes does
    /// not accept, a number out of range. What was there was left.
    Unstorable,
}

/// What of the row before a write must still be as it was read, beside that it carries no mark and is of the same tenant
/// and author.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unchanged<'a> {
    /// These attributes.
    These(&'a [&'a str]),
    /// All attributes that it has, and that none was added of those that are written. At most [`COMPARED`] attributes.
    All,
}

/// The most attributes that a condition compares: an expression of DynamoDB has 4 KB and 300 operators.
pub const COMPARED: usize = 100;

/// The outcome of undoing a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum TakeBackOutcome {
    /// The row is as before the write, or missing as before.
    TakenBack,
    /// The row is not what was written: another writer has written, marked or removed it since. It was left as it is.
    Changed,
}

/// Writes whole rows for clients.
pub trait WriteRows: Send + Sync {
    /// A row in the store's own types.
    type Raw: Clone + Send + Sync;

    /// Reads all of one row, consistently.
    ///
    /// # Errors
    ///
    /// When the store did not answer, or refused.
    fn stored(
        &self,
        collection: &Collection,
        key: &RecordKey,
    ) -> impl Future<Output = Result<Option<Stored<Self::Raw>>, DependencyError>> + Send;

    /// Puts a row: if there is none (`before` is `None`), or in place of `before`, if that still carries no mark and is
    /// of the same tenant and author, and what is `unchanged` is so; the store itself checks that. An attribute that reads as in `before` keeps the
    /// store's type, and the mark's attributes (an explicit NULL) stay as they are; a row of a collection whose live rows
    /// have an explicit NULL gets one.
    ///
    /// # Errors
    ///
    /// When the store did not answer (whether it was written is then unknown), or refused.
    fn write(
        &self,
        collection: &Collection,
        row: &Row,
        before: Option<&Stored<Self::Raw>>,
        unchanged: Unchanged<'_>,
    ) -> impl Future<Output = Result<WriteOutcome, DependencyError>> + Send;

    /// Undoes what [`write`](Self::write) did with the same parameters, if the row still is what was written and
    /// carries no mark: it has the attributes that were written, and none that the write has removed. Of more than 100
    /// attributes the first 100 by name are compared.
    ///
    /// # Errors
    ///
    /// When the store did not answer (whether it was undone is then unknown), or refused.
    fn take_back(
        &self,
        collection: &Collection,
        row: &Row,
        before: Option<&Stored<Self::Raw>>,
    ) -> impl Future<Output = Result<TakeBackOutcome, DependencyError>> + Send;
}

/// The outcome of indexing one document.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum IndexOutcome {
    /// It is there.
    Indexed,
    /// The index refuses it for its content; says why, without the content.
    Rejected(String),
}

/// Writes documents.
pub trait IndexDocuments: Send + Sync {
    /// Creates a document, or writes its fields into the one with this id and removes those that no longer exist;
    /// everything else in it stays. Doing it again is harmless. The mark is a field like any other here: only what was
    /// read from the row may be written.
    ///
    /// # Errors
    ///
    /// When the index did not answer (whether it was written is then unknown), or is missing: none is created.
    fn index(
        &self,
        collection: &Collection,
        document: &Document,
    ) -> impl Future<Output = Result<Attempt<IndexOutcome>, DependencyError>> + Send;
}
