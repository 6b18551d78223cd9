//! Deletions and their manifests, for those who may see them. For all others there are none: an unknown id, another
//! tenant's, a hidden one and "not an id at all" get the same answer.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::{IntoResponse as _, Response};
use domain::collection::CollectionName;
use domain::deletion::{Action, DeletionId, Refusal, State as DeletionState};
use ports::ApiPorts;
use requests::Api;
use requests::act::{self, ActError};
use requests::deletions::{self, DeletionFilter, ShowError};

use crate::call::Call;
use crate::problem::{Code, Problem};
use crate::query::{Query, invalid};
use crate::respond::{POLL_AGAIN, follow};
use crate::view::{DeletionView, ManifestView, Page};

/// The most deletions in one answer: each costs a read of its own, one after the other.
const MOST_DELETIONS: usize = 100;

/// The most records of a manifest in one answer: as many as one of its pages holds, so that one read is enough.
const MOST_RECORDS: usize = 1_000;

pub(super) async fn show<P: ApiPorts>(
    State(api): State<Arc<Api<P>>>,
    Path(id): Path<String>,
    call: Call,
) -> Result<Response, Problem> {
    Query::parse(&call.raw_query)?.only(&[])?;
    let deletion = deletions::show(&api, &call.principal, parse(&id)?)
        .await?
        .ok_or_else(not_found)?;
    let scope = deletions::scope(&api, &deletion).await?;
    let mut view = DeletionView::new(&api, &call, &deletion);
    if let Some(scope) = &scope {
        view = view.covering(scope);
    }
    let mut response = Json(view).into_response();
    if !deletion.state.is_done() {
        response.headers_mut().insert(RETRY_AFTER, POLL_AGAIN);
    }
    Ok(response)
}

/// `POST /v1/deletions/{id}/{action}`.
pub(super) async fn act<P: ApiPorts>(
    State(api): State<Arc<Api<P>>>,
    Path((id, action)): Path<(String, String)>,
    call: Result<Call, Problem>,
) -> Result<Response, Problem> {
    // An unknown word is not a route, whatever the rest of the request says.
    let action = action_of(&action)?;
    let call = call?;
    Query::parse(&call.raw_query)?.only(&[])?;
    let deletion = act::act(&api, &call.principal, parse(&id)?, action)
        .await
        .map_err(|error| not_done(&api, &call, error))?;
    let view = DeletionView::new(&api, &call, &deletion);
    let mut response = (StatusCode::ACCEPTED, Json(view)).into_response();
    follow(&mut response, &call, &deletion);
    Ok(response)
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
fn not_done<P: ApiPorts>(api: &Api<P>, call: &Call, error: ActError) -> Problem {
    match error {
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
                Some(above) => problem.with("deletion", DeletionView::new(api, call, &above)),
                None => problem,
            }
        }
        ActError::Dependency(error) => error.into(),
    }
}

pub(super) async fn list<P: ApiPorts>(
    State(api): State<Arc<Api<P>>>,
    call: Call,
) -> Result<Response, Problem> {
    let query = Query::parse(&call.raw_query)?.only(&[
        "state",
        "collection",
        "requested_by",
        "limit",
        "cursor",
    ])?;
    let limit = query.limit(MOST_DELETIONS)?;
    let filter = filter(&query)?;
    let (found, next_cursor) =
        deletions::list(&api, &call.principal, &filter, limit, query.cursor()).await?;
    let items = found
        .iter()
        .map(|deletion| DeletionView::new(&api, &call, deletion))
        .collect();
    Ok(Json(Page { items, next_cursor }).into_response())
}

pub(super) async fn records<P: ApiPorts>(
    State(api): State<Arc<Api<P>>>,
    Path(id): Path<String>,
    call: Call,
) -> Result<Response, Problem> {
    let query = Query::parse(&call.raw_query)?.only(&["limit", "cursor"])?;
    let mut limit = query.limit(MOST_RECORDS)?;
    let id = parse(&id)?;
    loop {
        let found = deletions::records(&api, &call.principal, id, limit, query.cursor()).await?;
        let (found, next_cursor) = found.ok_or_else(not_found)?;
        let items: Vec<_> = found.into_iter().map(ManifestView::from).collect();
        let page = Page { items, next_cursor };
        if let Some(response) = page.answer(&mut limit)? {
            return Ok(response);
        }
    }
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
    // Not looked up: the deletions of a collection outlive its declaration.
    let collection = query
        .get("collection")
        .map(|name| match name.parse::<CollectionName>() {
            Ok(_) => Ok(name.to_owned()),
            Err(_) => Err(invalid("collection", "is not the name of a collection")),
        });
    let requested_by = query.get("requested_by").map(|subject| match subject {
        "" => Err(invalid("requested_by", "is empty")),
        subject => Ok(subject.to_owned()),
    });
    Ok(DeletionFilter {
        state: state.transpose()?,
        collection: collection.transpose()?,
        requested_by: requested_by.transpose()?,
    })
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
