//! Writes the deletion's mark into rows and documents.

use std::collections::BTreeMap;

use crate::kit::documents::{Documents, ROUTED, invalid};
use crate::kit::records::Records;
use crate::kit::remove_documents::remove_found;
use crate::kit::slice::Stop;
use crate::kit::unreadable::unreadable;
use crate::kit::work::Work;
use domain::collection::{Collection, Copied, Hide, IdError};
use domain::deletion::Deletion;
use domain::found::Found;
use domain::page::Outcome;
use domain::row::{Mark, Row, RowMark};
use ports::{DocumentMarkOutcome, EnginePorts, MarkOutcome, MarkRows, RowToMark};

/// How often a row is tried again in which somebody else changes what a mark changes.
const FLIPS: usize = 3;

/// Why a row is not marked that another program is working on.
const BUSY: &str = "ROW_BUSY: another program is working on the row; retry when that is over";

/// Why a row cannot be marked that has no room for it.
const TOO_LARGE: &str = "ROW_TOO_LARGE: with the mark it would pass the store's limit of 400 KB; make it smaller in its table and retry, or restore, make it smaller and delete again";

/// Why a row is not marked that is held back.
fn held(attribute: &str) -> String {
    format!(
        "RECORD_HELD: what the row has in `{attribute}` holds it back; it stays until that is changed, then retry"
    )
}

/// Why this row, as it was read, is not marked now though it is unmarked: nobody can say what it is, something holds it back,
/// or another program works on it.
pub(crate) fn refusal<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    collection: &Collection,
    row: &Row,
) -> Option<Outcome> {
    let mark = row.mark(collection);
    if mark.is_of(deletion.id) {
        return None;
    }
    if let Some(why) = row.unreadable_to(&deletion.tenant, collection) {
        let reason = unreadable(work, deletion, collection, why);
        return Some(Outcome::Failed { reason });
    }
    if !row.is_of(&deletion.tenant, collection) || !mark.is_live() {
        return None;
    }
    if let Some(attribute) = row.held_by(collection) {
        let reason = held(attribute);
        return Some(Outcome::Failed { reason });
    }
    (mark == RowMark::Busy).then(|| Outcome::failed(BUSY))
}

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
    let (tenant, mark) = (&deletion.tenant, &deletion.mark_at(work.now()));
    let mut exceptions = BTreeMap::new();
    let mut open = as_found(work, records).await?;
    for _ in 0..FLIPS {
        if open.is_empty() {
            break;
        }
        let to_mark: Vec<RowToMark> = open
            .iter()
            .map(|(place, found)| RowToMark {
                key: records.entry(*place).key.clone(),
                found: found.clone(),
            })
            .collect();
        let outcomes = work
            .settle(&to_mark, P::Rows::MARK_BATCH, |batch| async move {
                rows.mark(collection, tenant, mark, &batch).await
            })
            .await?;
        let mut otherwise = Vec::new();
        for ((place, before), outcome) in open.into_iter().zip(outcomes) {
            let exception = match outcome {
                MarkOutcome::Marked => continue,
                // It was to be taken over, and its owner has taken it back.
                MarkOutcome::Otherwise(now) if before.others && !now.others => Outcome::Missing,
                MarkOutcome::Otherwise(found) => {
                    otherwise.push((place, found));
                    continue;
                }
                MarkOutcome::Busy => Outcome::failed(BUSY),
                MarkOutcome::Held { attribute } => Outcome::Failed {
                    reason: held(&attribute),
                },
                MarkOutcome::MarkedByAnother => Outcome::AlreadyDeleted,
                MarkOutcome::Missing => Outcome::Missing,
                MarkOutcome::TooLarge => Outcome::failed(TOO_LARGE),
                MarkOutcome::Unreadable(why) => Outcome::Failed {
                    reason: unreadable(work, deletion, collection, why),
                },
            };
            exceptions.insert(place, exception);
        }
        open = otherwise;
    }
    let changing = "ROW_CHANGING: somebody else keeps changing the mark";
    exceptions.extend(
        open.into_iter()
            .map(|(place, _)| (place, Outcome::failed(changing))),
    );
    Ok(exceptions)
}

/// What was found in each row where the mark changes it: when the record was selected, or now, if that was another worker.
async fn as_found<P: EnginePorts>(
    work: Work<'_, P>,
    records: &Records<'_>,
) -> Result<Vec<(usize, Found)>, Stop> {
    let collection = records.collection;
    let is_unknown = |place: &usize| records.entry(*place).found(collection).is_none();
    let unknown: Vec<usize> = records.places.iter().copied().filter(is_unknown).collect();
    let read = records.at(unknown.clone()).rows(work).await?;
    let found = |row: Option<Row>| row.map_or_else(Found::default, |row| row.found(collection));
    let mut read: BTreeMap<usize, Found> = unknown
        .into_iter()
        .zip(read.into_iter().map(found))
        .collect();
    let found = |place: &usize| {
        let known = records.entry(*place).found(collection);
        (
            *place,
            known.or_else(|| read.remove(place)).unwrap_or_default(),
        )
    };
    Ok(records.places.iter().map(found).collect())
}

/// Hides the documents of records whose rows were just marked; returns those that could not be hidden. A missing document
/// need not be: nothing can show the record. Where a pipeline writes the mark, that is waited for by the comparison.
pub(crate) async fn hide_documents<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    records: &Records<'_>,
) -> Result<BTreeMap<usize, Outcome>, Stop> {
    let copy = records.collection.document.as_ref().map(|spec| spec.copy);
    match copy {
        None => Ok(BTreeMap::new()),
        Some(Copied::ByUs) => mark_documents(work, records, &deletion.mark()).await,
        Some(Copied::ByPipeline(Hide::Mark)) => {
            Ok(not_found(Documents::of(work, records).await?.1))
        }
        Some(Copied::ByPipeline(Hide::Remove)) => {
            let is_ours = |_, _, row: Option<&Row>| {
                row.is_some_and(|row| row.mark(records.collection).is_of(deletion.id))
            };
            let (documents, unknown) = Documents::of(work, records).await?;
            let (_, failed) = remove_found(work, records, &documents, &is_ours).await?;
            let mut exceptions = not_found(unknown);
            let failed = failed.into_iter();
            exceptions.extend(failed.map(|(place, reason)| (place, Outcome::Failed { reason })));
            Ok(exceptions)
        }
    }
}

/// The records that do not say where their documents are.
fn not_found(unknown: BTreeMap<usize, IdError>) -> BTreeMap<usize, Outcome> {
    unknown
        .into_iter()
        .map(|(place, error)| {
            let reason = invalid(&error);
            (place, Outcome::Failed { reason })
        })
        .collect()
}

/// Marks documents; returns those that could not be marked.
async fn mark_documents<P: EnginePorts>(
    work: Work<'_, P>,
    records: &Records<'_>,
    mark: &Mark,
) -> Result<BTreeMap<usize, Outcome>, Stop> {
    let (documents, unknown) = Documents::of(work, records).await?;
    let mut exceptions = not_found(unknown);
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
