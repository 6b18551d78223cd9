//! Removing documents whose rows go too: the copy is read first, then the truth, and a document goes only as it was read.
//! What is written in between changes its version, and both are read again.

use std::collections::BTreeMap;

use crate::domain::collection::Collection;
use crate::domain::page::Entry;
use crate::domain::row::{Row, RowMark};
use crate::engine::kit::records::{document_ids, read_rows};
use crate::engine::kit::slice::Stop;
use crate::engine::kit::work::Work;
use crate::ports::{
    DocumentState, DocumentVersion, EnginePorts, Fields, PurgeDocuments, ReadDocuments,
    RemoveOutcome,
};

/// How often a document that changes under our hands is read again before its record is left for a retry.
const READS: usize = 5;

/// Whether a document with this mark may go, by the place of its record and its row as it stands.
pub(crate) type Explained<'a> = dyn Fn(usize, RowMark, Option<&Row>) -> bool + Sync + 'a;

/// The rows as they were read, by place.
pub(crate) type RowsAt = BTreeMap<usize, Option<Row>>;

/// Removes the documents that their rows allow to go; returns the rows as they were read, and why some documents stay.
pub(crate) async fn remove_documents<P: EnginePorts>(
    work: Work<'_, P>,
    collection: &Collection,
    entries: &[Entry],
    places: &[usize],
    explained: &Explained<'_>,
) -> Result<(RowsAt, BTreeMap<usize, String>), Stop> {
    // A record whose document id cannot be rendered has no document.
    let (mut open, _) = document_ids(collection, entries, places);
    let (mut rows, mut failed) = (BTreeMap::new(), BTreeMap::new());
    for round in 0..READS {
        // The copy first, then the truth: what is written in between changes the version that is named at the removal.
        let states = states(work, collection, &open).await?;
        let wanted: Vec<usize> = if round == 0 {
            places.to_vec()
        } else {
            open.iter().map(|(place, _)| *place).collect()
        };
        let read = rows_at(work, collection, entries, &wanted).await?;
        let removable: Vec<(usize, String, DocumentVersion)> = open
            .iter()
            .zip(states)
            .filter_map(|((place, id), state)| {
                let (state, row) = (state?, read.get(place)?);
                explained(*place, state.mark, row.as_ref())
                    .then(|| (*place, id.clone(), state.version))
            })
            .collect();
        rows.extend(read);
        open = remove(work, collection, removable, &mut failed).await?;
        if open.is_empty() {
            return Ok((rows, failed));
        }
    }
    for (place, _) in open {
        let reason = "DOCUMENT_CHANGING: somebody else keeps writing the document".to_owned();
        failed.insert(place, reason);
    }
    Ok((rows, failed))
}

async fn states<P: EnginePorts>(
    work: Work<'_, P>,
    collection: &Collection,
    open: &[(usize, String)],
) -> Result<Vec<Option<DocumentState>>, Stop> {
    let documents = work.documents();
    let ids: Vec<String> = open.iter().map(|(_, id)| id.clone()).collect();
    work.settle(&ids, P::Documents::STATE_BATCH, |batch| async move {
        documents.states(collection, &batch).await
    })
    .await
}

async fn rows_at<P: EnginePorts>(
    work: Work<'_, P>,
    collection: &Collection,
    entries: &[Entry],
    places: &[usize],
) -> Result<BTreeMap<usize, Option<Row>>, Stop> {
    let keys: Vec<_> = places
        .iter()
        .map(|place| entries[*place].key.clone())
        .collect();
    let rows = read_rows(work, collection, &keys, Fields::Judged).await?;
    Ok(places.iter().copied().zip(rows).collect())
}

/// Removes documents as they were read; returns those that changed since.
async fn remove<P: EnginePorts>(
    work: Work<'_, P>,
    collection: &Collection,
    removable: Vec<(usize, String, DocumentVersion)>,
    failed: &mut BTreeMap<usize, String>,
) -> Result<Vec<(usize, String)>, Stop> {
    let documents = work.documents();
    let asked: Vec<(String, DocumentVersion)> = removable
        .iter()
        .map(|(_, id, version)| (id.clone(), *version))
        .collect();
    let outcomes = work
        .settle(&asked, P::Documents::PURGE_BATCH, |batch| async move {
            documents.remove(collection, &batch).await
        })
        .await?;
    let mut changed = Vec::new();
    for ((place, id, _), outcome) in removable.into_iter().zip(outcomes) {
        match outcome {
            RemoveOutcome::Gone => {}
            RemoveOutcome::Changed => changed.push((place, id)),
            RemoveOutcome::Rejected(why) => {
                failed.insert(place, format!("DOCUMENT_REJECTED: {why}"));
            }
        }
    }
    Ok(changed)
}
