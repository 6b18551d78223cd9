//! Accepts a delete: one transaction that hides the root and writes the intent, then the message.
//!
//! The order matters: what is stored before the message is sent is what keeps the promise of the 202. A message that
//! is lost is sent again by the sweeper, because the deletion *is* the outbox.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tracing::{info, warn};

use crate::domain::collection::{Collection, CollectionName, Collections, Missing};
use crate::domain::deletion::{Accepted, Deletion, DeletionId, Timing};
use crate::domain::key::RecordKey;
use crate::domain::message::DeletionMessage;
use crate::domain::page::{Entry, Page, SelectCursor};
use crate::domain::permission::{Action, Right, allows, right, sees};
use crate::domain::principal::Principal;
use crate::domain::row::Row;
use crate::domain::scope::Scope;
use crate::live_children::{look, restricting};
use crate::ports::{
    AcceptDeletions, AcceptOutcome, ApiPorts, Clock, DependencyError, Fields, Ids, ReadDeletions,
    SendDeletion, UndoOutcome,
};
use crate::requests::liveness::{Standing, standing};
use crate::telemetry::chain;

/// What happens when the message cannot be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnPublishFailure {
    /// Still accepted: the sweeper sends it later.
    Outbox,
    /// Taken back, if nobody has begun; the client is told to come again.
    Rollback,
}

/// The api's use cases: their ports, the collections and the settings.
#[derive(Debug)]
pub struct Api<P> {
    /// What it works with.
    pub ports: P,
    /// The collections.
    pub collections: Arc<Collections>,
    /// The times of the protocol.
    pub timing: Timing,
    /// What happens when the message cannot be sent.
    pub on_publish_failure: OnPublishFailure,
}

/// A delete of one record and all below it.
#[derive(Debug)]
pub struct DeleteRequest<'a> {
    /// Who asks.
    pub principal: &'a Principal,
    /// The record's collection.
    pub collection: &'a Collection,
    /// Its key.
    pub key: RecordKey,
    /// The request's id, for logs and the message.
    pub request_id: String,
}

/// The answer to a delete.
#[derive(Debug, Clone, PartialEq)]
pub enum AcceptAnswer {
    /// It will be done.
    Scheduled(Box<Deletion>),
    /// There is nothing left to do: absent, another tenant's, marked, or hidden by an ancestor's deletion. The deletion
    /// is there for those who may see it.
    AlreadyDeleted(Option<Box<Deletion>>),
    /// Absent or another tenant's, in a collection that says `missing = "not_found"`.
    NotFound,
}

/// Why a delete was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum AcceptError {
    /// The caller may not delete it.
    #[error("not allowed to delete this record")]
    Forbidden,
    /// A live child keeps it: a record of this collection.
    #[error("a live record of {0} names it")]
    HasChildren(CollectionName),
    /// The message could not be sent and the acceptance was taken back.
    #[error("the deletion could not be queued and was taken back")]
    TakenBack,
    /// A dependency failed.
    #[error(transparent)]
    Dependency(#[from] DependencyError),
}

/// How often the transaction is tried when somebody else writes the root at the same moment.
pub(super) const TRIES: u32 = 3;

/// For how long another try is worth it: the gateway waits 30 s for the whole request.
const TRY_FOR: Duration = Duration::from_secs(3);

/// Accepts a delete.
///
/// # Errors
///
/// See [`AcceptError`]. After a dependency error the delete may have been accepted all the same; asking again is safe.
pub async fn accept<P: ApiPorts>(
    api: &Api<P>,
    request: DeleteRequest<'_>,
) -> Result<AcceptAnswer, AcceptError> {
    let DeleteRequest {
        principal,
        collection,
        key,
        request_id,
    } = request;
    if right(principal, collection, Action::Delete) == Right::Never {
        return Err(AcceptError::Forbidden);
    }
    let clock = api.ports.clock();
    let began = clock.now();
    let id = clock.deletion(began);
    let mut tries = 0;
    let mut unanswered = None;
    loop {
        let found = standing(
            api.ports.rows(),
            &api.collections,
            collection,
            &principal.tenant,
            &key,
            Fields::Judged,
        )
        .await?;
        // Our own mark: the try before was accepted, and its answer was lost.
        if matches!(&found, Standing::Marked { by, .. } if *by == Some(id))
            && let Some((deletion, page)) = unanswered
        {
            return publish(api, collection, deletion, &page).await;
        }
        let (row, is_live) = match found {
            Standing::Absent => return Ok(absent(collection)),
            Standing::Marked { row, by } | Standing::Hidden { row, by } => {
                if !allows(principal, collection, Action::Delete, &row, began) {
                    // Nobody reads it any more: for them it is as absent.
                    return Ok(absent(collection));
                }
                return Ok(AcceptAnswer::AlreadyDeleted(
                    visible(api, principal, by).await?,
                ));
            }
            Standing::Live(row) => (row, true),
            Standing::Orphan(row) => (row, false),
        };
        if !allows(principal, collection, Action::Delete, &row, began) {
            // Told to those who may read it; what nobody reads is as absent.
            let readable = allows(principal, collection, Action::Read, &row, began);
            return if is_live && readable {
                Err(AcceptError::Forbidden)
            } else {
                Ok(absent(collection))
            };
        }
        if let Some(child) = kept_by(api, principal, collection, &key).await? {
            return Err(AcceptError::HasChildren(child));
        }
        let scope = Scope::below(collection, &api.collections).asked_by(
            principal,
            [&collection.name],
            &api.collections,
        );
        let page = root_page(collection, row, id, scope.reaches_more());
        let asked = Accepted {
            id,
            tenant: principal.tenant.clone(),
            requested_by: principal.subject.clone(),
            request_id: request_id.clone(),
            collection,
            first: Some(&page),
            names: Vec::new(),
            now: began,
        };
        let deletion = Deletion::accept(asked, &api.timing);
        match api
            .ports
            .deletions()
            .accept(collection, &deletion, &scope, &page)
            .await
        {
            Ok(AcceptOutcome::Accepted) => return publish(api, collection, deletion, &page).await,
            // Somebody was faster: what stands now is the answer.
            Ok(AcceptOutcome::RootNotLive) if tries < TRIES => {}
            Ok(AcceptOutcome::RootNotLive) => return Ok(AcceptAnswer::AlreadyDeleted(None)),
            Err(error) if error.retryable && tries < TRIES && !is_late(clock.now(), began) => {
                unanswered = Some((deletion, page));
                clock
                    .sleep(Duration::from_millis(40).mul_f64(0.5 + clock.fraction()) * (tries + 1))
                    .await;
            }
            Err(error) => return Err(error.into()),
        }
        tries += 1;
    }
}

