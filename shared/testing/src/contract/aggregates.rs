//! Rows in order and the attribute that is computed from them: [`RepairAggregates`], for the stores of the suite
//! `rows`.

use serde_json::{Value, json};

use super::assert_refused;
use super::rows::RowsHarness;
use crate::samples::{BY_ORDER, collection, key, key2, mark, marked, row};
use domain::change::Change;
use domain::collection::Collection;
use domain::key::RecordKey;
use domain::page::Position;
use domain::row::Row;
use ports::{
    Attempt, DependencyError, Direction, OrderAlong, OrderQuery, RepairAggregates, SetOutcome,
};

/// One test for each rule about aggregates.
#[macro_export]
macro_rules! aggregates_contract {
    ($harness:expr) => {
        $crate::contract_tests!(
            aggregates,
            $harness,
            [
                rows_come_in_the_order_of_their_sort_values_both_ways,
                a_look_begins_at_the_given_value,
                a_look_continues_behind_a_row_also_among_rows_of_one_value,
                a_look_does_not_continue_at_a_position_of_another_one,
                a_look_shows_marked_rows_and_no_other_partition,
                a_look_stays_within_what_begins_the_same,
                a_collection_without_a_sort_attribute_has_no_order,
                an_aggregate_is_set_where_it_is_what_was_read,
                an_aggregate_that_was_changed_since_is_left_alone,
                several_aggregates_are_set_together_or_not_at_all,
                setting_an_aggregate_again_is_harmless,
                a_row_without_room_for_an_aggregate_is_told_and_left_alone,
                an_aggregate_of_a_missing_row_makes_no_row,
                nothing_else_of_the_row_changes,
            ]
        );
    };
}

const FIRST: &str = "first-message id";

pub async fn rows_come_in_the_order_of_their_sort_values_both_ways<H>(harness: &H)
where
    H: RowsHarness<Rows: RepairAggregates>,
{
    seed(harness, &["10", "1", "2", "\u{1faa6}", "a"]).await;

    let rising = all(harness, None, Direction::Rising).await;
    let mut falling = all(harness, None, Direction::Falling).await;

    assert_eq!(rising, ["1", "10", "2", "a", "\u{1faa6}"]);
    falling.reverse();
    assert_eq!(rising, falling);
}

pub async fn a_look_begins_at_the_given_value<H>(harness: &H)
where
    H: RowsHarness<Rows: RepairAggregates>,
{
    seed(harness, &["1", "2", "3", "4"]).await;

    let rising = async |from| all(harness, Some(from), Direction::Rising).await;
    assert_eq!(rising("2").await, ["2", "3", "4"]);
    assert_eq!(rising("25").await, ["3", "4"]);
    assert!(rising("5").await.is_empty());
    assert_eq!(
        all(harness, Some("25"), Direction::Falling).await,
        ["2", "1"]
    );
}

pub async fn a_look_continues_behind_a_row_also_among_rows_of_one_value<H>(harness: &H)
where
    H: RowsHarness<Rows: RepairAggregates>,
{
    let replies = collection("replies");
    for (name, order) in [("a", "1"), ("b", "2"), ("c", "2"), ("d", "2"), ("e", "3")] {
        let mut reply = row(&replies, &key(name), "acme");
        reply.insert("group".to_owned(), json!("d"));
        reply.insert("order".to_owned(), json!(order));
        harness.put(&replies, reply).await;
    }

    for direction in [Direction::Rising, Direction::Falling] {
        for limit in [1, 2, 10] {
            let query = OrderQuery {
                along: BY_ORDER,
                ..look(&replies, Some("2"), direction, limit)
            };
            let mut found: Vec<String> = Vec::new();
            for row in follow(harness, query).await {
                found.push(row.key.partition);
            }
            found.sort();
            let expected = match direction {
                Direction::Rising => ["b", "c", "d", "e"],
                Direction::Falling => ["a", "b", "c", "d"],
            };
            assert_eq!(found, expected, "{direction:?}, limit {limit}");
        }
    }
}

pub async fn a_look_does_not_continue_at_a_position_of_another_one<H>(harness: &H)
where
    H: RowsHarness<Rows: RepairAggregates>,
{
    let messages = collection("messages");
    seed(harness, &["1", "2"]).await;
    let first = look(&messages, None, Direction::Rising, 1);
    let found = harness.rows().in_order(first).await.expect("it answers");
    let position = found.next.expect("there is more");

    let other = OrderQuery {
        partition: "e",
        after: Some(&position),
        ..first
    };

    assert_refused(harness.rows().in_order(other).await);
}

