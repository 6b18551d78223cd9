//! Events as the gateway makes them of requests: it decodes the path, routes, and hands out the values it routed by.

use std::sync::LazyLock;

use api::openapi;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use serde_json::{Value, json};

/// The routes of `template.yaml`, fixed words before placeholders, as the gateway prefers them.
pub(super) static ROUTES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut operations: Vec<_> = openapi::ALL.iter().collect();
    operations.sort_by_key(|operation| operation.path.matches('{').count());
    let keys = operations.into_iter();
    keys.map(|operation| format!("{} {}", operation.method, operation.path))
        .collect()
});

/// How a gateway treats `%2F`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gateway {
    /// It decodes the path, then routes: an encoded slash parts segments.
    DecodesFirst,
    /// It routes, then decodes the values: an encoded slash stays inside a value.
    RoutesFirst,
}

/// One request on its way to the function.
#[derive(Debug, Clone)]
pub(crate) struct Event(Value);

impl Event {
    /// A request as a client writes it, path and query encoded, from an administrator of `acme`.
    pub(crate) fn new(method: &str, target: &str) -> Self {
        Self::through(Gateway::DecodesFirst, method, target)
    }

    /// As [`new`](Self::new), through this kind of gateway.
    pub(crate) fn through(gateway: Gateway, method: &str, target: &str) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let decoded = decode(path);
        let segments: Vec<String> = match gateway {
            Gateway::DecodesFirst => decoded.split('/').map(str::to_owned).collect(),
            Gateway::RoutesFirst => path.split('/').map(decode).collect(),
        };
        let (key, parameters) = route(method, &segments);
        Self(json!({
            "version": "2.0",
            "routeKey": key,
            "rawPath": decoded,
            "rawQueryString": query,
            "headers": { "host": "example.execute-api.us-east-1.amazonaws.com", "x-forwarded-proto": "https" },
            "pathParameters": parameters,
            "requestContext": {
                "authorizer": { "jwt": { "claims": {}, "scopes": null } },
                "http": { "method": method, "path": decoded, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.7", "userAgent": "test" },
                "requestId": "request-1",
                "routeKey": key,
                "stage": "$default",
                "timeEpoch": 1_795_244_400_000_i64,
            },
            "isBase64Encoded": false,
        }))
        .by("ann", "acme", "[admin]")
    }

    /// From this caller; the groups as HTTP APIs render them, of names without white space.
    pub(crate) fn by(self, subject: &str, tenant: &str, groups: &str) -> Self {
        let names: Vec<&str> = groups.trim_matches(['[', ']']).split_whitespace().collect();
        self.with_token(
            &json!({ "sub": subject, "custom:tenant": tenant, "cognito:groups": names }),
        )
    }

    /// With this payload of a token, and what HTTP APIs make of it.
    pub(crate) fn with_token(self, payload: &Value) -> Self {
        let claims = payload.as_object().unwrap().iter();
        let claims = claims.map(|(name, value)| (name.clone(), json!(rendered(value))));
        let payload = URL_SAFE_NO_PAD.encode(payload.to_string());
        self.claims(claims.collect())
            .header("authorization", &format!("Bearer e30.{payload}.c2ln"))
    }

    /// With exactly these claims.
    pub(crate) fn claims(mut self, claims: Value) -> Self {
        self.0["requestContext"]["authorizer"]["jwt"]["claims"] = claims;
        self
    }

    /// With this in place of what the authorizer says.
    pub(crate) fn authorizer(mut self, authorizer: Value) -> Self {
        self.0["requestContext"]["authorizer"] = authorizer;
        self
    }

    /// With a header.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.0["headers"][name] = json!(value);
        self
    }

    /// Without a header.
    pub(crate) fn without_header(mut self, name: &str) -> Self {
        self.0["headers"].as_object_mut().unwrap().remove(name);
        self
    }

    /// With a body.
    pub(crate) fn body(mut self, body: &str) -> Self {
        self.0["body"] = json!(body);
        self
    }

    /// By way of a stage or a mapped domain, whose path the gateway leaves before ours.
    pub(crate) fn below(mut self, base: &str) -> Self {
        let path = self.0["rawPath"].as_str().unwrap();
        self.0["rawPath"] = json!(format!("{base}{path}"));
        self
    }

    /// Without this member of the event.
    pub(crate) fn without(mut self, member: &str) -> Self {
        self.0.as_object_mut().unwrap().remove(member);
        self
    }

    /// As the gateway sends it.
    pub(crate) fn raw(&self) -> Value {
        self.0.clone()
    }

    /// The route that the gateway has chosen.
    pub(crate) fn route(&self) -> &str {
        self.0["routeKey"].as_str().unwrap()
    }

    /// As the function's runtime decodes it.
    pub(crate) fn decoded(&self) -> ApiGatewayV2httpRequest {
        serde_json::from_str(&self.0.to_string()).unwrap()
    }
}

/// A claim as HTTP APIs hand it out: a text, whatever it was.
fn rendered(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => {
            let texts: Vec<String> = values.iter().map(rendered).collect();
            format!("[{}]", texts.join(" "))
        }
        other => other.to_string(),
    }
}

fn route(method: &str, segments: &[String]) -> (&'static str, Value) {
    for key in ROUTES.iter() {
        let Some((of, template)) = key.split_once(' ') else {
            continue;
        };
        let pattern: Vec<&str> = template.split('/').collect();
        let name = |part: &&'static str| {
            part.strip_prefix('{')
                .and_then(|part| part.strip_suffix('}'))
        };
        let fits = of == method
            && pattern.len() == segments.len()
            && pattern
                .iter()
                .zip(segments)
                .all(|(part, segment)| match name(part) {
                    Some(_) => !segment.is_empty(),
                    None => part == segment,
                });
        if fits {
            let values = pattern
                .iter()
                .zip(segments)
                .filter_map(|(part, segment)| Some((name(part)?, json!(segment))));
            return (
                key,
                values
                    .map(|(name, value)| (name.to_owned(), value))
                    .collect(),
            );
        }
    }
    ("$default", Value::Null)
}

pub(super) fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let digits = bytes
            .get(at + 1..at + 3)
            .and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) if bytes[at] == b'%' => {
                decoded.push(byte);
                at += 3;
            }
            _ => {
                decoded.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// As a careful client encodes a value.
pub(crate) fn encode(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| {
            if plain(byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}
