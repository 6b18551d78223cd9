//! The name of a collection: a path segment, a table key in TOML, a field in JSON, and safe in all three.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The longest name in bytes.
const NAME_BYTES: usize = 64;

/// Segments of `/v1/…` that routes use; a collection cannot have these names.
pub(in crate::collection) const RESERVED: [&str; 4] =
    ["collections", "deletions", "search", "openapi.json"];

/// The name of a collection: `[a-z][a-z0-9_]{0,63}`, and none of the routes' own words.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CollectionName(String);

/// Why a text is not the name of a collection.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// A route has this name.
    #[error("the name is reserved for a route of the API; write another one")]
    Reserved,
    /// Not of the form `[a-z][a-z0-9_]{0,63}`.
    #[error(
        "not a collection name; write a small letter, then up to 63 small letters, digits or `_`"
    )]
    Malformed,
}

impl FromStr for CollectionName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if RESERVED.contains(&text) {
            return Err(NameError::Reserved);
        }
        Self::stored(text.to_owned())
    }
}

impl CollectionName {
    /// A name that was stored when the file that declared it was read: a word that a route has taken since is one too, so
    /// that the deletions of the collection can still be read.
    fn stored(text: String) -> Result<Self, NameError> {
        let small = |c: char| c.is_ascii_lowercase();
        let well_formed = text.starts_with(small)
            && text.len() <= NAME_BYTES
            && text
                .chars()
                .all(|c| small(c) || c.is_ascii_digit() || c == '_');
        if well_formed {
            Ok(Self(text))
        } else {
            Err(NameError::Malformed)
        }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for CollectionName {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        Self::stored(text)
    }
}

impl From<CollectionName> for String {
    fn from(name: CollectionName) -> Self {
        name.0
    }
}

impl AsRef<str> for CollectionName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// So that a map by name can be queried with a text from a path.
impl Borrow<str> for CollectionName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CollectionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_small_letters_digits_and_underscores() {
        for name in ["a", "messages", "stream_messages", "v2", &"a".repeat(64)] {
            assert_eq!(name.parse::<CollectionName>().unwrap().as_ref(), name);
        }
        for name in [
            "",
            "A",
            "1a",
            "_a",
            "a-b",
            "a b",
            "é",
            "a.b",
            "a/b",
            &"a".repeat(65),
        ] {
            assert_eq!(
                name.parse::<CollectionName>(),
                Err(NameError::Malformed),
                "{name}"
            );
        }
    }

    #[test]
    fn the_words_of_the_routes_are_reserved() {
        for name in RESERVED {
            assert_eq!(
                name.parse::<CollectionName>(),
                Err(NameError::Reserved),
                "{name}"
            );
        }
    }

    #[test]
    fn what_was_stored_before_a_route_took_its_name_is_read() {
        for name in ["collections", "deletions", "search"] {
            let json = format!("\"{name}\"");
            let read = serde_json::from_str::<CollectionName>(&json).unwrap();
            assert_eq!(read.as_ref(), name);
        }
        assert!(serde_json::from_str::<CollectionName>("\"openapi.json\"").is_err());
    }

    #[test]
    fn json_is_read_through_the_same_parser() {
        assert_eq!(
            serde_json::to_string(&"mail".parse::<CollectionName>().unwrap()).unwrap(),
            r#""mail""#
        );
        assert!(serde_json::from_str::<CollectionName>(r#""mail""#).is_ok());
        assert!(serde_json::from_str::<CollectionName>(r#""Mail""#).is_err());
    }
}
