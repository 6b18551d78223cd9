//! Writes that are meant for one version of a record, or for none; and what nobody may write.

use serde_json::{Value, json};
use testing::samples::key;
use testing::{Moment, Operation};

use super::event::Event;
use super::world::{Answer, World};
use super::writing::{brief, post, put};

async fn tag(world: &World, target: &str) -> String {
    let got = world.call(Event::new("GET", target)).await;
    got.header("etag").expect("a tag").to_owned()
}

#[tokio::test]
async fn a_record_has_the_tag_that_its_write_was_answered_with() {
    let world = World::new();
    let body = json!({ "subject": "stones", "size": [1, 2.5, 1e-7, 1e20], "note": null });
    let made = world.call(put("/v1/rooms/r-1", &body)).await;
    let first = made.header("etag").unwrap().to_owned();
    assert_eq!(tag(&world, "/v1/rooms/r-1").await, first);

    let same = world.call(put("/v1/rooms/r-1", &body)).await;
    assert_eq!(same.header("etag"), Some(first.as_str()));
    for other in [
        json!({ "subject": "stones", "size": [1, 2.5, 1e-7], "note": null }),
        json!({ "subject": "stones", "size": [1, 2.5, 1e-7, 1e20] }),
        json!({ "subject": "stone", "size": [1, 2.5, 1e-7, 1e20], "note": null }),
        json!({ "subject": "stones", "size": [1, 2.5, 1e-7, "1e20"], "note": null }),
    ] {
        let written = world.call(put("/v1/rooms/r-1", &other)).await;
        assert_ne!(written.header("etag"), Some(first.as_str()), "{other}");
    }
}

#[tokio::test]
async fn a_write_for_a_version_that_has_passed_is_412_and_changes_nothing() {
    let world = post();
    let old = tag(&world, "/v1/rooms/r-1").await;
    world
        .call(put("/v1/rooms/r-1", &json!({ "subject": "new" })))
        .await;
    let row = world.row("rooms", &key("r-1"));

    let late = put("/v1/rooms/r-1", &json!({ "subject": "late" })).header("if-match", &old);
    let answer = world.call(late).await;

    assert_eq!(brief(&answer), (412, "PRECONDITION_FAILED"));
    assert_eq!(world.row("rooms", &key("r-1")), row);
    let now = tag(&world, "/v1/rooms/r-1").await;
    for fits in [now.as_str(), "*", &format!("{old}, {now}")] {
        let same = Value::Object(row.clone());
        let event = put("/v1/rooms/r-1", &same).header("if-match", fits);
        assert_eq!(world.call(event).await.status, 200, "{fits}");
    }
}

#[tokio::test]
async fn what_somebody_else_writes_in_between_is_not_overwritten() {
    let world = post();
    let seen = tag(&world, "/v1/rooms/r-1").await;
    let (rows, rooms) = (world.rows.clone(), world.collection("rooms").clone());
    let mut theirs = world.row("rooms", &key("r-1"));
    theirs.insert("subject".to_owned(), json!("theirs"));
    let written = theirs.clone();
    world
        .faults
        .beside(Operation::WriteRow, 1, Moment::Before, move || {
            rows.put(&rooms, theirs);
        });

    let event = put("/v1/rooms/r-1", &json!({ "subject": "ours" })).header("if-match", &seen);
    let answer = world.call(event).await;

    assert_eq!(brief(&answer), (412, "PRECONDITION_FAILED"));
    assert_eq!(world.row("rooms", &key("r-1")), written);
}

#[tokio::test]
async fn a_write_for_a_new_record_does_not_replace_one() {
    let world = post();
    let row = world.row("rooms", &key("r-1"));
    let new = |target: &str| put(target, &json!({ "subject": "x" })).header("if-none-match", "*");

    let answer = world.call(new("/v1/rooms/r-1")).await;

    assert_eq!(brief(&answer), (412, "PRECONDITION_FAILED"));
    assert_eq!(world.row("rooms", &key("r-1")), row);
    assert_eq!(world.call(new("/v1/rooms/r-2")).await.status, 201);
}

#[tokio::test]
async fn a_record_that_is_made_in_between_is_not_replaced_by_a_write_for_a_new_one() {
    let world = post();
    let (rows, rooms) = (world.rows.clone(), world.collection("rooms").clone());
    let mut theirs = world.row("rooms", &key("r-1"));
    theirs.insert("room_id".to_owned(), json!("r-2"));
    world
        .faults
        .beside(Operation::WriteRow, 1, Moment::Before, move || {
            rows.put(&rooms, theirs);
        });

    let event = put("/v1/rooms/r-2", &json!({ "subject": "x" })).header("if-none-match", "*");

    assert_eq!(
        brief(&world.call(event).await),
        (412, "PRECONDITION_FAILED")
    );
}

#[tokio::test]
async fn a_version_tells_nothing_of_what_the_caller_cannot_see() {
    let world = post();
    world.put_of("globex", "rooms", &key("foreign"));
    let ask = |target: &'static str, tag: &'static str| {
        world.call(put(target, &json!({})).header("if-match", tag))
    };
    for tag in ["*", "\"1\""] {
        let absent = ask("/v1/rooms/absent", tag).await;
        let foreign = ask("/v1/rooms/foreign", tag).await;

        assert_eq!(brief(&absent), (412, "PRECONDITION_FAILED"));
        assert_eq!(foreign, absent);
    }
}

