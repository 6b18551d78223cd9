//! Archived rows that nobody may bring back any more: those of a restored deletion whose key another record had, and
//! those that a worker that woke up too late wrote after the purge.

use std::collections::BTreeSet;

use crate::compare::hanging;
use crate::compare::plan::Case;
use crate::kit::archived::{READ, copies, drop_copies};
use crate::kit::records::Records;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use domain::deletion::Deletion;
use domain::deletion::comparison::{Drift, Findings};
use ports::EnginePorts;

/// Counts the archived rows of these records, and removes them if their time has come.
pub(crate) async fn compare<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    records: &Records<'_>,
    case: Case,
    findings: &mut Findings,
) -> Result<(), Stop> {
    let is_due = match case {
        Case::Restored { is_due } => is_due,
        Case::Purged => true,
        // They explain where the record is.
        Case::Marked | Case::Moved { .. } => return Ok(()),
    };
    if !deletion.strategy.keeps_copies() {
        return Ok(());
    }
    let collection = records.collection;
    for some in records.chunks(READ) {
        let found = copies(work, deletion, collection, &some.keys()).await?;
        let found = some.places.iter().copied().zip(found);
        let left = found.filter(|(_, copy)| copy.is_some());
        let left = some.at(left.map(|(place, _)| place).collect());
        if left.places.is_empty() {
            continue;
        }
        let mut kept = BTreeSet::new();
        if is_due {
            if matches!(case, Case::Restored { .. }) {
                kept = Box::pin(clear_below(work, deletion, &left, findings)).await?;
            }
            let is_free = |place: &usize| !kept.contains(place);
            let free = left.at(left.places.iter().copied().filter(is_free).collect());
            drop_copies(work, deletion, collection, &free.keys()).await?;
        }
        let kept = u64::try_from(kept.len()).unwrap_or(u64::MAX);
        let left = u64::try_from(left.places.len()).unwrap_or(u64::MAX);
        if left > kept {
            findings.count(Drift::OrphanCopy, left - kept, is_due);
        }
        if kept > 0 {
            findings.count(Drift::OrphanCopy, kept, false);
        }
        if !is_due {
            findings.waiting += left;
        }
    }
    Ok(())
}

/// Removes what is below those of these records whose key is free: what is below another record is that one's. Returns
/// the places of those below which something stays. A purge has searched below them itself.
async fn clear_below<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    records: &Records<'_>,
    findings: &mut Findings,
) -> Result<BTreeSet<usize>, Stop> {
    let rows = records.rows(work).await?;
    let places = records.places.iter().copied().zip(rows);
    let gone = places.filter(|(_, row)| row.is_none());
    let gone = records.at(gone.map(|(place, _)| place).collect());
    let below = hanging::clear(work, deletion, &gone).await?;
    below.count(findings);
    Ok(below.kept)
}
