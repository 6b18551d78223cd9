//! One collection, as its file declares it and as it was seen: what a check gets.

use std::collections::BTreeMap;

use domain::collection::{Collection, Collections, DocumentAt, IdError};
use jiff::Timestamp;

use super::finding::Share;
use super::item::{self, Item};
use super::seen::{Seen, TableSeen};

/// How many keys of rows are kept as examples.
const EXAMPLES: usize = 3;

/// A collection, and what was read of it.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// All collections of the files.
    pub collections: &'a Collections,
    /// This one.
    pub collection: &'a Collection,
    /// What was read.
    pub seen: &'a Seen,
    /// When.
    pub now: Timestamp,
}

impl<'a> Subject<'a> {
    /// The table, where it could be described.
    #[must_use]
    pub fn table(self) -> Option<&'a TableSeen> {
        self.seen.table.as_ref()
    }

    /// The sampled rows; none where none could be read.
    #[must_use]
    pub fn rows(self) -> &'a [Item] {
        self.seen.rows.as_deref().unwrap_or_default()
    }

    /// The rows for which this holds, among all that were sampled.
    #[must_use]
    pub fn rows_where(self, holds: impl Fn(&Item) -> bool) -> Share {
        self.rows_of(|_| true, holds)
    }

    /// The rows for which this holds, among those that it can be asked of.
    #[must_use]
    pub fn rows_of(self, asked: impl Fn(&Item) -> bool, holds: impl Fn(&Item) -> bool) -> Share {
        let mut share = Share::default();
        for row in self.rows().iter().filter(|row| asked(row)) {
            share.of += 1;
            if holds(row) {
                share.found += 1;
                if share.keys.len() < EXAMPLES {
                    let key = item::shown_key(row, &self.collection.key);
                    share.keys.push(key);
                }
            }
        }
        share
    }

    /// These rows, among so many.
    #[must_use]
    pub fn share_of(self, rows: &[Item], of: usize) -> Share {
        let keys = rows.iter().take(EXAMPLES);
        Share {
            found: rows.len(),
            of,
            keys: keys
                .map(|row| item::shown_key(row, &self.collection.key))
                .collect(),
        }
    }

    /// The types that an attribute has in the rows for which this holds.
    #[must_use]
    pub fn kinds(self, attribute: &str, holds: impl Fn(&Item) -> bool) -> String {
        item::kinds(self.rows().iter().filter(|row| holds(row)), attribute)
    }

    /// The rows by the ids of their documents, as far as their keys make one.
    #[must_use]
    pub fn rows_by_id(self) -> BTreeMap<String, &'a Item> {
        let rows = self.rows().iter();
        rows.filter_map(|row| Some((place_of(self.collection, row).ok()??.id, row)))
            .collect()
    }
}

/// Where a row's document is; `None` where the collection has none, or the row has no key of it.
///
/// # Errors
///
/// [`IdError`] when the row does not say it.
pub fn place_of(collection: &Collection, row: &Item) -> Result<Option<DocumentAt>, IdError> {
    match item::key_of(row, &collection.key) {
        Some(key) => collection.document_at(&key, |attribute| item::text(row, attribute)),
        None => Ok(None),
    }
}
