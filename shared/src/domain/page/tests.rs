//! Counts are what page and exceptions say together.

use super::*;

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
            failed: 1,
            not_reached: 0
        }
    );
}
