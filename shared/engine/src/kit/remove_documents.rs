//! Removing documents whose rows go too: the copy is read first, then the truth, and a document goes only as it was read.
//! What is written in between changes its version, and both are read again.

use std::collections::BTreeMap;

use crate::kit::documents;
use crate::kit::records::Records;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use domain::row::{Row, RowMark};
use ports::{DocumentVersion, EnginePorts, RemoveOutcome};

/// How often a document that changes under our hands is read again before its record is left for a retry.
const READS: usize = 5;

/// Whether a document with this mark may go, by the place of its record and its row as it stands.
pub(crate) type Explained<'a> = dyn Fn(usize, RowMark, Option<&Row>) -> bool + Sync + 'a;

/// The rows as they were read, by place.
pub(crate) type RowsAt = BTreeMap<usize, Option<Row>>;

/// Removes the documents that their rows allow to go; returns the rows as they were read, and why some documents stay.
pub(crate) async fn remove_documents<P: EnginePorts>(
    work: Work<'_, P>,
    records: &Records<'_>,
    explained: &Explained<'_>,
) -> Result<(RowsAt, BTreeMap<usize, String>), Stop> {
    let (ids, _) = records.document_ids();
    let mut open = records.at(ids.into_iter().map(|(place, _)| place).collect());
    let (mut rows, mut failed) = (RowsAt::new(), BTreeMap::new());
    for round in 0..READS {
        // The copy first, then the truth: what is written in between changes the version that is named at the removal.
        let states = documents::states(work, &open).await?;
        let wanted = if round == 0 { records } else { &open };
        let found = wanted.rows(work).await?;
        let read: RowsAt = wanted.places.iter().copied().zip(found).collect();
        let removable: BTreeMap<usize, DocumentVersion> = states
            .into_iter()
            .filter(|(place, state)| explained(*place, state.mark, read[place].as_ref()))
            .map(|(place, state)| (place, state.version))
            .collect();
        rows.extend(read);
        let mut changed = Vec::new();
        for (place, outcome) in documents::remove(work, records, &removable).await? {
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
