//! The delete pass of the strategies whose rows leave their table, `archive` and `erase`: first all pages are written,
//! forwards; then they are done backwards, the root last and marked until then.
//!
//! While pages are written nothing is touched, so a cancel stops at once.

use crate::effects::save_recipients;
use crate::kit::checkpoint::checkpoint;
use crate::kit::manifest;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use crate::passes::backwards;
use crate::passes::publisher::Publisher;
use crate::passes::task::Task;
use crate::select::next_page;
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
    // Nobody begins a page before all are written.
    let may_be_begun = deletion.selected.is_some();
    if !may_be_begun {
        write_pages(work, deletion, scope).await?;
        if deletion.state == State::Cancelling {
            return Ok(());
        }
    }
    let task = Task::Delete(scope);
    backwards::run(work, deletion, task, may_be_begun, &mut publisher).await
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
        Box::pin(save_recipients(work, deletion, scope, root, true)).await?;
    }
    // Only the first page of a slice can have been.
    let mut may_be_begun = true;
    while deletion.state != State::Cancelling {
        let number = deletion.pages + 1;
        let page = next_page(work, deletion, scope, before.as_ref(), number).await?;
        let now = work.now();
        let Some(page) = page else {
            let next = deletion.selection_over(now);
            return checkpoint(work, deletion, next).await;
        };
        let saving = save_recipients(work, deletion, scope, &page, may_be_begun);
        Box::pin(saving).await?;
        may_be_begun = false;
        let next = deletion.page_written(now, &page);
        checkpoint(work, deletion, next).await?;
        before = Some(page);
    }
    Ok(())
}
