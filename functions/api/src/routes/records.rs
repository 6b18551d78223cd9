//! Live records, where a collection serves them: one, a list, a search.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use shared::domain::collection::Collection;
use shared::domain::key::RecordKey;
use shared::ports::ApiPorts;
use shared::service::accept::Api;
use shared::service::records::{self, Got, Listed, ReadError};

use super::collection;
use super::deletions::invalid_cursor;
use crate::call::Call;
use crate::identify::{RecordPath, by_query, record};
use crate::problem::{Code, Problem};
use crate::query::{Query, invalid, pointer};
use crate::view::{DeletionView, Page, RecordView, purge_at};

/// The longest text of a search, in bytes.
const TEXT_BYTES: usize = 1_000;

pub(super) async fn get_or_list<P: ApiPorts>(
    State(api): State<Arc<Api<P>>>,
    Path(path): Path<RecordPath>,
    call: Call,
) -> Result<Response, Problem> {
    let collection = collection(&api, &path.collection)?;
    if !collection.serve.read {
        return Err(Problem::route_not_found());
    }
    let query = Query::parse(&call.raw_query)?;
    if path.id.is_some() || query.get("id").is_some() {
        get(
            &api,
            &call,
            collection,
            &path,
            &query.only(&["id", "sort"])?,
        )
        .await
    } else {
        list(&api, &call, collection, query).await
    }
}

async fn get<P: ApiPorts>(
    api: &Api<P>,
    call: &Call,
    collection: &Collection,
    path: &RecordPath,
    query: &Query,
) -> Result<Response, Problem> {
    let key = record(collection, path, query)?;
    match records::get(api, &call.principal, collection, &key).await? {
        Got::Live(row) => Ok(Json(RecordView::new(collection, row)).into_response()),
        Got::Deleted(deletion) => {
            let problem = Problem::new(
                Code::RecordDeleted,
                "The record is deleted; until it is purged it can be restored.",
            );
            Err(problem
                .with("purge_at", purge_at(&deletion))
                .with("deletion", DeletionView::from(&*deletion)))
        }
        Got::Absent => Err(Problem::new(
            Code::RecordNotFound,
            "No live record that the caller may read has this id.",
        )),
    }
}

async fn list<P: ApiPorts>(
    api: &Api<P>,
    call: &Call,
    collection: &Collection,
    query: Query,
) -> Result<Response, Problem> {
    let above = api.collections.parent_of(collection);
    let known: &[&str] = if above.is_some() {
        &["parent", "parent_sort", "limit", "cursor"]
    } else {
        &["limit", "cursor"]
    };
    let query = query.only(known)?;
    let limit = query.limit()?;
    let parent: Option<RecordKey> = match (above, query.get("parent")) {
        (Some(above), Some(id)) => Some(by_query(
            &above.key,
            ["parent", "parent_sort"],
            id,
            query.get("parent_sort"),
        )?),
        _ => None,
    };
    let ask = |limit, cursor| {
        records::list(
            api,
            &call.principal,
            collection,
            parent.as_ref(),
            limit,
            cursor,
        )
    };
    let mut listed = ask(limit, query.cursor()).await;
    if is_refused(&listed, &query) && ask(1, None).await.is_ok() {
        listed = Err(ReadError::Cursor(shared::service::cursor::InvalidCursor));
    }
    Ok(page(collection, listed?))
}

pub(super) async fn search<P: ApiPorts>(
    State(api): State<Arc<Api<P>>>,
    Path(name): Path<String>,
    call: Call,
) -> Result<Response, Problem> {
    let collection = collection(&api, &name)?;
    if !collection.serve.search {
        return Err(Problem::route_not_found());
    }
    let query = Query::parse(&call.raw_query)?.only(&["q", "limit", "cursor"])?;
    let limit = query.limit()?;
    let text = match query.get("q") {
        None => return Err(invalid("q", "is missing")),
        Some(text) if text.trim().is_empty() => return Err(invalid("q", "is empty")),
        Some(text) if text.len() > TEXT_BYTES => {
            return Err(invalid("q", "has more than 1000 bytes"));
        }
        Some(text) => text,
    };
    let ask =
        |limit, cursor| records::search(&api, &call.principal, collection, text, limit, cursor);
    let mut listed = ask(limit, query.cursor()).await;
    if is_refused(&listed, &query) && ask(1, None).await.is_ok() {
        listed = Err(ReadError::Cursor(shared::service::cursor::InvalidCursor));
    }
    Ok(page(collection, listed?))
}

/// Whether a store refused a request that had a cursor. If it then takes the same request without, the cursor was
/// forged: the client's fault, not the store's.
fn is_refused(listed: &Result<Listed, ReadError>, query: &Query) -> bool {
    query.cursor().is_some()
        && matches!(listed, Err(ReadError::Dependency(error)) if !error.retryable)
}

fn page(collection: &Collection, listed: Listed) -> Response {
    let items = listed
        .items
        .into_iter()
        .map(|row| RecordView::new(collection, row))
        .collect();
    Json(Page {
        items,
        next_cursor: listed.next_cursor,
    })
    .into_response()
}

impl From<ReadError> for Problem {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Forbidden => {
                Self::new(Code::Forbidden, "The caller may not read this collection.")
            }
            ReadError::ParentRequired => {
                let detail = "This collection is listed below a parent only: `?parent=…` (and `&parent_sort=…`).";
                Self::new(Code::ParentRequired, detail).at(pointer("parent"), "is missing")
            }
            ReadError::Cursor(_) => invalid_cursor(),
            ReadError::Dependency(error) => error.into(),
        }
    }
}
