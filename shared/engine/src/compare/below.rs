//! The check below an ended deletion's root. A live record there, below a parent that is missing or marked, was written
//! without the API.

use std::collections::HashSet;

use crate::kit::checkpoint::checkpoint;
use crate::kit::ours::is_root_recreated;
use crate::kit::parents::without_live_parent;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use crate::select::step::Step;
use crate::select::walk::{STEPS, Walk};
use domain::collection::Collection;
use domain::deletion::Deletion;
use domain::deletion::comparison::{Drift, Findings, Tallies, add};
use domain::page::SelectCursor;
use domain::row::Row;
use ports::{EnginePorts, ReadDeletions};

/// How many live records are enough to know that something is wrong: a writer that never stops cannot keep the check
/// from ending.
const ENOUGH: u64 = 1000;

/// Checks below the root, and counts the live records. If they are purged once more, one stretch that finds some is
/// enough: the answer is the number that it found.
pub(crate) async fn below<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &mut Deletion,
    is_purged_again: bool,
    drift: &mut Tallies,
) -> Result<Option<u64>, Stop> {
    let deletions = work.deletions();
    let read = deletions.scope(&deletion.tenant, deletion.id);
    let scope = work
        .call(read)
        .await?
        .ok_or_else(|| Stop::broken("SCOPE_MISSING", "the deletion has no scope"))?;
    let mut walk = Walk::new(work, &scope);
    let mut steps = 0;
    while deletion.comparison.found(Drift::LiveChild) < ENOUGH {
        let cursor = deletion.comparison.below_cursor.clone();
        let cursor = cursor.unwrap_or(SelectCursor::ROOT);
        let open = (deletion.pages + 1, [].as_slice());
        let Step::Rows {
            collection,
            rows,
            next,
        } = walk
            .step(deletion, cursor, open, work.engine.page_keys)
            .await?
        else {
            break;
        };
        let declared = work.collection(&collection)?;
        let live = live_below(work, declared, rows).await?;
        steps += 1;
        if live > 0 {
            // The root is read after its children: one that is there and not ours has been recreated, and so have they.
            if is_root_recreated(work, deletion).await? {
                break;
            }
            if is_purged_again {
                return Ok(Some(live));
            }
            let mut findings = Findings::default();
            findings.count(Drift::LiveChild, live, false);
            let next = deletion.below_compared(next, &findings);
            checkpoint(work, deletion, next).await?;
            add(drift, &findings.drift);
        } else if steps % STEPS == 0 {
            let next = deletion.below_compared(next, &Findings::default());
            checkpoint(work, deletion, next).await?;
        } else {
            // Saved with the next store call of the stretch.
            deletion.comparison.below_cursor = Some(next);
        }
    }
    Ok(None)
}

/// How many of these rows carry no mark although their parent is missing or marked.
async fn live_below<P: EnginePorts>(
    work: Work<'_, P>,
    collection: &Collection,
    rows: Vec<Row>,
) -> Result<u64, Stop> {
    let live = rows
        .into_iter()
        .filter(|row| row.mark(collection).is_live())
        .collect();
    let found = without_live_parent(work, collection, live, &HashSet::new()).await?;
    Ok(u64::try_from(found.len()).unwrap_or(u64::MAX))
}
