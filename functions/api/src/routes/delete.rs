//! `DELETE` of one record and all below it: the outcomes of `accept`, as answers.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::header::IF_MATCH;
use axum::response::Response;
use domain::collection::Collection;
use domain::deletion::{self, Deletion};
use domain::key::{RecordId, RecordKey};
use ports::{ApiPorts, Clock as _};
use requests::Api;
use requests::accept::{AcceptAnswer, AcceptError, DeleteRequest, accept, earlier};
use requests::deletions::{Shown, with_scope};
use requests::destroy::{WholeAnswer, WholeRequest, delete_whole};
use requests::once::Earlier;
use schemars::JsonSchema;
use serde::Serialize;

use super::destroy::Refused;
use super::named_collection::collection;
use crate::call::Call;
use crate::conditions::{held_below, not_taken, row_unreadable, too_wide_to_compare};
use crate::forms;
use crate::identify::{RecordPath, names, record};
use crate::problem::{Code, Problem};
use crate::query::Query;
use crate::respond::{self, replayed};
use crate::view::DeletionView;

/// The body of a 202.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "RecordDeletion")]
pub(crate) struct Answer<'a> {
    /// Whether this request has deleted it, or an earlier one.
    #[schemars(extend("enum" = ["PENDING_DELETE", "ALREADY_DELETED"]))]
    status: &'static str,
    #[serde(flatten)]
    #[schemars(with = "forms::Key")]
    key: RecordId,
    message: &'static str,
    /// Null if the caller may not see it, or if there is none.
    deletion: Option<DeletionView<'a>>,
}

/// The answers to a delete: a status and a sentence.
const PENDING: (&str, &str) = ("PENDING_DELETE", "Deletion has been scheduled");
const ALREADY: (&str, &str) = ("ALREADY_DELETED", "Record is already deleted");

pub(super) async fn delete<P: ApiPorts>(
    State(api): State<Arc<Api<P>>>,
    Path(path): Path<RecordPath>,
    call: Call,
) -> Result<Response, Problem> {
    let collection = collection(&api, &path.collection)?;
    let query = Query::parse(&call.raw_query)?.only(&names(collection))?;
    let key = record(collection, &call.principal.tenant, &path, &query)?;
    let has_tags = collection.serve.read || collection.serve.write;
    if call.tags.are_asked() && !has_tags {
        return Err(not_taken(&IF_MATCH));
    }
    if collection.is_rowless {
        return whole(&api, &call, collection, key).await;
    }
    let request = DeleteRequest {
        principal: &call.principal,
        collection,
        key: key.clone(),
        request_id: call.request_id.clone(),
        once: call.once(api.ports.clock().now()),
        tags: call.tags.clone(),
    };
    let key = collection.id_of(&key);
    match earlier(&api, &request).await? {
        Earlier::None => {}
        Earlier::Shown(shown) => {
            let answer = accepted(&api, &call, PENDING, &key, Some(&shown));
            return Ok(replayed(answer));
        }
        Earlier::Hidden => return Ok(replayed(accepted(&api, &call, PENDING, &key, None))),
    }
    let answer = match accept(&api, request).await {
        Err(AcceptError::ComingBack(state, deletion)) => {
            return Err(coming_back(&api, &call, state, deletion).await?);
        }
        answer => answer?,
    };
    match answer {
        AcceptAnswer::Scheduled(deletion) => {
            let shown = with_scope(&api, deletion).await?;
            Ok(accepted(&api, &call, PENDING, &key, Some(&shown)))
        }
        AcceptAnswer::AlreadyDeleted(deletion) => {
            let shown = match deletion {
                Some(deletion) => Some(with_scope(&api, deletion).await?),
                None => None,
            };
            Ok(accepted(&api, &call, ALREADY, &key, shown.as_ref()))
        }
        AcceptAnswer::NotFound => Err(not_found()),
    }
}

