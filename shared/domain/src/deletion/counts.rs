//! Counts of a pass, by what was found: the sums are promises (invariant 6).

use serde::{Deserialize, Serialize};

/// `selected = deleted + already_deleted + missing + kept + failed + not_reached`, at every moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(from = "StoredDeleteCounts")]
pub struct DeleteCounts {
    /// Records in the known pages.
    pub selected: u64,
    /// Deleted by this deletion: marked, archived or erased.
    pub deleted: u64,
    /// Carry the mark of another deletion, which is left on them.
    pub already_deleted: u64,
    /// No row any more, or one that was re-created.
    pub missing: u64,
    /// A live link references them, so they do not belong to this deletion.
    pub kept: u64,
    /// Could not be deleted in both stores; `/records` has the reason.
    pub failed: u64,
    /// In a page that is not done: not yet, or left undone because the deletion was cancelled or given up.
    pub not_reached: u64,
}

/// The counts as they are stored. Builds before [`DeleteCounts::kept`] did not write it, and drop it when they continue
/// a deletion; it is computed as the rest of the sum.
#[derive(Default, Deserialize)]
#[serde(default)]
struct StoredDeleteCounts {
    selected: u64,
    deleted: u64,
    already_deleted: u64,
    missing: u64,
    failed: u64,
    not_reached: u64,
}

impl From<StoredDeleteCounts> for DeleteCounts {
    fn from(stored: StoredDeleteCounts) -> Self {
        let StoredDeleteCounts {
            selected,
            deleted,
            already_deleted,
            missing,
            failed,
            not_reached,
        } = stored;
        let others = [deleted, already_deleted, missing, failed, not_reached];
        Self {
            selected,
            deleted,
            already_deleted,
            missing,
            kept: selected.saturating_sub(others.iter().sum()),
            failed,
            not_reached,
        }
    }
}

/// What the restore found and did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RestoreCounts {
    /// The row exists and carries no mark.
    pub restored: u64,
    /// The row is missing, below a parent that is missing, or marked by another deletion: it stays as it is.
    pub conflict: u64,
    /// Could not be restored in both stores.
    pub failed: u64,
    /// Of those that are restored: their TTL had passed by then, so the table may remove them soon.
    #[serde(skip_serializing_if = "is_none")]
    pub expired: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "it is how serde asks")]
fn is_none(count: &u64) -> bool {
    *count == 0
}

/// What the purge found and did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PurgeCounts {
    /// The row is removed.
    pub purged: u64,
    /// The row exists and is not ours: restored, re-created or another deletion's.
    pub kept: u64,
    /// Could not be removed.
    pub failed: u64,
}

impl DeleteCounts {
    /// The records of a page that is written and not done.
    #[must_use]
    pub fn not_reached(records: u64) -> Self {
        Self {
            selected: records,
            not_reached: records,
            ..Self::default()
        }
    }
}

impl std::ops::AddAssign for DeleteCounts {
    fn add_assign(&mut self, other: Self) {
        self.selected += other.selected;
        self.deleted += other.deleted;
        self.already_deleted += other.already_deleted;
        self.missing += other.missing;
        self.kept += other.kept;
        self.failed += other.failed;
        self.not_reached += other.not_reached;
    }
}

impl std::ops::AddAssign for RestoreCounts {
    fn add_assign(&mut self, other: Self) {
        self.restored += other.restored;
        self.conflict += other.conflict;
        self.failed += other.failed;
        self.expired += other.expired;
    }
}

impl std::ops::AddAssign for PurgeCounts {
    fn add_assign(&mut self, other: Self) {
        self.purged += other.purged;
        self.kept += other.kept;
        self.failed += other.failed;
    }
}
