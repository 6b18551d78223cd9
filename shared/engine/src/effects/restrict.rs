//! Records that a live child blocks, in a deletion that lists them itself: they fail, with the reason.

use std::collections::BTreeMap;

use crate::effects::effect::{Answer, Effect};
use crate::effects::records::Taking;
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
    fn block<'a>(
        &'a self,
        work: Work<'a, P>,
        taking: &'a Taking<'a>,
    ) -> Answer<'a, BTreeMap<usize, Outcome>> {
        Box::pin(async move {
            // A root was checked when it was accepted.
            if taking.is_roots() {
                return Ok(BTreeMap::new());
            }
            blocked(work, taking).await
        })
    }
}

/// Those of these records that have a live child.
async fn blocked<P: EnginePorts>(
    work: Work<'_, P>,
    taking: &Taking<'_>,
) -> Result<BTreeMap<usize, Outcome>, Stop> {
    let mut blocked = BTreeMap::new();
    for records in Records::by_collection(work.collections(), &taking.page.entries)? {
        let name = &records.collection.name;
        let children: Vec<&Collection> = work.collections().restricting(name).collect();
        let is_open = |place: &usize| taking.open.contains(place);
        let open = records.at(records.places.iter().copied().filter(is_open).collect());
        let found = with_live_children(work, taking.deletion, &open, &children).await?;
        blocked.extend(found.into_iter().map(|(place, child)| {
            let reason = format!("HAS_CHILDREN: {child} still name it");
            (place, Outcome::Failed { reason })
        }));
    }
    Ok(blocked)
}
