//! The strategy `flag`: records are marked in place, rows before documents; a restore removes the marks, a purge
//! removes the records that carry them.

use std::collections::{BTreeMap, BTreeSet};

use crate::kit::clear::{clear_documents, clear_rows};
use crate::kit::mark::{hide_documents, mark_rows};
use crate::kit::ours::is_root;
use crate::kit::parents::parents;
use crate::kit::purge_rows::purge_rows;
use crate::kit::recheck::{Again, Now, WRITTEN};
use crate::kit::records::Records;
use crate::kit::remove_documents::remove_documents;
use crate::kit::slice::Stop;
use crate::kit::unreadable::unreadable;
use crate::kit::work::Work;
use domain::change::Change;
use domain::collection::Collection;
use domain::deletion::Deletion;
use domain::page::{Exceptions, NotPurged, NotRestored, Outcome};
use domain::row::{Row, RowMark};
use jiff::Timestamp;
use ports::{ClearOutcome, EnginePorts, PurgeOutcome};

/// Marks records in both stores. The root's row was marked at acceptance: one without our mark is missing or recreated,
/// and stays as it is. Of records that were read again, rows that are marked are not marked once more, and what is not
/// the deletion's any more stays as it is.
pub(super) async fn take<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    records: &Records<'_>,
    again: Again<'_>,
) -> Result<BTreeMap<usize, Outcome>, Stop> {
    let mut found = BTreeMap::new();
    let (mut root, mut others) = (Vec::new(), Vec::new());
    for place in records.places.iter().copied() {
        match again.and_then(|again| again.at(place)) {
            Some(Now::Ours) => {}
            Some(Now::Others) => drop(found.insert(place, Outcome::AlreadyDeleted)),
            Some(Now::Written) => drop(found.insert(place, Outcome::failed(WRITTEN))),
            Some(Now::Unreadable(why)) => {
                found.insert(
                    place,
                    Outcome::Failed {
                        reason: unreadable(work, deletion, records.collection, why),
                    },
                );
            }
            Some(Now::Gone | Now::Another | Now::Elsewhere) => {
                found.insert(place, Outcome::Missing);
            }
            None if is_root(deletion, records.entry(place)) => root.push(place),
            None => others.push(place),
        }
    }
    found.extend(not_ours(work, deletion, &records.at(root)).await?);
    found.extend(mark_rows(work, deletion, &records.at(others)).await?);
    let marked = records.without(&found);
    found.extend(hide_documents(work, deletion, &marked).await?);
    Ok(found)
}

async fn not_ours<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    records: &Records<'_>,
) -> Result<BTreeMap<usize, Outcome>, Stop> {
    let rows = records.rows(work).await?;
    let is_ours = |row: &Row| row.mark(records.collection).is_of(deletion.id);
    let places = records.places.iter().copied().zip(rows);
    Ok(places
        .filter(|(_, row)| !row.as_ref().is_some_and(is_ours))
        .map(|(place, _)| (place, Outcome::Missing))
        .collect())
}

