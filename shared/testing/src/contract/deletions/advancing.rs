//! Compare-and-set; pages, of which the first version is valid; exceptions, of which the last version is valid.

use std::collections::BTreeMap;

use super::harness::{DeletionsHarness, accepted, sample};
use crate::samples::{key2, start, timing};
use domain::deletion::{Deletion, Pass};
use domain::key::RecordKey;
use domain::page::{
    Entry, Exceptions, Judged, NotPurged, NotRestored, Outcome, PAGE_BYTES, PAGE_KEYS, Page, Part,
};
use ports::{AdvanceDeletions, ChangeDeletions, PutPageOutcome, ReadDeletions, StoreOutcome};

pub async fn storing_replaces_the_revision_before<H: DeletionsHarness>(harness: &H) {
    let sample = accepted(harness, 1, "acme").await;
    let mut next = sample.deletion.clone();
    for _ in 0..3 {
        next = next.progressed(start());

        assert_eq!(store(harness, &next).await, StoreOutcome::Stored);
        assert_eq!(sample.stored(harness).await, next);
    }
}

pub async fn storing_again_is_stored<H: DeletionsHarness>(harness: &H) {
    let sample = accepted(harness, 1, "acme").await;
    let next = lease(&sample.deletion, 1);
    assert_eq!(store(harness, &next).await, StoreOutcome::Stored);

    // The first answer was lost.
    assert_eq!(store(harness, &next).await, StoreOutcome::Stored);

    assert_eq!(sample.stored(harness).await, next);
}

pub async fn of_two_changes_one_wins_and_the_loser_sees_it<H: DeletionsHarness>(harness: &H) {
    let sample = accepted(harness, 1, "acme").await;
    // Two leases of the same moment differ only by their holder.
    let (mine, theirs) = (lease(&sample.deletion, 1), lease(&sample.deletion, 2));

    assert_eq!(store(harness, &theirs).await, StoreOutcome::Stored);

    assert_eq!(
        store(harness, &mine).await,
        StoreOutcome::Changed(Some(Box::new(theirs.clone())))
    );
    assert_eq!(sample.stored(harness).await, theirs);
}

pub async fn storing_a_revision_that_is_too_old_or_too_new_changes_nothing<H: DeletionsHarness>(
    harness: &H,
) {
    let sample = accepted(harness, 1, "acme").await;
    let second = sample.deletion.progressed(start());
    let third = second.progressed(start());
    let fourth = third.progressed(start());

    let too_new = store(harness, &third).await;
    assert_eq!(store(harness, &second).await, StoreOutcome::Stored);
    assert_eq!(store(harness, &third).await, StoreOutcome::Stored);
    let too_old = store(harness, &second).await;

    assert_eq!(
        too_new,
        StoreOutcome::Changed(Some(Box::new(sample.deletion.clone())))
    );
    assert_eq!(too_old, StoreOutcome::Changed(Some(Box::new(third))));
    assert_eq!(store(harness, &fourth).await, StoreOutcome::Stored);
}

pub async fn storing_what_is_gone_makes_nothing<H: DeletionsHarness>(harness: &H) {
    let sample = sample(1, "acme");

    assert_eq!(
        store(harness, &sample.deletion.progressed(start())).await,
        StoreOutcome::Changed(None)
    );

    assert!(sample.is_absent(harness).await);
}

pub async fn workers_at_once_have_one_winner<H: DeletionsHarness>(harness: &H) {
    let sample = accepted(harness, 1, "acme").await;
    let leases: Vec<_> = (1..=16)
        .map(|holder| lease(&sample.deletion, holder))
        .collect();

    let outcomes =
        futures_util::future::join_all(leases.iter().map(|next| store(harness, next))).await;

    let won = sample.stored(harness).await;
    let winners: Vec<_> = leases
        .iter()
        .zip(&outcomes)
        .filter(|(_, outcome)| **outcome == StoreOutcome::Stored)
        .collect();
    assert_eq!(winners.len(), 1, "{outcomes:?}");
    assert_eq!(*winners[0].0, won);
    let seen = StoreOutcome::Changed(Some(Box::new(won)));
    assert_eq!(
        outcomes.iter().filter(|outcome| **outcome == seen).count(),
        15
    );
}

