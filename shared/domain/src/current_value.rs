//! The value of an attribute that is computed from the children of a row, such as the id of the first message.

use serde_json::Value;

use crate::row::Row;

/// The value of such an attribute, as far as it can be compared and set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CurrentValue {
    /// There is no such attribute.
    Absent,
    /// An explicit NULL: there is no child.
    Null,
    /// The text of a child's attribute.
    Text(String),
    /// Something else, which is not ours to change.
    Other,
}

impl CurrentValue {
    /// The value that this row has in that attribute.
    #[must_use]
    pub fn of(row: &Row, attribute: &str) -> Self {
        match row.attributes.get(attribute) {
            None => Self::Absent,
            Some(Value::Null) => Self::Null,
            Some(Value::String(text)) => Self::Text(text.clone()),
            Some(_) => Self::Other,
        }
    }

    /// The text, if the value is one.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Absent | Self::Null | Self::Other => None,
        }
    }
}
