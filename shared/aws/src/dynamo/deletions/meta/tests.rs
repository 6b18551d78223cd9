//! What is written to `META` is read back, and is stored in the form that the indexes and the TTL need.

use super::*;
use crate::dynamo::text;
use domain::cursor::Place;
use domain::deletion::comparison::{Drift, Tallies, Tally};
use domain::deletion::{Pass, PassEvents};
use domain::page::Position;

fn notified() -> Notified {
    Notified {
        accepted: true,
        delete: PassEvents {
            first: 1,
            run: 1,
            by: Some("u-1".into()),
            pages: 40,
            done: 40,
            ended: Some(State::Deleted),
            finished: true,
            since: 1,
            ..PassEvents::default()
        },
        restore: PassEvents::default(),
        purge: PassEvents {
            first: 2,
            run: 2,
            of: 40,
            pages: 2,
            since: 2,
            ..PassEvents::default()
        },
    }
}

fn whole() -> Deletion {
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let messages: CollectionName = "messages".parse().unwrap();
    Deletion {
        id: "01932c5e-7a00-7000-8000-00000000000b".parse().unwrap(),
        tenant: Tenant::new("acme").unwrap(),
        collection: "discussions".parse().unwrap(),
        root: Some(RecordKey::stored("d-1", Some("s"))),
        names: vec!["discussions".parse().unwrap(), messages.clone()],
        strategy: Strategy::Flag,
        adopts: true,
        restorable: true,
        requested_by: "u-1".into(),
        request_id: "r-1".into(),
        deleted_at: at("2026-11-21T07:00:00.120Z"),
        purge_at: Some(at("2026-12-21T07:00:00.120Z")),
        state: State::Purging,
        revision: 18,
        epoch: 4,
        lease: Some(Lease {
            until: at("2026-12-21T07:02:00.001Z"),
            holder: Uuid::from_u128(7),
        }),
        run: 2,
        pages: 40,
        chain: "0f".repeat(32),
        selected: None,
        late: 0,
        behind: 0,
        tops: 0,
        acted: 40,
        cursor: 3,
        purged_late: Some(0),
        late_cursor: Some(SelectCursor::Below(Place {
            page: 2,
            entry: 9,
            child: 1,
            after: Some(Position("{\"a\":1}".into())),
        })),
        late_done: false,
        root_restored: true,
        links: Some(SelectCursor::SHARED),
        deleted: BTreeMap::from([(
            messages.clone(),
            DeleteCounts {
                selected: 7,
                deleted: 2,
                already_deleted: 1,
                missing: 1,
                kept: 1,
                failed: 1,
                not_reached: 1,
            },
        )]),
        restored: BTreeMap::new(),
        purged: BTreeMap::from([(
            messages,
            PurgeCounts {
                purged: 1,
                kept: 2,
                failed: 3,
            },
        )]),
        notified: notified(),
        attempts: 1,
        resends: 2,
        failure: Some(Failure {
            code: "UNAVAILABLE".into(),
            reason: "search index".into(),
        }),
        progress_at: at("2026-12-21T07:00:01Z"),
        comparison: Comparison {
            done: true,
            holder: None,
            pages: 3,
            below_cursor: Some(SelectCursor::ROOT),
            waiting: 1,
            returns: 2,
            asked: true,
            drift: Tallies::from([(
                Drift::OrphanMark,
                Tally {
                    found: 2,
                    repaired: 1,
                },
            )]),
            stale_documents: Tally {
                found: 3,
                repaired: 2,
            },
            ..Comparison::default()
        },
        ended_at: Some(at("2026-11-21T07:05:00Z")),
        last_action: Some(LastAction {
            action: Action::Purge,
            by: "u-2".into(),
            at: at("2026-12-21T07:00:00.500Z"),
        }),
        due_at: Some(at("2026-12-21T07:03:00.001Z")),
        expires_at: Some(at("2036-12-18T07:00:00Z")),
    }
}

