//! What is asked of a delete, and what may be answered.

use crate::once::OnceError;
use domain::collection::{Collection, CollectionName};
use domain::deletion::{Deletion, State};
use domain::key::RecordKey;
use domain::principal::Principal;
use domain::request_key::RequestKey;
use domain::tags::Tags;
use ports::DependencyError;

/// A delete of one record and all below it.
#[derive(Debug)]
pub struct DeleteRequest<'a> {
    /// The requester.
    pub principal: &'a Principal,
    /// The record's collection.
    pub collection: &'a Collection,
    /// Its key.
    pub key: RecordKey,
    /// The request's id, for logs and the message.
    pub request_id: String,
    /// What makes it the same as an earlier request.
    pub once: Option<RequestKey>,
    /// Only if the record is live and of one of these versions.
    pub tags: Tags,
}

/// The answer to a delete.
#[derive(Debug, Clone, PartialEq)]
pub enum AcceptAnswer {
    /// It will be done.
    Scheduled(Box<Deletion>),
    /// There is nothing left to do: absent, another tenant's, marked, or hidden by an ancestor's deletion. The deletion
    /// is included for those who may see it.
    AlreadyDeleted(Option<Box<Deletion>>),
    /// Absent or another tenant's, in a collection that declares `missing = "not_found"`.
    NotFound,
}

/// Why a delete was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum AcceptError {
    /// The caller may not delete it.
    #[error("not allowed to delete this record")]
    Forbidden,
    /// It carries the mark of a deletion in this state, which is being restored or was, or is below such a record: it may
    /// be shown again at any moment. The deletion is included for those who may see it.
    #[error("the deletion that hides the record is {0}")]
    ComingBack(State, Option<Box<Deletion>>),
    /// There is no room for what its deletion would add to the row.
    #[error("the record is too large to be deleted")]
    TooLarge {
        /// Whether a delete by id removes it all the same.
        by_id: bool,
    },
    /// A live child blocks it: a record of this collection.
    #[error("a live record of {0} names it")]
    HasChildren(CollectionName),
    /// So many deleted records of this collection name it that a live one among them is not found in time.
    #[error("more deleted records of {0} name it than can be looked through")]
    ManyChildren(CollectionName),
    /// What its row has in this attribute holds it back.
    #[error("`{0}` holds the record back")]
    Held(String),
    /// A record of this collection below it is held back.
    #[error("a record of {0} below it is held back")]
    HoldsChildren(CollectionName),
    /// The record is not of a version that the request is meant for, is not live, or the caller cannot know its version.
    #[error("the record has changed")]
    PreconditionFailed,
    /// It has too many attributes for a store to compare them.
    #[error("the record is too wide to be compared")]
    TooWideToCompare,
    /// Nobody can say whose its row is, or whether it, or something above it, is marked.
    #[error("the row of the record contradicts its collection")]
    Unreadable,
    /// Another program is working on its row, or keeps changing what a mark replaces there.
    #[error("another program is working on the row of the record")]
    Busy,
    /// The message could not be sent and the acceptance was undone.
    #[error("the deletion could not be queued and was taken back")]
    TakenBack,
    /// Its key says that it is another request.
    #[error(transparent)]
    Once(#[from] OnceError),
    /// A dependency failed.
    #[error(transparent)]
    Dependency(#[from] DependencyError),
}
