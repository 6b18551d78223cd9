//! Rows that others have marked are taken over, where their collection says so: by one deletion for each parent, author
//! and day, with their own date.

use std::time::Duration;

use domain::deletion::{Action, Deletion, State};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use testing::samples::{key, key2};
use testing::{Fault, Moment, Operation};

use crate::engine::disturbed::crashes::cuts;
use crate::engine::world::World;

fn world(strategy: &str) -> World {
    let world = World::new(&format!(
        r#"
        [folders]
        table       = "folders"
        key         = ["folder"]
        tenant      = "owner"
        strategy    = "{strategy}"
        retention   = "30d"
        permissions = {{ delete = ["admin"], restore = ["admin"], purge = ["admin"] }}

        [notes]
        table       = "notes"
        key         = ["folder", "note"]
        tenant      = "owner"
        parent      = {{ collection = "folders", by = ["folder"], on_delete = "cascade" }}
        strategy    = "{strategy}"
        retention   = "30d"
        permissions = {{ delete = ["admin"], restore = ["admin"], purge = ["admin"] }}
        adopt       = {{ deleted_at = "changed", deleted_by = "by" }}
        [notes.marks]
        state       = {{ attribute = "_deleted", deleted = true, live = [false, "absent"] }}
        purge_at    = {{ attribute = "_ttl", type = "epoch_s" }}
        touch       = {{ _version = "+1" }}
        "#
    ));
    world.put("folders", &key("f"), None);
    for (note, more) in [
        ("live", json!({ "changed": 1_795_000_000 })),
        (
            "1",
            json!({ "_deleted": true, "changed": 1_795_160_000, "_ttl": 1_797_760_000 }),
        ),
        (
            "2",
            json!({ "_deleted": true, "changed": 1_795_160_900, "by": "ann" }),
        ),
        ("3", json!({ "_deleted": true, "changed": 1_700_000_000 })),
        ("undated", json!({ "_deleted": true })),
    ] {
        let mut row = world.live_row("notes", &key2("f", note), None);
        row.extend(more.as_object().cloned().unwrap());
        row.insert("_version".to_owned(), json!(1));
        world.put_row("notes", row);
    }
    world
}

