//! How far the comparison of the stores is, and the disagreements that it found.
//!
//! A pass makes both stores agree; what others do to them afterwards goes unnoticed. So the sweeper compares them along
//! the manifest: once `compare_after` has passed since the end of a pass, and once more at `purge_at` where a restored
//! deletion has left marks or copies. There is no comparison of its own before a purge: the purge reads the same pages,
//! documents and rows itself, searches below the root, and removes what a comparison would only have repaired a moment
//! before.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::failure::Failure;
use crate::cursor::{PlaceBelow, SelectCursor};

/// How often a deletion is sent back to be deleted or purged once more. A writer that keeps writing below a deleted parent
/// must not keep it from ending: from then on, what is found is only counted, and an alarm reports it.
pub const RETURNS: u32 = 3;

/// A way in which the stores disagree with a deletion, or with one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Drift {
    /// The row carries the mark, its document does not: another writer put the document back. It is marked again.
    UnmarkedDocument,
    /// There is a document and no row: it is marked before the purge, and removed after it.
    DocumentWithoutRow,
    /// A mark of a deletion that was restored: cleared where the parent exists, otherwise removed at `purge_at`.
    OrphanMark,
    /// A copy in the archive of a deletion that was restored, whose key another record had, or of one that was purged.
    /// It is removed at `purge_at`.
    OrphanCopy,
    /// A record without a mark below a parent that is missing or marked, written without the API. Below a purged parent
    /// it is purged too; before that its parent hides it, and it is left to the purge.
    LiveChild,
    /// A row that was purged, archived or erased exists again with its mark, as after a restore of the table from a
    /// backup. It is never removed without a request.
    Resurrected,
    /// A row without a mark where this deletion had marked or removed one. It is another record, or another writer
    /// unmarked it; the two cannot be distinguished, so it is counted and never touched.
    Recreated,
    /// A live record of a restored deletion whose document is missing, or does not say what its row says: while it was
    /// deleted, its index was rebuilt, or an older version put back. The document is written from the row.
    StaleDocument,
}

/// How often a drift was found, and how often repaired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Tally {
    /// Records that were found with it.
    pub found: u64,
    /// Of those: records that were repaired.
    #[serde(default)]
    pub repaired: u64,
}

/// Drift by its kind; only kinds that were found.
pub type Tallies = BTreeMap<Drift, Tally>;

/// What one part of a comparison found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Findings {
    /// By kind.
    pub drift: Tallies,
    /// Marks and copies that have to wait for `purge_at`.
    pub waiting: u64,
    /// Documents that a pipeline had brought back, and that were removed once more.
    pub late: u64,
}

/// How far the comparison is. It begins again with each run of a pass.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Comparison {
    /// Whether the stores were compared since the end of the latest pass.
    #[serde(default, skip_serializing_if = "is_default")]
    pub done: bool,
    /// The token of the sweep that compares: two that begin in the same millisecond still write different values.
    #[serde(default, skip_serializing_if = "is_default")]
    pub holder: Option<Uuid>,
    /// Pages that are compared.
    #[serde(default, skip_serializing_if = "is_default")]
    pub pages: u32,
    /// Where the search below the root continues; of a restored deletion, where the looks below the records of the next
    /// page do. As JSON: it contains a position of another store.
    #[serde(
        default,
        skip_serializing_if = "is_default",
        rename = "look",
        with = "as_text"
    )]
    pub below_cursor: Option<SelectCursor>,
    /// Of such a look: where it continues below one of the records that it has found, below one that is below that, and so
    /// on. As JSON, too.
    #[serde(default, skip_serializing_if = "is_default", with = "as_text")]
    pub deeper: Vec<PlaceBelow>,
    /// Marks and copies of a restored deletion that have to wait for `purge_at`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub waiting: u64,
    /// Documents that a pipeline had brought back since their records were deleted, and that were removed once more.
    #[serde(default, skip_serializing_if = "is_default")]
    pub late: u64,
    /// How often it has sent the deletion back to be purged once more; kept over the runs.
    #[serde(default, skip_serializing_if = "is_default")]
    pub returns: u32,
    /// Whether what an author's deletion was asked for has been asked for once more, so that an index had the time to
    /// show it; kept over the runs.
    #[serde(default, skip_serializing_if = "is_default")]
    pub asked: bool,
    /// What was found, except for stale documents.
    #[serde(default, skip_serializing_if = "is_default")]
    pub drift: Tallies,
    /// Why it was given up before its end.
    #[serde(default, skip_serializing_if = "is_default")]
    pub failure: Option<Failure>,
    /// Pages that are dropped after it, from the last one on.
    #[serde(default, skip_serializing_if = "is_default")]
    pub dropped: u32,
    /// Of [`Drift::StaleDocument`]: builds before it cannot read a kind that they do not know, and drop this field.
    #[serde(default, skip_serializing_if = "is_default")]
    pub stale_documents: Tally,
}

impl Drift {
    /// Whether something is wrong: recreating a record is not wrong.
    #[must_use]
    pub fn is_wrong(self) -> bool {
        self != Self::Recreated
    }
}

impl Findings {
    /// Counts records.
    pub fn count(&mut self, drift: Drift, records: u64, are_repaired: bool) {
        let tally = self.drift.entry(drift).or_default();
        tally.found += records;
        if are_repaired {
            tally.repaired += records;
        }
    }
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.found += other.found;
        self.repaired += other.repaired;
    }
}

/// Adds tallies to others.
pub fn add(all: &mut Tallies, more: &Tallies) {
    for (drift, tally) in more {
        *all.entry(*drift).or_default() += *tally;
    }
}

impl Comparison {
    /// Whether there is nothing to remember.
    #[must_use]
    pub fn is_none(&self) -> bool {
        is_default(self)
    }

    /// Nothing is compared yet, in a new run.
    #[must_use]
    pub fn anew(&self) -> Self {
        Self {
            returns: self.returns,
            asked: self.asked,
            ..Self::default()
        }
    }

    /// Adds what a part of it found.
    pub fn found_more(&mut self, found: &Tallies) {
        let mut found = found.clone();
        self.stale_documents += found.remove(&Drift::StaleDocument).unwrap_or_default();
        add(&mut self.drift, &found);
    }

    /// All that was found.
    #[must_use]
    pub fn tallies(&self) -> Tallies {
        let mut all = self.drift.clone();
        if self.stale_documents != Tally::default() {
            all.insert(Drift::StaleDocument, self.stale_documents);
        }
        all
    }

    /// How many records were found with it.
    #[must_use]
    pub fn found(&self, drift: Drift) -> u64 {
        self.tallies().get(&drift).map_or(0, |tally| tally.found)
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// What contains positions of another store, as one text.
mod as_text {
    use serde::de::{DeserializeOwned, Error as _};
    use serde::ser::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<T: Serialize, S: Serializer>(
        value: &T,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let text = serde_json::to_string(value).map_err(S::Error::custom)?;
        text.serialize(serializer)
    }

    pub(super) fn deserialize<'de, T: DeserializeOwned + Default, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<T, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map_or_else(
            || Ok(T::default()),
            |text| serde_json::from_str(&text).map_err(D::Error::custom),
        )
    }
}
