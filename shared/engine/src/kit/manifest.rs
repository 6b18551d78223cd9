//! The manifest as it is stored: what it covers, its pages, and which records it already has.

use std::collections::HashSet;
use std::sync::atomic::AtomicBool;

use crate::kit::settle::together;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use domain::deletion::{Deletion, Pass};
use domain::key::RecordRef;
use domain::page::{Entry, Exceptions, Page};
use domain::scope::Scope;
use ports::{AdvanceDeletions, EnginePorts, PutPageOutcome, ReadDeletions};

/// What the deletion covers.
pub(crate) async fn scope<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
) -> Result<Scope, Stop> {
    let read = work.deletions().scope(&deletion.tenant, deletion.id);
    let scope = work.call(read).await?;
    scope.ok_or_else(|| Stop::broken("SCOPE_MISSING", "the deletion has no scope"))
}

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

/// Writes the next page of the manifest. If another worker has written it before, and the deletion does not know yet, that
/// one's is the page, and its records are judged again before they are touched: that may have been long ago.
pub(crate) async fn put<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &mut Deletion,
    page: Page,
) -> Result<Page, Stop> {
    let put = work.deletions().put_page(deletion, &page);
    match work.call(put).await? {
        PutPageOutcome::Written => Ok(page),
        PutPageOutcome::Earlier(theirs) => {
            deletion.adopts(&theirs);
            Ok(*theirs)
        }
    }
}

/// The page after those that the deletion knows, if a worker has written it and died: see [`put`].
pub(crate) async fn adopted<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &mut Deletion,
) -> Result<Option<Page>, Stop> {
    let page = page(work, deletion, deletion.pages + 1).await?;
    if let Some(page) = &page {
        deletion.adopts(page);
    }
    Ok(page)
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

/// Which records of the manifest are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Listed {
    /// All.
    Ever,
    /// Those that the delete has not done yet, or has failed on.
    Open,
}

/// The longest manifest that is read for records that may be in it: all of it is read within one slice.
pub(crate) const LONGEST: u32 = 10_000;

/// Which of these records the manifest already has: a few of its pages are in memory at a time. Not for a manifest that
/// is longer than [`LONGEST`].
pub(crate) async fn known<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    wanted: HashSet<RecordRef>,
    listed: Listed,
) -> Result<HashSet<RecordRef>, Stop> {
    let failed = AtomicBool::new(false);
    let slice = work.slice.unless(&failed);
    let (work, wanted) = (Work::new(work.engine, &slice), &wanted);
    let in_page = |number| Box::pin(listed_in(work, deletion, number, wanted, listed));
    let pages = together(&failed, (1..=deletion.pages).map(in_page).collect()).await?;
    Ok(pages.into_iter().flatten().collect())
}

/// Which of these records one page lists.
pub(crate) async fn listed_in<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    number: u32,
    wanted: &HashSet<RecordRef>,
    listed: Listed,
) -> Result<Vec<RecordRef>, Stop> {
    let page = page(work, deletion, number).await?;
    let entries = page.iter().flat_map(|page| page.entries.iter().enumerate());
    let mut found: Vec<(usize, RecordRef)> = entries
        .map(|(place, entry)| (place, record(entry)))
        .filter(|(_, record)| wanted.contains(record))
        .collect();
    if listed == Listed::Open && !found.is_empty() && deletion.is_acted(number) {
        let exceptions = exceptions(work, deletion, number).await?;
        let open = exceptions.open(Pass::Delete);
        found.retain(|(place, _)| open.contains(place));
    }
    Ok(found.into_iter().map(|(_, record)| record).collect())
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
