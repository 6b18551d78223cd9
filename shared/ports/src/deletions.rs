//! The control table: deletions, their scopes and their manifests.

use jiff::Timestamp;

use crate::writes::Stored;
use crate::{Attempt, DependencyError};
use domain::adoption::Adoption;
use domain::collection::{Collection, CollectionName};
use domain::deletion::{Deletion, DeletionId, DueKind};
use domain::key::RecordKey;
use domain::open::Announcement;
use domain::page::{Exceptions, Page};
use domain::principal::Tenant;
use domain::request_key::{RequestKey, UsedKey};
use domain::scope::Scope;

/// The outcome of accepting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum AcceptOutcome {
    /// The root is marked and the deletion stored: by this call or by one whose answer was lost.
    Accepted,
    /// The root was missing, not the tenant's, already marked, or not as it was seen. Nothing was written.
    RootNotLive,
    /// With the mark the root would be larger than the store allows. Nothing was written.
    RootTooLarge,
    /// Another request has used its key, or uses it at this moment. Nothing was written.
    KeyInUse,
}

/// The outcome of accepting a deletion without a root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum RequestedOutcome {
    /// The deletion is stored: by this call or by one whose answer was lost.
    Accepted,
    /// As [`AcceptOutcome::KeyInUse`].
    KeyInUse,
}

/// The outcome of a compare-and-set for a request with a key.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum StoreOnceOutcome {
    /// What the compare-and-set did.
    Known(StoreOutcome),
    /// As [`AcceptOutcome::KeyInUse`].
    KeyInUse,
}

/// The outcome of undoing an acceptance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum UndoOutcome {
    /// The root is as it was and the deletion is removed.
    Undone,
    /// A worker has begun to work on it: it continues.
    Begun,
}

/// On what an acceptance depends, beside that its root is live.
#[derive(Debug)]
pub struct OnlyIf<'a, K> {
    /// No other request has used this key.
    pub key: Option<&'a RequestKey>,
    /// The root still has exactly these attributes, the mark's aside: at most [`COMPARED`](crate::COMPARED).
    pub seen: Option<&'a Stored<K>>,
}

impl<K> Clone for OnlyIf<'_, K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K> Copy for OnlyIf<'_, K> {}

impl<'a, K> OnlyIf<'a, K> {
    /// On this key, if there is one, and nothing else.
    #[must_use]
    pub fn unused(key: Option<&'a RequestKey>) -> Self {
        Self { key, seen: None }
    }
}

/// Accepts deletions: all or nothing.
pub trait AcceptDeletions: Send + Sync {
    /// A row in the store's own types, as [`WriteRows`](crate::WriteRows) reads it.
    type Raw: Send + Sync;

    /// In one transaction: marks the root if it is there, the tenant's, unmarked and as it was seen, and stores the
    /// deletion, its scope and its first page, and the key of the request, unless another request has used it.
    ///
    /// # Errors
    ///
    /// When the store did not answer; whether it was accepted is then unknown, and the due index returns it if it was.
    fn accept(
        &self,
        collection: &Collection,
        deletion: &Deletion,
        scope: &Scope,
        page: &Page,
        only_if: OnlyIf<'_, Self::Raw>,
    ) -> impl Future<Output = Result<AcceptOutcome, DependencyError>> + Send;

    /// In one transaction: stores a deletion without a root, its scope, the parts of the ids that the scope lists, its
    /// [announcement](ReadDeletions::open), and the key of the request, unless another request has used it. Doing it again with the same deletion changes nothing.
    ///
    /// # Errors
    ///
    /// As [`accept`](Self::accept).
    fn accept_requested(
        &self,
        deletion: &Deletion,
        scope: &Scope,
        ids: &[Vec<RecordKey>],
        key: Option<&RequestKey>,
    ) -> impl Future<Output = Result<RequestedOutcome, DependencyError>> + Send;

    /// In one transaction: replaces the deletion by its next value, if the stored one is of the revision before, and
    /// stores the key of the request, unless another request has used it.
    ///
    /// # Errors
    ///
    /// When the store did not answer; whether it was stored is then unknown.
    fn store_once(
        &self,
        next: &Deletion,
        key: &RequestKey,
    ) -> impl Future<Output = Result<StoreOnceOutcome, DependencyError>> + Send;

    /// What an earlier request of this key was, consistently; `None` if there was none, or not in its last day.
    ///
    /// # Errors
    ///
    /// When the store did not answer, or a later version has written it.
    fn used_key(
        &self,
        tenant: &Tenant,
        key: &RequestKey,
    ) -> impl Future<Output = Result<Option<UsedKey>, DependencyError>> + Send;

    /// Undoes an acceptance without a root, if no worker has begun: deletion, scope, this many parts of ids, its
    /// announcement and the key are removed.
    ///
    /// # Errors
    ///
    /// As [`undo`](Self::undo).
    fn undo_requested(
        &self,
        deletion: &Deletion,
        parts: u32,
        key: Option<&RequestKey>,
    ) -> impl Future<Output = Result<UndoOutcome, DependencyError>> + Send;

