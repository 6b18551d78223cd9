//! Puts the deletion's mark on rows and documents.

use std::collections::BTreeMap;

use crate::domain::collection::Collection;
use crate::domain::page::{Entry, Judged, Outcome};
use crate::domain::row::Mark;
use crate::engine::kit::records::document_ids;
use crate::engine::kit::slice::Stop;
use crate::engine::kit::work::Work;
use crate::ports::{
    DocumentMarkOutcome, EnginePorts, MarkDocuments, MarkOutcome, MarkRows, RowToMark,
};

/// Marks the rows of some records of one collection; answers those that could not be marked.
pub(crate) async fn mark_rows<P: EnginePorts>(
    work: Work<'_, P>,
    collection: &Collection,
    mark: &Mark,
    entries: &[Entry],
    places: &[usize],
) -> Result<BTreeMap<usize, Outcome>, Stop> {
    let mut exceptions = BTreeMap::new();
    let mut open: Vec<(usize, bool)> = places
        .iter()
        .map(|place| (*place, entries[*place].judged == Judged::LiveNull))
        .collect();
    for _ in 0..FLIPS {
        if open.is_empty() {
            break;
        }
        let to_mark: Vec<RowToMark> = open
            .iter()
            .map(|(place, null)| RowToMark {
                key: entries[*place].key.clone(),
                null: *null,
            })
            .collect();
        let rows = work.rows();
        let outcomes = work
            .settle(&to_mark, P::Rows::MARK_BATCH, |batch| async move {
                rows.mark(collection, mark, &batch).await
            })
            .await?;
        let mut flipped = Vec::new();
        for ((place, _), outcome) in open.into_iter().zip(outcomes) {
            match outcome {
                MarkOutcome::Marked => {}
                MarkOutcome::MarkedByAnother => {
                    exceptions.insert(place, Outcome::AlreadyDeleted);
                }
                MarkOutcome::Missing => {
                    exceptions.insert(place, Outcome::Missing);
                }
                MarkOutcome::TooLarge => {
                    let reason =
                        "ROW_TOO_LARGE: with the mark it would pass the store's limit of 400 KB";
                    exceptions.insert(
                        place,
                        Outcome::Failed {
                            reason: reason.into(),
                        },
                    );
                }
                MarkOutcome::Null => flipped.push((place, true)),
                MarkOutcome::Absent => flipped.push((place, false)),
            }
        }
        open = flipped;
    }
    for (place, _) in open {
        exceptions.insert(
            place,
            Outcome::Failed {
                reason: "ROW_CHANGING: somebody else keeps changing the mark".into(),
            },
        );
    }
    Ok(exceptions)
}

/// Marks the documents of some records; answers those that could not be marked.
pub(crate) async fn mark_documents<P: EnginePorts>(
    work: Work<'_, P>,
    collection: &Collection,
    mark: &Mark,
    entries: &[Entry],
    places: &[usize],
) -> Result<BTreeMap<usize, Outcome>, Stop> {
    let (ids, mut exceptions) = document_ids(collection, entries, places);
    let documents = work.documents();
    let asked: Vec<String> = ids.iter().map(|(_, id)| id.clone()).collect();
    let outcomes = work
        .settle(&asked, P::Documents::MARK_BATCH, |batch| async move {
            MarkDocuments::mark(documents, collection, mark, &batch).await
        })
        .await?;
    for ((place, _), outcome) in ids.into_iter().zip(outcomes) {
        match outcome {
            // Without a document there is nothing that could show the record.
            DocumentMarkOutcome::Marked | DocumentMarkOutcome::Missing => {}
            DocumentMarkOutcome::Rejected(why) => {
                exceptions.insert(
                    place,
                    Outcome::Failed {
                        reason: format!("DOCUMENT_REJECTED: {why}"),
                    },
                );
            }
        }
    }
    Ok(exceptions)
}

/// How often a row whose mark attribute changes between absent and NULL is asked again.
const FLIPS: usize = 3;
