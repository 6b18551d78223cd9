//! Reading: everything is read as it was written, only for its own tenant.

use std::collections::BTreeMap;
use std::time::Duration;

use super::harness::{DeletionsHarness, accepted, sample};
use crate::samples::{self, ODD_IDS, key, key2, start, tenant};
use domain::above::Above;
use domain::collection::{Collection, Strategy};
use domain::cursor::{Place, PlaceBelow};
use domain::deletion::comparison::{Drift, Tallies, Tally};
use domain::deletion::{
    Action, Comparison, DeleteCounts, Deletion, Failure, LastAction, Lease, Notified, PassEvents,
    PurgeCounts, RestoreCounts, State,
};
use domain::key::RecordRef;
use domain::page::{Entry, Exceptions, Judged, Outcome, Page, Position, SelectCursor};
use domain::row::Row;
use ports::{AdvanceDeletions, ChangeDeletions, PutPageOutcome, ReadDeletions, StoreOutcome};

pub async fn a_deletion_comes_back_as_it_was_stored<H: DeletionsHarness>(harness: &H) {
    let sample = accepted(harness, 1, "acme").await;
    let full = full(&sample.deletion);
    let mut bare = full.clone();
    bare.revision += 1;
    (bare.purge_at, bare.lease, bare.late_cursor, bare.failure) = (None, None, None, None);
    (bare.ended_at, bare.due_at, bare.expires_at) = (None, None, None);
    bare.last_action = None;

    for next in [full, bare] {
        assert_eq!(
            harness.deletions().store(&next).await.expect("it answers"),
            StoreOutcome::Stored
        );

        assert_eq!(sample.stored(harness).await, next);
    }
}

pub async fn a_scope_comes_back_as_it_was_accepted<H: DeletionsHarness>(harness: &H) {
    let sample = accepted(harness, 1, "acme").await;

    let scope = harness
        .deletions()
        .scope(&sample.deletion.tenant, sample.deletion.id)
        .await
        .expect("it answers");

    let scope = scope.expect("it is there");
    assert_eq!(scope, sample.scope);
    let below: Vec<_> = scope
        .children_of(&sample.collection.name)
        .iter()
        .map(AsRef::as_ref)
        .collect::<Vec<&str>>();
    assert_eq!(below, ["messages"]);
    assert_eq!(sample.collections.iter().count(), 3);
}

pub async fn a_page_comes_back_as_it_was_written<H: DeletionsHarness>(harness: &H) {
    let sample = accepted(harness, 1, "acme").await;
    let mut entries: Vec<_> = ODD_IDS
        .map(|id| entry("messages", id, Some(id), Judged::Live))
        .into();
    entries.push(entry("messages", "d", Some("null"), Judged::LiveNull));
    entries.push(entry("replies", "r", None, Judged::AlreadyDeleted));
    let dated = above(&sample.collection);
    entries.push(entry("messages", "d", Some("below"), Judged::Live).below(dated));
    let after = Some(Position("🪦 \"quoted\" {}".to_owned()));
    let nexts = [
        None,
        Some(SelectCursor::Shared(Place {
            page: 2,
            entry: 17,
            child: 1,
            after,
        })),
        Some(SelectCursor::ROOT),
    ];

    for (number, next) in (2..).zip(nexts) {
        let page = Page {
            number,
            entries: entries.clone(),
            next,
        };
        assert_eq!(
            harness
                .deletions()
                .put_page(&sample.deletion, &page)
                .await
                .expect("it answers"),
            PutPageOutcome::Written
        );

        let read = harness
            .deletions()
            .page(&sample.deletion.tenant, sample.deletion.id, number)
            .await
            .expect("it answers");

        assert_eq!(read, Some(page));
    }
    let empty = Page {
        number: 9,
        entries: Vec::new(),
        next: None,
    };
    assert_eq!(
        harness
            .deletions()
            .put_page(&sample.deletion, &empty)
            .await
            .expect("it answers"),
        PutPageOutcome::Written
    );
    assert_eq!(
        harness
            .deletions()
            .page(&sample.deletion.tenant, sample.deletion.id, 9)
            .await
            .expect("it answers"),
        Some(empty)
    );
}

pub async fn what_is_not_there_is_none<H: DeletionsHarness>(harness: &H) {
    let there = accepted(harness, 1, "acme").await.deletion;
    let store = harness.deletions();

    assert!(sample(2, "acme").is_absent(harness).await);
    assert_eq!(
        store
            .page(&there.tenant, there.id, 2)
            .await
            .expect("it answers"),
        None
    );
    assert_eq!(
        store
            .page(&there.tenant, there.id, 0)
            .await
            .expect("it answers"),
        None
    );
    assert_eq!(
        store
            .exceptions(&there.tenant, there.id, 1)
            .await
            .expect("it answers"),
        None
    );
}

pub async fn another_tenants_deletion_is_none<H: DeletionsHarness>(harness: &H) {
    let sample = accepted(harness, 1, "acme").await;
    let id = sample.deletion.id;
    let noted = Exceptions {
        deleted: BTreeMap::from([(0, Outcome::Missing)]),
        ..Exceptions::default()
    };
    harness
        .deletions()
        .put_exceptions(&sample.deletion, 1, &noted)
        .await
        .expect("it answers");
    let store = harness.deletions();

    // Names that a careless key would confuse.
    for other in [
        "globex",
        "acme#D",
        &format!("acme#D#{id}"),
        "T#acme",
        "ACME",
        "acme ",
    ] {
        let other = tenant(other);
        assert_eq!(
            store.deletion(&other, id).await.expect("it answers"),
            None,
            "{other}"
        );
        assert_eq!(
            store.scope(&other, id).await.expect("it answers"),
            None,
            "{other}"
        );
        assert_eq!(
            store.page(&other, id, 1).await.expect("it answers"),
            None,
            "{other}"
        );
        assert_eq!(
            store.exceptions(&other, id, 1).await.expect("it answers"),
            None,
            "{other}"
        );
    }
}

