//! When a record above another one is the one that it had, and when it is not.

use serde_json::json;

use super::*;
use crate::collection::Collections;
use crate::key::RecordKey;

const STREAMS: &str = r#"
    [streams]
    table       = "streams"
    key         = ["id"]
    tenant      = "owner"
    filters     = { time = "created_at" }
    strategy    = "flag"
    retention   = "30d"
    permissions = { delete = ["member"] }

    [rooms]
    table       = "rooms"
    key         = ["id"]
    tenant      = "owner"
    strategy    = "flag"
    retention   = "30d"
    permissions = { delete = ["member"] }
"#;

const DELETED: &str = "2026-11-21T07:00:00Z";
const BEFORE: &str = "2026-11-01T07:00:00Z";
const LONG_BEFORE: &str = "2026-10-01T07:00:00Z";
const AFTER: &str = "2026-12-01T07:00:00Z";

fn row(id: &str, created_at: Option<&str>) -> Row {
    Row {
        key: RecordKey::stored(id, None),
        attributes: json!({ "id": id, "owner": "a", "created_at": created_at })
            .as_object()
            .unwrap()
            .clone(),
    }
}

fn standing(collection: &str, id: &str, created_at: Option<&str>) -> Standing {
    let collections = Collections::for_tests(STREAMS);
    let collection = collections.get(collection).unwrap();
    Standing::of(&row(id, created_at), collection, DELETED.parse().unwrap())
}

fn above(rows: &[(&str, &str, Option<&str>)]) -> Above {
    let collections = Collections::for_tests(STREAMS);
    let rows: Vec<(&Collection, Row)> = rows
        .iter()
        .map(|(collection, id, time)| (collections.get(collection).unwrap(), row(id, *time)))
        .collect();
    Above::nearest(rows.iter().map(|(collection, row)| (*collection, row)))
}

#[test]
fn one_that_is_known_is_told_by_its_time_of_creation_alone() {
    let above = above(&[("streams", "s", Some(AFTER))]);

    for (created_at, expected) in [
        (Some(AFTER), Parent::Same),
        (Some(BEFORE), Parent::Another),
        (Some(LONG_BEFORE), Parent::Another),
        (None, Parent::Another),
    ] {
        assert_eq!(above.judge(&standing("streams", "s", created_at)), expected);
    }
}

#[test]
fn of_one_that_is_not_known_its_time_decides_as_far_as_it_says_anything() {
    for known in [above(&[]), above(&[("streams", "t", Some(BEFORE))])] {
        for (created_at, expected) in [
            (Some(AFTER), Parent::Another),
            (Some(BEFORE), Parent::Unknown),
            (None, Parent::Unknown),
        ] {
            let now = standing("streams", "s", created_at);
            assert_eq!(known.judge(&now), expected, "{created_at:?}");
            assert_eq!(known.judge(&now.taken()), Parent::Unknown);
        }
    }
}

#[test]
fn what_has_no_time_is_not_told_apart() {
    let above = above(&[("rooms", "r", Some(BEFORE)), ("streams", "s", None)]);

    assert!(above.is_empty());
    let now = standing("rooms", "r", Some(AFTER));
    assert_eq!(above.judge(&now), Parent::Unknown);
}

#[test]
fn above_one_that_is_the_same_nothing_matters() {
    let above = above(&[("streams", "s", Some(BEFORE))]);
    let (same, other) = (
        standing("streams", "s", Some(BEFORE)),
        standing("streams", "s", Some(AFTER)),
    );
    let (room, late) = (
        standing("rooms", "r", None),
        standing("streams", "t", Some(AFTER)),
    );

    assert!(above.is_still([]));
    assert!(above.is_still([room, same, late]));
    assert!(!above.is_still([room, other]));
    assert!(!above.is_still([late, same]));
}

#[test]
fn only_the_nearest_that_has_a_time_is_remembered() {
    let further = ("streams", "t", Some(BEFORE));
    let nearest = ("streams", "s", Some(BEFORE));

    let above_both = above(&[("rooms", "r", None), nearest, further]);

    assert_eq!(above_both, above(&[nearest]));
    assert_ne!(above_both, above(&[further]));
}
