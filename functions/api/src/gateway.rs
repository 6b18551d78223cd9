//! The trust boundary: from the gateway's event to a request, and from an answer to the gateway's form.
//!
//! The gateway decodes the path *before* it routes, and passes on both the decoded path and the values that it routed
//! by. Parsing a decoded path again would yield another record (`/v1/cars/a%23b` becomes `/v1/cars/a`), so the path is
//! built here from the route key and the values, each encoded again. The query string arrives as the client wrote it
//! and is never part of a URI: [`crate::query`] reads it.

use std::collections::HashMap;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderName, HeaderValue, Request, Response, StatusCode, Uri};
use lambda_http::aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use lambda_http::aws_lambda_events::encodings::Body as EventBody;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

/// Everything but the unreserved characters of RFC 3986.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// What the gateway says about a request beside method, path and headers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Incoming {
    /// The verified claims; `None` when no authorizer has checked the request.
    pub(crate) claims: Option<HashMap<String, String>>,
    /// What the client writes before our paths: a stage, or the base path of a mapped domain; mostly nothing.
    pub(crate) base: String,
    /// The gateway's id of the request.
    pub(crate) request_id: String,
    /// The query string as the client wrote it.
    pub(crate) raw_query: String,
    /// The body as the gateway passes it on; `None` if there is none, or an empty one.
    pub(crate) body: Option<String>,
    /// Whether the body is encoded in base64, which the gateway does with a body that it considers binary.
    pub(crate) is_base64: bool,
}

/// A header that HTTP does not allow: its name, as far as that can be shown.
#[derive(Debug, Clone)]
pub(crate) struct BrokenHeader(pub(crate) String);

/// Takes out of an event the headers that cannot be read, and returns the first of them.
pub(crate) fn take_broken_header(event: &mut Value) -> Option<BrokenHeader> {
    let headers = event.get_mut("headers")?.as_object_mut()?;
    let is_readable = |name: &str, value: &Value| {
        let value = value.as_str().map(HeaderValue::from_str);
        HeaderName::from_bytes(name.as_bytes()).is_ok() && !matches!(value, Some(Err(_)))
    };
    let mut broken = None;
    headers.retain(|name, value| {
        let is_readable = is_readable(name, value);
        if !is_readable {
            let shown = |c: char| if c.is_ascii_graphic() { c } else { '?' };
            broken.get_or_insert_with(|| BrokenHeader(name.chars().map(shown).collect()));
        }
        is_readable
    });
    broken
}

/// The request that the routes see: an encoded path without a query string, and the rest as an extension.
#[must_use]
pub fn request(event: ApiGatewayV2httpRequest, invocation: &str) -> Request<Body> {
    let uri = Uri::try_from(path(&event)).unwrap_or_default();
    let base = base(&event);
    let context = event.request_context;
    let incoming = Incoming {
        claims: context
            .authorizer
            .and_then(|authorizer| authorizer.jwt)
            .map(|jwt| jwt.claims),
        base,
        request_id: request_id(context.request_id, invocation),
        raw_query: event.raw_query_string.unwrap_or_default(),
        body: event.body.filter(|body| !body.is_empty()),
        is_base64: event.is_base64_encoded,
    };
    let mut request = Request::new(Body::empty());
    *request.method_mut() = context.http.method;
    *request.uri_mut() = uri;
    *request.headers_mut() = event.headers;
    request.extensions_mut().insert(incoming);
    request
}

fn request_id(gateway: Option<String>, invocation: &str) -> String {
    let known = gateway
        .into_iter()
        .chain([invocation.to_owned()])
        .find(|id| !id.is_empty());
    known.unwrap_or_else(|| "unknown".to_owned())
}

fn path(event: &ApiGatewayV2httpRequest) -> String {
    // `$default`: the gateway has not routed by any value, so there is only the decoded path, whose slashes may have
    // been part of an id.
    let segments = routed(event).unwrap_or_else(|| raw_path(event).split('/').collect());
    encoded(&segments)
}

/// The segments that the gateway routed by, decoded.
fn routed(event: &ApiGatewayV2httpRequest) -> Option<Vec<&str>> {
    let (_, template) = event.route_key.as_deref()?.split_once(' ')?;
    let segments = template
        .split('/')
        .map(|segment| match placeholder(segment) {
            Some(name) => event.path_parameters.get(name).map(String::as_str),
            None => Some(segment),
        });
    segments.collect()
}

/// The part of the path before the segments that the gateway routed by. The client wrote it there, so links must have
/// it too.
fn base(event: &ApiGatewayV2httpRequest) -> String {
    let raw = event.raw_path.as_deref().unwrap_or_default();
    let base = routed(event).and_then(|segments| raw.strip_suffix(&segments.join("/")));
    match base {
        Some(base) if base.starts_with('/') => encoded(&base.split('/').collect::<Vec<_>>()),
        _ => String::new(),
    }
}

fn placeholder(segment: &str) -> Option<&str> {
    segment.strip_prefix('{')?.strip_suffix('}')
}