    /// Undoes an acceptance, if no worker has begun (`epoch` is 0): the root's mark is removed, an explicit NULL is put
    /// back where `page` says that there was one, and deletion, scope, page and key are removed.
    ///
    /// # Errors
    ///
    /// When the store did not answer; whether it was undone is then unknown.
    fn undo(
        &self,
        collection: &Collection,
        deletion: &Deletion,
        page: &Page,
        key: Option<&RequestKey>,
    ) -> impl Future<Output = Result<UndoOutcome, DependencyError>> + Send;
}

/// What never changes of a deletion, as the list has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeletionSummary {
    /// Its id.
    pub id: DeletionId,
    /// The root's collection.
    pub collection: CollectionName,
    /// The requester.
    pub requested_by: String,
}

/// Which deletions of a tenant a list shows: a range of their ids, which sort by the time of acceptance.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DeletionRange {
    /// None with a smaller id.
    pub from: Option<DeletionId>,
    /// Only those with a smaller id.
    pub before: Option<DeletionId>,
}

/// What is stored under an id.
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub enum DeletionItems {
    /// No deletion of this tenant.
    None,
    /// A deletion, and what it covers, unless that was dropped.
    Known(Box<Deletion>, Option<Box<Scope>>),
    /// One that a later version has written.
    Newer,
}

/// Reads deletions. A deletion of another tenant is an ordinary miss. An item of a later version than this build knows
/// is an error, and is never read in part.
pub trait ReadDeletions: Send + Sync {
    /// One deletion, consistently; `None` is "no such deletion of this tenant".
    ///
    /// # Errors
    ///
    /// When the store did not answer, or the item is of a later version.
    fn deletion(
        &self,
        tenant: &Tenant,
        id: DeletionId,
    ) -> impl Future<Output = Result<Option<Deletion>, DependencyError>> + Send;

    /// How many deletions [`deletions`](Self::deletions) reads in one call.
    const DELETIONS_BATCH: usize;

    /// Several deletions with what they cover, consistently, in the order of `ids`, none twice. One of a later version
    /// is told apart and hides no other.
    ///
    /// # Errors
    ///
    /// When the store did not answer.
    fn deletions(
        &self,
        tenant: &Tenant,
        ids: &[DeletionId],
    ) -> impl Future<Output = Result<Vec<Attempt<DeletionItems>>, DependencyError>> + Send;

    /// The frozen scope.
    ///
    /// # Errors
    ///
    /// As [`deletion`](Self::deletion).
    fn scope(
        &self,
        tenant: &Tenant,
        id: DeletionId,
    ) -> impl Future<Output = Result<Option<Scope>, DependencyError>> + Send;

    /// One part of the ids that a scope lists, from 1; `None` is "not written, or dropped".
    ///
    /// # Errors
    ///
    /// As [`deletion`](Self::deletion).
    fn ids(
        &self,
        tenant: &Tenant,
        id: DeletionId,
        part: u32,
    ) -> impl Future<Output = Result<Option<Vec<RecordKey>>, DependencyError>> + Send;

    /// One page of the manifest; `None` is "not written, or dropped".
    ///
    /// # Errors
    ///
    /// As [`deletion`](Self::deletion).
    fn page(
        &self,
        tenant: &Tenant,
        id: DeletionId,
        number: u32,
    ) -> impl Future<Output = Result<Option<Page>, DependencyError>> + Send;

    /// The exceptions of a page; `None` is "there are none".
    ///
    /// # Errors
    ///
    /// As [`deletion`](Self::deletion).
    fn exceptions(
        &self,
        tenant: &Tenant,
        id: DeletionId,
        number: u32,
    ) -> impl Future<Output = Result<Option<Exceptions>, DependencyError>> + Send;

    /// The deletions without a root that may be under way, consistently: the newest ones, up to
    /// [`MOST_OPEN`](domain::open::MOST_OPEN). One that a later version announced is left out.
    ///
    /// # Errors
    ///
    /// When the store did not answer.
    fn open(
        &self,
        tenant: &Tenant,
    ) -> impl Future<Output = Result<Vec<Announcement>, DependencyError>> + Send;

    /// Deletions of a tenant in a range, newest first. A new one may be missing for a moment.
    ///
    /// # Errors
    ///
    /// When the store did not answer.
    fn list(
        &self,
        tenant: &Tenant,
        range: DeletionRange,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<DeletionSummary>, DependencyError>> + Send;
}

/// The outcome of a compare-and-set.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum StoreOutcome {
    /// It is stored as given: by this call or by one whose answer was lost.
    Stored,
    /// Another writer changed it first: the current value, or `None` when it is removed.
    Changed(Option<Box<Deletion>>),
}

