//! Accepts a delete: one transaction that hides the root and stores the intent, then the message.
//!
//! The order matters: the promise of the 202 depends on what is stored before the message is sent. A message that is
//! lost is sent again by the sweeper, because the deletion *is* the outbox.

mod request;
mod root;

use std::time::Duration;

use tracing::{info, warn};

pub use self::request::{AcceptAnswer, AcceptError, DeleteRequest};
use self::root::{Found, Look};
use crate::api::Api;
use crate::ask_again::{Tries, ask_again};
use crate::liveness::read_many;
use crate::once::{self, Earlier, OnceError};
use domain::above::Above;
use domain::collection::Collection;
use domain::cursor::SelectCursor;
use domain::deletion::{Accepted, Deletion, DeletionId};
use domain::message::{DeletionMessage, OnPublishFailure};
use domain::page::{Entry, Page};
use domain::permission::{Action, Right, right, sees};
use domain::principal::Principal;
use domain::request_key::RequestKey;
use domain::row::Row;
use domain::scope::Scope;
use ports::{
    AcceptDeletions, AcceptOutcome, ApiPorts, Clock, DependencyError, Fields, Ids, OnlyIf,
    SendDeletion, UndoOutcome,
};
use telemetry::chain;

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
    let right = right(principal, collection, Action::Delete);
    if right == Right::Never {
        return Err(AcceptError::Forbidden);
    }
    let found = once::earlier::<P, AcceptError>(api, principal, request.once.as_ref()).await?;
    if right == Right::OwnOnly && found != Earlier::None {
        // What is gone by now says no more whose it was; the caller had the right to delete it then.
        let key = std::slice::from_ref(&request.key);
        let rows = read_many(api, collection, key, Fields::Judged).await?;
        let is_anothers = |row: &Row| row.author(collection) != Some(principal.subject.as_str());
        if rows.iter().flatten().any(is_anothers) {
            return Err(AcceptError::Forbidden);
        }
    }
    Ok(found)
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
    let (principal, collection) = (request.principal, request.collection);
    let once = request.once.as_ref();
    if right(principal, collection, Action::Delete) == Right::Never {
        return Err(AcceptError::Forbidden);
    }
    let clock = api.ports.clock();
    let began = clock.now();
    let id = clock.deletion(began);
    let mut tries = Tries::of(clock);
    let (mut races, mut unanswered) = (0, None);
    loop {
        let look = Look {
            api,
            request: &request,
            id,
            now: began,
        };
        let (row, above, seen) = match look.at_the_root().await? {
            Found::Root { row, above, seen } => (row, above, seen),
            Found::Ours => match unanswered {
                Some((deletion, page)) => {
                    return publish(api, collection, deletion, &page, once).await;
                }
                None => return Ok(AcceptAnswer::AlreadyDeleted(None)),
            },
            Found::Nothing(answer) => return Ok(answer),
            // What is restored by now may have been read before.
            Found::ComingBack(by) if by.state.is_done() && races < RACES => {
                races += 1;
                continue;
            }
            Found::ComingBack(by) => {
                let state = by.state;
                let seen = sees(principal, &api.collections, &by).then_some(by);
                return Err(AcceptError::ComingBack(state, seen));
            }
        };
        let scope = scope(api, principal, collection);
        let page = root_page(collection, (row, above), id, scope.reaches_more());
        let asked = Accepted {
            id,
            tenant: principal.tenant.clone(),
            requested_by: principal.subject.clone(),
            request_id: request.request_id.clone(),
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
            Ok(AcceptOutcome::RootNotLive) if request.tags.are_asked() => {
                return Err(AcceptError::PreconditionFailed);
            }
            // It was seen to be live each time: what its mark replaces there keeps changing.
            Ok(AcceptOutcome::RootNotLive) if collection.mark_depends_on_more() => {
                return Err(AcceptError::Busy);
            }
            Ok(AcceptOutcome::RootNotLive) => return Ok(AcceptAnswer::AlreadyDeleted(None)),
            Ok(AcceptOutcome::RootTooLarge) => return Err(root::too_large(collection)),
            Err(error) => {
                tries.again(error).await?;
                unanswered = Some((deletion, page));
            }
        }
    }
}

/// What the deletion covers, and what the requester may read of it.
fn scope<P>(api: &Api<P>, principal: &Principal, collection: &Collection) -> Scope {
    let below = Scope::below(collection, &api.collections);
    below.asked_by(principal, [&collection.name], &api.collections)
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
