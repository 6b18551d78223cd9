//! Counts of a pass, by what was found: the sums are promises (invariant 6).

use serde::{Deserialize, Serialize};

/// `selected = deleted + already_deleted + missing + failed + not_reached`, once the delete has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DeleteCounts {
    /// Records in the pages that were done, and when given up also in a page that was written but not done.
    pub selected: u64,
    /// Marked by this deletion.
    pub deleted: u64,
    /// Carry the mark of another deletion, which they keep.
    pub already_deleted: u64,
    /// No row any more, or one that was re-created.
    pub missing: u64,
    /// Could not be marked in both stores; `/records` has the reason.
    pub failed: u64,
    /// Left undone because the deletion was given up.
    #[serde(default)]
    pub not_reached: u64,
}

/// What the purge found and did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PurgeCounts {
    /// The row is gone.
    pub purged: u64,
    /// The row is there and not ours: restored, re-created or another deletion's.
    pub kept: u64,
    /// Could not be removed.
    pub failed: u64,
}

impl std::ops::AddAssign for DeleteCounts {
    fn add_assign(&mut self, other: Self) {
        self.selected += other.selected;
        self.deleted += other.deleted;
        self.already_deleted += other.already_deleted;
        self.missing += other.missing;
        self.failed += other.failed;
        self.not_reached += other.not_reached;
    }
}

impl std::ops::AddAssign for PurgeCounts {
    fn add_assign(&mut self, other: Self) {
        self.purged += other.purged;
        self.kept += other.kept;
        self.failed += other.failed;
    }
}
