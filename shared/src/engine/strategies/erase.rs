//! How a page is erased: documents, then rows. Copy before truth, as in a purge: a document goes while its row still
//! explains it.
//!
//! A row that is gone was erased by an earlier attempt, or by somebody else before: either way the record is, so the counts
//! of a worker that was killed are those of one that was not.

use std::collections::BTreeMap;

use crate::domain::collection::Collection;
use crate::domain::deletion::{Deletion, Pass};
use crate::domain::page::{Entry, Exceptions, Outcome, Page};
use crate::domain::row::{Row, RowMark};
use crate::domain::scope::Scope;
use crate::engine::kit::ours::obstacle;
use crate::engine::kit::records::{by_collection, open_of};
use crate::engine::kit::remove_documents::remove_documents;
use crate::engine::kit::slice::Stop;
use crate::engine::kit::work::Work;
use crate::engine::passes::page::PagePass;
use crate::ports::{EnginePorts, EraseOutcome, EraseRows, Found, RowToErase};

/// How often a row whose mark changes under our hands is read again.
const ROUNDS: usize = 3;

/// Needs what the deletion covers, for its effects.
pub(crate) struct Erase<'a> {
    pub(crate) scope: &'a Scope,
}

impl<P: EnginePorts> PagePass<P> for Erase<'_> {
    const PASS: Pass = Pass::Delete;

    async fn act(
        &self,
        work: Work<'_, P>,
        deletion: &Deletion,
        page: &Page,
        only: Option<&[usize]>,
    ) -> Result<Exceptions, Stop> {
        erase_entries(work, deletion, &page.entries, only).await
    }

    fn scope(&self) -> Option<&Scope> {
        Some(self.scope)
    }
}

/// Erases records in both stores, all of them or only those at these places.
pub(crate) async fn erase_entries<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    entries: &[Entry],
    only: Option<&[usize]>,
) -> Result<Exceptions, Stop> {
    let mut exceptions = Exceptions::default();
    for (collection, places) in by_collection(work.collections(), entries)? {
        let open = open_of(entries, places, only);
        let erasing = erase(work, deletion, collection, entries, open);
        exceptions.deleted.extend(Box::pin(erasing).await?);
    }
    Ok(exceptions)
}

async fn erase<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    collection: &Collection,
    entries: &[Entry],
    mut open: Vec<usize>,
) -> Result<BTreeMap<usize, Outcome>, Stop> {
    let mut found = BTreeMap::new();
    let obstacle_at =
        |place: usize, row: &Row| obstacle(deletion, collection, &entries[place], row);
    for _ in 0..ROUNDS {
        if open.is_empty() {
            return Ok(found);
        }
        let explained = |place: usize, _, row: Option<&Row>| {
            row.is_none_or(|row| obstacle_at(place, row).is_none())
        };
        let removing = remove_documents(work, collection, entries, &open, &explained);
        let (rows, mut failed) = removing.await?;
        let mut ours = Vec::new();
        for (place, row) in rows {
            let Some(row) = row else { continue };
            if let Some(outcome) = obstacle_at(place, &row) {
                found.insert(place, outcome);
            } else if let Some(reason) = failed.remove(&place) {
                found.insert(place, Outcome::Failed { reason });
            } else {
                ours.push((place, how_found(collection, &row)));
            }
        }
        // Without a row there is nothing left but a document that cannot be removed.
        found.extend(
            failed
                .into_iter()
                .map(|(place, reason)| (place, Outcome::Failed { reason })),
        );
        open = erase_rows(work, deletion, collection, entries, ours).await?;
    }
    for place in open {
        let reason = "ROW_CHANGING: somebody else keeps changing the mark".to_owned();
        found.insert(place, Outcome::Failed { reason });
    }
    Ok(found)
}

fn how_found(collection: &Collection, row: &Row) -> Found {
    match row.mark(collection) {
        RowMark::Absent => Found::Unmarked,
        RowMark::Null => Found::Null,
        RowMark::By(_) => Found::Ours,
    }
}

/// Removes rows as they were found; answers the places of those that have changed since.
async fn erase_rows<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    collection: &Collection,
    entries: &[Entry],
    ours: Vec<(usize, Found)>,
) -> Result<Vec<usize>, Stop> {
    let rows: Vec<RowToErase> = ours
        .iter()
        .map(|(place, found)| RowToErase {
            key: entries[*place].key.clone(),
            found: *found,
        })
        .collect();
    let (store, tenant) = (work.rows(), &deletion.tenant);
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
