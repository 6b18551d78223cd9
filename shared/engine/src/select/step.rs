//! One step of a selection.

use domain::page::{Entry, SelectCursor};
use domain::row::Row;

/// One step of a walk over the parents of a manifest.
pub(crate) enum Step {
    /// Rows below one parent, or of one that the scope names, and where the walk goes on.
    Rows {
        collection: domain::collection::CollectionName,
        rows: Vec<Row>,
        next: SelectCursor,
    },
    /// Records that the scope names by key, or that links let go, and where the walk goes on: as many as fit into the page.
    Entries {
        entries: Vec<Entry>,
        next: SelectCursor,
    },
    /// There is no further parent.
    Over,
}
