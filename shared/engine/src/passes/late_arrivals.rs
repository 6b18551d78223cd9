//! The search for late arrivals, after all other pages of a pass that removes and before its root: all are collected,
//! whoever wrote them.
//!
//! By then whatever the manifest lists is gone, or the pass has failed, so a live record below the deletion is not in it
//! yet. What is found is written in a page of its own, like everything else, and its turn comes at once; then the search
//! continues, also below it.

use crate::kit::checkpoint::checkpoint;
use crate::kit::manifest;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use crate::select::{Wanted, select};
use domain::deletion::Deletion;
use domain::page::{Page, SelectCursor};
use domain::scope::Scope;
use ports::{AdvanceDeletions, EnginePorts};

/// Searches from the checkpoint on, until a page is found, or there is nothing below the deletion that is not in the
/// manifest. A run that finds more and more fails, with its root still there.
pub(crate) async fn run<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &mut Deletion,
    scope: &Scope,
) -> Result<(), Stop> {
    if let Some(failure) = deletion.too_many_late() {
        return Err(Stop::Impossible(failure));
    }
    loop {
        let number = deletion.pages + 1;
        // A page that a crashed search wrote, and that the deletion does not know of yet.
        if let Some(page) = manifest::adopted(work, deletion).await? {
            return added(work, deletion, &page).await;
        }
        let cursor = deletion.late_cursor.clone();
        let cursor = cursor.unwrap_or(SelectCursor::ROOT);
        let page = select(work, deletion, scope, (number, cursor), Wanted::Late).await?;
        let next = match page {
            None => deletion.late_arrivals_done(work.now()),
            Some(page) if page.entries.is_empty() => {
                let searched = page.next.unwrap_or(SelectCursor::ROOT);
                let next = deletion.late_arrivals_searched(work.now(), searched);
                checkpoint(work, deletion, next).await?;
                continue;
            }
            Some(page) => {
                let page = manifest::put(work, deletion, page).await?;
                return added(work, deletion, &page).await;
            }
        };
        return checkpoint(work, deletion, next).await;
    }
}

/// The manifest has one more page.
async fn added<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &mut Deletion,
    page: &Page,
) -> Result<(), Stop> {
    if deletion.is_before_done() {
        let (deletions, all) = (work.deletions(), page.not_done());
        let put = deletions.put_exceptions(deletion, page.number, &all);
        work.call(put).await?;
    }
    let next = deletion.page_late(work.now(), page);
    checkpoint(work, deletion, next).await
}
