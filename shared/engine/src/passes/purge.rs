//! The purge pass: backwards through the manifest, then late arrivals, the root last and marked until then.
//!
//! Documents before rows: a document is removed while its row still explains it. Bugs here lose data for good; two
//! rules keep it safe: a row is removed only with this deletion's mark on it, which the store itself checks, and a
//! document only if it is as it was when its row was read.

use crate::kit::checkpoint::checkpoint;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use crate::passes::backwards;
use crate::passes::publisher::Publisher;
use crate::passes::task::Task;
use domain::deletion::Deletion;
use domain::scope::Scope;
use ports::EnginePorts;

/// Removes all pages from the checkpoint on.
pub(crate) async fn run<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &mut Deletion,
    scope: &Scope,
) -> Result<(), Stop> {
    if deletion.purged_late.is_none() {
        let next = deletion.purge_anew(work.now());
        checkpoint(work, deletion, next).await?;
    }
    backwards::run(
        work,
        deletion,
        Task::Purge(scope),
        true,
        &mut Publisher::new(),
    )
    .await
}