pub async fn the_first_page_of_a_number_counts<H: DeletionsHarness>(harness: &H) {
    let deletion = accepted(harness, 1, "acme").await.deletion;
    let first = page(2, &["a", "b"]);

    let outcomes = [
        put(harness, &deletion, &first).await,
        put(harness, &deletion, &page(2, &["a"])).await,
        // The answer to the first one was lost.
        put(harness, &deletion, &first).await,
        put(harness, &deletion, &page(3, &["a"])).await,
    ];

    let earlier = PutPageOutcome::Earlier(Box::new(first.clone()));
    assert_eq!(
        outcomes,
        [
            PutPageOutcome::Written,
            earlier,
            PutPageOutcome::Written,
            PutPageOutcome::Written
        ]
    );
    assert_eq!(read_page(harness, &deletion, 2).await, Some(first));
}

pub async fn a_page_of_1000_odd_keys_fits<H: DeletionsHarness>(harness: &H) {
    let deletion = accepted(harness, 1, "acme").await.deletion;
    // Random letters do not deflate: the whole 200 KB, with quotes that double in JSON.
    let mut random = 88_172_645_463_325_252_u64;
    let mut text = |length| -> String {
        let mut letter = || {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            char::from(b' ' + u8::try_from(random % 95).unwrap_or_default())
        };
        (0..length).map(|_| letter()).collect()
    };
    let entries = (0..PAGE_KEYS)
        .map(|_| entry(key2(&text(100), &text(PAGE_BYTES / PAGE_KEYS - 100))))
        .collect();
    let page = Page {
        number: 2,
        entries,
        next: None,
    };

    assert_eq!(
        put(harness, &deletion, &page).await,
        PutPageOutcome::Written
    );

    assert_eq!(read_page(harness, &deletion, 2).await, Some(page));
}

pub async fn exceptions_are_overwritten_and_emptied<H: DeletionsHarness>(harness: &H) {
    let deletion = accepted(harness, 1, "acme").await.deletion;
    let failed = |reason: &str| Outcome::Failed {
        reason: reason.to_owned(),
    };
    let every = [
        Outcome::Pending,
        Outcome::Deleted,
        Outcome::AlreadyDeleted,
        Outcome::Missing,
        failed("DOCUMENT_REJECTED: 🪦"),
    ];
    let kept = [
        (0, NotPurged::Kept),
        (
            999,
            NotPurged::Failed {
                reason: "why".to_owned(),
            },
        ),
    ];
    let first = Exceptions {
        deleted: (0..).zip(every).collect(),
        purged: kept.into(),
        restored: BTreeMap::from([(
            3,
            NotRestored::Conflict {
                reason: "ROW_MISSING: the row is gone".to_owned(),
            },
        )]),
        expired: [1, 2].into(),
        redone: BTreeMap::from([(Pass::Delete, BTreeMap::from([(12, 3)]))]),
        part: Some(Box::new(Part::of(3))),
    };
    let second = Exceptions {
        deleted: BTreeMap::from([(7, Outcome::Missing)]),
        ..Exceptions::default()
    };

    for exceptions in [&first, &first, &second] {
        harness
            .deletions()
            .put_exceptions(&deletion, 1, exceptions)
            .await
            .expect("it answers");
        assert_eq!(
            read_exceptions(harness, &deletion, 1).await,
            Some(exceptions.clone())
        );
    }
    for _ in 0..2 {
        harness
            .deletions()
            .put_exceptions(&deletion, 1, &Exceptions::default())
            .await
            .expect("it answers");
        assert_eq!(
            read_exceptions(harness, &deletion, 1)
                .await
                .unwrap_or_default(),
            Exceptions::default()
        );
    }
}

