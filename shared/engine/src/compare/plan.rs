//! Decides what is to be done with one record, from what was read of it, without a store.

use domain::collection::{Copied, Hide};
use domain::deletion::comparison::Drift;
use domain::deletion::{Deletion, DeletionId, State};
use domain::row::RowMark;
use ports::{DocumentState, DocumentVersion};

/// The state that the records of a page must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Case {
    /// Marked in both stores.
    Marked,
    /// The row was moved or removed before the purge; its document, if there is one, is marked.
    Moved {
        /// Whether a row may have stayed, marked: one that was changed again and again while it was archived.
        may_stay: bool,
    },
    /// They carry nothing of this deletion any more.
    Restored {
        /// Whether `purge_at` has come, so that records without a parent can be removed.
        is_due: bool,
    },
    /// Removed from both stores.
    Purged,
}

/// What was read of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Its row's mark; `None` where there is no row.
    pub(crate) row: Option<RowMark>,
    /// Whether the parent that its row references is there; only read where it matters.
    pub(crate) has_parent: bool,
    /// Its document.
    pub(crate) document: Option<DocumentState>,
    /// Whether its document does not say what its row says; only read where it matters.
    pub(crate) is_stale: bool,
}

/// What is to be done with a record that is not in its expected state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repair {
    /// It is counted, and nothing else is done.
    Count,
    /// It waits for `purge_at`.
    Wait,
    /// The same, and its document says until then what its row says: the mark is written into it.
    WaitMarked,
    /// The mark is written into the document.
    MarkDocument,
    /// The document is removed, if it is as it was read.
    RemoveDocument(DocumentVersion),
    /// This deletion's mark is removed from the row, then from the document.
    ClearRecord,
    /// This deletion's mark is removed from the document.
    ClearDocument,
    /// The document is written from the row.
    WriteDocument,
    /// A pipeline has brought the document back, as it does whenever the row is written: it is removed once more, if it is
    /// as it was read. That is no drift.
    HideAgain(DocumentVersion),
    /// The document is removed, if it is as it was read, then the row.
    RemoveRecord(Option<DocumentVersion>),
}

impl Case {
    /// The state that the records of this page must have; `None` where the deletion promises nothing about them.
    pub(crate) fn of(deletion: &Deletion, page: u32, is_due: bool) -> Option<Self> {
        match deletion.state {
            State::Deleted | State::Cancelled => {
                let is_root = page == 1 && deletion.root.is_some();
                if !deletion.is_acted(page) {
                    // The root has been marked since the acceptance.
                    return is_root.then_some(Self::Marked);
                }
                if deletion.strategy.removes_rows() {
                    // The root does not stay, and only an archived record is marked at all.
                    let may_stay = deletion.strategy.keeps_copies() && !is_root;
                    Some(Self::Moved { may_stay })
                } else {
                    Some(Self::Marked)
                }
            }
            State::Restored => Some(Self::Restored { is_due }),
            // A root that a restore has brought back, and whose document the index refused then, is not purged with the rest.
            State::Purged if page == 1 && deletion.root.is_some() && deletion.root_restored => {
                Some(Self::Restored { is_due: true })
            }
            State::Purged => Some(Self::Purged),
            _ => None,
        }
    }

    /// Whether the records of this page were deleted, by the delete or by a purge that has added it.
    pub(crate) fn has_deleted(self, deletion: &Deletion, page: u32) -> bool {
        match self {
            Self::Marked | Self::Moved { .. } => deletion.is_acted(page),
            Self::Purged => true,
            Self::Restored { .. } => false,
        }
    }
}

