//! What a mark changes, and what taking it off changes back.

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::*;
use crate::collection::Collections;
use crate::deletion::DeletionId;
use crate::mark::RowMark;

const FILE: &str = r#"
    [plain]
    table       = "plain"
    key         = ["a"]
    tenant      = "owner"
    strategy    = "flag"
    retention   = "30d"
    permissions = { delete = ["member"] }

    [expiring]
    table       = "expiring"
    key         = ["a"]
    tenant      = "owner"
    strategy    = "flag"
    retention   = "30d"
    ttl         = "expires"
    permissions = { delete = ["member"] }
    marks       = { takes_off = ["gsi1pk"], deleted_at = { attribute = "deletedAt", type = "epoch_ms" } }

    [synced]
    table       = "synced"
    key         = ["a"]
    tenant      = "owner"
    strategy    = "flag"
    retention   = "30d"
    permissions = { delete = ["member"] }
    adopt       = { deleted_at = "_lastChangedAt" }
    [synced.marks]
    state       = { attribute = "_deleted", deleted = true, live = [false, "null", "absent"], busy = ["LOCKED"] }
    purge_at    = { attribute = "_ttl", type = "epoch_s" }
    touch       = { _version = "+1", _lastChangedAt = "epoch_ms" }
"#;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn mark() -> Mark {
    Mark {
        deleted_at: at("2026-11-21T07:00:00Z"),
        deleted_by: "ann".into(),
        deletion_id: DeletionId::new(Uuid::from_u128(1)),
        purge_at: Some(at("2026-12-21T07:00:00.001Z")),
        written_at: at("2026-11-21T07:00:05Z"),
        adopts: true,
    }
}

fn attributes(row: Value) -> Map<String, Value> {
    let Value::Object(mut row) = row else {
        panic!("a row")
    };
    row.insert("a".into(), json!("1"));
    row.insert("owner".into(), json!("acme"));
    row
}

fn found(collection: &Collection, row: &Map<String, Value>) -> Found {
    Found::of(collection, RowMark::of(collection, row), row)
}

/// The row when it is marked, and when the mark is taken off again.
fn there_and_back(name: &str, row: Value) -> (Map<String, Value>, Map<String, Value>) {
    let collections = Collections::for_tests(FILE);
    let collection = collections.get(name).unwrap();
    let mut now = attributes(row);
    let before = found(collection, &now);
    let marking = Change::marking(collection, &mark(), &before);
    assert!(marking.holds(&now));
    marking.apply(&mut now);
    let marked = now.clone();
    assert!(
        RowMark::of(collection, &marked).is_of(mark().deletion_id),
        "{marked:?}"
    );
    let null = before.null;
    let seen = Found {
        null,
        ..found(collection, &now)
    };
    let unmarking = Change::unmarking(collection, &seen, at("2026-11-22T07:00:00Z"));
    assert!(unmarking.holds(&now));
    unmarking.apply(&mut now);
    (marked, now)
}

#[test]
fn a_row_comes_back_as_it_was_to_the_type_and_the_digit() {
    for (name, row) in [
        ("plain", json!({})),
        ("plain", json!({ "deleted_at": null })),
        ("expiring", json!({})),
        ("expiring", json!({ "expires": 1_795_000_000 })),
        ("expiring", json!({ "expires": "never", "gsi1pk": "doc#1" })),
        (
            "expiring",
            json!({ "expires": 1, "gsi1pk": { "N": "12345678901234567890123" } }),
        ),
        ("expiring", json!({ "expires": null, "deletedAt": null })),
    ] {
        let (marked, back) = there_and_back(name, row.clone());

        assert_eq!(back, attributes(row.clone()), "{name} {row}");
        assert!(!marked.contains_key("expires") && !marked.contains_key("gsi1pk"));
    }
}

#[test]
fn a_status_word_comes_back_as_the_word_it_was_and_versions_go_on() {
    for word in [Some(json!(false)), Some(Value::Null), None] {
        let mut row = json!({ "_version": 2, "_lastChangedAt": 5, "_ttl": 1_799_999_999 });
        if let Some(word) = &word {
            row["_deleted"] = word.clone();
        }

        let (marked, back) = there_and_back("synced", row);

        assert_eq!(marked["_deleted"], json!(true));
        assert_eq!(marked["_version"], json!(3));
        assert_eq!(marked["_lastChangedAt"], json!(1_795_244_405_000_i64));
        // Never before the purge.
        assert_eq!(marked["_ttl"], json!(1_797_836_401));
        assert_eq!(back.get("_deleted"), word.as_ref());
        assert_eq!(back["_version"], json!(4));
        assert_eq!(back["_lastChangedAt"], json!(1_795_330_800_000_i64));
        assert_eq!(back["_ttl"], json!(1_799_999_999));
        assert!(!back.contains_key("deletion_kept") && !back.contains_key("deleted_at"));
    }
}

