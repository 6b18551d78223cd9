//! The outermost layer: whatever happened inside, the client gets one of our answers, and the log gets one line.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use axum::Json;
use axum::extract::{MatchedPath, Request};
use axum::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_TYPE, ETAG, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::deletion::Deletion;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use tracing::{error, info, warn};

use crate::call::Call;
use crate::forms;
use crate::gateway::Incoming;
use crate::problem::{Code, Fault, Parts, Problem};
use crate::view::{DeletionView, deletion_path};

/// A client reads a deletion again that is not done after a tenth of its age, but at most after so many seconds.
const POLL_AT_MOST: u64 = 30;

/// What an answer to a request says whose key is that of an earlier one.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// After how many seconds a client should repeat a request whose key is in use.
const TRY_SOON: HeaderValue = HeaderValue::from_static("1");

/// After how many seconds a client should try again what a dependency did not do.
const TRY_AGAIN: HeaderValue = HeaderValue::from_static("5");

/// The answer to what was accepted; `deletion` is the one that it is about, for those who may see it.
pub(crate) fn accepted(
    answer: impl Serialize,
    call: &Call,
    deletion: Option<&Deletion>,
    now: Timestamp,
) -> Response {
    let mut response = (StatusCode::ACCEPTED, Json(answer)).into_response();
    if let Some(deletion) = deletion {
        follow(&mut response, call, deletion, now);
    }
    response
}

/// Says where the deletion is, and when to read it again.
fn follow(response: &mut Response, call: &Call, deletion: &Deletion, now: Timestamp) {
    if let Ok(path) = HeaderValue::try_from(deletion_path(call, deletion)) {
        response.headers_mut().insert(LOCATION, path);
    }
    poll(response, deletion, now);
}

/// Says which version of a record the answer shows.
pub(crate) fn tagged(answer: impl IntoResponse, tag: &str) -> Response {
    let mut response = answer.into_response();
    set_tag(&mut response, tag);
    response
}

fn set_tag(response: &mut Response, tag: &str) {
    if let Ok(tag) = HeaderValue::try_from(format!("\"{tag}\"")) {
        response.headers_mut().insert(ETAG, tag);
    }
}

/// Says that the request was not done again.
pub(crate) fn replayed(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    response
}

/// Says which revision of a deletion the answer shows, and when to read it again.
pub(crate) fn poll(response: &mut Response, deletion: &Deletion, now: Timestamp) {
    set_tag(response, &deletion.revision.to_string());
    if !deletion.state.is_done() {
        let after = HeaderValue::from(poll_again(deletion, now));
        response.headers_mut().insert(RETRY_AFTER, after);
    }
}

/// After how many seconds a client should read a deletion again. Its age is that of what was last asked for.
fn poll_again(deletion: &Deletion, now: Timestamp) -> u64 {
    let asked = deletion.last_action.as_ref().map(|last| last.at);
    let since = asked.unwrap_or(deletion.deleted_at);
    let age = Duration::try_from(now.duration_since(since)).unwrap_or_default();
    (age.as_secs() / 10).clamp(1, POLL_AT_MOST)
}

/// What went wrong, as in RFC 9457.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
pub(crate) struct ProblemView<'a> {
    /// One name per code.
    #[schemars(extend("format" = "uri"))]
    r#type: String,
    /// What the code means: the same for every occurrence.
    title: &'static str,
    /// The status of the answer.
    status: u16,
    /// What to rely on.
    code: &'static str,
    /// What happened this time, for people; it may change.
    detail: &'a str,
    /// The places in the request; none where no single place is at fault.
    errors: &'a [Fault],
    /// Finds the request in the logs.
    request_id: &'a str,
    #[serde(flatten)]
    #[schemars(with = "ProblemMembers")]
    members: &'a Map<String, Value>,
}

