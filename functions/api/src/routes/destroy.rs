//! `POST /v1/{collection}/destroy_all`: many records in one deletion, by id, by author, or by what they have in common;
//! or the preview of it.
//!
//! An empty list, or a field that is silently ignored, could turn such a request into a larger one: whatever is not
//! understood is refused, and nothing is written.

pub(crate) mod body;

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use domain::collection::{Collection, CollectionName, Collections};
use domain::key::RecordId;
use domain::time::rfc3339;
use ports::{ApiPorts, Clock as _};
use requests::Api;
use requests::deletions::Shown;
use requests::destroy::{
    DestroyError, DestroyRequest, Preview, Requested, Unsupported, destroy, earlier, preview,
};
use requests::once::Earlier;
use schemars::JsonSchema;
use serde::Serialize;

use self::body::Wanted;
use super::named_collection::{collection, methods};
use crate::call::{Call, CallWithObject};
use crate::conditions::held_below;
use crate::forms;
use crate::identify::RecordPath;
use crate::problem::{Code, Problem};
use crate::query::Query;
use crate::respond::{self, replayed};
use crate::view::DeletionView;

/// The last segment of the path. As the id of a record it is still served by the other methods.
const WORD: &str = "destroy_all";

/// The longest body, in bytes.
const BODY_BYTES: usize = 1_000_000;

/// The body of a 202.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "BulkDeletion")]
pub(crate) struct Answer<'a> {
    #[schemars(extend("enum" = ["PENDING_DELETE"]))]
    status: &'static str,
    message: &'static str,
    deletion: DeletionView<'a>,
}

pub(super) async fn destroy_all<P: ApiPorts>(
    State(api): State<Arc<Api<P>>>,
    Path(path): Path<RecordPath>,
    asked: Result<CallWithObject, Problem>,
) -> Result<Response, Problem> {
    let collection = collection(&api, &path.collection)?;
    if !is_meant(&path) {
        return Err(Problem::method_not_allowed(methods(collection)));
    }
    let CallWithObject {
        call,
        object,
        bytes,
    } = asked?;
    if bytes > BODY_BYTES {
        let detail = "The body has more than 1,000,000 bytes.";
        return Err(Problem::new(Code::BodyTooLarge, detail).at("/body", "is too large"));
    }
    Query::parse(&call.raw_query)?.only(&[])?;
    let wanted = Wanted::read(&api, &call.principal.tenant, collection, &object)?;
    let beside = wanted.beside.clone();
    let request = DestroyRequest {
        principal: &call.principal,
        collection,
        named: wanted.named(),
        whole: None,
        parent: wanted.parent,
        filters: wanted.filters,
        as_of: wanted.as_of,
        expected_count: wanted.expected_count,
        request_id: call.request_id.clone(),
        once: call.once(api.ports.clock().now()),
    };
    let refused = Refused {
        asked: collection,
        beside: &beside,
        by_author: matches!(request.named, Requested::Author { .. }),
    };
    if wanted.validate_only {
        let previewed = preview(&api, &request).await;
        let previewed = previewed.map_err(|error| refused.problem(error))?;
        return Ok(Json(PreviewView::new(&api.collections, &previewed)).into_response());
    }
    let found = earlier(&api, &request).await;
    match found.map_err(|error| refused.problem(error))? {
        Earlier::None => {}
        Earlier::Shown(shown) => return Ok(replayed(accepted(&api, &call, &shown))),
        Earlier::Hidden => return Err(refused.problem(DestroyError::Forbidden)),
    }
    let destroyed = destroy(&api, request)
        .await
        .map_err(|error| refused.problem(error))?;
    let shown = Shown {
        deletion: destroyed.deletion,
        scope: Some(destroyed.scope),
    };
    Ok(accepted(&api, &call, &shown))
}

pub(super) fn accepted<P: ApiPorts>(api: &Api<P>, call: &Call, shown: &Shown) -> Response {
    let answer = Answer {
        status: "PENDING_DELETE",
        message: "Deletion has been scheduled",
        deletion: DeletionView::new(api, call, shown),
    };
    let now = api.ports.clock().now();
    respond::accepted(answer, call, Some(&shown.deletion), now)
}

