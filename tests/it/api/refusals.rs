//! Anything that is not understood is refused with its code, and nothing is changed.

use testing::samples::{key, key2};

use super::event::Event;
use super::world::World;

fn mail() -> World {
    let world = World::new();
    world.put("discussions", &key("d-1"));
    world.put("messages", &key2("d-1", "m-1"));
    world.put("notes", &key("n-1"));
    world
}

/// Method, target, status, code, and the pointer if there is one.
const REFUSED: &str = "
# Routes
GET / 404 ROUTE_NOT_FOUND
GET /v1 404 ROUTE_NOT_FOUND
GET /v2/discussions/d-1 404 ROUTE_NOT_FOUND
DELETE /v1/deletions/x/records/y/z 404 ROUTE_NOT_FOUND
DELETE /v1/unknown/d-1 404 COLLECTION_NOT_FOUND /path/collection
GET /v1/unknown 404 COLLECTION_NOT_FOUND /path/collection
PUT /v1/unknown/d-1 404 COLLECTION_NOT_FOUND /path/collection
GET /v1/search/unknown?q=x 404 COLLECTION_NOT_FOUND /path/collection
GET /v1/search 404 COLLECTION_NOT_FOUND /path/collection
DELETE /v1/deletions/d/1 404 ROUTE_NOT_FOUND
DELETE /v1/Discussions/d-1 404 COLLECTION_NOT_FOUND /path/collection
GET /v1/notes/n-1 404 ROUTE_NOT_FOUND
GET /v1/notes 404 ROUTE_NOT_FOUND
GET /v1/search/notes?q=x 404 ROUTE_NOT_FOUND
GET /v1/search/drafts?q=x 404 ROUTE_NOT_FOUND
# Ids
DELETE /v1/discussions 400 INVALID_ID /query/id
DELETE /v1/discussions/ 400 INVALID_ID /path/id
DELETE /v1/discussions?id= 400 INVALID_ID /query/id
DELETE /v1/discussions?id 400 INVALID_ID /query/id
DELETE /v1/discussions/LONG 400 INVALID_ID /path/id
DELETE /v1/discussions?id=LONG 400 INVALID_ID /query/id
DELETE /v1/discussions?id=d-1&sort=x 400 INVALID_ID /query/sort
DELETE /v1/discussions?sort=x 400 INVALID_ID /query/id
DELETE /v1/messages/d-1 400 INVALID_ID /path/sort
DELETE /v1/messages/d-1/ 400 INVALID_ID /path/sort
DELETE /v1/messages//m-1 400 INVALID_ID /path/id
DELETE /v1/messages?id=d-1 400 INVALID_ID /query/sort
DELETE /v1/messages?id=d-1&sort= 400 INVALID_ID /query/sort
DELETE /v1/messages/d-1/LONG 400 INVALID_ID /path/sort
DELETE /v1/discussions/d-1/m-1 400 ID_NEEDS_QUERY /path/id
GET /v1/discussions/d-1/m-1 400 ID_NEEDS_QUERY /path/id
DELETE /v1/discussions/d-1/ 400 ID_NEEDS_QUERY /path/id
DELETE /v1/messages/d-1/m-1/x 400 ID_NEEDS_QUERY /path/id
DELETE /v1/discussions/d-1?id=d-1 400 INVALID_PARAMETER /query/id
GET /v1/discussions/d-1?id=d-1 400 INVALID_PARAMETER /query/id
DELETE /v1/messages/d-1?sort=m-1 400 INVALID_PARAMETER /query/sort
# Parameters
DELETE /v1/discussions/d-1?force=true 400 UNKNOWN_PARAMETER /query/force
DELETE /v1/discussions/d-1?a/b~c 400 UNKNOWN_PARAMETER /query/a~1b~0c
DELETE /v1/discussions?id=d-1&id=d-1 400 INVALID_PARAMETER /query/id
DELETE /v1/discussions?id=%FF 400 INVALID_PARAMETER /query/id
DELETE /v1/discussions?id=d-1% 400 INVALID_PARAMETER /query/id
DELETE /v1/discussions?id=d-1&limit=1 400 UNKNOWN_PARAMETER /query/limit
GET /v1/discussions?id=d-1&limit=1 400 UNKNOWN_PARAMETER /query/limit
GET /v1/discussions?sort=x 400 UNKNOWN_PARAMETER /query/sort
GET /v1/discussions?limit=0 400 INVALID_PARAMETER /query/limit
GET /v1/discussions?limit=101 400 INVALID_PARAMETER /query/limit
GET /v1/discussions?limit=ten 400 INVALID_PARAMETER /query/limit
GET /v1/discussions?parent=x 400 UNKNOWN_PARAMETER /query/parent
GET /v1/messages?parent= 400 INVALID_ID /query/parent
GET /v1/messages?parent=d-1&parent_sort=x 400 INVALID_ID /query/parent_sort
GET /v1/messages?parent_sort=x 400 PARENT_REQUIRED /query/parent
GET /v1/search/discussions 400 INVALID_PARAMETER /query/q
GET /v1/search/discussions?q= 400 INVALID_PARAMETER /query/q
GET /v1/search/discussions?q=%20 400 INVALID_PARAMETER /query/q
GET /v1/search/discussions?q=TEXT 400 INVALID_PARAMETER /query/q
GET /v1/search/discussions?q=x&parent=d-1 400 UNKNOWN_PARAMETER /query/parent
GET /v1/deletions?state=DONE 400 INVALID_PARAMETER /query/state
GET /v1/deletions?state=deleted 400 INVALID_PARAMETER /query/state
GET /v1/deletions?collection=No 400 INVALID_PARAMETER /query/collection
GET /v1/deletions?requested_by= 400 INVALID_PARAMETER /query/requested_by
GET /v1/deletions?tenant=globex 400 UNKNOWN_PARAMETER /query/tenant
GET /v1/deletions/x?limit=1 400 UNKNOWN_PARAMETER /query/limit
GET /v1/deletions/x/records?state=DELETED 400 UNKNOWN_PARAMETER /query/state
GET /v1/deletions/x 404 DELETION_NOT_FOUND
";

