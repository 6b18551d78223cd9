//! Ids of every class of characters, through the gateway's event: each names its own record, in row, document, path and
//! manifest, and never another one.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, prop_oneof};
use proptest::sample::select;
use serde_json::{Value, json};
use testing::samples::{key, key2};

use super::event::{Event, Gateway, encode};
use super::stories::tell;
use super::world::{Answer, World};

/// How many ids the gate tries.
const IDS: u32 = 120;

/// Decks and the cards in them: a key of one part, and one of two.
const DECLARED: &str = r#"
[decks]
table       = "decks"
key         = ["deck"]
tenant      = { attribute = "realm", gsi = "by_realm" }
document    = { index = "decks", id = "{deck}", fields = ["subject"] }
strategy    = "flag"
retention   = "30d"
serve       = ["read", "search", "write"]
permissions = { read = ["member"], write = ["member"], delete = ["admin"], destroy_all = ["admin"], restore = ["admin"] }

[cards]
table       = "cards"
key         = ["deck", "card"]
tenant      = "realm"
parent      = { collection = "decks", by = ["deck"], on_delete = "cascade" }
document    = { index = "cards", id = "{deck}\u001f{card}", fields = ["subject"] }
strategy    = "flag"
retention   = "30d"
serve       = ["read", "search", "write"]
permissions = { read = ["member"], write = ["member"], delete = ["admin"], destroy_all = ["admin"], restore = ["admin"] }
"#;

fn ids() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[a-zA-Z0-9]{1,3}",
        2 => "[-._~]",
        2 => "[/?#%&=+;:@!$'()*,\\[\\]]",
        1 => "[ \"`\\\\|^<>{}]",
        // Without the one that parts the two halves of a document's id.
        1 => "[\\x00-\\x1e\\x7f]",
        1 => "[\u{80}-\u{9f}é\u{301}Å管ß🪦\u{202e}\u{200b}\u{2028}\u{feff}\u{fffd}\u{fffe}\u{ffff}\u{10ffff}]",
        1 => select(vec![
            "%2F", "%2f", "%25", "%252F", "%00", "%", "%zz", "%E9", "..", ".", "/../", "//", "+", "%20", "%2B", "&id=", "?id=",
            "&sort=", "#x", "destroy_all", "null", "\u{f8}",
        ])
        .prop_map(str::to_owned),
    ];
    let short = vec(piece, 1..5).prop_map(|pieces| pieces.concat());
    prop_oneof![
        8 => short,
        1 => (select(vec!["é", "/", "%", "a"]), 60..120_usize).prop_map(|(piece, times)| piece.repeat(times)),
        1 => Just("destroy_all".to_owned()),
    ]
}

/// What a decoder, a cutter or a normalizer could make of an id.
fn neighbours(id: &str) -> BTreeSet<String> {
    let mut all = BTreeSet::from([
        super::event::decode(id),
        encode(id),
        id.replace('+', " "),
        id.replace(' ', "+"),
        id.replace('\\', "/"),
        id.to_lowercase(),
        id.to_uppercase(),
        id.trim().to_owned(),
        id.chars().filter(|c| !c.is_control()).collect(),
        id.replace("e\u{301}", "é"),
        format!("{id}/"),
        format!("{id} "),
    ]);
    all.extend(
        id.split(['/', '?', '#', '&', '%', '\0', ';', '=', '\\'])
            .map(str::to_owned),
    );
    // A document's id has at most 512 bytes.
    all.retain(|other| !other.is_empty() && other != id && other.len() <= 240);
    all
}

/// The ids that a path surely carries.
fn is_plain(id: &str) -> bool {
    !id.contains(['/', '?', '#', '%', '\u{FFFD}']) && id != "." && id != ".."
}

async fn call(world: &World, method: &str, target: &str) -> Answer {
    world.call(Event::new(method, target)).await
}

