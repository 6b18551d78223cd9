//! What a caller may request of a deletion: cancel, retry, restore, purge.
//!
//! One compare-and-set decides, and a request that loses it is judged again by the current state. The message follows;
//! if it is lost, the sweeper sends it, because the deletion *is* the outbox.

use std::time::Duration;

use tracing::{info, warn};

use crate::api::Api;
use crate::deletions::{Shown, with_scope};
use crate::once::{self, Earlier, OnceError};
use crate::visible::visible;
use crate::way_back::{Obstacle, obstacle};
use domain::deletion::{Action, Deletion, DeletionId, NotAllowed, Pass, Refusal, State};
use domain::message::DeletionMessage;
use domain::permission::{self, may_act};
use domain::principal::Principal;
use domain::request_key::RequestKey;
use domain::tags::Tags;
use ports::{
    AcceptDeletions, ApiPorts, ChangeDeletions, Clock, DependencyError, SendDeletion,
    StoreOnceOutcome, StoreOutcome,
};
use telemetry::chain;

/// How often a change by another writer is judged again before the caller is asked to try later.
const RACES: u32 = 5;

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum ActError {
    /// No deletion that the caller may see has this id.
    #[error("no deletion that the caller may see has this id")]
    NotFound,
    /// The caller may see it, and may not do this to it.
    #[error("not allowed to do this to the deletion")]
    Forbidden,
    /// It is not allowed in the deletion's current state, which is returned, with the reason.
    #[error("{}", NotAllowed(.0.state))]
    InvalidState(Box<Deletion>, Refusal),
    /// A restore: the root's row is missing.
    #[error("the root's row is gone")]
    RootMissing,
    /// A restore: another record has the root's key, or another deletion's mark is on it.
    #[error("another record has the root's key")]
    KeyTaken,
    /// A restore: something above the root is missing, or deleted by this deletion, which is included for those who may
    /// see it.
    #[error("the record above the root is gone or deleted")]
    ParentNotLive(Option<Box<Deletion>>),
    /// The deletion is not of the revision that the caller has seen.
    #[error("the deletion has changed")]
    Changed,
    /// Its key says that it is another request.
    #[error(transparent)]
    Once(#[from] OnceError),
    /// A dependency failed. It may have been done all the same; asking again is safe.
    #[error(transparent)]
    Dependency(#[from] DependencyError),
}

/// A request for a deletion.
#[derive(Debug)]
pub struct ActRequest<'a> {
    /// The requester.
    pub principal: &'a Principal,
    /// The deletion.
    pub id: DeletionId,
    /// What is asked.
    pub action: Action,
    /// What makes it the same as an earlier request.
    pub once: Option<RequestKey>,
    /// Only if the deletion is of one of these revisions.
    pub tags: Tags,
}

/// What came of an earlier request of the same key, for a caller who may still ask for it.
///
/// # Errors
///
/// See [`ActError`].
pub async fn earlier<P: ApiPorts>(
    api: &Api<P>,
    request: &ActRequest<'_>,
) -> Result<Earlier, ActError> {
    let found = once::earlier::<P, ActError>(api, request.principal, request.once.as_ref()).await?;
    match &found {
        Earlier::None => Ok(found),
        Earlier::Shown(shown)
            if may_again(api, request.principal, &shown.deletion, request.action) =>
        {
            Ok(found)
        }
        Earlier::Shown(_) => Err(ActError::Forbidden),
        Earlier::Hidden => Err(ActError::NotFound),
    }
}

/// Requests something of a deletion, and returns its state after that. A refusal that can be known now is answered now,
/// and nothing is written in that case.
///
/// # Errors
///
/// See [`ActError`]. Permission is decided before the state is revealed.
pub async fn act<P: ApiPorts>(api: &Api<P>, request: &ActRequest<'_>) -> Result<Shown, ActError> {
    let ActRequest {
        principal,
        id,
        action,
        ..
    } = *request;
    let (deletions, clock) = (api.ports.deletions(), api.ports.clock());
    for _ in 0..RACES {
        let found = visible(api, principal, Some(id)).await?;
        let deletion = found.ok_or(ActError::NotFound)?;
        if !may(api, principal, &deletion, action) {
            return Err(ActError::Forbidden);
        }
        // Stored below only if it is still of this revision.
        if !request.tags.hold(&deletion.revision.to_string()) {
            return Err(ActError::Changed);
        }
        let now = clock.now();
        let Ok(next) = deletion.act(action, &principal.subject, now, &api.timing) else {
            let why = deletion.refusal(action, now);
            return Err(ActError::InvalidState(deletion, why));
        };
        if next.state == State::Restoring
            && let Some(found) = obstacle(api, &next).await?
        {
            // A faster request may have caused what was read: then it is judged again by the current state.
            let stands = visible(api, principal, Some(id)).await?;
            if stands.as_ref() == Some(&deletion) {
                return Err(refused(api, principal, found).await?);
            }
            continue;
        }
        // What is shown of it is read before it is stored: afterwards an error would say less than is true.
        let Shown { scope, .. } = with_scope(api, deletion).await?;
        let stored = match &request.once {
            None => deletions.store(&next).await?,
            Some(key) => match deletions.store_once(&next, key).await? {
                StoreOnceOutcome::Known(stored) => stored,
                StoreOnceOutcome::KeyInUse => return Err(OnceError::InFlight.into()),
            },
        };
        if stored != StoreOutcome::Stored {
            continue;
        }
        info!(deletion_id = %id, action = action.as_str(), state = %next.state, "{} of deletion {id}", action.as_str());
        // A worker that holds the lease detects a cancel at its next checkpoint.
        if !next.is_leased(now) {
            send(api, &next).await;
        }
        let deletion = Box::new(next);
        return Ok(Shown { deletion, scope });
    }
    Err(DependencyError::unavailable(
        "control table",
        "change a deletion",
        "somebody else kept changing it",
    )
    .into())
}

/// Why a restore that is known to fail is not begun. Cancel, purge and the other retries depend on nothing but the
/// deletion itself.
async fn refused<P: ApiPorts>(
    api: &Api<P>,
    principal: &Principal,
    found: Obstacle,
) -> Result<ActError, DependencyError> {
    Ok(match found {
        Obstacle::RootMissing => ActError::RootMissing,
        Obstacle::KeyTaken => ActError::KeyTaken,
        Obstacle::ParentNotLive(by) => ActError::ParentNotLive(visible(api, principal, by).await?),
    })
}

async fn send<P: ApiPorts>(api: &Api<P>, deletion: &Deletion) {
    let message = DeletionMessage::about(deletion);
    if let Err(error) = api.ports.queue().send(&message, Duration::ZERO).await {
        warn!(deletion_id = %deletion.id, error = %chain(&error), "message of deletion {} was not sent", deletion.id);
    }
}

/// What the caller may request of this deletion now, in the order of [`Action::ALL`].
pub fn allowed<P: ApiPorts>(
    api: &Api<P>,
    principal: &Principal,
    deletion: &Deletion,
) -> Vec<Action> {
    deletion
        .allowed_actions(api.ports.clock().now())
        .filter(|action| may(api, principal, deletion, *action))
        .collect()
}

/// Whether the caller may still ask for what they have asked for. A `retry` was of one of the three passes, and the
/// deletion may have gone on to another since.
fn may_again<P: ApiPorts>(
    api: &Api<P>,
    principal: &Principal,
    deletion: &Deletion,
    action: Action,
) -> bool {
    let of_a_pass = [
        permission::Action::Delete,
        permission::Action::Restore,
        permission::Action::Purge,
    ];
    let may_one = |wanted| may_act(principal, &api.collections, deletion, wanted);
    match action {
        Action::Retry => of_a_pass.into_iter().any(may_one),
        Action::Cancel | Action::Restore | Action::Purge => may(api, principal, deletion, action),
    }
}

/// `cancel` and `retry` need the right of the pass that they affect.
fn may<P: ApiPorts>(
    api: &Api<P>,
    principal: &Principal,
    deletion: &Deletion,
    action: Action,
) -> bool {
    let wanted = match (action, deletion.state.pass()) {
        (Action::Cancel, _) | (Action::Retry, Pass::Delete) => permission::Action::Delete,
        (Action::Restore, _) | (Action::Retry, Pass::Restore) => permission::Action::Restore,
        (Action::Purge, _) | (Action::Retry, Pass::Purge) => permission::Action::Purge,
    };
    may_act(principal, &api.collections, deletion, wanted)
}
