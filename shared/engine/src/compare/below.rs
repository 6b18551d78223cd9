//! The check for live records that an ended deletion should have: what an index did not show in time, then what
//! is below its root. A live record there, below a parent that is missing or marked, was written without the API.

use tracing::warn;

use crate::kit::checkpoint::checkpoint;
use crate::kit::manifest::{self, LONGEST};
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use crate::select::late::{self, may_be_over_an_index};
use crate::select::step::Step;
use crate::select::walk::{STEPS, Walk};
use domain::deletion::comparison::{Drift, Findings, RETURNS, Tallies, add};
use domain::deletion::{Deletion, State};
use domain::page::SelectCursor;
use ports::EnginePorts;

/// How many live records are enough to know that something is wrong: a writer that never stops cannot keep the check
/// from ending.
const ENOUGH: u64 = 1000;

/// Live records for which the deletion is sent back.
pub(crate) struct Live {
    /// How many one stretch of the check has found.
    pub(crate) records: u64,
    /// Where the search of the next run begins, if not below the root: the index was late.
    pub(crate) from: Option<SelectCursor>,
}

/// Checks what was requested and what is below the root, and counts the live records. If the deletion is sent back for
/// them, one stretch that finds some is enough.
pub(crate) async fn below<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &mut Deletion,
    drift: &mut Tallies,
) -> Result<Option<Live>, Stop> {
    let scope = manifest::scope(work, deletion).await?;
    // An index has caught up since the delete. What comes later is no longer what was requested.
    let is_asked =
        may_be_over_an_index(&scope) && !deletion.comparison.asked && deletion.is_deleted_whole();
    let begin = if is_asked {
        SelectCursor::REQUESTED
    } else {
        SelectCursor::ROOT
    };
    let mut walk = Walk::new(work, &scope);
    let mut steps = 0;
    while deletion.comparison.found(Drift::LiveChild) < ENOUGH {
        let cursor = deletion.comparison.below_cursor.clone();
        let cursor = cursor.unwrap_or_else(|| begin.clone());
        let (number, limit) = (deletion.pages + 1, work.engine.page_keys);
        let step = late::step(&mut walk, deletion, &cursor, number, limit);
        let (found, mut next) = match Box::pin(step).await? {
            Step::Rows { rows, next } => (rows, next),
            Step::Entries { next, .. } => (Vec::new(), next),
            Step::Over => break,
        };
        let records = u64::try_from(found.len()).unwrap_or(u64::MAX);
        steps += walk.taken();
        let is_requested = matches!(cursor, SelectCursor::Requested(_));
        if records > 0 && is_sent_back(work, deletion, is_requested) {
            let from = is_requested.then_some(SelectCursor::REQUESTED);
            return Ok(Some(Live { records, from }));
        }
        if records > 0 && is_requested {
            warn!(deletion_id = %deletion.id, records, "records that deletion {} was asked for are left", deletion.id);
            next = SelectCursor::ROOT;
        } else if is_requested && !matches!(next, SelectCursor::Requested(_)) {
            deletion.comparison.asked = true;
        }
        let mut findings = Findings::default();
        if records > 0 {
            findings.count(Drift::LiveChild, records, false);
        }
        if records > 0 || steps >= STEPS {
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

/// Whether the deletion is sent back for live records, requested ones or such below its root. What is below a deleted
/// parent is hidden by it, and left to the purge. A purged one is not sent back if there are rows with its mark again: a
/// further purge would remove them, and nobody has asked for that.
fn is_sent_back<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    is_requested: bool,
) -> bool {
    // Of requested records nobody knows then whether they are listed already: they are counted.
    if is_requested && deletion.pages > LONGEST {
        return false;
    }
    let is_possible = match deletion.state {
        State::Deleted => is_requested && !deletion.terms(work.now()).is_due,
        State::Purged => deletion.comparison.found(Drift::Resurrected) == 0,
        _ => false,
    };
    is_possible && deletion.comparison.returns < RETURNS
}
