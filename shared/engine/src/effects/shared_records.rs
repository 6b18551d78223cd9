//! Shared records, right before they are deleted: one that a live link references now stays.

use crate::effects::effect::{Answer, Effect};
use crate::effects::records::Taking;
use crate::kit::asked::Asked;
use crate::kit::work::Work;
use crate::select::shared_records;
use domain::page::Outcome;
use ports::EnginePorts;

/// See the module.
pub(super) struct SharedRecords;

impl<P: EnginePorts> Effect<P> for SharedRecords {
    fn name(&self) -> &'static str {
        "shared_records"
    }

    fn asks(&self, _work: Work<'_, P>, taking: &Taking<'_>) -> bool {
        let (deletion, scope) = (taking.deletion, taking.scope);
        let mut entries = taking.open.iter().map(|place| &taking.page.entries[*place]);
        entries.any(|entry| scope.is_deleted_with_links(&entry.collection, &deletion.collection))
    }

    fn block<'a>(
        &'a self,
        work: Work<'a, P>,
        taking: &'a Taking<'a>,
    ) -> Answer<'a, Asked<Outcome>> {
        let Taking {
            deletion,
            scope,
            page,
            open,
            look,
        } = taking;
        Box::pin(shared_records::blocked(
            work,
            (deletion, scope),
            &page.entries,
            open,
            look,
        ))
    }
}
