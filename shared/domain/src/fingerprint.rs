//! What tells two records of one key apart: a key becomes free when its record is removed, and the next record with that
//! key is another one.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::collection::Collection;
use crate::row::Row;

/// A few bytes that two records of one key differ in: of the time at which the record was created, where the collection
/// declares one and the row has it, and otherwise of the whole row. Marks do not count, nor values that are computed.
///
/// Four bytes, because a page lists up to 1,000 of them and they cannot be deflated; two records of one key are taken for
/// one another once in four billion times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(u32);

impl Fingerprint {
    /// The fingerprint of a row. Without a time of creation it is of all attributes that the row has been read with,
    /// except for those that are `computed`.
    #[must_use]
    pub fn of(row: &Row, collection: &Collection, computed: &[&str]) -> Self {
        let text = match creation(row, collection) {
            Some(created) => created.to_string(),
            None => Value::Object(plain(row, collection, computed)).to_string(),
        };
        Self::of_text(&text)
    }

    /// The fingerprint of a text.
    pub(crate) fn of_text(text: &str) -> Self {
        let hash = Sha256::digest(text);
        Self(u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]))
    }
}

/// Whether the row says when it was created, so that a fingerprint that differs is another record's. Otherwise it may be
/// the same one, written since.
#[must_use]
pub fn is_dated(row: &Row, collection: &Collection) -> bool {
    creation(row, collection).is_some()
}

/// Whether both rows say when they were created, and differ in that: they are two records of one key.
#[must_use]
pub fn is_created_apart(one: &Row, other: &Row, collection: &Collection) -> bool {
    let times = creation(one, collection).zip(creation(other, collection));
    times.is_some_and(|(one, other)| one != other)
}

fn creation<'r>(row: &'r Row, collection: &Collection) -> Option<&'r Value> {
    let time = row.attributes.get(collection.filters.time.as_ref()?)?;
    (!time.is_null()).then_some(time)
}

fn plain(row: &Row, collection: &Collection, computed: &[&str]) -> Map<String, Value> {
    let marks: Vec<&str> = collection.marks.written().collect();
    let mut attributes = row.attributes.clone();
    attributes.retain(|name, _| {
        let name = name.as_str();
        !marks.contains(&name) && !computed.contains(&name)
    });
    attributes
}

#[cfg(test)]
mod tests;
