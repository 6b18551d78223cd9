//! The documents of some records, by place. A record whose document id cannot be rendered has no document, and no
//! answer.

use std::collections::BTreeMap;

use crate::kit::records::Records;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use domain::deletion::DeletionId;
use domain::page::Outcome;
use domain::row::Mark;
use ports::{
    ClearDocuments, DocumentClearOutcome, DocumentMarkOutcome, DocumentState, DocumentVersion,
    EnginePorts, MarkDocuments, PurgeDocuments, ReadDocuments, RemoveOutcome,
};

/// Reads the marks and versions of those that exist.
pub(crate) async fn states<P: EnginePorts>(
    work: Work<'_, P>,
    records: &Records<'_>,
) -> Result<BTreeMap<usize, DocumentState>, Stop> {
    let (documents, collection) = (work.documents(), records.collection);
    let (places, ids) = ids(records);
    let states = work
        .settle(&ids, P::Documents::STATE_BATCH, |batch| async move {
            documents.states(collection, &batch).await
        })
        .await?;
    let there = |(place, state): (usize, Option<DocumentState>)| Some((place, state?));
    Ok(places.into_iter().zip(states).filter_map(there).collect())
}

/// Writes a mark into them; returns what came of each, and the records whose document id cannot be rendered.
pub(crate) async fn mark<P: EnginePorts>(
    work: Work<'_, P>,
    records: &Records<'_>,
    mark: &Mark,
) -> Result<(Vec<(usize, DocumentMarkOutcome)>, BTreeMap<usize, Outcome>), Stop> {
    let (documents, collection) = (work.documents(), records.collection);
    let (ids, without_id) = records.document_ids();
    let (places, ids): (Vec<usize>, Vec<String>) = ids.into_iter().unzip();
    let outcomes = work
        .settle(&ids, P::Documents::MARK_BATCH, |batch| async move {
            MarkDocuments::mark(documents, collection, mark, &batch).await
        })
        .await?;
    Ok((places.into_iter().zip(outcomes).collect(), without_id))
}

/// Removes a deletion's mark from them, and leaves those of others.
pub(crate) async fn clear<P: EnginePorts>(
    work: Work<'_, P>,
    records: &Records<'_>,
    deletion: DeletionId,
) -> Result<Vec<(usize, DocumentClearOutcome)>, Stop> {
    let (documents, collection) = (work.documents(), records.collection);
    let (places, ids) = ids(records);
    let outcomes = work
        .settle(&ids, P::Documents::CLEAR_BATCH, |batch| async move {
            documents.clear(collection, deletion, &batch).await
        })
        .await?;
    Ok(places.into_iter().zip(outcomes).collect())
}

/// Removes those that are still as they were read.
pub(crate) async fn remove<P: EnginePorts>(
    work: Work<'_, P>,
    records: &Records<'_>,
    versions: &BTreeMap<usize, DocumentVersion>,
) -> Result<Vec<(usize, RemoveOutcome)>, Stop> {
    let (documents, collection) = (work.documents(), records.collection);
    let removable = records.at(versions.keys().copied().collect());
    let (places, ids) = ids(&removable);
    let asked: Vec<(String, DocumentVersion)> = places
        .iter()
        .zip(ids)
        .map(|(place, id)| (id, versions[place]))
        .collect();
    let outcomes = work
        .settle(&asked, P::Documents::PURGE_BATCH, |batch| async move {
            documents.remove(collection, &batch).await
        })
        .await?;
    Ok(places.into_iter().zip(outcomes).collect())
}

fn ids(records: &Records<'_>) -> (Vec<usize>, Vec<String>) {
    records.document_ids().0.into_iter().unzip()
}
