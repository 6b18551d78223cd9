//! Attributes that clients do not see, and those that they do not change.

use serde_json::{Value, json};
use testing::samples::key;
use testing::{Moment, Operation};

use super::event::Event;
use super::world::{Answer, World};
use super::writing::{brief, put};

/// Two attributes of each kind, and one of the index beside them.
const MORE: &str = r#"
[cards]
table       = "cards"
key         = ["card_id"]
tenant      = { attribute = "realm", gsi = "by_realm" }
document    = { index = "cards", id = "{card_id}", fields = ["subject"] }
strategy    = "flag"
retention   = "30d"
author      = "writer"
filters     = { type = "kind" }
hidden      = ["score", "note"]
readonly    = ["imported_at", "size"]
serve       = ["read", "search", "write"]
permissions = { read = ["member"], write = ["admin", "author"], delete = ["admin"], destroy_all = ["admin"] }
"#;

/// A card of ann's, as its owner's own programs have written it.
fn world() -> World {
    let world = World::with(MORE);
    world.put_row("cards", row("c-1", "ann"));
    world
}

fn row(id: &str, writer: &str) -> serde_json::Map<String, Value> {
    let row = json!({
        "card_id": id, "realm": "acme", "writer": writer, "subject": "stones", "kind": "k",
        "score": 7, "note": { "by": "the house" }, "imported_at": "2026-11-01", "size": 12.0,
    });
    row.as_object().unwrap().clone()
}

const SHOWN: &[&str] = &[
    "card_id",
    "imported_at",
    "kind",
    "realm",
    "size",
    "subject",
    "writer",
];

fn names(attributes: &Value) -> Vec<&str> {
    let names = attributes.as_object().unwrap().keys();
    let mut names: Vec<&str> = names.map(String::as_str).collect();
    names.sort_unstable();
    names
}

async fn get(world: &World, target: &str) -> Answer {
    world.call(Event::new("GET", target)).await
}

#[tokio::test]
async fn what_is_hidden_is_in_no_answer() {
    let world = world();

    let one = get(&world, "/v1/cards/c-1").await;
    let listed = get(&world, "/v1/cards").await;
    let found = get(&world, "/v1/search/cards?q=stones").await;
    let mut body = one.body["attributes"].clone();
    body["subject"] = json!("stone");
    let written = world.call(put("/v1/cards/c-1", &body)).await;

    assert_eq!(written.status, 200, "{written:?}");
    for attributes in [
        &one.body["attributes"],
        &listed.body["items"][0]["attributes"],
        &found.body["items"][0]["attributes"],
        &written.body["attributes"],
    ] {
        assert_eq!(names(attributes), SHOWN);
    }
}

#[tokio::test]
async fn what_is_hidden_is_in_no_document() {
    let world = World::with(MORE);
    world.rows.put(world.collection("cards"), row("c-1", "ann"));

    let written = world
        .call(put("/v1/cards/c-1", &json!({ "subject": "a" })))
        .await;

    assert_eq!(written.status, 200);
    let document = world.document("cards", "c-1").unwrap();
    assert_eq!(names(&document), ["card_id", "realm", "subject"]);
}

#[tokio::test]
async fn a_record_that_is_read_edited_and_written_back_keeps_what_is_hidden_or_only_read() {
    let world = world();
    let before = world.row("cards", &key("c-1"));
    let mut body = get(&world, "/v1/cards/c-1").await.body["attributes"].clone();
    body["subject"] = json!("stone");
    // As a client of another language writes the same number.
    body["size"] = json!(12);

    let answer = world.call(put("/v1/cards/c-1", &body)).await;

    assert_eq!(answer.status, 200, "{answer:?}");
    let mut expected = before;
    expected.insert("subject".to_owned(), json!("stone"));
    assert_eq!(world.row("cards", &key("c-1")), expected);
}

#[tokio::test]
async fn what_is_hidden_or_only_read_is_kept_by_a_write_that_leaves_it_out() {
    let world = world();

    let answer = world
        .call(put("/v1/cards/c-1", &json!({ "kind": "l" })))
        .await;

    assert_eq!(answer.status, 200);
    let mut expected = row("c-1", "ann");
    expected.insert("kind".to_owned(), json!("l"));
    expected.remove("subject");
    assert_eq!(world.row("cards", &key("c-1")), expected);
}

#[tokio::test]
async fn what_is_hidden_is_refused_whatever_its_value_so_that_no_guess_is_answered() {
    let world = world();
    for target in ["/v1/cards/c-1", "/v1/cards/new"] {
        let mut answers = Vec::new();
        for value in [json!(7), json!(8), Value::Null] {
            let answer = world.call(put(target, &json!({ "score": value }))).await;
            assert_eq!(brief(&answer), (400, "ATTRIBUTE_NOT_ALLOWED"));
            assert_eq!(answer.pointers(), ["/body/score"]);
            answers.push(answer);
        }
        answers.dedup();
        assert_eq!(answers.len(), 1, "{target}");
    }
    assert_eq!(world.row("cards", &key("c-1")), row("c-1", "ann"));
}