/// Removes the marks of those whose parent is there; returns those that are not back, and those whose TTL has passed.
pub(super) async fn give_back<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    records: &Records<'_>,
) -> Result<Exceptions, Stop> {
    let (collection, now) = (records.collection, work.now());
    let rows = records.rows(work).await?;
    let parents = parents(work, deletion, collection, rows.iter().flatten()).await?;
    let (mut not_back, mut expired) = (BTreeMap::new(), BTreeSet::new());
    let (mut ours, mut live) = (BTreeMap::new(), Vec::new());
    for (place, row) in records.places.iter().copied().zip(rows) {
        if row
            .as_ref()
            .is_some_and(|row| is_expired(collection, row, now))
        {
            expired.insert(place);
        }
        let reason = match row.as_ref().map(|row| row.mark(collection)) {
            None => ROW_MISSING,
            Some(RowMark::Absent | RowMark::Null | RowMark::Busy) => {
                live.push(place);
                continue;
            }
            Some(RowMark::By(Some(by))) if by == deletion.id => {
                let above = records.entry(place).above;
                if let Some(row) = row.filter(|row| parents.has(row, above)) {
                    ours.insert(place, row);
                    continue;
                }
                if deletion.root.is_some() {
                    "PARENT_MISSING: the parent's row is gone, or another record by now"
                } else {
                    "PARENT_NOT_LIVE: the record above it is gone or deleted, or another one by now"
                }
            }
            Some(RowMark::By(_) | RowMark::Unreadable) => MARKED_BY_ANOTHER,
        };
        not_back.insert(place, NotRestored::conflict(reason));
    }
    let at = records.at(ours.keys().copied().collect());
    for (place, outcome) in clear_rows(work, &at, deletion.id, &ours).await? {
        let reason = match outcome {
            ClearOutcome::Cleared | ClearOutcome::Live => continue,
            ClearOutcome::Otherwise(_) => {
                let reason = ROW_CHANGING.to_owned();
                not_back.insert(place, NotRestored::Failed { reason });
                continue;
            }
            ClearOutcome::MarkedByAnother => MARKED_BY_ANOTHER,
            ClearOutcome::Missing => ROW_MISSING,
        };
        not_back.insert(place, NotRestored::conflict(reason));
    }
    // Also if the row was live already: an earlier attempt may have stopped between row and document.
    let cleared = records.at(at.places.into_iter().chain(live).collect());
    let cleared = cleared.without(&not_back);
    not_back.extend(clear_documents(work, &cleared, deletion.id).await?);
    expired.retain(|place| !not_back.contains_key(place));
    Ok(Exceptions {
        restored: not_back,
        expired,
        ..Exceptions::default()
    })
}

/// Whether a row has, once it is live, a TTL that has passed.
fn is_expired(collection: &Collection, row: &Row, now: Timestamp) -> bool {
    let (mark, found) = (row.mark(collection), row.found(collection));
    Change::leaves_to_the_ttl(collection, mark, &found, now)
}

const ROW_MISSING: &str = "ROW_MISSING: the row is gone";
const ROW_CHANGING: &str = "ROW_CHANGING: somebody else keeps changing the row; restore again";
const MARKED_BY_ANOTHER: &str = "MARKED_BY_ANOTHER: another deletion's mark stays";

/// Removes what carries this deletion's mark: documents, then rows; `exceptions` gets those that stay.
pub(super) async fn forget<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    records: &Records<'_>,
    exceptions: &mut BTreeMap<usize, NotPurged>,
) -> Result<(), Stop> {
    let collection = records.collection;
    // Without a row, a document with another deletion's mark is explained by that deletion's archived row.
    let explained = |_, document: RowMark, row: Option<&Row>| match row {
        Some(row) => row.mark(collection).is_of(deletion.id),
        // Of a mark a pipeline may have copied less than all.
        None if collection.is_piped() && document == RowMark::By(None) => true,
        None => document.is_live() || document.is_of(deletion.id),
    };
    let (rows, failed) = remove_documents(work, records, &explained).await?;
    let failed = failed
        .into_iter()
        .map(|(place, reason)| (place, NotPurged::Failed { reason }));
    exceptions.extend(failed);
    let mut ours = Vec::new();
    for (place, row) in rows {
        match row {
            // Missing already: removed by an earlier attempt, or by another writer.
            None => {}
            Some(row) if !row.mark(collection).is_of(deletion.id) => {
                let kept = match row.unreadable_to(&deletion.tenant, collection) {
                    // What is above it stays with it.
                    Some(why) => NotPurged::Failed {
                        reason: unreadable(work, deletion, collection, why),
                    },
                    None => NotPurged::Kept,
                };
                exceptions.insert(place, kept);
            }
            Some(_) if exceptions.contains_key(&place) => {}
            Some(_) => ours.push(place),
        }
    }
    let ours = records.at(ours);
    for (place, outcome) in purge_rows(work, &ours, deletion).await? {
        match outcome {
            PurgeOutcome::Gone => {}
            PurgeOutcome::Kept => drop(exceptions.insert(place, NotPurged::Kept)),
        }
    }
    Ok(())
}
