//! Records that a live child blocks, in a deletion that lists them itself: they fail, with the reason.

use std::collections::BTreeSet;

use crate::effects::effect::{Answer, Effect};
use crate::effects::records::Taking;
use crate::kit::asked::Asked;
use crate::kit::children::with_live_children;
use crate::kit::records::Records;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use domain::collection::Collection;
use domain::page::Outcome;
use ports::EnginePorts;

/// See the module.
pub(super) struct Restrict;

impl<P: EnginePorts> Effect<P> for Restrict {
    fn name(&self) -> &'static str {
        "restrict"
    }

    fn asks(&self, work: Work<'_, P>, taking: &Taking<'_>) -> bool {
        let collections = taking
            .open
            .iter()
            .map(|place| &taking.page.entries[*place].collection);
        let collections: BTreeSet<_> = collections.collect();
        let mut collections = collections.into_iter();
        collections.any(|name| work.collections().restricting(name).next().is_some())
    }

    fn block<'a>(
        &'a self,
        work: Work<'a, P>,
        taking: &'a Taking<'a>,
    ) -> Answer<'a, Asked<Outcome>> {
        Box::pin(async move {
            // A root was checked when it was accepted.
            if taking.is_roots() {
                return Ok(Asked::default());
            }
            blocked(work, taking).await
        })
    }
}

/// Those of these records that have a live child. They are of one collection.
async fn blocked<P: EnginePorts>(
    work: Work<'_, P>,
    taking: &Taking<'_>,
) -> Result<Asked<Outcome>, Stop> {
    let mut blocked = Asked::default();
    for records in Records::by_collection(work.collections(), &taking.page.entries)? {
        let name = &records.collection.name;
        let children: Vec<&Collection> = work.collections().restricting(name).collect();
        let is_open = |place: &usize| taking.open.binary_search(place).is_ok();
        let open = records.at(records.places.iter().copied().filter(is_open).collect());
        if children.is_empty() || open.places.is_empty() {
            continue;
        }
        let found = with_live_children(work, taking.deletion, &open, &children, taking.look);
        let found = found.await?;
        blocked
            .kept
            .extend(found.kept.into_iter().map(|(place, child)| {
                let reason = format!("HAS_CHILDREN: {child} still name it");
                (place, Outcome::Failed { reason })
            }));
        blocked.unfinished = found.unfinished;
    }
    Ok(blocked)
}
