//! A page of the manifest: the keys that a deletion covers, written once *before* the rows are touched.
//!
//! Pages are three things in one: the cursor, the queue of the breadth-first cascade, and the manifest. Records of a
//! page that were *not* simply deleted, restored or purged are stored beside it, as its exceptions; counts are always
//! computed from page and exceptions together.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::collection::CollectionName;
pub use crate::cursor::{Position, SelectCursor};
use crate::deletion::{DeleteCounts, Pass, PurgeCounts, RestoreCounts};
pub use crate::entry::{AsRead, Entry, Judged};
pub use crate::outcome::{NotPurged, NotRestored, Outcome};
pub use crate::part::{Look, Part};

/// The most keys a page holds; also the most ids an event lists.
pub const PAGE_KEYS: usize = 1000;

/// The most bytes of keys a page holds: with names and punctuation it stays far below an item's 400 KB.
pub const PAGE_BYTES: usize = 200_000;

/// One page.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Page {
    /// Its number, from 1.
    pub number: u32,
    /// Its records, in the order found.
    pub entries: Vec<Entry>,
    /// Where the selection continues after it; `None` when everything was found.
    pub next: Option<SelectCursor>,
}

/// The records of a page that were not simply deleted, restored or purged, by place in the page, and those that a later
/// run of a pass did.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Exceptions {
    /// Of the delete.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub deleted: BTreeMap<usize, Outcome>,
    /// Of the restore: records that are not back.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub restored: BTreeMap<usize, NotRestored>,
    /// Of the restore: records that are back, with a TTL that had passed by then.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub expired: BTreeSet<usize>,
    /// Of the purge: records that were not removed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub purged: BTreeMap<usize, NotPurged>,
    /// By pass: places that were an exception once, each with the later run that did it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub redone: BTreeMap<Pass, BTreeMap<usize, u32>>,
    /// How far a worker is within the page, if that takes longer than a slice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<Box<Part>>,
}

impl Exceptions {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// How far a worker of this run is within the page.
    #[must_use]
    pub fn part_of(&self, run: u32) -> Part {
        let begun = self.part.as_deref().filter(|part| part.run == run);
        begun.cloned().unwrap_or_else(|| Part::of(run))
    }

    /// The places that a later run of the pass has to do again: for the delete only what failed.
    #[must_use]
    pub fn open(&self, pass: Pass) -> Vec<usize> {
        match pass {
            Pass::Delete => {
                let failed =
                    |(place, outcome): (&usize, &Outcome)| outcome.is_failed().then_some(*place);
                self.deleted.iter().filter_map(failed).collect()
            }
            Pass::Restore => self.restored.keys().copied().collect(),
            Pass::Purge => self.purged.keys().copied().collect(),
        }
    }

    /// The exceptions that remain after a run of a pass has found these of its own; those of other passes stay. `again`
    /// are the places that were open before, if an earlier run had done the page: a place that is not open any more was
    /// redone by this run. With `only_open`, only those places were processed.
    #[must_use]
    pub fn followed_by(
        &self,
        pass: Pass,
        found: Self,
        again: Option<&[usize]>,
        only_open: bool,
        run: u32,
    ) -> Self {
        let mut next = self.clone();
        next.part = None;
        if only_open && let Some(again) = again {
            for place in again {
                match pass {
                    Pass::Delete => drop(next.deleted.remove(place)),
                    Pass::Restore => drop(next.restored.remove(place)),
                    Pass::Purge => drop(next.purged.remove(place)),
                }
            }
            next.deleted.extend(found.deleted);
            next.restored.extend(found.restored);
            next.expired.extend(found.expired);
            next.purged.extend(found.purged);
        } else {
            match pass {
                Pass::Delete => next.deleted = found.deleted,
                Pass::Restore => {
                    next.restored = found.restored;
                    next.expired = found.expired;
                }
                Pass::Purge => next.purged = found.purged,
            }
        }
        let still = next.open(pass);
        let redone: Vec<usize> = again
            .unwrap_or_default()
            .iter()
            .copied()
            .filter(|place| !still.contains(place) && !next.deleted_otherwise(pass, *place))
            .collect();
        if !redone.is_empty() {
            next.redone
                .entry(pass)
                .or_default()
                .extend(redone.into_iter().map(|place| (place, run)));
        }
        next
    }

    /// Whether a record of the delete, when it was tried again, was found to be missing or another deletion's.
    fn deleted_otherwise(&self, pass: Pass, place: usize) -> bool {
        pass == Pass::Delete && self.deleted.contains_key(&place)
    }

