//! Makes documents say what their rows say, where they are missing or older.
//!
//! A document is written from a row that was read, and afterwards both are read again: if the row has changed meanwhile,
//! the document is written once more. So the last writer of a document has seen the current row.

use std::collections::{BTreeMap, BTreeSet};

use crate::kit::documents::Documents;
use crate::kit::records::Records;
use crate::kit::rows::read_rows;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use domain::collection::Collection;
use domain::document::Document;
use domain::row::Row;
use ports::{DocumentVersion, EnginePorts, Fields, IndexOutcome, RemoveOutcome};

/// How many records are in memory at a time, as rows and as documents: with the largest ones this is 40 MB.
pub(crate) const AT_ONCE: usize = 50;

/// How often both are read while others keep changing the row; whoever changes it writes the document, too.
const ROUNDS: usize = 5;

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Written {
    /// The places of the documents that were written or removed.
    pub(crate) changed: BTreeSet<usize>,
    /// The places of those that the index refuses, and why.
    pub(crate) rejected: BTreeMap<usize, String>,
}

/// Writes the documents of these records that do not say what their rows say. A record without a row gets none.
pub(crate) async fn write_documents<P: EnginePorts>(
    work: Work<'_, P>,
    records: &Records<'_>,
) -> Result<Written, Stop> {
    let mut written = Written::default();
    if records.collection.document.is_none() || records.collection.is_piped() {
        return Ok(written);
    }
    for some in records.chunks(AT_ONCE) {
        let mut open = some.places.clone();
        for _ in 0..ROUNDS {
            if open.is_empty() {
                break;
            }
            open = round(work, &some.at(open), &mut written).await?;
        }
    }
    Ok(written)
}

/// The document that a row must have. A row that is being erased has none: its deletion removes the document before the
/// row, and does not return for a late one.
pub(crate) fn document_of(collection: &Collection, row: &Row) -> Option<Document> {
    let is_live = row.mark(collection).is_live();
    if !is_live && !collection.strategy.keeps_documents() {
        return None;
    }
    Document::of(collection, row).ok().flatten()
}

/// Reads both and writes what is different; returns the places to be read again.
async fn round<P: EnginePorts>(
    work: Work<'_, P>,
    records: &Records<'_>,
    written: &mut Written,
) -> Result<Vec<usize>, Stop> {
    let collection = records.collection;
    let documents = Documents::of(work, records).await?.0;
    let told = documents.contents(work, &records.places).await?;
    let rows = read_rows(work, collection, &records.keys(), Fields::Searched).await?;
    let mut wrong = Vec::new();
    let mut removed: BTreeMap<usize, DocumentVersion> = BTreeMap::new();
    for (place, row) in records.places.iter().copied().zip(rows) {
        let expected = row.and_then(|row| document_of(collection, &row));
        match (expected, told.get(&place)) {
            (Some(expected), Some(told)) if expected.is_said_by(&told.fields) => {}
            (Some(expected), _) => wrong.push((place, expected)),
            // Written by an earlier round, from a row that is gone by now.
            (None, Some(told)) if written.changed.contains(&place) => {
                removed.insert(place, told.state.version);
            }
            (None, _) => {}
        }
    }
    let mut again = Vec::new();
    for (place, outcome) in documents.write(work, &wrong).await? {
        match outcome {
            IndexOutcome::Indexed => {
                written.changed.insert(place);
                again.push(place);
            }
            IndexOutcome::Rejected(why) => drop(written.rejected.insert(place, why)),
        }
    }
    for (place, outcome) in documents.remove(work, &removed).await? {
        match outcome {
            RemoveOutcome::Gone => {}
            RemoveOutcome::Changed => again.push(place),
            RemoveOutcome::Rejected(why) => drop(written.rejected.insert(place, why)),
        }
    }
    Ok(again)
}
