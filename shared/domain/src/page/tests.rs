//! Counts are what page and exceptions say together.

use super::*;
use crate::key::RecordKey;

fn entry(id: &str, judged: Judged) -> Entry {
    let messages = serde_json::from_str("\"messages\"").unwrap();
    Entry::new(messages, RecordKey::stored(id, None), judged)
}

#[test]
fn every_selected_record_is_counted_once() {
    let page = Page {
        number: 2,
        entries: vec![
            entry("a", Judged::Live),
            entry("b", Judged::AlreadyDeleted),
            entry("c", Judged::LiveNull),
            entry("d", Judged::Live),
            entry("e", Judged::Live),
        ],
        next: None,
    };
    let exceptions = Exceptions {
        deleted: BTreeMap::from([
            (3, Outcome::Missing),
            (
                4,
                Outcome::Failed {
                    reason: "DOCUMENT_REJECTED".into(),
                },
            ),
        ]),
        ..Exceptions::default()
    };

    let counts = page
        .delete_counts(&exceptions)
        .into_values()
        .next()
        .unwrap();

    assert_eq!(
        counts,
        DeleteCounts {
            selected: 5,
            deleted: 2,
            already_deleted: 1,
            missing: 1,
            kept: 0,
            failed: 1,
            not_reached: 0
        }
    );
}

#[test]
fn a_kept_record_is_stored_as_a_missing_one_with_a_field_more() {
    for (outcome, stored) in [
        (Outcome::Missing, r#"{"outcome":"missing"}"#),
        (Outcome::Kept, r#"{"outcome":"missing","kept":true}"#),
        (
            Outcome::failed("WHY: it did"),
            r#"{"outcome":"failed","reason":"WHY: it did"}"#,
        ),
    ] {
        assert_eq!(serde_json::to_string(&outcome).unwrap(), stored);
        assert_eq!(serde_json::from_str::<Outcome>(stored).unwrap(), outcome);
    }
}
