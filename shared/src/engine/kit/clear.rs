//! Takes the deletion's mark off rows and documents.

use std::collections::BTreeMap;

use crate::domain::collection::Collection;
use crate::domain::deletion::Deletion;
use crate::domain::page::{Entry, Judged, NotRestored};
use crate::engine::kit::records::document_ids;
use crate::engine::kit::slice::Stop;
use crate::engine::kit::work::Work;
use crate::ports::{
    ClearDocuments, ClearOutcome, ClearRows, DocumentClearOutcome, EnginePorts, RowToClear,
};

/// The record stays as it is, for this reason.
pub(crate) fn conflict(reason: &str) -> NotRestored {
    NotRestored::Conflict {
        reason: reason.to_owned(),
    }
}

pub(crate) async fn clear_rows<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    collection: &Collection,
    entries: &[Entry],
    places: &[usize],
) -> Result<BTreeMap<usize, NotRestored>, Stop> {
    let to_clear: Vec<RowToClear> = places
        .iter()
        .map(|place| RowToClear {
            key: entries[*place].key.clone(),
            null: entries[*place].judged == Judged::LiveNull,
        })
        .collect();
    let rows = work.rows();
    let outcomes = work
        .settle(&to_clear, P::Rows::CLEAR_BATCH, |batch| async move {
            rows.clear(collection, deletion.id, &batch).await
        })
        .await?;
    let mut exceptions = BTreeMap::new();
    for (place, outcome) in places.iter().copied().zip(outcomes) {
        let reason = match outcome {
            ClearOutcome::Cleared | ClearOutcome::Live => continue,
            ClearOutcome::MarkedByAnother => "MARKED_BY_ANOTHER: another deletion's mark stays",
            ClearOutcome::Missing => "ROW_MISSING: the row is gone",
        };
        exceptions.insert(place, conflict(reason));
    }
    Ok(exceptions)
}

/// Takes this deletion's marks off documents, and leaves those of others.
pub(crate) async fn clear_documents<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    collection: &Collection,
    entries: &[Entry],
    places: &[usize],
) -> Result<BTreeMap<usize, NotRestored>, Stop> {
    // A record whose document id cannot be rendered has no document.
    let (ids, _) = document_ids(collection, entries, places);
    let documents = work.documents();
    let asked: Vec<String> = ids.iter().map(|(_, id)| id.clone()).collect();
    let outcomes = work
        .settle(&asked, P::Documents::CLEAR_BATCH, |batch| async move {
            documents.clear(collection, deletion.id, &batch).await
        })
        .await?;
    let mut exceptions = BTreeMap::new();
    for ((place, _), outcome) in ids.into_iter().zip(outcomes) {
        match outcome {
            DocumentClearOutcome::Cleared | DocumentClearOutcome::Missing => {}
            DocumentClearOutcome::Rejected(why) => {
                let reason = format!("DOCUMENT_REJECTED: {why}");
                exceptions.insert(place, NotRestored::Failed { reason });
            }
        }
    }
    Ok(exceptions)
}
