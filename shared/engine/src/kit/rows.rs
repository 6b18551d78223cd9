//! Rows by key, read until the store has answered for each.

use crate::kit::slice::Stop;
use crate::kit::work::Work;
use domain::collection::Collection;
use domain::key::RecordKey;
use domain::row::Row;
use ports::{EnginePorts, Fields, ReadRows};

/// Reads rows by key, in the order of the keys.
pub(crate) async fn read_rows<P: EnginePorts>(
    work: Work<'_, P>,
    collection: &Collection,
    keys: &[RecordKey],
    fields: Fields,
) -> Result<Vec<Option<Row>>, Stop> {
    let rows = work.rows();
    work.settle(keys, P::Rows::READ_BATCH, |batch| async move {
        rows.read(collection, &batch, fields).await
    })
    .await
}

/// Reads one row by key.
pub(crate) async fn read_row<P: EnginePorts>(
    work: Work<'_, P>,
    collection: &Collection,
    key: &RecordKey,
    fields: Fields,
) -> Result<Option<Row>, Stop> {
    let keys = std::slice::from_ref(key);
    let rows = read_rows(work, collection, keys, fields).await?;
    Ok(rows.into_iter().flatten().next())
}
