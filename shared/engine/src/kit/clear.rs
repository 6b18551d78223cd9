//! Removes the deletion's mark from rows and documents. A document that did not carry it is missing, or was written by
//! somebody else while its record was deleted: then it is made to say what the row says.

use std::collections::BTreeMap;

use crate::kit::documents::{Documents, invalid};
use crate::kit::records::Records;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use crate::kit::write_documents::write_documents;
use domain::deletion::DeletionId;
use domain::found::Found;
use domain::page::{Judged, NotRestored};
use domain::row::Row;
use ports::{ClearOutcome, ClearRows, DocumentClearOutcome, EnginePorts, RowToClear};

/// How often a row is tried again in which somebody else changes what a mark has changed.
const TRIES: usize = 3;

/// Removes this deletion's mark from rows that were just read, and leaves those of others; returns the outcome of each, by
/// place. What a mark has replaced is put back as `read` has it; rows that are not in there have replaced nothing.
pub(crate) async fn clear_rows<P: EnginePorts>(
    work: Work<'_, P>,
    records: &Records<'_>,
    deletion: DeletionId,
    read: &BTreeMap<usize, Row>,
) -> Result<Vec<(usize, ClearOutcome)>, Stop> {
    let (rows, collection) = (work.rows(), records.collection);
    // Whether a live row has an explicit NULL is not in a marked one.
    let as_marked = |place: usize, found: Found| Found {
        null: records.entry(place).judged == Judged::LiveNull,
        ..found
    };
    let found = |place: &usize| {
        let found = read.get(place).map(|row| row.found(collection));
        (*place, as_marked(*place, found.unwrap_or_default()))
    };
    let mut open: Vec<(usize, Found)> = records.places.iter().map(found).collect();
    let mut settled = BTreeMap::new();
    for _ in 0..TRIES {
        if open.is_empty() {
            break;
        }
        let at = work.now();
        let to_clear: Vec<RowToClear> = open
            .iter()
            .map(|(place, found)| RowToClear {
                key: records.entry(*place).key.clone(),
                found: found.clone(),
                at,
            })
            .collect();
        let outcomes = work
            .settle(&to_clear, P::Rows::CLEAR_BATCH, |batch| async move {
                rows.clear(collection, deletion, &batch).await
            })
            .await?;
        for ((place, _), outcome) in std::mem::take(&mut open).into_iter().zip(outcomes) {
            if let ClearOutcome::Otherwise(found) = &outcome {
                open.push((place, as_marked(place, found.clone())));
            }
            settled.insert(place, outcome);
        }
    }
    Ok(settled.into_iter().collect())
}

/// Makes the documents of live rows live, too: this deletion's mark is removed, and those that did not carry it are
/// written from their rows where they are missing or say something else. Returns those that the store refused to change.
pub(crate) async fn clear_documents<P: EnginePorts>(
    work: Work<'_, P>,
    records: &Records<'_>,
    deletion: DeletionId,
) -> Result<BTreeMap<usize, NotRestored>, Stop> {
    if records.collection.is_piped() {
        // The pipeline takes the mark out, or brings the document back, since the row was written.
        return Ok(BTreeMap::new());
    }
    let (documents, unknown) = Documents::of(work, records).await?;
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
    let mut not_back: BTreeMap<usize, NotRestored> = rejected.into_iter().map(failed).collect();
    let unknown = unknown
        .into_iter()
        .filter(|(_, error)| error.leaves_a_document());
    not_back.extend(unknown.map(|(place, error)| {
        let reason = invalid(&error);
        (place, NotRestored::Failed { reason })
    }));
    Ok(not_back)
}
