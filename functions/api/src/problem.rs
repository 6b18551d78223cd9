//! What went wrong, in the form for clients: RFC 9457 with a stable code. `docs/errors.md` lists every code.

use std::borrow::Cow;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use ports::DependencyError;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use telemetry::chain;

macro_rules! codes {
    ($($variant:ident $name:literal $status:ident $title:literal;)*) => {
        /// The stable codes.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Code {
            $(#[doc = $title] $variant,)*
        }

        impl Code {
            /// All codes.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The code in the form for clients.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The status it is answered with.
            #[must_use]
            pub fn status(self) -> StatusCode {
                match self { $(Self::$variant => StatusCode::$status,)* }
            }

            /// What it means, in a few words: the same for every occurrence.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }
        }
    };
}

codes! {
    IdNeedsQuery "ID_NEEDS_QUERY" BAD_REQUEST "This id cannot be written in a path";
    InvalidId "INVALID_ID" BAD_REQUEST "The id is not a key of this collection";
    UnknownParameter "UNKNOWN_PARAMETER" BAD_REQUEST "A parameter is not known here";
    InvalidParameter "INVALID_PARAMETER" BAD_REQUEST "A parameter cannot be understood";
    InvalidCursor "INVALID_CURSOR" BAD_REQUEST "The cursor is not one of this list";
    ParentRequired "PARENT_REQUIRED" BAD_REQUEST "These records are listed below a parent only";
    UnknownField "UNKNOWN_FIELD" BAD_REQUEST "A field of the body is not known here";
    InvalidField "INVALID_FIELD" BAD_REQUEST "A field of the body cannot be understood";
    InvalidBody "INVALID_BODY" BAD_REQUEST "The body is no JSON object that can be kept as it is";
    InvalidAttribute "INVALID_ATTRIBUTE" BAD_REQUEST "An attribute does not go with the record";
    MarkNotAllowed "MARK_NOT_ALLOWED" BAD_REQUEST "Marks are written by deletions only";
    AttributeNotAllowed "ATTRIBUTE_NOT_ALLOWED" BAD_REQUEST "An attribute is none that clients write";
    StatusNotAllowed "STATUS_NOT_ALLOWED" BAD_REQUEST "The status is none that clients write";
    RecordNotStorable "RECORD_NOT_STORABLE" BAD_REQUEST "A store does not take the record";
    BodyNotAllowed "BODY_NOT_ALLOWED" BAD_REQUEST "The request has a body";
    HeaderNotAllowed "HEADER_NOT_ALLOWED" BAD_REQUEST "The route does not take this header";
    InvalidHeader "INVALID_HEADER" BAD_REQUEST "A header cannot be understood";
    Unauthenticated "UNAUTHENTICATED" UNAUTHORIZED "Nobody has verified who asks";
    TenantMissing "TENANT_MISSING" FORBIDDEN "The token names no tenant";
    Forbidden "FORBIDDEN" FORBIDDEN "The caller may not do this";
    RouteNotFound "ROUTE_NOT_FOUND" NOT_FOUND "There is no such route";
    CollectionNotFound "COLLECTION_NOT_FOUND" NOT_FOUND "There is no such collection";
    RecordNotFound "RECORD_NOT_FOUND" NOT_FOUND "There is no such record";
    DeletionNotFound "DELETION_NOT_FOUND" NOT_FOUND "There is no such deletion";
    MethodNotAllowed "METHOD_NOT_ALLOWED" METHOD_NOT_ALLOWED "The route does not know this method";
    InvalidState "INVALID_STATE" CONFLICT "This does not apply to the deletion as it stands";
    CountChanged "COUNT_CHANGED" CONFLICT "There are not as many records as expected";
    HasChildren "HAS_CHILDREN" CONFLICT "The record has children that keep it";
    RecordHeld "RECORD_HELD" CONFLICT "The record is held back";
    KeyInFlight "IDEMPOTENCY_KEY_IN_FLIGHT" CONFLICT "A request of this key is being carried out";
    RowTooLarge "ROW_TOO_LARGE" CONFLICT "The record is too large to be deleted";
    RowBusy "ROW_BUSY" CONFLICT "Another program is working on the row";
    KeyTaken "KEY_TAKEN" CONFLICT "The id is taken";
    ParentNotLive "PARENT_NOT_LIVE" CONFLICT "What is above the record is not live";
    RootMissing "ROOT_MISSING" CONFLICT "The record that the deletion began with is gone";
    PreconditionFailed "PRECONDITION_FAILED" PRECONDITION_FAILED "It has changed since";
    KeyReused "IDEMPOTENCY_KEY_REUSED" UNPROCESSABLE_ENTITY "The key was used for another request";
    RecordsDropped "RECORDS_DROPPED" GONE "The list of records is dropped";
    RecordDeleted "RECORD_DELETED" GONE "The record is deleted";
    BodyTooLarge "BODY_TOO_LARGE" PAYLOAD_TOO_LARGE "The body is too large";
    RecordTooLarge "RECORD_TOO_LARGE" PAYLOAD_TOO_LARGE "The record is too large";
    UnsupportedMediaType "UNSUPPORTED_MEDIA_TYPE" UNSUPPORTED_MEDIA_TYPE "The body is of a type that is not taken";
    Internal "INTERNAL" INTERNAL_SERVER_ERROR "Something went wrong on our side";
    DependencyRefused "DEPENDENCY_REFUSED" INTERNAL_SERVER_ERROR "Something that this service needs refused to work";
    RowUnreadable "ROW_UNREADABLE" INTERNAL_SERVER_ERROR "A row contradicts the declaration of its collection";
    NewerVersion "NEWER_VERSION" SERVICE_UNAVAILABLE "A later version of this service has written it";
    DependencyUnavailable "DEPENDENCY_UNAVAILABLE" SERVICE_UNAVAILABLE "Something that this service needs did not answer";
    NotQueued "NOT_QUEUED" SERVICE_UNAVAILABLE "The deletion could not be queued";
}

