//! Shared records, right before they are deleted: one that a live link references now stays.

use std::collections::BTreeMap;

use crate::effects::effect::{Answer, Effect};
use crate::effects::records::Taking;
use crate::kit::work::Work;
use crate::select::shared_records;
use domain::page::Outcome;
use ports::EnginePorts;

/// See the module.
pub(super) struct SharedRecords;

impl<P: EnginePorts> Effect<P> for SharedRecords {
    fn block<'a>(
        &'a self,
        work: Work<'a, P>,
        taking: &'a Taking<'a>,
    ) -> Answer<'a, BTreeMap<usize, Outcome>> {
        let Taking {
            deletion,
            scope,
            page,
            open,
        } = taking;
        Box::pin(shared_records::blocked(
            work,
            deletion,
            scope,
            &page.entries,
            open,
        ))
    }
}