    /// The run of a pass that did this record, if it is not the page's first.
    #[must_use]
    pub fn redone_in(&self, pass: Pass, place: usize) -> Option<u32> {
        self.redone.get(&pass)?.get(&place).copied()
    }
}

impl Page {
    /// The page as a store gives it back: nobody remembers what was found in its rows.
    #[must_use]
    pub fn as_stored(&self) -> Self {
        let mut stored = self.clone();
        for entry in &mut stored.entries {
            entry.as_read = AsRead::default();
        }
        stored
    }

    /// How many records of each collection it lists.
    #[must_use]
    pub fn sizes(&self) -> BTreeMap<CollectionName, u64> {
        let mut sizes = BTreeMap::new();
        for entry in &self.entries {
            *sizes.entry(entry.collection.clone()).or_default() += 1;
        }
        sizes
    }

    /// The outcome of the record at this place, once the page has been done.
    #[must_use]
    pub fn outcome(&self, place: usize, exceptions: &Exceptions) -> Outcome {
        if let Some(outcome) = exceptions.deleted.get(&place) {
            return outcome.clone();
        }
        match self.entries[place].judged {
            Judged::Live | Judged::LiveNull => Outcome::Deleted,
            Judged::AlreadyDeleted => Outcome::AlreadyDeleted,
            Judged::Missing => Outcome::Missing,
        }
    }

    /// The exceptions of a page that is given up: how much of it was done is unknown, so all of it has failed.
    #[must_use]
    pub fn given_up(&self, reason: &str) -> Exceptions {
        self.all_failed(&format!("GIVEN_UP: {reason}"))
    }

    /// The exceptions of a page that counts as done, and whose records are still to be done.
    #[must_use]
    pub fn not_done(&self) -> Exceptions {
        self.all_failed("NOT_DONE: it came late, and has not had its turn")
    }

    fn all_failed(&self, reason: &str) -> Exceptions {
        let failed = |(place, _): (usize, &Entry)| (place, Outcome::failed(reason));
        let entries = self
            .entries
            .iter()
            .enumerate()
            .filter(|(_, entry)| entry.judged.is_open());
        Exceptions {
            deleted: entries.map(failed).collect(),
            ..Exceptions::default()
        }
    }

    /// The delete's counts by collection, from the page and its exceptions together.
    #[must_use]
    pub fn delete_counts(&self, exceptions: &Exceptions) -> BTreeMap<CollectionName, DeleteCounts> {
        let mut all: BTreeMap<CollectionName, DeleteCounts> = BTreeMap::new();
        for (place, entry) in self.entries.iter().enumerate() {
            let counts = all.entry(entry.collection.clone()).or_default();
            counts.selected += 1;
            match self.outcome(place, exceptions) {
                Outcome::Deleted => counts.deleted += 1,
                Outcome::AlreadyDeleted => counts.already_deleted += 1,
                Outcome::Missing => counts.missing += 1,
                Outcome::Kept => counts.kept += 1,
                Outcome::Failed { .. } => counts.failed += 1,
                Outcome::Pending => counts.not_reached += 1,
            }
        }
        all
    }

    /// The restore's counts by collection.
    #[must_use]
    pub fn restore_counts(
        &self,
        exceptions: &Exceptions,
    ) -> BTreeMap<CollectionName, RestoreCounts> {
        let mut all: BTreeMap<CollectionName, RestoreCounts> = BTreeMap::new();
        for (place, entry) in self.entries.iter().enumerate() {
            let counts = all.entry(entry.collection.clone()).or_default();
            match exceptions.restored.get(&place) {
                None => {
                    counts.restored += 1;
                    counts.expired += u64::from(exceptions.expired.contains(&place));
                }
                Some(NotRestored::Conflict { .. }) => counts.conflict += 1,
                Some(NotRestored::Failed { .. }) => counts.failed += 1,
            }
        }
        all
    }

    /// The purge's counts by collection.
    #[must_use]
    pub fn purge_counts(&self, exceptions: &Exceptions) -> BTreeMap<CollectionName, PurgeCounts> {
        let mut all: BTreeMap<CollectionName, PurgeCounts> = BTreeMap::new();
        for (place, entry) in self.entries.iter().enumerate() {
            let counts = all.entry(entry.collection.clone()).or_default();
            match exceptions.purged.get(&place) {
                None => counts.purged += 1,
                Some(NotPurged::Kept) => counts.kept += 1,
                Some(NotPurged::Failed { .. }) => counts.failed += 1,
            }
        }
        all
    }
}

#[cfg(test)]
mod tests;
