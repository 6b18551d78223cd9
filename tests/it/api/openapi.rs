//! The OpenAPI document: that it is the one that is checked in and served, and that it has what the code has.

use std::collections::BTreeSet;

use api::openapi::{ALL, Operation, document, text};
use api::problem::Code;
use serde_json::{Value, json};

use super::described::operation;
use super::event::Event;
use super::world::World;

const CHECKED_IN: &str = include_str!("../../../docs/openapi.json");

#[test]
fn the_document_that_is_checked_in_is_made_of_this_code() {
    assert!(
        CHECKED_IN == text(),
        "docs/openapi.json is not what the code says: `cargo xtask openapi` writes it"
    );
}

#[tokio::test]
async fn the_document_is_served_and_not_again_to_who_has_it() {
    let world = World::new();

    let first = world.call(Event::new("GET", "/v1/openapi.json")).await;
    let tag = first.header("etag").unwrap();
    let again = |tag: &str| Event::new("GET", "/v1/openapi.json").header("if-none-match", tag);
    let second = world.call(again(&format!("\"other\", W/{tag}"))).await;
    let other = world.call(again("\"other\"")).await;

    assert_eq!((first.status, first.text.as_str()), (200, CHECKED_IN));
    assert_eq!(first.header("cache-control"), Some("private, no-cache"));
    assert_eq!((second.status, second.text.as_str()), (304, ""));
    assert_eq!(second.header("etag"), Some(tag));
    assert_eq!((other.status, other.text == CHECKED_IN), (200, true));
}

#[test]
fn each_code_is_answered_by_an_operation() {
    let of_operations: BTreeSet<&str> = ALL
        .iter()
        .flat_map(|operation| operation.codes().map(Code::as_str))
        .collect();
    let codes: BTreeSet<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();

    assert_eq!(of_operations, codes);
}

#[test]
fn each_operation_has_a_name_of_its_own_and_links_lead_to_operations() {
    let names: BTreeSet<&str> = ALL.iter().map(|operation| operation.id).collect();
    assert_eq!(names.len(), ALL.len());

    let mut links = 0;
    let paths = document()["paths"].as_object().unwrap().clone();
    let operations = paths
        .values()
        .flat_map(|path| path.as_object().unwrap().values());
    for response in
        operations.flat_map(|operation| operation["responses"].as_object().unwrap().values())
    {
        for link in response["links"]
            .as_object()
            .into_iter()
            .flat_map(|links| links.values())
        {
            assert!(
                names.contains(link["operationId"].as_str().unwrap()),
                "{link}"
            );
            links += 1;
        }
    }
    assert!(links > 5);
}

