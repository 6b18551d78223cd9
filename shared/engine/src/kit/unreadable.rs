//! Records whose rows cannot be read as their collection is declared: each fails, and operators learn of it.

use tracing::warn;

use crate::kit::work::Work;
use domain::collection::Collection;
use domain::deletion::Deletion;
use domain::row::Unreadable;
use ports::EnginePorts;

/// Why a record has failed of which nobody can say whose it is, or whether it is marked: counted, and logged without its
/// key.
pub(crate) fn unreadable<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    collection: &Collection,
    why: Unreadable,
) -> String {
    work.engine.unreadable_rows.add(1);
    let reason = why.reason(collection);
    warn!(deletion_id = %deletion.id, collection = %collection.name, reason, "a row of {} cannot be read", collection.name);
    reason
}