/// Whether the path is this route's.
pub(super) fn is_meant(path: &RecordPath) -> bool {
    path.id.as_deref() == Some(WORD) && path.sort.is_none()
}

/// The body of a preview: what would be deleted now.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Preview")]
pub(crate) struct PreviewView<'a> {
    /// How many live records are meant, without what is below them.
    count: usize,
    /// Whether these are all; otherwise there are at least `count`.
    exact: bool,
    /// Some of them.
    sample: Vec<SampleView<'a>>,
    /// The moment of the preview. A request with it deletes nothing that was written since.
    #[schemars(schema_with = "forms::moment")]
    as_of: String,
}

/// A record by its key.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "RecordName")]
struct SampleView<'a> {
    #[schemars(schema_with = "forms::collection")]
    collection: &'a CollectionName,
    #[serde(flatten)]
    #[schemars(with = "forms::Key")]
    key: RecordId,
}

impl<'a> PreviewView<'a> {
    fn new(collections: &Collections, preview: &'a Preview) -> Self {
        let sample = preview.sample.iter();
        let sample = sample.map(|(collection, key)| SampleView {
            collection,
            key: collections.id_of(collection, key),
        });
        Self {
            count: preview.count,
            exact: preview.exact,
            sample: sample.collect(),
            as_of: rfc3339(preview.as_of),
        }
    }
}

/// A request that is not accepted.
pub(super) struct Refused<'a> {
    pub(super) asked: &'a Collection,
    pub(super) beside: &'a [&'a Collection],
    pub(super) by_author: bool,
}

impl Refused<'_> {
    pub(super) fn problem(&self, error: DestroyError) -> Problem {
        match error {
            DestroyError::Forbidden => {
                Problem::new(Code::Forbidden, "The caller may not delete these records.")
            }
            DestroyError::NotCounted => Problem::new(
                Code::Forbidden,
                "The caller may not read all of these records, and so may not count them.",
            ),
            DestroyError::Unsupported { collection, why } => {
                let detail = format!("The collection `{collection}` {why}.");
                let pointer = self.place(&collection, why);
                Problem::new(Code::InvalidField, detail).at(pointer, why.to_string())
            }
            DestroyError::NotYet => {
                let detail = "The field `as_of` is later than now.";
                Problem::new(Code::InvalidField, detail).at("/body/as_of", "is later than now")
            }
            DestroyError::CountChanged { count, exact } => {
                let detail = if exact {
                    format!("There are {count} records, and nothing was deleted.")
                } else {
                    format!("At least {count} records were counted, and nothing was deleted.")
                };
                let problem = Problem::new(Code::CountChanged, detail).with("count", count);
                problem.with("exact", exact)
            }
            DestroyError::Held(child) => held_below(&child),
            DestroyError::Once(error) => error.into(),
            DestroyError::TakenBack => Problem::new(
                Code::NotQueued,
                "The deletion could not be queued and was taken back; nothing has changed.",
            ),
            DestroyError::Dependency(error) => error.into(),
        }
    }

    /// Where in the body the error is.
    fn place(&self, collection: &CollectionName, why: Unsupported) -> String {
        let mut listed = self.beside.iter();
        let is_asked = *collection == self.asked.name && !self.beside.is_empty();
        match listed.position(|other| other.name == *collection) {
            Some(place) => return format!("/body/collections/{place}"),
            None if is_asked && why == Unsupported::Nested => "/body/collections",
            None => match why {
                Unsupported::NoParent | Unsupported::NotBelowOne => "/body/parent",
                Unsupported::NoTime => "/body/as_of",
                Unsupported::NoFilter => "/body/filters",
                _ if self.by_author => "/body/author",
                Unsupported::NoAuthor | Unsupported::NoAuthorIndex => "/body/author",
                Unsupported::Different
                | Unsupported::Nested
                | Unsupported::NoQuery
                | Unsupported::Rowless => "/body",
            },
        }
        .to_owned()
    }
}
