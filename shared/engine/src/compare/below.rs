//! The check below an ended deletion's root. A live record there, below a parent that is missing or marked, was written
//! without the API.

use crate::kit::checkpoint::checkpoint;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use crate::select::live_below;
use crate::select::step::Step;
use crate::select::walk::{STEPS, Walk};
use domain::deletion::Deletion;
use domain::deletion::comparison::{Drift, Findings, Tallies, add};
use domain::page::SelectCursor;
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
        let limit = work.engine.page_keys;
        let (rows, next) = match walk.step(deletion, cursor, open, limit).await? {
            Step::Rows { rows, next } => (rows, next),
            Step::Entries { next, .. } => (Vec::new(), next),
            Step::Over => break,
        };
        let found = Box::pin(live_below(work, deletion, &scope, rows)).await?;
        let live = u64::try_from(found.len()).unwrap_or(u64::MAX);
        steps += walk.taken();
        if live > 0 && is_purged_again {
            return Ok(Some(live));
        }
        let mut findings = Findings::default();
        if live > 0 {
            findings.count(Drift::LiveChild, live, false);
        }
        if live > 0 || steps >= STEPS {
            steps = 0;
            let next = deletion.below_compared(next, &findings);
            checkpoint(work, deletion, next).await?;
            add(drift, &findings.drift);
        } else {
            // Saved with the next store call of the stretch.
            deletion.comparison.below_cursor = Some(next);
        }
    }
    Ok(None)
}
