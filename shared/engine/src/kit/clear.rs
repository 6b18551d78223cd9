//! Removes the deletion's mark from rows and documents.

use std::collections::BTreeMap;

use crate::kit::documents::Documents;
use crate::kit::records::Records;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use domain::deletion::DeletionId;
use domain::page::{Judged, NotRestored};
use ports::{ClearOutcome, ClearRows, DocumentClearOutcome, EnginePorts, RowToClear};

/// Removes this deletion's mark from rows, and leaves those of others; returns the outcome of each, by place.
pub(crate) async fn clear_rows<P: EnginePorts>(
    work: Work<'_, P>,
    records: &Records<'_>,
    deletion: DeletionId,
) -> Result<Vec<(usize, ClearOutcome)>, Stop> {
    let (rows, collection) = (work.rows(), records.collection);
    let to_clear: Vec<RowToClear> = records
        .places
        .iter()
        .map(|place| RowToClear {
            key: records.entry(*place).key.clone(),
            null: records.entry(*place).judged == Judged::LiveNull,
        })
        .collect();
    let outcomes = work
        .settle(&to_clear, P::Rows::CLEAR_BATCH, |batch| async move {
            rows.clear(collection, deletion, &batch).await
        })
        .await?;
    Ok(records.places.iter().copied().zip(outcomes).collect())
}

/// Removes this deletion's mark from documents; returns those that the store refused to change.
pub(crate) async fn clear_documents<P: EnginePorts>(
    work: Work<'_, P>,
    records: &Records<'_>,
    deletion: DeletionId,
) -> Result<BTreeMap<usize, NotRestored>, Stop> {
    let refused = |(place, outcome)| match outcome {
        DocumentClearOutcome::Cleared | DocumentClearOutcome::Missing => None,
        DocumentClearOutcome::Rejected(why) => {
            let reason = format!("DOCUMENT_REJECTED: {why}");
            Some((place, NotRestored::Failed { reason }))
        }
    };
    let (documents, _) = Documents::of(records);
    let outcomes = documents.clear(work, &records.places, deletion).await?;
    Ok(outcomes.into_iter().filter_map(refused).collect())
}
