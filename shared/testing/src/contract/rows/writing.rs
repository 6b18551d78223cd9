//! Writing whole rows, and undoing that.

use serde_json::{Map, Value, json};

use super::harness::{RowsHarness, to_mark};
use crate::contract::done;
use crate::samples::{ODD_IDS, collection, key, key2, mark, marked, row, tenant, with_null};
use domain::collection::Collection;
use domain::key::RecordKey;
use domain::row::Row;
use ports::{MarkOutcome, MarkRows, Stored, TakeBackOutcome, Unchanged, WriteOutcome, WriteRows};

type Before<H> = Stored<<<H as RowsHarness>::Rows as WriteRows>::Raw>;

pub async fn a_row_is_read_whole_to_be_replaced_and_a_missing_one_is_told<H: RowsHarness>(
    harness: &H,
) {
    let replies = collection("replies");
    let attributes = filled(&replies, &key("r"), json!("x"));
    harness.put(&replies, attributes.clone()).await;

    let found = stored(harness, &replies, &key("r")).await;

    let found = found.expect("it is there");
    assert_eq!(
        (found.row.key, found.row.attributes),
        (key("r"), attributes)
    );
    assert!(stored(harness, &replies, &key("nobody")).await.is_none());
}

pub async fn writing_makes_a_row_where_there_is_none<H: RowsHarness>(harness: &H) {
    let messages = collection("messages");
    for id in ODD_IDS {
        let key = key2(id, id);
        let made = filled(
            &messages,
            &key,
            json!({ "list": [1, -2.5, "x", true, null, {}], "empty": "" }),
        );

        let outcome = write(harness, &messages, &key, &made, None).await;

        assert_eq!(outcome, WriteOutcome::Written);
        assert_eq!(harness.get(&messages, &key).await, Some(made), "{id}");
    }
}

pub async fn writing_replaces_the_whole_row_that_was_read<H: RowsHarness>(harness: &H) {
    let messages = collection("messages");
    let key = key2("d", "m");
    harness
        .put(&messages, filled(&messages, &key, json!("old")))
        .await;
    let before = stored(harness, &messages, &key).await;
    let mut new = row(&messages, &key, "acme");
    new.insert(
        "other".to_owned(),
        json!([18_446_744_073_709_551_615_u64, 0.1]),
    );

    let outcome = write(harness, &messages, &key, &new, before.as_ref()).await;

    assert_eq!(outcome, WriteOutcome::Written);
    assert_eq!(harness.get(&messages, &key).await, Some(new));
}

pub async fn a_row_that_came_in_between_is_not_overwritten<H: RowsHarness>(harness: &H) {
    let messages = collection("messages");
    let key = key2("d", "m");
    let theirs = row(&messages, &key, "globex");
    harness.put(&messages, theirs.clone()).await;

    let outcome = write(
        harness,
        &messages,
        &key,
        &row(&messages, &key, "acme"),
        None,
    )
    .await;

    assert_eq!(outcome, WriteOutcome::Changed);
    assert_eq!(harness.get(&messages, &key).await, Some(theirs));
}

pub async fn a_row_that_was_marked_or_given_away_since_is_not_overwritten<H: RowsHarness>(
    harness: &H,
) {
    let messages = collection("messages");
    let key = key2("d", "m");
    let read = row(&messages, &key, "acme");
    let with = |attribute: &str, value: Value| {
        let mut row = read.clone();
        row.insert(attribute.to_owned(), value);
        row
    };
    let mut nobodys = read.clone();
    nobodys.remove("sender_id");
    for now in [
        marked(&messages, read.clone(), &mark(1)),
        with("date_delete", json!("by hand")),
        with("date_delete", json!(false)),
        with("user_id", json!("globex")),
        with("sender_id", json!("bob")),
        nobodys,
    ] {
        harness.put(&messages, read.clone()).await;
        let before = stored(harness, &messages, &key).await;
        harness.put(&messages, now.clone()).await;

        let outcome = write(
            harness,
            &messages,
            &key,
            &with("a", json!(1)),
            before.as_ref(),
        )
        .await;

        assert_eq!(outcome, WriteOutcome::Changed, "{now:?}");
        assert_eq!(harness.get(&messages, &key).await, Some(now));
    }
}

pub async fn a_row_that_is_gone_since_is_not_made_again<H: RowsHarness>(harness: &H) {
    let messages = collection("messages");
    let key = key2("d", "m");
    let made = row(&messages, &key, "acme");
    let _ = write(harness, &messages, &key, &made, None).await;
    let before = stored(harness, &messages, &key).await;
    let _ = take_back(harness, &messages, &key, &made, None).await;

    let outcome = write(harness, &messages, &key, &made, before.as_ref()).await;

    assert_eq!(outcome, WriteOutcome::Changed);
    assert_eq!(harness.get(&messages, &key).await, None);
}