pub async fn a_look_stays_within_what_begins_the_same<H>(harness: &H)
where
    H: RowsHarness<Rows: RepairAggregates>,
{
    let messages = collection("messages");
    seed(harness, &["1", "12", "121", "12\u{10ffff}", "13", "2"]).await;

    for (from, direction, expected) in [
        (None, Direction::Rising, vec!["12", "121", "12\u{10ffff}"]),
        (None, Direction::Falling, vec!["12\u{10ffff}", "121", "12"]),
        (Some("121"), Direction::Rising, vec!["121", "12\u{10ffff}"]),
        (Some("121"), Direction::Falling, vec!["121", "12"]),
    ] {
        let query = OrderQuery {
            within: Some("12"),
            ..look(&messages, from, direction, 2)
        };
        let found = follow(harness, query).await.into_iter();
        let found: Vec<String> = found.filter_map(|row| row.key.sort).collect();
        assert_eq!(found, expected, "from {from:?}, {direction:?}");
    }
}

pub async fn a_look_shows_marked_rows_and_no_other_partition<H>(harness: &H)
where
    H: RowsHarness<Rows: RepairAggregates>,
{
    let messages = collection("messages");
    seed(harness, &["1", "3"]).await;
    let second = row(&messages, &key2("d", "2"), "acme");
    harness
        .put(&messages, marked(&messages, second, &mark(1)))
        .await;
    harness
        .put(&messages, row(&messages, &key2("e", "0"), "acme"))
        .await;

    let found = harness
        .rows()
        .in_order(look(&messages, None, Direction::Rising, 10))
        .await
        .expect("it answers");

    let live = found
        .rows
        .iter()
        .map(|row| row.mark(&messages).is_live())
        .collect::<Vec<_>>();
    assert_eq!(live, [true, false, true]);
    assert_eq!(found.next, None);
}

pub async fn a_collection_without_a_sort_attribute_has_no_order<H>(harness: &H)
where
    H: RowsHarness<Rows: RepairAggregates>,
{
    let discussions = collection("discussions");

    assert_refused(
        harness
            .rows()
            .in_order(look(&discussions, None, Direction::Rising, 1))
            .await,
    );
}

pub async fn an_aggregate_is_set_where_it_is_what_was_read<H>(harness: &H)
where
    H: RowsHarness<Rows: RepairAggregates>,
{
    for stands in [
        None,
        Some(Value::Null),
        Some(json!("m-1")),
        Some(json!(1.5)),
        Some(json!(true)),
    ] {
        for next in [json!("m-2"), Value::Null, json!(7), json!(false)] {
            put(harness, stands.clone()).await;

            assert_eq!(
                set(harness, stands.clone(), next.clone()).await,
                SetOutcome::Set
            );
            assert_eq!(get(harness).await, Some(next), "{stands:?}");
        }
    }
}

pub async fn an_aggregate_that_was_changed_since_is_left_alone<H>(harness: &H)
where
    H: RowsHarness<Rows: RepairAggregates>,
{
    let values = [None, Some(Value::Null), Some(json!("m-1")), Some(json!(1))];
    for now in &values {
        for held in values.iter().filter(|held| *held != now) {
            put(harness, now.clone()).await;

            assert_eq!(
                set(harness, held.clone(), json!("m-2")).await,
                SetOutcome::Changed,
                "{now:?} and {held:?}"
            );
            assert_eq!(get(harness).await, *now);
        }
    }
}

pub async fn several_aggregates_are_set_together_or_not_at_all<H>(harness: &H)
where
    H: RowsHarness<Rows: RepairAggregates>,
{
    let discussions = collection("discussions");
    let change = Change {
        set: vec![
            (FIRST.to_owned(), json!("m-2")),
            ("first sender".to_owned(), json!("bob")),
        ],
        only_if: vec![
            (FIRST.to_owned(), Some(json!("m-1"))),
            ("first sender".to_owned(), Some(json!("ann"))),
            ("first topic".to_owned(), None),
        ],
        ..Change::default()
    };
    for (name, value, expected) in [
        ("first sender", json!("ann"), SetOutcome::Set),
        ("first sender", json!("eve"), SetOutcome::Changed),
        ("first topic", json!("cats"), SetOutcome::Changed),
    ] {
        let mut before = row(&discussions, &key("d"), "acme");
        before.insert(FIRST.to_owned(), json!("m-1"));
        before.insert("first sender".to_owned(), json!("ann"));
        before.insert(name.to_owned(), value);
        harness.put(&discussions, before.clone()).await;

        let rows = harness.rows();
        let answer = rows.set(&discussions, &key("d"), &change).await;

        assert_eq!(answer.expect("it answers"), Attempt::Done(expected));
        if expected == SetOutcome::Set {
            change.apply(&mut before);
        }
        assert_eq!(harness.get(&discussions, &key("d")).await, Some(before));
    }
}

