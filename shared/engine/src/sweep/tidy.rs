//! Drops what nobody needs any more of a deletion that is over.

use crate::kit::engine::Engine;
use domain::deletion::Deletion;
use domain::scope::Source;
use jiff::Timestamp;
use ports::{AdvanceDeletions, ChangeDeletions, Clock, DependencyError, ReadDeletions, SweepPorts};

/// Drops the manifest of a deletion that is over, from its last page on; who, when and how many stay for the certificate's
/// retention. Returns whether all of it has been dropped: what is left at the deadline is for a later sweep.
pub(super) async fn tidy<P: SweepPorts>(
    engine: &Engine<P>,
    deletion: &Deletion,
    deadline: Timestamp,
) -> Result<bool, DependencyError> {
    let (deletions, clock) = (engine.ports.deletions(), engine.ports.clock());
    let mut left = deletion.pages.saturating_sub(deletion.comparison.dropped);
    if deletion.root.is_none() {
        drop_requested(engine, deletion).await?;
    }
    while left > 0 && clock.now() < deadline {
        deletions.drop_page(deletion, left).await?;
        left -= 1;
    }
    let next = if left == 0 {
        deletion.tidied(clock.now(), &engine.timing)
    } else {
        deletion.shortened(left, clock.now(), &engine.timing)
    };
    // Another writer that changed it meanwhile has decided what is due next.
    let _ = deletions.store(&next).await?;
    Ok(left == 0)
}

/// Drops what only a deletion without a root has: its ids, and a scope that has no first page to be dropped with.
async fn drop_requested<P: SweepPorts>(
    engine: &Engine<P>,
    deletion: &Deletion,
) -> Result<(), DependencyError> {
    let deletions = engine.ports.deletions();
    let scope = deletions.scope(&deletion.tenant, deletion.id).await?;
    if let Some(Source::Ids { parts, .. }) = scope.map(|scope| scope.source) {
        for part in 1..=parts {
            deletions.drop_ids(deletion, part).await?;
        }
    }
    if deletion.pages == 0 {
        deletions.drop_page(deletion, 1).await?;
    }
    Ok(())
}
