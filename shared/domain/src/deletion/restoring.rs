//! What a restore says of the rows that it meets: the request that asks for one, and the pass that does it, say the same.

use super::value::Deletion;
use crate::collection::Collection;
use crate::row::Row;

impl Deletion {
    /// Whether a restore says of this row, which is not the deletion's own, that it has taken the root's key. Of another
    /// tenant's record nothing is told, but that an archived row cannot come back over it.
    #[must_use]
    pub fn has_lost_its_key_to(&self, row: &Row, collection: &Collection) -> bool {
        row.is_of(&self.tenant, collection) || self.strategy.keeps_copies()
    }
}
