//! Rows that their owner took back from a deletion: live, although the deletion's id is still there.

use serde_json::{Map, Value, json};

use super::harness::{RowsHarness, found, peek, to_clear, to_mark};
use super::querying::{follow, keys_of, query};
use crate::contract::done;
use crate::samples::{collection, deletion_id, key, key2, mark, marked, row, taken_back, tenant};
use domain::collection::Collection;
use domain::key::RecordKey;
use domain::row::RowMark;
use ports::{
    ClearOutcome, ClearRows, Fields, MarkOutcome, MarkRows, PurgeOutcome, PurgeRows, ReadRows,
    Through, Unchanged, WriteOutcome, WriteRows,
};

/// Two messages that their owner took back from the first deletion: with an explicit NULL, and without the attribute.
async fn put<H: RowsHarness>(harness: &H) -> (Collection, [RecordKey; 2], [Map<String, Value>; 2]) {
    let messages = collection("messages");
    let keys = [key2("d", "absent"), key2("d", "null")];
    let [null, _] = taken_back(&messages, &row(&messages, &keys[1], "acme"), &mark(1));
    let [_, absent] = taken_back(&messages, &row(&messages, &keys[0], "acme"), &mark(1));
    let rows = [absent, null];
    for row in &rows {
        harness.put(&messages, row.clone()).await;
    }
    (messages, keys, rows)
}

pub async fn a_row_that_its_owner_took_back_is_read_as_live<H: RowsHarness>(harness: &H) {
    let (messages, keys, _) = put(harness).await;

    let found = done(harness.rows().read(&messages, &keys, Fields::Judged).await);

    let marks: Vec<_> = found
        .iter()
        .flatten()
        .map(|row| row.mark(&messages))
        .collect();
    assert_eq!(marks, [RowMark::Absent, RowMark::Null]);
}

pub async fn a_row_that_its_owner_took_back_is_not_left_out_of_a_query<H: RowsHarness>(
    harness: &H,
) {
    let (messages, keys, _) = put(harness).await;
    let equals = [("discussion_id", "d")];
    let mut asked = query(&messages, Through::Table, &equals, None, 1);
    asked.not_marked_by = Some(deletion_id(1));

    assert_eq!(keys_of(follow(harness, asked).await), keys);
}

pub async fn a_row_that_its_owner_took_back_is_not_left_out_over_an_index<H: RowsHarness>(
    harness: &H,
) {
    let replies = collection("replies");
    let reply = |name: &str| {
        let mut reply = row(&replies, &key(name), "acme");
        reply.insert("group".to_owned(), json!("d"));
        reply.insert("order".to_owned(), json!("m"));
        reply
    };
    let [null, _] = taken_back(&replies, &reply("null"), &mark(1));
    let [_, absent] = taken_back(&replies, &reply("absent"), &mark(1));
    let ours = marked(&replies, reply("ours"), &mark(1));
    for row in [null, absent, ours] {
        harness.put(&replies, row).await;
    }
    let (index, equals) = (Through::Index("by_message"), [("group", "d")]);
    let mut asked = query(&replies, index, &equals, None, 10);
    asked.not_marked_by = Some(deletion_id(1));

    let mut found = keys_of(follow(harness, asked).await);

    found.sort();
    assert_eq!(found, [key("absent"), key("null")]);
}

pub async fn purging_leaves_a_row_that_its_owner_took_back<H: RowsHarness>(harness: &H) {
    let (messages, keys, _) = put(harness).await;
    let before = peek(harness, &messages, &keys).await;

    let outcomes = done(harness.rows().purge(&messages, deletion_id(1), &keys).await);

    assert_eq!(outcomes, [PurgeOutcome::Kept; 2]);
    assert_eq!(peek(harness, &messages, &keys).await, before);
}

pub async fn clearing_leaves_a_row_that_its_owner_took_back_as_it_is<H: RowsHarness>(harness: &H) {
    let (messages, keys, _) = put(harness).await;
    let before = peek(harness, &messages, &keys).await;

    for null in [false, true] {
        let rows = keys.each_ref().map(|key| to_clear(key, null));
        let outcomes = done(harness.rows().clear(&messages, deletion_id(1), &rows).await);

        assert_eq!(outcomes, [ClearOutcome::Live, ClearOutcome::Live]);
        assert_eq!(peek(harness, &messages, &keys).await, before);
    }
}

pub async fn a_row_that_its_owner_took_back_is_marked_like_any_live_row<H: RowsHarness>(
    harness: &H,
) {
    use MarkOutcome::{Marked, Otherwise};
    for n in [1, 2] {
        let (messages, keys, rows) = put(harness).await;
        let to_mark = |null| keys.each_ref().map(|key| to_mark(key, null));

        // The first time as each was read, but the other way round.
        let [absent, _] = to_mark(true);
        let [_, null] = to_mark(false);
        let wrong = done(
            harness
                .rows()
                .mark(&messages, &tenant("acme"), &mark(n), &[absent, null])
                .await,
        );
        let [absent, _] = to_mark(false);
        let [_, null] = to_mark(true);
        let right = done(
            harness
                .rows()
                .mark(&messages, &tenant("acme"), &mark(n), &[absent, null])
                .await,
        );

        let otherwise = [false, true].map(|null| Otherwise(found(null)));
        assert_eq!((wrong, right), (otherwise.to_vec(), vec![Marked, Marked]));
        let expected = rows.map(|row| Some(marked(&messages, row, &mark(n))));
        assert_eq!(peek(harness, &messages, &keys).await, expected);
    }
}

pub async fn a_row_that_its_owner_took_back_can_be_written<H: RowsHarness>(harness: &H) {
    let (messages, keys, _) = put(harness).await;

    for key in &keys {
        let stored = harness.rows().stored(&messages, key).await;
        let before = stored.expect("it answers").expect("it is there");
        let next = before.row.clone();

        let outcome = harness
            .rows()
            .write(&messages, &next, Some(&before), Unchanged::All)
            .await;

        assert_eq!(outcome.expect("it answers"), WriteOutcome::Written);
    }
}
