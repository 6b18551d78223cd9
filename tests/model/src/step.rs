//! What a worker does next: every store call is a step of its own, so that it can die, stall or be overtaken between any
//! two of them.
//!
//! Reads of what never changes (the scope, a page that is written) belong to the step before; reads that one deletion's
//! exceptions need too, because only the holder of its lease writes them.

use domain::deletion::Failure;
use domain::page::{Entry, Exceptions, Page, SelectCursor};

use crate::records::Above;
use crate::shared_value::Common;
use crate::world::{Document, Row};

/// One store call, with what the worker remembers for it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Step {
    /// Take the lease.
    Lease,
    /// The delete: ask below the next parent.
    Select {
        number: u32,
        cursor: SelectCursor,
        found: Vec<Entry>,
    },
    /// Without the root's page at acceptance: the first slice reads the root.
    SelectRoot,
    /// Put the page if there is none of its number.
    PutPage { page: Common<Page> },
    /// Any pass: the calls of a page, the next one last. `again` are the places that were open when an earlier run had
    /// done the page.
    Act {
        page: Common<Page>,
        again: Option<Vec<usize>>,
        calls: Vec<Call>,
        found: Exceptions,
    },
    /// Write what was not plainly done.
    PutExceptions {
        page: Common<Page>,
        exceptions: Exceptions,
    },
    /// The compare-and-set behind a page.
    Checkpoint {
        page: Common<Page>,
        exceptions: Exceptions,
    },
    /// The restore: read the root.
    RestoreRoot,
    /// Read everything above the root.
    ReadAncestors,
    /// Write the root's exceptions before the end.
    PutRootExceptions {
        exceptions: Exceptions,
        is_hidden: bool,
    },
    /// The transaction.
    Restore { exceptions: Exceptions },
    /// The restore ends, the root stays hidden.
    EndHidden { exceptions: Exceptions },
    /// Take the mark off the root's document.
    ClearRootDocument,
    /// Everything is told.
    Notice,
    /// Without the root after the children: read it before.
    LookRootFirst,
    /// The look: ask below the next parent.
    Look {
        cursor: SelectCursor,
        found: Vec<Entry>,
    },
    /// Read what is above a record that was found.
    LookAbove {
        entry: Entry,
        above: Above,
        cursor: SelectCursor,
        found: Vec<Entry>,
    },
    /// Put what was found as a page.
    LookPut { page: Common<Page> },
    /// The compare-and-set that makes the page known.
    PageFound { page: Common<Page> },
    /// The compare-and-set behind the look.
    LookOver,
    /// The final state.
    End { failure: Option<Failure> },
    /// The slice is over: give the lease back and send the message.
    Release,
    /// Given up: take the lease.
    ParkLease,
    /// Close the page that was begun.
    ParkPage { page: Common<Page> },
    /// The final state.
    Park { page: Option<Common<Page>> },
}

/// A call about one record of a page, by its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Call {
    /// The delete of the root: read its row.
    ReadRoot,
    /// A page that may have been begun: read a row again.
    Recheck(usize),
    /// Read the row of a record above it.
    Above(usize, Above),
    /// Mark a row.
    MarkRow(usize),
    /// Mark a document.
    MarkDocument(usize),
    /// The restore: read a row.
    ReadRow(usize),
    /// Read its parent's row.
    ReadParent(usize),
    /// Take the mark off a row.
    ClearRow(usize),
    /// Take it off a document.
    ClearDocument(usize),
    /// The purge, where a record below has failed: query for a live one.
    Children(usize),
    /// The purge: read a document's version.
    Version(usize),
    /// Read its row behind it.
    Explain(usize, Option<Document>),
    /// The wrong order: the row first.
    ExplainFirst(usize),
    /// The wrong order: then the version.
    VersionBehind(usize, Option<Row>),
    /// Remove the document as it was read.
    RemoveDocument(usize, Document, Option<Row>),
    /// Remove the row.
    RemoveRow(usize),
    /// A row without a mark: read it again.
    StillBelow(usize),
    /// Read the row of a record above it.
    BelowWhat(usize, Above),
    /// Mark it, to remove it then.
    MarkUnmarked(usize),
    /// Mark its document.
    MarkItsDocument(usize),
}

impl Step {
    /// Whether the index can refuse the document of this call.
    pub(crate) fn may_be_rejected(&self) -> bool {
        match self {
            Self::Act { calls, .. } => matches!(
                calls.last(),
                Some(
                    Call::MarkDocument(_)
                        | Call::ClearDocument(_)
                        | Call::RemoveDocument(..)
                        | Call::MarkItsDocument(_)
                )
            ),
            _ => false,
        }
    }

    /// Whether it belongs to a slice that can be ended in good order.
    pub(crate) fn can_end(&self) -> bool {
        !matches!(
            self,
            Self::Lease
                | Self::Release
                | Self::ClearRootDocument
                | Self::Notice
                | Self::ParkLease
                | Self::ParkPage { .. }
                | Self::Park { .. }
        )
    }
}
