//! The attributes of which the primary key of a table is made.

/// The attributes of a primary key. Both are of type S.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySchema {
    /// The partition key's attribute.
    pub partition: String,
    /// The sort key's attribute, for a two-part key.
    pub sort: Option<String>,
}

impl KeySchema {
    /// The attributes, partition first.
    pub fn attributes(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.partition.as_str()).chain(self.sort.as_deref())
    }

    /// How many parts the key has: one or two.
    #[must_use]
    pub fn parts(&self) -> usize {
        1 + usize::from(self.sort.is_some())
    }
}
