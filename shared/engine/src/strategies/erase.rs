//! How a page is erased: documents before rows, as in a purge: a document is removed while its row still explains it.
//!
//! There is no mark to tell what is the deletion's, so a page is read again first. On one that another worker may have
//! begun, a row that is missing, or another record's by now, was erased by that worker, or removed by another writer
//! before. Either way the record is gone, so the counts of a worker that was killed are those of one that was not.

use std::collections::BTreeMap;

use crate::kit::ours::{is_root, obstacle};
use crate::kit::recheck::{Again, Now, WRITTEN, may_be_begun};
use crate::kit::records::Records;
use crate::kit::remove_documents::remove_documents;
use crate::kit::slice::Stop;
use crate::kit::unreadable::unreadable;
use crate::kit::work::Work;
use domain::collection::Collection;
use domain::deletion::Deletion;
use domain::page::Outcome;
use domain::row::{Row, RowMark};
use ports::{EnginePorts, EraseOutcome, EraseRows, Found, RowToErase};

/// How often a row whose mark changes while it is processed is read again.
const ROUNDS: usize = 3;

/// Erases records in both stores; returns the exceptions.
pub(super) async fn take<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    records: &Records<'_>,
    again: Again<'_>,
) -> Result<BTreeMap<usize, Outcome>, Stop> {
    let collection = records.collection;
    let mut found = BTreeMap::new();
    let mut open = records.at(Vec::new());
    let now = |place: usize| again.and_then(|again| again.at(place));
    for place in records.places.iter().copied() {
        match now(place) {
            // The key is another record's, and so is the document.
            Some(Now::Another)
                if may_be_begun(again) && !is_root(deletion, records.entry(place)) => {}
            Some(Now::Another | Now::Elsewhere) => drop(found.insert(place, Outcome::Missing)),
            Some(Now::Others) => drop(found.insert(place, Outcome::AlreadyDeleted)),
            Some(Now::Written) => drop(found.insert(place, Outcome::failed(WRITTEN))),
            Some(Now::Unreadable(why)) => {
                found.insert(
                    place,
                    Outcome::Failed {
                        reason: unreadable(work, deletion, collection, why),
                    },
                );
            }
            Some(Now::Ours | Now::Gone) | None => open.places.push(place),
        }
    }
    let obstacle_at = |place: usize, row: &Row| {
        // A row that was not there a moment before is the next record's.
        let is_next = now(place) == Some(Now::Gone);
        let is_next = is_next.then_some(Outcome::Missing);
        is_next.or_else(|| obstacle(deletion, collection, records.entry(place), row))
    };
    for _ in 0..ROUNDS {
        if open.places.is_empty() {
            return Ok(found);
        }
        let explained = |place: usize, _, row: Option<&Row>| {
            row.is_none_or(|row| obstacle_at(place, row).is_none())
        };
        let (rows, mut failed) = remove_documents(work, &open, &explained).await?;
        let mut ours = Vec::new();
        for (place, row) in rows {
            let Some(row) = row else {
                if !may_be_begun(again) {
                    found.insert(place, Outcome::Missing);
                }
                continue;
            };
            if now(place) == Some(Now::Gone) && may_be_begun(again) {
                continue;
            }
            if let Some(why) = row.unreadable_to(&deletion.tenant, collection) {
                found.insert(
                    place,
                    Outcome::Failed {
                        reason: unreadable(work, deletion, collection, why),
                    },
                );
            } else if let Some(outcome) = obstacle_at(place, &row) {
                found.insert(place, outcome);
            } else if let Some(reason) = failed.remove(&place) {
                found.insert(place, Outcome::Failed { reason });
            } else {
                ours.push((place, how_found(collection, &row)));
            }
        }
        // Without a row, only a document that cannot be removed is left.
        found.extend(
            failed
                .into_iter()
                .map(|(place, reason)| (place, Outcome::Failed { reason })),
        );
        open = records.at(erase_rows(work, deletion, records, ours).await?);
    }
    let changing = Outcome::failed("ROW_CHANGING: somebody else keeps changing the mark");
    found.extend(open.places.iter().map(|place| (*place, changing.clone())));
    Ok(found)
}

fn how_found(collection: &Collection, row: &Row) -> Found {
    match row.mark(collection) {
        // No collection that is erased marks by a word, so none is busy.
        RowMark::Absent | RowMark::Busy => Found::Unmarked,
        RowMark::Null => Found::Null,
        RowMark::By(_) | RowMark::Unreadable => Found::Ours,
    }
}

/// Removes rows that are as they were read; returns the places of those that have changed since.
async fn erase_rows<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    records: &Records<'_>,
    ours: Vec<(usize, Found)>,
) -> Result<Vec<usize>, Stop> {
    let rows: Vec<RowToErase> = ours
        .iter()
        .map(|(place, found)| RowToErase {
            key: records.entry(*place).key.clone(),
            found: *found,
        })
        .collect();
    let (store, tenant, collection) = (work.rows(), &deletion.tenant, records.collection);
    let outcomes = work
        .settle(&rows, P::Rows::ERASE_BATCH, |batch| async move {
            store.erase(collection, tenant, deletion.id, &batch).await
        })
        .await?;
    let changed = ours
        .into_iter()
        .zip(outcomes)
        .filter(|(_, outcome)| *outcome == EraseOutcome::Changed);
    Ok(changed.map(|((place, _), _)| place).collect())
}
