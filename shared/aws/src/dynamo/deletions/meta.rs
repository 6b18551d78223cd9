//! The item `META`: one attribute for each field of a deletion.
//!
//! Attributes are native, so that the item can be read in the console and by the indexes. Times are milliseconds of the
//! epoch; only `expires_at` is in seconds, because DynamoDB's TTL requires it. A field that is added has a default, or
//! `first.rs` says what its value is in an item without it.

mod first;
mod malformed;

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use self::malformed::malformed;
use super::{Item, ItemError, check_version, keys};
use domain::collection::{CollectionName, Strategy};
use domain::deletion::{
    Action, Comparison, DeleteCounts, Deletion, DeletionId, Failure, LastAction, Lease, Notified,
    PurgeCounts, RestoreCounts, State,
};
use domain::key::RecordKey;
use domain::page::SelectCursor;
use domain::principal::Tenant;

#[derive(Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "one for each of a deletion's that is one"
)]
struct Meta {
    pk: String,
    sk: String,
    v: u32,
    // The index `by_tenant`.
    tenant: Tenant,
    deletion_id: DeletionId,
    collection: CollectionName,
    requested_by: String,
    // The index `due`: absent when nothing is to be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    due_shard: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    due_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    root: Option<RecordKey>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    names: Vec<CollectionName>,
    strategy: Strategy,
    restorable: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    adopts: bool,
    request_id: String,
    deleted_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    purge_at: Option<i64>,
    state: State,
    revision: u64,
    epoch: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    lease: Option<LeaseItem>,
    run: u32,
    pages: u32,
    chain: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    selected: Option<u32>,
    #[serde(default, skip_serializing_if = "is_zero")]
    late: u32,
    #[serde(default, skip_serializing_if = "is_zero")]
    behind: u32,
    #[serde(default, skip_serializing_if = "is_zero")]
    tops: u32,
    acted: u32,
    cursor: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    purged_late: Option<u32>,
    /// JSON: only our own code reads it, and it contains a position of another store.
    #[serde(skip_serializing_if = "Option::is_none")]
    look: Option<String>,
    looked: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    links: Option<SelectCursor>,
    deleted: BTreeMap<CollectionName, DeleteCounts>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    restored: BTreeMap<CollectionName, RestoreCounts>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    root_restored: bool,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    purged: BTreeMap<CollectionName, PurgeCounts>,
    notified: Notified,
    attempts: u32,
    resends: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<Failure>,
    progress_at: i64,
    #[serde(default, skip_serializing_if = "Comparison::is_none")]
    comparison: Comparison,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_action: Option<LastActionItem>,
}

#[derive(Serialize, Deserialize)]
struct LastActionItem {
    action: String,
    by: String,
    at: i64,
}

#[derive(Serialize, Deserialize)]
struct LeaseItem {
    until: i64,
    holder: Uuid,
}

/// The item of a deletion.
pub(super) fn write(deletion: &Deletion) -> Result<Item, ItemError> {
    let look = deletion
        .late_cursor
        .as_ref()
        .map(serde_json::to_string)
        .transpose()
        .map_err(malformed)?;
    let millis = |at: Option<Timestamp>| at.map(Timestamp::as_millisecond);
    let meta = Meta {
        pk: keys::pk_of(deletion),
        sk: keys::META.to_owned(),
        v: deletion.version(),
        tenant: deletion.tenant.clone(),
        deletion_id: deletion.id,
        collection: deletion.collection.clone(),
        requested_by: deletion.requested_by.clone(),
        due_shard: deletion
            .due_at
            .map(|_| keys::due_shard(deletion.due_kind(), deletion.id)),
        due_at: millis(deletion.due_at),
        expires_at: deletion.expires_at.map(Timestamp::as_second),
        root: deletion.root.clone(),
        names: deletion.names.clone(),
        strategy: deletion.strategy,
        restorable: deletion.restorable,
        adopts: deletion.adopts,
        request_id: deletion.request_id.clone(),
        deleted_at: deletion.deleted_at.as_millisecond(),
        purge_at: millis(deletion.purge_at),
        state: deletion.state,
        revision: deletion.revision,
        epoch: deletion.epoch,
        lease: deletion.lease.as_ref().map(|lease| LeaseItem {
            until: lease.until.as_millisecond(),
            holder: lease.holder,
        }),
        run: deletion.run,
        pages: deletion.pages,
        chain: deletion.chain.clone(),
        selected: deletion.selected,
        late: deletion.late,
        behind: deletion.behind,
        tops: deletion.tops,
        acted: deletion.acted,
        cursor: deletion.cursor,
        purged_late: deletion.purged_late,
        look,
        looked: deletion.late_done,
        links: deletion.links.clone(),
        deleted: deletion.deleted.clone(),
        restored: deletion.restored.clone(),
        root_restored: deletion.root_restored,
        purged: deletion.purged.clone(),
        notified: deletion.notified.clone(),
        attempts: deletion.attempts,
        resends: deletion.resends,
        failure: deletion.failure.clone(),
        progress_at: deletion.progress_at.as_millisecond(),
        comparison: deletion.comparison.clone(),
        ended_at: millis(deletion.ended_at),
        last_action: deletion.last_action.as_ref().map(|last| LastActionItem {
            action: last.action.as_str().to_owned(),
            by: last.by.clone(),
            at: last.at.as_millisecond(),
        }),
    };
    let mut item = serde_dynamo::to_item(meta).map_err(malformed)?;
    leave_zeros_out(&mut item);
    Ok(item)
}

