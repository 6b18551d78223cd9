//! The strategy `flag`: records are marked in place.

use std::collections::BTreeMap;

use crate::domain::collection::Collection;
use crate::domain::deletion::Deletion;
use crate::domain::key::RecordKey;
use crate::domain::page::{Entry, Exceptions, NotRestored, Outcome, Page};
use crate::domain::row::RowMark;
use crate::engine::kit::clear::{clear_documents, clear_rows, conflict};
use crate::engine::kit::mark::{mark_documents, mark_rows};
use crate::engine::kit::parents::{has_parent, parents};
use crate::engine::kit::records::{by_collection, open_of, read_rows};
use crate::engine::kit::slice::Stop;
use crate::engine::kit::work::Work;
use crate::ports::{EnginePorts, Fields};

/// Marks records in both stores, all of them or only those at these places: truth before copy.
pub(crate) async fn mark_entries<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    entries: &[Entry],
    only: Option<&[usize]>,
) -> Result<Exceptions, Stop> {
    let mark = deletion.mark();
    let mut exceptions = Exceptions::default();
    for (collection, places) in by_collection(work.collections(), entries)? {
        let open = open_of(entries, places, only);
        exceptions
            .deleted
            .extend(mark_rows(work, collection, &mark, entries, &open).await?);
        let marked: Vec<usize> = open
            .into_iter()
            .filter(|place| !exceptions.deleted.contains_key(place))
            .collect();
        exceptions
            .deleted
            .extend(mark_documents(work, collection, &mark, entries, &marked).await?);
    }
    Ok(exceptions)
}

/// The root was marked at acceptance. One without our mark is gone or new, and stays as it is.
pub(crate) async fn root<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    collection: &Collection,
    page: &Page,
) -> Result<BTreeMap<usize, Outcome>, Stop> {
    let keys: Vec<_> = page.entries.iter().map(|entry| entry.key.clone()).collect();
    let rows = read_rows(work, collection, &keys, Fields::Judged).await?;
    let not_ours = |(_, row): &(usize, Option<crate::domain::row::Row>)| {
        row.as_ref()
            .is_none_or(|row| !row.mark(collection).is_of(deletion.id))
    };
    Ok(rows
        .into_iter()
        .enumerate()
        .filter(not_ours)
        .map(|(place, _)| (place, Outcome::Missing))
        .collect())
}

/// Brings records of one collection back, those with a parent to hang below; answers what is not back.
pub(crate) async fn restore<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    collection: &Collection,
    entries: &[Entry],
    places: &[usize],
) -> Result<BTreeMap<usize, NotRestored>, Stop> {
    let keys: Vec<RecordKey> = places
        .iter()
        .map(|place| entries[*place].key.clone())
        .collect();
    let rows = read_rows(work, collection, &keys, Fields::Judged).await?;
    let parents = parents(work, deletion, collection, &rows).await?;
    let mut exceptions = BTreeMap::new();
    let mut ours = Vec::new();
    let mut live = Vec::new();
    for (place, row) in places.iter().copied().zip(rows) {
        let Some(row) = row else {
            exceptions.insert(place, conflict("ROW_MISSING: the row is gone"));
            continue;
        };
        match row.mark(collection) {
            RowMark::Absent | RowMark::Null => live.push(place),
            RowMark::By(Some(by)) if by == deletion.id => {
                if has_parent(collection, &row, &parents) {
                    ours.push(place);
                } else {
                    let reason = if deletion.root.is_some() {
                        "PARENT_MISSING: the parent's row is gone"
                    } else {
                        "PARENT_NOT_LIVE: the record above it is gone or deleted"
                    };
                    exceptions.insert(place, conflict(reason));
                }
            }
            RowMark::By(_) => {
                exceptions.insert(
                    place,
                    conflict("MARKED_BY_ANOTHER: another deletion's mark stays"),
                );
            }
        }
    }
    exceptions.extend(clear_rows(work, deletion, collection, entries, &ours).await?);
    // Also where the row was live already: an earlier attempt may have stopped between row and document.
    let cleared: Vec<usize> = ours
        .into_iter()
        .chain(live)
        .filter(|place| !exceptions.contains_key(place))
        .collect();
    exceptions.extend(clear_documents(work, deletion, collection, entries, &cleared).await?);
    Ok(exceptions)
}