/// The deletion of a record that is nothing but what is below it.
async fn whole<P: ApiPorts>(
    api: &Api<P>,
    call: &Call,
    collection: &Collection,
    key: RecordKey,
) -> Result<Response, Problem> {
    if call.tags.are_asked() {
        return Err(not_taken(&IF_MATCH));
    }
    let id = collection.id_of(&key);
    let request = WholeRequest {
        principal: &call.principal,
        collection,
        key,
        request_id: call.request_id.clone(),
        once: call.once(api.ports.clock().now()),
    };
    let refused = Refused {
        asked: collection,
        beside: &[],
        by_author: false,
    };
    let answer = delete_whole(api, request).await;
    match answer.map_err(|error| refused.problem(error))? {
        WholeAnswer::Scheduled(destroyed) => {
            let shown = Shown {
                deletion: destroyed.deletion,
                scope: Some(destroyed.scope),
            };
            Ok(accepted(api, call, PENDING, &id, Some(&shown)))
        }
        WholeAnswer::Again(Earlier::Shown(shown)) => {
            Ok(replayed(accepted(api, call, PENDING, &id, Some(&shown))))
        }
        WholeAnswer::Again(_) => Ok(replayed(accepted(api, call, PENDING, &id, None))),
        WholeAnswer::AlreadyDeleted => Ok(accepted(api, call, ALREADY, &id, None)),
        WholeAnswer::NotFound => Err(not_found()),
    }
}

fn not_found() -> Problem {
    let detail = "No record of the caller's tenant has this id.";
    Problem::new(Code::RecordNotFound, detail)
}

fn accepted<P: ApiPorts>(
    api: &Api<P>,
    call: &Call,
    (status, message): (&'static str, &'static str),
    key: &RecordId,
    shown: Option<&Shown>,
) -> Response {
    let answer = Answer {
        status,
        key: key.clone(),
        message,
        deletion: shown.map(|shown| DeletionView::new(api, call, shown)),
    };
    let deletion = shown.map(|shown| shown.deletion.as_ref());
    respond::accepted(answer, call, deletion, api.ports.clock().now())
}

/// The record is hidden by a deletion that hides it no longer, or soon.
async fn coming_back<P: ApiPorts>(
    api: &Api<P>,
    call: &Call,
    state: deletion::State,
    deletion: Option<Box<Deletion>>,
) -> Result<Problem, Problem> {
    let detail = format!(
        "The deletion that hides the record is {state}, so it may be shown again; delete it again when it is shown."
    );
    let problem = Problem::new(Code::InvalidState, detail).with("state", state.as_str());
    Ok(match deletion {
        Some(deletion) => {
            let shown = with_scope(api, deletion).await?;
            problem.with("deletion", DeletionView::new(api, call, &shown))
        }
        None => problem,
    })
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
            AcceptError::ManyChildren(child) => Self::new(
                Code::HasChildren,
                format!(
                    "More deleted records of {child} name it than one request can look through, and there may be a live one among them; it can be deleted when they are purged."
                ),
            ),
            AcceptError::Held(attribute) => Self::new(
                Code::RecordHeld,
                format!(
                    "What the record has in `{attribute}` holds it back; nothing was deleted. Ask again when that has changed."
                ),
            ),
            AcceptError::HoldsChildren(child) => held_below(&child),
            AcceptError::Once(error) => error.into(),
            AcceptError::PreconditionFailed => Self::new(
                Code::PreconditionFailed,
                "There is no live record of the version that `If-Match` names; nothing was deleted.",
            ),
            AcceptError::TooWideToCompare => too_wide_to_compare(),
            AcceptError::Unreadable => row_unreadable(),
            AcceptError::Busy => Self::new(
                Code::RowBusy,
                "Another program is working on the row of the record; nothing was deleted. Ask again when that is over.",
            ),
            AcceptError::TakenBack => Self::new(
                Code::NotQueued,
                "The deletion could not be queued and was taken back; nothing has changed.",
            ),
            AcceptError::Dependency(error) => error.into(),
        }
    }
}
