//! How large an item of DynamoDB is, and what a deletion adds to a row: the one place that knows both.
//!
//! A row is marked in place, and where the strategy keeps copies it is copied into an item of the archive. A row that
//! leaves no room for that can be written, and never deleted.

use jiff::Timestamp;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::change::Change;
use crate::collection::Collection;
use crate::deletion::DeletionId;
use crate::key::RecordKey;
use crate::principal::Tenant;
use crate::row::{Mark, Row};

/// The most bytes of an item: its attributes' names and values.
pub const ITEM_BYTES: usize = 400 * 1024;

/// The longest subject that a record which is written leaves room for in its mark: `OpenID` Connect knows no longer one.
pub const SUBJECT_BYTES: usize = 255;

/// The most levels of lists and maps in a row that is copied into another item, where it is one level more.
const LEVELS: usize = 30;

/// The bytes of a moment in a mark.
const TIME: usize = "2026-11-21T07:00:00.000Z".len();

/// The bytes of a deletion's id.
const ID: usize = 36;

/// The longest value of a partition key.
const PARTITION: usize = 2048;

/// What is instead of a longer one: a hash with its name.
const HASHED: usize = "sha256:".len() + 64;

/// Why a record could not be deleted in the way of its collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TooLarge {
    /// With what a deletion adds, it would pass the limit.
    #[error("with what its deletion adds it has {bytes} bytes, {ITEM_BYTES} are allowed")]
    Bytes {
        /// How many it would have.
        bytes: usize,
    },
    /// It could not be copied into another item.
    #[error("it is nested {levels} levels deep, the archive takes {LEVELS}")]
    Levels {
        /// How many it has.
        levels: usize,
    },
}

/// How texts are counted: a binary value is a text here, a third longer than it is in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// Every text is what it looks like: the result is never too small.
    Most,
    /// What may be a binary value is one: the result is never too large.
    Least,
}

impl Count {
    /// The bytes of an item with these attributes.
    #[must_use]
    pub fn item(self, attributes: &Map<String, Value>) -> usize {
        let attributes = attributes.iter();
        attributes
            .map(|(name, value)| name.len() + self.value(value))
            .sum()
    }

    fn value(self, value: &Value) -> usize {
        match value {
            Value::Null | Value::Bool(_) => 1,
            Value::Number(number) => self.number(&number.to_string()),
            Value::String(text) if self == Self::Least && may_be_binary(text) => text.len() / 4 * 3,
            Value::String(text) => text.len(),
            Value::Array(values) => {
                let values = values.iter().map(|value| 1 + self.value(value));
                3 + values.sum::<usize>()
            }
            Value::Object(values) => {
                let values = values.iter();
                let sizes = values.map(|(name, value)| 1 + name.len() + self.value(value));
                3 + sizes.sum::<usize>()
            }
        }
    }

    /// One byte for two significant digits and one more, another one for a minus, and maybe one for a digit without a
    /// partner on its side of the point.
    fn number(self, number: &str) -> usize {
        let digits: String = number
            .chars()
            .take_while(|character| !matches!(character, 'e' | 'E'))
            .filter(char::is_ascii_digit)
            .collect();
        let digits = digits.trim_matches('0').len();
        let minus = usize::from(number.starts_with('-'));
        match self {
            Self::Most => digits / 2 + 2 + minus,
            Self::Least => digits.div_ceil(2) + 1,
        }
    }
}

/// Whether a text may be how a binary value is shown: base64 with its padding.
fn may_be_binary(text: &str) -> bool {
    let mut bytes = text.trim_end_matches('=').bytes();
    text.len().is_multiple_of(4)
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
}

/// Whether a deletion by somebody with a subject of this length could mark this row, and copy it where the strategy
/// keeps copies.
///
/// # Errors
///
/// [`TooLarge`] says by how much it could not.
pub fn leaves_room(
    collection: &Collection,
    tenant: &Tenant,
    row: &Row,
    subject: usize,
    count: Count,
) -> Result<(), TooLarge> {
    let marked = marked(collection, row, subject);
    let bytes = if collection.strategy.keeps_copies() {
        // The root is copied with its mark. In a map each attribute has a byte more.
        count.item(&marked) + marked.len() + copy_bytes(collection, tenant, &row.key, subject)
    } else {
        count.item(&marked)
    };
    if bytes > ITEM_BYTES {
        return Err(TooLarge::Bytes { bytes });
    }
    let levels = row.attributes.values().map(levels).max().unwrap_or(0);
    if collection.strategy.keeps_copies() && levels > LEVELS {
        return Err(TooLarge::Levels { levels });
    }
    Ok(())
}

/// The row as a deletion by somebody with a subject of this length leaves it.
fn marked(collection: &Collection, row: &Row, subject: usize) -> Map<String, Value> {
    let own = collection.marks.own();
    let mut attributes = row.attributes.clone();
    attributes.retain(|name, _| !own.contains(&name.as_str()));
    let mark = Mark {
        deleted_at: Timestamp::MAX,
        // Never taken for a binary value.
        deleted_by: "-".repeat(subject),
        deletion_id: DeletionId::new(Uuid::max()),
        purge_at: Some(Timestamp::MAX),
        written_at: Timestamp::MAX,
        adopts: false,
    };
    Change::marking(collection, &mark, &row.found(collection)).apply(&mut attributes);
    attributes
}

/// The bytes of an item of the archive beside the attributes of the row in it.
#[must_use]
pub fn copy_bytes(
    collection: &Collection,
    tenant: &Tenant,
    key: &RecordKey,
    subject: usize,
) -> usize {
    const NAMES: usize = "pk".len()
        + "v".len()
        + "tenant".len()
        + "deletion_id".len()
        + "deleted_at".len()
        + "deleted_by".len()
        + "collection".len()
        + "key".len()
        + "item".len();
    const VERSION: usize = 2;
    const MAP: usize = 3;
    let name = collection.name.as_str().len();
    let sort = key.sort.as_ref();
    let digits = key.partition.len().to_string().len();
    let record = digits + 1 + key.partition.len() + sort.map_or(0, |sort| 1 + sort.len());
    let mut partition = ID + 1 + name + 1 + record;
    if partition > PARTITION {
        partition = ID + 1 + name + 1 + HASHED;
    }
    let key =
        1 + "id".len() + key.partition.len() + sort.map_or(0, |sort| 1 + "sort".len() + sort.len());
    let values = partition + VERSION + tenant.as_str().len() + ID + TIME + subject + name;
    NAMES + values + MAP + key + MAP
}

fn levels(value: &Value) -> usize {
    match value {
        Value::Array(values) => 1 + values.iter().map(levels).max().unwrap_or(0),
        Value::Object(values) => 1 + values.values().map(levels).max().unwrap_or(0),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

#[cfg(test)]
mod tests;