fn bare() -> Deletion {
    Deletion {
        names: Vec::new(),
        purge_at: None,
        lease: None,
        late_cursor: None,
        links: None,
        comparison: Comparison::default(),
        failure: None,
        ended_at: None,
        last_action: None,
        due_at: None,
        expires_at: None,
        deleted: BTreeMap::new(),
        purged: BTreeMap::new(),
        ..whole()
    }
}

#[test]
fn a_deletion_is_read_as_it_was_written() {
    for deletion in [whole(), bare()] {
        assert_eq!(read(write(&deletion).unwrap()).unwrap(), deletion);
    }
}

#[test]
fn the_indexes_and_the_ttl_find_their_attributes() {
    let item = write(&whole()).unwrap();

    assert_eq!(
        item["pk"],
        text("T#acme#D#01932c5e-7a00-7000-8000-00000000000b")
    );
    assert_eq!(item["sk"], text("META"));
    assert_eq!(item["tenant"], text("acme"));
    assert_eq!(
        item["deletion_id"],
        text("01932c5e-7a00-7000-8000-00000000000b")
    );
    assert_eq!(item["due_shard"], text("purge-3"));
    assert_eq!(item["due_at"], AttributeValue::N("1797836580001".into()));
    assert_eq!(item["expires_at"], AttributeValue::N("2113196400".into()));
}

#[test]
fn what_is_not_due_stands_in_no_index_of_due_ones() {
    let item = write(&bare()).unwrap();

    for absent in [
        "due_shard",
        "due_at",
        "expires_at",
        "lease",
        "look",
        "links",
        "comparison",
        "failure",
        "purge_at",
        "ended_at",
    ] {
        assert!(!item.contains_key(absent), "{absent}");
    }
}

/// The size as DynamoDB counts it: names and values, 3 bytes for a map and 1 for each member.
fn size(item: &Item) -> usize {
    fn bytes(value: &AttributeValue) -> usize {
        match value {
            AttributeValue::S(text) => text.len(),
            AttributeValue::N(digits) => digits.len().div_ceil(2) + 1,
            AttributeValue::M(map) => 3 + map.len() + size(map),
            _ => 1,
        }
    }
    item.iter()
        .map(|(name, value)| name.len() + bytes(value))
        .sum()
}

/// With names as long as issuers and gateways make them: a UUID each.
fn named(mut deletion: Deletion) -> Deletion {
    let name = Uuid::from_u128(u128::MAX).to_string();
    deletion.tenant = Tenant::new(&name).unwrap();
    deletion.requested_by.clone_from(&name);
    deletion.request_id.clone_from(&name);
    deletion.root = Some(RecordKey::stored(name.clone(), None));
    deletion.notified.delete.by = Some(name);
    deletion
}

#[test]
fn the_item_of_a_delete_is_one_write_unit_for_three_collections() {
    let mut deletion = named(whole());
    deletion.state = State::Deleting;
    (deletion.late_cursor, deletion.links) = (None, None);
    (deletion.failure, deletion.ended_at, deletion.last_action) = (None, None, None);
    (deletion.comparison, deletion.notified.purge) = (Comparison::default(), PassEvents::default());
    deletion.purged.clear();
    let names = ["streams", "stream_messages", "reactions"];
    let counts = |name: &str| {
        let under_way = DeleteCounts {
            selected: 1_000_000,
            deleted: 500_000,
            not_reached: 500_000,
            ..DeleteCounts::default()
        };
        (name.parse().unwrap(), under_way)
    };
    deletion.deleted = names.into_iter().map(counts).collect();

    let size = size(&write(&deletion).unwrap());

    assert!(size <= 1024, "{size} bytes");
}

#[test]
fn the_item_of_a_deletion_that_has_been_through_everything_is_two_write_units() {
    let deletion = been_through_everything();

    let size = size(&write(&deletion).unwrap());

    assert!(size <= 2048, "{size} bytes");
}

