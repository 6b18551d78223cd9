//! What is below a record that the caller may do nothing to: their own stays theirs, and nothing is told of the parent.

use serde_json::json;
use testing::samples::{self, key, key2};

use super::event::Event;
use super::world::{Answer, World};

/// Books are their writers' alone, and so are leaves and margins; of boxes nobody reads any.
const MORE: &str = r#"
[books]
table       = "books"
key         = ["book_id"]
tenant      = "realm"
strategy    = "flag"
retention   = "30d"
author      = "writer"
serve       = ["read", "write"]
permissions = { read = ["author"], write = ["author"], delete = ["admin"], restore = ["admin"] }

[leaves]
table       = "leaves"
key         = ["book_id", "leaf_id"]
tenant      = "realm"
parent      = { collection = "books", by = ["book_id"], on_delete = "cascade" }
strategy    = "flag"
retention   = "30d"
author      = "writer"
serve       = ["read", "write"]
permissions = { read = ["author"], write = ["author"], delete = ["admin"], restore = ["admin"] }

[margins]
table       = "margins"
key         = ["margin_id"]
tenant      = "realm"
parent      = { collection = "books", by = ["book_id"], gsi = "by_book", on_delete = "cascade" }
strategy    = "flag"
retention   = "30d"
author      = "writer"
serve       = ["read", "write"]
permissions = { read = ["author"], write = ["author"], delete = ["admin"], restore = ["admin"] }

[boxes]
table       = "boxes"
key         = ["box_id"]
tenant      = "realm"
strategy    = "flag"
retention   = "30d"
permissions = { delete = ["admin"] }

[things]
table       = "things"
key         = ["box_id", "thing_id"]
tenant      = "realm"
parent      = { collection = "boxes", by = ["box_id"], on_delete = "cascade" }
strategy    = "flag"
retention   = "30d"
author      = "writer"
serve       = ["read", "write"]
permissions = { read = ["author"], write = ["author"], delete = ["admin"], restore = ["admin"] }
"#;

/// With ann's book `a` and bob's book `b`, each with a leaf of ann's and one of bob's.
fn world() -> World {
    let world = World::with(MORE);
    for (book, writer) in [("a", "ann"), ("b", "bob")] {
        let mut row = samples::row(world.collection("books"), &key(book), "acme");
        row.insert("writer".to_owned(), json!(writer));
        world.put_row("books", row);
        for writer in ["ann", "bob"] {
            let key = key2(book, &format!("of-{writer}"));
            let mut row = samples::row(world.collection("leaves"), &key, "acme");
            row.insert("writer".to_owned(), json!(writer));
            world.put_row("leaves", row);
        }
    }
    world.put("boxes", &key("x"));
    world
}

fn brief(answer: &Answer) -> (i64, &str) {
    (answer.status, answer.code())
}

async fn put(world: &World, target: &str, body: serde_json::Value) -> Answer {
    let event = Event::new("PUT", target).by("ann", "acme", "[]");
    let event = event.header("content-type", "application/json");
    world.call(event.body(&body.to_string())).await
}

async fn get(world: &World, target: &str) -> Answer {
    world
        .call(Event::new("GET", target).by("ann", "acme", "[]"))
        .await
}

#[tokio::test]
async fn nothing_new_is_written_below_a_parent_that_the_caller_may_do_nothing_to_as_below_none() {
    let world = world();
    let mut told = Vec::new();
    for book in ["b", "none"] {
        let before = world.faults.calls();
        let leaf = put(&world, &format!("/v1/leaves/{book}/new"), json!({})).await;
        let margin = put(&world, "/v1/margins/new", json!({ "book_id": book })).await;
        assert_eq!(brief(&leaf), (409, "PARENT_NOT_LIVE"), "{book}");
        assert_eq!(brief(&margin), (409, "PARENT_NOT_LIVE"), "{book}");
        told.push((leaf, margin, world.faults.calls() - before));
    }
    assert_eq!(told[0], told[1]);
    assert_eq!(world.rows.keys(world.collection("leaves")).len(), 4);
    assert!(world.rows.keys(world.collection("margins")).is_empty());

    let leaf = put(&world, "/v1/leaves/a/new", json!({})).await;
    let margin = put(&world, "/v1/margins/new", json!({ "book_id": "a" })).await;
    assert_eq!((leaf.status, margin.status), (201, 201));
    // Nor is it moved there.
    let moved = put(&world, "/v1/margins/new", json!({ "book_id": "b" })).await;
    assert_eq!(brief(&moved), (409, "PARENT_NOT_LIVE"));
    let margin = world.row("margins", &key("new"));
    assert_eq!(margin["book_id"], "a");
}

#[tokio::test]
async fn what_is_the_callers_below_it_stays_theirs() {
    let world = world();

    let written = put(&world, "/v1/leaves/b/of-ann", json!({ "subject": "again" })).await;
    let read = get(&world, "/v1/leaves/b/of-ann").await;
    let listed = get(&world, "/v1/leaves?parent=b").await;

    assert_eq!(
        (written.status, read.status),
        (200, 200),
        "{}",
        written.text
    );
    assert_eq!(listed.body["items"].as_array().unwrap().len(), 1);
    assert_eq!(listed.body["items"][0]["sort"], "of-ann");

    // As long as the parent is there.
    let deleted = world.call(Event::new("DELETE", "/v1/books/b")).await;
    assert_eq!(deleted.code(), "PENDING_DELETE");
    let listed = get(&world, "/v1/leaves?parent=b").await;
    assert!(listed.ids().is_empty(), "{}", listed.text);
    let written = put(&world, "/v1/leaves/b/of-ann", json!({})).await;
    assert_eq!(brief(&written), (409, "PARENT_NOT_LIVE"));
}

#[tokio::test]
async fn who_may_read_a_parent_says_nothing_where_nobody_may() {
    let world = world();

    let written = put(&world, "/v1/things/x/new", json!({})).await;

    assert_eq!(written.status, 201, "{}", written.text);
    let listed = get(&world, "/v1/things?parent=x").await;
    assert_eq!(listed.body["items"].as_array().unwrap().len(), 1);
    let below_none = put(&world, "/v1/things/none/new", json!({})).await;
    assert_eq!(brief(&below_none), (409, "PARENT_NOT_LIVE"));
}

#[tokio::test]
async fn a_list_below_it_costs_what_one_below_no_parent_or_another_tenants_costs() {
    let world = world();
    for own in ["of-ann", "of-bob"] {
        world
            .rows
            .remove(world.collection("leaves"), &key2("b", own));
    }
    // Another tenant's book, which has leaves and margins.
    world.put_of("globex", "books", &key("g"));
    for n in 0..30 {
        world.put_of("globex", "leaves", &key2("g", &format!("l-{n}")));
        let margin = key(&format!("m-{n}"));
        let mut row = samples::row(world.collection("margins"), &margin, "globex");
        row.insert("book_id".to_owned(), json!("g"));
        world.put_row("margins", row);
    }
    for collection in ["leaves", "margins"] {
        let mut told = Vec::new();
        for parent in ["b", "none", "g"] {
            let before = world.faults.calls();
            let answer = get(&world, &format!("/v1/{collection}?parent={parent}&limit=5")).await;
            told.push((answer.text, world.faults.calls() - before));
        }
        assert_eq!(told[0], told[1], "{collection}");
        assert_eq!(told[2], told[1], "{collection}");
    }
}
