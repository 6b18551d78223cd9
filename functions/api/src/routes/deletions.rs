//! Deletions and their manifests, for those who may see them. For all others there are none: an unknown id, another
//! tenant's, a hidden one and "not an id at all" get the same answer.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use domain::collection::CollectionName;
use domain::deletion::{Action, DeletionId, Refusal, State as DeletionState};
use domain::time::parse_rfc3339;
use jiff::Timestamp;
use ports::{ApiPorts, Clock as _};
use requests::Api;
use requests::act::{self, ActError, ActRequest};
use requests::deletions::{self, DeletionFilter, ShowError, Shown};
use requests::manifest::{self, ManifestError, ManifestFilter, RecordOutcome};
use requests::once::{Earlier, OnceError};

use crate::call::{Call, CallOfAction};
use crate::problem::{Code, Problem};
use crate::query::{Query, invalid};
use crate::respond::{self, poll, replayed};
use crate::view::{DeletionView, ManifestView, Page};

/// The most deletions in one answer.
const MOST_DELETIONS: usize = 100;

/// The most records of a manifest in one answer: as many as one of its pages holds, so that one read is enough.
const MOST_RECORDS: usize = 1_000;

pub(super) async fn show<P: ApiPorts>(
    State(api): State<Arc<Api<P>>>,
    Path(id): Path<String>,
    call: Call,
) -> Result<Response, Problem> {
    Query::parse(&call.raw_query)?.only(&[])?;
    let shown = deletions::show(&api, &call.principal, parse(&id)?)
        .await?
        .ok_or_else(not_found)?;
    let mut response = Json(DeletionView::new(&api, &call, &shown)).into_response();
    poll(&mut response, &shown.deletion, api.ports.clock().now());
    Ok(response)
}

/// `POST /v1/deletions/{id}/{action}`.
pub(super) async fn act<P: ApiPorts>(
    State(api): State<Arc<Api<P>>>,
    Path((id, action)): Path<(String, String)>,
    call: Result<CallOfAction, Problem>,
) -> Result<Response, Problem> {
    // An unknown word is not a route, whatever the rest of the request says.
    let action = action_of(&action)?;
    let CallOfAction(call) = call?;
    Query::parse(&call.raw_query)?.only(&[])?;
    let request = ActRequest {
        principal: &call.principal,
        id: parse(&id)?,
        action,
        once: call.once(api.ports.clock().now()),
        tags: call.tags.clone(),
    };
    let acted = match act::earlier(&api, &request).await {
        Ok(Earlier::Shown(shown)) => return Ok(replayed(accepted(&api, &call, &shown))),
        Ok(_) => act::act(&api, &request).await,
        Err(error) => Err(error),
    };
    match acted {
        Ok(shown) => Ok(accepted(&api, &call, &shown)),
        Err(error) => Err(not_done(&api, &call, error).await?),
    }
}

fn accepted<P: ApiPorts>(api: &Api<P>, call: &Call, shown: &Shown) -> Response {
    let view = DeletionView::new(api, call, shown);
    let now = api.ports.clock().now();
    respond::accepted(view, call, Some(&shown.deletion), now)
}

/// A method other than POST on what may be an action.
pub(super) async fn another_method(Path((_, action)): Path<(String, String)>) -> Problem {
    action_of(&action).map_or_else(|problem| problem, |_| Problem::method_not_allowed("POST"))
}

fn action_of(name: &str) -> Result<Action, Problem> {
    Action::ALL
        .into_iter()
        .find(|known| known.as_str() == name)
        .ok_or_else(Problem::route_not_found)
}

/// Why nothing was done, and what to do about it.
async fn not_done<P: ApiPorts>(
    api: &Api<P>,
    call: &Call,
    error: ActError,
) -> Result<Problem, Problem> {
    Ok(match error {
        ActError::NotFound => not_found(),
        ActError::Forbidden => Problem::new(
            Code::Forbidden,
            "The caller may not do this to the deletion.",
        ),
        ActError::InvalidState(deletion, why) => {
            let state = deletion.state;
            let detail = match why {
                Refusal::State => {
                    format!("The deletion is {state}; see its `allowed_actions`.")
                }
                Refusal::NeverRestored => "Its collection said `restore = \"never\"` when the deletion was accepted: it cannot be taken back.".to_owned(),
                Refusal::RetentionOver => {
                    "Its `purge_at` has come: the records are removed for good.".to_owned()
                }
            };
            Problem::new(Code::InvalidState, detail).with("state", state.as_str())
        }
        ActError::Once(error) => error.into(),
        ActError::Changed => Problem::new(
            Code::PreconditionFailed,
            "The deletion is of another revision than `If-Match` says; read it again.",
        )
        .at("/header/if-match", "is not the tag of the deletion"),
        ActError::RootMissing => Problem::new(
            Code::RootMissing,
            "The row of the record that the deletion began with is gone, so nothing of it can come back; `purge` removes the rest.",
        ),
        ActError::KeyTaken => Problem::new(
            Code::KeyTaken,
            "Another record has the key of the one that the deletion began with, or another deletion has marked it; when that one is out of the way, ask again.",
        ),
        ActError::ParentNotLive(by) => {
            let problem = Problem::new(
                Code::ParentNotLive,
                "A record above the one that the deletion began with is deleted or gone; restore that one first, or purge this deletion.",
            );
            match by {
                Some(above) => {
                    let shown = deletions::with_scope(api, above).await?;
                    problem.with("deletion", DeletionView::new(api, call, &shown))
                }
                None => problem,
            }
        }
        ActError::Dependency(error) => error.into(),
    })
}

