//! The identity of a deletion.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The identity of a deletion: a UUIDv7, so ids sort by the time of acceptance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DeletionId(Uuid);

impl DeletionId {
    /// The id with this value.
    #[must_use]
    pub const fn new(id: Uuid) -> Self {
        Self(id)
    }

    /// The first id that a deletion accepted at this moment, or in the millisecond after it began, may have: a bound of
    /// ranges, and the id of none.
    #[must_use]
    pub fn first_of(at: Timestamp) -> Self {
        let millisecond = u128::try_from(at.as_millisecond()).unwrap_or_default();
        Self(Uuid::from_u128(millisecond << 80))
    }

    /// The id directly before this one, as a bound of ranges.
    #[must_use]
    pub fn before(self) -> Self {
        Self(Uuid::from_u128(self.0.as_u128().saturating_sub(1)))
    }
}

impl fmt::Display for DeletionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl FromStr for DeletionId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // One spelling per id: it is part of keys and of links.
        let id = Uuid::try_parse(text)?;
        if id.hyphenated().to_string() == text {
            Ok(Self(id))
        } else {
            Uuid::try_parse("").map(Self)
        }
    }
}
