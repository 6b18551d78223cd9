//! What an earlier run of a delete has done stays done, and is counted, where a later run ends before it has come to it.

use crate::kit::checkpoint::checkpoint;
use crate::kit::manifest;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use domain::deletion::{Deletion, Pass};
use domain::page::{Exceptions, Page};
use ports::EnginePorts;

/// Counts these pages as they are stored, with a checkpoint for each.
pub(crate) async fn save<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &mut Deletion,
) -> Result<(), Stop> {
    while let Some((page, exceptions)) = next(work, deletion).await? {
        let next = deletion.page_done(Pass::Delete, work.now(), &page, &exceptions);
        checkpoint(work, deletion, next).await?;
    }
    Ok(())
}

/// Counts as many of these pages as there is time for, and stores nothing.
pub(crate) async fn count<P: EnginePorts>(work: Work<'_, P>, deletion: &mut Deletion) {
    while let Ok(Some((page, exceptions))) = next(work, deletion).await {
        *deletion = deletion.counting(&page, &exceptions);
    }
}

/// The next page in the order of the delete, if an earlier run has done it.
async fn next<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
) -> Result<Option<(Page, Exceptions)>, Stop> {
    let Some(number) = deletion.next_done_before() else {
        return Ok(None);
    };
    let page = manifest::written(work, deletion, number).await?;
    let exceptions = manifest::exceptions(work, deletion, number).await?;
    Ok(Some((page, exceptions)))
}