/// Whether, and how, a record disagrees with its deletion. Of what a pipeline writes nothing is written: a document that
/// has to be hidden is removed, and what is late otherwise is counted.
pub(crate) fn plan(
    case: Case,
    deletion: DeletionId,
    seen: Seen,
    copy: Copied,
) -> Option<(Drift, Repair)> {
    let Copied::ByPipeline(hide) = copy else {
        return plan_written(case, deletion, seen);
    };
    let is_hidden = matches!(case, Case::Marked | Case::Moved { .. });
    let is_ours = seen.row.is_some_and(|row| row.is_of(deletion));
    if let Some(document) = seen.document
        && is_hidden
        && (is_ours || seen.row.is_none())
        && hide == Hide::Remove
    {
        return Some((Drift::UnmarkedDocument, Repair::HideAgain(document.version)));
    }
    // What a pipeline has copied of a mark may be less than all of it.
    if let (Case::Purged, None, Some(document)) = (case, seen.row, seen.document)
        && document.mark == RowMark::By(None)
    {
        let removal = Repair::RemoveDocument(document.version);
        return Some((Drift::DocumentWithoutRow, removal));
    }
    let (drift, repair) = plan_written(case, deletion, seen)?;
    let repair = match repair {
        Repair::MarkDocument | Repair::ClearDocument | Repair::WriteDocument => Repair::Count,
        Repair::WaitMarked => Repair::Wait,
        Repair::Count
        | Repair::Wait
        | Repair::RemoveDocument(_)
        | Repair::HideAgain(_)
        | Repair::ClearRecord
        | Repair::RemoveRecord(_) => repair,
    };
    Some((drift, repair))
}

/// The same where we write the documents.
fn plan_written(case: Case, deletion: DeletionId, seen: Seen) -> Option<(Drift, Repair)> {
    let is_ours = |mark: RowMark| mark.is_of(deletion);
    let document = seen.document;
    match (case, seen.row) {
        (Case::Marked | Case::Moved { may_stay: true }, Some(row)) if is_ours(row) => {
            match document {
                Some(document) if !is_ours(document.mark) => {
                    Some((Drift::UnmarkedDocument, Repair::MarkDocument))
                }
                _ => None,
            }
        }
        // Nothing is removed before `purge_at`: a mark hides it just as well.
        (Case::Marked | Case::Moved { .. }, None) => match document {
            Some(document) if document.mark.is_live() => {
                Some((Drift::DocumentWithoutRow, Repair::MarkDocument))
            }
            _ => None,
        },
        (Case::Moved { may_stay: false } | Case::Purged, Some(row)) if is_ours(row) => {
            Some((Drift::Resurrected, Repair::Count))
        }
        // A live record is not hidden by a mark that the purge, or a late worker, left in its document, or that came there
        // when its owner had just taken the row back.
        (Case::Marked | Case::Moved { .. } | Case::Purged, Some(row))
            if row.is_live() && document.is_some_and(|document| is_ours(document.mark)) =>
        {
            Some((Drift::OrphanMark, Repair::ClearDocument))
        }
        // A restore has brought it back before the rest was purged.
        (Case::Purged, Some(row)) if row.is_live() && seen.is_stale => {
            Some((Drift::StaleDocument, Repair::WriteDocument))
        }
        (Case::Marked | Case::Moved { .. } | Case::Purged, Some(row)) if row.is_live() => {
            Some((Drift::Recreated, Repair::Count))
        }
        // A document with another deletion's mark may be explained by that deletion's archived row.
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
                // The delete had failed on it, or another writer has put the document back.
                (false, false) if document.is_some_and(|document| !is_ours(document.mark)) => {
                    Repair::WaitMarked
                }
                (false, false) => Repair::Wait,
                (false, true) => Repair::RemoveRecord(document.map(|document| document.version)),
            };
            Some((Drift::OrphanMark, repair))
        }
        (Case::Restored { .. }, Some(row)) if row.is_live() => match document {
            Some(document) if is_ours(document.mark) => {
                Some((Drift::OrphanMark, Repair::ClearDocument))
            }
            _ if seen.is_stale => Some((Drift::StaleDocument, Repair::WriteDocument)),
            _ => None,
        },
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

        // Another deletion's: that deletion's own comparison checks it.
        (Case::Marked | Case::Moved { .. } | Case::Purged | Case::Restored { .. }, Some(_)) => None,
    }
}

#[cfg(test)]
mod tests;
