//! What each filter asks of a row, and that whatever is not understood is an error.

use serde_json::json;

use super::*;
use crate::collection::{Collection, Collections};
use crate::key::RecordKey;
use crate::row::Row;

fn collections() -> Collections {
    Collections::for_tests(
        r#"
        [notes]
        table       = "notes"
        key         = ["id"]
        tenant      = "realm"
        strategy    = "flag"
        retention   = "30d"
        permissions = { delete = ["admin"] }

        [notes.filters]
        type   = "kind"
        group  = ["group_kind", "group_no"]
        key    = "event_key"
        time   = "sent_at"
        opened = { attribute = "opened_at", op = "exists" }
        place  = ["country", "town"]
        colour = { attribute = "paint", op = "equals" }
        pinned = { attribute = "pin", op = "exists" }

        [plain]
        table       = "plain"
        key         = ["id"]
        tenant      = "realm"
        strategy    = "flag"
        retention   = "30d"
        permissions = { delete = ["admin"] }
        "#,
    )
}

fn parse(fields: &Value) -> Result<Narrowing, FilterError> {
    let collections = collections();
    let declared = &collections.get("notes").unwrap().filters;
    Narrowing::parse(fields.as_object().unwrap(), declared)
}

fn meets(fields: &Value, attributes: &Value) -> bool {
    let collections = collections();
    let notes: &Collection = collections.get("notes").unwrap();
    let conditions = parse(fields).unwrap().conditions(&notes.filters).unwrap();
    let row = Row {
        key: RecordKey::stored("n", None),
        attributes: attributes.as_object().cloned().unwrap(),
    };
    conditions
        .iter()
        .all(|condition| condition.holds(&row, notes))
}

#[test]
fn each_field_asks_one_thing_of_a_row() {
    for (fields, attributes, is_met) in [
        (json!({"type": "a"}), json!({"kind": "a"}), true),
        (json!({"type": "a"}), json!({"kind": "b"}), false),
        (json!({"type": "a"}), json!({}), false),
        (json!({"type": "5"}), json!({"kind": 5}), false),
        (
            json!({"group_type": "t", "group_id": "1"}),
            json!({"group_kind": "t", "group_no": "1"}),
            true,
        ),
        (
            json!({"group_type": "t", "group_id": "1"}),
            json!({"group_kind": "t", "group_no": "2"}),
            false,
        ),
        (
            json!({"group_type": "t", "group_id": "1"}),
            json!({"group_kind": "u", "group_no": "1"}),
            false,
        ),
        (json!({"key": "k"}), json!({"event_key": "k"}), true),
        (json!({"opened": true}), json!({"opened_at": "x"}), true),
        (json!({"opened": true}), json!({"opened_at": null}), false),
        (json!({"opened": true}), json!({}), false),
        (json!({"opened": false}), json!({"opened_at": null}), true),
        (json!({"opened": false}), json!({}), true),
        (json!({"opened": false}), json!({"opened_at": false}), false),
        (
            json!({"place": ["de", "ulm"]}),
            json!({"country": "de", "town": "ulm"}),
            true,
        ),
        (
            json!({"place": ["de", "ulm"]}),
            json!({"country": "ulm", "town": "de"}),
            false,
        ),
        (json!({"colour": "red"}), json!({"paint": "red"}), true),
        (json!({"pinned": false}), json!({}), true),
    ] {
        assert_eq!(meets(&fields, &attributes), is_met, "{fields} {attributes}");
    }
}

#[test]
fn both_ends_of_a_time_are_strict_to_the_millisecond() {
    let at = "2026-11-21T12:00:00.120Z";
    for (sent_at, is_later, is_earlier) in [
        (json!("2026-11-21T12:00:00.119Z"), false, true),
        (json!("2026-11-21T12:00:00.120Z"), false, false),
        (json!("2026-11-21T12:00:00.120999Z"), false, false),
        (json!("2026-11-21T12:00:00.121Z"), true, false),
        (json!("2026-11-21T13:00:00.121+01:00"), true, false),
        (json!(1_795_262_400_121_i64), true, false),
        (json!(1_795_262_400), false, true),
        (json!(null), false, false),
        (json!("yesterday"), false, false),
    ] {
        let row = json!({ "sent_at": sent_at });
        assert_eq!(
            meets(&json!({"later_than": at}), &row),
            is_later,
            "{sent_at}"
        );
        assert_eq!(
            meets(&json!({"earlier_than": at}), &row),
            is_earlier,
            "{sent_at}"
        );
    }
    assert!(!meets(&json!({"later_than": at}), &json!({})));
    assert!(!meets(&json!({"earlier_than": at}), &json!({})));
}

