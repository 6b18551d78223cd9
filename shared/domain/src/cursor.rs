//! Where a selection continues: in what the scope lists, in the manifest, and in a query of a store.

use serde::{Deserialize, Serialize};

use crate::key::RecordRef;

/// Where a selection continues.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "StoredCursor", into = "StoredCursor")]
pub enum SelectCursor {
    /// In what the scope of a deletion without a root lists.
    Requested(RequestedPlace),
    /// Below the records of the manifest, which is read as a queue of parents.
    Below(Place),
    /// At the links in the manifest, which is read again for them: the records that they shared may now be deleted. The
    /// entry is the link; the child is the number of the collection, among those that share the same records.
    Shared(Place),
}

/// A place in what a scope lists.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct RequestedPlace {
    /// Which source of the scope, from 0.
    pub source: usize,
    /// Which part of the source, from 0.
    pub part: usize,
    /// Where that query, or that part, continues.
    pub after: Option<Position>,
}

/// A place in the manifest.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Place {
    /// The page, from 1.
    pub page: u32,
    /// The record's place in it, from 0.
    pub entry: usize,
    /// Which of the collections that are related to it, from 0.
    pub child: usize,
    /// Where that query continues.
    pub after: Option<Position>,
}

/// A place below a record that no page lists.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PlaceBelow {
    /// The record.
    pub record: RecordRef,
    /// Which of the collections that are below it, from 0.
    pub child: usize,
    /// Where that query continues.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Position>,
}

impl SelectCursor {
    /// The beginning: below the root, which is the only entry of page 1.
    pub const ROOT: Self = Self::Below(Place::FIRST);

    /// The beginning of the second reading of the manifest, for the links.
    pub const SHARED: Self = Self::Shared(Place::FIRST);

    /// The beginning of a deletion without a root: the first item that its scope lists.
    pub const REQUESTED: Self = Self::Requested(RequestedPlace {
        source: 0,
        part: 0,
        after: None,
    });

    /// The page of the manifest that it is in; `None` if it is in what the scope lists.
    #[must_use]
    pub fn page(&self) -> Option<u32> {
        match self {
            Self::Requested(_) => None,
            Self::Below(place) | Self::Shared(place) => Some(place.page),
        }
    }
}

impl Place {
    /// The first entry of the first page.
    pub const FIRST: Self = Self {
        page: 1,
        entry: 0,
        child: 0,
        after: None,
    };

    /// The first entry of the next page.
    #[must_use]
    pub fn next_page(&self) -> Self {
        Self {
            page: self.page + 1,
            ..Self::FIRST
        }
    }

    /// The next entry of the page.
    #[must_use]
    pub fn next_entry(&self) -> Self {
        Self {
            page: self.page,
            entry: self.entry + 1,
            ..Self::FIRST
        }
    }

    /// After what a query has found: in the same query, or at the next collection.
    #[must_use]
    pub fn behind(&self, after: Option<Position>) -> Self {
        Self {
            child: self.child + usize::from(after.is_none()),
            after,
            ..*self
        }
    }
}

/// Where a query continues, in the form of the store that returned it. Only that store reads it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Position(pub String);

/// The cursor in the form that is stored since the first version: page 0 means the scope, and a flag means the links.
#[derive(Serialize, Deserialize)]
struct StoredCursor {
    page: u32,
    entry: usize,
    child: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<Position>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    kept: bool,
}

impl From<StoredCursor> for SelectCursor {
    fn from(stored: StoredCursor) -> Self {
        let StoredCursor {
            page,
            entry,
            child,
            after,
            kept,
        } = stored;
        if page == 0 && !kept {
            return Self::Requested(RequestedPlace {
                source: entry,
                part: child,
                after,
            });
        }
        let place = Place {
            page,
            entry,
            child,
            after,
        };
        if kept {
            Self::Shared(place)
        } else {
            Self::Below(place)
        }
    }
}

impl From<SelectCursor> for StoredCursor {
    fn from(cursor: SelectCursor) -> Self {
        let (place, kept) = match cursor {
            SelectCursor::Requested(RequestedPlace {
                source,
                part,
                after,
            }) => {
                return Self {
                    page: 0,
                    entry: source,
                    child: part,
                    after,
                    kept: false,
                };
            }
            SelectCursor::Below(place) => (place, false),
            SelectCursor::Shared(place) => (place, true),
        };
        Self {
            page: place.page,
            entry: place.entry,
            child: place.child,
            after: place.after,
            kept,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_stored_as_in_the_first_version() {
        let after = Some(Position("p".to_owned()));
        let place = Place {
            page: 3,
            entry: 7,
            child: 1,
            after: after.clone(),
        };
        let requested = RequestedPlace {
            source: 2,
            part: 5,
            after,
        };
        for (cursor, stored) in [
            (SelectCursor::ROOT, r#"{"page":1,"entry":0,"child":0}"#),
            (
                SelectCursor::Below(place.clone()),
                r#"{"page":3,"entry":7,"child":1,"after":"p"}"#,
            ),
            (
                SelectCursor::Shared(place),
                r#"{"page":3,"entry":7,"child":1,"after":"p","kept":true}"#,
            ),
            (
                SelectCursor::Requested(requested),
                r#"{"page":0,"entry":2,"child":5,"after":"p"}"#,
            ),
        ] {
            assert_eq!(serde_json::to_string(&cursor).unwrap(), stored);
            assert_eq!(
                serde_json::from_str::<SelectCursor>(stored).unwrap(),
                cursor
            );
        }
    }
}
