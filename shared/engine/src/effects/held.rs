//! Records with a child that is held back, in a deletion that lists them itself: they fail, with the reason.

use crate::effects::effect::{Answer, Effect};
use crate::effects::records::Taking;
use crate::kit::asked::Asked;
use crate::kit::children::with_held_children;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use domain::collection::{Collection, CollectionName, Collections};
use domain::page::Outcome;
use ports::EnginePorts;

/// See the module.
pub(super) struct Held;

impl<P: EnginePorts> Effect<P> for Held {
    fn name(&self) -> &'static str {
        "held"
    }

    fn asks(&self, work: Work<'_, P>, taking: &Taking<'_>) -> bool {
        let mut names = taking.collections().into_iter();
        names.any(|name| held_below(work.collections(), name).next().is_some())
    }

    fn block<'a>(
        &'a self,
        work: Work<'a, P>,
        taking: &'a Taking<'a>,
    ) -> Answer<'a, Asked<Outcome>> {
        Box::pin(blocked(work, taking))
    }
}

/// The collections whose records may be held back, directly below this one.
fn held_below<'c>(
    collections: &'c Collections,
    name: &CollectionName,
) -> impl Iterator<Item = &'c Collection> {
    let children = collections.children_of(name);
    children.filter(|child| !child.held.is_nothing())
}

/// Those of these records that have a child which is held back. They are of one collection.
async fn blocked<P: EnginePorts>(
    work: Work<'_, P>,
    taking: &Taking<'_>,
) -> Result<Asked<Outcome>, Stop> {
    let mut blocked = Asked::default();
    for open in taking.asked_about(work.collections())? {
        let children = held_below(work.collections(), &open.collection.name);
        let children: Vec<&Collection> = children.collect();
        if children.is_empty() {
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