#[test]
fn whatever_is_not_understood_is_an_error_at_its_place() {
    use FilterFault::{
        Empty, EmptyRange, Half, NoBoolean, NoText, NoTexts, NoTime, TooLong, Unknown,
    };
    let at = "2026-11-21T12:00:00.120Z";
    for (fields, field, why) in [
        (json!({}), None, Empty),
        (json!({"kind": "a"}), Some(("kind", None)), Unknown),
        (json!({"Type": "a"}), Some(("Type", None)), Unknown),
        (json!({"group": "a"}), Some(("group", None)), Unknown),
        (json!({"time": at}), Some(("time", None)), Unknown),
        (json!({"type": null}), Some(("type", None)), NoText),
        (json!({"type": ""}), Some(("type", None)), Empty),
        (json!({"type": ["a"]}), Some(("type", None)), NoText),
        (
            json!({"type": "x".repeat(1025)}),
            Some(("type", None)),
            TooLong,
        ),
        (json!({"group_id": "1"}), Some(("group_id", None)), Half),
        (json!({"group_type": "t"}), Some(("group_type", None)), Half),
        (json!({"opened": "true"}), Some(("opened", None)), NoBoolean),
        (json!({"opened": 1}), Some(("opened", None)), NoBoolean),
        (json!({"opened": null}), Some(("opened", None)), NoBoolean),
        (json!({"place": ["de"]}), Some(("place", None)), NoTexts),
        (json!({"place": "de"}), Some(("place", None)), NoTexts),
        (
            json!({"place": ["de", ""]}),
            Some(("place", Some(1))),
            Empty,
        ),
        (
            json!({"place": [null, "ulm"]}),
            Some(("place", Some(0))),
            NoText,
        ),
        (
            json!({"later_than": "2026-11-21"}),
            Some(("later_than", None)),
            NoTime,
        ),
        (
            json!({"later_than": 1_795_262_400}),
            Some(("later_than", None)),
            NoTime,
        ),
        (
            json!({"earlier_than": null}),
            Some(("earlier_than", None)),
            NoTime,
        ),
        (
            json!({"later_than": at, "earlier_than": at}),
            Some(("earlier_than", None)),
            EmptyRange,
        ),
        (
            json!({"later_than": at, "earlier_than": "2026-11-21T12:00:00.121Z"}),
            Some(("earlier_than", None)),
            EmptyRange,
        ),
        (
            json!({"later_than": at, "earlier_than": "2026-11-21T11:00:00Z"}),
            Some(("earlier_than", None)),
            EmptyRange,
        ),
    ] {
        let field = field.map(|(name, place): (&str, _)| (name.to_owned(), place));
        assert_eq!(parse(&fields), Err(FilterError { field, why }), "{fields}");
    }
    let wide = json!({"later_than": at, "earlier_than": "2026-11-21T12:00:00.122Z"});
    assert!(parse(&wide).is_ok());
}

#[test]
fn filters_are_stored_as_the_request_has_them_and_times_in_one_form() {
    let fields =
        json!({"type": "a", "later_than": "2026-11-21T13:00:00.1209+01:00", "opened": false});

    let parsed = parse(&fields).unwrap();

    let stored = r#"{"later_than":"2026-11-21T12:00:00.120Z","opened":false,"type":"a"}"#;
    assert_eq!(serde_json::to_string(&parsed).unwrap(), stored);
    assert_eq!(serde_json::from_str::<Narrowing>(stored).unwrap(), parsed);
}

#[test]
fn a_filter_that_the_collection_does_not_declare_any_more_is_met_by_no_row() {
    let collections = collections();
    let plain = collections.get("plain").unwrap();
    let notes = collections.get("notes").unwrap();
    let row = Row {
        key: RecordKey::stored("n", None),
        attributes: Map::new(),
    };
    let unopened = parse(&json!({"opened": false})).unwrap();

    let conditions = unopened.conditions(&notes.filters).unwrap();

    assert!(
        conditions
            .iter()
            .all(|condition| condition.holds(&row, notes))
    );
    assert!(
        !conditions
            .iter()
            .any(|condition| condition.holds(&row, plain))
    );
    assert_eq!(unopened.conditions(&plain.filters), None);
}
