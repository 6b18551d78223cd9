//! How much one request may bring, and how long it may take: `docs/limits.md`, line by line.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use testing::Operation;
use testing::samples::{key, mark, marked, row};

use super::event::Event;
use super::world::World;
use super::writing::{brief, post, put};

const MORE: &str = r#"
[memos]
table       = "memos"
key         = ["memo_id"]
tenant      = { attribute = "realm", gsi = "by_realm" }
strategy    = "flag"
retention   = "30d"
serve       = ["read"]
permissions = { read = ["member"], delete = ["admin"], destroy_all = ["admin"] }

[albums]
table       = "albums"
key         = ["album_id"]
tenant      = "realm"
strategy    = "flag"
retention   = "30d"
permissions = { delete = ["admin"] }

[photos]
table       = "photos"
key         = ["photo_id"]
tenant      = "realm"
parent      = { collection = "albums", by = ["album_id"], gsi = "by_album", on_delete = "restrict" }
strategy    = "flag"
retention   = "30d"
permissions = { delete = ["admin"] }
"#;

fn get(target: &str) -> Event {
    Event::new("GET", target)
}

fn destroy(body: &str) -> Event {
    Event::new("POST", "/v1/memos/destroy_all")
        .header("content-type", "application/json")
        .body(body)
}

#[tokio::test]
async fn a_part_of_a_key_has_at_most_1024_bytes() {
    let world = post();
    let (fits, long) = ("é".repeat(512), "é".repeat(512) + "a");
    for target in ["/v1/rooms/ID", "/v1/rooms?id=ID", "/v1/letters?parent=ID"] {
        let ask = |id: &str| world.call(get(&target.replace("ID", &super::event::encode(id))));

        assert_ne!(ask(&fits).await.status, 400, "{target}");
        assert_eq!(brief(&ask(&long).await), (400, "INVALID_ID"), "{target}");
    }
}

#[tokio::test]
async fn a_header_names_at_most_20_versions() {
    let world = post();
    for (count, expected) in [
        (20, (412, "PRECONDITION_FAILED")),
        (21, (400, "INVALID_HEADER")),
    ] {
        let tags = vec!["\"1\""; count].join(", ");
        for event in [
            put("/v1/rooms/r-1", &json!({})),
            Event::new("DELETE", "/v1/rooms/r-1"),
        ] {
            let answer = world.call(event.header("if-match", &tags)).await;
            assert_eq!(brief(&answer), expected);
        }
    }
}

#[tokio::test]
async fn a_header_that_http_does_not_allow_is_the_clients_error_on_every_route() {
    for (method, target) in [
        ("GET", "/v1/rooms/r-1"),
        ("GET", "/v1/rooms"),
        ("GET", "/v1/deletions"),
        ("GET", "/v1/collections"),
        ("PUT", "/v1/rooms/r-1"),
        ("DELETE", "/v1/rooms/r-1"),
        ("POST", "/v1/rooms/destroy_all"),
        ("POST", "/v1/deletions/x/restore"),
    ] {
        for (name, value, pointer) in [
            ("x-odd", "a\u{1}b", "/header/x-odd"),
            ("x-odd", "a\nb", "/header/x-odd"),
            ("idempotency-key", "k\u{7f}", "/header/idempotency-key"),
            ("x odd", "a", "/header/x?odd"),
        ] {
            let world = post();
            let mut event = Event::new(method, target).raw();
            event["headers"][name] = json!(value);

            let answer = world.serve(event).await;

            assert_eq!(brief(&answer), (400, "INVALID_HEADER"), "{method} {target}");
            assert_eq!(answer.pointers(), [pointer]);
            assert!(world.is_untouched());
        }
    }
    let mut unknown = get("/v1/rooms/r-1").authorizer(Value::Null).raw();
    unknown["headers"]["x-odd"] = json!("\u{1}");
    assert_eq!(post().serve(unknown).await.code(), "UNAUTHENTICATED");
}

