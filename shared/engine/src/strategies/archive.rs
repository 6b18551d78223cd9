//! How a page is archived: each row is copied, its document marked, and the row removed if it is still the one that was
//! copied.
//!
//! The document is marked before the row is removed: with the row the key becomes free, and the next record with that
//! key writes a document with that id. A row is archived if there is no archived row yet. An existing one was written
//! by an attempt that may have removed the row already, so it is never overwritten by the row that is at that key now,
//! unless the mark proves that it is the same row: at the root. Otherwise the row stays, marked, and nothing is lost.

mod put_back;

use std::collections::BTreeMap;

use crate::kit::archived::{Whole, copies, drop_copies, first_whole, whole};
use crate::kit::mark::mark_documents;
use crate::kit::ours::{is_root, obstacle};
use crate::kit::records::Records;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use crate::strategies::flag;
use domain::deletion::Deletion;
use domain::key::RecordKey;
use domain::page::{NotPurged, NotRestored, Outcome};
use ports::{ArchiveRows, CopyOutcome, EnginePorts, RowToCopy, TakeOutcome};

pub(super) use self::put_back::{forget_root, give_back_root};

/// How often a row that changes between copy and removal is copied again.
const ROUNDS: usize = 3;

/// Archives records; returns the exceptions.
pub(super) async fn take<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    records: &Records<'_>,
) -> Result<Found, Stop> {
    let mut found = Found::new();
    let mut open = records.places.as_slice();
    while !open.is_empty() {
        let keys = records.at(open.to_vec()).keys();
        let rows = first_whole(work, records.collection, &keys).await?;
        let some;
        (some, open) = open.split_at(rows.len());
        let moved = Move {
            work,
            deletion,
            records: &records.at(some.to_vec()),
        };
        found.extend(Box::pin(moved.run(rows)).await?);
    }
    Ok(found)
}

/// Puts rows back, then restores the records like those whose rows never left; returns those that are not back.
pub(super) async fn give_back<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    records: &Records<'_>,
) -> Result<BTreeMap<usize, NotRestored>, Stop> {
    let (mut not_back, copied) = Box::pin(put_back::rows(work, deletion, records)).await?;
    let there = records.without(&not_back);
    not_back.extend(flag::give_back(work, deletion, &there).await?);
    // Rows first: the archived row is removed when the row is back.
    let back = records.at(copied).without(&not_back);
    drop_copies(work, deletion, back.collection, &back.keys()).await?;
    Ok(not_back)
}

/// Removes what carries marks as a purge of `flag` does, then the archived rows.
pub(super) async fn forget<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    records: &Records<'_>,
    exceptions: &mut BTreeMap<usize, NotPurged>,
) -> Result<(), Stop> {
    flag::forget(work, deletion, records, exceptions).await?;
    // Last, as it explains what is left of the record; also if another record has the key now.
    let is_done = |place: &usize| !matches!(exceptions.get(place), Some(NotPurged::Failed { .. }));
    let done = records.at(records.places.iter().copied().filter(is_done).collect());
    drop_copies(work, deletion, done.collection, &done.keys()).await
}

type Found = BTreeMap<usize, Outcome>;
type Rows<P> = Vec<(usize, Whole<P>)>;

/// Some records of one collection and page while they are archived.
struct Move<'a, P: EnginePorts> {
    work: Work<'a, P>,
    deletion: &'a Deletion,
    records: &'a Records<'a>,
}

