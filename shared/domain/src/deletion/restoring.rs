//! What a restore decides about the rows that it finds: the request for a restore and the pass that does it decide the
//! same.

use jiff::Timestamp;

use super::failure::Failure;
use super::machine::Event;
use super::state::State;
use super::transition::NotAllowed;
use super::value::Deletion;
use crate::collection::Collection;
use crate::row::Row;

impl Deletion {
    /// Whether a restore reports this row, which is not the deletion's own, as one that has taken the root's key.
    /// Nothing is reported about another tenant's record, except that an archived row cannot be put back over it.
    #[must_use]
    pub fn has_lost_its_key_to(&self, row: &Row, collection: &Collection) -> bool {
        row.is_of(&self.tenant, collection) || self.strategy.keeps_copies()
    }

    /// Whether the latest restore has brought the root back and nobody has been told of its end yet: the root's document
    /// follows its row. It may have been refused before.
    #[must_use]
    pub fn is_root_to_be_found(&self) -> bool {
        if self.root.is_none() || self.notified.restore.ended != Some(self.state) {
            return false;
        }
        let counts = self.restored.get(&self.collection);
        let has_failed = counts.is_some_and(|counts| counts.failed > 0);
        match self.state {
            State::Restored => true,
            State::RestoreFailed => self.root_restored && has_failed,
            _ => false,
        }
    }

    /// The restore has ended, its root is back, and the search index refuses the document of the root: it has failed as any
    /// other record would have, and a retry writes it.
    ///
    /// # Errors
    ///
    /// When it is not `RESTORED`.
    pub fn root_refused(&self, now: Timestamp) -> Result<Self, NotAllowed> {
        let state = self.after(Event::Fail, now)?;
        let mut next = self.changed();
        next.state = state;
        next.root_restored = true;
        let counts = next.restored.entry(self.collection.clone()).or_default();
        counts.restored = counts.restored.saturating_sub(1);
        counts.failed += 1;
        let failure = Failure::of_records(next.failed());
        next.failure = Some(failure.clone());
        next.notified.restore.ended = Some(state);
        next.notified.restore.failure = Some(failure);
        next.due_at = Some(now);
        Ok(next)
    }
}
