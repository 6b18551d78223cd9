//! One thing that was found. It names attributes, types and counts; never a value of a row, but for keys when they were
//! asked for.

use std::fmt;

use domain::collection::CollectionName;
use serde::Serialize;

use super::code::Code;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Level {
    /// Tombstone would do it wrong, or not at all.
    Error,
    /// It works, and there is something to know first.
    Warning,
    /// Good to know.
    Note,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Error => "ERROR",
            Self::Warning => "WARNING",
            Self::Note => "NOTE",
        })
    }
}

/// How many of how many sampled rows, and the keys of some of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Share {
    /// How many rows it is about.
    pub found: usize,
    /// How many were looked at.
    pub of: usize,
    /// The keys of at most three.
    pub keys: Vec<Vec<String>>,
}

impl Share {
    /// Whether it is about no row.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.found == 0
    }

    /// Whether it is about more than half of the rows: then the file is wrong, and not some rows.
    #[must_use]
    pub fn is_most(&self) -> bool {
        self.found * 2 > self.of
    }
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Which check says so.
    pub code: Code,
    /// How bad it is.
    pub level: Level,
    /// The collection, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collection: Option<String>,
    /// The file that declares it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The line of the key there, or of the nearest table around it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// The key, with the collection's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// How many of the sampled rows it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<usize>,
    /// How many were looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<usize>,
    /// What was seen, and what comes of it.
    pub seen: String,
    /// What to write or do.
    pub advice: String,
    /// The keys of at most three records, where they were asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<Vec<String>>,
}

impl Finding {
    /// One of this level, about no collection.
    #[must_use]
    pub fn new(
        level: Level,
        code: Code,
        seen: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self {
            code,
            level,
            collection: None,
            file: None,
            line: None,
            key: None,
            found: None,
            of: None,
            seen: seen.into(),
            advice: advice.into(),
            keys: Vec::new(),
        }
    }

    /// About this collection.
    #[must_use]
    pub fn of(mut self, collection: &CollectionName) -> Self {
        self.collection = Some(collection.to_string());
        self
    }

    /// About a key of the collection, such as `parent.gsi`.
    #[must_use]
    pub fn at(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// About some of the sampled rows.
    #[must_use]
    pub fn in_rows(mut self, share: Share) -> Self {
        self.found = Some(share.found);
        self.of = Some(share.of);
        self.keys = share.keys;
        self
    }

    /// Whether it says that something was left unchecked.
    #[must_use]
    pub fn is_unchecked(&self) -> bool {
        self.code == Code::CannotRead && self.level == Level::Error
    }
}
