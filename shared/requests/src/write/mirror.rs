//! Makes the document say what the row says.
//!
//! A document is always written from a row that was read, and afterwards the row is read again; if it has changed
//! meanwhile, the document is written once more. So the last writer of the document has seen the current row: a late
//! write can neither bring an older text back nor leave a document unmarked whose row a deletion has marked meanwhile.
//! (A deletion that marks the row after that check marks the document after it, too: rows before documents.)

use tracing::warn;

use crate::api::Api;
use crate::ask_again::Tries;
use crate::liveness::read_many;
use domain::collection::{Collection, DocumentAt};
use domain::document::Document;
use domain::key::RecordKey;
use domain::row::{Row, RowMark};
use ports::{
    ApiPorts, Attempt, DependencyError, Fields, IndexDocuments, IndexOutcome, PurgeDocuments,
    ReadDocuments,
};

/// How often the two are compared: every writer of the record compares them, too.
const ROUNDS: usize = 5;

/// The result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mirrored {
    /// The document is the row's, or there is none.
    Done,
    /// The index refuses the document of the row that was given.
    Rejected,
}

/// Makes the document of a record match its row; `known` is the row that was written just now, `None` reads it first. Where
/// there is no row any more, the document is that of the row that was `written`.
///
/// # Errors
///
/// When a store did not answer; the document may then be an older one.
pub(super) async fn mirror<P: ApiPorts>(
    api: &Api<P>,
    collection: &Collection,
    key: &RecordKey,
    known: Option<Row>,
    written: Option<&Row>,
) -> Result<Mirrored, DependencyError> {
    if collection.document.is_none() || collection.is_piped() {
        return Ok(Mirrored::Done);
    }
    let mut ours = known.is_some();
    let mut row = match known {
        Some(row) => Some(row),
        None => read(api, collection, key).await?,
    };
    // Where it was, once the row does not say it any more.
    let mut place = written.and_then(|row| at_of_row(collection, row));
    let mut shown = document_of(collection, row.as_ref());
    for _ in 0..ROUNDS {
        if let Some(document) = &shown {
            match index(api, collection, document).await? {
                IndexOutcome::Indexed => {}
                IndexOutcome::Rejected(why) => {
                    warn!(collection = %collection.name, why, "the index refuses a document");
                    return Ok(if ours {
                        Mirrored::Rejected
                    } else {
                        Mirrored::Done
                    });
                }
            }
        } else {
            let at = row.as_ref().and_then(|row| at_of_row(collection, row));
            let at = at.or_else(|| place.clone());
            if let Some(at) = at.or_else(|| at_of_key(collection, key)) {
                remove(api, collection, key, &at).await?;
            }
        }
        place = shown.as_ref().map(|document| document.at.clone()).or(place);
        row = read(api, collection, key).await?;
        let now = document_of(collection, row.as_ref());
        if now == shown {
            break;
        }
        (shown, ours) = (now, false);
    }
    Ok(Mirrored::Done)
}

/// Whether the row is still this one and its document says so: then the write is finished, by a call whose answer was
/// lost, or by the same request once more, which has been told so and must not be undone.
///
/// # Errors
///
/// When a store did not answer.
pub(super) async fn is_mirrored<P: ApiPorts>(
    api: &Api<P>,
    collection: &Collection,
    row: &Row,
) -> Result<bool, DependencyError> {
    if collection.is_piped() {
        return Ok(true);
    }
    let Some(wanted) = document_of(collection, Some(row)) else {
        return Ok(false);
    };
    let at = std::slice::from_ref(&wanted.at);
    let told = api.ports.documents().contents(collection, at).await?;
    let Some(Attempt::Done(Some(told))) = told.into_iter().next() else {
        return Ok(false);
    };
    // The document first, as in `mirror`: a row that is read after it has not changed since.
    let is_said = told.state.is_its && wanted.is_said_by(&told.fields);
    let now = read(api, collection, &row.key).await?;
    Ok(is_said && document_of(collection, now.as_ref()) == Some(wanted))
}

/// Where the document of a row is.
fn at_of_row(collection: &Collection, row: &Row) -> Option<DocumentAt> {
    let at = collection.document_at(&row.key, |attribute| row.text(attribute));
    at.ok().flatten()
}

/// Where the document of a record is without its row, as far as its key says that.
fn at_of_key(collection: &Collection, key: &RecordKey) -> Option<DocumentAt> {
    collection.document_at(key, |_| None).ok().flatten()
}

/// The document that a row must have. A row that is being erased has none: its deletion removes the document before the
/// row and does not return for a late one.
fn document_of(collection: &Collection, row: Option<&Row>) -> Option<Document> {
    let row = row?;
    let marked = matches!(row.mark(collection), RowMark::By(_));
    if marked && !collection.strategy.keeps_documents() {
        return None;
    }
    Document::of(collection, row).ok().flatten()
}

async fn read<P: ApiPorts>(
    api: &Api<P>,
    collection: &Collection,
    key: &RecordKey,
) -> Result<Option<Row>, DependencyError> {
    let keys = std::slice::from_ref(key);
    let mut rows = read_many(api, collection, keys, Fields::All).await?;
    Ok(rows.pop().flatten())
}

async fn index<P: ApiPorts>(
    api: &Api<P>,
    collection: &Collection,
    document: &Document,
) -> Result<IndexOutcome, DependencyError> {
    let mut tries = Tries::once_more(api.ports.clock());
    loop {
        let error = match api.ports.documents().index(collection, document).await {
            Ok(Attempt::Done(outcome)) => return Ok(outcome),
            Ok(Attempt::Retry(why)) => {
                DependencyError::unavailable("search index", "write a document", why)
            }
            Err(error) => error,
        };
        tries.again(error).await?;
    }
}

/// Removes the document of a row that is removed: the document is read first, then the row, and only what was read is
/// removed.
async fn remove<P: ApiPorts>(
    api: &Api<P>,
    collection: &Collection,
    key: &RecordKey,
    at: &DocumentAt,
) -> Result<(), DependencyError> {
    let documents = api.ports.documents();
    let found = documents
        .states(collection, std::slice::from_ref(at))
        .await?;
    let version = match found.into_iter().next() {
        Some(Attempt::Done(Some(state))) if state.is_its => state.version,
        Some(Attempt::Done(_)) | None => return Ok(()),
        Some(Attempt::Retry(why)) => {
            return Err(DependencyError::unavailable(
                "search index",
                "read a document",
                why,
            ));
        }
    };
    let row = read(api, collection, key).await?;
    if document_of(collection, row.as_ref()).is_none() {
        let _changed_or_gone = documents
            .remove(collection, &[(at.clone(), version)])
            .await?;
    }
    Ok(())
}
