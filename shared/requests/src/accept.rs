//! Accepts a delete: one transaction that hides the root and stores the intent, then the message.
//!
//! The order matters: the promise of the 202 depends on what is stored before the message is sent. A message that is
//! lost is sent again by the sweeper, because the deletion *is* the outbox.

use std::time::Duration;

use tracing::{info, warn};

use crate::api::Api;
use crate::ask_again::{Tries, ask_again};
use crate::live_children::blocking_child;
use crate::liveness::{Asked, Liveness, with_above};
use crate::once::{self, Earlier, OnceError};
use crate::visible::stored;
use domain::above::Above;
use domain::collection::{Collection, CollectionName, Missing};
use domain::cursor::SelectCursor;
use domain::deletion::{Accepted, Deletion, DeletionId, State};
use domain::key::RecordKey;
use domain::message::{DeletionMessage, OnPublishFailure};
use domain::page::{Entry, Page};
use domain::permission::{Action, Right, allows, right, sees};
use domain::principal::Principal;
use domain::request_key::RequestKey;
use domain::row::Row;
use domain::scope::Scope;
use domain::size::{Count, leaves_room};
use domain::tags::{Tags, tag_of};
use jiff::Timestamp;
use ports::{
    AcceptDeletions, AcceptOutcome, ApiPorts, COMPARED, Clock, DependencyError, Fields, Ids,
    OnlyIf, SendDeletion, UndoOutcome, WriteRows,
};
use telemetry::chain;

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
    /// The record is not of a version that the request is meant for, is not live, or the caller cannot know its version.
    #[error("the record has changed")]
    PreconditionFailed,
    /// It has too many attributes for a store to compare them.
    #[error("the record is too wide to be compared")]
    TooWideToCompare,
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

/// How often a delete is judged again if another writer has written its root at the same moment.
const RACES: u32 = 3;

/// What came of an earlier request of the same key, for a caller who may still delete something of the collection.
///
/// # Errors
///
/// See [`AcceptError`].
pub async fn earlier<P: ApiPorts>(
    api: &Api<P>,
    request: &DeleteRequest<'_>,
) -> Result<Earlier, AcceptError> {
    let DeleteRequest {
        principal,
        collection,
        ..
    } = request;
    if right(principal, collection, Action::Delete) == Right::Never {
        return Err(AcceptError::Forbidden);
    }
    once::earlier(api, principal, request.once.as_ref()).await
}

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
        once,
        tags,
    } = request;
    let once = once.as_ref();
    if right(principal, collection, Action::Delete) == Right::Never {
        return Err(AcceptError::Forbidden);
    }
    let clock = api.ports.clock();
    let began = clock.now();
    let id = clock.deletion(began);
    let mut tries = Tries::of(clock);
    // Whether a row can be copied depends on all of it.
    let fields = if collection.strategy.keeps_copies() {
        Fields::All
    } else {
        Fields::Judged
    };
    let (mut races, mut unanswered) = (0, None);
    // Nobody who names a version is answered that something is gone already: it is another one.
    let gone = || {
        if tags.are_asked() {
            Err(AcceptError::PreconditionFailed)
        } else {
            Ok(absent(collection))
        }
    };
    loop {
        // Before the rest is read: what is accepted depends on exactly this.
        let seen = match &tags {
            Tags::Of(_) => api.ports.rows().stored(collection, &key).await?,
            Tags::Unasked | Tags::Any => None,
        };
        let asked = Asked {
            collection,
            key: &key,
            fields,
            actions: &[Action::Delete, Action::Read],
            now: began,
        };
        let (found, above) = with_above(api, principal, &asked).await?;
        // Our own mark: the previous try was accepted, and its answer was lost.
        if matches!(&found, Liveness::Marked { by, .. } if *by == Some(id))
            && let Some((deletion, page)) = unanswered
        {
            return publish(api, collection, deletion, &page, once).await;
        }
        let (row, is_live) = match found {
            Liveness::Absent => return gone(),
            Liveness::Marked { .. } | Liveness::Hidden { .. } if tags.are_asked() => {
                return Err(AcceptError::PreconditionFailed);
            }
            Liveness::Marked { row, by } | Liveness::Hidden { row, by } => {
                if !allows(principal, collection, Action::Delete, &row, began) {
                    // Nobody may read it any more: for the caller it is absent.
                    return Ok(absent(collection));
                }
                let by = stored(api, &principal.tenant, by).await?;
                if let Some(by) = by.as_ref().filter(|by| by.state.takes_marks_off()) {
                    // What is restored by now may have been read before.
                    if by.state.is_done() && races < RACES {
                        races += 1;
                        continue;
                    }
                    let seen = sees(principal, &api.collections, by).then(|| by.clone());
                    return Err(AcceptError::ComingBack(by.state, seen));
                }
                return Ok(AcceptAnswer::AlreadyDeleted(
                    by.filter(|by| sees(principal, &api.collections, by)),
                ));
            }
            Liveness::Live(row) => (row, true),
            Liveness::Orphan(row) => (row, false),
        };
        if !allows(principal, collection, Action::Delete, &row, began) {
            // A refusal for those who may read it; for all others it is absent.
            let readable = allows(principal, collection, Action::Read, &row, began);
            return if is_live && readable {
                Err(AcceptError::Forbidden)
            } else {
                gone()
            };
        }
        if tags.are_asked() {
            let versions = (&tags, seen.as_ref().map(|seen| &seen.row));
            if !is_live || !is_meant(principal, collection, &row, versions, began) {
                return Err(AcceptError::PreconditionFailed);
            }
            if seen
                .as_ref()
                .is_some_and(|seen| seen.row.attributes.len() > COMPARED)
            {
                return Err(AcceptError::TooWideToCompare);
            }
        }
        if let Some(child) = blocking_child(api, &principal.tenant, collection, &key).await? {
            return Err(if child.is_known {
                AcceptError::HasChildren(child.child)
            } else {
                AcceptError::ManyChildren(child.child)
            });
        }
        if fields == Fields::All && !has_room(principal, collection, &row) {
            return Err(too_large(collection));
        }
        let scope = scope(api, principal, collection);
        let page = root_page(collection, (row, above), id, scope.reaches_more());
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
        let only_if = OnlyIf {
            key: once,
            seen: seen.as_ref(),
        };
        match api
            .ports
            .deletions()
            .accept(collection, &deletion, &scope, &page, only_if)
            .await
        {
            Ok(AcceptOutcome::Accepted) => {
                return publish(api, collection, deletion, &page, once).await;
            }
            Ok(AcceptOutcome::KeyInUse) => return Err(OnceError::InFlight.into()),
            // Another writer was faster: the current state is the answer.
            Ok(AcceptOutcome::RootNotLive) if races < RACES => races += 1,
            Ok(AcceptOutcome::RootNotLive) if tags.are_asked() => {
                return Err(AcceptError::PreconditionFailed);
            }
            Ok(AcceptOutcome::RootNotLive) => return Ok(AcceptAnswer::AlreadyDeleted(None)),
            Ok(AcceptOutcome::RootTooLarge) => return Err(too_large(collection)),
            Err(error) => {
                tries.again(error).await?;
                unanswered = Some((deletion, page));
            }
        }
    }
}

