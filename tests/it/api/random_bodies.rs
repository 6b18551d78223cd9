//! Random bodies of `destroy_all` over random records, against a simple model: what is selected is what the model
//! selects, the preview counts it, and what is not understood deletes nothing.

mod broken;
mod model;

use std::collections::BTreeMap;

use proptest::collection::vec;
use serde_json::{Value, json};
use testing::samples::key;

use self::broken::{Break, breaks};
use self::model::{Record, Sent, Wanted, records, wanted};
use super::event::Event;
use super::stories::tell;
use super::world::{Answer, World};

/// How many stories the gate tells of each kind.
const STORIES: u32 = 200;

/// Things in boxes, which are found through indexes of the tenant, the box and the author.
const DECLARED: &str = r#"
[boxes]
table       = "boxes"
key         = ["box_id"]
tenant      = { attribute = "realm", gsi = "by_realm" }
strategy    = "flag"
retention   = "30d"
serve       = ["read"]
permissions = { read = ["member"], delete = ["admin"], restore = ["admin"] }

[things]
table       = "things"
key         = ["thing_id"]
tenant      = { attribute = "realm", gsi = "by_realm" }
parent      = { collection = "boxes", by = ["box_id"], gsi = "by_box", on_delete = "cascade" }
document    = { index = "things", id = "{thing_id}", fields = ["subject"] }
strategy    = "flag"
retention   = "30d"
author      = { attribute = "writer", gsi = "by_writer" }
filters     = { type = "kind", group = ["group_type", "group_id"], key = "event_key", time = "sent_at", opened = { attribute = "opened_at", op = "exists" }, place = ["country", "town"], color = "color" }
serve       = ["read"]
permissions = { read = ["member"], delete = ["admin", "author"], destroy_all = ["admin"], restore = ["admin"] }
"#;

/// A world with these records, each in row and document; what is said to be deleted already is.
async fn world(records: &[Record]) -> World {
    let world = World::with(DECLARED);
    for (tenant, name) in [("acme", "p"), ("acme", "q"), ("globex", "f")] {
        world.put_of(tenant, "boxes", &key(name));
    }
    for (number, record) in records.iter().enumerate() {
        let things = world.collection("things");
        let mut row = testing::samples::row(things, &key(&name(number)), record.tenant());
        row.extend(record.attributes());
        world.put_row("things", row);
    }
    for (number, record) in records.iter().enumerate() {
        if record.is_deleted() {
            let target = format!("/v1/things/{}", name(number));
            assert_eq!(world.call(Event::new("DELETE", &target)).await.status, 202);
        }
    }
    world.deliver_all_to_the_end().await;
    world
}

fn name(number: usize) -> String {
    format!("t{number:02}")
}

async fn send(world: &World, body: &str, wanted: &Wanted) -> Answer {
    let event = Event::new("POST", "/v1/things/destroy_all")
        .header("content-type", "application/json")
        .body(body);
    let (subject, groups) = wanted.caller();
    world.call(event.by(subject, "acme", groups)).await
}

/// The ids of a list of the answer.
fn ids<'a>(list: &'a Value, key: &str) -> Vec<&'a str> {
    let items = list.as_array().expect("a list").iter();
    let mut ids: Vec<_> = items
        .filter_map(|item| match key {
            "" => item["id"].as_str(),
            key => item[key]["id"].as_str(),
        })
        .collect();
    ids.sort_unstable();
    ids
}