/// The path without the name of the stage, which a stage other than `$default` puts before it.
fn raw_path(event: &ApiGatewayV2httpRequest) -> &str {
    let path = event.raw_path.as_deref().unwrap_or_default();
    let stage = event.request_context.stage.as_deref().unwrap_or_default();
    match path
        .strip_prefix('/')
        .and_then(|rest| rest.strip_prefix(stage))
    {
        Some(rest) if !stage.is_empty() && rest.starts_with('/') => rest,
        _ => path,
    }
}

fn encoded(segments: &[&str]) -> String {
    let path = segments
        .iter()
        .map(|segment| utf8_percent_encode(segment, SEGMENT).to_string())
        .collect::<Vec<_>>()
        .join("/");
    if path.starts_with('/') {
        path
    } else {
        format!("/{path}")
    }
}

/// The answer in the gateway's form; `None` when its body is not a text.
pub(crate) async fn response(response: Response<Body>) -> Option<ApiGatewayV2httpResponse> {
    let (parts, body) = response.into_parts();
    let body = String::from_utf8(to_bytes(body, usize::MAX).await.ok()?.into()).ok()?;
    let mut answer = bare(parts.status);
    answer.headers = parts.headers;
    answer.body = (!body.is_empty()).then_some(EventBody::Text(body));
    Some(answer)
}

/// An answer without a body.
pub(crate) fn bare(status: StatusCode) -> ApiGatewayV2httpResponse {
    let mut answer = ApiGatewayV2httpResponse::default();
    answer.status_code = i64::from(status.as_u16());
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(
        route_key: &str,
        raw_path: &str,
        parameters: &[(&str, &str)],
    ) -> ApiGatewayV2httpRequest {
        let mut event = ApiGatewayV2httpRequest::default();
        event.route_key = Some(route_key.to_owned());
        event.raw_path = Some(raw_path.to_owned());
        event.path_parameters = parameters
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        event
    }

    #[test]
    fn a_path_is_built_from_what_the_gateway_routed_by() {
        let key = "DELETE /v1/{collection}/{id}";
        for (id, segment) in [
            ("a-1._~", "a-1._~"),
            ("a#b", "a%23b"),
            ("a?b", "a%3Fb"),
            ("a/b", "a%2Fb"),
            ("50%25", "50%2525"),
            ("a b\\c\t<|\"", "a%20b%5Cc%09%3C%7C%22"),
            ("🪦\0", "%F0%9F%AA%A6%00"),
            ("..", ".."),
        ] {
            let event = event(
                key,
                &format!("/v1/cars/{id}"),
                &[("collection", "cars"), ("id", id)],
            );

            assert_eq!(
                request(event, "").uri().to_string(),
                format!("/v1/cars/{segment}"),
                "{id}"
            );
        }
    }

    #[test]
    fn without_a_route_the_decoded_path_is_taken_segment_by_segment() {
        for (key, raw) in [
            ("$default", "/v1/cars/a#b/c?d"),
            ("GET /v1/{missing}", "/v1/cars/a#b/c?d"),
        ] {
            assert_eq!(
                request(event(key, raw, &[]), "").uri().to_string(),
                "/v1/cars/a%23b/c%3Fd",
                "{key}"
            );
        }
        assert_eq!(
            request(event("$default", "", &[]), "").uri().to_string(),
            "/"
        );
    }

    #[test]
    fn the_name_of_a_stage_is_no_part_of_the_path() {
        for (stage, raw, path) in [
            ("prod", "/prod/v1/cars", "/v1/cars"),
            ("v1", "/v1/cars", "/cars"),
            ("$default", "/v1/cars", "/v1/cars"),
            ("prod", "/production", "/production"),
        ] {
            let mut event = event("$default", raw, &[]);
            event.request_context.stage = Some(stage.to_owned());

            assert_eq!(request(event, "").uri().to_string(), path, "{stage} {raw}");
        }
    }

    #[test]
    fn the_base_is_what_the_path_has_before_the_route() {
        let key = "DELETE /v1/{collection}/{id}";
        for (raw, id, base) in [
            ("/v1/cars/a", "a", ""),
            ("/prod/v1/cars/a", "a", "/prod"),
            ("/trash/eu west/v1/cars/a", "a", "/trash/eu%20west"),
            ("/v1/v1/cars/a", "a", "/v1"),
            // A slash in an id is not the end of the base.
            ("/prod/v1/cars/a/v1/cars/b", "a/v1/cars/b", "/prod"),
            // A path that does not end with the values that the gateway routed by is not understood, and no base is
            // derived from it.
            ("/prod/v1/cars/other", "a", ""),
            ("", "a", ""),
        ] {
            let event = event(key, raw, &[("collection", "cars"), ("id", id)]);

            assert_eq!(super::base(&event), base, "{raw}");
        }
        assert_eq!(super::base(&event("$default", "/prod/v1", &[])), "");
    }

    #[test]
    fn the_request_id_is_the_gateways_or_the_invocations() {
        let id =
            |gateway: Option<&str>, invocation| request_id(gateway.map(str::to_owned), invocation);

        assert_eq!(id(Some("g"), "i"), "g");
        assert_eq!(id(Some(""), "i"), "i");
        assert_eq!(id(None, "i"), "i");
        assert_eq!(id(None, ""), "unknown");
    }
}
