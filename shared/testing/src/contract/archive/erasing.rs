//! Rows that are removed at once.

use super::harness::ArchiveHarness;
use crate::contract::done;
use crate::samples::{
    collection, deletion_id, key2, mark, marked, row, taken_back, tenant, with_null,
};
use domain::key::RecordKey;
use ports::{EraseOutcome, EraseRows, Found, RowToErase};

async fn erase<H: ArchiveHarness>(harness: &H, rows: &[RowToErase]) -> Vec<EraseOutcome> {
    let (messages, tenant) = (collection("messages"), tenant("acme"));
    let rows = harness
        .rows()
        .erase(&messages, &tenant, deletion_id(1), rows);
    done(rows.await)
}

fn to_erase(key: &RecordKey, found: Found) -> RowToErase {
    RowToErase {
        key: key.clone(),
        found,
    }
}

pub async fn erasing_removes_only_what_is_as_it_was_found<H: ArchiveHarness>(harness: &H) {
    use EraseOutcome::{Changed, Gone};
    let messages = collection("messages");
    for (found, expected) in [
        (Found::Unmarked, [Gone, Changed, Changed, Changed, Gone]),
        (Found::Null, [Changed, Gone, Changed, Changed, Gone]),
        (Found::Ours, [Changed, Changed, Gone, Changed, Gone]),
    ] {
        let keys = ["live", "null", "ours", "theirs", "missing"].map(|sort| key2("d", sort));
        let live = |at: &RecordKey| row(&messages, at, "acme");
        harness.put(&messages, live(&keys[0])).await;
        harness
            .put(&messages, with_null(&messages, live(&keys[1])))
            .await;
        for (n, at) in [(1, &keys[2]), (2, &keys[3])] {
            harness
                .put(&messages, marked(&messages, live(at), &mark(n)))
                .await;
        }
        let rows: Vec<_> = keys.iter().map(|key| to_erase(key, found)).collect();

        assert_eq!(erase(harness, &rows).await, expected, "{found:?}");

        for (at, outcome) in keys.iter().zip(expected) {
            let is_there = harness.get(&messages, at).await.is_some();
            assert_eq!(is_there, outcome == Changed, "{found:?}, {at:?}");
        }
    }
}

pub async fn erasing_as_ours_leaves_a_row_that_its_owner_took_back<H: ArchiveHarness>(harness: &H) {
    use EraseOutcome::{Changed, Gone};
    let messages = collection("messages");
    let at = key2("d", "m");
    let live = row(&messages, &at, "acme");
    let [null, absent] = taken_back(&messages, &live, &mark(1));

    for (as_it_is, found) in [(null, Found::Null), (absent, Found::Unmarked)] {
        harness.put(&messages, as_it_is).await;

        assert_eq!(
            erase(harness, &[to_erase(&at, Found::Ours)]).await,
            [Changed]
        );
        assert!(harness.get(&messages, &at).await.is_some());

        assert_eq!(erase(harness, &[to_erase(&at, found)]).await, [Gone]);
        assert_eq!(harness.get(&messages, &at).await, None);
    }
}

pub async fn erasing_leaves_the_row_of_another_tenant<H: ArchiveHarness>(harness: &H) {
    let messages = collection("messages");
    let at = key2("d", "m");
    harness.put(&messages, row(&messages, &at, "other")).await;

    let rows = [to_erase(&at, Found::Unmarked)];

    assert_eq!(erase(harness, &rows).await, [EraseOutcome::Changed]);
    assert!(harness.get(&messages, &at).await.is_some());
}

pub async fn erasing_nothing_answers_nothing<H: ArchiveHarness>(harness: &H) {
    assert_eq!(erase(harness, &[]).await, []);
}
