//! The OpenAPI document, made of the table of operations, the codes, and the types of bodies.
//!
//! `cargo xtask openapi` writes it to `docs/openapi.json`, which is what is served; a test compares the two.

mod answers;
mod examples;
mod operations;
mod parameters;
mod recorded;

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use self::answers::{ALLOW, CACHE_CONTROL, Header, NO_SNIFFING, RETRY_AFTER, WWW_AUTHENTICATE};
use self::operations::Body;
pub use self::operations::{ALL, Operation};
use self::parameters::of_path;
use crate::forms::GatewayAnswer;
use crate::problem::Code;
use crate::respond::ProblemView;
use crate::routes::DestroyAll;

const DESCRIPTION: &str = "Deletes records and all below them, shows and restores deletions, and serves live records. \
    Every operation is for callers with a token whose claims name a tenant; another tenant's records are absent. \
    An answer may have more members than its schema; the codes of problems are stable.";

/// The statuses that the gateway answers by itself.
const OF_THE_GATEWAY: [u16; 7] = [401, 403, 413, 429, 500, 503, 504];

/// The document.
#[must_use]
pub fn document() -> Value {
    let mut settings = SchemaSettings::openapi3().for_serialize();
    settings.meta_schema = None;
    // The transforms are for OpenAPI 3.0, which has a dialect of its own.
    settings.transforms.clear();
    let mut schemas = settings.into_generator();
    let mut paths: Map<String, Value> = Map::new();
    for operation in ALL {
        let methods = paths.entry(operation.path).or_insert_with(|| json!({}));
        methods[operation.method.to_ascii_lowercase()] = described(operation, &mut schemas);
    }
    let responses = shared(&mut paths);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Tombstone",
            "version": "1",
            "description": DESCRIPTION,
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "/", "description": "Where the API is deployed." }],
        "security": [{ "token": [] }],
        "paths": paths,
        "components": {
            "schemas": schemas.take_definitions(true),
            "responses": responses,
            "securitySchemes": {
                "token": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT" },
            },
        },
    })
}

/// The document as it is checked in.
#[must_use]
pub fn text() -> String {
    format!("{:#}\n", document())
}

fn described(operation: &Operation, schemas: &mut SchemaGenerator) -> Value {
    let examples = examples::of(operation.id);
    let names = operation
        .path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let parameters: Vec<Value> = names
        .filter_map(of_path)
        .chain(operation.parameters.iter().copied())
        .map(|parameter| parameter.value(examples))
        .collect();
    let mut responses: Map<String, Value> = Map::new();
    for answer in operation.answers {
        responses.insert(answer.status.to_string(), answer.value(schemas));
    }
    recorded::add(&mut responses, operation.id, examples);
    responses.extend(refusals(operation, schemas));
    let mut value = json!({
        "operationId": operation.id,
        "summary": operation.summary,
        "tags": [operation.tag],
        "parameters": parameters,
        "responses": responses,
    });
    if let Some(mut body) = body(operation.body, schemas) {
        let bodies = examples::of_body(examples);
        body["content"]["application/json"]["examples"] = bodies.into();
        value["requestBody"] = body;
    }
    value
}

/// Takes out the refusals that several operations have, and leaves references to them.
fn shared(paths: &mut Map<String, Value>) -> Map<String, Value> {
    let operations = paths
        .values_mut()
        .filter_map(Value::as_object_mut)
        .flat_map(Map::values_mut);
    let responses = operations.filter_map(|operation| operation["responses"].as_object_mut());
    let mut shared: Map<String, Value> = Map::new();
    for (status, response) in responses
        .flatten()
        .filter(|(status, _)| status.as_str() >= "400")
    {
        let known = shared
            .iter()
            .find(|(_, known)| *known == response)
            .map(|(name, _)| name.clone());
        let name = known.unwrap_or_else(|| {
            let before = shared
                .keys()
                .filter(|name| name.contains(status.as_str()))
                .count();
            let name = format!("Refused{status}{}", letter(before));
            shared.insert(name.clone(), response.clone());
            name
        });
        *response = json!({ "$ref": format!("#/components/responses/{name}") });
    }
    shared
}

/// Nothing for the first one, then letters.
fn letter(place: usize) -> String {
    let place = u8::try_from(place).unwrap_or_default();
    if place == 0 {
        String::new()
    } else {
        char::from(b'A' + place).to_string()
    }
}

fn body(body: Body, schemas: &mut SchemaGenerator) -> Option<Value> {
    let (required, schema) = match body {
        Body::Nothing => return None,
        Body::Empty => (
            false,
            json!({ "type": "object", "additionalProperties": false }),
        ),
        Body::Attributes => (
            true,
            json!({ "type": "object", "description": "The attributes of the record." }),
        ),
        Body::DestroyAll => (true, schemas.subschema_for::<DestroyAll>().into()),
    };
    Some(json!({ "required": required, "content": { "application/json": { "schema": schema } } }))
}

/// What it is answered with when it is not done, by status.
fn refusals(operation: &Operation, schemas: &mut SchemaGenerator) -> Map<String, Value> {
    let mut codes: Vec<Code> = operation.codes().collect();
    codes.sort_by_key(|code| (code.status().as_u16(), code.as_str()));
    codes.dedup();
    let mut statuses: Vec<u16> = codes
        .iter()
        .map(|code| code.status().as_u16())
        .chain(OF_THE_GATEWAY)
        .collect();
    statuses.sort_unstable();
    statuses.dedup();
    statuses
        .into_iter()
        .map(|status| {
            let codes: Vec<Code> = codes
                .iter()
                .copied()
                .filter(|code| code.status().as_u16() == status)
                .collect();
            (status.to_string(), refusal(status, &codes, schemas))
        })
        .collect()
}

fn refusal(status: u16, codes: &[Code], schemas: &mut SchemaGenerator) -> Value {
    let mut content = Map::new();
    let mut description: Vec<String> = codes
        .iter()
        .map(|code| format!("`{}`: {}.", code.as_str(), code.title()))
        .collect();
    if !codes.is_empty() {
        let names: Vec<&str> = codes.iter().map(|code| code.as_str()).collect();
        let problem = schemas.subschema_for::<ProblemView>();
        let schema = json!({ "allOf": [problem, { "properties": { "code": { "enum": names } } }] });
        content.insert(
            "application/problem+json".to_owned(),
            json!({ "schema": schema }),
        );
    }
    if OF_THE_GATEWAY.contains(&status) {
        let schema = schemas.subschema_for::<GatewayAnswer>();
        content.insert("application/json".to_owned(), json!({ "schema": schema }));
        description.push("Or the gateway answers by itself, without a code.".to_owned());
    }
    let headers: Map<_, _> = headers_of(status)
        .iter()
        .map(|header| {
            (header.name.to_owned(), {
                let mut value = header.value();
                // The gateway's own answers have none of them.
                value["required"] =
                    (!OF_THE_GATEWAY.contains(&status) && header.name != RETRY_AFTER.name).into();
                value
            })
        })
        .collect();
    json!({ "description": description.join(" "), "headers": headers, "content": content })
}

fn headers_of(status: u16) -> &'static [&'static Header] {
    match status {
        401 => &[&CACHE_CONTROL, &NO_SNIFFING, &WWW_AUTHENTICATE],
        405 => &[&CACHE_CONTROL, &NO_SNIFFING, &ALLOW],
        409 | 429 | 503 => &[&CACHE_CONTROL, &NO_SNIFFING, &RETRY_AFTER],
        _ => &[&CACHE_CONTROL, &NO_SNIFFING],
    }
}
