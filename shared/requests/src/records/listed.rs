//! What lists and searches of records have in common: their answer, and who gets one.

use crate::cursor::InvalidCursor;
use domain::collection::Collection;
use domain::permission::{Action, Right, right};
use domain::principal::Principal;
use domain::row::Row;
use ports::DependencyError;

/// Why records are not shown.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The caller may not read this collection.
    #[error("not allowed to read this collection")]
    Forbidden,
    /// The collection is listed only below a parent.
    #[error("this collection is listed below a parent only")]
    ParentRequired,
    /// Nobody can say whether the record, or something above it, is marked.
    #[error("the row of the record contradicts its collection")]
    Unreadable,
    /// See [`InvalidCursor`].
    #[error(transparent)]
    Cursor(#[from] InvalidCursor),
    /// A dependency failed.
    #[error(transparent)]
    Dependency(#[from] DependencyError),
}

/// One page of live records.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    /// The records; there may be fewer than requested although there are more, if the request has used up its budget.
    pub items: Vec<Row>,
    /// Where to continue. There is one only if the caller may read a record behind it, or if the budget was used up
    /// before that was known.
    pub next_cursor: Option<String>,
}

/// What the caller may read here, before any row is read.
///
/// # Errors
///
/// [`ReadError::Forbidden`], if it is nothing.
pub(super) fn may_read(principal: &Principal, collection: &Collection) -> Result<Right, ReadError> {
    match right(principal, collection, Action::Read) {
        Right::Never => Err(ReadError::Forbidden),
        right @ (Right::Always | Right::OwnOnly) => Ok(right),
    }
}
