//! Children that lose their parent: [`DetachRows`], for the stores of the suite `rows`.

use serde_json::json;

use super::done;
use super::rows::RowsHarness;
use crate::samples::{collection, key, key2, mark, marked, row};
use domain::key::RecordKey;
use ports::{DetachOutcome, DetachRows};

/// One test for each rule about detaching.
#[macro_export]
macro_rules! detaching_contract {
    ($harness:expr) => {
        $crate::contract_tests!(
            detaching,
            $harness,
            [
                a_detached_row_names_no_parent_and_keeps_everything_else,
                a_row_of_another_parent_is_left_alone,
                detaching_takes_25_rows_at_once_and_answers_each_in_its_place,
                detaching_nothing_answers_nothing,
                a_regrouped_row_names_the_other_owner_or_nobody,
                a_row_of_another_owner_is_left_alone,
            ]
        );
    };
}

pub async fn a_detached_row_names_no_parent_and_keeps_everything_else<H>(harness: &H)
where
    H: RowsHarness<Rows: DetachRows>,
{
    let replies = collection("replies");
    put(harness, "r", "d", "1").await;
    let mut before = harness.get(&replies, &key("r")).await.expect("a reply");

    let outcomes = detach(harness, &[key("r")]).await;

    assert_eq!(outcomes, [DetachOutcome::Detached]);
    before.retain(|attribute, _| !["group", "order"].contains(&attribute.as_str()));
    assert_eq!(harness.get(&replies, &key("r")).await, Some(before));
    assert_eq!(
        detach(harness, &[key("r")]).await,
        [DetachOutcome::Elsewhere]
    );
}

pub async fn a_row_of_another_parent_is_left_alone<H>(harness: &H)
where
    H: RowsHarness<Rows: DetachRows>,
{
    let replies = collection("replies");
    put(harness, "r", "d", "2").await;
    let before = harness.get(&replies, &key("r")).await;

    let outcomes = detach(harness, &[key("r"), key("none")]).await;

    assert_eq!(outcomes, [DetachOutcome::Elsewhere, DetachOutcome::Missing]);
    assert_eq!(harness.get(&replies, &key("r")).await, before);
    assert_eq!(harness.get(&replies, &key("none")).await, None);
}

pub async fn detaching_takes_25_rows_at_once_and_answers_each_in_its_place<H>(harness: &H)
where
    H: RowsHarness<Rows: DetachRows>,
{
    let replies = collection("replies");
    let keys: Vec<RecordKey> = (0..H::Rows::DETACH_BATCH)
        .map(|n| key(&format!("r{n:02}")))
        .collect();
    for (n, reply) in keys.iter().enumerate() {
        put(
            harness,
            &reply.partition,
            "d",
            if n % 3 == 0 { "2" } else { "1" },
        )
        .await;
    }
    let last = marked(
        &replies,
        harness.get(&replies, &keys[1]).await.expect("a reply"),
        &mark(1),
    );
    harness.put(&replies, last).await;

    let outcomes = detach(harness, &keys).await;

    assert!(keys.len() >= 25);
    for (n, outcome) in outcomes.into_iter().enumerate() {
        let expected = if n % 3 == 0 {
            DetachOutcome::Elsewhere
        } else {
            DetachOutcome::Detached
        };
        assert_eq!(outcome, expected, "row {n}");
    }
}

pub async fn detaching_nothing_answers_nothing<H>(harness: &H)
where
    H: RowsHarness<Rows: DetachRows>,
{
    assert_eq!(detach(harness, &[]).await, []);
}

pub async fn a_regrouped_row_names_the_other_owner_or_nobody<H>(harness: &H)
where
    H: RowsHarness<Rows: DetachRows>,
{
    let replies = collection("replies");
    for (to, named) in [(Some("two"), Some(json!("two"))), (None, None)] {
        put(harness, "r", "d", "1").await;
        let mut before = harness.get(&replies, &key("r")).await.expect("a reply");

        assert_eq!(regroup(harness, to).await, DetachOutcome::Detached);

        before.remove("subject");
        before.extend(named.map(|owner| ("subject".to_owned(), owner)));
        assert_eq!(harness.get(&replies, &key("r")).await, Some(before));
        assert_eq!(regroup(harness, to).await, DetachOutcome::Elsewhere);
    }
}

pub async fn a_row_of_another_owner_is_left_alone<H>(harness: &H)
where
    H: RowsHarness<Rows: DetachRows>,
{
    let replies = collection("replies");
    assert_eq!(regroup(harness, Some("two")).await, DetachOutcome::Missing);
    put(harness, "r", "d", "1").await;
    let mut other = harness.get(&replies, &key("r")).await.expect("a reply");
    other.insert("subject".to_owned(), json!("another"));
    harness.put(&replies, other.clone()).await;

    for to in [Some("two"), None] {
        assert_eq!(regroup(harness, to).await, DetachOutcome::Elsewhere);
    }
    assert_eq!(harness.get(&replies, &key("r")).await, Some(other));
}

/// Gives the reply `r`, which has the sample's subject, another one.
async fn regroup<H>(harness: &H, to: Option<&str>) -> DetachOutcome
where
    H: RowsHarness<Rows: DetachRows>,
{
    let replies = collection("replies");
    let keys = [key("r")];
    let asked = harness
        .rows()
        .regroup(&replies, "subject", "a stone", to, &keys);
    done(asked.await).remove(0)
}

/// A reply below message `(group, order)`.
async fn put(harness: &impl RowsHarness, id: &str, group: &str, order: &str) {
    let replies = collection("replies");
    let mut reply = row(&replies, &key(id), "acme");
    reply.insert("group".to_owned(), json!(group));
    reply.insert("order".to_owned(), json!(order));
    harness.put(&replies, reply).await;
}

async fn detach<H>(harness: &H, keys: &[RecordKey]) -> Vec<DetachOutcome>
where
    H: RowsHarness<Rows: DetachRows>,
{
    let replies = collection("replies");
    done(harness.rows().detach(&replies, &key2("d", "1"), keys).await)
}
