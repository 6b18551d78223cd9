//! The mark of a deletion, and what the attributes of a row or a document say about one.

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::collection::{Collection, Says};
use crate::deletion::DeletionId;

/// The mark that a deletion writes on a row and on its document: the same for all its records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The moment of acceptance.
    pub deleted_at: Timestamp,
    /// Who requested the deletion.
    pub deleted_by: String,
    /// The deletion it belongs to.
    pub deletion_id: DeletionId,
    /// When what carries it is purged, if ever.
    pub purge_at: Option<Timestamp>,
    /// The moment of the write, for attributes that say when a row was written.
    pub written_at: Timestamp,
    /// Whether rows get it that somebody else has marked.
    pub adopts: bool,
}

impl Mark {
    /// The mark as `(field, value)` under the names of the collection's documents.
    #[must_use]
    pub fn fields<'a>(&self, collection: &'a Collection) -> [(&'a str, Value); 3] {
        let spec = collection.document.as_ref();
        self.attributes(collection)
            .map(|(name, value)| (spec.map_or(name, |spec| spec.field(name)), value))
    }

    /// The mark as `(attribute, value)` under the names of the collection: what a row and its document have in common.
    #[must_use]
    pub fn attributes<'a>(&self, collection: &'a Collection) -> [(&'a str, Value); 3] {
        let names = &collection.marks;
        [
            (&names.deleted_at, names.form.value(self.deleted_at)),
            (&names.deleted_by, self.deleted_by.as_str().into()),
            (&names.deletion_id, self.deletion_id.to_string().into()),
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
    /// Live, and another program is working on it: it is not marked until that is over.
    Busy,
    /// Marked by this deletion, or by something that is not one of our deletions (`None`).
    By(Option<DeletionId>),
    /// The mark attribute has a value that is no mark, and no absence of one either: `false`, 0, an empty text, a list.
    Unreadable,
}

impl RowMark {
    /// What these attributes of a row say.
    #[must_use]
    pub fn of(collection: &Collection, attributes: &Map<String, Value>) -> Self {
        let by_time = Self::by_time(collection, |name| attributes.get(name));
        let Some(state) = &collection.marks.state else {
            return by_time;
        };
        match (state.says(attributes.get(&state.attribute)), by_time) {
            (Says::Nothing, _) => Self::Unreadable,
            (Says::Busy, _) => Self::Busy,
            // What is left of a mark beside a live word was left there by an owner who has taken the row back.
            (Says::Live, Self::Null) => Self::Null,
            (Says::Live, _) => Self::Absent,
            (Says::Deleted, Self::By(by)) => Self::By(by),
            (Says::Deleted, _) => Self::By(None),
        }
    }

    /// What these fields of a document say. It has the time, the author and the id of a mark, and no more.
    #[must_use]
    pub fn of_document(collection: &Collection, fields: &Map<String, Value>) -> Self {
        let spec = collection.document.as_ref();
        let field = |name| spec.map_or(name, |spec| spec.field(name));
        Self::by_time(collection, |name| fields.get(field(name)))
    }

    /// What the time, the author and the id of a mark say.
    fn by_time<'a>(
        collection: &'a Collection,
        value: impl Fn(&'a str) -> Option<&'a Value>,
    ) -> Self {
        let marks = &collection.marks;
        match value(&marks.deleted_at) {
            None => Self::Absent,
            Some(Value::Null) => Self::Null,
            Some(at) if !says_deleted(at) => Self::Unreadable,
            // An id beside anything but what we write was left there by somebody who has marked the row anew.
            Some(at) if marks.form.is_of(at) => Self::By(
                value(&marks.deletion_id)
                    .and_then(Value::as_str)
                    .and_then(|id| id.parse().ok()),
            ),
            Some(_) => Self::By(None),
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
        matches!(self, Self::Absent | Self::Null | Self::Busy)
    }
}

/// Whether a value in the place of a mark says that its row is deleted: a time, in whatever form, or a plain yes. What
/// other writers have for "not deleted" is none of them, and neither is what nobody has for a mark.
fn says_deleted(value: &Value) -> bool {
    match value {
        Value::String(text) => !text.is_empty(),
        Value::Number(number) => number.as_f64().is_some_and(|number| number > 0.0),
        Value::Bool(is_deleted) => *is_deleted,
        Value::Null | Value::Array(_) | Value::Object(_) => false,
    }
}
