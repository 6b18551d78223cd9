//! Records that a live child keeps, where a deletion names them itself: they fail, with the reason.

use std::collections::BTreeMap;

use crate::domain::deletion::Deletion;
use crate::domain::page::{Entry, Outcome, Position};
use crate::engine::kit::slice::Stop;
use crate::engine::kit::work::Work;
use crate::live_children::look;
use crate::ports::EnginePorts;

/// Those of these records that have a live child.
pub(crate) async fn held<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    entries: &[Entry],
    places: &[usize],
) -> Result<BTreeMap<usize, Outcome>, Stop> {
    let mut held = BTreeMap::new();
    for place in places {
        let entry = &entries[*place];
        for child in work.collections().restricting(&entry.collection) {
            let mut after: Option<Position> = None;
            loop {
                let rows = work.rows();
                let asked = look(rows, &deletion.tenant, child, &entry.key, after.as_ref());
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