/// Most counts are 0 and need not be stored: the item is written at each checkpoint, and should cost one write unit.
fn leave_zeros_out(item: &mut Item) {
    let zero = AttributeValue::N("0".to_owned());
    for name in ["deleted", "restored", "purged"] {
        let Some(AttributeValue::M(collections)) = item.get_mut(name) else {
            continue;
        };
        for counts in collections.values_mut() {
            if let AttributeValue::M(counts) = counts {
                counts.retain(|_, count| *count != zero);
            }
        }
    }
}

/// The deletion of an item.
pub(super) fn read(item: Item) -> Result<Deletion, ItemError> {
    check_version(&item)?;
    let meta: Meta = serde_dynamo::from_item(first::completed(item)?).map_err(malformed)?;
    let look = meta
        .look
        .map(|look| serde_json::from_str::<SelectCursor>(&look))
        .transpose()
        .map_err(malformed)?;
    let lease = meta
        .lease
        .map(|lease| {
            Ok(Lease {
                until: at(lease.until)?,
                holder: lease.holder,
            })
        })
        .transpose()?;
    Ok(Deletion {
        id: meta.deletion_id,
        tenant: meta.tenant,
        collection: meta.collection,
        root: meta.root,
        names: meta.names,
        strategy: meta.strategy,
        restorable: meta.restorable,
        adopts: meta.adopts,
        requested_by: meta.requested_by,
        request_id: meta.request_id,
        deleted_at: at(meta.deleted_at)?,
        purge_at: meta.purge_at.map(at).transpose()?,
        state: meta.state,
        revision: meta.revision,
        epoch: meta.epoch,
        lease,
        run: meta.run,
        pages: meta.pages,
        chain: meta.chain,
        selected: meta.selected,
        late: meta.late,
        behind: meta.behind,
        tops: meta.tops,
        acted: meta.acted,
        cursor: meta.cursor,
        purged_late: meta.purged_late,
        late_cursor: look,
        late_done: meta.looked,
        links: meta.links,
        deleted: meta.deleted,
        restored: meta.restored,
        root_restored: meta.root_restored,
        purged: meta.purged,
        notified: meta.notified,
        attempts: meta.attempts,
        resends: meta.resends,
        failure: meta.failure,
        progress_at: at(meta.progress_at)?,
        comparison: meta.comparison,
        ended_at: meta.ended_at.map(at).transpose()?,
        last_action: meta.last_action.map(last_action).transpose()?.flatten(),
        due_at: meta.due_at.map(at).transpose()?,
        expires_at: meta
            .expires_at
            .map(Timestamp::from_second)
            .transpose()
            .map_err(malformed)?,
    })
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// An action that this build does not know, of a later one, is not shown.
fn last_action(last: LastActionItem) -> Result<Option<LastAction>, ItemError> {
    let asked_at = at(last.at)?;
    let known = Action::ALL
        .into_iter()
        .find(|action| action.as_str() == last.action);
    Ok(known.map(|action| LastAction {
        action,
        by: last.by,
        at: asked_at,
    }))
}

fn at(millisecond: i64) -> Result<Timestamp, ItemError> {
    Timestamp::from_millisecond(millisecond).map_err(malformed)
}

#[cfg(test)]
mod tests;
