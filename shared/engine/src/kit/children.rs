//! Which records have a live child: one that their deletion does not take, or could not take.
//!
//! With a record its key becomes free, and a live child that is left would be shown below the next record of that key. So
//! a record stays while one below it has failed.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;

use crate::kit::records::Records;
use crate::kit::related;
use crate::kit::settle::together;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use domain::collection::{Collection, CollectionName};
use domain::deletion::Deletion;
use domain::key::RecordKey;
use domain::page::Position;
use domain::row::Row;
use domain::scope::Scope;
use ports::{EnginePorts, Related};

/// The first query for children reads few, the next ones many: one live child is enough.
const FEW: usize = 10;
const MANY: usize = 1000;

/// Why a record stays that nothing is wrong with.
const CHILD_FAILED: &str =
    "CHILD_FAILED: a record below it could not be removed; it stays until that one is gone";

/// Those of these records that must stay because one below them has failed and is live, by place, with the reason.
/// `has_failed` says whether any record has failed that the deletion does not count yet.
pub(crate) async fn held<P: EnginePorts>(
    work: Work<'_, P>,
    (deletion, scope): (&Deletion, &Scope),
    records: &Records<'_>,
    has_failed: bool,
) -> Result<BTreeMap<usize, &'static str>, Stop> {
    let mut children = Vec::new();
    for name in scope.children_of(&records.collection.name) {
        if has_failed || deletion.has_failed_in(name) {
            children.push(work.collection(name)?);
        }
    }
    if children.is_empty() {
        return Ok(BTreeMap::new());
    }
    let found = with_live_children(work, deletion, records, &children).await?;
    Ok(found
        .into_keys()
        .map(|place| (place, CHILD_FAILED))
        .collect())
}

/// Those of these records that have a live child in one of these collections, by place, each with the first such
/// collection.
pub(crate) async fn with_live_children<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    records: &Records<'_>,
    children: &[&Collection],
) -> Result<BTreeMap<usize, CollectionName>, Stop> {
    let failed = AtomicBool::new(false);
    let slice = work.slice.unless(&failed);
    let work = Work::new(work.engine, &slice);
    let asked = records.places.iter().map(|place| {
        let parent = &records.entry(*place).key;
        Box::pin(async move {
            for child in children {
                if has_live(work, deletion, child, parent).await? {
                    return Ok(Some((*place, child.name.clone())));
                }
            }
            Ok(None)
        })
    });
    let found = together(&failed, asked.collect()).await?;
    Ok(found.into_iter().flatten().collect())
}

/// Whether one of the children of a record is live, or may be: nobody can say of an unreadable one.
async fn has_live<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    child: &Collection,
    parent: &RecordKey,
) -> Result<bool, Stop> {
    let Some(children) = Related::children(child, parent) else {
        return Ok(false);
    };
    let is_live = |row: &Row| row.may_be_live(&deletion.tenant, child);
    let mut after: Option<Position> = None;
    loop {
        let limit = if after.is_none() { FEW } else { MANY };
        let found = related::page(work, &children, after.as_ref(), limit).await?;
        if found.rows.iter().any(is_live) {
            return Ok(true);
        }
        after = found.next;
        if after.is_none() {
            return Ok(false);
        }
    }
}