impl Code {
    /// The `type` of the problem: one name per code, nothing to fetch.
    #[must_use]
    pub fn urn(self) -> String {
        format!(
            "urn:tombstone:problem:{}",
            self.as_str().to_ascii_lowercase()
        )
    }
}

/// Where in the request the error is.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Fault {
    /// A JSON pointer into `{path, query, header, body}`.
    pub(crate) pointer: String,
    /// What is wrong at this place.
    pub(crate) detail: Cow<'static, str>,
}

/// One problem, before it is rendered by [`crate::respond`].
#[derive(Debug, Clone)]
pub struct Problem(Box<Parts>);

/// The parts of a problem.
#[derive(Debug, Clone)]
pub(crate) struct Parts {
    /// Its code.
    pub(crate) code: Code,
    /// What happened this time, for people.
    pub(crate) detail: Cow<'static, str>,
    /// The errors of the request.
    pub(crate) errors: Vec<Fault>,
    /// The methods that the route supports, if another one was used.
    pub(crate) allow: Option<&'static str>,
    /// Members of this occurrence.
    pub(crate) members: Map<String, Value>,
    /// What is logged but not shown to the client.
    pub(crate) cause: Option<String>,
}

impl Problem {
    /// A problem with this code; the detail is a sentence about this occurrence.
    pub(crate) fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        let detail = detail.into();
        Self(Box::new(Parts {
            code,
            detail,
            errors: Vec::new(),
            allow: None,
            members: Map::new(),
            cause: None,
        }))
    }

    /// Adds the place of the error.
    pub(crate) fn at(
        mut self,
        pointer: impl Into<String>,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        self.0.errors.push(Fault {
            pointer: pointer.into(),
            detail: detail.into(),
        });
        self
    }

    /// Adds a member.
    pub(crate) fn with(mut self, name: &str, value: impl Serialize) -> Self {
        self.0.members.insert(
            name.to_owned(),
            serde_json::to_value(value).unwrap_or_default(),
        );
        self
    }

    /// The route supports only other methods.
    pub(crate) fn method_not_allowed(allow: &'static str) -> Self {
        let mut problem = Self::new(Code::MethodNotAllowed, format!("This route knows {allow}."));
        problem.0.allow = Some(allow);
        problem
    }

    /// There is no such route.
    pub(crate) fn route_not_found() -> Self {
        Self::new(Code::RouteNotFound, "No route has this path.")
    }

    /// An internal failure; the cause is for the log.
    pub(crate) fn internal(cause: impl Into<String>) -> Self {
        let mut problem = Self::new(Code::Internal, "The request failed; its id finds the log.");
        problem.0.cause = Some(cause.into());
        problem
    }

    /// Its parts.
    pub(crate) fn parts(&self) -> &Parts {
        &self.0
    }
}

impl From<DependencyError> for Problem {
    fn from(error: DependencyError) -> Self {
        let mut problem = if error.is_newer {
            let detail = format!(
                "The {} holds what a later version of this service has written; this one leaves it alone.",
                error.dependency
            );
            Self::new(Code::NewerVersion, detail)
        } else if error.retryable {
            let detail = format!(
                "The {} did not answer in time; the same request may succeed later.",
                error.dependency
            );
            Self::new(Code::DependencyUnavailable, detail)
        } else {
            Self::new(
                Code::DependencyRefused,
                format!("The {} refused what it was asked.", error.dependency),
            )
        };
        problem.0.cause = Some(chain(&error));
        problem
    }
}

impl IntoResponse for Problem {
    /// Not rendered yet: the request's id is only known in the outermost layer.
    fn into_response(self) -> Response {
        let mut response = self.0.code.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}
