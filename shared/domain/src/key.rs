//! The key of a record: one or two texts, never empty, never too long.

use std::collections::BTreeMap;

use serde::ser::SerializeMap as _;
use serde::{Deserialize, Serialize, Serializer};

use crate::collection::{CollectionName, KeyKind, KeySchema, Known, PartError, WrongPart};
use crate::number::is_as_stored;

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
        /// `id` or `sort`, or its name.
        part: String,
    },
    /// A part is longer than [`KEY_PART_BYTES`].
    #[error("`{part}` has {bytes} bytes, {KEY_PART_BYTES} are allowed")]
    TooLong {
        /// `id` or `sort`, or its name.
        part: String,
        /// How long it is.
        bytes: usize,
    },
    /// The collection has a two-part key and only one part was given.
    #[error("`sort` is missing: the key of this collection has two parts")]
    SortMissing,
    /// The collection has a one-part key and two parts were given.
    #[error("`sort` is not part of the key of this collection")]
    SortNotAllowed,
    /// An id of more than two parts is without one of them.
    #[error("`{part}` is missing: the id consists of {all}")]
    PartMissing {
        /// The part.
        part: String,
        /// All parts of the id.
        all: String,
    },
    /// A value that a key cannot be made of.
    #[error("{0}")]
    Part(#[from] PartError),
    /// A part is no number, or is written in another way than DynamoDB writes it.
    #[error("`{part}` is no number as DynamoDB writes it, such as 7, -3 or 2.5")]
    Number {
        /// The part.
        part: String,
    },
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

    /// The key with these values of its attributes; `None` where one is missing.
    #[must_use]
    pub fn of_attributes(
        schema: &KeySchema,
        value: impl Fn(&str, KeyKind) -> Option<String>,
    ) -> Option<Self> {
        let values = schema
            .each()
            .map(|(attribute, form)| value(attribute, form.kind));
        let values: Option<Vec<String>> = values.collect();
        let mut values = values?.into_iter();
        Some(Self {
            partition: values.next()?,
            sort: values.next(),
        })
    }

    /// The key parts as `(attribute, value)`, in the order of the schema.
    #[must_use]
    pub fn parts<'k, 's>(&'k self, schema: &'s KeySchema) -> Vec<(&'s str, &'k str)> {
        let mut parts = vec![(schema.partition.as_str(), self.partition.as_str())];
        if let (Some(attribute), Some(value)) = (&schema.sort, &self.sort) {
            parts.push((attribute, value));
        }
        parts
    }

    /// The parts of which the key is made as `(name, value)`, each once; `None` where it is not of this schema: then it is
    /// the key of another collection of the table.
    #[must_use]
    pub fn read<'k, 's>(&'k self, schema: &'s KeySchema) -> Option<Vec<(&'s str, &'k str)>> {
        let mut parts: Vec<(&str, &str)> = Vec::new();
        for ((attribute, form), value) in schema.each().zip(self.values()) {
            for (name, value) in form.read(attribute, value)? {
                match value_of(&parts, name) {
                    Some(known) if known != value => return None,
                    Some(_) => {}
                    None => parts.push((name, value)),
                }
            }
        }
        Some(parts)
    }

    /// The key that is made of these parts; `None` where one of them is missing.
    ///
    /// # Errors
    ///
    /// [`KeyError`] for a part that the key could not be read back with.
    pub fn of_parts<'v>(
        schema: &KeySchema,
        part: impl Fn(&str) -> Option<&'v str>,
    ) -> Result<Option<Self>, KeyError> {
        let mut values = Vec::with_capacity(2);
        for (attribute, form) in schema.each() {
            let Known::Whole(value) = form.write(attribute, &part)? else {
                return Ok(None);
            };
            if form.kind == KeyKind::Number && !is_as_stored(&value) {
                let part = attribute.to_owned();
                return Err(KeyError::Number { part });
            }
            values.push(value);
        }
        let mut values = values.into_iter();
        let partition = values.next().unwrap_or_default();
        let sort = values.next();
        let key = Self { partition, sort };
        // Another pattern of the attribute may fit the same text: then it is of two records, or of none.
        let read = key.read(schema);
        let is_read_back = |read: &Vec<(&str, &str)>| {
            let mut read = read.iter();
            read.all(|(name, value)| part(name) == Some(*value))
        };
        if read.as_ref().is_some_and(is_read_back) {
            return Ok(Some(key));
        }
        let name = schema.parts().first().copied().unwrap_or_default();
        Err(KeyError::Part(PartError {
            part: name.to_owned(),
            why: WrongPart::Separator {
                pattern: format!("{{{name}}}"),
            },
        }))
    }

    /// Whether each part is one that the API takes.
    ///
    /// # Errors
    ///
    /// [`KeyError`] says which part is empty or too long.
    pub fn fits(&self) -> Result<(), KeyError> {
        self.values()
            .zip(["id", "sort"])
            .try_for_each(|(value, place)| check(place, value))
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

/// What clients call a record: the parts of its key that their tokens do not say. Of a plain key it is all of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordId(Parts);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Parts {
    /// One or two: `id` and `sort`.
    Few(RecordKey),
    /// More, in the order of the key, each with its name.
    Named(Vec<(String, String)>),
}

impl Serialize for RecordId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let named = match &self.0 {
            Parts::Few(key) => return key.serialize(serializer),
            Parts::Named(parts) => parts,
        };
        let mut map = serializer.serialize_map(Some(1))?;
        let parts: BTreeMap<&str, &str> = named
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        map.serialize_entry("id", &parts)?;
        map.end()
    }
}

impl RecordId {
    /// The id of these parts.
    #[must_use]
    pub fn new(id: impl Into<String>, sort: Option<&str>) -> Self {
        Self(Parts::Few(RecordKey::stored(id, sort)))
    }

    /// The id of these parts, each with its name, of which there are more than two.
    pub(crate) fn named(parts: &[(&str, &str)]) -> Self {
        let parts = parts.iter();
        let parts = parts.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Self(Parts::Named(parts.collect()))
    }

    /// The last part.
    #[must_use]
    pub fn last(&self) -> &str {
        match &self.0 {
            Parts::Few(key) => key.sort.as_deref().unwrap_or(&key.partition),
            Parts::Named(parts) => parts.last().map_or("", |(_, value)| value),
        }
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

/// The value of this name in a list of `(name, value)`.
pub(crate) fn value_of<'v>(values: &[(&str, &'v str)], name: &str) -> Option<&'v str> {
    let found = values.iter().find(|(known, _)| *known == name);
    found.map(|(_, value)| *value)
}

pub(crate) fn check(part: &str, value: &str) -> Result<(), KeyError> {
    let part = || part.to_owned();
    match value.len() {
        0 => Err(KeyError::Empty { part: part() }),
        bytes if bytes > KEY_PART_BYTES => Err(KeyError::TooLong {
            part: part(),
            bytes,
        }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(sort: Option<&str>) -> KeySchema {
        KeySchema::plain("a", sort)
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
                part: "id".into(),
                bytes: KEY_PART_BYTES + 1
            })
        );
        assert_eq!(
            RecordKey::parse(&schema(Some("b")), "x", Some("")),
            Err(KeyError::Empty {
                part: "sort".into()
            })
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
