//! The examples of the OpenAPI document: each request is sent, and is answered as the document shows.
//!
//! With `RECORD_EXAMPLES` set, the answers are written to `functions/api/src/openapi/recorded.json` instead of compared;
//! `cargo xtask openapi` then puts them into the document.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use api::openapi::{ALL, Operation};
use domain::collection::Collections;
use domain::key::RecordKey;
use regex_lite::Regex;
use serde_json::{Map, Value, json};
use testing::samples::{self, key, key2};

use super::described::operation;
use super::event::{Event, encode};
use super::world::{Answer, World};

const FILES: [&str; 3] = [
    include_str!("../../../collections/mail.toml"),
    include_str!("../../../collections/notifications.toml"),
    include_str!("../../../collections/tasks.toml"),
];

/// The document itself is no example of its answer, which it would be in.
const WITHOUT: [&str; 1] = ["openapi"];

fn put(world: &World, collection: &str, key: &RecordKey, more: Value) {
    let mut row = samples::row(world.collection(collection), key, "acme");
    if let Value::Object(more) = more {
        row.extend(more);
    }
    world.put_row(collection, row);
}

/// What the examples speak of, and the id of a deletion.
async fn exemplary() -> (World, String) {
    let world = World::of(&Arc::new(Collections::for_tests(&FILES.concat())));
    for discussion in ["d-0", "d-1"] {
        put(&world, "discussions", &key(discussion), Value::Null);
        for message in ["m-1", "m-2", "m-3"] {
            let body = json!({ "body": "A body of moss" });
            put(&world, "messages", &key2(discussion, message), body);
        }
    }
    put(&world, "targets", &key("u-1"), json!({ "name": "Ann" }));
    for notification in ["n-1", "n-2"] {
        let more = json!({
            "kind": "comment", "text": "Bob has answered",
            "sent_at": "2026-10-30T07:00:00.000Z", "opened_at": "2026-10-30T08:00:00.000Z",
        });
        put(&world, "notifications", &key2("u-1", notification), more);
    }
    let answer = world
        .call(Event::new("DELETE", "/v1/discussions/d-0"))
        .await;
    world.deliver_all_to_the_end().await;
    let id = answer.body["deletion"]["id"].as_str().unwrap().to_owned();
    (world, id)
}

/// The request that the document describes with this example.
fn request(known: &Operation, described: &Value, name: &str, deletion: &str) -> Event {
    let (mut path, mut query) = (known.path.to_owned(), Vec::new());
    let mut headers = Vec::new();
    for parameter in described["parameters"].as_array().unwrap() {
        let value = match &parameter["examples"][name]["value"] {
            Value::Null => continue,
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let of = parameter["name"].as_str().unwrap();
        match parameter["in"].as_str().unwrap() {
            "path" if of == "deletion" => path = path.replace("{deletion}", deletion),
            "path" => path = path.replace(&format!("{{{of}}}"), &encode(&value)),
            "query" => query.push(format!("{of}={}", encode(&value))),
            _ => headers.push((of.to_ascii_lowercase(), value)),
        }
    }
    let mut event = Event::new(known.method, &format!("{path}?{}", query.join("&")));
    for (header, value) in headers {
        event = event.header(&header, &value);
    }
    let bodies = &described["requestBody"]["content"]["application/json"]["examples"];
    match bodies[name].get("value") {
        Some(body) => event
            .header("content-type", "application/json")
            .body(&body.to_string()),
        None => event,
    }
}

/// The names of the examples of an operation.
fn names(described: &Value) -> BTreeSet<String> {
    let parameters = described["parameters"].as_array().unwrap();
    let requests = parameters.iter().map(|parameter| &parameter["examples"]);
    let responses = described["responses"].as_object().unwrap().values();
    let answers = responses.map(|response| &response["content"]["application/json"]["examples"]);
    let all = requests.chain(answers).filter_map(Value::as_object);
    all.flat_map(Map::keys).cloned().collect()
}

/// An answer without what differs each time: the id of a deletion is that of the examples, and a cursor is sealed anew.
fn masked(answer: &Answer) -> Value {
    let id = Regex::new("[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}").unwrap();
    let text = id.replace_all(&answer.text, "019aa5c0-7b3e-7cc1-a5b2-3f0f1e6d2c4a");
    let mut body: Value = serde_json::from_str(&text).unwrap();
    if body["next_cursor"].is_string() {
        body["next_cursor"] = json!("a text that says nothing");
    }
    json!({ "status": answer.status, "body": body })
}

/// As the document shows the answer to an example.
fn shown(described: &Value, name: &str) -> Value {
    let responses = described["responses"].as_object().unwrap().iter();
    let mut shown = responses.filter_map(|(status, response)| {
        let value = response["content"]["application/json"]["examples"][name].get("value")?;
        let status: u16 = status.parse().unwrap();
        Some(json!({ "status": status, "body": value }))
    });
    shown.next().unwrap_or_default()
}

#[tokio::test]
async fn each_example_of_the_document_is_answered_as_it_shows() {
    let is_recorded = std::env::var_os("RECORD_EXAMPLES").is_some();
    let (mut sent, mut recorded) = (0, json!({}));
    for known in ALL.iter().filter(|known| !WITHOUT.contains(&known.id)) {
        let described = operation(&format!("{} {}", known.method, known.path)).unwrap();
        let mut names = names(described);
        if known.id == "listCollections" {
            // It takes nothing, so only its answer could be an example.
            names.insert("all".to_owned());
        }
        assert!(!names.is_empty(), "{} has no example", known.id);
        for name in names {
            let (world, deletion) = exemplary().await;

            let event = request(known, described, &name, &deletion);
            let answer = world.call(event).await;

            assert!(answer.status < 300, "{} {name}: {answer:?}", known.id);
            let masked = masked(&answer);
            if !is_recorded {
                let shown = shown(described, &name);
                assert_eq!(
                    masked, shown,
                    "{} {name}: see the head of this file",
                    known.id
                );
            }
            recorded[known.id][&name] = masked;
            sent += 1;
        }
    }
    assert!(sent > ALL.len());
    if is_recorded {
        let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let file = here.join("../functions/api/src/openapi/recorded.json");
        std::fs::write(file, format!("{recorded:#}\n")).unwrap();
    }
}