/// The outcome of writing a page.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum PutPageOutcome {
    /// Ours is stored.
    Written,
    /// Another worker was faster: its page counts.
    Earlier(Box<Page>),
}

/// Changes a deletion, for a worker or for a caller who asks for something.
pub trait ChangeDeletions: Send + Sync {
    /// Replaces the deletion by its next value, if the stored one is of the revision before.
    ///
    /// # Errors
    ///
    /// When the store did not answer; whether it was stored is then unknown.
    fn store(
        &self,
        next: &Deletion,
    ) -> impl Future<Output = Result<StoreOutcome, DependencyError>> + Send;
}

/// A record above a root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ancestor {
    /// Its collection.
    pub collection: Collection,
    /// Its key.
    pub key: RecordKey,
}

/// The outcome of ending a restore.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum RestoreOutcome {
    /// The root is live and the deletion is stored as given: by this call or by one whose answer was lost.
    Restored,
    /// An ancestor is missing, not the tenant's, or marked. Nothing was written.
    ParentNotLive,
    /// The root's row is missing or does not carry this deletion's mark. Nothing was written.
    RootNotOurs,
    /// The root's row carries the mark, and is not as it was read. Nothing was written.
    RootChanged,
    /// Another writer changed the deletion first. Nothing was written.
    Changed,
}

/// Advances deletions.
pub trait AdvanceDeletions: ChangeDeletions {
    /// Ends a restore, in one transaction: the root's mark is removed (an explicit NULL is put back where `page` says
    /// that there was one, and so is what the mark has replaced, as the entry of the page has read it), and `restored` replaces the deletion of the revision before, if every ancestor is there,
    /// the tenant's and unmarked.
    ///
    /// # Errors
    ///
    /// When the store did not answer; whether it was done is then unknown.
    fn finish_restore(
        &self,
        collection: &Collection,
        restored: &Deletion,
        page: &Page,
        ancestors: &[Ancestor],
    ) -> impl Future<Output = Result<RestoreOutcome, DependencyError>> + Send;

    /// Writes a page if there is none of its number.
    ///
    /// # Errors
    ///
    /// When the store did not answer; whether it was written is then unknown.
    fn put_page(
        &self,
        deletion: &Deletion,
        page: &Page,
    ) -> impl Future<Output = Result<PutPageOutcome, DependencyError>> + Send;

    /// Writes, or empties, the exceptions of a page.
    ///
    /// # Errors
    ///
    /// When the store did not answer.
    fn put_exceptions(
        &self,
        deletion: &Deletion,
        number: u32,
        exceptions: &Exceptions,
    ) -> impl Future<Output = Result<(), DependencyError>> + Send;

    /// Removes the announcement of a deletion whose delete is over; removing it again is harmless.
    ///
    /// # Errors
    ///
    /// When the store did not answer.
    fn close(
        &self,
        deletion: &Deletion,
    ) -> impl Future<Output = Result<(), DependencyError>> + Send;

    /// Removes one part of the ids that the scope lists; removing it again is harmless.
    ///
    /// # Errors
    ///
    /// When the store did not answer.
    fn drop_ids(
        &self,
        deletion: &Deletion,
        part: u32,
    ) -> impl Future<Output = Result<(), DependencyError>> + Send;

    /// Removes a page and its exceptions, and with the first page the scope; removing it again is harmless.
    ///
    /// # Errors
    ///
    /// When the store did not answer.
    fn drop_page(
        &self,
        deletion: &Deletion,
        number: u32,
    ) -> impl Future<Output = Result<(), DependencyError>> + Send;
}

/// Remembers how far the search for rows that others have marked is.
pub trait StoreAdoptions: Send + Sync {
    /// How far it is in this collection; at the beginning where nothing is stored.
    ///
    /// # Errors
    ///
    /// When the store did not answer, or a later version has written it.
    fn adoption(
        &self,
        collection: &CollectionName,
    ) -> impl Future<Output = Result<Adoption, DependencyError>> + Send;

    /// Stores how far it is. The last one who stores it decides: whoever searches twice finds the same.
    ///
    /// # Errors
    ///
    /// When the store did not answer.
    fn store_adoption(
        &self,
        collection: &CollectionName,
        adoption: &Adoption,
    ) -> impl Future<Output = Result<(), DependencyError>> + Send;
}

/// Finds what is due.
pub trait FindDue: Send + Sync {
    /// Deletions of a kind with `due_at` up to `now`, the longest due first. The index may lag: each must be read before
    /// anything is done. An earlier version did not store the kind: what it stored is found as
    /// [`Work`](DueKind::Work), until it is stored again.
    ///
    /// # Errors
    ///
    /// When the store did not answer.
    fn find_due(
        &self,
        kind: DueKind,
        now: Timestamp,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<(Tenant, DeletionId)>, DependencyError>> + Send;
}
