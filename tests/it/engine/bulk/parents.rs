//! A delete of what is below a named parent: what is moved there in between belongs to it, what is written later does not.

use domain::deletion::{Deletion, State};
use domain::narrowing::Narrowing;
use jiff::Timestamp;
use requests::destroy::{DestroyRequest, Requested, destroy};
use testing::samples::key;

use super::world::{SENT, put_sent};
use crate::engine::compare::compares::compared;
use crate::engine::world::{World, admin};

/// Notes are found below their streams over an index, so that they can move.
const NOTES: &str = r#"
[streams]
table       = "streams"
key         = ["stream_id"]
tenant      = "realm"
strategy    = "flag"
retention   = "30d"
permissions = { read = ["member"], delete = ["admin"] }

[notes]
table       = "notes"
key         = ["note_id"]
tenant      = "realm"
parent      = { collection = "streams", by = ["stream"], gsi = "by_stream", on_delete = "cascade" }
strategy    = "flag"
retention   = "30d"
author      = { attribute = "sender", gsi = "by_sender" }
filters     = { time = "sent_at" }
permissions = { read = ["member"], delete = ["admin"], destroy_all = ["admin"] }
"#;

/// Ann's notes `there`, in the stream `s`, and `moved`, in the stream `t`.
fn notes() -> World {
    let world = World::new(NOTES);
    for stream in ["s", "t"] {
        world.put("streams", &key(stream), None);
    }
    put(&world, "there", "s", SENT);
    put(&world, "moved", "t", SENT);
    world
}

fn put(world: &World, note: &str, stream: &str, sent_at: &str) {
    put_sent(
        world,
        "notes",
        &key(note),
        Some(&key(stream)),
        "ann",
        sent_at,
    );
}

fn is_live(world: &World, note: &str) -> bool {
    world.marks("notes", &key(note)).0.as_deref() == Some("")
}

/// A delete of what is below the stream `s`.
async fn below_s(world: &World, named: Requested<'_>, as_of: Option<Timestamp>) -> Deletion {
    let request = DestroyRequest {
        principal: &admin(),
        collection: world.collection("notes"),
        named,
        whole: None,
        parent: Some(key("s")),
        filters: Narrowing::default(),
        as_of,
        expected_count: None,
        request_id: "request-1".to_owned(),
        once: None,
    };
    let destroyed = destroy(&world.api(&world.faults()), request).await;
    *destroyed.expect("it is accepted").deletion
}

fn requests() -> [Requested<'static>; 2] {
    [
        Requested::Matching { beside: Vec::new() },
        Requested::Author {
            author: "ann".to_owned(),
            beside: Vec::new(),
        },
    ]
}

#[tokio::test]
async fn what_is_below_the_named_parent_when_it_is_selected_is_deleted_wherever_it_was_before() {
    for named in requests() {
        let context = format!("{named:?}");
        let world = notes();
        let deletion = below_s(&world, named, None).await;
        // After the request, and before the first page.
        put(&world, "moved", "s", SENT);
        world.come_to_rest().await;
        assert!(!is_live(&world, "moved"), "{context}");

        // Behind the index the same is asked once more.
        put(&world, "moved later", "s", SENT);
        let report = compared(&world, &deletion).await;
        world.come_to_rest().await;

        assert_eq!(report.returned, 1, "{context}");
        assert!(!is_live(&world, "moved later"), "{context}");
        assert_eq!(world.now(&deletion).state, State::Deleted, "{context}");
        let counts = world.now(&deletion).deleted["notes"];
        assert_eq!((counts.selected, counts.deleted), (3, 3), "{context}");
    }
}

#[tokio::test]
async fn what_was_written_after_the_request_or_its_as_of_stays_below_the_named_parent() {
    for named in requests() {
        let context = format!("{named:?}");
        let world = notes();
        let as_of = "2026-11-21T06:59:30Z".parse().expect("a time");
        let deletion = below_s(&world, named, Some(as_of)).await;
        put(&world, "after as_of", "s", "2026-11-21T06:59:45Z");
        world.come_to_rest().await;
        put(&world, "after the request", "s", "2026-11-21T07:00:10Z");

        let report = compared(&world, &deletion).await;
        world.come_to_rest().await;

        assert_eq!(report.returned, 0, "{context}");
        assert!(!is_live(&world, "there"), "{context}");
        for note in ["after as_of", "after the request"] {
            assert!(is_live(&world, note), "{context}: {note}");
        }
    }
}

#[tokio::test]
async fn what_has_left_the_named_parent_before_it_is_selected_stays() {
    for named in requests() {
        let context = format!("{named:?}");
        let world = notes();
        let deletion = below_s(&world, named, None).await;
        put(&world, "there", "t", SENT);

        world.come_to_rest().await;
        let report = compared(&world, &deletion).await;

        assert_eq!(report.returned, 0, "{context}");
        assert!(is_live(&world, "there"), "{context}");
    }
}
