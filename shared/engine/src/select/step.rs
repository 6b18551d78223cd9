//! One step of a selection.

use domain::page::{Entry, SelectCursor};
use domain::row::Row;

/// One step of a walk over the parents of a manifest.
pub(crate) enum Step {
    /// Rows below one parent, or of one that the scope lists, and where the walk continues.
    Rows {
        collection: domain::collection::CollectionName,
        rows: Vec<Row>,
        next: SelectCursor,
    },
    /// Records that the scope lists by key, or shared records, and where the walk continues: as many as fit into the
    /// page.
    Entries {
        entries: Vec<Entry>,
        next: SelectCursor,
    },
    /// There is no further parent.
    Over,
}