#[tokio::test]
async fn what_is_only_read_is_refused_unless_it_is_as_stored() {
    let world = world();
    for (target, body) in [
        ("/v1/cards/c-1", json!({ "imported_at": "2026-11-02" })),
        ("/v1/cards/c-1", json!({ "imported_at": null })),
        ("/v1/cards/c-1", json!({ "size": "12" })),
        ("/v1/cards/new", json!({ "imported_at": "2026-11-01" })),
    ] {
        let answer = world.call(put(target, &body)).await;

        assert_eq!(brief(&answer), (400, "ATTRIBUTE_NOT_ALLOWED"), "{body}");
        let name = body.as_object().unwrap().keys().next().unwrap();
        assert_eq!(answer.pointers(), [format!("/body/{name}")]);
    }
    let made = world.call(put("/v1/cards/new", &json!({}))).await;
    assert_eq!(made.status, 201);
    assert!(made.body["attributes"].get("imported_at").is_none());
}

#[tokio::test]
async fn a_value_that_is_changed_beside_a_write_is_not_put_back() {
    for (name, value) in [("score", json!(8)), ("imported_at", json!("2026-11-03"))] {
        let world = world();
        let (rows, cards) = (world.rows.clone(), world.collection("cards").clone());
        let mut theirs = world.row("cards", &key("c-1"));
        theirs.insert(name.to_owned(), value.clone());
        world
            .faults
            .beside(Operation::WriteRow, 1, Moment::Before, move || {
                rows.put(&cards, theirs);
            });

        let answer = world
            .call(put("/v1/cards/c-1", &json!({ "kind": "l" })))
            .await;

        assert_eq!(answer.status, 200);
        let row = world.row("cards", &key("c-1"));
        assert_eq!((&row[name], &row["kind"]), (&value, &json!("l")));
    }
}

#[tokio::test]
async fn the_tag_of_a_record_says_nothing_of_what_is_hidden() {
    let world = world();
    let tag = |answer: &Answer| answer.header("etag").unwrap().to_owned();
    let first = tag(&get(&world, "/v1/cards/c-1").await);

    let mut other = row("c-1", "ann");
    other.insert("score".to_owned(), json!(8));
    world.put_row("cards", other.clone());
    let second = tag(&get(&world, "/v1/cards/c-1").await);
    let body = json!({ "kind": "l" });
    let fits = world
        .call(put("/v1/cards/c-1", &body).header("if-match", &first))
        .await;

    assert_eq!(first, second);
    assert_eq!(fits.status, 200);
    assert_eq!(world.row("cards", &key("c-1"))["score"], json!(8));
}

#[tokio::test]
async fn nothing_is_found_counted_or_deleted_by_what_is_hidden() {
    let world = world();
    let body = |field: &str| {
        Event::new("POST", "/v1/cards/destroy_all")
            .header("content-type", "application/json")
            .body(&json!({ "filters": { field: "7" }, "validate_only": true }).to_string())
    };

    let filtered = world.call(body("score")).await;
    let unknown = world.call(body("nothing_of_this_name")).await;
    let found = get(&world, "/v1/search/cards?q=house").await;

    assert_eq!(brief(&filtered), (400, "UNKNOWN_FIELD"));
    assert_eq!(brief(&unknown), brief(&filtered));
    assert!(found.ids().is_empty());
}

#[tokio::test]
async fn a_guess_at_the_record_of_another_is_answered_alike_right_or_wrong() {
    let world = World::with(&MORE.replace(r#"read = ["member"]"#, r#"read = ["author"]"#));
    world.put_row("cards", row("c-2", "bob"));
    let guess = |target: &'static str, value: &'static str| {
        let event = put(target, &json!({ "imported_at": value }));
        world.call(event.by("ann", "acme", "[]"))
    };

    let right = guess("/v1/cards/c-2", "2026-11-01").await;
    let wrong = guess("/v1/cards/c-2", "2026-11-09").await;
    let absent = guess("/v1/cards/absent", "2026-11-01").await;

    assert_eq!(brief(&right), (400, "ATTRIBUTE_NOT_ALLOWED"));
    assert_eq!(right, wrong);
    assert_eq!(right, absent);
}

#[tokio::test]
async fn where_a_document_is_may_be_said_by_what_clients_do_not_change() {
    let routed = MORE.replace(
        "fields = [\"subject\"]",
        "routing = \"{imported_at}\", fields = [\"subject\"]",
    );
    let world = World::with(&routed);
    let cards = world.collection("cards");
    world.rows.put(cards, row("c-1", "ann"));
    let subject = json!({ "subject": "a blue stone" });

    let changed = world.call(put("/v1/cards/c-1", &subject)).await;
    let created = world.call(put("/v1/cards/c-2", &subject)).await;

    assert_eq!(changed.status, 200, "{changed:?}");
    let at = cards.document_at(&key("c-1"), |_| Some("2026-11-01"));
    let document = world.documents.get_at(&at.unwrap().unwrap()).unwrap();
    assert_eq!(document["subject"], "a blue stone");
    assert_eq!(
        (created.status, created.code()),
        (400, "RECORD_NOT_STORABLE"),
        "{created:?}"
    );
    assert!(
        created.body.to_string().contains("imported_at"),
        "{created:?}"
    );
    assert_eq!(world.rows.get(cards, &key("c-2")), None);
}
