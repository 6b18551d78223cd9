//! What is to be done with one record: a decision from what was read of it, without a store.

use domain::deletion::comparison::Drift;
use domain::deletion::{Deletion, DeletionId, State};
use domain::row::RowMark;
use ports::{DocumentState, DocumentVersion};

/// What the records of a page must be like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Case {
    /// Marked in both stores.
    Marked,
    /// The row moved or gone before the purge; a document that is there is marked.
    Moved,
    /// Nothing of this deletion is left on them.
    Restored {
        /// Whether `purge_at` has come, so that what has no parent can go.
        is_due: bool,
    },
    /// Gone from both stores.
    Purged,
}

/// What was read of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Its row's mark; `None` where there is no row.
    pub(crate) row: Option<RowMark>,
    /// Whether the row that its row names as its parent is there; only asked for where it matters.
    pub(crate) has_parent: bool,
    /// Its document.
    pub(crate) document: Option<DocumentState>,
}

/// What is to be done with a record that is not as it must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repair {
    /// It is counted, and nothing else.
    Count,
    /// It waits for `purge_at`.
    Wait,
    /// The mark goes into the document.
    MarkDocument,
    /// The document goes, as it was read.
    RemoveDocument(DocumentVersion),
    /// This deletion's mark goes off the row, then off the document.
    ClearRecord,
    /// This deletion's mark goes off the document.
    ClearDocument,
    /// The document goes, as it was read, then the row.
    RemoveRecord(Option<DocumentVersion>),
}

impl Case {
    /// What the records of this page must be like; `None` where the deletion promises nothing of them.
    pub(crate) fn of(deletion: &Deletion, page: u32, is_due: bool) -> Option<Self> {
        match deletion.state {
            State::Deleted | State::Cancelled => {
                let is_root = page == 1 && deletion.root.is_some();
                if !deletion.is_acted(page) {
                    // The root is marked since the acceptance.
                    return is_root.then_some(Self::Marked);
                }
                if deletion.strategy.removes_rows() {
                    Some(Self::Moved)
                } else {
                    Some(Self::Marked)
                }
            }
            State::Restored => Some(Self::Restored { is_due }),
            State::Purged => Some(Self::Purged),
            _ => None,
        }
    }
}

/// Whether, and how, a record disagrees with its deletion.
pub(crate) fn plan(case: Case, deletion: DeletionId, seen: Seen) -> Option<(Drift, Repair)> {
    let is_ours = |mark: RowMark| mark.is_of(deletion);
    let document = seen.document;
    match (case, seen.row) {
        (Case::Marked, Some(row)) if is_ours(row) => match document {
            Some(document) if !is_ours(document.mark) => {
                Some((Drift::UnmarkedDocument, Repair::MarkDocument))
            }
            _ => None,
        },
        // Nothing is removed before `purge_at`: a mark hides it as well.
        (Case::Marked | Case::Moved, None) => match document {
            Some(document) if document.mark.is_live() => {
                Some((Drift::DocumentWithoutRow, Repair::MarkDocument))
            }
            _ => None,
        },
        (Case::Moved | Case::Purged, Some(row)) if is_ours(row) => {
            Some((Drift::Resurrected, Repair::Count))
        }
        // What is live is not hidden by a mark that the purge, or a late worker, left in its document.
        (Case::Purged, Some(row))
            if row.is_live() && document.is_some_and(|document| is_ours(document.mark)) =>
        {
            Some((Drift::OrphanMark, Repair::ClearDocument))
        }
        (Case::Marked | Case::Moved | Case::Purged, Some(row)) if row.is_live() => {
            Some((Drift::Recreated, Repair::Count))
        }
        // One with another deletion's mark may be explained by that one's archive copy.
        (Case::Purged, None) => document
            .filter(|document| document.mark.is_live() || is_ours(document.mark))
            .map(|document| {
                (
                    Drift::DocumentWithoutRow,
                    Repair::RemoveDocument(document.version),
                )
            }),

        (Case::Restored { is_due }, Some(row)) if is_ours(row) => {
            let repair = match (seen.has_parent, is_due) {
                (true, _) => Repair::ClearRecord,
                (false, false) => Repair::Wait,
                (false, true) => Repair::RemoveRecord(document.map(|document| document.version)),
            };
            Some((Drift::OrphanMark, repair))
        }
        (Case::Restored { .. }, Some(row)) if row.is_live() => document
            .filter(|document| is_ours(document.mark))
            .map(|_| (Drift::OrphanMark, Repair::ClearDocument)),
        (Case::Restored { is_due }, None) => document
            .filter(|document| is_ours(document.mark))
            .map(|document| {
                let repair = if is_due {
                    Repair::RemoveDocument(document.version)
                } else {
                    Repair::Wait
                };
                (Drift::OrphanMark, repair)
            }),

        // Another deletion's: its own comparison sees to it.
        (Case::Marked | Case::Moved | Case::Purged | Case::Restored { .. }, Some(_)) => None,
    }
}

#[cfg(test)]
mod tests;
