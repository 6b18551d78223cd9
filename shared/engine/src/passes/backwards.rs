//! Processes the manifest backwards, as all passes do that remove or undo: the root is last, and hides everything that
//! is half done until then.

use crate::kit::manifest;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use crate::passes::page::PageRun;
use crate::passes::publisher::Publisher;
use crate::passes::task::Task;
use domain::deletion::Deletion;
use ports::EnginePorts;

/// Does all pages from the checkpoint on, the last one first.
pub(crate) async fn run<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &mut Deletion,
    task: Task<'_>,
) -> Result<(), Stop> {
    let mut publisher = Publisher::new();
    // Only the first page of a slice can have been begun by another worker.
    let mut may_be_begun = true;
    while let Some(number) = deletion.next_backwards() {
        let page = manifest::written(work, deletion, number).await?;
        PageRun::new(work, task, deletion, &page, may_be_begun)
            .run(deletion, &mut publisher)
            .await?;
        may_be_begun = false;
    }
    Ok(())
}
