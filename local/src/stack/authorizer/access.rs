//! What one request does: each access that its caller must be allowed.

use axum::http::Method;
use axum::http::Uri;

use super::scope::Scope;
use super::{dynamodb, search, services};

/// One action on one resource.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Access {
    /// `dynamodb:GetItem`.
    pub action: String,
    /// An ARN, or `*` for what is about no single thing.
    pub resource: String,
    /// The transaction that it is part of: `dynamodb:EnclosingOperation`.
    pub enclosing_operation: Option<&'static str>,
}

impl Access {
    /// An access of its own.
    #[must_use]
    pub(super) fn new(action: impl Into<String>, resource: impl Into<String>) -> Self {
        Self {
            action: action.into(),
            resource: resource.into(),
            enclosing_operation: None,
        }
    }
}

/// A request, as far as it matters for what it accesses.
#[derive(Debug)]
pub(super) struct Request<'a> {
    /// Which service and region it is signed for.
    pub scope: &'a Scope,
    /// The caller's account.
    pub account: &'a str,
    /// `DynamoDB_20120810.GetItem`; empty where the protocol has none.
    pub target: &'a str,
    /// The verb.
    pub method: &'a Method,
    /// Path and query.
    pub uri: &'a Uri,
    /// The body.
    pub body: &'a [u8],
}

impl Request<'_> {
    /// An ARN in the request's region and the caller's account.
    pub(super) fn arn(&self, service: &str, resource: &str) -> String {
        let region = &self.scope.region;
        format!("arn:aws:{service}:{region}:{}:{resource}", self.account)
    }
}

/// Why it is not known what a request accesses: it is denied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unknown(pub String);

impl Unknown {
    pub(super) fn body(what: &str, error: &serde_json::Error) -> Self {
        Self(format!("the body of {what} is not understood: {error}"))
    }
}

/// What a request to an AWS service accesses.
///
/// # Errors
///
/// When the service, the operation or the body is not known.
pub(super) fn of_service(request: &Request<'_>) -> Result<Vec<Access>, Unknown> {
    match request.scope.service.as_str() {
        "dynamodb" => dynamodb::accesses(request),
        "sqs" => services::sqs(request),
        "events" => services::events(request),
        "scheduler" => services::scheduler(request),
        "es" => services::domains(request),
        other => Err(Unknown(format!("no function calls the service {other}"))),
    }
}

/// What a request to the search domain or collection accesses.
///
/// # Errors
///
/// When it is signed for another service.
pub(super) fn of_search(
    request: &Request<'_>,
    place: &search::Place,
) -> Result<Vec<Access>, Unknown> {
    search::accesses(request, place)
}
