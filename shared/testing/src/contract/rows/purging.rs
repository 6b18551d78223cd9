//! Removing rows for good, and only this deletion's.

use super::harness::{RowsHarness, peek};
use crate::contract::done;
use crate::samples::{collection, deletion_id, key, key2, mark, marked, row, with_null};
use domain::key::RecordKey;
use ports::{PurgeOutcome, PurgeRows};

pub async fn purging_removes_only_what_carries_this_deletions_mark<H: RowsHarness>(harness: &H) {
    use PurgeOutcome::{Gone, Kept};
    let messages = collection("messages");
    let keys = ["another", "live", "missing", "null", "ours"].map(|sort| key2("d", sort));
    let live = |key: &RecordKey| row(&messages, key, "acme");
    harness
        .put(&messages, marked(&messages, live(&keys[0]), &mark(2)))
        .await;
    harness.put(&messages, live(&keys[1])).await;
    harness
        .put(&messages, with_null(&messages, live(&keys[3])))
        .await;
    harness
        .put(&messages, marked(&messages, live(&keys[4]), &mark(1)))
        .await;
    let before = peek(harness, &messages, &keys).await;

    let outcomes = done(harness.rows().purge(&messages, deletion_id(1), &keys).await);

    assert_eq!(outcomes, [Kept, Kept, Gone, Kept, Gone]);
    let after = peek(harness, &messages, &keys).await;
    assert_eq!(after[..4], before[..4]);
    assert_eq!(after[4], None);
}

pub async fn purging_again_is_harmless<H: RowsHarness>(harness: &H) {
    let replies = collection("replies");
    harness
        .put(
            &replies,
            marked(&replies, row(&replies, &key("r"), "acme"), &mark(1)),
        )
        .await;

    for _ in 0..2 {
        assert_eq!(
            done(
                harness
                    .rows()
                    .purge(&replies, deletion_id(1), &[key("r")])
                    .await
            ),
            [PurgeOutcome::Gone]
        );
        assert_eq!(harness.get(&replies, &key("r")).await, None);
    }
}

pub async fn purging_takes_25_keys_at_once<H: RowsHarness>(harness: &H) {
    let messages = collection("messages");
    let keys: Vec<_> = (0..H::Rows::PURGE_BATCH)
        .map(|n| key2("d", &format!("{n}")))
        .collect();
    for key in &keys {
        harness
            .put(
                &messages,
                marked(&messages, row(&messages, key, "acme"), &mark(1)),
            )
            .await;
    }

    let outcomes = done(harness.rows().purge(&messages, deletion_id(1), &keys).await);

    assert!(H::Rows::PURGE_BATCH >= 25);
    assert_eq!(outcomes, vec![PurgeOutcome::Gone; keys.len()]);
    assert!(
        peek(harness, &messages, &keys)
            .await
            .iter()
            .all(Option::is_none)
    );
}

pub async fn purging_nothing_answers_nothing<H: RowsHarness>(harness: &H) {
    assert_eq!(
        done(
            harness
                .rows()
                .purge(&collection("messages"), deletion_id(1), &[])
                .await
        ),
        []
    );
}