pub(super) async fn list<P: ApiPorts>(
    State(api): State<Arc<Api<P>>>,
    call: Call,
) -> Result<Response, Problem> {
    let query = Query::parse(&call.raw_query)?.only(&[
        "state",
        "collection",
        "requested_by",
        "later_than",
        "earlier_than",
        "limit",
        "cursor",
    ])?;
    let limit = query.limit(MOST_DELETIONS)?;
    let filter = filter(&query)?;
    let (found, next_cursor) =
        deletions::list(&api, &call.principal, &filter, limit, query.cursor()).await?;
    let items = found
        .iter()
        .map(|shown| DeletionView::new(&api, &call, shown))
        .collect();
    let page = Page {
        items,
        next_cursor,
        complete: None,
    };
    Ok(Json(page).into_response())
}

pub(super) async fn records<P: ApiPorts>(
    State(api): State<Arc<Api<P>>>,
    Path(id): Path<String>,
    call: Call,
) -> Result<Response, Problem> {
    let query =
        Query::parse(&call.raw_query)?.only(&["outcome", "collection", "limit", "cursor"])?;
    let mut limit = query.limit(MOST_RECORDS)?;
    let filter = ManifestFilter {
        outcome: outcome(&query)?,
        collection: collection_name(&query)?,
    };
    let id = parse(&id)?;
    loop {
        let wanted = (id, &filter);
        let found = manifest::records(&api, &call.principal, wanted, limit, query.cursor()).await?;
        let items = found.records.into_iter();
        let items: Vec<_> = items
            .map(|record| ManifestView::new(&api.collections, record))
            .collect();
        let page = Page {
            items,
            next_cursor: found.next,
            complete: Some(found.complete),
        };
        if let Some(response) = page.answer(&mut limit)? {
            return Ok(response);
        }
    }
}

fn outcome(query: &Query) -> Result<Option<RecordOutcome>, Problem> {
    let outcome = query.get("outcome").map(|name| {
        let known = RecordOutcome::ALL
            .into_iter()
            .find(|known| known.as_str() == name);
        known.ok_or_else(|| invalid("outcome", "is not an outcome"))
    });
    outcome.transpose()
}

fn parse(id: &str) -> Result<DeletionId, Problem> {
    id.parse().map_err(|_| not_found())
}

fn not_found() -> Problem {
    Problem::new(
        Code::DeletionNotFound,
        "No deletion that the caller may see has this id.",
    )
}

fn filter(query: &Query) -> Result<DeletionFilter, Problem> {
    let state = query
        .get("state")
        .map(|name| DeletionState::parse(name).ok_or_else(|| invalid("state", "is not a state")));
    let requested_by = query.get("requested_by").map(|subject| match subject {
        "" => Err(invalid("requested_by", "is empty")),
        subject => Ok(subject.to_owned()),
    });
    Ok(DeletionFilter {
        state: state.transpose()?,
        collection: collection_name(query)?,
        requested_by: requested_by.transpose()?,
        later_than: moment(query, "later_than")?,
        earlier_than: moment(query, "earlier_than")?,
    })
}

/// Not looked up: the deletions of a collection outlive its declaration.
fn collection_name(query: &Query) -> Result<Option<String>, Problem> {
    let collection =
        query
            .get("collection")
            .map(|name| match CollectionName::try_from(name.to_owned()) {
                Ok(_) => Ok(name.to_owned()),
                Err(_) => Err(invalid("collection", "is not the name of a collection")),
            });
    collection.transpose()
}

fn moment(query: &Query, name: &str) -> Result<Option<Timestamp>, Problem> {
    let at = query.get(name).map(|text| {
        let at = parse_rfc3339(text);
        at.ok_or_else(|| invalid(name, "is not a time such as 2026-11-21T07:00:00Z"))
    });
    at.transpose()
}

impl From<OnceError> for Problem {
    fn from(error: OnceError) -> Self {
        let (code, detail, why) = match error {
            OnceError::Reused => (
                Code::KeyReused,
                "An earlier request of this key had another query or body; another request needs another key.",
                "was used for another request",
            ),
            OnceError::InFlight => (
                Code::KeyInFlight,
                "Another request of this key is being carried out; repeat this one for its answer.",
                "is in use",
            ),
        };
        Self::new(code, detail).at("/header/idempotency-key", why)
    }
}

impl From<ManifestError> for Problem {
    fn from(error: ManifestError) -> Self {
        match error {
            ManifestError::NotFound => not_found(),
            ManifestError::Dropped => Self::new(
                Code::RecordsDropped,
                "The deletion is over and its list of records is dropped; its counts and its certificate are left.",
            ),
            ManifestError::Cursor(_) => invalid_cursor(),
            ManifestError::Dependency(error) => error.into(),
        }
    }
}

impl From<ShowError> for Problem {
    fn from(error: ShowError) -> Self {
        match error {
            ShowError::Cursor(_) => invalid_cursor(),
            ShowError::Dependency(error) => error.into(),
        }
    }
}

/// The problem "this cursor is not one of this list".
pub(super) fn invalid_cursor() -> Problem {
    let detail = "A cursor goes on with the very list that it came from: same route, same parameters, same tenant.";
    Problem::new(Code::InvalidCursor, detail).at("/query/cursor", "is not one of this list")
}
