//! The key of a record: one or two texts, never empty, never too long.

use serde::{Deserialize, Serialize};

use crate::collection::{CollectionName, KeySchema};

/// The longest key part in bytes that the API takes: the limit of a DynamoDB sort key.
pub const KEY_PART_BYTES: usize = 1024;

/// The key of one record: the value of the partition attribute and, for a two-part key, of the sort attribute.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RecordKey {
    /// The value of the partition attribute.
    #[serde(rename = "id")]
    pub partition: String,
    /// The value of the sort attribute, where the collection has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sort: Option<String>,
}

/// Why a text is not the key of a record of a collection.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// A part is empty.
    #[error("`{part}` is empty")]
    Empty {
        /// `id` or `sort`.
        part: &'static str,
    },
    /// A part is longer than [`KEY_PART_BYTES`].
    #[error("`{part}` has {bytes} bytes, {KEY_PART_BYTES} are allowed")]
    TooLong {
        /// `id` or `sort`.
        part: &'static str,
        /// How long it is.
        bytes: usize,
    },
    /// The collection has a two-part key and only one part was given.
    #[error("`sort` is missing: the key of this collection has two parts")]
    SortMissing,
    /// The collection has a one-part key and two parts were given.
    #[error("`sort` is not part of the key of this collection")]
    SortNotAllowed,
}

impl RecordKey {
    /// A key from a request, checked against the collection's schema.
    ///
    /// # Errors
    ///
    /// [`KeyError`] says which part is wrong.
    pub fn parse(schema: &KeySchema, id: &str, sort: Option<&str>) -> Result<Self, KeyError> {
        check("id", id)?;
        match (&schema.sort, sort) {
            (Some(_), None) => Err(KeyError::SortMissing),
            (None, Some(_)) => Err(KeyError::SortNotAllowed),
            (None, None) => Ok(Self::stored(id, None)),
            (Some(_), Some(sort)) => {
                check("sort", sort)?;
                Ok(Self::stored(id, Some(sort)))
            }
        }
    }

    /// A key as a store returned it: used as it is.
    pub fn stored(partition: impl Into<String>, sort: Option<&str>) -> Self {
        Self {
            partition: partition.into(),
            sort: sort.map(str::to_owned),
        }
    }

    /// The key parts as `(attribute, value)`, in the order of the schema.
    #[must_use]
    pub fn parts<'a>(&'a self, schema: &'a KeySchema) -> Vec<(&'a str, &'a str)> {
        let mut parts = vec![(schema.partition.as_str(), self.partition.as_str())];
        if let (Some(attribute), Some(value)) = (&schema.sort, &self.sort) {
            parts.push((attribute, value));
        }
        parts
    }

    /// The values of the key, partition first.
    pub fn values(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.partition.as_str()).chain(self.sort.as_deref())
    }

    /// How many bytes the key takes in a page.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.values().map(str::len).sum()
    }
}

/// One record of one collection.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RecordRef {
    /// The collection it belongs to.
    pub collection: CollectionName,
    /// Its key.
    pub key: RecordKey,
}

fn check(part: &'static str, value: &str) -> Result<(), KeyError> {
    match value.len() {
        0 => Err(KeyError::Empty { part }),
        bytes if bytes > KEY_PART_BYTES => Err(KeyError::TooLong { part, bytes }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(sort: Option<&str>) -> KeySchema {
        KeySchema {
            partition: "a".into(),
            sort: sort.map(str::to_owned),
        }
    }

    #[test]
    fn a_key_has_exactly_the_parts_of_its_collection() {
        assert!(RecordKey::parse(&schema(None), "x", None).is_ok());
        assert!(RecordKey::parse(&schema(Some("b")), "x", Some("y")).is_ok());
        assert_eq!(
            RecordKey::parse(&schema(Some("b")), "x", None),
            Err(KeyError::SortMissing)
        );
        assert_eq!(
            RecordKey::parse(&schema(None), "x", Some("y")),
            Err(KeyError::SortNotAllowed)
        );
    }

    #[test]
    fn a_key_part_holds_from_1_to_1024_bytes() {
        let longest = "é".repeat(KEY_PART_BYTES / 2);

        assert!(RecordKey::parse(&schema(None), &longest, None).is_ok());
        assert_eq!(
            RecordKey::parse(&schema(None), &format!("{longest}x"), None),
            Err(KeyError::TooLong {
                part: "id",
                bytes: KEY_PART_BYTES + 1
            })
        );
        assert_eq!(
            RecordKey::parse(&schema(Some("b")), "x", Some("")),
            Err(KeyError::Empty { part: "sort" })
        );
    }

    #[test]
    fn any_text_is_a_key() {
        for id in ["a b", "a/b", "a\"b", "🪦", "%2F", "#", "?", "..", "~"] {
            assert_eq!(
                RecordKey::parse(&schema(None), id, None).unwrap().partition,
                id
            );
        }
    }
}