async fn put(world: &World, target: &str) -> Answer {
    let event = Event::new("PUT", target).header("content-type", "application/json");
    world.call(event.body(r#"{"subject":"a stone"}"#)).await
}

/// The keys of a manifest, as it shows them.
async fn manifest(world: &World, accepted: &Answer) -> BTreeSet<String> {
    let id = accepted.body["deletion"]["id"].as_str().expect("accepted");
    let records = call(world, "GET", &format!("/v1/deletions/{id}/records")).await;
    let items = records.body["items"].as_array().expect("a list");
    items
        .iter()
        .map(|item| {
            assert_eq!(item["outcome"], "deleted", "{item}");
            format!("{} {}", item["collection"], item["key"])
        })
        .collect()
}

async fn restored(world: &World, accepted: &Answer) {
    let id = accepted.body["deletion"]["id"].as_str().expect("accepted");
    let answer = call(world, "POST", &format!("/v1/deletions/{id}/restore")).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    world.come_to_rest().await;
}

async fn one((deck, card): (String, String)) {
    let world = World::with(DECLARED);
    for other in neighbours(&deck) {
        world.put("decks", &key(&other));
        world.put("cards", &key2(&other, &card));
    }
    let of_deck = format!("/v1/decks?id={}", encode(&deck));
    let of_card = format!("/v1/cards?id={}&sort={}", encode(&deck), encode(&card));

    // Row and document are those of the key, and nobody else's.
    assert_eq!(put(&world, &of_deck).await.status, 201, "{deck:?}");
    for other in neighbours(&card) {
        world.put("cards", &key2(&deck, &other));
    }
    assert_eq!(put(&world, &of_card).await.status, 201, "{deck:?} {card:?}");
    let stored = || {
        let row = Value::Object(world.row("cards", &key2(&deck, &card)));
        (row, world.document("cards", &format!("{deck}\u{1f}{card}")))
    };
    let before = stored();
    assert_eq!(
        (&before.0["deck"], &before.0["card"]),
        (&json!(deck), &json!(card))
    );
    let document = before.1.as_ref().expect("a document");
    assert_eq!(
        (&document["deck"], &document["card"]),
        (&json!(deck), &json!(card))
    );

    // By query always, by path exactly or not at all.
    let got = call(&world, "GET", &of_card).await;
    assert_eq!(
        (got.status, &got.body["id"], &got.body["sort"]),
        (200, &json!(deck), &json!(card))
    );
    for gateway in [Gateway::DecodesFirst, Gateway::RoutesFirst] {
        let path = format!("/v1/cards/{}/{}", encode(&deck), encode(&card));
        let by_path = world.call(Event::through(gateway, "GET", &path)).await;
        if is_plain(&deck) && is_plain(&card) {
            assert_eq!(by_path.body, got.body, "{gateway:?} {path}");
        } else {
            assert_eq!(by_path.code(), "ID_NEEDS_QUERY", "{gateway:?} {path}");
        }
    }

    // Listed and found, each once.
    for target in [
        format!("/v1/cards?parent={}&limit=100", encode(&deck)),
        "/v1/search/cards?q=stone&limit=100".to_owned(),
    ] {
        let listed = call(&world, "GET", &target).await;
        let items = listed.body["items"].as_array().expect("a list").iter();
        let times = items.filter(|item| item["id"] == json!(deck) && item["sort"] == json!(card));
        assert_eq!(times.count(), 1, "{target}");
    }

    // Deleted by query, with exactly what is below, and back as it was.
    let deleted = call(&world, "DELETE", &of_deck).await;
    assert_eq!(
        (deleted.code(), &deleted.body["id"]),
        ("PENDING_DELETE", &json!(deck))
    );
    assert_eq!(
        deleted.body["deletion"]["scope"]["root"],
        json!({ "id": deck })
    );
    world.come_to_rest().await;
    let mut expected: BTreeSet<String> = neighbours(&card);
    expected.insert(card.clone());
    let expected: BTreeSet<String> = expected
        .iter()
        .map(|card| format!("\"cards\" {}", json!({ "id": deck, "sort": card })))
        .chain([format!("\"decks\" {}", json!({ "id": deck }))])
        .collect();
    assert_eq!(manifest(&world, &deleted).await, expected);
    restored(&world, &deleted).await;
    assert_eq!(stored(), before, "{deck:?} {card:?}");

    // By a list of ids: this one, and no neighbour.
    let body = json!({ "ids": [{ "id": deck, "sort": card }] });
    let event =
        Event::new("POST", "/v1/cards/destroy_all").header("content-type", "application/json");
    let destroyed = world.call(event.body(&body.to_string())).await;
    world.come_to_rest().await;
    let only = format!("\"cards\" {}", json!({ "id": deck, "sort": card }));
    assert_eq!(manifest(&world, &destroyed).await, BTreeSet::from([only]));
    assert_eq!(world.marked("cards"), [key2(&deck, &card)]);
    assert_eq!(world.marked("decks"), []);
    assert_eq!(call(&world, "GET", &of_card).await.status, 410);
    restored(&world, &destroyed).await;
    assert_eq!(stored(), before, "{deck:?} {card:?}");
}

#[test]
fn every_id_names_its_own_record_in_row_document_path_and_manifest() {
    tell(IDS, (ids(), ids()), one);
}
