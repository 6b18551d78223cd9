//! The search for late arrivals below the root, before a purge removes anything, and before a delete removes the root:
//! all are collected, whoever wrote them.
//!
//! Late arrivals are written as a page first and marked afterwards, like everything else. A record that a page already
//! counts as ours, and that another writer has unmarked since, is marked again in place: a record is in one page only.
//! A delete does not mark late arrivals at once: the turn of their page comes before the root's.

use std::collections::HashSet;

use crate::effects::remove_schedules;
use crate::kit::checkpoint::checkpoint;
use crate::kit::manifest;
use crate::kit::manifest::{fitting, known, record};
use crate::kit::ours::is_root_recreated;
use crate::kit::parents::{below_ours, without_live_parent};
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use crate::select::step::Step;
use crate::select::walk::{STEPS, Walk};
use crate::strategies;
use domain::deletion::{Deletion, Pass};
use domain::page::{Entry, PAGE_BYTES, Page, SelectCursor};
use domain::scope::Scope;
use ports::{AdvanceDeletions, EnginePorts, PutPageOutcome};

/// Searches from the checkpoint on, until there is nothing below the root that is not in the manifest.
pub(crate) async fn run<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &mut Deletion,
    scope: &Scope,
) -> Result<(), Stop> {
    adopt(work, deletion).await?;
    while !deletion.late_done {
        let mut walk = Walk::new(work, scope);
        let mut cursor = deletion.late_cursor.clone().unwrap_or(SelectCursor::ROOT);
        let mut found: Vec<Entry> = Vec::new();
        let mut seen = HashSet::new();
        let mut steps = 0;
        while found.len() < work.engine.page_keys && steps < STEPS {
            let room = work.engine.page_keys - found.len();
            // Everything before `pages + 1` is written; no page is open.
            let step = walk
                .step(deletion, cursor.clone(), (deletion.pages + 1, &[]), room)
                .await?;
            match step {
                Step::Over => break,
                // The search begins after what the scope lists.
                Step::Entries { next, .. } => cursor = next,
                Step::Rows {
                    collection,
                    rows,
                    next,
                } => {
                    let declared = work.collection(&collection)?;
                    let mut live = rows;
                    live.retain(|row| row.mark(declared).is_live());
                    // A parent whose turn in the delete has not come is still live, and is ours all the same.
                    let is_acted = next.page().is_none_or(|page| deletion.is_acted(page));
                    let is_waiting = deletion.state.pass() == Pass::Delete && !is_acted;
                    if !is_waiting {
                        live = without_live_parent(work, declared, live, &seen).await?;
                    }
                    for row in live {
                        if !seen.insert((collection.clone(), row.key.clone())) {
                            continue;
                        }
                        found.push(Entry::of_row(declared, row, deletion.id));
                    }
                    cursor = next;
                }
            }
            if found.is_empty() {
                // Saved with the next store call of the slice: the search continues from here.
                deletion.late_cursor = Some(cursor.clone());
            } else {
                steps += 1;
            }
        }
        if deletion.root.is_none() && !found.is_empty() {
            let old = below_ours(work, deletion, &found).await?;
            let mut places = 0..;
            found.retain(|_| places.next().is_some_and(|place| old.contains(&place)));
            if found.is_empty() {
                deletion.late_cursor = Some(cursor);
                continue;
            }
        }
        // The root is read after its children: one that is there and not ours has been recreated, and so have they.
        if found.is_empty() || is_root_recreated(work, deletion).await? {
            let next = deletion.late_arrivals_done(work.now());
            return checkpoint(work, deletion, next).await;
        }
        if collect(work, deletion, found).await? {
            deletion.late_cursor = Some(cursor);
        }
    }
    Ok(())
}

/// A page that a crashed search wrote, and that the deletion does not know of yet. If the root was recreated since, the
/// records in the page may have been, too: the page is then added without marking them, and the purge keeps those that
/// are not ours.
async fn adopt<P: EnginePorts>(work: Work<'_, P>, deletion: &mut Deletion) -> Result<(), Stop> {
    let number = deletion.pages + 1;
    let Some(page) = manifest::page(work, deletion, number).await? else {
        return Ok(());
    };
    if deletion.state.pass() == Pass::Purge && is_root_recreated(work, deletion).await? {
        let next = deletion.page_found(work.now(), &page);
        return checkpoint(work, deletion, next).await;
    }
    if deletion.root.is_none() {
        let old = below_ours(work, deletion, &page.entries).await?;
        mark(work, deletion, &page.entries, &old).await?;
        let next = deletion.page_found(work.now(), &page);
        return checkpoint(work, deletion, next).await;
    }
    take(work, deletion, &page).await
}

/// Marks what was found: in the page that has it already, or in a new one. Returns whether all of it was added. If
/// another worker wrote that page first, its version counts; in that case, or if a page cannot hold all of it, the
/// search repeats this stretch.
async fn collect<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &mut Deletion,
    found: Vec<Entry>,
) -> Result<bool, Stop> {
    let known = known(work, deletion, &found).await?;
    let (mut again, mut new): (Vec<Entry>, Vec<Entry>) = found
        .into_iter()
        .partition(|entry| known.contains_key(&record(entry)));
    if deletion.state.pass() == Pass::Delete {
        // Late arrivals in a page that an earlier search has added have their turn still to come.
        again.retain(|entry| {
            known
                .get(&record(entry))
                .is_some_and(|page| deletion.is_acted(*page))
        });
    }
    if !again.is_empty() {
        let all: Vec<usize> = (0..again.len()).collect();
        mark(work, deletion, &again, &all).await?;
    }
    if new.is_empty() {
        return Ok(true);
    }
    let fitting = fitting(&new, PAGE_BYTES);
    let is_all = fitting == new.len();
    new.truncate(fitting);
    let page = Page {
        number: deletion.pages + 1,
        entries: new,
        next: None,
    };
    match work
        .call(work.deletions().put_page(deletion, &page))
        .await?
    {
        PutPageOutcome::Written => take(work, deletion, &page).await.map(|()| is_all),
        PutPageOutcome::Earlier(theirs) => take(work, deletion, &theirs).await.map(|()| false),
    }
}

/// Marks what was found, or erases it if the delete erases, except for blocked records: these stay.
async fn mark<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    entries: &[Entry],
    places: &[usize],
) -> Result<(), Stop> {
    let blocked = remove_schedules(work, entries, places).await?;
    let mut rest = places.to_vec();
    rest.retain(|place| !blocked.contains_key(place));
    strategies::take_late(work, deletion, entries, &rest).await
}

async fn take<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &mut Deletion,
    page: &Page,
) -> Result<(), Stop> {
    let next = if deletion.state.pass() == Pass::Delete {
        deletion.page_late(work.now(), page)
    } else {
        let all: Vec<usize> = (0..page.entries.len()).collect();
        mark(work, deletion, &page.entries, &all).await?;
        deletion.page_found(work.now(), page)
    };
    checkpoint(work, deletion, next).await
}
