//! A record without a row is deleted: all that is below it, in one deletion.

use super::request::{DestroyError, DestroyRequest, Requested};
use super::{Destroyed, destroy, earlier};
use crate::api::Api;
use crate::hidden::Hidden;
use crate::live_children::{Look, budget, held_child, look};
use crate::liveness::is_shown;
use crate::once::Earlier;
use domain::collection::{Collection, Missing};
use domain::key::RecordKey;
use domain::narrowing::Narrowing;
use domain::permission::{Action, Right, right};
use domain::principal::Principal;
use domain::request_key::RequestKey;
use domain::row::Row;
use ports::{ApiPorts, Clock, DependencyError};

/// A record without a row, as a caller deletes it.
#[derive(Debug)]
pub struct WholeRequest<'a> {
    /// The requester.
    pub principal: &'a Principal,
    /// Its collection, which has no rows.
    pub collection: &'a Collection,
    /// Its key.
    pub key: RecordKey,
    /// The request's id, for logs and the message.
    pub request_id: String,
    /// What makes it the same as an earlier request.
    pub once: Option<RequestKey>,
}

/// What came of it.
#[derive(Debug)]
pub enum WholeAnswer {
    /// It is accepted.
    Scheduled(Destroyed),
    /// The same request was accepted before.
    Again(Earlier),
    /// Nothing below it is live.
    AlreadyDeleted,
    /// The same, where the collection says that it is an error.
    NotFound,
}

/// Accepts the deletion of all that is below a record without a row.
///
/// # Errors
///
/// Those of a delete of many records.
pub async fn delete_whole<P: ApiPorts>(
    api: &Api<P>,
    asked: WholeRequest<'_>,
) -> Result<WholeAnswer, DestroyError> {
    let WholeRequest {
        principal,
        collection,
        key,
        request_id,
        once,
    } = asked;
    if right(principal, collection, Action::Delete) != Right::Always {
        return Err(DestroyError::Forbidden);
    }
    let below: Vec<&Collection> = api.collections.children_of(&collection.name).collect();
    let Some((first, beside)) = below.split_first() else {
        return Ok(nothing(collection));
    };
    let request = DestroyRequest {
        principal,
        collection: first,
        named: Requested::Matching {
            beside: beside.to_vec(),
        },
        whole: Some(collection),
        parent: Some(key.clone()),
        filters: Narrowing::default(),
        as_of: None,
        expected_count: None,
        request_id,
        once,
    };
    match earlier(api, &request).await? {
        Earlier::None => {}
        found => return Ok(WholeAnswer::Again(found)),
    }
    if !collection.may_be_of(&key, &principal.tenant)
        || !has_live(api, principal, &below, &key).await?
    {
        return Ok(nothing(collection));
    }
    if let Some(child) = held_child(api, &principal.tenant, &below, &key).await? {
        return Err(DestroyError::Held(child));
    }
    destroy(api, request).await.map(WholeAnswer::Scheduled)
}

fn nothing(collection: &Collection) -> WholeAnswer {
    match collection.missing {
        Missing::AlreadyDeleted => WholeAnswer::AlreadyDeleted,
        Missing::NotFound => WholeAnswer::NotFound,
    }
}

/// Whether a record below this one is live, or may be: there are more rows than can be looked through.
async fn has_live<P: ApiPorts>(
    api: &Api<P>,
    principal: &Principal,
    below: &[&Collection],
    key: &RecordKey,
) -> Result<bool, DependencyError> {
    let (tenant, now) = (&principal.tenant, api.ports.clock().now());
    let mut budget = budget(api);
    for child in below {
        let hidden = Hidden::of(api, tenant, child).await?;
        // What says that it is of later is not taken.
        let is_taken = |row: &Row| {
            let is_unreadable = row.unreadable_to(tenant, child).is_some();
            let is_later = row.is_written_after(child, now);
            is_unreadable || (is_shown(&hidden, child, row) && !is_later)
        };
        if look(api, child, key, &mut budget, is_taken).await? != Look::Nothing {
            return Ok(true);
        }
    }
    Ok(false)
}
