//! The purge pass: after the search for late arrivals, backwards through the manifest, the root last and marked until
//! then.
//!
//! Documents before rows: a document is removed while its row still explains it. Bugs here lose data for good; two
//! rules keep it safe: a row is removed only with this deletion's mark on it, which the store itself checks, and a
//! document only if it is as it was when its row was read.

use crate::kit::slice::Stop;
use crate::kit::work::Work;
use crate::passes::task::Task;
use crate::passes::{backwards, late_arrivals};
use domain::deletion::Deletion;
use domain::scope::Scope;
use ports::EnginePorts;

/// Searches for late arrivals, then removes all pages from the checkpoint on.
pub(crate) async fn run<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &mut Deletion,
    scope: &Scope,
) -> Result<(), Stop> {
    if !deletion.late_done {
        late_arrivals::run(work, deletion, scope).await?;
    }
    backwards::run(work, deletion, Task::Purge(scope)).await
}
