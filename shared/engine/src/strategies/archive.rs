//! How a page is archived: each record is marked as with `flag`, its row copied, and the row removed if it still is the
//! one that was copied.
//!
//! The mark is the claim: of two deletions that want one record, only the one whose mark the row carries may copy and
//! remove it. So an archived row proves that the record was this deletion's, and where it is there and the row is not
//! marked any more, the row was removed and the key is another record's. The document is marked before the row is
//! removed: with the row the key becomes free, and the next record with that key writes a document with that id. A row
//! that cannot be copied, or keeps changing, stays in its table with its mark, and nothing is lost.

mod put_back;

use std::collections::BTreeMap;

use crate::kit::archived::{Whole, copies, drop_copies, first_copies, first_whole, whole};
use crate::kit::ours::is_root;
use crate::kit::recheck::{Again, Now, may_be_begun};
use crate::kit::records::Records;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use crate::strategies::flag;
use domain::deletion::Deletion;
use domain::key::RecordKey;
use domain::page::{Exceptions, NotPurged, Outcome};
use ports::{ArchiveRows, CopyOutcome, EnginePorts, RowToCopy, TakeOutcome};

pub(super) use self::put_back::{forget_root, give_back_root};

/// How often a row that changes between copy and removal is copied again.
const ROUNDS: usize = 3;

/// Archives records; returns the exceptions.
pub(super) async fn take<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    records: &Records<'_>,
    again: Again<'_>,
) -> Result<BTreeMap<usize, Outcome>, Stop> {
    let mut found = flag::take(work, deletion, records, again).await?;
    let claimed = records.without(&found);
    let mut open = claimed.places.as_slice();
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
    // What is not there, or another's, may have been moved before.
    let is_written =
        |place: &usize| again.is_some_and(|again| again.at(*place) == Some(Now::Written));
    let is_not_ours = |place: &usize, outcome: &Outcome| {
        matches!(outcome, Outcome::Missing | Outcome::AlreadyDeleted) || is_written(place)
    };
    let places = found
        .iter()
        .filter(|(place, outcome)| is_not_ours(place, outcome));
    let others: Vec<usize> = places.map(|(place, _)| *place).collect();
    let mut open = others.as_slice();
    while !open.is_empty() {
        let keys = records.at(open.to_vec()).keys();
        let archived = first_copies(work, deletion, records.collection, &keys).await?;
        let some;
        (some, open) = open.split_at(archived.len());
        for (place, copy) in some.iter().zip(archived) {
            if copy.is_some() {
                moved_before(&mut found, *place, may_be_begun(again));
            }
        }
    }
    Ok(found)
}

/// A record that this deletion has moved: by an earlier attempt at its page, or where the manifest lists the record
/// twice, because it was moved to another parent in between, at its other place.
fn moved_before(found: &mut BTreeMap<usize, Outcome>, place: usize, may_be_begun: bool) {
    if may_be_begun {
        found.remove(&place);
    } else {
        found.insert(place, Outcome::AlreadyDeleted);
    }
}

/// Puts rows back, then restores the records like those whose rows never left; returns those that are not back, and those
/// whose TTL has passed.
pub(super) async fn give_back<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    records: &Records<'_>,
) -> Result<Exceptions, Stop> {
    let not_back = Box::pin(put_back::rows(work, deletion, records)).await?;
    let there = records.without(&not_back);
    let mut back = flag::give_back(work, deletion, &there).await?;
    back.restored.extend(not_back);
    Ok(back)
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
    let is_done = |place: &usize| !exceptions.get(place).is_some_and(NotPurged::is_failed);
    let done = records.at(records.places.iter().copied().filter(is_done).collect());
    drop_copies(work, deletion, done.collection, &done.keys()).await
}

type Rows<P> = Vec<(usize, Whole<P>)>;

/// Some claimed records of one collection and page while they are moved.
struct Move<'a, P: EnginePorts> {
    work: Work<'a, P>,
    deletion: &'a Deletion,
    records: &'a Records<'a>,
}

