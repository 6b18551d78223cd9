//! Removes rows that carry the deletion's mark, which the store itself checks.

use crate::kit::records::Records;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use domain::deletion::Deletion;
use ports::{EnginePorts, PurgeOutcome, PurgeRows};

/// Removes rows; returns the outcome of each, by place.
pub(crate) async fn purge_rows<P: EnginePorts>(
    work: Work<'_, P>,
    records: &Records<'_>,
    deletion: &Deletion,
) -> Result<Vec<(usize, PurgeOutcome)>, Stop> {
    let (rows, collection) = (work.rows(), records.collection);
    let outcomes = work
        .settle(&records.keys(), P::Rows::PURGE_BATCH, |batch| async move {
            rows.purge(collection, deletion.id, &batch).await
        })
        .await?;
    Ok(records.places.iter().copied().zip(outcomes).collect())
}
