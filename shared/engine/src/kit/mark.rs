//! Writes the deletion's mark into rows and documents.

use std::collections::BTreeMap;

use crate::kit::documents::{Documents, ROUTED};
use crate::kit::records::Records;
use crate::kit::slice::Stop;
use crate::kit::unreadable::unreadable;
use crate::kit::work::Work;
use domain::deletion::Deletion;
use domain::page::{Judged, Outcome};
use domain::row::Mark;
use ports::{DocumentMarkOutcome, EnginePorts, MarkOutcome, MarkRows, RowToMark};

/// How often a row whose mark attribute changes between absent and NULL is tried again.
const FLIPS: usize = 3;

/// Why a row cannot be marked that has no room for it.
const TOO_LARGE: &str = "ROW_TOO_LARGE: with the mark it would pass the store's limit of 400 KB; make it smaller in its table and retry, or restore, make it smaller and delete again";

/// Whether a record was not marked because its row has no room for a mark.
pub(crate) fn has_no_room(outcome: &Outcome) -> bool {
    *outcome == Outcome::failed(TOO_LARGE)
}

/// Marks rows; returns those that could not be marked.
pub(crate) async fn mark_rows<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    records: &Records<'_>,
) -> Result<BTreeMap<usize, Outcome>, Stop> {
    let (rows, collection) = (work.rows(), records.collection);
    let (tenant, mark) = (&deletion.tenant, &deletion.mark());
    let mut exceptions = BTreeMap::new();
    let is_null = |place: usize| records.entry(place).judged == Judged::LiveNull;
    let mut open: Vec<(usize, bool)> = records
        .places
        .iter()
        .map(|place| (*place, is_null(*place)))
        .collect();
    for _ in 0..FLIPS {
        if open.is_empty() {
            break;
        }
        let to_mark: Vec<RowToMark> = open
            .iter()
            .map(|(place, null)| RowToMark {
                key: records.entry(*place).key.clone(),
                null: *null,
            })
            .collect();
        let outcomes = work
            .settle(&to_mark, P::Rows::MARK_BATCH, |batch| async move {
                rows.mark(collection, tenant, mark, &batch).await
            })
            .await?;
        let mut flipped = Vec::new();
        for ((place, _), outcome) in open.into_iter().zip(outcomes) {
            let exception = match outcome {
                MarkOutcome::Marked => continue,
                MarkOutcome::Null => {
                    flipped.push((place, true));
                    continue;
                }
                MarkOutcome::Absent => {
                    flipped.push((place, false));
                    continue;
                }
                MarkOutcome::MarkedByAnother => Outcome::AlreadyDeleted,
                MarkOutcome::Missing => Outcome::Missing,
                MarkOutcome::TooLarge => Outcome::failed(TOO_LARGE),
                MarkOutcome::Unreadable(why) => Outcome::Failed {
                    reason: unreadable(work, deletion, collection, why),
                },
            };
            exceptions.insert(place, exception);
        }
        open = flipped;
    }
    let changing = "ROW_CHANGING: somebody else keeps changing the mark";
    exceptions.extend(
        open.into_iter()
            .map(|(place, _)| (place, Outcome::failed(changing))),
    );
    Ok(exceptions)
}

/// Marks documents; returns those that could not be marked. A missing document needs no mark: nothing can show the
/// record.
pub(crate) async fn mark_documents<P: EnginePorts>(
    work: Work<'_, P>,
    records: &Records<'_>,
    mark: &Mark,
) -> Result<BTreeMap<usize, Outcome>, Stop> {
    let (documents, mut exceptions) = Documents::of(records);
    let mut missing = Vec::new();
    for (place, outcome) in documents.mark(work, &records.places, mark).await? {
        match outcome {
            DocumentMarkOutcome::Marked => {}
            DocumentMarkOutcome::Missing => missing.push(place),
            DocumentMarkOutcome::Rejected(why) => {
                let reason = format!("DOCUMENT_REJECTED: {why}");
                exceptions.insert(place, Outcome::Failed { reason });
            }
        }
    }
    let routed = documents.elsewhere(work, &missing).await?.into_iter();
    exceptions.extend(routed.map(|place| (place, Outcome::failed(ROUTED))));
    Ok(exceptions)
}