pub async fn an_explicit_null_stays_and_no_mark_is_written<H: RowsHarness>(harness: &H) {
    let messages = collection("messages");
    let keys = [key2("d", "null"), key2("d", "new")];
    let with_null = with_null(&messages, row(&messages, &keys[0], "acme"));
    harness.put(&messages, with_null.clone()).await;
    let before = stored(harness, &messages, &keys[0]).await;
    let asked = |key: &RecordKey| marked(&messages, row(&messages, key, "acme"), &mark(1));

    let replaced = write(
        harness,
        &messages,
        &keys[0],
        &asked(&keys[0]),
        before.as_ref(),
    )
    .await;
    let made = write(harness, &messages, &keys[1], &asked(&keys[1]), None).await;

    assert_eq!(
        (replaced, made),
        (WriteOutcome::Written, WriteOutcome::Written)
    );
    assert_eq!(harness.get(&messages, &keys[0]).await, Some(with_null));
    assert_eq!(
        harness.get(&messages, &keys[1]).await,
        Some(row(&messages, &keys[1], "acme"))
    );
}

pub async fn a_row_that_is_too_large_is_told_apart_and_what_was_there_is_left<H: RowsHarness>(
    harness: &H,
) {
    let messages = collection("messages");
    let key = key2("d", "m");
    let before = row(&messages, &key, "acme");
    harness.put(&messages, before.clone()).await;
    let large = filled(&messages, &key, json!("x".repeat(400 * 1024)));

    let read = stored(harness, &messages, &key).await;
    let replaced = write(harness, &messages, &key, &large, read.as_ref()).await;
    let other = key2("d", "other");
    let made = write(harness, &messages, &other, &large, None).await;

    assert_eq!(
        (replaced, made),
        (WriteOutcome::TooLarge, WriteOutcome::TooLarge)
    );
    assert_eq!(harness.get(&messages, &key).await, Some(before));
    assert_eq!(harness.get(&messages, &other).await, None);
}

pub async fn a_row_that_an_index_cannot_hold_is_told_apart_and_not_made<H: RowsHarness>(
    harness: &H,
) {
    let replies = collection("replies");
    for odd in [json!(5), json!(null), json!("")] {
        let mut asked = row(&replies, &key("r"), "acme");
        asked.insert("group".to_owned(), odd.clone());

        let outcome = write(harness, &replies, &key("r"), &asked, None).await;

        assert_eq!(outcome, WriteOutcome::Unstorable, "{odd}");
        assert_eq!(harness.get(&replies, &key("r")).await, None);
    }
}

pub async fn taking_back_removes_what_was_made<H: RowsHarness>(harness: &H) {
    let messages = collection("messages");
    let key = key2("d", "m");
    let made = filled(
        &messages,
        &key,
        json!({ "a": [1, { "b": null }], "c": 0.1 }),
    );
    let _ = write(harness, &messages, &key, &made, None).await;

    let first = take_back(harness, &messages, &key, &made, None).await;
    let second = take_back(harness, &messages, &key, &made, None).await;

    assert_eq!(
        (first, second),
        (TakeBackOutcome::TakenBack, TakeBackOutcome::Changed)
    );
    assert_eq!(harness.get(&messages, &key).await, None);
}

pub async fn taking_back_puts_back_what_was_replaced<H: RowsHarness>(harness: &H) {
    let messages = collection("messages");
    let key = key2("d", "m");
    let old = with_null(&messages, filled(&messages, &key, json!([1, "x"])));
    harness.put(&messages, old.clone()).await;
    let before = stored(harness, &messages, &key).await;
    let new = filled(&messages, &key, json!([2]));
    let _ = write(harness, &messages, &key, &new, before.as_ref()).await;

    let outcome = take_back(harness, &messages, &key, &new, before.as_ref()).await;

    assert_eq!(outcome, TakeBackOutcome::TakenBack);
    assert_eq!(harness.get(&messages, &key).await, Some(old));
}

pub async fn taking_back_leaves_what_was_written_or_marked_since<H: RowsHarness>(harness: &H) {
    let messages = collection("messages");
    let key = key2("d", "m");
    let written = filled(&messages, &key, json!([1]));
    let since = [
        filled(&messages, &key, json!([2])),
        filled(&messages, &key, json!("1")),
        marked(&messages, written.clone(), &mark(1)),
    ];
    for now in since {
        harness.put(&messages, now.clone()).await;

        assert_eq!(
            take_back(harness, &messages, &key, &written, None).await,
            TakeBackOutcome::Changed
        );
        assert_eq!(harness.get(&messages, &key).await, Some(now));
    }

    let mut old = written.clone();
    old.insert("subject".to_owned(), json!("old"));
    harness.put(&messages, old).await;
    let before = stored(harness, &messages, &key).await;
    let _ = write(harness, &messages, &key, &written, before.as_ref()).await;
    // What the write removed, another writer has written again.
    let mut again = written.clone();
    again.insert("subject".to_owned(), json!("theirs"));
    harness.put(&messages, again.clone()).await;

    assert_eq!(
        take_back(harness, &messages, &key, &written, before.as_ref()).await,
        TakeBackOutcome::Changed
    );
    assert_eq!(harness.get(&messages, &key).await, Some(again));
}

