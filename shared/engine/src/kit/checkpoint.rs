//! The checkpoint: the deletion's next value, stored unless another writer was faster.

use crate::kit::slice::Stop;
use crate::kit::work::Work;
use domain::deletion::Deletion;
use ports::{ChangeDeletions, EnginePorts, StoreOutcome};

/// Stores the next value, or reports that another writer was faster.
pub(crate) async fn checkpoint<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &mut Deletion,
    next: Deletion,
) -> Result<(), Stop> {
    let mut next = next;
    loop {
        match work.call(work.deletions().store(&next)).await? {
            StoreOutcome::Stored => {
                *deletion = next;
                return Ok(());
            }
            StoreOutcome::Changed(stored) => {
                // A cancel leaves the lease as it is: what was done remains, and the holder detects the cancel here.
                let cancelling = stored.and_then(|stored| deletion.with_cancel_of(&stored));
                *deletion = cancelling.ok_or(Stop::Superseded)?;
                next.state = deletion.state;
                next.revision = deletion.revision + 1;
            }
        }
    }
}
