//! What a filter asks of one attribute of a row, frozen when the delete is accepted.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::collection::Collection;
use crate::row::Row;
use crate::time;

/// A condition on one attribute, or on a part. Its name is stored with it, so that a changed file cannot make it one on
/// another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// The attribute of the row, or the part.
    pub attribute: String,
    /// What it must be.
    pub must: Must,
}

/// What an attribute must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Must {
    /// This text.
    Be(String),
    /// There and not NULL, or not.
    Exist(bool),
    /// A moment after this one, to the millisecond.
    BeAfter(Timestamp),
    /// A moment before this one, to the millisecond.
    BeBefore(Timestamp),
}

impl Condition {
    /// Whether the row meets it. Where the collection does not declare the attribute for a filter any more, rows are read
    /// without it, and none meets it: a filter that got lost must not make a delete a larger one.
    #[must_use]
    pub fn holds(&self, row: &Row, collection: &Collection) -> bool {
        let mut declared = collection.filters.attributes();
        if !declared.any(|attribute| attribute == self.attribute) {
            return false;
        }
        let value = row.attributes.get(&self.attribute);
        match &self.must {
            Must::Be(text) if collection.is_part(&self.attribute) => {
                row.part(collection, &self.attribute) == Some(text)
            }
            Must::Be(text) => value.and_then(Value::as_str) == Some(text),
            Must::Exist(exists) => value.is_some_and(|value| !value.is_null()) == *exists,
            Must::BeAfter(moment) => written(value).is_some_and(|written| written > *moment),
            Must::BeBefore(moment) => written(value).is_some_and(|written| written < *moment),
        }
    }
}

/// The moment of an attribute; none where it has none that can be read.
fn written(value: Option<&Value>) -> Option<Timestamp> {
    time::read(value?).map(time::to_millisecond)
}
