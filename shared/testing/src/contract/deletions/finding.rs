//! The two indexes: a tenant's deletions, and what is due.

use std::time::Duration;

use jiff::Timestamp;

use super::harness::{DeletionsHarness, accepted};
use crate::samples::{deletion_id, start, tenant};
use domain::deletion::{Deletion, DeletionId, DueKind, State};
use ports::{
    Attempt, ChangeDeletions, DeletionItems, DeletionRange, DeletionSummary, FindDue,
    ReadDeletions, StoreOutcome,
};

pub async fn listing_shows_the_newest_first<H: DeletionsHarness>(harness: &H) {
    for n in [3, 1, 5, 2, 4] {
        accepted(harness, n, "acme").await;
    }
    harness.settle().await;

    let listed = harness
        .deletions()
        .list(&tenant("acme"), DeletionRange::default(), 10)
        .await
        .expect("it answers");

    let expected = [5, 4, 3, 2, 1].map(|n| DeletionSummary {
        id: deletion_id(n),
        collection: "discussions".parse().expect("a name"),
        requested_by: format!("user-{n}"),
    });
    assert_eq!(listed, expected);
}

pub async fn listing_goes_on_before_a_deletion<H: DeletionsHarness>(harness: &H) {
    for n in 1..=5 {
        accepted(harness, n, "acme").await;
    }
    harness.settle().await;

    for limit in [1, 2, 5, 500] {
        let mut seen: Vec<DeletionId> = Vec::new();
        loop {
            let more = harness
                .deletions()
                .list(&tenant("acme"), before(seen.last().copied()), limit)
                .await
                .expect("it answers");
            assert!(more.len() <= limit);
            if more.is_empty() {
                break;
            }
            seen.extend(more.into_iter().map(|one| one.id));
            assert!(seen.len() <= 5, "{seen:?}");
        }
        assert_eq!(seen, [5, 4, 3, 2, 1].map(deletion_id), "limit {limit}");
    }
}

fn before(before: Option<DeletionId>) -> DeletionRange {
    DeletionRange { from: None, before }
}

pub async fn listing_stays_within_its_range<H: DeletionsHarness>(harness: &H) {
    for n in 1..=5 {
        accepted(harness, n, "acme").await;
    }
    harness.settle().await;

    for (from, before, expected) in [
        (Some(2), Some(4), vec![3, 2]),
        (Some(4), None, vec![5, 4]),
        (Some(3), Some(3), vec![]),
        (Some(4), Some(2), vec![]),
    ] {
        let range = DeletionRange {
            from: from.map(deletion_id),
            before: before.map(deletion_id),
        };
        let listed = harness.deletions().list(&tenant("acme"), range, 10).await;
        let ids: Vec<_> = listed
            .expect("it answers")
            .into_iter()
            .map(|one| one.id)
            .collect();
        let expected: Vec<_> = expected.into_iter().map(deletion_id).collect();
        assert_eq!(ids, expected, "{from:?} {before:?}");
    }
}

pub async fn several_deletions_are_read_at_once_in_their_order<H: DeletionsHarness>(harness: &H) {
    let mut samples = Vec::new();
    let most = u8::try_from(H::Deletions::DELETIONS_BATCH).expect("a small batch");
    for n in 1..most {
        samples.push(accepted(harness, n, "acme").await);
    }
    let foreign = accepted(harness, most, "globex").await;
    let mut ids: Vec<_> = samples.iter().map(|sample| sample.deletion.id).collect();
    ids.reverse();
    ids.push(foreign.deletion.id);

    let read = harness.deletions().deletions(&tenant("acme"), &ids).await;

    let mut read = read.expect("it answers");
    assert_eq!(read.pop(), Some(Attempt::Done(DeletionItems::None)));
    samples.reverse();
    assert_eq!(read.len(), samples.len());
    for (read, sample) in read.into_iter().zip(samples) {
        let scope = Some(Box::new(sample.scope.clone()));
        let expected = DeletionItems::Known(Box::new(sample.deletion), scope);
        assert_eq!(read, Attempt::Done(expected));
    }
}

pub async fn listing_shows_nothing_of_another_tenant<H: DeletionsHarness>(harness: &H) {
    accepted(harness, 1, "acme").await;
    accepted(harness, 2, "globex").await;
    accepted(harness, 3, "acme2").await;
    harness.settle().await;

    let ids =
        |listed: Vec<DeletionSummary>| listed.into_iter().map(|one| one.id).collect::<Vec<_>>();
    for (name, expected) in [
        ("acme", vec![deletion_id(1)]),
        ("globex", vec![deletion_id(2)]),
        ("initech", vec![]),
    ] {
        let listed = harness
            .deletions()
            .list(&tenant(name), DeletionRange::default(), 10)
            .await
            .expect("it answers");
        assert_eq!(ids(listed), expected, "{name}");
    }
    // Not even as a position to continue from.
    let before = harness
        .deletions()
        .list(&tenant("acme"), before(Some(deletion_id(3))), 10)
        .await
        .expect("it answers");
    assert_eq!(ids(before), [deletion_id(1)]);
}