/// The first page of a deletion with a root: the root, and where the selection begins.
fn root_page(collection: &Collection, root: Row, id: DeletionId, has_more: bool) -> Page {
    Page {
        number: 1,
        entries: vec![Entry::found(collection, root, id)],
        next: has_more.then_some(SelectCursor::ROOT),
    }
}

/// The collection of a live child that keeps this record. One that is written after this look stays below a deleted
/// parent, and is hidden by it.
async fn kept_by<P: ApiPorts>(
    api: &Api<P>,
    principal: &Principal,
    collection: &Collection,
    key: &RecordKey,
) -> Result<Option<CollectionName>, DependencyError> {
    for child in restricting(&api.collections, &collection.name) {
        let mut after = None;
        loop {
            let rows = api.ports.rows();
            let found = look(rows, &principal.tenant, child, key, after.as_ref()).await?;
            if found.found {
                return Ok(Some(child.name.clone()));
            }
            after = found.next;
            if after.is_none() {
                break;
            }
        }
    }
    Ok(None)
}

pub(super) fn is_late(now: Timestamp, began: Timestamp) -> bool {
    Duration::try_from(now.duration_since(began)).unwrap_or_default() > TRY_FOR
}

fn absent(collection: &Collection) -> AcceptAnswer {
    match collection.missing {
        Missing::AlreadyDeleted => AcceptAnswer::AlreadyDeleted(None),
        Missing::NotFound => AcceptAnswer::NotFound,
    }
}

/// The deletion with this id, if the caller may see it.
///
/// # Errors
///
/// When the control table did not answer.
pub async fn visible<P: ApiPorts>(
    api: &Api<P>,
    principal: &Principal,
    by: Option<DeletionId>,
) -> Result<Option<Box<Deletion>>, DependencyError> {
    let Some(id) = by else { return Ok(None) };
    let deletions = api.ports.deletions();
    let Some(mut deletion) = deletions.deletion(&principal.tenant, id).await? else {
        return Ok(None);
    };
    if deletion.root.is_none() && deletion.names.is_empty() {
        // An earlier build has accepted it. Where the scope went with the pages, the counts know what was deleted.
        let scope = deletions.scope(&principal.tenant, id).await?;
        deletion.names = match scope {
            Some(scope) => scope.names(&deletion.collection),
            None => deletion.deleted.keys().cloned().collect(),
        };
    }
    Ok(sees(principal, &api.collections, &deletion).then(|| Box::new(deletion)))
}

async fn publish<P: ApiPorts>(
    api: &Api<P>,
    collection: &Collection,
    deletion: Deletion,
    page: &Page,
) -> Result<AcceptAnswer, AcceptError> {
    info!(
        deletion_id = %deletion.id, collection = %collection.name, request_id = %deletion.request_id,
        "deletion {} is accepted", deletion.id
    );
    let Err(error) = api
        .ports
        .queue()
        .send(&DeletionMessage::about(&deletion), Duration::ZERO)
        .await
    else {
        return Ok(AcceptAnswer::Scheduled(Box::new(deletion)));
    };
    warn!(deletion_id = %deletion.id, error = %chain(&error), "message of deletion {} was not sent", deletion.id);
    if api.on_publish_failure == OnPublishFailure::Rollback {
        match undo(api, collection, &deletion, page).await {
            Ok(UndoOutcome::Undone) => return Err(AcceptError::TakenBack),
            Ok(UndoOutcome::Begun) => {}
            // It may stand or be gone: only an error promises nothing.
            Err(error) => {
                warn!(
                    deletion_id = %deletion.id, error = %chain(&error), "deletion {} could not be taken back", deletion.id
                );
                return Err(error.into());
            }
        }
    }
    Ok(AcceptAnswer::Scheduled(Box::new(deletion)))
}

/// Takes an acceptance back; where the answer is lost, it is asked again, because an undone one stays undone.
async fn undo<P: ApiPorts>(
    api: &Api<P>,
    collection: &Collection,
    deletion: &Deletion,
    page: &Page,
) -> Result<UndoOutcome, DependencyError> {
    let (clock, mut tries) = (api.ports.clock(), 0);
    let began = clock.now();
    loop {
        match api.ports.deletions().undo(collection, deletion, page).await {
            Err(error) if error.retryable && tries < TRIES && !is_late(clock.now(), began) => {
                tries += 1;
            }
            outcome => return outcome,
        }
    }
}
