//! Accepts a delete of many records: by id, or of all that an author wrote. There is no root to mark: the intent is
//! stored, and the records are judged and marked page by page.
//!
//! Which records the caller may delete is decided here for the deletion's whole life: the right is written into the
//! scope as conditions on rows, so that records that are judged later are judged by the right that the caller had.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use tracing::{info, warn};

use crate::api::Api;
use crate::ask_again::{Tries, ask_again};
use crate::once::{self, Earlier, OnceError};
use domain::collection::{Collection, CollectionName, Collections};
use domain::deletion::{Accepted, Deletion};
use domain::key::RecordKey;
use domain::message::{DeletionMessage, OnPublishFailure};
use domain::only::Only;
use domain::page::PAGE_BYTES;
use domain::permission::{Action, Right, right};
use domain::principal::Principal;
use domain::request_key::RequestKey;
use domain::scope::{Scope, Source};
use domain::time::{later, to_millisecond};
use ports::{
    AcceptDeletions, ApiPorts, Clock, DependencyError, Ids, RequestedOutcome, SendDeletion,
    UndoOutcome,
};
use telemetry::chain;

/// The most ids of one request.
pub const MOST_IDS: usize = 1000;

/// A delete of many records and all below them.
#[derive(Debug)]
pub struct DestroyRequest<'a> {
    /// The requester.
    pub principal: &'a Principal,
    /// The collection of the request.
    pub collection: &'a Collection,
    /// What is to be deleted.
    pub named: Requested<'a>,
    /// Only what is below this record.
    pub parent: Option<RecordKey>,
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
}

/// What was accepted.
#[derive(Debug, Clone, PartialEq)]
pub struct Destroyed {
    /// The deletion.
    pub deletion: Box<Deletion>,
    /// What it covers.
    pub scope: Scope,
}

/// Why it was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum DestroyError {
    /// The caller may not delete these records.
    #[error("not allowed to delete these records")]
    Forbidden,
    /// A collection cannot be requested like this, or not together with the others.
    #[error("`{collection}` {why}")]
    Unsupported {
        /// The collection.
        collection: CollectionName,
        /// The reason.
        why: Unsupported,
    },
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
    let may = |action| right(request.principal, request.collection, action) != Right::Never;
    if !may(Action::Delete) && !may(Action::DestroyAll) {
        return Err(DestroyError::Forbidden);
    }
    once::earlier(api, request.principal, request.once.as_ref()).await
}

