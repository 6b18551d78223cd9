//! One step of a selection.

use domain::above::Above;
use domain::collection::{Collection, CollectionName};
use domain::deletion::Deletion;
use domain::fingerprint::Fingerprint;
use domain::page::{Entry, SelectCursor};
use domain::row::Row;

/// A row that a walk has found.
pub(crate) struct Found {
    pub(crate) collection: CollectionName,
    pub(crate) row: Row,
    /// What tells it apart from the next record of its key, where the deletion needs that.
    pub(crate) fingerprint: Option<Fingerprint>,
    /// Which record is above it that is not the deletion's, where the deletion needs that.
    pub(crate) above: Above,
}

/// One step of a walk over the parents of a manifest.
pub(crate) enum Step {
    /// Rows below some parents, or of one that the scope lists, and where the walk continues.
    Rows {
        rows: Vec<Found>,
        next: SelectCursor,
    },
    /// Records that the scope lists by key, or shared records, and where the walk continues: as many as fit into the
    /// page. There are none where a page of the manifest has no parents.
    Entries {
        entries: Vec<Entry>,
        next: SelectCursor,
    },
    /// There is no further parent.
    Over,
}

/// The record of a row, as this deletion finds it.
pub(crate) fn entry_of(collection: &Collection, row: Row, deletion: &Deletion) -> Entry {
    if deletion.takes_over(collection, row.mark(collection)) {
        let entry = Entry::of_row(collection, row.clone(), deletion.id);
        return entry.taken_over(collection, &row);
    }
    Entry::of_row(collection, row, deletion.id)
}