#[test]
fn what_an_owner_has_put_in_the_place_of_what_was_taken_off_is_newer_and_stays() {
    let collections = Collections::for_tests(FILE);
    let expiring = collections.get("expiring").unwrap();
    let mut row = attributes(json!({ "expires": 1 }));
    Change::marking(expiring, &mark(), &found(expiring, &row)).apply(&mut row);
    row.insert("expires".into(), json!(2));

    Change::unmarking(expiring, &found(expiring, &row), at("2026-11-22T07:00:00Z")).apply(&mut row);

    assert_eq!(row["expires"], json!(2));
}

#[test]
fn what_has_changed_since_it_was_found_is_not_overwritten() {
    let collections = Collections::for_tests(FILE);
    for (name, attribute) in [
        ("expiring", "expires"),
        ("synced", "_version"),
        ("synced", "_deleted"),
    ] {
        let collection = collections.get(name).unwrap();
        let row = attributes(json!({ "expires": 1, "_version": 1 }));
        let marking = Change::marking(collection, &mark(), &found(collection, &row));
        let mut changed = row.clone();
        changed.insert(attribute.into(), json!(2));

        assert!(
            marking.holds(&row) && !marking.holds(&changed),
            "{name} {attribute}"
        );
    }
}

#[test]
fn a_row_that_was_not_found_live_is_asked_to_be_live() {
    let collections = Collections::for_tests(FILE);
    let synced = collections.get("synced").unwrap();
    for word in [json!("LOCKED"), json!("what")] {
        let row = attributes(json!({ "_deleted": word }));

        let marking = Change::marking(synced, &mark(), &found(synced, &row));

        assert!(!marking.holds(&row), "{word}");
    }
}

#[test]
fn an_acceptance_that_is_undone_leaves_what_it_found() {
    let collections = Collections::for_tests(FILE);
    let synced = collections.get("synced").unwrap();
    let before = attributes(json!({ "_deleted": null, "_version": 7 }));
    let mut row = before.clone();
    let seen = found(synced, &row);
    Change::marking(synced, &mark(), &seen).apply(&mut row);

    Change::undoing(synced, &mark(), &seen).apply(&mut row);

    assert_eq!(row["_deleted"], Value::Null);
    assert_eq!(row["_version"], json!(9));
    assert_eq!(row.len(), before.len() + 1, "{row:?}");
}

#[test]
fn a_mark_of_others_that_says_nothing_of_what_was_there_gives_the_first_word_of_a_live_row() {
    let collections = Collections::for_tests(FILE);
    let synced = collections.get("synced").unwrap();
    let mut row = attributes(json!({ "_deleted": true, "_ttl": 5, "_version": 1 }));

    Change::unmarking(synced, &found(synced, &row), at("2026-11-22T07:00:00Z")).apply(&mut row);

    assert_eq!(row["_deleted"], json!(false));
    assert!(!row.contains_key("_ttl"));
}

#[test]
fn what_could_not_be_put_back_exactly_is_found_before_anything_is_written() {
    let collections = Collections::for_tests(FILE);
    let (expiring, synced) = (
        collections.get("expiring").unwrap(),
        collections.get("synced").unwrap(),
    );
    for (collection, row, is_storable) in [
        (
            expiring,
            json!({ "expires": 1, "gsi1pk": { "B": "AQI=" } }),
            true,
        ),
        (expiring, json!({ "expires": ["a"] }), false),
        (expiring, json!({ "expires": { "at": 1 } }), false),
        (synced, json!({ "_version": 1 }), true),
        (synced, json!({ "_version": "1" }), false),
        (synced, json!({ "_version": 1.5 }), false),
    ] {
        let found = found(collection, &attributes(row.clone()));

        assert_eq!(found.is_storable(collection), is_storable, "{row}");
    }
}

#[test]
fn a_row_that_others_have_marked_keeps_what_it_says_and_comes_back_live() {
    let collections = Collections::for_tests(FILE);
    let synced = collections.get("synced").unwrap();
    let before = attributes(json!({ "_deleted": true, "_ttl": 1_798_428_003, "_version": 5 }));
    let mut row = before.clone();
    let marking = Change::marking(synced, &mark(), &found(synced, &row));
    assert!(marking.holds(&row));

    marking.apply(&mut row);

    assert!(RowMark::of(synced, &row).is_of(mark().deletion_id));
    assert_eq!(row["_ttl"], json!(1_798_428_003));
    assert_eq!(row["_version"], json!(6));
    assert_eq!(row["deleted_by"], json!("ann"));
    let unmarking = Change::unmarking(synced, &found(synced, &row), at("2026-11-22T07:00:00Z"));
    assert!(unmarking.holds(&row));
    unmarking.apply(&mut row);
    assert_eq!(row["_deleted"], json!(false));
    assert!(!row.contains_key("_ttl") && !row.contains_key("deleted_at"));
}

#[test]
fn a_row_that_others_have_marked_is_only_taken_over_by_a_deletion_that_does_so() {
    let collections = Collections::for_tests(FILE);
    let synced = collections.get("synced").unwrap();
    let row = attributes(json!({ "_deleted": true }));
    let plain = Mark {
        adopts: false,
        ..mark()
    };

    let marking = Change::marking(synced, &plain, &found(synced, &row));

    assert!(!marking.holds(&row));
}