impl<P: EnginePorts> Move<'_, P> {
    /// Moves these records, whose rows were read; returns the exceptions.
    async fn run(&self, rows: Vec<Option<Whole<P>>>) -> Result<BTreeMap<usize, Outcome>, Stop> {
        let rows = self.claimed(&self.records.places, rows);
        let copied = self.copy(rows).await?;
        let mut open = self.take(copied).await?;
        for _ in 1..ROUNDS {
            if open.is_empty() {
                return Ok(BTreeMap::new());
            }
            let rows = whole(self.work, self.records.collection, &self.keys(&open)).await?;
            // The archived rows are this attempt's own, of rows that it has not removed.
            let copied = self.copy_again(self.claimed(&open, rows)).await?;
            open = self.take(copied).await?;
        }
        // They stay, marked. Without an archived row nobody takes them for rows that have come back.
        self.forget_copies(&open).await?;
        let roots = open.into_iter();
        let roots = roots.filter(|place| is_root(self.deletion, self.records.entry(*place)));
        let changing = Outcome::failed("ROW_CHANGING: somebody else keeps changing the row");
        Ok(roots.map(|place| (place, changing.clone())).collect())
    }

    /// The rows that carry the deletion's mark. Others were moved before, or their owner has taken them back.
    fn claimed(&self, places: &[usize], rows: Vec<Option<Whole<P>>>) -> Rows<P> {
        let is_ours = |row: &Whole<P>| {
            row.row
                .mark(self.records.collection)
                .is_of(self.deletion.id)
        };
        let ours = places.iter().copied().zip(rows);
        ours.filter_map(|(place, row)| Some((place, row.filter(&is_ours)?)))
            .collect()
    }

    /// Writes archived rows; returns the rows that equal theirs now. An archived row that is there already is an earlier
    /// attempt's. One that differs may be of an earlier record of that key, which this deletion has moved: then the row
    /// stays, marked, but for the root, of which there was no other.
    async fn copy(&self, rows: Rows<P>) -> Result<Rows<P>, Stop> {
        let (mut copied, mut earlier) = (Vec::new(), Vec::new());
        let outcomes = self.make(&rows, false).await?;
        for (row, outcome) in rows.into_iter().zip(outcomes) {
            match outcome {
                CopyOutcome::Copied => copied.push(row),
                CopyOutcome::Earlier => earlier.push(row),
                // It stays in its table, with its mark.
                CopyOutcome::TooLarge | CopyOutcome::TooWide => {}
            }
        }
        let places: Vec<usize> = earlier.iter().map(|(place, _)| *place).collect();
        let keys = self.keys(&places);
        let archived = copies(self.work, self.deletion, self.records.collection, &keys).await?;
        let mut roots = Vec::new();
        for (row, archived) in earlier.into_iter().zip(archived) {
            if archived.is_some_and(|archived| archived.raw == row.1.raw) {
                copied.push(row);
            } else if is_root(self.deletion, self.records.entry(row.0)) {
                roots.push(row);
            }
        }
        copied.extend(self.copy_again(roots).await?);
        Ok(copied)
    }

    /// Writes archived rows over those that are there; returns the rows that equal theirs now.
    async fn copy_again(&self, rows: Rows<P>) -> Result<Rows<P>, Stop> {
        let outcomes = self.make(&rows, true).await?;
        let (mut copied, mut outgrown) = (Vec::new(), Vec::new());
        for (row, outcome) in rows.into_iter().zip(outcomes) {
            if outcome == CopyOutcome::Copied {
                copied.push(row);
            } else {
                outgrown.push(row.0);
            }
        }
        self.forget_copies(&outgrown).await?;
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

    async fn forget_copies(&self, places: &[usize]) -> Result<(), Stop> {
        let keys = self.keys(places);
        drop_copies(self.work, self.deletion, self.records.collection, &keys).await
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

    fn keys(&self, places: &[usize]) -> Vec<RecordKey> {
        self.records.at(places.to_vec()).keys()
    }
}