/// What some problems have beside that, as [`Problem::with`] adds it.
#[derive(Serialize, JsonSchema)]
struct ProblemMembers<'a> {
    /// The state of the deletion: `INVALID_STATE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "forms::state")]
    state: Option<&'a str>,
    /// The deletion that is in the way, for those who may see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    deletion: Option<DeletionView<'a>>,
    /// Until when the deleted record is kept; null if for ever: `RECORD_DELETED`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "forms::moment_or_null")]
    purge_at: Option<&'a str>,
    /// How many records were counted: `COUNT_CHANGED`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u64")]
    count: Option<u64>,
    /// Whether these are all: `COUNT_CHANGED`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "bool")]
    exact: Option<bool>,
}

/// Renders problems, turns a panic into one, and keeps every answer out of caches.
pub(crate) async fn finish(request: Request, next: Next) -> Response {
    let request_id = request
        .extensions()
        .get::<Incoming>()
        .map(|incoming| incoming.request_id.clone())
        .unwrap_or_default();
    let method = request.method().clone();
    // The route's pattern, not the path: ids stay out of the log.
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(String::new, |path| path.as_str().to_owned());

    let mut response = caught(next.run(request))
        .await
        .unwrap_or_else(|| Problem::internal("a handler panicked").into_response());
    if is_foreign(&response) {
        response = Problem::internal(format!("an answer without a code: {}", response.status()))
            .into_response();
    }
    let problem = response.extensions_mut().remove::<Problem>();
    let code = problem.as_ref().map(|problem| problem.parts().code);
    if let Some(problem) = problem {
        log_cause(problem.parts(), &request_id);
        response = render(problem.parts(), &request_id);
    }
    // Only what is the same for all callers says anything else.
    let headers = response.headers_mut();
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    let nosniff = HeaderValue::from_static("nosniff");
    headers.insert(X_CONTENT_TYPE_OPTIONS, nosniff);
    let status = response.status().as_u16();
    info!(request_id, %method, route, status, code = code.map(Code::as_str), "{method} {route}: {status}");
    response
}

/// Whether it is a failure for which our code has not written the text.
fn is_foreign(response: &Response) -> bool {
    let failed = response.status().is_client_error() || response.status().is_server_error();
    failed && response.extensions().get::<Problem>().is_none()
}

fn log_cause(parts: &Parts, request_id: &str) {
    let Some(cause) = &parts.cause else { return };
    let code = parts.code.as_str();
    if parts.code.status() == StatusCode::SERVICE_UNAVAILABLE {
        warn!(
            request_id,
            code,
            error = cause,
            "request {request_id} was not served: {code}"
        );
    } else {
        error!(
            request_id,
            code,
            error = cause,
            "request {request_id} failed: {code}"
        );
    }
}

fn render(parts: &Parts, request_id: &str) -> Response {
    let status = parts.code.status();
    let view = ProblemView {
        r#type: parts.code.urn(),
        title: parts.code.title(),
        status: status.as_u16(),
        code: parts.code.as_str(),
        detail: &parts.detail,
        errors: &parts.errors,
        request_id,
        members: &parts.members,
    };
    let mut response = (status, serde_json::to_string(&view).unwrap_or_default()).into_response();
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    if let Some(allow) = parts.allow {
        headers.insert(ALLOW, HeaderValue::from_static(allow));
    }
    if parts.code == Code::KeyInFlight {
        headers.insert(RETRY_AFTER, TRY_SOON);
    }
    match status {
        StatusCode::UNAUTHORIZED => {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
        }
        StatusCode::SERVICE_UNAVAILABLE => headers.insert(RETRY_AFTER, TRY_AGAIN),
        _ => None,
    };
    response
}

/// The value of a future, or `None` when it panicked. Nothing of the request that could be half done here outlives it.
async fn caught<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    poll_fn(
        |context| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
            Ok(poll) => poll.map(Some),
            Err(_) => Poll::Ready(None),
        },
    )
    .await
}
