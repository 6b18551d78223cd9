//! What the manifest already has.

use std::collections::{HashMap, HashSet};

use crate::domain::deletion::Deletion;
use crate::domain::key::RecordRef;
use crate::domain::page::Entry;
use crate::engine::kit::slice::Stop;
use crate::engine::kit::work::Work;
use crate::ports::{EnginePorts, ReadDeletions};

/// Which of these records the manifest already has, and in which page: one page in memory at a time.
pub(crate) async fn known<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    found: &[Entry],
) -> Result<HashMap<RecordRef, u32>, Stop> {
    let wanted: HashSet<RecordRef> = found.iter().map(record).collect();
    let mut known = HashMap::new();
    for number in 1..=deletion.pages {
        let read = work.deletions().page(&deletion.tenant, deletion.id, number);
        if let Some(page) = work.call(read).await? {
            known.extend(
                page.entries
                    .iter()
                    .map(record)
                    .filter(|record| wanted.contains(record))
                    .map(|record| (record, number)),
            );
        }
    }
    Ok(known)
}

pub(crate) fn record(entry: &Entry) -> RecordRef {
    RecordRef {
        collection: entry.collection.clone(),
        key: entry.key.clone(),
    }
}
