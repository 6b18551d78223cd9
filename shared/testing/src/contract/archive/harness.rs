//! What a store must provide for the rules about rows that leave their table, and how the rules use it.

use std::sync::Arc;

use crate::contract::done;
use crate::samples::{mark, tenant};
use domain::collection::Collection;
use domain::key::RecordKey;
use ports::{ArchiveRows, CopyOutcome, EraseRows, RowToCopy, Stored};
use serde_json::{Map, Value};

/// A store with the tables of [`samples`](crate::samples) and an archive, empty.
pub trait ArchiveHarness: Send + Sync {
    type Rows: ArchiveRows + EraseRows;

    /// The port.
    fn rows(&self) -> &Self::Rows;

    /// Stores a row without the port; `null` is an explicit NULL.
    fn put(
        &self,
        collection: &Collection,
        row: Map<String, Value>,
    ) -> impl Future<Output = ()> + Send;

    /// Makes a row larger than it was read.
    fn enlarge(whole: &mut <Self::Rows as ArchiveRows>::Whole);

    /// The complete row as it is stored.
    fn get(
        &self,
        collection: &Collection,
        key: &RecordKey,
    ) -> impl Future<Output = Option<Map<String, Value>>> + Send;
}

/// The row as the port reads it.
pub(super) async fn read<H: ArchiveHarness>(
    harness: &H,
    collection: &Collection,
    key: &RecordKey,
) -> Arc<Stored<<H::Rows as ArchiveRows>::Whole>> {
    let keys = std::slice::from_ref(key);
    let rows = done(harness.rows().whole(collection, keys).await);
    rows.into_iter().flatten().next().expect("the row is there")
}

/// Stores a row and copies it under the n-th deletion.
pub(super) async fn put_and_copy<H: ArchiveHarness>(
    harness: &H,
    collection: &Collection,
    row: Map<String, Value>,
    key: &RecordKey,
    n: u8,
) -> Arc<Stored<<H::Rows as ArchiveRows>::Whole>> {
    harness.put(collection, row).await;
    let stored = read(harness, collection, key).await;
    assert_eq!(
        copy(harness, collection, n, std::slice::from_ref(&stored), false).await,
        [CopyOutcome::Copied]
    );
    stored
}

pub(super) async fn copy<H: ArchiveHarness>(
    harness: &H,
    collection: &Collection,
    n: u8,
    rows: &[Arc<Stored<<H::Rows as ArchiveRows>::Whole>>],
    again: bool,
) -> Vec<CopyOutcome> {
    let rows: Vec<_> = rows
        .iter()
        .map(|stored| RowToCopy {
            stored: stored.clone(),
            again,
        })
        .collect();
    let (tenant, mark) = (tenant("acme"), mark(n));
    done(harness.rows().copy(collection, &tenant, &mark, &rows).await)
}