#[tokio::test]
async fn what_is_not_understood_is_refused_and_changes_nothing() {
    let (long, text) = ("x".repeat(1025), "x".repeat(1001));
    for line in REFUSED
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        let words: Vec<&str> = line.split(' ').collect();
        let target = words[1].replace("LONG", &long).replace("TEXT", &text);
        let world = mail();

        let answer = world.call(Event::new(words[0], &target)).await;

        assert_eq!(
            format!("{} {}", answer.status, answer.code()),
            words[2..4].join(" "),
            "{line}"
        );
        assert_eq!(answer.pointers(), words[4..], "{line}");
        assert!(world.is_untouched(), "{line}");
    }
}

#[tokio::test]
async fn another_method_is_told_which_ones_the_route_knows() {
    for (method, target, allow) in [
        ("PUT", "/v1/discussions/d-1", "GET, DELETE"),
        ("POST", "/v1/discussions", "GET, DELETE"),
        ("PATCH", "/v1/messages/d-1/m-1", "GET, DELETE"),
        ("HEAD", "/v1/discussions/d-1", "GET, DELETE"),
        ("OPTIONS", "/v1/discussions/d-1", "GET, DELETE"),
        ("POST", "/v1/discussions/d-1/m-1/x", "GET, DELETE"),
        ("PUT", "/v1/notes/n-1", "DELETE"),
        ("DELETE", "/v1/deletions", "GET"),
        ("HEAD", "/v1/deletions", "GET"),
        ("DELETE", "/v1/deletions/x", "GET"),
        ("POST", "/v1/deletions/x/records", "GET"),
        ("DELETE", "/v1/search/discussions", "GET"),
    ] {
        let world = mail();

        let answer = world.call(Event::new(method, target).body("{")).await;

        assert_eq!(answer.status, 405, "{method} {target}");
        assert_eq!(answer.header("allow"), Some(allow), "{method} {target}");
        assert!(
            method == "HEAD" || answer.code() == "METHOD_NOT_ALLOWED",
            "{method} {target}"
        );
        assert!(world.is_untouched(), "{method} {target}");
    }
}

#[tokio::test]
async fn a_body_is_refused_whatever_it_holds() {
    for (method, target) in [
        ("DELETE", "/v1/discussions/d-1"),
        ("DELETE", "/v1/discussions?id=d-1"),
        ("GET", "/v1/discussions/d-1"),
        ("GET", "/v1/discussions"),
        ("GET", "/v1/deletions"),
        ("GET", "/v1/search/discussions?q=x"),
        ("DELETE", "/v1/discussions/d-1/"),
    ] {
        for body in ["{}", "{", "null", " "] {
            let world = mail();

            let answer = world.call(Event::new(method, target).body(body)).await;

            assert_eq!(
                (answer.status, answer.code()),
                (400, "BODY_NOT_ALLOWED"),
                "{method} {target}"
            );
            assert_eq!(answer.pointers(), ["/body"]);
            assert!(world.is_untouched());
        }
    }
    assert_eq!(
        mail()
            .call(Event::new("DELETE", "/v1/discussions/d-1").body(""))
            .await
            .status,
        202
    );
}

#[tokio::test]
async fn a_header_that_a_route_does_not_take_is_refused() {
    let all = [
        "idempotency-key",
        "if-match",
        "if-none-match",
        "content-range",
    ];
    for (method, target, refused) in [
        ("DELETE", "/v1/discussions/d-1", &["if-none-match"][..]),
        (
            "GET",
            "/v1/discussions/d-1",
            &["idempotency-key", "if-match"],
        ),
        ("GET", "/v1/deletions", &["idempotency-key", "if-match"]),
        (
            "PUT",
            "/v1/rooms/r-1",
            &["idempotency-key", "content-range"],
        ),
        (
            "POST",
            "/v1/discussions/destroy_all",
            &["if-match", "if-none-match"],
        ),
        ("POST", "/v1/deletions/x/cancel", &["if-none-match"]),
    ] {
        for header in all {
            let world = mail();

            let event = Event::new(method, target).header(header, "\"1\"");
            let answer = world.call(event).await;

            let is_refused = answer.code() == "HEADER_NOT_ALLOWED";
            assert_eq!(
                is_refused,
                refused.contains(&header),
                "{method} {target} {header}"
            );
            if is_refused {
                assert_eq!(answer.pointers(), [format!("/header/{header}")]);
                assert!(world.is_untouched());
            }
        }
    }
}

#[tokio::test]
async fn an_event_without_optional_parts_is_answered_all_the_same() {
    let world = mail();
    let event = Event::new("GET", "/v1/discussions/d-1");

    for member in [
        "rawQueryString",
        "routeKey",
        "pathParameters",
        "isBase64Encoded",
        "version",
    ] {
        assert_eq!(
            world.call(event.clone().without(member)).await.status,
            200,
            "{member}"
        );
    }
}
