//! Removes documents whose rows are removed too: the documents are read first, then the rows, and a document is removed
//! only if it still is as it was read. Anything written in between changes its version, and both are read again.

use std::collections::BTreeMap;

use crate::kit::documents::{ANOTHERS, Documents, ROUTED, invalid};
use crate::kit::records::Records;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use domain::row::{Row, RowMark};
use ports::{DocumentVersion, EnginePorts, RemoveOutcome};

/// How often a document that changes while it is processed is read again before its record is left for a retry.
const READS: usize = 5;

/// Whether a document with this mark may be removed, by the place of its record and its current row.
pub(crate) type Explained<'a> = dyn Fn(usize, RowMark, Option<&Row>) -> bool + Sync + 'a;

/// The rows as they were read, by place.
pub(crate) type RowsAt = BTreeMap<usize, Option<Row>>;

/// Removes the documents that their rows allow to be removed; returns the rows as they were read, and why some
/// documents stay.
pub(crate) async fn remove_documents<P: EnginePorts>(
    work: Work<'_, P>,
    records: &Records<'_>,
    explained: &Explained<'_>,
) -> Result<(RowsAt, BTreeMap<usize, String>), Stop> {
    let (documents, unknown) = Documents::of(work, records).await?;
    let (rows, mut failed) = remove_found(work, records, &documents, explained).await?;
    let unknown = unknown.into_iter();
    let unknown = unknown.filter(|(_, error)| error.leaves_a_document());
    failed.extend(unknown.map(|(place, error)| (place, invalid(&error))));
    Ok((rows, failed))
}

/// The same with documents whose places are known.
pub(crate) async fn remove_found<P: EnginePorts>(
    work: Work<'_, P>,
    records: &Records<'_>,
    documents: &Documents<'_>,
    explained: &Explained<'_>,
) -> Result<(RowsAt, BTreeMap<usize, String>), Stop> {
    let mut open = records.at(documents.places());
    let (mut rows, mut failed) = (RowsAt::new(), BTreeMap::new());
    for round in 0..READS {
        // Documents first, then rows: anything written in between changes the version that the removal requires.
        let states = documents.states(work, &open.places).await?;
        let wanted = if round == 0 {
            let is_missing = |place: &usize| !states.contains_key(place);
            let missing: Vec<usize> = open.places.iter().copied().filter(is_missing).collect();
            let routed = documents.elsewhere(work, &missing).await?.into_iter();
            failed.extend(routed.map(|place| (place, ROUTED.to_owned())));
            records
        } else {
            &open
        };
        let found = wanted.rows(work).await?;
        let read: RowsAt = wanted.places.iter().copied().zip(found).collect();
        let anothers = states.iter().filter(|(_, state)| !state.is_its);
        failed.extend(anothers.map(|(place, _)| (*place, ANOTHERS.to_owned())));
        let removable: BTreeMap<usize, DocumentVersion> = states
            .into_iter()
            .filter(|(_, state)| state.is_its)
            .filter(|(place, state)| explained(*place, state.mark, read[place].as_ref()))
            .map(|(place, state)| (place, state.version))
            .collect();
        rows.extend(read);
        let mut changed = Vec::new();
        for (place, outcome) in documents.remove(work, &removable).await? {
            match outcome {
                RemoveOutcome::Gone => {}
                RemoveOutcome::Changed => changed.push(place),
                RemoveOutcome::Rejected(why) => {
                    failed.insert(place, format!("DOCUMENT_REJECTED: {why}"));
                }
            }
        }
        open = records.at(changed);
        if open.places.is_empty() {
            return Ok((rows, failed));
        }
    }
    for place in open.places {
        let reason = "DOCUMENT_CHANGING: somebody else keeps writing the document".to_owned();
        failed.insert(place, reason);
    }
    Ok((rows, failed))
}
