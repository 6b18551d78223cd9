//! What a store must provide for the rules about rows, and how the rules use it.

use crate::samples::start;
use domain::collection::Collection;
use domain::found::Found;
use domain::key::RecordKey;
use ports::{
    ClearRows, FindMarked, MarkRows, PurgeRows, ReadRows, RowToClear, RowToMark, WriteRows,
};
use serde_json::{Map, Value};

/// A store with the tables of [`samples`](crate::samples), empty.
pub trait RowsHarness: Send + Sync {
    type Rows: ReadRows + MarkRows + ClearRows + PurgeRows + WriteRows + FindMarked;

    /// The port.
    fn rows(&self) -> &Self::Rows;

    /// Stores a row without the port; `null` is an explicit NULL.
    fn put(
        &self,
        collection: &Collection,
        row: Map<String, Value>,
    ) -> impl Future<Output = ()> + Send;

    /// The complete row as it is stored.
    fn get(
        &self,
        collection: &Collection,
        key: &RecordKey,
    ) -> impl Future<Output = Option<Map<String, Value>>> + Send;
}

/// What is found in a row of a collection whose marks replace nothing: whether it has an explicit NULL for a mark.
pub(super) fn found(null: bool) -> Found {
    Found {
        null,
        ..Found::default()
    }
}

/// A row to be marked that was found like this.
pub(super) fn to_mark(key: &RecordKey, null: bool) -> RowToMark {
    RowToMark {
        key: key.clone(),
        found: found(null),
    }
}

/// A row whose mark is to be removed, and that has an explicit NULL afterwards or nothing.
pub(super) fn to_clear(key: &RecordKey, null: bool) -> RowToClear {
    RowToClear {
        key: key.clone(),
        found: found(null),
        at: start(),
    }
}

/// Stores a live row for each key.
pub(super) async fn put_live(
    harness: &impl RowsHarness,
    collection: &Collection,
    keys: &[RecordKey],
) {
    for key in keys {
        harness
            .put(collection, crate::samples::row(collection, key, "acme"))
            .await;
    }
}

/// The rows as they are stored, in the order of the keys.
pub(super) async fn peek(
    harness: &impl RowsHarness,
    collection: &Collection,
    keys: &[RecordKey],
) -> Vec<Option<Map<String, Value>>> {
    let mut rows = Vec::new();
    for key in keys {
        rows.push(harness.get(collection, key).await);
    }
    rows
}
