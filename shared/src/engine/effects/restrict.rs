//! Records that a live child keeps, where a deletion names them itself: they fail, with the reason.

use std::collections::BTreeMap;

use crate::domain::page::{Outcome, Position};
use crate::engine::effects::effect::{Answer, Effect, Taking};
use crate::engine::kit::slice::Stop;
use crate::engine::kit::work::Work;
use crate::ports::EnginePorts;
use crate::service::restrict::{look, restricting};

/// See the module.
pub(super) struct Restrict;

impl<P: EnginePorts> Effect<P> for Restrict {
    fn hold_back<'a>(
        &'a self,
        work: Work<'a, P>,
        taking: &'a Taking<'a>,
    ) -> Answer<'a, BTreeMap<usize, Outcome>> {
        Box::pin(async move {
            // A root was looked at when it was accepted.
            if taking.is_roots() {
                return Ok(BTreeMap::new());
            }
            held(work, taking).await
        })
    }
}

/// Those of these records that have a live child.
async fn held<P: EnginePorts>(
    work: Work<'_, P>,
    taking: &Taking<'_>,
) -> Result<BTreeMap<usize, Outcome>, Stop> {
    let mut held = BTreeMap::new();
    for place in &taking.open {
        let entry = &taking.page.entries[*place];
        for child in restricting(work.collections(), &entry.collection) {
            let mut after: Option<Position> = None;
            loop {
                let (rows, tenant) = (work.rows(), &taking.deletion.tenant);
                let asked = look(rows, tenant, child, &entry.key, after.as_ref());
                let found = work.call(asked).await?;
                if found.found {
                    let reason = format!("HAS_CHILDREN: {} still name it", child.name);
                    held.insert(*place, Outcome::Failed { reason });
                }
                after = found.next;
                if found.found || after.is_none() {
                    break;
                }
            }
        }
    }
    Ok(held)
}