/// Accepts a delete of many records. Nothing is read: whether a record exists is judged later, and shown by the
/// deletion's records.
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
        Requested::Author { .. } => Vec::new(),
    };
    let parts = u32::try_from(ids.len()).unwrap_or(u32::MAX);
    let scope = scope(&api.collections, &request, parts, now)?;
    let asked = Accepted {
        id: clock.deletion(now),
        tenant: request.principal.tenant.clone(),
        requested_by: request.principal.subject.clone(),
        request_id: request.request_id,
        collection: request.collection,
        first: None,
        names: scope.names(&request.collection.name),
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

/// Everything that is covered, and by which right.
fn scope(
    collections: &Collections,
    request: &DestroyRequest<'_>,
    parts: u32,
    now: Timestamp,
) -> Result<Scope, DestroyError> {
    let named: Vec<&Collection> = match &request.named {
        Requested::Ids { .. } => vec![request.collection],
        Requested::Author { beside, .. } => [request.collection]
            .into_iter()
            .chain(beside.iter().copied())
            .collect(),
    };
    let mut only = BTreeMap::new();
    for collection in &named {
        let conditions = conditions(request, collection, now)?;
        if !conditions.is_empty() {
            only.insert(collection.name.clone(), conditions);
        }
    }
    together(collections, request, &named)?;
    let source = match &request.named {
        Requested::Ids { ids, .. } => Source::Ids {
            parts,
            count: ids.len(),
        },
        Requested::Author { author, .. } => Source::Author {
            author: author.clone(),
            collections: named.iter().map(|one| one.name.clone()).collect(),
        },
    };
    let begins_in = named.iter().map(|collection| &collection.name);
    let mut scope = Scope::of(source, begins_in.clone(), collections).asked_by(
        request.principal,
        begins_in,
        collections,
    );
    scope.only = only;
    Ok(scope)
}

/// What the caller may delete of a collection, and what was requested, as conditions on its rows. Permission is decided
/// before anything else is revealed.
fn conditions(
    request: &DestroyRequest<'_>,
    collection: &Collection,
    now: Timestamp,
) -> Result<Only, DestroyError> {
    let principal = request.principal;
    let own = || match right(principal, collection, Action::Delete) {
        Right::Always => Some(Only::default()),
        Right::OwnOnly => Some(own_records(principal, collection, now)),
        Right::Never => None,
    };
    let (author, mut only) = match &request.named {
        Requested::Ids { author, .. } => (author.as_ref(), own()),
        Requested::Author { author, .. } => {
            let right = match right(principal, collection, Action::DestroyAll) {
                Right::Always => Some(Only::default()),
                // Callers who may delete their own records one by one may delete them all at once.
                Right::OwnOnly | Right::Never if *author == principal.subject => own(),
                Right::OwnOnly | Right::Never => None,
            };
            (Some(author), right)
        }
    };
    let only = only.as_mut().ok_or(DestroyError::Forbidden)?;
    if let Some(author) = author {
        if only.author.as_ref().is_some_and(|own| own != author) {
            return Err(DestroyError::Forbidden);
        }
        only.author = Some(author.clone());
    }
    if matches!(request.named, Requested::Author { .. }) {
        // Records that are written after the request are not covered.
        only.until = Some(only.until.map_or(now, |until| until.min(now)));
    }
    only.parent.clone_from(&request.parent);
    Ok(std::mem::take(only))
}

fn own_records(principal: &Principal, collection: &Collection, now: Timestamp) -> Only {
    let within = collection.permissions.author_within;
    Only {
        author: Some(principal.subject.clone()),
        from: within.map(|limit| now.checked_sub(limit).unwrap_or(Timestamp::MIN)),
        until: within.map(|limit| later(now, limit)),
        parent: None,
    }
}

/// Whether these collections can be requested like this, in one deletion.
fn together(
    collections: &Collections,
    request: &DestroyRequest<'_>,
    named: &[&Collection],
) -> Result<(), DestroyError> {
    let asked = request.collection;
    for collection in named {
        let author = collection.author.as_ref();
        let above = |other: &&&Collection| is_below(collections, collection, other);
        let parent = |of: &Collection| of.parent.as_ref().map(|parent| parent.collection.clone());
        let is_same = collection.strategy == asked.strategy
            && collection.retention == asked.retention
            && collection.restorable == asked.restorable
            && (request.parent.is_none() || parent(collection) == parent(asked));
        let why = match &request.named {
            _ if request.parent.is_some() && asked.parent.is_none() => Unsupported::NoParent,
            Requested::Ids {
                author: Some(_), ..
            } if author.is_none() => Unsupported::NoAuthor,
            Requested::Author { .. } if author.and_then(|by| by.gsi.as_ref()).is_none() => {
                Unsupported::NoAuthorIndex
            }
            _ if !is_same => Unsupported::Different,
            _ if named.iter().find(above).is_some() => Unsupported::Nested,
            _ => continue,
        };
        return Err(DestroyError::Unsupported {
            collection: collection.name.clone(),
            why,
        });
    }
    Ok(())
}

fn is_below(collections: &Collections, collection: &Collection, other: &Collection) -> bool {
    let mut above = collections.parent_of(collection);
    while let Some(parent) = above {
        if parent.name == other.name {
            return true;
        }
        above = collections.parent_of(parent);
    }
    false
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
