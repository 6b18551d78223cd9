//! When two rows of one key are one record, and when they are not.

use serde_json::json;

use super::*;
use crate::collection::Collections;
use crate::key::RecordKey;

const NOTES: &str = r#"
    [notes]
    table       = "notes"
    key         = ["id"]
    tenant      = "owner"
    strategy    = "flag"
    retention   = "30d"
    permissions = { delete = ["member"] }

    [dated]
    table       = "dated"
    key         = ["id"]
    tenant      = "owner"
    filters     = { time = "created_at" }
    strategy    = "flag"
    retention   = "30d"
    permissions = { delete = ["member"] }
"#;

fn of(collection: &str, attributes: &Value) -> Fingerprint {
    let collections = Collections::for_tests(NOTES);
    let row = Row {
        key: RecordKey::stored("1", None),
        attributes: attributes.as_object().unwrap().clone(),
    };
    Fingerprint::of(&row, collections.get(collection).unwrap(), &["total"])
}

#[test]
fn a_record_without_a_time_is_another_one_when_anything_of_it_differs() {
    let first = of("notes", &json!({ "id": "1", "owner": "a", "text": "one" }));

    assert_ne!(
        first,
        of("notes", &json!({ "id": "1", "owner": "a", "text": "two" }))
    );
    assert_ne!(first, of("notes", &json!({ "id": "1", "owner": "a" })));
}

#[test]
fn marks_and_computed_values_do_not_make_another_record() {
    let plain = of("notes", &json!({ "id": "1", "owner": "a" }));
    let marked = json!({
        "id": "1", "owner": "a", "total": 3,
        "deleted_at": "2026-01-01T00:00:00Z", "deleted_by": "u", "deletion_id": "d",
    });

    assert_eq!(plain, of("notes", &marked));
}

#[test]
fn a_record_that_says_when_it_was_created_may_change_and_stays_the_same() {
    let at = |time: &str, text: &str| {
        of(
            "dated",
            &json!({ "id": "1", "created_at": time, "text": text }),
        )
    };

    assert_eq!(
        at("2026-01-01T00:00:00Z", "one"),
        at("2026-01-01T00:00:00Z", "two")
    );
    assert_ne!(
        at("2026-01-01T00:00:00Z", "one"),
        at("2026-01-02T00:00:00Z", "one")
    );
    assert_ne!(
        of("dated", &json!({ "id": "1", "text": "one" })),
        of("dated", &json!({ "id": "1", "text": "two" })),
        "the time is missing"
    );
}
