//! Accepts a delete of many records: by id, or of all that an author wrote. There is no root to mark: the intent is
//! stored, and the records are judged and marked page by page.

mod below;
mod counting;
mod covering;
mod request;
mod whole;

use std::time::Duration;

use tracing::{info, warn};

use self::below::below_what_is_there;
use crate::api::Api;
use crate::ask_again::{Tries, ask_again};
use crate::once::{self, Earlier, OnceError};
use domain::deletion::{Accepted, Deletion};
use domain::key::RecordKey;
use domain::message::{DeletionMessage, OnPublishFailure};
use domain::page::PAGE_BYTES;
use domain::request_key::RequestKey;
use domain::scope::Scope;
use domain::time::to_millisecond;
use ports::{
    AcceptDeletions, ApiPorts, Clock, DependencyError, Ids, RequestedOutcome, SendDeletion,
    UndoOutcome,
};
use telemetry::chain;

pub use self::counting::{Preview, SAMPLE, preview};
pub use self::request::{
    DestroyError, DestroyRequest, MOST_COUNTED, MOST_IDS, Requested, Unsupported,
};

pub use self::whole::{WholeAnswer, WholeRequest, delete_whole};

/// What was accepted.
#[derive(Debug, Clone, PartialEq)]
pub struct Destroyed {
    /// The deletion.
    pub deletion: Box<Deletion>,
    /// What it covers.
    pub scope: Scope,
}

/// What came of an earlier request of the same key, for a caller who may still delete something of the collection.
///
/// # Errors
///
/// See [`DestroyError`].
pub async fn earlier<P: ApiPorts>(
    api: &Api<P>,
    request: &DestroyRequest<'_>,
) -> Result<Earlier, DestroyError> {
    let now = to_millisecond(api.ports.clock().now());
    // Everything else that is wrong with it was right then.
    if let Err(DestroyError::Forbidden) = covering::scope(&api.collections, request, 0, now) {
        return Err(DestroyError::Forbidden);
    }
    once::earlier(api, request.principal, request.once.as_ref()).await
}

/// Accepts a delete of many records. Nothing is read but a parent that the request names, unless the caller says how many
/// records there must be: whether one exists is judged later, and shown by the deletion's records.
///
/// # Errors
///
/// See [`DestroyError`].
pub async fn destroy<P: ApiPorts>(
    api: &Api<P>,
    request: DestroyRequest<'_>,
) -> Result<Destroyed, DestroyError> {
    let clock = api.ports.clock();
    let now = to_millisecond(clock.now());
    let ids = match &request.named {
        Requested::Ids { ids, .. } => parts(ids),
        Requested::Author { .. } | Requested::Matching { .. } => Vec::new(),
    };
    let parts = u32::try_from(ids.len()).unwrap_or(u32::MAX);
    let scope = covering::scope(&api.collections, &request, parts, now)?;
    let names = scope.names(&request.collection.name);
    let scope = below_what_is_there(api, &request, scope).await?;
    if let Some(expected) = request.expected_count {
        counting::must_be(api, &request, &scope, expected).await?;
    }
    let asked = Accepted {
        id: clock.deletion(now),
        tenant: request.principal.tenant.clone(),
        requested_by: request.principal.subject.clone(),
        request_id: request.request_id,
        collection: request.collection,
        first: None,
        names,
        now,
    };
    let deletion = Deletion::accept(asked, &api.timing);
    let once = request.once.as_ref();
    let accepted = ask_again(Tries::of(clock), || {
        let deletions = api.ports.deletions();
        deletions.accept_requested(&deletion, &scope, &ids, once)
    });
    if accepted.await? == RequestedOutcome::KeyInUse {
        return Err(OnceError::InFlight.into());
    }
    info!(
        deletion_id = %deletion.id, collection = %deletion.collection, request_id = %deletion.request_id,
        "deletion {} is accepted", deletion.id
    );
    publish(api, &deletion, parts, once).await?;
    Ok(Destroyed {
        deletion: Box::new(deletion),
        scope,
    })
}

/// The ids in parts that each fit into an item.
fn parts(ids: &[RecordKey]) -> Vec<Vec<RecordKey>> {
    let mut parts: Vec<Vec<RecordKey>> = Vec::new();
    let mut bytes = 0;
    for id in ids {
        bytes += id.bytes();
        match parts.last_mut() {
            Some(part) if bytes <= PAGE_BYTES => part.push(id.clone()),
            _ => {
                bytes = id.bytes();
                parts.push(vec![id.clone()]);
            }
        }
    }
    parts
}

/// Sends the message; if that fails, undoes the acceptance if this is configured and no worker has begun.
async fn publish<P: ApiPorts>(
    api: &Api<P>,
    deletion: &Deletion,
    parts: u32,
    once: Option<&RequestKey>,
) -> Result<(), DestroyError> {
    let message = DeletionMessage::about(deletion);
    let Err(error) = api.ports.queue().send(&message, Duration::ZERO).await else {
        return Ok(());
    };
    warn!(deletion_id = %deletion.id, error = %chain(&error), "message of deletion {} was not sent", deletion.id);
    if api.on_publish_failure == OnPublishFailure::Outbox {
        return Ok(());
    }
    match undo(api, deletion, parts, once).await {
        Ok(UndoOutcome::Undone) => Err(DestroyError::TakenBack),
        Ok(UndoOutcome::Begun) => Ok(()),
        // It may be stored or removed: only an error promises nothing.
        Err(error) => {
            warn!(deletion_id = %deletion.id, error = %chain(&error), "deletion {} could not be taken back", deletion.id);
            Err(error.into())
        }
    }
}

/// If the answer is lost, the call is repeated, because an undone acceptance stays undone.
async fn undo<P: ApiPorts>(
    api: &Api<P>,
    deletion: &Deletion,
    parts: u32,
    once: Option<&RequestKey>,
) -> Result<UndoOutcome, DependencyError> {
    ask_again(Tries::of(api.ports.clock()), || {
        api.ports.deletions().undo_requested(deletion, parts, once)
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_cut_into_parts_that_fit_into_an_item_and_none_is_lost() {
        let long = |n: usize| RecordKey::stored(format!("{n:0>1024}"), Some(&"s".repeat(1024)));
        let ids: Vec<RecordKey> = (0..200).map(long).collect();

        let parts = parts(&ids);

        assert_eq!(parts.concat(), ids);
        assert!(parts.len() > 1);
        for part in &parts {
            let bytes: usize = part.iter().map(RecordKey::bytes).sum();
            assert!(!part.is_empty() && bytes <= PAGE_BYTES, "{bytes}");
        }
    }
}
