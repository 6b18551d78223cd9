//! What a deletion does with a record.

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
    pub(in crate::domain) const WORDS: [(&'static str, Self); 3] = [
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
}
