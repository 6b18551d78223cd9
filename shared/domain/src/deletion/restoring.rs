//! What a restore decides about the rows that it finds: the request for a restore and the pass that does it decide the
//! same.

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
}
