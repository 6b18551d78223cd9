//! Keys of requests: used in the transaction of what the request does, by one request only, for a day.

use std::time::Duration;

use super::harness::{DeletionsHarness, sample};
use crate::samples::{start, tenant};
use domain::deletion::{Action, Timing};
use domain::request_key::{REMEMBERED, RequestKey, UsedKey};
use domain::time::later;
use ports::{
    AcceptDeletions, AcceptOutcome, OnlyIf, RequestedOutcome, StoreOnceOutcome, StoreOutcome,
    UndoOutcome,
};

fn key(asked: &str, after: Duration) -> RequestKey {
    RequestKey::new(
        &["ann", "POST", "/v1/x", "k"],
        &[asked],
        later(start(), after),
    )
}

fn now(asked: &str) -> RequestKey {
    key(asked, Duration::ZERO)
}

fn timing() -> Timing {
    Timing {
        slice: Duration::from_mins(1),
        grace: Duration::from_secs(30),
        resend_after: Duration::from_mins(2),
        compare_after: Duration::from_mins(10),
        certificate_retention: Duration::from_hours(24),
    }
}

async fn used<H: DeletionsHarness>(harness: &H, name: &str, key: &RequestKey) -> Option<UsedKey> {
    let used = harness.deletions().used_key(&tenant(name), key).await;
    used.expect("it answers")
}

async fn accept<H: DeletionsHarness>(harness: &H, n: u8, key: &RequestKey) -> AcceptOutcome {
    let sample = sample(n, "acme");
    let live = sample.live_root();
    harness.put_row(&sample.collection, live).await;
    let (deletion, scope, page) = (&sample.deletion, &sample.scope, &sample.page);
    let accepted = harness
        .deletions()
        .accept(
            &sample.collection,
            deletion,
            scope,
            page,
            OnlyIf::unused(Some(key)),
        )
        .await;
    accepted.expect("it answers")
}

pub async fn a_key_is_used_by_what_its_request_accepts<H: DeletionsHarness>(harness: &H) {
    assert_eq!(used(harness, "acme", &now("a")).await, None);

    assert_eq!(accept(harness, 1, &now("a")).await, AcceptOutcome::Accepted);

    let expected = UsedKey {
        asked: now("a").asked,
        deletion: sample(1, "acme").deletion.id,
    };
    // Whatever else is asked: that is for the caller to compare.
    assert_eq!(used(harness, "acme", &now("b")).await, Some(expected));
    assert_eq!(used(harness, "globex", &now("a")).await, None);
    let (deletion, root) = (sample(1, "acme"), sample(1, "acme"));
    assert_eq!(deletion.stored(harness).await, root.deletion);
}

pub async fn a_used_key_accepts_nothing_else<H: DeletionsHarness>(harness: &H) {
    assert_eq!(accept(harness, 1, &now("a")).await, AcceptOutcome::Accepted);

    assert_eq!(accept(harness, 2, &now("a")).await, AcceptOutcome::KeyInUse);

    let second = sample(2, "acme");
    assert!(second.is_absent(harness).await);
    assert_eq!(second.root(harness).await, Some(second.live_root()));
    let third = sample(3, "acme");
    let key = now("a");
    let requested = harness
        .deletions()
        .accept_requested(&third.deletion, &third.scope, &[], Some(&key))
        .await;
    assert_eq!(requested.expect("it answers"), RequestedOutcome::KeyInUse);
    assert!(third.is_absent(harness).await);
}

pub async fn accepting_again_under_its_key_is_accepted<H: DeletionsHarness>(harness: &H) {
    for _ in 0..2 {
        assert_eq!(accept(harness, 1, &now("a")).await, AcceptOutcome::Accepted);
    }
    let (third, key) = (sample(3, "acme"), RequestKey::new(&["b"], &["x"], start()));
    for _ in 0..2 {
        let requested = harness
            .deletions()
            .accept_requested(&third.deletion, &third.scope, &[], Some(&key))
            .await;
        assert_eq!(requested.expect("it answers"), RequestedOutcome::Accepted);
    }
}

pub async fn a_key_is_free_again_after_its_time<H: DeletionsHarness>(harness: &H) {
    assert_eq!(accept(harness, 1, &now("a")).await, AcceptOutcome::Accepted);
    let before = key(
        "a",
        Duration::from_hours(24).saturating_sub(Duration::from_secs(1)),
    );
    let after = key("a", REMEMBERED + Duration::from_secs(1));
    assert!(used(harness, "acme", &before).await.is_some());
    assert_eq!(accept(harness, 2, &before).await, AcceptOutcome::KeyInUse);

    assert_eq!(used(harness, "acme", &after).await, None);
    assert_eq!(accept(harness, 2, &after).await, AcceptOutcome::Accepted);

    let used = used(harness, "acme", &after).await.expect("it is used");
    assert_eq!(used.deletion, sample(2, "acme").deletion.id);
}

pub async fn undoing_frees_the_key<H: DeletionsHarness>(harness: &H) {
    let key = now("a");
    assert_eq!(accept(harness, 1, &key).await, AcceptOutcome::Accepted);
    let first = sample(1, "acme");

    let undone = harness
        .deletions()
        .undo(&first.collection, &first.deletion, &first.page, Some(&key))
        .await;

    assert_eq!(undone.expect("it answers"), UndoOutcome::Undone);
    assert_eq!(used(harness, "acme", &key).await, None);
    assert_eq!(accept(harness, 2, &key).await, AcceptOutcome::Accepted);
}

pub async fn a_change_under_a_key_is_stored_once<H: DeletionsHarness>(harness: &H) {
    let (accepting, key) = (RequestKey::new(&["b"], &["x"], start()), now("a"));
    assert_eq!(
        accept(harness, 1, &accepting).await,
        AcceptOutcome::Accepted
    );
    let deletion = sample(1, "acme").stored(harness).await;
    let next = deletion.act(Action::Cancel, "ann", start(), &timing());
    let next = next.expect("it applies");
    let once = async |next, key: &RequestKey| {
        let stored = harness.deletions().store_once(next, key).await;
        stored.expect("it answers")
    };

    // The second time the answer was lost.
    for _ in 0..2 {
        let stored = once(&next, &key).await;
        assert_eq!(stored, StoreOnceOutcome::Known(StoreOutcome::Stored));
    }

    let further = next.progressed(start());
    assert_eq!(once(&further, &key).await, StoreOnceOutcome::KeyInUse);
    assert_eq!(sample(1, "acme").stored(harness).await, next);
    // Of an earlier revision.
    let stored = once(&next, &RequestKey::new(&["c"], &["x"], start())).await;
    assert_eq!(stored, StoreOnceOutcome::Known(StoreOutcome::Stored));
    let other = deletion.progressed(start());
    let changed = StoreOutcome::Changed(Some(Box::new(next.clone())));
    let stored = once(&other, &RequestKey::new(&["d"], &["x"], start())).await;
    assert_eq!(stored, StoreOnceOutcome::Known(changed));
}
