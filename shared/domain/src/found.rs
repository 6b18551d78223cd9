//! What is in a row where a mark changes it, as somebody has read it.

use serde_json::{Map, Value};

use crate::collection::{Collection, Touch};
use crate::mark::RowMark;

/// What was found in a row in the places that a mark changes.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Found {
    /// Whether a live row's mark attribute is an explicit NULL.
    pub null: bool,
    /// Whether it carries the mark of somebody else, which is no deletion. Then the values have that mark, too.
    pub others: bool,
    /// The values that a mark replaces or raises, or depends on otherwise, and the map of those that one has replaced. A
    /// value that JSON cannot hold is an object of its type, see [`is_exact`].
    pub values: Map<String, Value>,
}

impl Found {
    /// With an explicit NULL for a mark, and nothing else.
    #[must_use]
    pub fn null() -> Self {
        Self {
            null: true,
            ..Self::default()
        }
    }

    /// What is in these attributes of a row with this mark.
    #[must_use]
    pub fn of(collection: &Collection, mark: RowMark, attributes: &Map<String, Value>) -> Self {
        let marks = &collection.marks;
        let others = mark == RowMark::By(None);
        let three = marks.all();
        let names = marks
            .written()
            .filter(|name| others || !three.contains(name));
        let names = names.chain(collection.watched());
        let values =
            names.filter_map(|name| Some((name.to_owned(), attributes.get(name)?.clone())));
        Self {
            null: mark == RowMark::Null,
            others,
            values: values.collect(),
        }
    }

    /// Whether all of it could be put back exactly, and raised.
    #[must_use]
    pub fn is_storable(&self, collection: &Collection) -> bool {
        let marks = &collection.marks;
        let mut replaced = marks.replaced().filter_map(|name| self.values.get(name));
        let mut raised = marks.touch.iter();
        replaced.all(is_exact)
            && raised.all(|(name, touch)| match (touch, self.values.get(name)) {
                (Touch::PlusOne, Some(value)) => value.as_i64().is_some_and(|n| n < i64::MAX),
                (Touch::PlusOne, None) | (Touch::Time(_), _) => true,
            })
    }
}

/// Whether a value has its type and digits in this form: JSON's own, or an object with the type of the store where JSON
/// has none (`{"N": "…"}` for a number of many digits, `{"B": "…"}` for bytes).
#[must_use]
pub fn is_exact(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
        Value::Array(_) => false,
        Value::Object(typed) => {
            typed.len() == 1 && (typed.contains_key("N") || typed.contains_key("B"))
        }
    }
}