/// Deleted, tried again, restored, purged, compared; each pass failed and is owed.
fn been_through_everything() -> Deletion {
    let mut deletion = named(whole());
    let discussions: CollectionName = "discussions".parse().unwrap();
    let messages: CollectionName = "messages".parse().unwrap();
    let failure = Failure::new("ATTEMPTS_EXHAUSTED", &"r".repeat(100));
    let events = PassEvents {
        first: 3,
        run: 7,
        by: Some(deletion.requested_by.clone()),
        pages: 1_000,
        retold: 1_000,
        done: 1_000,
        of: 1_000,
        ended: Some(State::RestoreFailed),
        failure: None,
        finished: true,
        since: 3,
        ..PassEvents::default()
    };
    deletion.notified.delete = events.clone();
    deletion.notified.restore = events.clone();
    deletion.notified.purge = PassEvents {
        failure: Some(failure.clone()),
        ..events
    };
    deletion.failure = Some(failure);
    let restored = RestoreCounts {
        restored: 999_998,
        conflict: 1,
        failed: 1,
        expired: 2,
    };
    deletion.restored = BTreeMap::from([(discussions, restored), (messages, restored)]);
    deletion
}

/// An id has 1,024 bytes in each part, a subject claim 255, a reason 256: no text from a client or a store makes the
/// item grow beyond that.
#[test]
fn the_longest_ids_and_names_make_a_larger_item_and_no_more() {
    let mut deletion = been_through_everything();
    let longest = "s".repeat(255);
    deletion.root = Some(RecordKey::stored("k".repeat(1024), Some(&"k".repeat(1024))));
    deletion.tenant = Tenant::new(&longest).unwrap();
    deletion.requested_by.clone_from(&longest);
    for pass in [Pass::Delete, Pass::Restore, Pass::Purge] {
        deletion.notified.of_mut(pass).by = Some(longest.clone());
    }
    let failure = Failure::new("DEPENDENCY_BUSY", &"é".repeat(100_000));
    deletion.notified.purge.failure = Some(failure.clone());
    deletion.failure = Some(failure);

    let size = size(&write(&deletion).unwrap());

    assert!((3 * 1024..6 * 1024).contains(&size), "{size} bytes");
}

#[test]
fn counts_of_nothing_are_not_written_and_read_as_nothing() {
    let item = write(&whole()).unwrap();
    let mut deletion = whole();
    let messages: CollectionName = "messages".parse().unwrap();
    deletion.deleted = BTreeMap::from([(messages.clone(), DeleteCounts::default())]);
    deletion.purged = BTreeMap::from([(messages, PurgeCounts::default())]);

    let short = write(&deletion).unwrap();

    let none = AttributeValue::M([("messages".to_owned(), AttributeValue::M([].into()))].into());
    assert_eq!((&short["deleted"], &short["purged"]), (&none, &none));
    assert_ne!(item["deleted"], none);
    assert_eq!(read(short).unwrap(), deletion);
}

#[test]
fn an_item_that_is_not_ours_is_refused_with_a_reason() {
    let mut item = write(&whole()).unwrap();
    item.insert("state".into(), text("ARCHIVING"));

    assert!(matches!(read(item), Err(ItemError::Malformed { .. })));
}

#[test]
fn the_scope_of_a_delete_by_filters_is_of_a_version_that_knows_them() {
    use crate::dynamo::deletions::scope::scope_item;
    use domain::deletion::{FILTERED, VERSION};
    use domain::scope::{Scope, Source};

    let version = |scope: &Scope| {
        let item = scope_item(&whole(), scope).unwrap();
        item["v"].as_n().unwrap().parse::<u32>().unwrap()
    };
    let scope = |text: &str| serde_json::from_str::<Scope>(text).unwrap();

    let matching = scope(r#"{"source":{"kind":"matching","collections":["notes"]},"cascade":{}}"#);
    let narrowed = scope(
        r#"{"source":{"kind":"ids","parts":1,"count":1},"cascade":{},"only":{"notes":{"filters":[{"attribute":"kind","must":{"be":"a"}}]}}}"#,
    );
    let plain = scope(
        r#"{"source":{"kind":"author","author":"ann","collections":["notes"]},"cascade":{},"only":{"notes":{"author":"ann"}}}"#,
    );

    assert!(matches!(matching.source, Source::Matching { .. }));
    assert_eq!(version(&matching), FILTERED);
    assert_eq!(version(&narrowed), FILTERED);
    assert_eq!(version(&plain), VERSION);
}