/// Whether this live row is of a version that the request is meant for; `seen` is what the write will depend on. A tag is
/// known to those only who read the record or write it: for anybody else the answer would say whether a guess is right.
fn is_meant(
    principal: &Principal,
    collection: &Collection,
    row: &Row,
    (tags, seen): (&Tags, Option<&Row>),
    now: Timestamp,
) -> bool {
    let may = |action| allows(principal, collection, action, row, now);
    let is_known = (collection.serve.read && may(Action::Read))
        || (collection.serve.write && may(Action::Write));
    let is_of_these = match tags {
        Tags::Unasked | Tags::Any => true,
        Tags::Of(_) => seen.is_some_and(|seen| tags.hold(&tag_of(collection, seen))),
    };
    is_known && is_of_these
}

/// What the deletion covers, and what the requester may read of it.
fn scope<P>(api: &Api<P>, principal: &Principal, collection: &Collection) -> Scope {
    let below = Scope::below(collection, &api.collections);
    below.asked_by(principal, [&collection.name], &api.collections)
}

/// Whether a whole row has room for what its deletion adds.
fn has_room(principal: &Principal, collection: &Collection, row: &Row) -> bool {
    let (tenant, subject) = (&principal.tenant, principal.subject.len());
    leaves_room(collection, tenant, row, subject, Count::Least).is_ok()
}

/// The first page of a deletion with a root: the root, and where the selection begins.
fn root_page(
    collection: &Collection,
    (root, above): (Row, Above),
    id: DeletionId,
    has_more: bool,
) -> Page {
    Page {
        number: 1,
        entries: vec![Entry::of_row(collection, root, id).below(above)],
        next: has_more.then_some(SelectCursor::ROOT),
    }
}

/// A record that is removed without a copy needs no mark, unless it is the root of a deletion.
fn too_large(collection: &Collection) -> AcceptError {
    AcceptError::TooLarge {
        by_id: !collection.strategy.keeps_records(),
    }
}

fn absent(collection: &Collection) -> AcceptAnswer {
    match collection.missing {
        Missing::AlreadyDeleted => AcceptAnswer::AlreadyDeleted(None),
        Missing::NotFound => AcceptAnswer::NotFound,
    }
}

async fn publish<P: ApiPorts>(
    api: &Api<P>,
    collection: &Collection,
    deletion: Deletion,
    page: &Page,
    once: Option<&RequestKey>,
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
        match undo(api, collection, &deletion, page, once).await {
            Ok(UndoOutcome::Undone) => return Err(AcceptError::TakenBack),
            Ok(UndoOutcome::Begun) => {}
            // It may be stored or removed: only an error promises nothing.
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

/// Undoes an acceptance; if the answer is lost, the call is repeated, because an undone acceptance stays undone.
async fn undo<P: ApiPorts>(
    api: &Api<P>,
    collection: &Collection,
    deletion: &Deletion,
    page: &Page,
    once: Option<&RequestKey>,
) -> Result<UndoOutcome, DependencyError> {
    ask_again(Tries::of(api.ports.clock()), || {
        api.ports.deletions().undo(collection, deletion, page, once)
    })
    .await
}
