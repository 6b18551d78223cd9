//! Rows that cannot be read as their collection is declared: nothing is answered from them, and operators learn of them.

use tracing::warn;

use crate::api::Api;
use domain::collection::Collection;
use domain::row::{Row, Unreadable};

/// Why nothing can be said of a row; if there is a reason, it is counted, and logged without the row's key.
pub(super) fn unreadable<P>(
    api: &Api<P>,
    collection: &Collection,
    row: &Row,
) -> Option<Unreadable> {
    let why = row.unreadable(collection)?;
    api.unreadable_rows.add(1);
    let reason = why.reason(collection);
    warn!(collection = %collection.name, reason, "a row of {} cannot be read", collection.name);
    Some(why)
}
