//! `DELETE` of one record and all below it: the outcomes of `accept`, as answers.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use domain::deletion::{self, Deletion};
use domain::key::RecordKey;
use ports::ApiPorts;
use requests::Api;
use requests::accept::{AcceptAnswer, AcceptError, DeleteRequest, accept};
use serde::Serialize;

use super::named_collection::collection;
use crate::call::Call;
use crate::identify::{RecordPath, record};
use crate::problem::{Code, Problem};
use crate::query::Query;
use crate::respond::follow;
use crate::view::DeletionView;

/// The body of a 202.
#[derive(Serialize)]
struct Answer<'a> {
    status: &'static str,
    #[serde(flatten)]
    key: &'a RecordKey,
    message: &'static str,
    deletion: Option<DeletionView<'a>>,
}

pub(super) async fn delete<P: ApiPorts>(
    State(api): State<Arc<Api<P>>>,
    Path(path): Path<RecordPath>,
    call: Call,
) -> Result<Response, Problem> {
    let collection = collection(&api, &path.collection)?;
    let query = Query::parse(&call.raw_query)?.only(&["id", "sort"])?;
    let key = record(collection, &path, &query)?;
    let request = DeleteRequest {
        principal: &call.principal,
        collection,
        key: key.clone(),
        request_id: call.request_id.clone(),
    };
    let answer = match accept(&api, request).await {
        Err(AcceptError::ComingBack(state, deletion)) => {
            return Err(coming_back(&api, &call, state, deletion.as_deref()));
        }
        answer => answer?,
    };
    match answer {
        AcceptAnswer::Scheduled(deletion) => Ok(accepted(
            &api,
            &call,
            "PENDING_DELETE",
            "Deletion has been scheduled",
            &key,
            Some(&deletion),
        )),
        AcceptAnswer::AlreadyDeleted(deletion) => Ok(accepted(
            &api,
            &call,
            "ALREADY_DELETED",
            "Record is already deleted",
            &key,
            deletion.as_deref(),
        )),
        AcceptAnswer::NotFound => Err(Problem::new(
            Code::RecordNotFound,
            "No record of the caller's tenant has this id.",
        )),
    }
}

fn accepted<P: ApiPorts>(
    api: &Api<P>,
    call: &Call,
    status: &'static str,
    message: &'static str,
    key: &RecordKey,
    deletion: Option<&Deletion>,
) -> Response {
    let answer = Answer {
        status,
        key,
        message,
        deletion: deletion.map(|deletion| DeletionView::new(api, call, deletion)),
    };
    let mut response = (StatusCode::ACCEPTED, Json(answer)).into_response();
    if let Some(deletion) = deletion {
        follow(&mut response, call, deletion);
    }
    response
}

/// The record is hidden by a deletion that hides it no longer, or soon.
fn coming_back<P: ApiPorts>(
    api: &Api<P>,
    call: &Call,
    state: deletion::State,
    deletion: Option<&Deletion>,
) -> Problem {
    let detail = format!(
        "The deletion that hides the record is {state}, so it may be shown again; delete it again when it is shown."
    );
    let problem = Problem::new(Code::InvalidState, detail).with("state", state.as_str());
    match deletion {
        Some(deletion) => problem.with("deletion", DeletionView::new(api, call, deletion)),
        None => problem,
    }
}

impl From<AcceptError> for Problem {
    fn from(error: AcceptError) -> Self {
        match error {
            AcceptError::Forbidden => {
                Self::new(Code::Forbidden, "The caller may not delete this record.")
            }
            AcceptError::ComingBack(state, _) => Self::new(
                Code::InvalidState,
                format!("The deletion that hides the record is {state}."),
            ),
            AcceptError::TooLarge { by_id } => {
                let detail = if by_id {
                    "With the mark of its deletion the row would be larger than the table takes: name it in `destroy_all`, which removes it without a mark, or make it smaller first."
                } else {
                    "With what its deletion adds the row would be larger than a table takes: make it smaller, then delete it."
                };
                Self::new(Code::RowTooLarge, detail)
            }
            AcceptError::HasChildren(child) => Self::new(
                Code::HasChildren,
                format!("A live record of {child} names it; delete that one first."),
            ),
            AcceptError::TakenBack => Self::new(
                Code::NotQueued,
                "The deletion could not be queued and was taken back; nothing has changed.",
            ),
            AcceptError::Dependency(error) => error.into(),
        }
    }
}
