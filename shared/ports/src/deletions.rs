//! The control table: deletions, their scopes and their manifests.

use jiff::Timestamp;

use crate::DependencyError;
use domain::collection::{Collection, CollectionName};
use domain::deletion::{Deletion, DeletionId};
use domain::key::RecordKey;
use domain::page::{Exceptions, Page};
use domain::principal::Tenant;
use domain::scope::Scope;

/// What came of accepting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum AcceptOutcome {
    /// The root is marked, the deletion is there: by this call or by one whose answer was lost.
    Accepted,
    /// The root was not there, not the tenant's or marked by then. Nothing was written.
    RootNotLive,
}

/// What came of taking an acceptance back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum UndoOutcome {
    /// The root is as it was and the deletion is gone.
    Undone,
    /// Somebody has begun to work on it: it goes on.
    Begun,
}

/// Accepts deletions: all or nothing.
pub trait AcceptDeletions: Send + Sync {
    /// In one transaction: marks the root if it is there, the tenant's and unmarked, and puts the deletion, its scope and
    /// its first page.
    ///
    /// # Errors
    ///
    /// When the store did not answer; whether it was accepted is then unknown, and the due index finds it if it was.
    fn accept(
        &self,
        collection: &Collection,
        deletion: &Deletion,
        scope: &Scope,
        page: &Page,
    ) -> impl Future<Output = Result<AcceptOutcome, DependencyError>> + Send;

    /// In one transaction: puts a deletion without a root, its scope, and the parts of the ids that the scope names. Doing
    /// it again with the same deletion changes nothing.
    ///
    /// # Errors
    ///
    /// As [`accept`](Self::accept).
    fn accept_requested(
        &self,
        deletion: &Deletion,
        scope: &Scope,
        ids: &[Vec<RecordKey>],
    ) -> impl Future<Output = Result<(), DependencyError>> + Send;

    /// Takes an acceptance without a root back, if nobody has begun: deletion, scope and so many parts of ids are removed.
    ///
    /// # Errors
    ///
    /// As [`undo`](Self::undo).
    fn undo_requested(
        &self,
        deletion: &Deletion,
        parts: u32,
    ) -> impl Future<Output = Result<UndoOutcome, DependencyError>> + Send;

    /// Takes an acceptance back, if nobody has begun (`epoch` is 0): the root's mark goes, an explicit NULL comes back
    /// where `page` says that there was one, and deletion, scope and page are removed.
    ///
    /// # Errors
    ///
    /// When the store did not answer; then it may be either.
    fn undo(
        &self,
        collection: &Collection,
        deletion: &Deletion,
        page: &Page,
    ) -> impl Future<Output = Result<UndoOutcome, DependencyError>> + Send;
}

/// What never changes of a deletion, as the list knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeletionSummary {
    /// Its id.
    pub id: DeletionId,
    /// The root's collection.
    pub collection: CollectionName,
    /// Who asked.
    pub requested_by: String,
}

/// Reads deletions. A deletion of another tenant is an ordinary miss. An item of a later version than this build knows
/// is an error, never read as far as it goes.
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

    /// One part of the ids that a scope names, from 1; `None` is "not written, or dropped".
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

    /// Deletions of a tenant, newest first, those before `before`. A new one may be missing for a moment.
    ///
    /// # Errors
    ///
    /// When the store did not answer.
    fn list(
        &self,
        tenant: &Tenant,
        before: Option<DeletionId>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<DeletionSummary>, DependencyError>> + Send;
}

/// What came of a compare-and-set.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum StoreOutcome {
    /// It stands as given: by this call or by one whose answer was lost.
    Stored,
    /// Somebody else changed it first: what stands now, or `None` when it is gone.
    Changed(Option<Box<Deletion>>),
}

/// What came of writing a page.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum PutPageOutcome {
    /// Ours stands.
    Written,
    /// Somebody was first: theirs counts.
    Earlier(Box<Page>),
}

/// Changes a deletion, whoever does: a worker or a caller who asks for something.
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

/// What came of ending a restore.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum RestoreOutcome {
    /// The root is live and the deletion stands as given: by this call or by one whose answer was lost.
    Restored,
    /// An ancestor is not there, not the tenant's or marked. Nothing was written.
    ParentNotLive,
    /// The root's row is gone or does not carry this deletion's mark. Nothing was written.
    RootNotOurs,
    /// Somebody else changed the deletion first. Nothing was written.
    Changed,
}

/// Carries deletions on.
pub trait AdvanceDeletions: ChangeDeletions {
    /// Ends a restore, in one transaction: the root's mark goes (an explicit NULL comes back where `page` says that there
    /// was one), and `restored` replaces the deletion of the revision before, if every ancestor is there, the tenant's
    /// and unmarked.
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

    /// Removes one part of the ids that the scope names; removing it again is harmless.
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

/// Finds what is due.
pub trait FindDue: Send + Sync {
    /// Deletions with `due_at` up to `now`, the longest due first. The index may lag: read each before acting.
    ///
    /// # Errors
    ///
    /// When the store did not answer.
    fn find_due(
        &self,
        now: Timestamp,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<(Tenant, DeletionId)>, DependencyError>> + Send;
}