pub async fn exceptions_of_a_whole_page_fit<H: DeletionsHarness>(harness: &H) {
    let deletion = accepted(harness, 1, "acme").await.deletion;
    let reason = |place: usize| format!("DOCUMENT_REJECTED: {place} {}", "a reason ".repeat(30));
    let exceptions = Exceptions {
        deleted: (0..PAGE_KEYS)
            .map(|place| {
                (
                    place,
                    Outcome::Failed {
                        reason: reason(place),
                    },
                )
            })
            .collect(),
        purged: (0..PAGE_KEYS)
            .map(|place| {
                (
                    place,
                    NotPurged::Failed {
                        reason: reason(place),
                    },
                )
            })
            .collect(),
        ..Exceptions::default()
    };

    harness
        .deletions()
        .put_exceptions(&deletion, 1, &exceptions)
        .await
        .expect("it answers");

    assert_eq!(
        read_exceptions(harness, &deletion, 1).await,
        Some(exceptions)
    );
}

pub async fn dropping_a_page_takes_its_exceptions_along_and_is_harmless_again<
    H: DeletionsHarness,
>(
    harness: &H,
) {
    let deletion = accepted(harness, 1, "acme").await.deletion;
    assert_eq!(
        put(harness, &deletion, &page(2, &["a"])).await,
        PutPageOutcome::Written
    );
    let exceptions = Exceptions {
        deleted: BTreeMap::from([(0, Outcome::Missing)]),
        ..Exceptions::default()
    };
    harness
        .deletions()
        .put_exceptions(&deletion, 2, &exceptions)
        .await
        .expect("it answers");

    for _ in 0..2 {
        harness
            .deletions()
            .drop_page(&deletion, 2)
            .await
            .expect("it answers");

        assert_eq!(read_page(harness, &deletion, 2).await, None);
        assert_eq!(read_exceptions(harness, &deletion, 2).await, None);
    }
    assert!(
        read_page(harness, &deletion, 1).await.is_some(),
        "the other page is gone too"
    );
}

pub async fn pages_of_different_deletions_are_different<H: DeletionsHarness>(harness: &H) {
    let first = accepted(harness, 1, "acme").await.deletion;
    let second = accepted(harness, 2, "acme").await.deletion;

    assert_eq!(
        put(harness, &first, &page(2, &["a"])).await,
        PutPageOutcome::Written
    );
    assert_eq!(
        put(harness, &second, &page(2, &["b"])).await,
        PutPageOutcome::Written
    );
    harness
        .deletions()
        .drop_page(&first, 2)
        .await
        .expect("it answers");

    assert_eq!(read_page(harness, &second, 2).await, Some(page(2, &["b"])));
}

async fn store<H: DeletionsHarness>(harness: &H, next: &Deletion) -> StoreOutcome {
    harness.deletions().store(next).await.expect("it answers")
}

async fn put<H: DeletionsHarness>(harness: &H, deletion: &Deletion, page: &Page) -> PutPageOutcome {
    harness
        .deletions()
        .put_page(deletion, page)
        .await
        .expect("it answers")
}

async fn read_page<H: DeletionsHarness>(
    harness: &H,
    deletion: &Deletion,
    number: u32,
) -> Option<Page> {
    harness
        .deletions()
        .page(&deletion.tenant, deletion.id, number)
        .await
        .expect("it answers")
}

async fn read_exceptions<H: DeletionsHarness>(
    harness: &H,
    deletion: &Deletion,
    number: u32,
) -> Option<Exceptions> {
    harness
        .deletions()
        .exceptions(&deletion.tenant, deletion.id, number)
        .await
        .expect("it answers")
}

fn lease(deletion: &Deletion, holder: u128) -> Deletion {
    deletion
        .lease(start(), start(), uuid::Uuid::from_u128(holder), &timing())
        .expect("it is free")
}

fn page(number: u32, ids: &[&str]) -> Page {
    Page {
        number,
        entries: ids.iter().map(|id| entry(key2("d", id))).collect(),
        next: None,
    }
}

fn entry(key: RecordKey) -> Entry {
    Entry::new("messages".parse().expect("a name"), key, Judged::Live)
}
