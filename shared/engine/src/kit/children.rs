//! Which records have a live child: one that their deletion does not take, or could not take.
//!
//! With a record its key becomes free, and a live child that is left would be shown below the next record of that key. So
//! a record stays while one below it has failed.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;

use crate::kit::asked::{Asked, Said};
use crate::kit::records::Records;
use crate::kit::related;
use crate::kit::settle::together;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use domain::collection::{Collection, CollectionName};
use domain::deletion::Deletion;
use domain::key::RecordKey;
use domain::page::{Look, Position};
use domain::row::Row;
use domain::scope::Scope;
use ports::{EnginePorts, LOOKED_FOR_HELD, Related};

/// The first query for children reads few, the next ones many: one live child is enough.
const FEW: usize = 10;
const MANY: usize = 1000;

/// Why a record stays that nothing is wrong with.
const CHILD_FAILED: &str =
    "CHILD_FAILED: a record below it could not be removed; it stays until that one is gone";

/// How many queries for the children of one record are made at a time: whoever asks can remember how far that was.
const QUERIES: usize = 10;

/// The collections below these records in which a record has failed; `has_failed` says whether any has that the deletion
/// does not count yet.
fn failed_below<'e, P: EnginePorts>(
    work: Work<'e, P>,
    (deletion, scope): (&Deletion, &Scope),
    collection: &Collection,
    has_failed: bool,
) -> Result<Vec<&'e Collection>, Stop> {
    let mut children = Vec::new();
    for name in scope.children_of(&collection.name) {
        if has_failed || deletion.has_failed_in(name) {
            children.push(work.collection(name)?);
        }
    }
    Ok(children)
}

/// Whether these records may have to stay because one below them has failed: their children are asked for then.
pub(crate) fn may_be_held<P: EnginePorts>(
    work: Work<'_, P>,
    by: (&Deletion, &Scope),
    collection: &Collection,
    has_failed: bool,
) -> Result<bool, Stop> {
    failed_below(work, by, collection, has_failed).map(|below| !below.is_empty())
}

/// Those of these records that must stay because one below them has failed and is live, with the reason. `has_failed` says
/// whether any record has failed that the deletion does not count yet.
pub(crate) async fn held<P: EnginePorts>(
    work: Work<'_, P>,
    (deletion, scope): (&Deletion, &Scope),
    records: &Records<'_>,
    (has_failed, from): (bool, &Look),
) -> Result<Asked<&'static str>, Stop> {
    let children = failed_below(work, (deletion, scope), records.collection, has_failed)?;
    if children.is_empty() {
        return Ok(Asked::default());
    }
    let from = if from.is_for_failed {
        from.clone()
    } else {
        Look {
            is_for_failed: true,
            ..Look::default()
        }
    };
    let found = with_live_children(work, deletion, records, &children, &from).await?;
    Ok(Asked {
        kept: found
            .kept
            .into_keys()
            .map(|place| (place, CHILD_FAILED))
            .collect(),
        unfinished: found.unfinished,
    })
}

/// Those of these records that have a live child in one of these collections, each with the first such collection. The
/// look at the first of them continues where it says.
pub(crate) async fn with_live_children<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    records: &Records<'_>,
    children: &[&Collection],
    from: &Look,
) -> Result<Asked<CollectionName>, Stop> {
    let failed = AtomicBool::new(false);
    let slice = work.slice.unless(&failed);
    let work = Work::new(work.engine, &slice);
    let asked = records.places.iter().map(|place| {
        let parent = &records.entry(*place).key;
        Box::pin(live_child(work, deletion, children, parent, from))
    });
    let said = together(&failed, asked.collect()).await?;
    let mut asked = Asked::default();
    asked.go_on(records.places.iter().copied().zip(said));
    Ok(asked)
}

/// Whether one of the children of a record is live, or may be: nobody can say of an unreadable one.
async fn live_child<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    collections: &[&Collection],
    parent: &RecordKey,
    from: &Look,
) -> Result<Said<CollectionName>, Stop> {
    let mut after = from.after.clone();
    let mut queries = 0;
    for (of, child) in collections.iter().enumerate().skip(from.of) {
        let Some(children) = Related::children(child, parent) else {
            continue;
        };
        let is_live = |row: &Row| row.may_be_live(&deletion.tenant, child);
        loop {
            if queries == QUERIES {
                let is_for_failed = from.is_for_failed;
                return Ok(Said::More(Look {
                    of,
                    after,
                    is_for_failed,
                }));
            }
            queries += 1;
            let limit = if after.is_none() { FEW } else { MANY };
            let found = related::page(work, &children, after.as_ref(), limit).await?;
            if found.rows.iter().any(is_live) {
                return Ok(Said::Kept(child.name.clone()));
            }
            after = found.next;
            if after.is_none() {
                break;
            }
        }
    }
    Ok(Said::Free)
}

/// Those of these records that have a child which is held back, among the first ones of each, by place, each with the first
/// such collection. So few are looked at that it need not be remembered how far that is.
pub(crate) async fn with_held_children<P: EnginePorts>(
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
                if has_held(work, deletion, child, parent).await? {
                    return Ok(Some((*place, child.name.clone())));
                }
            }
            Ok(None)
        })
    });
    let found = together(&failed, asked.collect()).await?;
    Ok(found.into_iter().flatten().collect())
}

/// Whether one of the first children of a record is held back, or may be: nobody can say of an unreadable one.
async fn has_held<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    child: &Collection,
    parent: &RecordKey,
) -> Result<bool, Stop> {
    let Some(children) = Related::children(child, parent) else {
        return Ok(false);
    };
    let mut left = LOOKED_FOR_HELD;
    let mut after: Option<Position> = None;
    loop {
        let limit = if after.is_none() { FEW } else { MANY }.min(left);
        let found = related::page(work, &children, after.as_ref(), limit).await?;
        let mut rows = found.rows.iter();
        if rows.any(|row| row.may_be_held(&deletion.tenant, child)) {
            return Ok(true);
        }
        after = found.next;
        // A query ends before its limit where rows are large.
        left = left.saturating_sub(found.rows.len().max(FEW));
        if after.is_none() || left == 0 {
            return Ok(false);
        }
    }
}
