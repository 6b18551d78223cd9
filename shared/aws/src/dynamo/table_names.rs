//! The real name of a collection's table.

use std::collections::BTreeMap;

use domain::collection::Collection;

/// Maps the logical tables of the collections files to real ones.
#[derive(Debug, Clone, Default)]
pub struct TableNames {
    prefix: String,
    existing: BTreeMap<String, String>,
}

impl TableNames {
    /// `prefix` is put before a logical name, except where `existing` has the full name of a table.
    pub fn new(prefix: impl Into<String>, existing: BTreeMap<String, String>) -> Self {
        Self {
            prefix: prefix.into(),
            existing,
        }
    }

    /// The name of the table of this collection.
    #[must_use]
    pub fn of(&self, collection: &Collection) -> String {
        self.existing
            .get(&collection.table)
            .cloned()
            .unwrap_or_else(|| format!("{}{}", self.prefix, collection.table))
    }
}