/// A deletion with a value in every field.
fn full(deletion: &Deletion) -> Deletion {
    let later = |seconds: u64| {
        start()
            .checked_add(Duration::from_millis(seconds * 1000 + 7))
            .unwrap_or_default()
    };
    let counts = |n| DeleteCounts {
        selected: n * 21,
        deleted: n,
        already_deleted: n * 2,
        missing: n * 3,
        kept: n * 6,
        failed: n * 4,
        not_reached: n * 5,
    };
    Deletion {
        state: State::Purging,
        revision: deletion.revision + 1,
        epoch: 3,
        lease: Some(Lease {
            until: later(90),
            holder: uuid::Uuid::from_u128(0x0123_4567_89ab_cdef),
        }),
        run: 2,
        pages: 12,
        acted: 11,
        cursor: 10,
        late_cursor: Some(SelectCursor::Below(Place {
            page: 4,
            entry: 999,
            child: 2,
            after: Some(Position("{\"a\":1}".to_owned())),
        })),
        late_done: true,
        root_restored: true,
        last_action: Some(LastAction {
            action: Action::Purge,
            by: "ada".to_owned(),
            at: later(60),
        }),
        links: Some(SelectCursor::SHARED),
        deleted: BTreeMap::from([
            ("messages".parse().expect("a name"), counts(7)),
            ("discussions".parse().expect("a name"), counts(1)),
        ]),
        restored: BTreeMap::from([(
            "messages".parse().expect("a name"),
            RestoreCounts {
                restored: 4,
                conflict: 5,
                failed: 6,
                expired: 7,
            },
        )]),
        strategy: Strategy::Archive,
        restorable: false,
        chain: "c0ffee".repeat(10),
        selected: Some(11),
        late: 2,
        purged: BTreeMap::from([(
            "replies".parse().expect("a name"),
            PurgeCounts {
                purged: u64::from(u32::MAX) + 1,
                kept: 2,
                failed: 3,
            },
        )]),
        notified: Notified {
            accepted: true,
            delete: told(1, 5, State::Deleted),
            restore: PassEvents::default(),
            purge: PassEvents {
                by: Some("ada".to_owned()),
                ..told(2, 6, State::PurgeFailed)
            },
        },
        attempts: 4,
        resends: 5,
        failure: Some(Failure {
            code: "SEARCH_INDEX_UNAVAILABLE".to_owned(),
            reason: "it said \"no\" 🪦".to_owned(),
        }),
        progress_at: later(1),
        comparison: comparison(),
        ended_at: Some(later(2)),
        due_at: Some(later(3)),
        expires_at: Some(
            start()
                .checked_add(Duration::from_hours(24 * 3650))
                .unwrap_or_default(),
        ),
        ..deletion.clone()
    }
}

fn comparison() -> Comparison {
    Comparison {
        stale_documents: Tally::default(),
        late: 4,
        done: true,
        holder: Some(uuid::Uuid::from_u128(9)),
        pages: 3,
        below_cursor: Some(SelectCursor::Below(Place {
            after: Some(Position("{\"a\":\"b\"}".to_owned())),
            ..Place::FIRST
        })),
        deeper: vec![PlaceBelow {
            record: RecordRef {
                collection: samples::collection("messages").name,
                key: key2("d", "it's {\"m\"}"),
            },
            child: 1,
            after: Some(Position("{\"a\":\"b\"}".to_owned())),
        }],
        waiting: 1,
        returns: 2,
        asked: true,
        drift: Tallies::from([
            (
                Drift::OrphanMark,
                Tally {
                    found: 2,
                    repaired: 1,
                },
            ),
            (Drift::Recreated, Tally::default()),
        ]),
        failure: Some(Failure::new("COLLECTION_UNKNOWN", "no file declares it")),
        dropped: 3,
    }
}

fn told(run: u32, pages: u32, ended: State) -> PassEvents {
    PassEvents {
        first: run,
        run: run + 1,
        by: None,
        pages,
        retold: 1,
        part: 7,
        refusals: 2,
        given_up: 3,
        given_up_for: Some(Failure::new("EVENT_TOO_LARGE", "the event is too large")),
        done: pages + 1,
        of: pages + 2,
        ended: Some(ended),
        failure: Some(Failure {
            code: "RECORDS_FAILED".to_owned(),
            reason: "1 records failed".to_owned(),
        }),
        finished: true,
        since: run,
    }
}

fn entry(collection: &str, id: &str, sort: Option<&str>, judged: Judged) -> Entry {
    let key = sort.map_or_else(|| key(id), |sort| key2(id, sort));
    Entry::new(collection.parse().expect("a name"), key, judged)
}

/// What a page remembers of a record that says when it was created.
fn above(collection: &Collection) -> Above {
    let mut dated = collection.clone();
    dated.filters.time = Some("created_at".to_owned());
    let mut row = Row {
        key: key("d"),
        attributes: samples::row(collection, &key("d"), "acme"),
    };
    let time = "2026-11-01T07:00:00Z".into();
    row.attributes.insert("created_at".to_owned(), time);
    Above::nearest([(&dated, &row)])
}
