//! Where a selection goes on: in the manifest, and in a query of a store.

use serde::{Deserialize, Serialize};

/// Where a selection goes on: a place in the manifest, read as a queue of parents. Page 0 stands for what the scope names
/// itself, where it has no root.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SelectCursor {
    /// The page with the parent.
    pub page: u32,
    /// The parent's place in it, from 0. On page 0: which source of the scope.
    pub entry: usize,
    /// Which of the collections below the parent, in the order of the scope. On page 0: which part of the source.
    pub child: usize,
    /// Where that query goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Position>,
    /// Whether the manifest is read once more, for the links in it: what they kept may go now. `entry` is then the link,
    /// and `child` which of the collections that keep the same records.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub kept: bool,
}

impl SelectCursor {
    /// The beginning: below the root, which is the only entry of page 1.
    pub const ROOT: Self = Self {
        page: 1,
        entry: 0,
        child: 0,
        after: None,
        kept: false,
    };

    /// The beginning of what is read once more, for the links.
    pub const KEPT: Self = Self {
        kept: true,
        ..Self::ROOT
    };

    /// The beginning of a deletion without a root: the first of what its scope names.
    pub const NAMED: Self = Self {
        page: 0,
        entry: 0,
        child: 0,
        after: None,
        kept: false,
    };
}

/// Where a query goes on, in the words of the store that gave it. Nobody else reads it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Position(pub String);
