//! `GET /v1/openapi.json`: what the API is, for every caller with a token the same.

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use domain::tags::tag_of_text;

use crate::call::Call;
use crate::problem::Problem;
use crate::query::Query;

/// What `cargo xtask openapi` has written.
const TEXT: &str = include_str!("../../../../docs/openapi.json");

/// It says nothing about anybody, so it may be kept, and is asked for again with its tag.
const KEPT: &str = "private, no-cache";

pub(super) async fn show(call: Call, headers: HeaderMap) -> Result<Response, Problem> {
    Query::parse(&call.raw_query)?.only(&[])?;
    let tag = format!("\"{}\"", tag_of_text(TEXT));
    let known = headers.get_all(IF_NONE_MATCH).iter();
    let is_known = known
        .filter_map(|known| known.to_str().ok())
        .flat_map(|known| known.split(','))
        .map(|known| known.trim().trim_start_matches("W/"))
        .any(|known| known == tag || known == "*");
    let headers = [(CACHE_CONTROL, KEPT.to_owned()), (ETAG, tag)];
    if is_known {
        return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    Ok((headers, [(CONTENT_TYPE, "application/json")], TEXT).into_response())
}
