//! Documents in the search index.
//!
//! A missing *index* is never "document missing": it is a refusal of the dependency, because otherwise a wrong prefix
//! would make every deletion look done.
//!
//! A document is looked for where its record says: in that index, and with that routing, without which it would be looked
//! for on another shard. Where its id does not say all of the record's key, it is compared with what it must say
//! ([`DocumentAt::says`]), and nothing is done with that of another record.

use crate::{Attempt, DependencyError};
use domain::collection::{Collection, DocumentAt};
use domain::deletion::DeletionId;
use domain::key::RecordKey;
use domain::principal::Tenant;
use domain::row::{Mark, RowMark};
use serde_json::{Map, Value};

/// The outcome of marking one document.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum DocumentMarkOutcome {
    /// It carries the mark.
    Marked,
    /// There is no such document, and none was created.
    Missing,
    /// It is another record's, or the index refuses it for its content; says why, without the content.
    Rejected(String),
}

/// Marks documents.
pub trait MarkDocuments: Send + Sync {
    /// The most documents of one [`mark`](Self::mark).
    const MARK_BATCH: usize = 1000;

    /// Writes the mark into these documents, and nothing else; never creates one. Doing it again is harmless. Not for
    /// documents that a pipeline writes.
    ///
    /// # Errors
    ///
    /// When the index did not answer (which documents were marked is then unknown), or is missing, or refused all.
    fn mark(
        &self,
        collection: &Collection,
        mark: &Mark,
        documents: &[DocumentAt],
    ) -> impl Future<Output = Result<Vec<Attempt<DocumentMarkOutcome>>, DependencyError>> + Send;
}

/// The outcome of clearing one document.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum DocumentClearOutcome {
    /// It carried this deletion's mark, which is removed.
    Cleared,
    /// It did not carry it: removed by an earlier call, or somebody has written the document since. It was left as it is.
    Untouched,
    /// There is no such document, and none was created.
    Missing,
    /// It is another record's, or the index refuses it for its content; says why, without the content.
    Rejected(String),
}

/// Removes marks from documents.
pub trait ClearDocuments: Send + Sync {
    /// The most documents of one [`clear`](Self::clear).
    const CLEAR_BATCH: usize = 1000;

    /// Removes the mark of this deletion from the documents that carry it, and leaves every other one as it is; never
    /// creates one. Doing it again is harmless.
    ///
    /// # Errors
    ///
    /// When the index did not answer (which documents were cleared is then unknown), or is missing, or refused all.
    fn clear(
        &self,
        collection: &Collection,
        deletion: DeletionId,
        documents: &[DocumentAt],
    ) -> impl Future<Output = Result<Vec<Attempt<DocumentClearOutcome>>, DependencyError>> + Send;
}

/// The version of a document that was read, required when it is removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DocumentVersion {
    /// `_seq_no`.
    pub seq_no: i64,
    /// `_primary_term`.
    pub primary_term: i64,
    /// `_version`: what others compare who decide it themselves, as a pipeline may.
    pub version: i64,
}

/// A document as it was read: its version, and its own mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DocumentState {
    /// Required when it is removed.
    pub version: DocumentVersion,
    /// Its mark.
    pub mark: RowMark,
    /// Whether it is the record's: one whose id is of another record, too, may be that one's.
    pub is_its: bool,
}

/// Reads documents: their marks, or all that their rows determine.
pub trait ReadDocuments: Send + Sync {
    /// The most documents of one [`states`](Self::states).
    const STATE_BATCH: usize = 1000;

    /// The most documents of one [`contents`](Self::contents): a document may be as large as its row.
    const CONTENT_BATCH: usize = 50;

    /// The current states of documents, in their order; `None` is "no such document". Reads what was written
    /// last, not what search shows, and of the content only the mark.
    ///
    /// # Errors
    ///
    /// When the index did not answer, or is missing.
    fn states(
        &self,
        collection: &Collection,
        documents: &[DocumentAt],
    ) -> impl Future<Output = Result<Vec<Attempt<Option<DocumentState>>>, DependencyError>> + Send;

    /// As [`states`](Self::states), with what their rows determine.
    ///
    /// # Errors
    ///
    /// As [`states`](Self::states).
    fn contents(
        &self,
        collection: &Collection,
        documents: &[DocumentAt],
    ) -> impl Future<Output = Result<Vec<Attempt<Option<DocumentContent>>>, DependencyError>> + Send;

    /// Of places where no document was found, those whose id one has all the same: it was written with another routing, so
    /// the other calls look for it on another shard. Asks all shards what search shows, so one that was written a moment
    /// ago may be missing.
    ///
    /// # Errors
    ///
    /// As [`states`](Self::states).
    fn elsewhere(
        &self,
        collection: &Collection,
        documents: &[DocumentAt],
    ) -> impl Future<Output = Result<Vec<Attempt<bool>>, DependencyError>> + Send;
}

/// A document as it was read, with what its row determines.
#[derive(Debug, Clone, PartialEq)]
pub struct DocumentContent {
    /// Its version and its mark.
    pub state: DocumentState,
    /// Of its fields: tenant, key, marks, and those that the collection declares, under their names in the document.
    pub fields: Map<String, Value>,
}

/// The outcome of removing one document.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum RemoveOutcome {
    /// It is removed. An index may also say so of one that had been removed before.
    Gone,
    /// It has changed since it was read (written, or removed): read both stores again.
    Changed,
    /// The index refuses; says why.
    Rejected(String),
}

/// Removes documents for good.
pub trait PurgeDocuments: Send + Sync {
    /// The most documents of one call.
    const PURGE_BATCH: usize = 1000;

    /// Removes documents that are still as they were read. One that a pipeline writes keeps its version in what the index
    /// remembers of it, so that the pipeline's next version is accepted.
    ///
    /// # Errors
    ///
    /// When the index did not answer (which were removed is then unknown), or is missing.
    fn remove(
        &self,
        collection: &Collection,
        documents: &[(DocumentAt, DocumentVersion)],
    ) -> impl Future<Output = Result<Vec<Attempt<RemoveOutcome>>, DependencyError>> + Send;
}

/// A search as a client requests it.
#[derive(Debug, Clone, Copy)]
pub struct SearchQuery<'a> {
    /// The collection; it must have documents.
    pub collection: &'a Collection,
    /// Only documents of this tenant.
    pub tenant: &'a Tenant,
    /// Only documents of this author. The collection's documents must say it, see `Collection::document_author`.
    pub author: Option<&'a str>,
    /// In the syntax of `simple_query_string`, over the declared fields.
    pub text: &'a str,
    /// After the document of this record, which may be gone.
    pub after: Option<&'a RecordKey>,
    /// The most documents that are found.
    pub limit: usize,
}

/// One page of what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchPage {
    /// The records whose documents were found, each once: unmarked documents of the tenant, by their keys, downwards.
    /// What their rows say is not known here. There may be fewer than were asked for although there are more.
    pub hits: Vec<RecordKey>,
    /// Where to continue; `None` when everything was found.
    pub next: Option<RecordKey>,
}

/// Finds documents.
pub trait SearchDocuments: Send + Sync {
    /// One page, always filtered by tenant and by "no mark". The text decides what is found, and nothing else: the order
    /// is that of the keys, so that no write of another document moves one.
    ///
    /// # Errors
    ///
    /// When the index did not answer or is missing.
    fn search(
        &self,
        query: SearchQuery<'_>,
    ) -> impl Future<Output = Result<SearchPage, DependencyError>> + Send;
}
