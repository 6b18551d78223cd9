//! Queries through an index, page by page.

use std::collections::BTreeSet;

use serde_json::json;

use super::harness::{RowsHarness, put_live};
use super::querying::{all, keys_of, query};
use crate::contract::assert_refused;
use crate::samples::{collection, key, row};
use ports::{ReadRows, Through};

pub async fn querying_over_an_index_finds_every_row_exactly_once<H: RowsHarness>(harness: &H) {
    let replies = collection("replies");
    for n in 0..9 {
        let mut reply = row(&replies, &key(&format!("r{n}")), "acme");
        reply.insert("group".to_owned(), json!(if n < 7 { "d" } else { "e" }));
        reply.insert(
            "order".to_owned(),
            json!(if n % 2 == 0 { "even" } else { "odd" }),
        );
        harness.put(&replies, reply).await;
    }
    // Without the attribute of the index, a row is in none of its partitions.
    harness
        .put(&replies, row(&replies, &key("orphan"), "acme"))
        .await;

    for limit in [1, 2, 1000] {
        let found = all(
            harness,
            &replies,
            Through::Index("by_message"),
            &[("group", "d"), ("order", "even")],
            limit,
        )
        .await;

        let count = found.len();
        let found: BTreeSet<_> = keys_of(found).into_iter().collect();
        assert_eq!(
            found,
            ["r0", "r2", "r4", "r6"].map(key).into(),
            "limit {limit}"
        );
        assert_eq!(count, 4, "limit {limit}");
    }
}

pub async fn a_position_of_an_index_is_refused_by_the_table<H: RowsHarness>(harness: &H) {
    // The same value in both partitions: it alone does not distinguish the two.
    let discussions = collection("discussions");
    put_live(harness, &discussions, &[key("acme"), key("b"), key("c")]).await;
    let (index, table) = (Through::Index("by_user"), Through::Table);
    let (of_user, of_id) = ([("user_id", "acme")], [("discussion_id", "acme")]);
    let rows = harness.rows();

    let over_index = rows
        .query(query(&discussions, index, &of_user, None, 1))
        .await;
    let position = over_index.expect("it answers").next.expect("there is more");
    assert_refused(
        rows.query(query(&discussions, table, &of_id, Some(&position), 1))
            .await,
    );

    // A store that knows that this was the last row has no position to confuse.
    let over_table = rows
        .query(query(&discussions, table, &of_id, None, 1))
        .await;
    if let Some(position) = over_table.expect("it answers").next {
        assert_refused(
            rows.query(query(&discussions, index, &of_user, Some(&position), 1))
                .await,
        );
    }
}
