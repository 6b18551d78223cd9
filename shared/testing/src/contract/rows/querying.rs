//! Queries on the table, page by page.

use serde_json::json;

use super::harness::{RowsHarness, put_live};
use crate::contract::assert_refused;
use crate::samples::{collection, deletion_id, key2, mark, marked, row, with_null};
use domain::collection::Collection;
use domain::key::RecordKey;
use domain::page::Position;
use domain::row::Row;
use ports::{Fields, ReadRows, RowQuery, Through};

pub async fn querying_finds_every_row_exactly_once_whatever_the_limit<H: RowsHarness>(harness: &H) {
    let messages = collection("messages");
    let keys = in_one_partition(7);
    put_live(harness, &messages, &keys).await;
    put_live(
        harness,
        &messages,
        &[key2("c", "1"), key2("dd", "1"), key2("e", "1")],
    )
    .await;

    for limit in [1, 2, 7, 1000] {
        let found = all(
            harness,
            &messages,
            Through::Table,
            &[("discussion_id", "d")],
            limit,
        )
        .await;

        assert_eq!(keys_of(found), keys, "limit {limit}");
    }
}

pub async fn querying_answers_in_key_order<H: RowsHarness>(harness: &H) {
    let messages = collection("messages");
    // The order is that of the bytes of UTF-8.
    let keys = [
        "", "-", "1", "10", "2", "A", "a", "~", "é", "\u{ffff}", "🪦",
    ]
    .map(|sort| key2("d", &format!("x{sort}")));
    let mut shuffled = keys.to_vec();
    shuffled.reverse();
    shuffled.rotate_left(3);
    put_live(harness, &messages, &shuffled).await;

    for limit in [2, 1000] {
        let found = all(
            harness,
            &messages,
            Through::Table,
            &[("discussion_id", "d")],
            limit,
        )
        .await;

        assert_eq!(keys_of(found), keys, "limit {limit}");
    }
}

pub async fn querying_reaches_the_end_of_pages_that_the_store_cuts<H: RowsHarness>(harness: &H) {
    // 2.4 MB in one partition: DynamoDB cuts a page at 1 MB.
    let messages = collection("messages");
    let keys = in_one_partition(24);
    for key in &keys {
        let mut row = row(&messages, key, "acme");
        row.insert("body".to_owned(), json!("x".repeat(100_000)));
        harness.put(&messages, row).await;
    }

    let found = all(
        harness,
        &messages,
        Through::Table,
        &[("discussion_id", "d")],
        1000,
    )
    .await;

    assert_eq!(keys_of(found), keys);
}

pub async fn querying_an_empty_partition_finds_nothing<H: RowsHarness>(harness: &H) {
    let messages = collection("messages");
    put_live(harness, &messages, &in_one_partition(2)).await;

    assert_eq!(
        all(
            harness,
            &messages,
            Through::Table,
            &[("discussion_id", "none")],
            10
        )
        .await,
        []
    );
}

pub async fn querying_again_from_the_same_position_finds_the_same<H: RowsHarness>(harness: &H) {
    let messages = collection("messages");
    let keys = in_one_partition(5);
    put_live(harness, &messages, &keys).await;
    let equals = [("discussion_id", "d")];
    let first = harness
        .rows()
        .query(query(&messages, Through::Table, &equals, None, 2))
        .await
        .expect("it answers");
    let position = first.next.expect("there is more");

    let second = harness
        .rows()
        .query(query(
            &messages,
            Through::Table,
            &equals,
            Some(&position),
            2,
        ))
        .await
        .expect("it answers");
    let again = harness
        .rows()
        .query(query(
            &messages,
            Through::Table,
            &equals,
            Some(&position),
            2,
        ))
        .await
        .expect("it answers");

    assert_eq!(second, again);
    assert_eq!(keys_of(second.rows), keys[2..4]);
}

pub async fn a_position_that_is_not_of_this_query_is_refused<H: RowsHarness>(harness: &H) {
    let messages = collection("messages");
    put_live(harness, &messages, &in_one_partition(3)).await;
    put_live(harness, &messages, &[key2("e", "1"), key2("e", "2")]).await;
    let mine = harness
        .rows()
        .query(query(
            &messages,
            Through::Table,
            &[("discussion_id", "d")],
            None,
            1,
        ))
        .await;
    let mine = mine.expect("it answers").next.expect("there is more");

    assert_refused(
        harness
            .rows()
            .query(query(
                &messages,
                Through::Table,
                &[("discussion_id", "e")],
                Some(&mine),
                1,
            ))
            .await,
    );
    for made_up in [
        "",
        "x",
        "{}",
        "null",
        "AAAA",
        "🪦",
        r#"{"discussion_id":"d"}"#,
        "eyJhIjoxfQ",
    ] {
        let position = Position(made_up.to_owned());
        let answer = harness
            .rows()
            .query(query(
                &messages,
                Through::Table,
                &[("discussion_id", "d")],
                Some(&position),
                1,
            ))
            .await;
        assert_refused(answer);
    }
}

