//! Records that a live child blocks, in a deletion that lists them itself: they fail, with the reason.

use crate::effects::effect::{Answer, Effect};
use crate::effects::records::Taking;
use crate::kit::asked::Asked;
use crate::kit::children::with_live_children;
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
        let mut names = taking.collections().into_iter();
        names.any(|name| work.collections().restricting(name).next().is_some())
    }

    fn block<'a>(
        &'a self,
        work: Work<'a, P>,
        taking: &'a Taking<'a>,
    ) -> Answer<'a, Asked<Outcome>> {
        Box::pin(blocked(work, taking))
    }
}

/// Those of these records that have a live child. They are of one collection.
async fn blocked<P: EnginePorts>(
    work: Work<'_, P>,
    taking: &Taking<'_>,
) -> Result<Asked<Outcome>, Stop> {
    let mut blocked = Asked::default();
    for open in taking.asked_about(work.collections())? {
        let name = &open.collection.name;
        let children: Vec<&Collection> = work.collections().restricting(name).collect();
        if children.is_empty() {
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
