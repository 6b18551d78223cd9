//! The manifest as it is stored: its pages, and which records it already has.

use std::collections::{HashMap, HashSet};

use crate::kit::slice::Stop;
use crate::kit::work::Work;
use domain::deletion::Deletion;
use domain::key::RecordRef;
use domain::page::{Entry, Exceptions, Page};
use ports::{EnginePorts, ReadDeletions};

/// A page; `None` when it has not been written.
pub(crate) async fn page<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    number: u32,
) -> Result<Option<Page>, Stop> {
    let deletions = work.deletions();
    work.call(deletions.page(&deletion.tenant, deletion.id, number))
        .await
}

/// A page that must exist.
pub(crate) async fn written<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    number: u32,
) -> Result<Page, Stop> {
    let page = page(work, deletion, number).await?;
    page.ok_or_else(|| Stop::broken("PAGE_MISSING", "a page of the manifest is missing"))
}

/// The exceptions of a page; none if none have been written.
pub(crate) async fn exceptions<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    number: u32,
) -> Result<Exceptions, Stop> {
    let deletions = work.deletions();
    let read = deletions.exceptions(&deletion.tenant, deletion.id, number);
    work.call(read).await.map(Option::unwrap_or_default)
}

/// Which of these records the manifest already has, and in which page: one page in memory at a time.
pub(crate) async fn known<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    found: &[Entry],
) -> Result<HashMap<RecordRef, u32>, Stop> {
    let wanted: HashSet<RecordRef> = found.iter().map(record).collect();
    let mut known = HashMap::new();
    for number in 1..=deletion.pages {
        if let Some(page) = page(work, deletion, number).await? {
            let records = page.entries.iter().map(record);
            let wanted = records.filter(|record| wanted.contains(record));
            known.extend(wanted.map(|record| (record, number)));
        }
    }
    Ok(known)
}

/// The record of an entry.
pub(crate) fn record(entry: &Entry) -> RecordRef {
    RecordRef {
        collection: entry.collection.clone(),
        key: entry.key.clone(),
    }
}

/// How many of these entries fit into `room` bytes; one is always taken.
pub(crate) fn fitting(entries: &[Entry], room: usize) -> usize {
    let mut total = 0;
    let fit = entries.iter().take_while(|entry| {
        total += entry.bytes();
        total <= room
    });
    fit.count().max(1)
}