#[tokio::test]
async fn a_record_that_is_too_wide_to_be_compared_is_refused_and_not_looked_at_before() {
    let world = post();
    let mut wide = serde_json::Map::new();
    for n in 0..101 {
        wide.insert(format!("a{n}"), json!(n));
    }
    let wide = Value::Object(wide);
    let made = world.call(put("/v1/rooms/r-1", &wide)).await;
    let tag = made.header("etag").unwrap();

    let answer = world
        .call(put("/v1/rooms/r-1", &wide).header("if-match", tag))
        .await;

    assert_eq!(brief(&answer), (400, "HEADER_NOT_ALLOWED"));
    assert_eq!(answer.pointers(), ["/header/if-match"]);
}

fn letter(sent_at: &Value) -> Event {
    put(
        "/v1/letters/l-9",
        &json!({ "room_id": "r-1", "sent_at": sent_at }),
    )
}

#[tokio::test]
async fn a_record_of_a_time_to_come_is_refused() {
    for later in [
        json!("2099-01-01T00:00:00Z"),
        json!("2026-11-21T07:05:01Z"),
        json!(4_070_908_800_i64),
        json!(4_070_908_800_000_i64),
    ] {
        let world = post();

        let answer = world.call(letter(&later)).await;

        assert_eq!(brief(&answer), (400, "INVALID_ATTRIBUTE"), "{later}");
        assert_eq!(answer.pointers(), ["/body/sent_at"]);
    }
    for fine in [
        json!("2026-11-21T07:04:59Z"),
        json!("2001-01-01T00:00:00Z"),
        json!("no time"),
    ] {
        assert_eq!(post().call(letter(&fine)).await.status, 201, "{fine}");
    }
}

#[tokio::test]
async fn a_time_to_come_that_a_record_has_already_may_stay() {
    let world = post();
    let mut row = world.row("letters", &key("l-1"));
    row.insert("sent_at".to_owned(), json!("2099-01-01T00:00:00Z"));
    world.rows.put(world.collection("letters"), row);
    let body = |at: &str| json!({ "room_id": "r-1", "sent_at": at });

    let kept = world
        .call(put("/v1/letters/l-1", &body("2099-01-01T00:00:00Z")))
        .await;
    let moved = world
        .call(put("/v1/letters/l-1", &body("2099-01-02T00:00:00Z")))
        .await;

    assert_eq!(kept.status, 200);
    assert_eq!(brief(&moved), (400, "INVALID_ATTRIBUTE"));
}

const COMPUTED: &str = r#"
[shops]
table       = "shops"
key         = ["shop_id"]
tenant      = "realm"
strategy    = "flag"
retention   = "30d"
serve       = ["read", "write"]
permissions = { read = ["member"], write = ["member"], delete = ["admin"] }

[sales]
table       = "sales"
key         = ["shop_id", "sale_id"]
tenant      = "realm"
parent      = { collection = "shops", by = ["shop_id"], on_delete = "cascade" }
strategy    = "flag"
retention   = "30d"
aggregates  = [{ on = "shops", attribute = "first_sale", take = "min", of = "sale_id" }]
permissions = { delete = ["admin"] }
"#;

fn shop() -> World {
    let mut world = World::new();
    world.redeclare(|text| text + COMPUTED);
    world.put("shops", &key("s-1"));
    let mut row = world.row("shops", &key("s-1"));
    row.insert("first_sale".to_owned(), json!("a-1"));
    world.rows.put(world.collection("shops"), row);
    world
}

async fn write_shop(world: &World, target: &str, body: Value) -> Answer {
    world.call(put(target, &body)).await
}

#[tokio::test]
async fn what_is_computed_is_kept_and_not_written() {
    let world = shop();
    for forged in [json!("a-0"), Value::Null, json!(["a-1"])] {
        let body = json!({ "first_sale": forged });
        for target in ["/v1/shops/s-1", "/v1/shops/new"] {
            let answer = write_shop(&world, target, body.clone()).await;
            assert_eq!(
                brief(&answer),
                (400, "ATTRIBUTE_NOT_ALLOWED"),
                "{target} {body}"
            );
            assert_eq!(answer.pointers(), ["/body/first_sale"]);
        }
    }
    for body in [
        json!({ "name": "x" }),
        json!({ "name": "y", "first_sale": "a-1" }),
    ] {
        let answer = write_shop(&world, "/v1/shops/s-1", body.clone()).await;

        assert_eq!(answer.status, 200, "{body}");
        assert_eq!(answer.body["attributes"]["first_sale"], "a-1");
        assert_eq!(world.row("shops", &key("s-1"))["first_sale"], "a-1");
    }
}

#[tokio::test]
async fn what_is_computed_anew_during_a_write_is_kept_too() {
    let world = shop();
    let (rows, shops) = (world.rows.clone(), world.collection("shops").clone());
    let mut corrected = world.row("shops", &key("s-1"));
    corrected.insert("first_sale".to_owned(), json!("a-2"));
    world
        .faults
        .beside(Operation::WriteRow, 1, Moment::Before, move || {
            rows.put(&shops, corrected);
        });

    let answer = write_shop(&world, "/v1/shops/s-1", json!({ "name": "x" })).await;

    assert_eq!(answer.status, 200);
    assert_eq!(answer.body["attributes"]["first_sale"], "a-2");
    assert_eq!(world.row("shops", &key("s-1"))["first_sale"], "a-2");
}
