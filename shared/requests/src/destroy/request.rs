//! What a delete of many records asks for, and why it is refused.

use jiff::Timestamp;

use crate::once::OnceError;
use domain::collection::{Collection, CollectionName};
use domain::key::RecordKey;
use domain::narrowing::Narrowing;
use domain::principal::Principal;
use domain::request_key::RequestKey;
use ports::DependencyError;

/// The most ids of one request.
pub const MOST_IDS: usize = 1000;

/// How many records are counted exactly.
pub const MOST_COUNTED: usize = 10_000;

/// A delete of many records and all below them.
#[derive(Debug)]
pub struct DestroyRequest<'a> {
    /// The requester.
    pub principal: &'a Principal,
    /// The collection of the request.
    pub collection: &'a Collection,
    /// What is to be deleted.
    pub named: Requested<'a>,
    /// The collection of a record without a row, all of which is deleted: `parent` is its key, and the right to delete it
    /// is the right to delete what is below it.
    pub whole: Option<&'a Collection>,
    /// Only what is below this record.
    pub parent: Option<RecordKey>,
    /// Only what meets these filters.
    pub filters: Narrowing,
    /// Only what was written until this moment; without it, until the request where records are not listed by key.
    pub as_of: Option<Timestamp>,
    /// How many there must be, at most [`MOST_COUNTED`].
    pub expected_count: Option<usize>,
    /// The request's id, for logs and the message.
    pub request_id: String,
    /// What makes it the same as an earlier request.
    pub once: Option<RequestKey>,
}

/// How the records are requested.
#[derive(Debug)]
pub enum Requested<'a> {
    /// By key, none twice, from 1 to [`MOST_IDS`].
    Ids {
        /// The keys.
        ids: Vec<RecordKey>,
        /// Only those that this subject wrote.
        author: Option<String>,
    },
    /// All that a subject wrote until now.
    Author {
        /// The subject.
        author: String,
        /// The collections beside the one of the request, none twice.
        beside: Vec<&'a Collection>,
    },
    /// All that meet the conditions of the request: its filters, its parent.
    Matching {
        /// The collections beside the one of the request, none twice.
        beside: Vec<&'a Collection>,
    },
}

impl<'a> DestroyRequest<'a> {
    /// The collections that it asks for, its own first.
    #[must_use]
    pub fn collections(&self) -> Vec<&'a Collection> {
        let beside = match &self.named {
            Requested::Ids { .. } => &[][..],
            Requested::Author { beside, .. } | Requested::Matching { beside } => beside,
        };
        let beside = beside.iter().copied();
        std::iter::once(self.collection).chain(beside).collect()
    }
}

/// Why it was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum DestroyError {
    /// The caller may not delete these records.
    #[error("not allowed to delete these records")]
    Forbidden,
    /// The caller may not read all records of these collections, and so may not count them.
    #[error("not allowed to count these records")]
    NotCounted,
    /// A collection cannot be requested like this, or not together with the others.
    #[error("`{collection}` {why}")]
    Unsupported {
        /// The collection.
        collection: CollectionName,
        /// The reason.
        why: Unsupported,
    },
    /// The moment until which records were written is still to come.
    #[error("`as_of` is later than now")]
    NotYet,
    /// There are more or fewer records than the caller expects, or it cannot be said.
    #[error("there are {count} records, or more")]
    CountChanged {
        /// How many there are.
        count: usize,
        /// Whether there are no more than those.
        exact: bool,
    },
    /// A record of this collection, of those that are requested with what is above them, is held back.
    #[error("a record of {0} is held back")]
    Held(CollectionName),
    /// The message could not be sent and the acceptance was undone.
    #[error("the deletion could not be queued and was taken back")]
    TakenBack,
    /// Its key says that it is another request.
    #[error(transparent)]
    Once(#[from] OnceError),
    /// A dependency failed. It may have been accepted all the same.
    #[error(transparent)]
    Dependency(#[from] DependencyError),
}

/// Why a delete of many records is not possible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unsupported {
    /// Its file declares no author.
    #[error("has no author")]
    NoAuthor,
    /// Its file declares no index through which an author's records are queried.
    #[error("has no index over its authors (`author.gsi`)")]
    NoAuthorIndex,
    /// Its file declares no parent.
    #[error("has no parent")]
    NoParent,
    /// It would be deleted in another way, or with another retention.
    #[error("has another strategy, retention or parent than the collection that is asked")]
    Different,
    /// Its records would be found twice.
    #[error("is above or below another of the collections")]
    Nested,
    /// Its file does not declare one of the filters.
    #[error("does not declare all of the filters")]
    NoFilter,
    /// Its file does not declare when a record was written.
    #[error("does not say when a record was written (`filters.time`)")]
    NoTime,
    /// Its records have no rows.
    #[error("has no rows: delete its records one by one, or those of the collections below them")]
    Rowless,
    /// Its records are their parents' tenants', and the request names no parent.
    #[error("belongs to the tenants of its parents: name the `parent`, without `ids`")]
    NotBelowOne,
    /// No query finds these records, and a table is never read as a whole.
    #[error(
        "is not read as a whole: give `parent`, `author` or `ids`, or declare an index over its tenants (`tenant.gsi`)"
    )]
    NoQuery,
}