pub async fn further_conditions_narrow_a_query<H: RowsHarness>(harness: &H) {
    let messages = collection("messages");
    put_live(harness, &messages, &in_one_partition(6)).await;
    harness
        .put(&messages, row(&messages, &key2("d", "01"), "globex"))
        .await;
    harness
        .put(&messages, row(&messages, &key2("d", "04"), "globex"))
        .await;

    for limit in [1, 2, 1000] {
        // One that is part of the key, and one that is not.
        let by_key = all(
            harness,
            &messages,
            Through::Table,
            &[("discussion_id", "d"), ("message_id", "03")],
            limit,
        )
        .await;
        let by_tenant = all(
            harness,
            &messages,
            Through::Table,
            &[("discussion_id", "d"), ("user_id", "globex")],
            limit,
        )
        .await;

        assert_eq!(keys_of(by_key), [key2("d", "03")]);
        assert_eq!(keys_of(by_tenant), [key2("d", "01"), key2("d", "04")]);
    }
}

pub async fn rows_with_the_mark_of_a_deletion_can_be_left_out_and_no_others<H: RowsHarness>(
    harness: &H,
) {
    let messages = collection("messages");
    let keys = in_one_partition(6);
    put_live(harness, &messages, &keys).await;
    let live = |key: &RecordKey| row(&messages, key, "acme");
    harness
        .put(&messages, marked(&messages, live(&keys[1]), &mark(1)))
        .await;
    harness
        .put(&messages, marked(&messages, live(&keys[2]), &mark(2)))
        .await;
    harness
        .put(&messages, with_null(&messages, live(&keys[3])))
        .await;
    harness
        .put(&messages, marked(&messages, live(&keys[4]), &mark(1)))
        .await;

    for limit in [1, 2, 1000] {
        let equals = [("discussion_id", "d")];
        let mut asked = query(&messages, Through::Table, &equals, None, limit);
        asked.not_marked_by = Some(deletion_id(1));

        let found = follow(harness, asked).await;

        assert_eq!(
            keys_of(found),
            [&keys[0], &keys[2], &keys[3], &keys[5]].map(Clone::clone),
            "limit {limit}"
        );
    }
}

pub async fn querying_for_a_decision_brings_what_it_needs<H: RowsHarness>(harness: &H) {
    let messages = collection("messages");
    let key = key2("d", "1");
    harness
        .put(
            &messages,
            marked(&messages, row(&messages, &key, "acme"), &mark(1)),
        )
        .await;
    let equals = [("discussion_id", "d")];
    let mut asked = query(&messages, Through::Table, &equals, None, 10);
    asked.fields = Fields::Judged;

    let found = follow(harness, asked).await;

    assert_eq!(found.len(), 1);
    assert_eq!(found[0].text("user_id"), Some("acme"));
    assert_eq!(found[0].author(&messages), Some("ann"));
    assert!(found[0].mark(&messages).is_of(deletion_id(1)));
    assert_eq!(found[0].text("subject"), None);
}

/// The rows of a query, page by page to the end.
pub(super) async fn all<H: RowsHarness>(
    harness: &H,
    collection: &Collection,
    through: Through<'_>,
    equals: &[(&str, &str)],
    limit: usize,
) -> Vec<Row> {
    follow(harness, query(collection, through, equals, None, limit)).await
}

pub(super) async fn follow<H: RowsHarness>(harness: &H, asked: RowQuery<'_>) -> Vec<Row> {
    let mut found = Vec::new();
    let mut after: Option<Position> = None;
    for _ in 0..100 {
        let page = harness
            .rows()
            .query(RowQuery {
                after: after.as_ref(),
                ..asked
            })
            .await
            .expect("it answers");
        assert!(
            page.rows.len() <= asked.limit,
            "{} rows, limit {}",
            page.rows.len(),
            asked.limit
        );
        found.extend(page.rows);
        after = page.next;
        if after.is_none() {
            return found;
        }
    }
    unreachable!("the query does not end: {asked:?}")
}

pub(super) fn query<'a>(
    collection: &'a Collection,
    through: Through<'a>,
    equals: &'a [(&'a str, &'a str)],
    after: Option<&'a Position>,
    limit: usize,
) -> RowQuery<'a> {
    RowQuery {
        collection,
        through,
        equals,
        after,
        limit,
        not_marked_by: None,
        fields: Fields::All,
    }
}

fn in_one_partition(count: usize) -> Vec<RecordKey> {
    (0..count).map(|n| key2("d", &format!("{n:02}"))).collect()
}

pub(super) fn keys_of(rows: Vec<Row>) -> Vec<RecordKey> {
    rows.into_iter().map(|row| row.key).collect()
}
