//! Archived rows that nobody may bring back any more: those of a restored deletion whose key another record had, and
//! those that a worker that woke up too late wrote after the purge.

use std::collections::BTreeMap;

use crate::compare::hanging;
use crate::compare::looked::{Progress, Removing};
use crate::compare::plan::Case;
use crate::kit::archived::{READ, copies, drop_copies};
use crate::kit::records::Records;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use domain::deletion::Deletion;
use domain::deletion::comparison::Drift;
use domain::row::Row;
use ports::EnginePorts;

/// Counts the archived rows of these records, and removes them if their time has come.
pub(crate) async fn compare<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    records: &Records<'_>,
    case: Case,
    progress: &mut Progress,
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
        let kept = match case {
            _ if !is_due => 0,
            Case::Restored { .. } => {
                Box::pin(drop_cleared(work, deletion, &left, progress)).await?
            }
            // A purge has searched below them itself.
            Case::Marked | Case::Moved { .. } | Case::Purged => {
                drop_copies(work, deletion, collection, &left.keys()).await?;
                0
            }
        };
        let kept = u64::try_from(kept).unwrap_or(u64::MAX);
        let left = u64::try_from(left.places.len()).unwrap_or(u64::MAX);
        if left > kept {
            progress
                .findings
                .count(Drift::OrphanCopy, left - kept, is_due);
        }
        if kept > 0 {
            progress.findings.count(Drift::OrphanCopy, kept, false);
        }
        if !is_due {
            progress.findings.waiting += left;
        }
    }
    Ok(())
}

/// Removes them, those whose key is free after what is below it: what is below another record is that one's. Returns how
/// many are kept, because something stays below them.
async fn drop_cleared<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    records: &Records<'_>,
    progress: &mut Progress,
) -> Result<usize, Stop> {
    let collection = records.collection;
    let (mut open, mut kept) = (records.clone(), 0);
    while !open.places.is_empty() {
        // Read again after a look that takes long.
        let rows = open.rows(work).await?;
        let read = open.places.iter().copied().zip(rows);
        let there: BTreeMap<usize, Row> = read
            .filter_map(|(place, row)| Some((place, row?)))
            .collect();
        let gone = open.without(&there);
        let looked = &mut progress.looked;
        let below = hanging::clear(work, deletion, &gone, Removing::Copies, looked).await?;
        below.count(&mut progress.findings);
        kept += below.kept.len();
        let (done, rest) = gone.places.split_at(below.looked);
        let free = done.iter().filter(|place| !below.kept.contains(place));
        let free = open.at(there.keys().chain(free).copied().collect());
        drop_copies(work, deletion, collection, &free.keys()).await?;
        open = open.at(rest.to_vec());
    }
    Ok(kept)
}