pub async fn what_was_written_can_be_marked<H: RowsHarness>(harness: &H) {
    let messages = collection("messages");
    let key = key2("d", "m");
    let made = row(&messages, &key, "acme");
    let _ = write(harness, &messages, &key, &made, None).await;
    let absent = to_mark(&key, false);

    let outcome = done(
        harness
            .rows()
            .mark(&messages, &tenant("acme"), &mark(1), &[absent])
            .await,
    );

    assert_eq!(outcome, [MarkOutcome::Marked]);
    assert_eq!(
        harness.get(&messages, &key).await,
        Some(marked(&messages, made, &mark(1)))
    );
}

pub async fn a_row_of_many_attributes_is_written_and_taken_back<H: RowsHarness>(harness: &H) {
    let messages = collection("messages");
    let key = key2("d", "m");
    let mut made = row(&messages, &key, "acme");
    made.extend((0..500).map(|n| (format!("attribute {n}"), json!(n))));

    let written = write(harness, &messages, &key, &made, None).await;
    let taken_back = take_back(harness, &messages, &key, &made, None).await;

    assert_eq!(
        (written, taken_back),
        (WriteOutcome::Written, TakeBackOutcome::TakenBack)
    );
    assert_eq!(harness.get(&messages, &key).await, None);
}

fn filled(collection: &Collection, key: &RecordKey, body: Value) -> Map<String, Value> {
    let mut filled = row(collection, key, "acme");
    filled.insert("body".to_owned(), body);
    filled
}

async fn stored<H: RowsHarness>(
    harness: &H,
    collection: &Collection,
    key: &RecordKey,
) -> Option<Before<H>> {
    let found = harness.rows().stored(collection, key).await;
    found.expect("the store answers")
}

async fn write<H: RowsHarness>(
    harness: &H,
    collection: &Collection,
    key: &RecordKey,
    attributes: &Map<String, Value>,
    before: Option<&Before<H>>,
) -> WriteOutcome {
    let unchanged = Unchanged::These(&[]);
    write_unchanged(
        harness,
        collection,
        &as_row(key, attributes),
        before,
        unchanged,
    )
    .await
}

async fn write_unchanged<H: RowsHarness>(
    harness: &H,
    collection: &Collection,
    row: &Row,
    before: Option<&Before<H>>,
    unchanged: Unchanged<'_>,
) -> WriteOutcome {
    let rows = harness.rows();
    let outcome = rows.write(collection, row, before, unchanged).await;
    outcome.expect("the store answers")
}

pub async fn writing_leaves_a_row_that_has_changed_in_what_must_not<H: RowsHarness>(harness: &H) {
    let replies = collection("replies");
    let other = [("number", json!(2)), ("added", json!("x"))];
    for (name, value) in other {
        let key = key(name);
        let mut read = filled(&replies, &key, json!("x"));
        read.insert("number".to_owned(), json!(1));
        harness.put(&replies, read.clone()).await;
        let before = stored(harness, &replies, &key).await;
        let mut theirs = read.clone();
        theirs.insert(name.to_owned(), value);
        harness.put(&replies, theirs.clone()).await;
        let mut ours = read.clone();
        ours.insert("added".to_owned(), json!("ours"));
        let ours = as_row(&key, &ours);
        let write =
            |unchanged| write_unchanged(harness, &replies, &ours, before.as_ref(), unchanged);

        let names = [name];
        for unchanged in [Unchanged::All, Unchanged::These(&names)] {
            assert_eq!(write(unchanged).await, WriteOutcome::Changed, "{name}");
            assert_eq!(harness.get(&replies, &key).await, Some(theirs.clone()));
        }
        let unchanged = Unchanged::These(&["body"]);
        assert_eq!(write(unchanged).await, WriteOutcome::Written, "{name}");
    }
}

pub async fn writing_over_what_is_as_it_was_read_writes<H: RowsHarness>(harness: &H) {
    let replies = collection("replies");
    let read = filled(
        &replies,
        &key("r"),
        json!({ "list": [1, "x", null], "flag": true }),
    );
    harness.put(&replies, read.clone()).await;
    let before = stored(harness, &replies, &key("r")).await;
    let ours = as_row(&key("r"), &filled(&replies, &key("r"), json!("new")));

    let outcome = write_unchanged(harness, &replies, &ours, before.as_ref(), Unchanged::All).await;

    assert_eq!(outcome, WriteOutcome::Written);
}

async fn take_back<H: RowsHarness>(
    harness: &H,
    collection: &Collection,
    key: &RecordKey,
    attributes: &Map<String, Value>,
    before: Option<&Before<H>>,
) -> TakeBackOutcome {
    let row = as_row(key, attributes);
    let outcome = harness.rows().take_back(collection, &row, before).await;
    outcome.expect("the store answers")
}

fn as_row(key: &RecordKey, attributes: &Map<String, Value>) -> Row {
    Row {
        key: key.clone(),
        attributes: attributes.clone(),
    }
}
