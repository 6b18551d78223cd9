//! Records with a child that is held back, in a deletion that lists them itself: they fail, with the reason.

use crate::effects::effect::{Answer, Effect};
use crate::effects::records::Taking;
use crate::kit::asked::Asked;
use crate::kit::children::with_held_children;
use crate::kit::records::Records;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use domain::collection::Collection;
use domain::page::Outcome;
use ports::EnginePorts;

/// See the module.
pub(super) struct Held;

impl<P: EnginePorts> Effect<P> for Held {
    fn name(&self) -> &'static str {
        "held"
    }

    fn asks(&self, work: Work<'_, P>, taking: &Taking<'_>) -> bool {
        let mut places = taking.open.iter();
        let collections = work.collections();
        places.any(|place| {
            let name = &taking.page.entries[*place].collection;
            let mut children = collections.children_of(name);
            children.any(|child| !child.held.is_nothing())
        })
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

/// Those of these records that have a child which is held back. They are of one collection.
async fn blocked<P: EnginePorts>(
    work: Work<'_, P>,
    taking: &Taking<'_>,
) -> Result<Asked<Outcome>, Stop> {
    let mut blocked = Asked::default();
    for records in Records::by_collection(work.collections(), &taking.page.entries)? {
        let name = &records.collection.name;
        let children = work.collections().children_of(name);
        let children: Vec<&Collection> =
            children.filter(|child| !child.held.is_nothing()).collect();
        let is_open = |place: &usize| taking.open.contains(place);
        let open = records.at(records.places.iter().copied().filter(is_open).collect());
        if children.is_empty() || open.places.is_empty() {
            continue;
        }
        let found = with_held_children(work, taking.deletion, &open, &children).await?;
        blocked.kept.extend(found.into_iter().map(|(place, child)| {
            let reason = format!(
                "RECORD_HELD: a record of {child} below it is held back; it stays until that is changed, then retry"
            );
            (place, Outcome::Failed { reason })
        }));
    }
    Ok(blocked)
}
