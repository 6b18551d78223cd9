//! What a deletion does with a record, as answers to every question that the code has about it.
//!
//! No code compares strategies: code that needs to know something about one asks here, and each question is a `match`
//! that a new strategy has to answer before it compiles. How a strategy does it is in the engine.

use serde::{Deserialize, Serialize};

/// What a deletion does with a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// Marked in place, in the row and in the document, and purged after the retention.
    Flag,
    /// Moved to the archive table; the document stays, marked.
    Archive,
    /// Removed at once.
    Erase,
}

impl Strategy {
    /// The words of the files.
    pub(crate) const WORDS: [(&'static str, Self); 3] = [
        ("flag", Self::Flag),
        ("archive", Self::Archive),
        ("erase", Self::Erase),
    ];

    /// The word in the files, in answers and in the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Flag => "flag",
            Self::Archive => "archive",
            Self::Erase => "erase",
        }
    }

    /// Whether a delete first writes all pages and then does them backwards, with the root's page at the end. Records
    /// that leave their table are deleted in this way, because a child must not outlive the page that lists its parent;
    /// records that are only marked are done page by page, as soon as each page is written.
    #[must_use]
    pub fn is_done_backwards(self) -> bool {
        match self {
            Self::Flag => false,
            Self::Archive | Self::Erase => true,
        }
    }

    /// Whether the rows leave their table with the delete, so that a comparison expects none there.
    #[must_use]
    pub fn removes_rows(self) -> bool {
        match self {
            Self::Flag => false,
            Self::Archive | Self::Erase => true,
        }
    }

    /// Whether a deleted record exists until its retention is over. A record that is removed at once has no retention,
    /// and its delete ends in the state of a purge.
    #[must_use]
    pub fn keeps_records(self) -> bool {
        match self {
            Self::Flag | Self::Archive => true,
            Self::Erase => false,
        }
    }

    /// Whether the archive has a copy of each row that was deleted: a restore puts that copy back, if its key is free,
    /// and a purge removes it.
    #[must_use]
    pub fn keeps_copies(self) -> bool {
        match self {
            Self::Archive => true,
            Self::Flag | Self::Erase => false,
        }
    }

    /// Whether the document of a record that was deleted stays in the index, marked.
    #[must_use]
    pub fn keeps_documents(self) -> bool {
        match self {
            Self::Flag | Self::Archive => true,
            Self::Erase => false,
        }
    }

    /// Whether a row's version is compared before the row is removed, to see that it is still what was read.
    #[must_use]
    pub fn compares_versions(self) -> bool {
        match self {
            Self::Archive => true,
            Self::Flag | Self::Erase => false,
        }
    }
}
