//! Each answer of these tests is one that the OpenAPI document describes, and each request that is accepted too.
//!
//! The document lets answers have more members than it names, so that they can gain some. Here they may not: a member
//! that is missing in the document is found by the first test that sees it.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

use api::openapi;
use jsonschema::Validator;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use super::world::Answer;

static DOCUMENT: LazyLock<Value> = LazyLock::new(openapi::document);

/// The schemas that others refer to, with nothing allowed that they do not name.
static STRICT: LazyLock<Value> = LazyLock::new(|| {
    let mut components = DOCUMENT["components"].clone();
    close(&mut components);
    components
});

/// What may be answered where no operation was asked.
const ELSEWHERE: [&str; 12] = [
    "UNAUTHENTICATED",
    "TENANT_MISSING",
    "ROUTE_NOT_FOUND",
    "METHOD_NOT_ALLOWED",
    "COLLECTION_NOT_FOUND",
    // Below a collection a path that no route has is an id that was changed on the way.
    "ID_NEEDS_QUERY",
    "INVALID_ID",
    "BODY_NOT_ALLOWED",
    "INVALID_BODY",
    "UNSUPPORTED_MEDIA_TYPE",
    "HEADER_NOT_ALLOWED",
    "INVALID_HEADER",
];

/// The operation that the gateway has routed to.
pub(super) fn operation(route_key: &str) -> Option<&'static Value> {
    let (method, path) = route_key.split_once(' ')?;
    let operation = &DOCUMENT["paths"][path][method.to_ascii_lowercase()];
    operation.is_object().then_some(operation)
}