pub async fn a_row_without_room_for_an_aggregate_is_told_and_left_alone<H>(harness: &H)
where
    H: RowsHarness<Rows: RepairAggregates>,
{
    let discussions = collection("discussions");
    let mut full = row(&discussions, &key("d"), "acme");
    full.insert("note".to_owned(), "x".repeat(400 * 1024 - 120).into());
    harness.put(&discussions, full.clone()).await;

    let answer = set(harness, None, "y".repeat(1000).into()).await;

    assert_eq!(answer, SetOutcome::TooLarge);
    assert_eq!(harness.get(&discussions, &key("d")).await, Some(full));
}

pub async fn setting_an_aggregate_again_is_harmless<H>(harness: &H)
where
    H: RowsHarness<Rows: RepairAggregates>,
{
    put(harness, Some(json!("m-1"))).await;

    for _ in 0..2 {
        let set = set(harness, Some(json!("m-1")), json!("m-2")).await;
        assert_eq!(set, SetOutcome::Set);
    }

    assert_eq!(get(harness).await, Some(json!("m-2")));
}

pub async fn an_aggregate_of_a_missing_row_makes_no_row<H>(harness: &H)
where
    H: RowsHarness<Rows: RepairAggregates>,
{
    for held in [None, Some(Value::Null), Some(json!("m-1"))] {
        assert_eq!(
            set(harness, held.clone(), json!("m-2")).await,
            SetOutcome::Missing,
            "{held:?}"
        );
    }
    assert_eq!(
        harness.get(&collection("discussions"), &key("d")).await,
        None
    );
}

pub async fn nothing_else_of_the_row_changes<H>(harness: &H)
where
    H: RowsHarness<Rows: RepairAggregates>,
{
    let discussions = collection("discussions");
    let live = row(&discussions, &key("d"), "acme");
    let mut before = marked(&discussions, live, &mark(1));
    harness.put(&discussions, before.clone()).await;

    assert_eq!(set(harness, None, json!("m-1")).await, SetOutcome::Set);

    before.insert(FIRST.to_owned(), json!("m-1"));
    assert_eq!(harness.get(&discussions, &key("d")).await, Some(before));
}

async fn seed(harness: &impl RowsHarness, sorts: &[&str]) {
    let messages = collection("messages");
    for sort in sorts {
        harness
            .put(&messages, row(&messages, &key2("d", sort), "acme"))
            .await;
    }
}

/// The sort values of partition `d`, two at a time.
async fn all<H>(harness: &H, from: Option<&str>, direction: Direction) -> Vec<String>
where
    H: RowsHarness<Rows: RepairAggregates>,
{
    let messages = collection("messages");
    let rows = follow(harness, look(&messages, from, direction, 2)).await;
    rows.into_iter().filter_map(|row| row.key.sort).collect()
}

/// The rows of a query, page by page to the end.
async fn follow<H>(harness: &H, query: OrderQuery<'_>) -> Vec<Row>
where
    H: RowsHarness<Rows: RepairAggregates>,
{
    let mut rows = Vec::new();
    let mut after: Option<Position> = None;
    loop {
        let query = OrderQuery {
            after: after.as_ref(),
            ..query
        };
        let found = harness.rows().in_order(query).await.expect("it answers");
        assert!(found.rows.len() <= query.limit);
        rows.extend(found.rows);
        after = found.next;
        if after.is_none() {
            return rows;
        }
    }
}

fn look<'a>(
    collection: &'a Collection,
    from: Option<&'a str>,
    direction: Direction,
    limit: usize,
) -> OrderQuery<'a> {
    OrderQuery {
        collection,
        along: OrderAlong::Table,
        partition: "d",
        within: None,
        from,
        after: None,
        direction,
        limit,
    }
}

/// A discussion with this value, or without the attribute.
async fn put(harness: &impl RowsHarness, first: Option<Value>) {
    let discussions = collection("discussions");
    let mut discussion = row(&discussions, &key("d"), "acme");
    if let Some(first) = first {
        discussion.insert(FIRST.to_owned(), first);
    }
    harness.put(&discussions, discussion).await;
}

async fn get(harness: &impl RowsHarness) -> Option<Value> {
    let key: RecordKey = key("d");
    let row = harness.get(&collection("discussions"), &key).await?;
    row.get(FIRST).cloned()
}

async fn set<H>(harness: &H, held: Option<Value>, next: Value) -> SetOutcome
where
    H: RowsHarness<Rows: RepairAggregates>,
{
    let discussions = collection("discussions");
    let change = Change {
        set: vec![(FIRST.to_owned(), next)],
        only_if: vec![(FIRST.to_owned(), held)],
        ..Change::default()
    };
    let answer: Result<_, DependencyError> =
        harness.rows().set(&discussions, &key("d"), &change).await;
    match answer.expect("it answers") {
        Attempt::Done(outcome) => outcome,
        Attempt::Retry(why) => unreachable!("an idle store never asks to be asked again: {why}"),
    }
}
