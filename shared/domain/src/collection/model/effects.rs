//! What else happens when a record is deleted or comes back: events of the collection's own, their recipients, and
//! values of the parent that are computed from its live children.

use std::collections::BTreeMap;

use super::name::CollectionName;
use super::parent::ChildLookup;

/// The event that a deletion publishes for the records of this collection, instead of `RecordsDeleted`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventSpec {
    /// Its detail-type.
    pub kind: String,
    /// The attributes by which the records of a page are grouped: one event for each group, with these attributes and
    /// their values in the detail. Empty: one group.
    pub group: Vec<String>,
    /// The field of the detail that lists the last part of each key, e.g. `message_ids`; beside `ids`, which every
    /// event has.
    pub ids: Option<String>,
    /// Fields of the detail that always have the same value, e.g. `message_type = "stream"`.
    pub set: BTreeMap<String, String>,
}

/// Who receives an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recipients {
    /// The users in the rows of another collection, e.g. in the subscriptions of a stream.
    Rows {
        /// The collection.
        collection: CollectionName,
        /// The attributes that join them: the record and the recipient's row have them under the same names, with
        /// the same values. All of them are in the event's `group`.
        by: Vec<String>,
        /// The attribute of the recipient's row that holds the user's subject claim.
        user: String,
        /// The attribute of the recipient's row that excludes the user if it is `true`.
        unless: Option<String>,
        /// Where the rows of one group are found.
        lookup: ChildLookup,
    },
    /// The users that this attribute of the record itself lists: a list or a set of texts, or one text.
    Attribute(String),
}

/// Values of the parent that are those of its first or last live child.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aggregate {
    /// The collection that has the values: the parent's. `parent.by` references its row.
    pub on: CollectionName,
    /// Its attributes, each with the one of the child that it has; NULL when no live child is left. At least one.
    pub set: BTreeMap<String, String>,
    /// Which of the children it is.
    pub take: Take,
    /// The children's attribute that they are in order of.
    pub of: String,
    /// Where the first live child in the order of `of` is found: on the table, whose sort key is `of`; or through an
    /// index whose hash key is `parent.by[0]` and whose sort key is `of`.
    pub lookup: ChildLookup,
}

impl Aggregate {
    /// The attribute of the parent that says where in the order of its children the values come from.
    #[must_use]
    pub fn place(&self) -> Option<&str> {
        let mut set = self.set.iter();
        let place = set.find(|(_, from)| **from == self.of);
        place.map(|(attribute, _)| attribute.as_str())
    }

    /// Whether the child has to be read for more than what it is ordered by.
    #[must_use]
    pub fn needs_more(&self) -> bool {
        self.set.values().any(|from| *from != self.of)
    }
}

/// Which of the children's values an aggregate is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Take {
    /// The smallest, in the order of the sort key.
    Min,
    /// The greatest.
    Max,
}
