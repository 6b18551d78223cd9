//! What hides the records of a delete without a root from its acceptance on: there is no root whose mark would.
//!
//! An announcement says that such a deletion may be under way. It is put with the acceptance and removed some time after
//! the end, so it decides nothing by itself: the deletion says whether it is open, and its scope what it takes.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use crate::collection::Collection;
use crate::deletion::{Deletion, DeletionId, Pass};
use crate::key::RecordKey;
use crate::row::Row;
use crate::scope::{Scope, Source};

/// The most announcements of a tenant that a read looks at, the newest ones: one query, and one batch of deletions.
pub const MOST_OPEN: usize = 50;

/// How many bytes of its hash stand for a key.
const BYTES: usize = 16;

/// Keys, each as a hash, so that 1,000 of any length fit into a small item.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keys(BTreeSet<[u8; BYTES]>);

/// A deletion that may be under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    /// The deletion.
    pub id: DeletionId,
    /// The keys that it lists, if it lists keys.
    pub keys: Keys,
}

/// A deletion that is under way, and what it takes.
#[derive(Debug)]
pub struct OpenScope {
    deletion: Deletion,
    scope: Scope,
    keys: Keys,
}

impl Keys {
    /// These keys.
    pub fn of<'k>(keys: impl IntoIterator<Item = &'k RecordKey>) -> Self {
        Self(keys.into_iter().map(hash).collect())
    }

    /// Whether this is one of them.
    #[must_use]
    pub fn contain(&self, key: &RecordKey) -> bool {
        self.0.contains(&hash(key))
    }

    /// As they are stored.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.iter().flatten().copied().collect()
    }

    /// As they were stored.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let parts = bytes.chunks_exact(BYTES);
        Self(parts.filter_map(|part| part.try_into().ok()).collect())
    }
}

/// With the lengths of its parts, so that one that is cut elsewhere is another key.
fn hash(key: &RecordKey) -> [u8; BYTES] {
    let mut hash = Sha256::new();
    for part in key.values() {
        hash.update(part.len().to_be_bytes());
        hash.update(part.as_bytes());
    }
    let hash = hash.finalize();
    std::array::from_fn(|place| hash[place])
}

impl OpenScope {
    /// Of the deletion of an announcement; `None` if its delete is over. What it has not taken by then is live.
    #[must_use]
    pub fn of(deletion: Deletion, scope: Scope, keys: Keys) -> Option<Self> {
        let is_open =
            deletion.root.is_none() && deletion.state.working_pass() == Some(Pass::Delete);
        is_open.then_some(Self {
            deletion,
            scope,
            keys,
        })
    }

    /// The deletion.
    #[must_use]
    pub fn id(&self) -> DeletionId {
        self.deletion.id
    }

    /// Whether it requests this row, and so takes it if it comes to it as it is now. What is below such a row is hidden
    /// by it.
    #[must_use]
    pub fn takes(&self, collection: &Collection, row: &Row) -> bool {
        let Self {
            deletion,
            scope,
            keys,
        } = self;
        if !deletion.names.contains(&collection.name) {
            return false;
        }
        let is_listed = || match &scope.source {
            Source::Root => false,
            Source::Ids { .. } => keys.contain(&row.key),
            Source::Author { author, .. } => row.author(collection) == Some(author.as_str()),
            Source::Matching { .. } => true,
        };
        scope.means(&deletion.tenant, collection, row) && is_listed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_back_as_they_were_stored_and_are_told_apart() {
        let all = [
            RecordKey::stored("a", None),
            RecordKey::stored("ab", Some("c")),
            RecordKey::stored("é".repeat(512), Some("🪦")),
        ];
        let keys = Keys::of(&all);

        let read = Keys::from_bytes(&keys.to_bytes());

        assert_eq!(read, keys);
        assert!(all.iter().all(|key| read.contain(key)));
        assert!(!read.contain(&RecordKey::stored("a", Some("bc"))));
        assert!(!read.contain(&RecordKey::stored("abc", None)));
        assert!(!Keys::default().contain(&all[0]));
    }
}
