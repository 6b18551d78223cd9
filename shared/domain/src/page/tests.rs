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

/// As it is stored since there are parts. To be read for ever, never written again.
#[test]
fn the_place_of_a_worker_within_a_page_is_read_as_it_was_stored_and_is_of_one_run() {
    let stored = r#"{
        "deleted": { "3": { "outcome": "missing" } },
        "part": {
            "run": 2, "taken": 25,
            "look": { "of": 1, "after": "a place", "is_for_failed": true },
            "deleted": { "1": { "outcome": "failed", "reason": "HAS_CHILDREN" } },
            "followed": { "detach": null, "promote": 200 }
        }
    }"#;

    let read: Exceptions = serde_json::from_str(stored).unwrap();

    let part = read.part_of(2);
    assert_eq!((part.taken, part.look.of), (25, 1));
    assert!(part.has_failed() && part.look.is_for_failed);
    let followed = BTreeMap::from([
        ("detach".to_owned(), None),
        ("promote".to_owned(), Some(200)),
    ]);
    assert_eq!(part.followed, Some(followed));
    assert_eq!(read.part_of(3), Part::of(3), "another run begins anew");
    let done = read.followed_by(Pass::Delete, Exceptions::default(), None, false, 2);
    assert!(done.is_empty(), "what is done has no place");
    let plain = serde_json::to_string(&Exceptions::default()).unwrap();
    assert_eq!(plain, "{}", "as earlier builds write it");
}