pub async fn what_is_due_is_found_the_longest_due_first<H: DeletionsHarness>(harness: &H) {
    for (n, name, seconds) in [
        (1, "acme", 30),
        (2, "globex", 10),
        (3, "acme", 20),
        (4, "acme", 40),
    ] {
        due_at(harness, n, name, Some(at(seconds))).await;
    }
    harness.settle().await;

    // What is due at this very moment is due.
    let found = harness
        .deletions()
        .find_due(DueKind::Work, at(30), 10)
        .await
        .expect("it answers");

    assert_eq!(
        found,
        [
            (tenant("globex"), deletion_id(2)),
            (tenant("acme"), deletion_id(3)),
            (tenant("acme"), deletion_id(1))
        ]
    );
}

pub async fn what_is_not_due_yet_or_never_is_not_found<H: DeletionsHarness>(harness: &H) {
    due_at(harness, 1, "acme", Some(at(30))).await;
    due_at(harness, 2, "acme", None).await;
    harness.settle().await;

    let just_before = at(30)
        .checked_sub(Duration::from_millis(1))
        .unwrap_or_default();
    assert_eq!(
        harness
            .deletions()
            .find_due(DueKind::Work, just_before, 10)
            .await
            .expect("it answers"),
        []
    );
    assert_eq!(
        harness
            .deletions()
            .find_due(DueKind::Work, at(1_000_000_000), 10)
            .await
            .expect("it answers"),
        [(tenant("acme"), deletion_id(1))]
    );
}

pub async fn a_new_due_time_replaces_the_old_one<H: DeletionsHarness>(harness: &H) {
    let first = due_at(harness, 1, "acme", Some(at(10))).await;
    let second = with_due(&first, Some(at(20)));
    let never = with_due(&second, None);

    store(harness, &second).await;
    harness.settle().await;
    let early = harness
        .deletions()
        .find_due(DueKind::Work, at(15), 10)
        .await
        .expect("it answers");
    let late = harness
        .deletions()
        .find_due(DueKind::Work, at(25), 10)
        .await
        .expect("it answers");
    store(harness, &never).await;
    harness.settle().await;
    let at_last = harness
        .deletions()
        .find_due(DueKind::Work, at(25), 10)
        .await
        .expect("it answers");

    assert_eq!(
        (early, late, at_last),
        (vec![], vec![(tenant("acme"), deletion_id(1))], vec![])
    );
}

pub async fn finding_stops_at_its_limit<H: DeletionsHarness>(harness: &H) {
    for n in 1..=5 {
        due_at(harness, n, "acme", Some(at(10 * (6 - u64::from(n))))).await;
    }
    harness.settle().await;

    for limit in [1, 3] {
        let found = harness
            .deletions()
            .find_due(DueKind::Work, at(100), limit)
            .await
            .expect("it answers");

        let longest = [5, 4, 3].map(|n| (tenant("acme"), deletion_id(n)));
        assert_eq!(found, longest[..limit]);
    }
}

pub async fn what_is_due_is_found_by_its_kind<H: DeletionsHarness>(harness: &H) {
    let purge_at = at(20);
    for (n, state, purge_at) in [
        (1, State::Restoring, None),
        (2, State::Purging, None),
        (3, State::Deleted, Some(purge_at)),
        (4, State::Deleted, None),
        (5, State::Purged, None),
    ] {
        let mut next = with_due(&accepted(harness, n, "acme").await.deletion, Some(at(30)));
        next.state = state;
        next.purge_at = purge_at;
        next.notified.delete.ended = (n == 4).then_some(state);
        store(harness, &next).await;
    }
    harness.settle().await;

    for (kind, expected) in [
        (DueKind::Work, vec![1]),
        (DueKind::Purge, vec![2, 3]),
        (DueKind::Events, vec![4]),
        (DueKind::Compare, vec![5]),
    ] {
        let found = harness.deletions().find_due(kind, at(30), 10).await;

        let mut ids: Vec<_> = found
            .expect("it answers")
            .into_iter()
            .map(|(_, id)| id)
            .collect();
        ids.sort();
        let expected: Vec<_> = expected.into_iter().map(deletion_id).collect();
        assert_eq!(ids, expected, "{kind:?}");
    }
}

/// A deletion that is due at this time.
async fn due_at<H: DeletionsHarness>(
    harness: &H,
    n: u8,
    name: &str,
    due_at: Option<Timestamp>,
) -> Deletion {
    let next = with_due(&accepted(harness, n, name).await.deletion, due_at);
    store(harness, &next).await;
    next
}

async fn store<H: DeletionsHarness>(harness: &H, next: &Deletion) {
    assert_eq!(
        harness.deletions().store(next).await.expect("it answers"),
        StoreOutcome::Stored
    );
}

fn with_due(deletion: &Deletion, due_at: Option<Timestamp>) -> Deletion {
    let mut next = deletion.progressed(start());
    next.due_at = due_at;
    next
}

fn at(seconds: u64) -> Timestamp {
    start()
        .checked_add(Duration::from_secs(seconds))
        .unwrap_or_default()
}
