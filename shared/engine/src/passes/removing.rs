//! The delete pass of the strategies whose rows leave their table, `archive` and `erase`: first all pages are written,
//! forwards; then they are done backwards, the root last and marked until then.
//!
//! While pages are written nothing is touched, so a cancel stops at once. The root hides everything below it as long as
//! its row is there. So it is deleted only when nothing below it has failed, and after one more search for late
//! arrivals: with the root its key becomes free, and whatever was left behind would be shown below the next record with
//! that key. Shared records are deleted before that search, when the links are gone.

use crate::effects::save_recipients;
use crate::kit::checkpoint::checkpoint;
use crate::kit::manifest;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use crate::passes::late_arrivals;
use crate::passes::page::PageRun;
use crate::passes::publisher::Publisher;
use crate::passes::task::Task;
use crate::select::{next_page, shared_records};
use domain::deletion::{Deletion, State};
use domain::page::Page;
use domain::scope::Scope;
use ports::EnginePorts;

/// Writes the pages that are missing, then does all from the checkpoint on.
pub(crate) async fn run<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &mut Deletion,
    scope: &Scope,
) -> Result<(), Stop> {
    let mut publisher = Publisher::new();
    publisher.accepted(work, deletion).await;
    if deletion.selected.is_none() {
        write_pages(work, deletion, scope).await?;
        if deletion.state == State::Cancelling {
            return Ok(());
        }
    }
    remove(work, deletion, scope, &mut publisher).await
}

async fn write_pages<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &mut Deletion,
    scope: &Scope,
) -> Result<(), Stop> {
    let mut before = match deletion.pages {
        0 => None,
        pages => manifest::page(work, deletion, pages).await?,
    };
    // The root's page was written by the acceptance, which stores no recipients.
    let is_roots = |page: &&Page| page.number == 1 && deletion.root.is_some();
    if let Some(root) = before.as_ref().filter(is_roots) {
        Box::pin(save_recipients(work, deletion, scope, root)).await?;
    }
    while deletion.state != State::Cancelling {
        let number = deletion.pages + 1;
        let page = next_page(work, deletion, scope, before.as_ref(), number).await?;
        let now = work.now();
        let Some(page) = page else {
            let next = deletion.selection_over(now);
            return checkpoint(work, deletion, next).await;
        };
        Box::pin(save_recipients(work, deletion, scope, &page)).await?;
        let next = deletion.page_written(now, &page);
        checkpoint(work, deletion, next).await?;
        before = Some(page);
    }
    Ok(())
}

async fn remove<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &mut Deletion,
    scope: &Scope,
    publisher: &mut Publisher,
) -> Result<(), Stop> {
    // Only the first page of a slice can have been begun by another worker.
    let mut may_be_begun = true;
    loop {
        // A page that may have been begun is finished before a cancel is honoured.
        let is_begun = may_be_begun && deletion.begun_page().is_some();
        if deletion.state == State::Cancelling && !is_begun {
            return Ok(());
        }
        let is_before_root = deletion.is_before_root();
        if is_before_root && deletion.deleted.values().any(|counts| counts.failed > 0) {
            return Ok(());
        }
        // The links are gone, so the shared records have their turn. They are done page by page: a record that is gone
        // is not found again.
        if !scope.keeps.is_empty() && deletion.is_behind_links() {
            Box::pin(shared_records::next_page(work, deletion, scope)).await?;
            may_be_begun = false;
            continue;
        }
        if is_before_root && !deletion.late_done {
            Box::pin(late_arrivals::run(work, deletion, scope)).await?;
            may_be_begun = false;
            continue;
        }
        let Some(number) = deletion.next_backwards() else {
            return Ok(());
        };
        let page = manifest::written(work, deletion, number).await?;
        PageRun::new(work, Task::Delete(scope), deletion, &page, may_be_begun)
            .run(deletion, publisher)
            .await?;
        may_be_begun = false;
    }
}
