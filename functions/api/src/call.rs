//! What every route needs to know about a request, decided once and in one order: the caller, then the request.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::Method;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use domain::principal::Principal;
use domain::request_key::RequestKey;
use domain::tags::Tags;
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::body::{self, RawBody};
use crate::conditions::Conditions;
use crate::gateway::{BrokenHeader, Incoming};
use crate::principal::Identity;
use crate::problem::{Code, Problem};
use crate::query::segment;

/// One authenticated request for a route that takes no body.
#[derive(Debug)]
pub(crate) struct Call {
    /// The caller.
    pub(crate) principal: Principal,
    /// The prefix of our paths, as the client sees them.
    pub(crate) base: String,
    /// The request's id.
    pub(crate) request_id: String,
    /// The query string as the client wrote it.
    pub(crate) raw_query: String,
    /// The versions that it is meant for.
    pub(crate) tags: Tags,
    /// Whether it is meant for what does not exist only.
    pub(crate) is_new: bool,
    /// What makes it the same as an earlier request.
    key: Option<Key>,
}

/// The key of a request: who asks where, under which name, and for what.
#[derive(Debug)]
struct Key {
    who_and_where: [String; 4],
    asked: Vec<String>,
}

impl Call {
    /// The key of the request, which is made at this moment.
    pub(crate) fn once(&self, now: Timestamp) -> Option<RequestKey> {
        let key = self.key.as_ref()?;
        let who_and_where = key.who_and_where.each_ref().map(String::as_str);
        let asked: Vec<&str> = key.asked.iter().map(String::as_str).collect();
        Some(RequestKey::new(&who_and_where, &asked, now))
    }
}

/// Rejects every unknown caller, even for a route that does not exist.
pub(crate) async fn authenticate(
    State(identity): State<Arc<Identity>>,
    mut request: Request,
    next: Next,
) -> Response {
    let claims = request
        .extensions()
        .get::<Incoming>()
        .and_then(|incoming| incoming.claims.as_ref());
    match identity.caller(claims, request.headers()) {
        Ok(principal) => {
            request.extensions_mut().insert(principal);
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Call {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let (call, body) = known(parts)?;
        if body.is_some() {
            return Err(
                Problem::new(Code::BodyNotAllowed, "This route takes no body.")
                    .at("/body", "remove it"),
            );
        }
        Ok(call)
    }
}

/// One authenticated request for an action: without a body, or with the empty object that some clients send instead.
#[derive(Debug)]
pub(crate) struct CallOfAction(pub(crate) Call);

impl<S: Send + Sync> FromRequestParts<S> for CallOfAction {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let (call, body) = known(parts)?;
        if body.is_some_and(|body| !body.says_nothing()) {
            let detail = "This route takes no body, or `{}`.";
            return Err(Problem::new(Code::BodyNotAllowed, detail).at("/body", "is not `{}`"));
        }
        Ok(Self(call))
    }
}

/// One authenticated request with a JSON object as its body.
#[derive(Debug)]
pub(crate) struct CallWithObject {
    /// The caller and the request.
    pub(crate) call: Call,
    /// The body.
    pub(crate) object: Map<String, Value>,
    /// Its length in bytes, as the client wrote it.
    pub(crate) bytes: usize,
}

impl<S: Send + Sync> FromRequestParts<S> for CallWithObject {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let (call, body) = known(parts)?;
        let (object, bytes) = body::object(&parts.headers, body)?;
        Ok(Self {
            call,
            object,
            bytes,
        })
    }
}

/// What is known about every request, and its body.
fn known(parts: &mut Parts) -> Result<(Call, Option<RawBody>), Problem> {
    let incoming = parts
        .extensions
        .get::<Incoming>()
        .cloned()
        .unwrap_or_default();
    // `authenticate` runs before every route.
    let principal = parts.extensions.get::<Principal>().cloned();
    let principal = principal.ok_or_else(|| {
        Problem::new(
            Code::Unauthenticated,
            "The request carries no verified token.",
        )
    })?;
    if let Some(BrokenHeader(name)) = parts.extensions.get() {
        let detail = "A header has characters that HTTP does not allow.";
        let pointer = format!("/header/{}", segment(name));
        let problem = Problem::new(Code::InvalidHeader, detail);
        return Err(problem.at(pointer, "has characters that HTTP does not allow"));
    }
    let path = parts.uri.path();
    let is_action = parts.method == Method::POST && path.starts_with("/v1/deletions/");
    let conditions = Conditions::read(&parts.method, is_action, &parts.headers)?;
    let is_base64 = incoming.is_base64;
    let body = incoming.body.map(|text| RawBody { text, is_base64 });
    // An action says as much with an empty object as without.
    let told = body.as_ref().filter(|_| !is_action);
    let key = conditions.key.map(|name| Key {
        who_and_where: [
            principal.subject.clone(),
            parts.method.to_string(),
            path.to_owned(),
            name,
        ],
        asked: asked(&incoming.raw_query, told, &conditions.tags),
    });
    let call = Call {
        principal,
        base: incoming.base,
        request_id: incoming.request_id,
        raw_query: incoming.raw_query,
        tags: conditions.tags,
        is_new: conditions.is_new,
        key,
    };
    Ok((call, body))
}

/// What else a request asks: its query and its body, and, where it is meant for some versions only, which. Keys are stored
/// with what was asked, so without `If-Match` this stays as it was before it had a part in it.
fn asked(query: &str, body: Option<&RawBody>, tags: &Tags) -> Vec<String> {
    let body = body.map_or_else(String::new, |body| body.text.clone());
    let mut asked = vec![query.to_owned(), body];
    match tags {
        Tags::Unasked => {}
        Tags::Any => asked.push("*".to_owned()),
        // In any order they are the same versions. A tag has no quotes.
        Tags::Of(tags) => {
            let tags: BTreeSet<String> = tags.iter().map(|tag| format!("\"{tag}\"")).collect();
            asked.extend(tags);
        }
    }
    asked
}
