//! Clearing marks of rows, and only this deletion's.

use serde_json::json;

use super::harness::{RowsHarness, peek, to_clear, to_mark};
use crate::contract::done;
use crate::samples::{
    ODD_IDS, collection, deletion_id, key, key2, mark, marked, row, tenant, with_null,
};
use domain::key::{KEY_PART_BYTES, RecordKey};
use ports::{ClearOutcome, ClearRows, MarkOutcome, MarkRows, RowToClear};

pub async fn clearing_takes_this_deletions_mark_off_and_nothing_else<H: RowsHarness>(harness: &H) {
    // The marks of "replies" have reserved words as names.
    for (name, key) in [
        ("discussions", key("d")),
        ("messages", key2("d", "m")),
        ("replies", key("r")),
    ] {
        let collection = collection(name);
        let live = row(&collection, &key, "acme");
        harness
            .put(&collection, marked(&collection, live.clone(), &mark(1)))
            .await;

        let outcome = done(
            harness
                .rows()
                .clear(&collection, deletion_id(1), &[absent(&key)])
                .await,
        );

        assert_eq!(outcome, [ClearOutcome::Cleared], "{name}");
        assert_eq!(harness.get(&collection, &key).await, Some(live), "{name}");
    }
}

pub async fn clearing_puts_an_explicit_null_back<H: RowsHarness>(harness: &H) {
    for (name, key) in [("messages", key2("d", "m")), ("replies", key("r"))] {
        let collection = collection(name);
        let live = row(&collection, &key, "acme");
        harness
            .put(&collection, marked(&collection, live.clone(), &mark(1)))
            .await;

        // The second time it is already there.
        for expected in [ClearOutcome::Cleared, ClearOutcome::Live] {
            let outcome = done(
                harness
                    .rows()
                    .clear(&collection, deletion_id(1), &[null(&key)])
                    .await,
            );

            assert_eq!(outcome, [expected], "{name}");
            assert_eq!(
                harness.get(&collection, &key).await,
                Some(with_null(&collection, live.clone())),
                "{name}"
            );
        }
    }
}

pub async fn clearing_again_is_harmless<H: RowsHarness>(harness: &H) {
    let messages = collection("messages");
    let key = key2("d", "1");
    let live = row(&messages, &key, "acme");
    harness
        .put(&messages, marked(&messages, live.clone(), &mark(1)))
        .await;

    for expected in [ClearOutcome::Cleared, ClearOutcome::Live] {
        assert_eq!(
            done(
                harness
                    .rows()
                    .clear(&messages, deletion_id(1), &[absent(&key)])
                    .await
            ),
            std::slice::from_ref(&expected)
        );
        assert_eq!(
            harness.get(&messages, &key).await.as_ref(),
            Some(&live),
            "{expected:?}"
        );
    }
}

pub async fn clearing_leaves_every_row_that_is_not_this_deletions<H: RowsHarness>(harness: &H) {
    use ClearOutcome::{Live, MarkedByAnother, Missing};
    let messages = collection("messages");
    let keys = ["another", "live", "missing", "null", "stranger"].map(|sort| key2("d", sort));
    let live = |key: &RecordKey| row(&messages, key, "acme");
    harness
        .put(&messages, marked(&messages, live(&keys[0]), &mark(2)))
        .await;
    harness.put(&messages, live(&keys[1])).await;
    harness
        .put(&messages, with_null(&messages, live(&keys[3])))
        .await;
    // A date that another writer wrote, without an id: its deletion is unknown.
    let mut strange = live(&keys[4]);
    strange.insert("date_delete".to_owned(), json!("2020-01-01"));
    harness.put(&messages, strange).await;
    let before = peek(harness, &messages, &keys).await;

    for row in [absent, null] {
        let rows: Vec<_> = keys.iter().map(row).collect();
        let outcomes = done(harness.rows().clear(&messages, deletion_id(1), &rows).await);

        assert_eq!(
            outcomes,
            [MarkedByAnother, Live, Missing, Live, MarkedByAnother]
        );
        assert_eq!(peek(harness, &messages, &keys).await, before);
    }
}

pub async fn clearing_answers_each_of_25_rows_in_its_place<H: RowsHarness>(harness: &H) {
    use ClearOutcome::{Cleared, Live, MarkedByAnother, Missing};
    let messages = collection("messages");
    let keys: Vec<_> = (0..H::Rows::CLEAR_BATCH)
        .map(|n| key2("d", &format!("{n:02}")))
        .collect();
    let expected: Vec<_> = [Cleared, Missing, MarkedByAnother, Live, Cleared]
        .into_iter()
        .cycle()
        .take(keys.len())
        .collect();
    for (key, expected) in keys.iter().zip(&expected) {
        let live = row(&messages, key, "acme");
        let row = match expected {
            Missing => continue,
            MarkedByAnother => marked(&messages, live, &mark(2)),
            Cleared => marked(&messages, live, &mark(1)),
            Live | ClearOutcome::Otherwise(_) => live,
        };
        harness.put(&messages, row).await;
    }

    let rows: Vec<_> = keys.iter().map(absent).collect();
    let outcomes = done(harness.rows().clear(&messages, deletion_id(1), &rows).await);

    assert!(H::Rows::CLEAR_BATCH >= 25);
    assert_eq!(outcomes, expected);
}

pub async fn clearing_nothing_answers_nothing<H: RowsHarness>(harness: &H) {
    assert_eq!(
        done(
            harness
                .rows()
                .clear(&collection("messages"), deletion_id(1), &[])
                .await
        ),
        []
    );
}

pub async fn what_was_cleared_can_be_marked_again_whatever_its_id<H: RowsHarness>(harness: &H) {
    let messages = collection("messages");
    let longest = "é".repeat(KEY_PART_BYTES / 2);
    let ids: Vec<&str> = ODD_IDS.into_iter().chain([longest.as_str()]).collect();
    let keys: Vec<RecordKey> = ids.iter().map(|id| key2(id, id)).collect();
    for key in &keys {
        harness
            .put(
                &messages,
                marked(&messages, row(&messages, key, "acme"), &mark(1)),
            )
            .await;
    }

    let rows: Vec<_> = keys.iter().map(absent).collect();
    let cleared = done(harness.rows().clear(&messages, deletion_id(1), &rows).await);
    let live = peek(harness, &messages, &keys).await;
    let to_mark: Vec<_> = keys.iter().map(|key| to_mark(key, false)).collect();
    let marked_again = done(
        harness
            .rows()
            .mark(&messages, &tenant("acme"), &mark(2), &to_mark)
            .await,
    );

    assert_eq!(cleared, vec![ClearOutcome::Cleared; keys.len()]);
    for (key, row_as_it_is) in keys.iter().zip(live) {
        assert_eq!(row_as_it_is, Some(row(&messages, key, "acme")), "{key:?}");
    }
    assert_eq!(marked_again, vec![MarkOutcome::Marked; keys.len()]);
}

fn absent(key: &RecordKey) -> RowToClear {
    to_clear(key, false)
}

fn null(key: &RecordKey) -> RowToClear {
    to_clear(key, true)
}
