//! Which parents are there, and which records are children of them.

use std::collections::{BTreeSet, HashSet};

use crate::kit::archived_parents;
use crate::kit::records::Records;
use crate::kit::rows::read_rows;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use domain::collection::{Collection, CollectionName};
use domain::deletion::Deletion;
use domain::key::RecordKey;
use domain::page::Entry;
use domain::row::Row;
use ports::{EnginePorts, Fields};

/// Those of these rows whose parent is missing or marked. Children of a parent that is there and live belong to it,
/// even if the manifest has its key: it was recreated. `taken` are records without a mark that are about to get one.
pub(crate) async fn without_live_parent<P: EnginePorts>(
    work: Work<'_, P>,
    collection: &Collection,
    mut rows: Vec<Row>,
    taken: &HashSet<(CollectionName, RecordKey)>,
) -> Result<Vec<Row>, Stop> {
    let Some(parent) = work.collections().parent_of(collection) else {
        return Ok(rows);
    };
    let named: HashSet<RecordKey> = rows
        .iter()
        .filter_map(|row| row.parent_key(collection))
        .collect();
    let named: Vec<RecordKey> = named.into_iter().collect();
    let read = read_rows(work, parent, &named, Fields::Judged).await?;
    let live: HashSet<RecordKey> = named
        .into_iter()
        .zip(read)
        .filter(|(_, row)| row.as_ref().is_some_and(|row| row.mark(parent).is_live()))
        .map(|(key, _)| key)
        .filter(|key| !taken.contains(&(parent.name.clone(), key.clone())))
        .collect();
    rows.retain(|row| {
        row.parent_key(collection)
            .is_none_or(|key| !live.contains(&key))
    });
    Ok(rows)
}

/// The places of the records whose parent is a record of this deletion, or is missing. The parents are read after their
/// children: one that is there and not ours has been recreated, and so have they.
pub(crate) async fn below_ours<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    entries: &[Entry],
) -> Result<Vec<usize>, Stop> {
    let mut ours = Vec::new();
    for records in Records::by_collection(work.collections(), entries)? {
        let collection = records.collection;
        let Some(parent) = work.collections().parent_of(collection) else {
            continue;
        };
        let rows = records.rows(work).await?;
        let above: Vec<_> = rows
            .iter()
            .map(|row| row.as_ref()?.parent_key(collection))
            .collect();
        let named: BTreeSet<_> = above.iter().flatten().cloned().collect();
        let named: Vec<_> = named.into_iter().collect();
        let read = read_rows(work, parent, &named, Fields::Judged).await?;
        let new: HashSet<_> = named
            .into_iter()
            .zip(read)
            .filter(|(_, row)| {
                row.as_ref()
                    .is_some_and(|row| !row.mark(parent).is_of(deletion.id))
            })
            .map(|(key, _)| key)
            .collect();
        ours.extend(
            records
                .places
                .into_iter()
                .zip(above)
                .filter(|(_, above)| above.as_ref().is_some_and(|key| !new.contains(key)))
                .map(|(place, _)| place),
        );
    }
    Ok(ours)
}

/// The keys of those parents that are there, among those that these rows reference. Where no root hides what comes
/// back, a parent that another deletion has marked counts as missing.
pub(crate) async fn parents<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    collection: &Collection,
    rows: &[Option<Row>],
) -> Result<HashSet<RecordKey>, Stop> {
    let Some(parent) = work.collections().parent_of(collection) else {
        return Ok(HashSet::new());
    };
    let named = parent_keys(collection, rows.iter().flatten());
    if deletion.strategy.keeps_copies() {
        return Box::pin(archived_parents::parents(work, deletion, parent, named)).await;
    }
    let found = read_rows(work, parent, &named, Fields::Judged).await?;
    Ok(named
        .into_iter()
        .zip(found)
        .filter(|(_, row)| {
            row.as_ref().is_some_and(|row| {
                let mark = row.mark(parent);
                let is_ours = mark.is_live() || mark.is_of(deletion.id);
                row.is_of(&deletion.tenant, parent) && (deletion.is_hidden_by_its_root() || is_ours)
            })
        })
        .map(|(key, _)| key)
        .collect())
}

/// The keys of the parents that these rows reference, each once.
pub(crate) fn parent_keys<'a>(
    collection: &Collection,
    rows: impl Iterator<Item = &'a Row>,
) -> Vec<RecordKey> {
    let keys = rows.filter_map(|row| row.parent_key(collection));
    let mut named: Vec<RecordKey> = keys.collect::<HashSet<_>>().into_iter().collect();
    named.sort();
    named
}

/// Whether the row's parent is there, or the row needs none.
pub(crate) fn has_parent(collection: &Collection, row: &Row, parents: &HashSet<RecordKey>) -> bool {
    match (&collection.parent, row.parent_key(collection)) {
        (None, _) => true,
        (Some(link), None) => !link.required,
        (Some(_), Some(key)) => parents.contains(&key),
    }
}
