//! The mark of a deletion, and the deletion of what others have marked.

use jiff::Timestamp;

use super::accepted::Accepted;
use super::timing::Timing;
use super::value::Deletion;
use crate::collection::Collection;
use crate::row::{Mark, RowMark};
use crate::time::to_millisecond;

impl Deletion {
    /// A deletion of records that others have marked, the last of them at this moment. What should be gone by now is
    /// purged at once.
    #[must_use]
    pub fn adopt(accepted: Accepted<'_>, deleted_at: Timestamp, timing: &Timing) -> Self {
        let now = to_millisecond(accepted.now);
        let deleted_at = to_millisecond(deleted_at).min(now);
        let purge_at = accepted.collection.retention.purge_at(deleted_at);
        Self {
            adopts: true,
            deleted_at,
            purge_at: purge_at.map(|at| to_millisecond(at).max(now)),
            ..Self::accept(accepted, timing)
        }
    }

    /// The mark that its records carry.
    #[must_use]
    pub fn mark(&self) -> Mark {
        Mark {
            deleted_at: self.deleted_at,
            deleted_by: self.requested_by.clone(),
            deletion_id: self.id,
            purge_at: self.purge_at,
            written_at: self.deleted_at,
            adopts: self.adopts,
        }
    }

    /// Whether a record with this mark, of this collection, is one that it takes over.
    #[must_use]
    pub fn takes_over(&self, collection: &Collection, mark: RowMark) -> bool {
        self.adopts && collection.adopt.is_some() && mark == RowMark::By(None)
    }

    /// The mark, as it is written at this moment.
    #[must_use]
    pub fn mark_at(&self, written_at: Timestamp) -> Mark {
        Mark {
            written_at,
            ..self.mark()
        }
    }
}