/// A request for an operation that is accepted as far as parameters go.
fn asked(method: &str, path: &str, query: &str) -> Event {
    let path = path
        .replace("{collection}", "letters")
        .replace("/search/letters", "/search/discussions")
        .replace("{id}", "l-1")
        .replace("{sort}", "s-1")
        .replace("{deletion}", "018f2b1e-0000-7000-8000-000000000000")
        .replace("{action}", "restore");
    let event = Event::new(method, &format!("{path}?{query}"));
    match method {
        "PUT" => event.header("content-type", "application/json").body("{}"),
        "POST" if path.ends_with("destroy_all") => event
            .header("content-type", "application/json")
            .body(r#"{"all": true}"#),
        _ => event,
    }
}

#[tokio::test]
async fn the_parameters_of_the_document_are_those_that_the_routes_know() {
    let world = World::new();
    for known in ALL {
        let described = operation(&format!("{} {}", known.method, known.path)).unwrap();
        let parameters = described["parameters"].as_array().unwrap().iter();
        let query = parameters.filter(|parameter| parameter["in"] == "query");
        let query: BTreeSet<&str> = query
            .map(|parameter| parameter["name"].as_str().unwrap())
            .collect();

        // One route has two lists: with `id` it reads a record.
        let more = if known.id == "listRecords" {
            vec!["", "id=a&"]
        } else {
            vec![""]
        };
        let mut told: BTreeSet<String> = BTreeSet::new();
        for with in more {
            let answer = world
                .call(asked(
                    known.method,
                    known.path,
                    &format!("{with}nonsense=1"),
                ))
                .await;
            assert_eq!(
                answer.code(),
                "UNKNOWN_PARAMETER",
                "{}: {answer:?}",
                known.id
            );
            let detail = answer.body["detail"]
                .as_str()
                .unwrap()
                .trim_end_matches('.');
            let names = detail.rsplit_once(": ").unwrap().1;
            told.extend(
                names
                    .split(", ")
                    .filter(|name| *name != "none")
                    .map(str::to_owned),
            );
        }
        if known.path.contains("{id}") {
            // Where the path names the record, a second name for it is refused in words of its own.
            told.retain(|name| !["id", "sort"].contains(&name.as_str()));
        }

        // The parts of an id have the names that their collection gives them.
        let query = query.into_iter().filter(|name| *name != "parts");
        assert_eq!(told, query.map(str::to_owned).collect(), "{}", known.id);
    }
}

#[tokio::test]
async fn the_headers_of_the_document_are_those_that_the_routes_take() {
    let world = World::new();
    for known in ALL {
        let described = operation(&format!("{} {}", known.method, known.path)).unwrap();
        for (name, value) in [
            ("Idempotency-Key", "k"),
            ("If-Match", "\"1\""),
            ("If-None-Match", "*"),
        ] {
            let mut parameters = described["parameters"].as_array().unwrap().iter();
            let is_described = parameters.any(|parameter| parameter["name"] == name);

            let asked =
                asked(known.method, known.path, "").header(&name.to_ascii_lowercase(), value);
            let answer = world.call(asked).await;

            let is_taken = answer.code() != "HEADER_NOT_ALLOWED";
            // A GET is answered in full, whatever a client has.
            let is_expected = is_described || (known.method == "GET" && name == "If-None-Match");
            assert_eq!(is_taken, is_expected, "{} {name}: {answer:?}", known.id);
        }
    }
}

/// A request for an operation that is wrong in the way that the code is about.
fn wrong(code: Code, known: &Operation) -> Event {
    let (method, path) = (known.method, known.path);
    let json = "application/json";
    match code {
        Code::Unauthenticated => asked(method, path, "").authorizer(Value::Null),
        Code::TenantMissing => asked(method, path, "").with_token(&json!({ "sub": "ann" })),
        Code::UnknownParameter => asked(method, path, "nonsense=1"),
        Code::InvalidParameter => asked(method, path, "limit=%zz"),
        Code::InvalidHeader => asked(method, path, "").header("if-match", "é"),
        Code::BodyNotAllowed | Code::InvalidBody => asked(method, path, "")
            .header("content-type", json)
            .body("[]"),
        Code::UnsupportedMediaType => asked(method, path, "")
            .header("content-type", "text/plain")
            .body("{}"),
        Code::CollectionNotFound => asked(method, &path.replace("{collection}", "nothing"), ""),
        other => panic!("no request is made for {other:?}"),
    }
}

#[tokio::test]
async fn what_may_be_wrong_with_any_request_is_told_with_the_codes_of_the_document() {
    let world = World::new();
    for known in ALL {
        let codes: BTreeSet<&str> = known.codes().map(Code::as_str).collect();
        for code in [
            Code::Unauthenticated,
            Code::TenantMissing,
            Code::UnknownParameter,
            Code::InvalidParameter,
            Code::InvalidHeader,
            Code::BodyNotAllowed,
            Code::InvalidBody,
            Code::UnsupportedMediaType,
            Code::CollectionNotFound,
        ] {
            let answer = world.call(wrong(code, known)).await;

            let is_told = answer.code() == code.as_str();
            let is_described = codes.contains(code.as_str());
            assert_eq!(is_told, is_described, "{} {code:?}: {answer:?}", known.id);
        }
    }
}

#[tokio::test]
async fn the_fields_of_destroy_all_are_those_of_the_document() {
    let world = World::new();
    let described = document();
    let fields = described["components"]["schemas"]["DestroyAll"]["properties"]
        .as_object()
        .unwrap();

    let answer = world
        .call(
            Event::new("POST", "/v1/letters/destroy_all")
                .header("content-type", "application/json")
                .body(r#"{"nonsense": 1}"#),
        )
        .await;

    let detail = answer.body["detail"]
        .as_str()
        .unwrap()
        .trim_end_matches('.');
    let told: BTreeSet<&str> = detail.rsplit_once(": ").unwrap().1.split(", ").collect();
    assert_eq!(told, fields.keys().map(String::as_str).collect());
}

#[tokio::test]
async fn each_path_has_the_methods_of_the_document() {
    let world = World::new();
    let described: Value = document();
    for (path, methods) in described["paths"].as_object().unwrap() {
        for method in [
            "GET", "PUT", "POST", "DELETE", "PATCH", "HEAD", "TRACE", "OPTIONS",
        ] {
            let is_described = methods[method.to_ascii_lowercase()].is_object();
            // The path of a record is that of `destroy_all` too, where its id is this word.
            let answer = world.call(asked(method, path, "")).await;
            let is_known = answer.status != 405;
            let is_of_a_record = path == "/v1/{collection}/destroy_all"
                && ["GET", "PUT", "DELETE"].contains(&method);
            assert_eq!(
                is_known,
                is_described || is_of_a_record,
                "{method} {path}: {answer:?}"
            );
            if method == "HEAD" {
                assert_eq!(answer.body, json!(null));
            }
        }
    }
}