fn note(world: &World, note: &str) -> Option<Map<String, Value>> {
    world.row("notes", &key2("f", note))
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

/// The deletions that have taken something over, in the order of their dates.
fn taken_over(world: &World) -> Vec<Deletion> {
    let mut all: Vec<_> = world
        .deletions
        .all()
        .into_iter()
        .filter(|one| one.adopts)
        .collect();
    all.sort_by_key(|deletion| deletion.deleted_at);
    all
}

#[tokio::test]
async fn rows_are_taken_over_with_their_own_date_and_author_and_what_is_overdue_goes_at_once() {
    for strategy in ["flag", "archive"] {
        let world = world(strategy);
        let live = note(&world, "live");
        let undated = note(&world, "undated");

        let report = world.sweep(&world.faults()).await.unwrap();
        world.come_to_rest().await;

        assert_eq!((report.adopted, report.errors), (3, 0), "{strategy}");
        let all = taken_over(&world);
        let dates: Vec<_> = all
            .iter()
            .map(|one| (one.deleted_at, one.requested_by.as_str()))
            .collect();
        let expected = [
            (at(1_700_000_000), "unknown"),
            (at(1_795_160_000), "unknown"),
            (at(1_795_160_900), "ann"),
        ];
        assert_eq!(dates, expected, "{strategy}");
        let states: Vec<_> = all.iter().map(|one| one.state).collect();
        assert_eq!(
            states,
            [State::Purged, State::Deleted, State::Deleted],
            "{strategy}"
        );
        let retention = Duration::from_hours(30 * 24);
        assert_eq!(
            all[1].purge_at,
            at(1_795_160_000).checked_add(retention).ok()
        );
        assert_eq!(note(&world, "3"), None, "its retention has passed");
        assert_eq!(note(&world, "live"), live, "{strategy}");
        assert_eq!(note(&world, "undated"), undated, "{strategy}");
    }
}

#[tokio::test]
async fn what_is_taken_over_keeps_what_it_says_and_comes_back_live() {
    let world = world("flag");
    world.sweep(&world.faults()).await.unwrap();
    world.come_to_rest().await;
    let row = note(&world, "1").unwrap();
    assert_eq!(
        (&row["_ttl"], &row["_deleted"]),
        (&json!(1_797_760_000), &json!(true))
    );
    let deletion = taken_over(&world).remove(1);

    let restored = world.act_and_rest(&deletion, Action::Restore).await;

    assert_eq!(restored.state, State::Restored);
    let row = note(&world, "1").unwrap();
    assert_eq!(
        (&row["_deleted"], &row["_version"]),
        (&json!(false), &json!(3))
    );
    assert!(!row.contains_key("_ttl") && !row.contains_key("deletion_kept"));
}

#[tokio::test]
async fn a_table_is_looked_through_again_a_day_later_and_not_before() {
    let world = world("flag");
    world.sweep(&world.faults()).await.unwrap();
    world.come_to_rest().await;
    let mut row = note(&world, "live").unwrap();
    row.insert("_deleted".to_owned(), json!(true));
    world.put_row("notes", row);

    assert_eq!(world.sweep(&world.faults()).await.unwrap().adopted, 0);
    world.clock.advance(Duration::from_hours(25));

    assert_eq!(world.sweep(&world.faults()).await.unwrap().adopted, 1);
}

#[tokio::test]
async fn a_look_is_bounded_and_goes_on_where_the_one_before_has_ended() {
    let world = world("flag");
    for n in 0..250 {
        let mut row = world.live_row("notes", &key2("g", &format!("{n:03}")), None);
        row.extend([
            ("_deleted".to_owned(), json!(true)),
            ("changed".to_owned(), json!(1_795_160_000)),
        ]);
        world.put_row("notes", row);
    }
    let mut made = 0;
    for _ in 0..3 {
        made += world.sweep(&world.faults()).await.unwrap().adopted;
    }
    world.come_to_rest().await;

    let taken: u64 = taken_over(&world)
        .iter()
        .map(|one| one.deleted["notes"].deleted)
        .sum();
    assert_eq!((made, taken), (6, 253));
}

#[tokio::test]
async fn a_row_that_its_owner_takes_back_before_the_delete_runs_stays() {
    let world = world("flag");
    world.sweep_alone(&world.faults()).await.unwrap();
    let mut row = note(&world, "1").unwrap();
    row.insert("_deleted".to_owned(), json!(false));
    world.put_row("notes", row);

    world.come_to_rest().await;

    let deletion = taken_over(&world).remove(1);
    let counts = &deletion.deleted["notes"];
    assert_eq!((counts.deleted, counts.missing, counts.failed), (0, 1, 0));
    assert_eq!(note(&world, "1").unwrap()["_deleted"], json!(false));
}

#[tokio::test]
async fn a_sweep_that_is_killed_at_any_call_takes_each_row_over_once() {
    let undisturbed = world("flag");
    let faults = undisturbed.faults();
    undisturbed.sweep_alone(&faults).await.unwrap();
    for (call, moment) in cuts(&faults.log()) {
        let world = world("flag");
        let faults = world.faults();
        faults.crash_at(call, moment);
        let answer = faults.until_crash(world.sweep_alone(&faults)).await;
        assert!(answer.is_none(), "call {call}");

        world.sweep(&world.faults()).await.unwrap();
        world.come_to_rest().await;

        let taken: u64 = taken_over(&world)
            .iter()
            .map(|one| one.deleted["notes"].deleted)
            .sum();
        assert_eq!(taken, 3, "call {call}, {moment:?}");
        assert_eq!(taken_over(&world).len(), 3, "call {call}, {moment:?}");
    }
}

#[tokio::test]
async fn a_table_that_cannot_be_looked_through_stops_nothing_else() {
    let world = world("flag");
    let faults = world.faults();
    faults.fail(
        Operation::FindMarked,
        ..,
        Fault::Unavailable(Moment::Before),
    );

    let report = world.sweep(&faults).await.unwrap();

    assert_eq!((report.adopted, report.errors), (0, 1));
    assert_eq!(world.sweep(&world.faults()).await.unwrap().adopted, 3);
}

/// A folder that others have marked, with two live notes, and one that is live with another.
fn folders(strategy: &str) -> World {
    let world = World::new(&format!(
        r#"
        [folders]
        table       = "folders"
        key         = ["folder"]
        tenant      = "owner"
        strategy    = "{strategy}"
        retention   = "30d"
        permissions = {{ delete = ["admin"], restore = ["admin"], purge = ["admin"] }}
        marks       = {{ deleted_at = "removed" }}
        adopt       = {{ deleted_at = "removed" }}

        [notes]
        table       = "notes"
        key         = ["folder", "note"]
        tenant      = "owner"
        parent      = {{ collection = "folders", by = ["folder"], on_delete = "cascade" }}
        strategy    = "{strategy}"
        retention   = "30d"
        permissions = {{ delete = ["admin"], restore = ["admin"], purge = ["admin"] }}
        "#
    ));
    for folder in ["f", "g"] {
        world.put("folders", &key(folder), None);
        for note in ["1", "2"] {
            world.put("notes", &key2(folder, note), Some(&key(folder)));
        }
    }
    let mut marked = world.row("folders", &key("f")).unwrap();
    marked.insert("removed".to_owned(), json!("2026-11-20T10:00:00Z"));
    world.put_row("folders", marked);
    world
}

#[tokio::test]
async fn what_is_live_below_what_is_taken_over_goes_with_it_and_comes_back_with_it() {
    for strategy in ["flag", "archive"] {
        for page_keys in [1, 2, 1000] {
            let mut world = folders(strategy);
            world.page_keys = page_keys;
            let of_g = world.row("notes", &key2("g", "1"));

            let report = world.sweep(&world.faults()).await.unwrap();
            world.come_to_rest().await;

            let context = format!("{strategy}, {page_keys}");
            assert_eq!((report.adopted, report.errors), (1, 0), "{context}");
            let all = taken_over(&world);
            assert_eq!(all[0].state, State::Deleted, "{context}");
            let counts = &all[0].deleted["notes"];
            assert_eq!((counts.selected, counts.deleted), (2, 2), "{context}");
            assert_eq!(world.row("notes", &key2("g", "1")), of_g, "{context}");
            let restored = world.act_and_rest(&all[0], Action::Restore).await;
            assert_eq!(restored.state, State::Restored, "{context}");
            for note in ["1", "2"] {
                let note = world.row("notes", &key2("f", note)).unwrap();
                assert!(!note.contains_key("deletion_id"), "{context}");
            }
        }
    }
}

#[tokio::test]
async fn what_is_below_a_record_that_its_owner_takes_back_stays_with_it() {
    for strategy in ["flag", "archive"] {
        let world = folders(strategy);
        let before = world.row("notes", &key2("f", "1"));
        let _swept = world.sweep(&world.faults()).await.unwrap();
        let mut back = world.row("folders", &key("f")).unwrap();
        back.remove("removed");
        world.put_row("folders", back);

        world.come_to_rest().await;

        assert_eq!(world.row("notes", &key2("f", "1")), before, "{strategy}");
    }
}
