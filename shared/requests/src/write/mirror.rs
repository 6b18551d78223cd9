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
use domain::collection::Collection;
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

/// Makes the document of a record match its row; `known` is the row that was written just now, `None` reads it first.
///
/// # Errors
///
/// When a store did not answer; the document may then be an older one.
pub(super) async fn mirror<P: ApiPorts>(
    api: &Api<P>,
    collection: &Collection,
    key: &RecordKey,
    known: Option<Row>,
) -> Result<Mirrored, DependencyError> {
    let Some(id) = id(collection, key) else {
        return Ok(Mirrored::Done);
    };
    let mut ours = known.is_some();
    let mut shown = match known {
        Some(row) => document(collection, &row),
        None => read(api, collection, key).await?,
    };
    for _ in 0..ROUNDS {
        match &shown {
            Some(document) => match index(api, collection, document).await? {
                IndexOutcome::Indexed => {}
                IndexOutcome::Rejected(why) => {
                    warn!(collection = %collection.name, why, "the index refuses a document");
                    return Ok(if ours {
                        Mirrored::Rejected
                    } else {
                        Mirrored::Done
                    });
                }
            },
            None => remove(api, collection, key, &id).await?,
        }
        let now = read(api, collection, key).await?;
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
    let (Some(id), Some(wanted)) = (id(collection, &row.key), document(collection, row)) else {
        return Ok(false);
    };
    let ids = std::slice::from_ref(&id);
    let told = api.ports.documents().contents(collection, ids).await?;
    let Some(Attempt::Done(Some(told))) = told.into_iter().next() else {
        return Ok(false);
    };
    // The document first, as in `mirror`: a row that is read after it has not changed since.
    Ok(wanted.is_said_by(&told.fields) && read(api, collection, &row.key).await? == Some(wanted))
}

fn id(collection: &Collection, key: &RecordKey) -> Option<String> {
    let spec = collection.document.as_ref()?;
    spec.id.render(&collection.parts_of(key)).ok()
}

/// The document that a row must have. A row that is being erased has none: its deletion removes the document before the
/// row and does not return for a late one.
fn document(collection: &Collection, row: &Row) -> Option<Document> {
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
) -> Result<Option<Document>, DependencyError> {
    let keys = std::slice::from_ref(key);
    let row = read_many(api, collection, keys, Fields::All)
        .await?
        .pop()
        .flatten();
    Ok(row.and_then(|row| document(collection, &row)))
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
    id: &String,
) -> Result<(), DependencyError> {
    let documents = api.ports.documents();
    let found = documents
        .states(collection, std::slice::from_ref(id))
        .await?;
    let version = match found.into_iter().next() {
        Some(Attempt::Done(Some(state))) => state.version,
        Some(Attempt::Done(None)) | None => return Ok(()),
        Some(Attempt::Retry(why)) => {
            return Err(DependencyError::unavailable(
                "search index",
                "read a document",
                why,
            ));
        }
    };
    if read(api, collection, key).await?.is_none() {
        let _changed_or_gone = documents
            .remove(collection, &[(id.clone(), version)])
            .await?;
    }
    Ok(())
}
