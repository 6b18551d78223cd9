//! A row as the engine sees it: its key, its tenant, and whether it is marked.

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::collection::Collection;
use crate::deletion::DeletionId;
use crate::key::RecordKey;
use crate::principal::Tenant;
use crate::time::{self, rfc3339};

/// The mark that a deletion writes on a row and on its document: the same for all its records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The moment of acceptance.
    pub deleted_at: Timestamp,
    /// Who requested the deletion.
    pub deleted_by: String,
    /// The deletion it belongs to.
    pub deletion_id: DeletionId,
}

impl Mark {
    /// The mark as `(attribute, value)` under the names of the collection.
    #[must_use]
    pub fn attributes<'a>(&self, collection: &'a Collection) -> [(&'a str, String); 3] {
        let names = &collection.marks;
        [
            (&names.deleted_at, rfc3339(self.deleted_at)),
            (&names.deleted_by, self.deleted_by.clone()),
            (&names.deletion_id, self.deletion_id.to_string()),
        ]
    }
}

/// What a row says about its own deletion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowMark {
    /// The mark attribute is absent.
    Absent,
    /// The mark attribute is an explicit NULL: live, but a condition must say so.
    Null,
    /// Marked by this deletion, or by something that is not one of our deletions (`None`).
    By(Option<DeletionId>),
}

impl RowMark {
    /// What these attributes of a row or of a document say.
    #[must_use]
    pub fn of(collection: &Collection, attributes: &Map<String, Value>) -> Self {
        match attributes.get(&collection.marks.deleted_at) {
            None => Self::Absent,
            Some(Value::Null) => Self::Null,
            Some(_) => Self::By(
                attributes
                    .get(&collection.marks.deletion_id)
                    .and_then(Value::as_str)
                    .and_then(|id| id.parse().ok()),
            ),
        }
    }

    /// Whether the row carries the mark of this deletion.
    #[must_use]
    pub fn is_of(self, deletion: DeletionId) -> bool {
        self == Self::By(Some(deletion))
    }

    /// Whether the row carries no mark.
    #[must_use]
    pub fn is_live(self) -> bool {
        matches!(self, Self::Absent | Self::Null)
    }
}

/// One row, with the attributes that were asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its key.
    pub key: RecordKey,
    /// Its attributes as JSON; numbers that JSON cannot hold and binary values as text.
    pub attributes: Map<String, Value>,
}

impl Row {
    /// The text of an attribute, or `None` when it is absent or not a text.
    #[must_use]
    pub fn text(&self, attribute: &str) -> Option<&str> {
        self.attributes.get(attribute).and_then(Value::as_str)
    }

    /// How large it is: about as many bytes as the store counts.
    #[must_use]
    pub fn bytes(&self) -> usize {
        fn of(value: &Value) -> usize {
            match value {
                Value::Null | Value::Bool(_) => 1,
                Value::Number(_) => 8,
                Value::String(text) => text.len(),
                Value::Array(values) => 3 + values.iter().map(of).sum::<usize>(),
                Value::Object(values) => 3 + all(values),
            }
        }
        fn all(values: &Map<String, Value>) -> usize {
            values
                .iter()
                .map(|(name, value)| name.len() + of(value))
                .sum()
        }
        all(&self.attributes)
    }

    /// Whether the row belongs to this tenant. A row without the attribute belongs to no tenant.
    #[must_use]
    pub fn is_of(&self, tenant: &Tenant, collection: &Collection) -> bool {
        self.text(&collection.tenant.attribute) == Some(tenant.as_str())
    }

    /// Whether the row is this tenant's and carries no mark.
    #[must_use]
    pub fn is_unmarked(&self, tenant: &Tenant, collection: &Collection) -> bool {
        self.is_of(tenant, collection) && self.mark(collection).is_live()
    }

    /// The record's author, where the collection declares one.
    #[must_use]
    pub fn author(&self, collection: &Collection) -> Option<&str> {
        collection
            .author
            .as_ref()
            .and_then(|author| self.text(&author.attribute))
    }

    /// What the row says about its own deletion.
    #[must_use]
    pub fn mark(&self, collection: &Collection) -> RowMark {
        RowMark::of(collection, &self.attributes)
    }

    /// Whether the row says that it was written after this moment. One without a readable time does not say so.
    #[must_use]
    pub fn is_written_after(&self, collection: &Collection, moment: Timestamp) -> bool {
        let written = self.written(collection);
        written.is_some_and(|written| written > moment)
    }

    /// Whether the row says that it was written by this moment. One without a readable time does not say so.
    #[must_use]
    pub fn is_written_by(&self, collection: &Collection, moment: Timestamp) -> bool {
        let written = self.written(collection);
        written.is_some_and(|written| written <= moment)
    }

    fn written(&self, collection: &Collection) -> Option<Timestamp> {
        time::read(self.attributes.get(collection.filters.time.as_ref()?)?)
    }

    /// The key of the parent that the row references, or `None` when an attribute is missing.
    #[must_use]
    pub fn parent_key(&self, collection: &Collection) -> Option<RecordKey> {
        let parent = collection.parent.as_ref()?;
        let mut values = parent.by.iter().map(|attribute| self.text(attribute));
        let partition = values.next()??;
        match values.next() {
            None => Some(RecordKey::stored(partition, None)),
            Some(sort) => Some(RecordKey::stored(partition, Some(sort?))),
        }
    }
}