impl<P: EnginePorts> Move<'_, P> {
    /// Archives these records, whose rows were read; returns the exceptions.
    async fn run(&self, rows: Vec<Option<Whole<P>>>) -> Result<Found, Stop> {
        let mut found = Found::new();
        let mut stay = Vec::new();
        let mut open = self.records.places.clone();
        let mut read = Some(rows);
        for round in 0..ROUNDS {
            if open.is_empty() {
                break;
            }
            let rows = match read.take() {
                Some(rows) => rows,
                None => whole(self.work, self.records.collection, &self.keys(&open)).await?,
            };
            let rows = self.ours(&open, rows, &mut found).await?;
            // From the second round on the archived rows are this attempt's own, of rows that it has not removed.
            let copied = self.copy(rows, round > 0, &mut found, &mut stay).await?;
            let copied = self.documents(copied, &mut found).await?;
            open = self.take(copied).await?;
        }
        for place in open {
            if is_root(self.deletion, self.records.entry(place)) {
                let reason = "ROW_CHANGING: somebody else keeps changing the row".to_owned();
                found.insert(place, Outcome::Failed { reason });
            } else {
                stay.push(place);
            }
        }
        if !stay.is_empty() {
            let stay = self.records.at(stay);
            found.extend(flag::take(self.work, self.deletion, &stay).await?);
        }
        Ok(found)
    }

    /// The rows that we may take. A missing row, or another record's, was archived by an earlier attempt if there is an
    /// archived row.
    async fn ours(
        &self,
        places: &[usize],
        rows: Vec<Option<Whole<P>>>,
        found: &mut Found,
    ) -> Result<Rows<P>, Stop> {
        let (mut ours, mut others) = (Vec::new(), Vec::new());
        for (place, row) in places.iter().copied().zip(rows) {
            let obstacle = row.as_ref().map_or(Some(Outcome::Missing), |stored| {
                let entry = self.records.entry(place);
                obstacle(self.deletion, self.records.collection, entry, &stored.row)
            });
            match (row, obstacle) {
                (Some(row), None) => ours.push((place, row)),
                (_, obstacle) => others.push((place, obstacle.unwrap_or(Outcome::Missing))),
            }
        }
        if !others.is_empty() {
            let asked: Vec<usize> = others.iter().map(|(place, _)| *place).collect();
            let copies = self.copies(&asked).await?;
            for ((place, outcome), copy) in others.into_iter().zip(copies) {
                if copy.is_none() {
                    found.insert(place, outcome);
                }
            }
        }
        Ok(ours)
    }

    /// Writes archived rows; returns the rows whose archived row equals them. `stay` gets those that must stay, marked.
    async fn copy(
        &self,
        rows: Rows<P>,
        again: bool,
        found: &mut Found,
        stay: &mut Vec<usize>,
    ) -> Result<Rows<P>, Stop> {
        let outcomes = self.make(&rows, again).await?;
        let (mut copied, mut earlier) = (Vec::new(), Vec::new());
        for ((place, row), outcome) in rows.into_iter().zip(outcomes) {
            match outcome {
                CopyOutcome::Copied => copied.push((place, row)),
                CopyOutcome::Earlier => earlier.push((place, row)),
                CopyOutcome::TooLarge => {
                    let reason = "ROW_TOO_LARGE: with what the archive adds it would pass the store's limit of 400 KB";
                    let reason = reason.to_owned();
                    found.insert(place, Outcome::Failed { reason });
                }
                CopyOutcome::TooWide => {
                    let reason =
                        "ROW_TOO_WIDE: it has too many attributes to be put back in one statement";
                    let reason = reason.to_owned();
                    found.insert(place, Outcome::Failed { reason });
                }
            }
        }
        if earlier.is_empty() {
            return Ok(copied);
        }
        let asked: Vec<usize> = earlier.iter().map(|(place, _)| *place).collect();
        let stands = self.copies(&asked).await?;
        let mut roots = Vec::new();
        for ((place, row), copy) in earlier.into_iter().zip(stands) {
            if copy.is_some_and(|copy| copy.raw == row.raw) {
                copied.push((place, row));
            } else if is_root(self.deletion, self.records.entry(place)) {
                roots.push((place, row));
            } else {
                stay.push(place);
            }
        }
        for ((place, row), outcome) in roots
            .clone()
            .into_iter()
            .zip(self.make(&roots, true).await?)
        {
            if outcome == CopyOutcome::Copied {
                copied.push((place, row));
            } else {
                let reason = "ROW_TOO_LARGE: it has grown since it was copied".to_owned();
                found.insert(place, Outcome::Failed { reason });
            }
        }
        Ok(copied)
    }

    async fn make(&self, rows: &Rows<P>, again: bool) -> Result<Vec<CopyOutcome>, Stop> {
        let to_copy: Vec<_> = rows
            .iter()
            .map(|(_, row)| RowToCopy {
                stored: row.clone(),
                again,
            })
            .collect();
        let (store, collection) = (self.work.rows(), self.records.collection);
        let (tenant, mark) = (&self.deletion.tenant, &self.deletion.mark());
        self.work
            .settle(&to_copy, P::Rows::MOVE_BATCH, |batch| async move {
                store.copy(collection, tenant, mark, &batch).await
            })
            .await
    }

    /// Marks the documents while their rows are still there.
    async fn documents(&self, copied: Rows<P>, found: &mut Found) -> Result<Rows<P>, Stop> {
        let places = copied.iter().map(|(place, _)| *place).collect();
        let (records, mark) = (self.records.at(places), self.deletion.mark());
        let rejected = mark_documents(self.work, &records, &mark).await?;
        let marked = copied
            .into_iter()
            .filter(|(place, _)| !rejected.contains_key(place))
            .collect();
        found.extend(rejected);
        Ok(marked)
    }

    /// Removes the rows that are still as they were archived; returns those that are not.
    async fn take(&self, copied: Rows<P>) -> Result<Vec<usize>, Stop> {
        let (places, rows): (Vec<usize>, Vec<Whole<P>>) = copied.into_iter().unzip();
        let (store, collection) = (self.work.rows(), self.records.collection);
        let outcomes = self
            .work
            .settle(&rows, P::Rows::MOVE_BATCH, |batch| async move {
                store.take(collection, &batch).await
            })
            .await?;
        let changed = places
            .into_iter()
            .zip(outcomes)
            .filter(|(_, outcome)| *outcome == TakeOutcome::Changed);
        Ok(changed.map(|(place, _)| place).collect())
    }

    async fn copies(&self, places: &[usize]) -> Result<Vec<Option<Whole<P>>>, Stop> {
        let collection = self.records.collection;
        copies(self.work, self.deletion, collection, &self.keys(places)).await
    }

    fn keys(&self, places: &[usize]) -> Vec<RecordKey> {
        self.records.at(places.to_vec()).keys()
    }
}
