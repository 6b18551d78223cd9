//! Removes the deletion's mark from rows and documents. A document that did not carry it is missing, or was written by
//! somebody else while its record was deleted: then it is made to say what the row says.

use std::collections::BTreeMap;

use crate::kit::documents::Documents;
use crate::kit::records::Records;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use crate::kit::write_documents::write_documents;
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

/// Makes the documents of live rows live, too: this deletion's mark is removed, and those that did not carry it are
/// written from their rows where they are missing or say something else. Returns those that the store refused to change.
pub(crate) async fn clear_documents<P: EnginePorts>(
    work: Work<'_, P>,
    records: &Records<'_>,
    deletion: DeletionId,
) -> Result<BTreeMap<usize, NotRestored>, Stop> {
    let (documents, _) = Documents::of(records);
    let (mut rejected, mut others) = (BTreeMap::new(), Vec::new());
    for (place, outcome) in documents.clear(work, &records.places, deletion).await? {
        match outcome {
            DocumentClearOutcome::Cleared => {}
            DocumentClearOutcome::Untouched | DocumentClearOutcome::Missing => others.push(place),
            DocumentClearOutcome::Rejected(why) => drop(rejected.insert(place, why)),
        }
    }
    let written = Box::pin(write_documents(work, &records.at(others))).await?;
    rejected.extend(written.rejected);
    let failed = |(place, why)| {
        let reason = format!("DOCUMENT_REJECTED: {why}");
        (place, NotRestored::Failed { reason })
    };
    Ok(rejected.into_iter().map(failed).collect())
}