/// What several operations have stands there once.
fn resolved(response: &'static Value) -> &'static Value {
    match response["$ref"].as_str() {
        Some(place) => DOCUMENT.pointer(&place[1..]).unwrap(),
        None => response,
    }
}

/// Whether a path of the document says more exactly what was asked than the one that the gateway has routed to, which it
/// did because only that one has the method.
fn is_of_another_path(key: &str, event: &ApiGatewayV2httpRequest) -> bool {
    let (_, path) = key.split_once(' ').unwrap();
    let values = path.split('/').map(|part| match name_of(part) {
        Some(name) => event.path_parameters[name].as_str(),
        None => part,
    });
    let values: Vec<&str> = values.collect();
    let placeholders = |path: &str| path.matches('{').count();
    DOCUMENT["paths"].as_object().unwrap().keys().any(|other| {
        let parts: Vec<&str> = other.split('/').collect();
        let mut pairs = parts.iter().zip(&values);
        placeholders(other) < placeholders(path)
            && parts.len() == values.len()
            && pairs.all(|(part, value)| part == value || name_of(part).is_some())
    })
}

fn name_of(part: &str) -> Option<&str> {
    part.strip_prefix('{')?.strip_suffix('}')
}

/// Holds a request and its answer to the document.
pub(super) fn check(event: &ApiGatewayV2httpRequest, answer: &Answer) {
    let Some(key) = event.route_key.as_deref() else {
        return;
    };
    let code = answer.body["code"].as_str().unwrap_or_default();
    let is_told_elsewhere = ELSEWHERE.contains(&code);
    let operation =
        operation(key).filter(|_| !is_told_elsewhere || !is_of_another_path(key, event));
    let Some(operation) = operation else {
        assert!(
            is_told_elsewhere || answer.status >= 500,
            "{key}: {answer:?}"
        );
        return;
    };
    let response = resolved(&operation["responses"][answer.status.to_string()]);
    assert!(
        response.is_object(),
        "{key}: the document has no answer {}: {answer:?}",
        answer.status
    );
    check_headers(key, response, answer);
    check_body(key, response, answer);
    if answer.status < 400 {
        check_request(key, operation, event);
    }
}

fn check_headers(key: &str, response: &Value, answer: &Answer) {
    let known = response["headers"].as_object().unwrap();
    for (name, header) in known {
        let value = answer.header(&name.to_ascii_lowercase());
        let is_missing = header["required"] == true && value.is_none();
        assert!(!is_missing, "{key}: {name} is missing: {answer:?}");
        if let Some(value) = value {
            assert_valid(&header["schema"], &json!(value), key, name);
        }
    }
    for (name, _) in &answer.headers {
        let is_known = known.keys().any(|known| known.eq_ignore_ascii_case(name));
        assert!(
            is_known || ["content-type", "content-length"].contains(&name.as_str()),
            "{key}: the document has no header `{name}` with {}",
            answer.status
        );
    }
}

fn check_body(key: &str, response: &Value, answer: &Answer) {
    let Some(kind) = answer.header("content-type") else {
        let is_described = response["content"].is_object() && answer.status != 304;
        assert!(!is_described, "{key}: no body: {answer:?}");
        return;
    };
    let schema = &response["content"][kind]["schema"];
    assert!(schema.is_object(), "{key}: the document has no {kind}");
    assert_valid(schema, &answer.body, key, &answer.status.to_string());
}

/// What was accepted is what the document says can be sent.
fn check_request(key: &str, operation: &Value, event: &ApiGatewayV2httpRequest) {
    let parameters = operation["parameters"].as_array().unwrap();
    let of = |place: &str, name: &str| {
        parameters.iter().find(|parameter| {
            parameter["in"] == place
                && parameter["name"]
                    .as_str()
                    .unwrap()
                    .eq_ignore_ascii_case(name)
        })
    };
    let query = event.raw_query_string.as_deref().unwrap_or_default();
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let decoded = |text: &str| percent_decode_str(text).decode_utf8().unwrap().into_owned();
    let query: Vec<_> = pairs
        .map(|(name, value)| (decoded(name), decoded(value)))
        .collect();
    for (name, value) in &query {
        // The parts of an id have the names that their collection gives them.
        let parameter = of("query", name).or_else(|| of("query", "parts"));
        let parameter = match parameter {
            Some(parts) if parts["name"] == "parts" => {
                let schema = &parts["schema"]["additionalProperties"];
                assert_valid(schema, &json!(value), key, name);
                continue;
            }
            parameter => parameter,
        };
        let parameter = parameter.unwrap_or_else(|| panic!("{key}: the document has no `{name}`"));
        let value = match value.parse::<u64>() {
            Ok(number) if parameter["schema"]["type"] == "integer" => json!(number),
            _ => json!(value),
        };
        assert_valid(&parameter["schema"], &value, key, name);
    }
    for (name, value) in &event.path_parameters {
        let parameter = of("path", name);
        let parameter = parameter.unwrap_or_else(|| panic!("{key}: the document has no `{name}`"));
        assert_valid(&parameter["schema"], &json!(value), key, name);
    }
    for parameter in parameters
        .iter()
        .filter(|parameter| parameter["required"] == true)
    {
        let is_asked =
            parameter["in"] != "query" || query.iter().any(|(name, _)| parameter["name"] == *name);
        assert!(is_asked, "{key}: accepted without {}", parameter["name"]);
    }
    for name in ["idempotency-key", "if-match", "if-none-match"] {
        let Some(value) = event.headers.get(name) else {
            continue;
        };
        let is_get = key.starts_with("GET");
        match of("header", name) {
            Some(parameter) => assert_valid(
                &parameter["schema"],
                &json!(value.to_str().unwrap()),
                key,
                name,
            ),
            // A GET is answered in full, whatever a client has.
            None => assert!(
                is_get && name == "if-none-match",
                "{key}: the document has no `{name}`"
            ),
        }
    }
    check_sent_body(key, operation, event);
}

fn check_sent_body(key: &str, operation: &Value, event: &ApiGatewayV2httpRequest) {
    let described = &operation["requestBody"];
    let Some(body) = event.body.as_deref().filter(|body| !body.is_empty()) else {
        assert_ne!(
            described["required"], true,
            "{key}: accepted without a body"
        );
        return;
    };
    if event.is_base64_encoded {
        return;
    }
    assert!(described.is_object(), "{key}: the document has no body");
    let schema = &described["content"]["application/json"]["schema"];
    assert_valid(
        schema,
        &serde_json::from_str(body).unwrap(),
        key,
        "the body of the request",
    );
}

fn assert_valid(schema: &Value, value: &Value, key: &str, what: &str) {
    let errors: Vec<String> = validator(schema)
        .iter_errors(value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(
        errors.is_empty(),
        "{key}: {what} is not as the document says: {errors:#?}\n{value:#}"
    );
}

/// Compiled once for all tests: some are asked thousands of times.
fn validator(schema: &Value) -> Arc<Validator> {
    static COMPILED: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> =
        LazyLock::new(Mutex::default);
    let mut compiled = COMPILED.lock().unwrap();
    let known = compiled.entry(schema.to_string());
    let known = known.or_insert_with(|| {
        let mut closed = schema.clone();
        close(&mut closed);
        let whole = json!({ "allOf": [closed], "components": *STRICT });
        let options = jsonschema::options().should_validate_formats(true);
        Arc::new(options.build(&whole).unwrap())
    });
    Arc::clone(known)
}

/// Refuses in each object what it does not name.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            let is_closed =
                members.get("type") == Some(&json!("object")) && members.contains_key("properties");
            if is_closed && !members.contains_key("additionalProperties") {
                members.insert("additionalProperties".to_owned(), json!(false));
            }
            members.values_mut().for_each(close);
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}
