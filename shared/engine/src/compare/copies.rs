//! Archived rows that nobody may bring back any more: those of a restored deletion whose key another record had, and
//! those that a worker that woke up too late wrote after the purge.

use crate::compare::plan::Case;
use crate::kit::archived::{READ, copies, drop_copies};
use crate::kit::records::Records;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use domain::deletion::Deletion;
use domain::deletion::comparison::{Drift, Findings};
use domain::key::RecordKey;
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
        let keys = some.keys();
        let found = copies(work, deletion, collection, &keys).await?;
        let left: Vec<RecordKey> = keys
            .into_iter()
            .zip(found)
            .filter(|(_, copy)| copy.is_some())
            .map(|(key, _)| key)
            .collect();
        if left.is_empty() {
            continue;
        }
        if is_due {
            drop_copies(work, deletion, collection, &left).await?;
        }
        let left = u64::try_from(left.len()).unwrap_or(u64::MAX);
        findings.count(Drift::OrphanCopy, left, is_due);
        if !is_due {
            findings.waiting += left;
        }
    }
    Ok(())
}