#[tokio::test]
async fn a_page_has_at_most_as_many_items_as_its_list_says() {
    let world = World::with(MORE);
    world.put("memos", &key("m-1"));
    world.call(Event::new("DELETE", "/v1/memos/m-1")).await;
    let deletion = world.deletions.all()[0].id;
    for (target, most) in [
        ("/v1/memos".to_owned(), 100),
        ("/v1/search/rooms?q=a".to_owned(), 100),
        ("/v1/deletions".to_owned(), 100),
        (format!("/v1/deletions/{deletion}/records"), 1000),
    ] {
        let and = if target.contains('?') { '&' } else { '?' };
        for (limit, expected) in [
            (0, "INVALID_PARAMETER"),
            (1, ""),
            (most, ""),
            (most + 1, "INVALID_PARAMETER"),
        ] {
            let answer = world
                .call(get(&format!("{target}{and}limit={limit}")))
                .await;
            assert_eq!(answer.code(), expected, "{target} {limit}");
        }
    }
}

#[tokio::test]
async fn the_body_of_a_bulk_delete_has_at_most_a_million_bytes_as_the_client_wrote_them() {
    for (bytes, expected) in [(1_000_000, 202), (1_000_001, 413)] {
        let body = r#"{"ids":["m-1"]}"#;
        let body = body.to_owned() + &" ".repeat(bytes - body.len());
        // A third longer, and not the client's doing.
        let mut encoded = destroy(&STANDARD.encode(&body)).raw();
        encoded["isBase64Encoded"] = json!(true);
        let world = World::with(MORE);

        assert_eq!(world.call(destroy(&body)).await.status, expected);
        assert_eq!(world.serve(encoded).await.status, expected);
    }
}

#[tokio::test]
async fn a_bulk_delete_names_at_most_a_thousand_ids() {
    for (count, expected) in [(1000, 202), (1001, 400)] {
        let ids: Vec<String> = (0..count).map(|n| n.to_string()).collect();
        let answer = World::with(MORE)
            .call(destroy(&json!({ "ids": ids }).to_string()))
            .await;
        assert_eq!(answer.status, expected);
    }
}

#[tokio::test]
async fn json_is_read_to_a_depth_of_127() {
    let put = async |depth: usize, beside: &str| {
        let (open, close) = ("[".repeat(depth - 1), "]".repeat(depth - 1));
        let event = Event::new("PUT", "/v1/rooms/r-9")
            .header("content-type", "application/json")
            .body(&format!(r#"{{{beside}"a":{open}{close}}}"#));
        post().call(event).await
    };

    assert_eq!(put(126, "").await.status, 201);
    // An answer that shows the record is one deeper, and these tests read no deeper either: a refusal says that the body
    // was read.
    let marked = r#""deleted_at":null,"#;
    assert_eq!(put(127, marked).await.code(), "MARK_NOT_ALLOWED");
    for depth in [128, 100_000] {
        let answer = put(depth, marked).await;
        assert_eq!(
            (answer.status, answer.code()),
            (400, "INVALID_BODY"),
            "{depth}"
        );
    }
}

#[tokio::test]
async fn a_search_has_at_most_1000_bytes_50_words_and_5_prefixes() {
    let world = post();
    let (bytes, words, prefixes) = ("a".repeat(1000), vec!["a"; 50].join("+"), "a* ".repeat(5));
    for (text, longer) in [
        (bytes.clone(), bytes + "a"),
        (words.clone(), words + "+a"),
        (prefixes.clone(), prefixes + "a*"),
    ] {
        let ask = |text: &str| {
            get(&format!(
                "/v1/search/rooms?q={}",
                super::event::encode(text)
            ))
        };

        assert_eq!(world.call(ask(&text)).await.status, 200, "{text}");
        let refused = world.call(ask(&longer)).await;
        assert_eq!(brief(&refused), (400, "INVALID_PARAMETER"), "{longer}");
    }
}

#[tokio::test]
async fn a_parent_with_more_deleted_children_than_can_be_looked_through_is_not_deleted() {
    let world = World::with(MORE);
    world.put("albums", &key("a-1"));
    let photos = world.collection("photos");
    for n in 0..2_500 {
        let mut row = row(photos, &key(&format!("p-{n:04}")), "acme");
        row.insert("album_id".to_owned(), json!("a-1"));
        world.rows.put(photos, marked(photos, row, &mark(1)));
    }
    let delete = || world.call(Event::new("DELETE", "/v1/albums/a-1"));
    world
        .faults
        .slow_at(Operation::QueryRows, Duration::from_secs(2));

    let slow = delete().await;
    assert_eq!(brief(&slow), (409, "HAS_CHILDREN"));
    assert!(world.deletions.all().is_empty());

    world.faults.clear();
    assert_eq!(brief(&delete().await), (202, "PENDING_DELETE"));
}