/// Asks for a deletion in each way, and compares it with what the model selects of those that are left.
async fn ask(world: &World, records: &[Record], left: &mut [bool], wanted: &Wanted) {
    let selected: Vec<usize> = (0..records.len())
        .filter(|place| left[*place] && wanted.selects(&records[*place], &name(*place)))
        .collect();
    let names: Vec<String> = selected.iter().map(|place| name(*place)).collect();
    let body = wanted.body(records.len());

    let mut preview = body.clone();
    preview["validate_only"] = json!(true);
    let previewed = send(world, &preview.to_string(), wanted).await;
    assert_eq!(previewed.status, 200, "{preview}: {previewed:?}");
    assert_eq!(previewed.body["count"], json!(selected.len()), "{preview}");
    assert_eq!(previewed.body["exact"], json!(true));
    assert_eq!(ids(&previewed.body["sample"], ""), names, "{preview}");

    let mut expecting = body.clone();
    expecting["expected_count"] = json!(selected.len() + 1);
    let refused = send(world, &expecting.to_string(), wanted).await;
    assert_eq!(
        (refused.status, refused.code()),
        (409, "COUNT_CHANGED"),
        "{expecting}"
    );

    expecting["expected_count"] = json!(selected.len());
    let accepted = send(world, &expecting.to_string(), wanted).await;
    assert_eq!(accepted.status, 202, "{expecting}: {accepted:?}");
    world.deliver_all_to_the_end().await;

    let id = accepted.body["deletion"]["id"].as_str().expect("an id");
    let get = |of: &str| Event::new("GET", &format!("/v1/deletions/{id}{of}"));
    let ended = world.call(get("")).await;
    assert_eq!(ended.body["state"], "DELETED", "{body}");
    let counts = &ended.body["counts"]["delete"]["things"]["deleted"];
    assert_eq!(
        counts.as_u64().unwrap_or(0),
        selected.len() as u64,
        "{body}"
    );
    let records = world.call(get("/records?outcome=deleted")).await;
    assert_eq!(ids(&records.body["items"], "key"), names, "{body}");
    for place in selected {
        left[place] = false;
    }
}

async fn run((records, wanted): (Vec<Record>, Vec<Wanted>)) {
    let world = world(&records).await;
    let mut left: Vec<bool> = records.iter().map(|record| !record.is_deleted()).collect();
    for wanted in &wanted {
        ask(&world, &records, &mut left, wanted).await;
    }
    // Nothing else is gone, of this tenant or of another one.
    let gone = left.iter().enumerate().filter(|(_, left)| !**left);
    let gone: Vec<_> = gone.map(|(place, _)| key(&name(place))).collect();
    assert_eq!(world.marked("things"), gone);
    assert_eq!(world.marked("boxes"), []);
}

#[test]
fn a_body_of_any_fields_takes_what_a_simple_model_takes() {
    tell(STORIES, (vec(records(), 0..14), vec(wanted(), 1..4)), run);
}

#[test]
fn each_pair_of_fields_takes_what_a_simple_model_takes() {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let runtime = runtime.expect("a runtime");
    let records: Vec<Record> = Record::each();
    for wanted in Wanted::pairs() {
        runtime.block_on(run((records.clone(), vec![wanted])));
    }
}

async fn broken((records, wanted, how): (Vec<Record>, Wanted, Break)) {
    let world = world(&records).await;
    let before = (world.marked("things"), world.deletions.all().len());
    let body = how.applied(wanted.body(records.len()));

    let answer = send(&world, &body, &wanted).await;

    assert!((400..500).contains(&answer.status), "{body}: {answer:?}");
    assert!(world.queue.is_empty(), "{body}");
    let after = (world.marked("things"), world.deletions.all().len());
    assert_eq!(before, after, "{body}");
}

#[test]
fn a_body_with_anything_that_is_not_understood_deletes_nothing() {
    tell(STORIES, (vec(records(), 1..4), wanted(), breaks()), broken);
}

/// The kinds of times that a row may hold.
#[test]
fn the_model_reads_each_kind_of_time() {
    let read: BTreeMap<&str, Option<i64>> = [
        ("text", Sent::Text(3).moment()),
        ("finer", Sent::Finer(3).moment()),
        ("number", Sent::Number(3).moment()),
        ("unreadable", Sent::Unreadable.moment()),
        ("absent", Sent::Absent.moment()),
    ]
    .into();

    assert_eq!(read["text"], read["number"]);
    assert_eq!(read["text"], read["finer"]);
    assert_eq!((read["unreadable"], read["absent"]), (None, None));
}
