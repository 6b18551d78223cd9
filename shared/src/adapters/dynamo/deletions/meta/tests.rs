//! What is written to `META` is read back, and stands there as the indexes and the TTL want it.

use super::*;
use crate::adapters::dynamo::text;
use crate::domain::deletion::Telling;
use crate::domain::deletion::comparison::{Drift, Tallies, Tally};
use crate::domain::page::Position;
use aws_sdk_dynamodb::types::AttributeValue;

fn notified() -> Notified {
    Notified {
        accepted: true,
        delete: Telling {
            first: 1,
            run: 1,
            by: Some("u-1".into()),
            pages: 40,
            done: 40,
            ended: Some(State::Deleted),
            finished: true,
            since: 1,
            ..Telling::default()
        },
        restore: Telling::default(),
        purge: Telling {
            first: 2,
            run: 2,
            of: 40,
            pages: 2,
            since: 2,
            ..Telling::default()
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
        strategy: Strategy::Flag,
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
        acted: 40,
        cursor: 3,
        look: Some(SelectCursor {
            page: 2,
            entry: 9,
            child: 1,
            after: Some(Position("{\"a\":1}".into())),
        }),
        looked: false,
        deleted: BTreeMap::from([(
            messages.clone(),
            DeleteCounts {
                selected: 6,
                deleted: 2,
                already_deleted: 1,
                missing: 1,
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
            look: Some(SelectCursor::ROOT),
            waiting: 1,
            returns: 2,
            drift: Tallies::from([(
                Drift::OrphanMark,
                Tally {
                    found: 2,
                    repaired: 1,
                },
            )]),
        },
        ended_at: Some(at("2026-11-21T07:05:00Z")),
        due_at: Some(at("2026-12-21T07:03:00.001Z")),
        expires_at: Some(at("2036-12-18T07:00:00Z")),
    }
}

fn bare() -> Deletion {
    Deletion {
        purge_at: None,
        lease: None,
        look: None,
        comparison: Comparison::default(),
        failure: None,
        ended_at: None,
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
    assert_eq!(item["due_shard"], text("3"));
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
        "comparison",
        "failure",
        "purge_at",
        "ended_at",
    ] {
        assert!(!item.contains_key(absent), "{absent}");
    }
}

#[test]
fn the_item_of_an_ordinary_deletion_is_one_write_unit() {
    fn bytes(value: &AttributeValue) -> usize {
        match value {
            AttributeValue::S(text) => text.len(),
            AttributeValue::N(digits) => digits.len().div_ceil(2) + 1,
            AttributeValue::M(map) => {
                3 + map
                    .iter()
                    .map(|(name, value)| 1 + name.len() + bytes(value))
                    .sum::<usize>()
            }
            _ => 1,
        }
    }
    let mut deletion = whole();
    deletion.look = None;
    deletion.comparison.look = None;
    deletion.purged.clear();

    let size: usize = write(&deletion)
        .unwrap()
        .iter()
        .map(|(name, value)| name.len() + bytes(value))
        .sum();

    assert!(size <= 1024, "{size} bytes");
}

#[test]
fn an_item_that_is_not_ours_is_refused_with_a_reason() {
    let mut item = write(&whole()).unwrap();
    item.insert("state".into(), text("ARCHIVING"));

    assert!(matches!(read(item), Err(ItemError::Malformed { .. })));
}
