//! Processes the manifest backwards, as all passes do that remove or undo: the root is last, and hides everything that
//! is half done until then.
//!
//! With the root its key becomes free, and whatever was left behind would be shown below the next record with that key.
//! So a pass that removes takes the root only when nothing below it has failed, and after one more search for late
//! arrivals, in each of its runs. Shared records are deleted before that search, when the links are gone.

use crate::kit::manifest;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use crate::passes::late_arrivals;
use crate::passes::page::PageRun;
use crate::passes::publisher::Publisher;
use crate::passes::task::Task;
use crate::select::shared_records;
use domain::deletion::{Deletion, State};
use ports::EnginePorts;

/// Does all pages from the checkpoint on. `may_be_begun` says whether a worker may have begun one in an earlier slice.
pub(crate) async fn run<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &mut Deletion,
    task: Task<'_>,
    // Only the first page of a slice can have been.
    mut may_be_begun: bool,
    publisher: &mut Publisher,
) -> Result<(), Stop> {
    loop {
        // A page that may have been begun is finished before a cancel is honoured.
        let is_begun = may_be_begun && deletion.begun_page().is_some();
        if deletion.state == State::Cancelling && !is_begun {
            return Ok(());
        }
        if deletion.is_before_root() && deletion.has_failed() {
            return Ok(());
        }
        // The links are gone, so the shared records have their turn. They are done page by page: a record that is gone
        // is not found again.
        if let Task::Delete(scope) = task
            && !scope.keeps.is_empty()
            && deletion.is_behind_links()
        {
            Box::pin(shared_records::next_page(work, deletion, scope)).await?;
            may_be_begun = false;
            continue;
        }
        if let Task::Delete(scope) | Task::Purge(scope) = task
            && deletion.is_before_late_arrivals()
        {
            Box::pin(late_arrivals::run(work, deletion, scope)).await?;
            may_be_begun = false;
            continue;
        }
        let Some(number) = deletion.next_backwards() else {
            return Ok(());
        };
        let page = manifest::written(work, deletion, number).await?;
        PageRun::new(work, task, deletion, &page, may_be_begun)
            .run(deletion, publisher)
            .await?;
        may_be_begun = false;
    }
}
