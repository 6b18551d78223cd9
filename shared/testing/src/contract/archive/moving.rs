//! Out of the table, and back.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::harness::{ArchiveHarness, put_and_copy, read};
use crate::contract::done;
use crate::samples::{
    collection, deletion_id, key, key2, mark, marked, row, taken_back, with_null,
};
use domain::collection::Collections;
use domain::key::RecordKey;
use ports::{ArchiveRows, PutBackOutcome, Stored, TakeOutcome};

pub async fn taking_away_removes_what_was_read<H: ArchiveHarness>(harness: &H) {
    let messages = collection("messages");
    let keys = ["live", "null", "ours", "rich"].map(|sort| key2("d", sort));
    let live = |at: &RecordKey| row(&messages, at, "acme");
    let mut rich = live(&keys[3]);
    rich.insert("flag".into(), json!(true));
    rich.insert("list".into(), json!([1, 2.5, "x", null, { "a": [] }]));
    rich.insert("empty".into(), json!(""));
    rich.insert("nothing".into(), Value::Null);
    harness.put(&messages, live(&keys[0])).await;
    harness
        .put(&messages, with_null(&messages, live(&keys[1])))
        .await;
    harness
        .put(&messages, marked(&messages, live(&keys[2]), &mark(1)))
        .await;
    harness.put(&messages, rich).await;
    let mut rows = Vec::new();
    for at in &keys {
        rows.push(read(harness, &messages, at).await);
    }

    let first = done(harness.rows().take(&messages, &rows).await);
    let second = done(harness.rows().take(&messages, &rows).await);

    assert_eq!(first, [TakeOutcome::Taken; 4]);
    // A store that reports a missing row as removed is right.
    assert!(!second.contains(&TakeOutcome::Changed));
    for at in &keys {
        assert_eq!(harness.get(&messages, at).await, None);
    }
}

type Change = fn(Map<String, Value>) -> Map<String, Value>;

pub async fn taking_away_leaves_what_has_changed_since<H: ArchiveHarness>(harness: &H) {
    let messages = collection("messages");
    let all: [Change; 4] = [
        |mut row| {
            row.insert("subject".into(), json!("another"));
            row
        },
        |mut row| {
            row.remove("subject");
            row
        },
        |row| marked(&collection("messages"), row, &mark(2)),
        |row| with_null(&collection("messages"), row),
    ];
    for (n, change) in all.into_iter().enumerate() {
        let at = key2("d", &n.to_string());
        let live = row(&messages, &at, "acme");
        harness.put(&messages, live.clone()).await;
        let stored = read(harness, &messages, &at).await;
        let changed = change(live);
        harness.put(&messages, changed.clone()).await;

        let outcome = done(harness.rows().take(&messages, &[stored]).await);

        assert_eq!(outcome, [TakeOutcome::Changed], "change {n}");
        assert_eq!(harness.get(&messages, &at).await, Some(changed));
    }
}

pub async fn taking_away_leaves_a_row_that_its_owner_took_back_since<H: ArchiveHarness>(
    harness: &H,
) {
    let messages = collection("messages");
    let at = key2("d", "m");
    let live = row(&messages, &at, "acme");
    for taken_back in taken_back(&messages, &live, &mark(1)) {
        let ours = marked(&messages, live.clone(), &mark(1));
        harness.put(&messages, ours).await;
        let stored = read(harness, &messages, &at).await;
        harness.put(&messages, taken_back.clone()).await;

        let outcome = done(harness.rows().take(&messages, &[stored]).await);

        assert_eq!(outcome, [TakeOutcome::Changed]);
        assert_eq!(harness.get(&messages, &at).await, Some(taken_back));
    }
}

/// As `discussions`, with a version.
const VERSIONED: &str = r#"
[discussions]
table       = "discussions"
key         = ["discussion_id"]
tenant      = { attribute = "user_id", gsi = "by_user" }
strategy    = "archive"
retention   = "30d"
version     = "version"
permissions = { delete = ["admin"], purge = ["admin"] }
"#;

pub async fn a_declared_version_and_the_mark_decide<H: ArchiveHarness>(harness: &H) {
    let all = Collections::for_tests(VERSIONED);
    let discussions = all.get("discussions").expect("it is declared");
    let at = key("d");
    let with = |version: Option<u32>, subject: &str| {
        let mut row = row(discussions, &at, "acme");
        row.insert("subject".into(), json!(subject));
        row.extend(version.map(|version| ("version".to_owned(), json!(version))));
        row
    };
    let after = async |read_as: Map<String, Value>, now: Map<String, Value>| {
        harness.put(discussions, read_as).await;
        let stored = read(harness, discussions, &at).await;
        harness.put(discussions, now).await;
        done(harness.rows().take(discussions, &[stored]).await).remove(0)
    };
    assert_eq!(
        after(with(Some(1), "a"), with(Some(2), "a")).await,
        TakeOutcome::Changed
    );
    assert_eq!(
        after(with(None, "a"), with(Some(1), "a")).await,
        TakeOutcome::Changed
    );
    assert_eq!(
        after(
            with(Some(1), "a"),
            marked(discussions, with(Some(1), "a"), &mark(2))
        )
        .await,
        TakeOutcome::Changed
    );
    // A collection that declares a version promises that nothing changes without it.
    assert_eq!(
        after(with(Some(1), "a"), with(Some(1), "b")).await,
        TakeOutcome::Taken
    );
}

pub async fn putting_back_makes_the_row_that_was_copied<H: ArchiveHarness>(harness: &H) {
    let messages = collection("messages");
    let at = key2("d", "it's");
    let mut live = row(&messages, &at, "acme");
    live.insert("it's".into(), json!({ "a": [1, null] }));
    let stored = put_and_copy(harness, &messages, live.clone(), &at, 1).await;
    let taken = done(harness.rows().take(&messages, &[stored]).await);
    assert_eq!(taken, [TakeOutcome::Taken]);
    let copies = harness
        .rows()
        .copies(&messages, deletion_id(1), std::slice::from_ref(&at));
    let back = done(copies.await).remove(0).expect("it is copied");

    let outcome = done(harness.rows().put_back(&messages, &[back]).await);

    assert_eq!(outcome, [PutBackOutcome::Back]);
    assert_eq!(harness.get(&messages, &at).await, Some(live));
}

pub async fn putting_back_leaves_a_row_that_is_there<H: ArchiveHarness>(harness: &H) {
    let discussions = collection("discussions");
    let at = key("d");
    let first = row(&discussions, &at, "acme");
    let stored = put_and_copy(harness, &discussions, first, &at, 1).await;
    let mut another = row(&discussions, &at, "acme");
    another.insert("subject".into(), json!("new"));
    harness.put(&discussions, another.clone()).await;

    let outcome = done(harness.rows().put_back(&discussions, &[stored]).await);

    assert_eq!(outcome, [PutBackOutcome::Taken]);
    assert_eq!(harness.get(&discussions, &at).await, Some(another));
}

pub async fn a_row_that_the_table_does_not_take_is_refused_alone<H: ArchiveHarness>(harness: &H) {
    let messages = collection("messages");
    let keys = ["a", "large", "z"].map(|sort| key2("d", sort));
    let mut rows = Vec::new();
    for at in &keys {
        let mut live = row(&messages, at, "acme");
        if at == &keys[1] {
            let bytes = |row: &Map<String, Value>| -> usize {
                let texts = row.iter();
                texts
                    .map(|(name, value)| name.len() + value.as_str().map_or(0, str::len))
                    .sum()
            };
            live.insert("body".into(), json!(""));
            let rest = 400 * 1024 - bytes(&live);
            live.insert("body".into(), json!("x".repeat(rest)));
        }
        harness.put(&messages, live).await;
        rows.push(read(harness, &messages, at).await);
    }
    let taken = done(harness.rows().take(&messages, &rows).await);
    assert_eq!(taken, [TakeOutcome::Taken; 3]);

    let mut larger = Stored::clone(&rows[1]);
    H::enlarge(&mut larger.raw);
    rows[1] = Arc::new(larger);
    let outcomes = done(harness.rows().put_back(&messages, &rows).await);

    let is_refused = matches!(outcomes[1], PutBackOutcome::Refused(_));
    assert!(is_refused, "{outcomes:?}");
    assert_eq!(outcomes[0], PutBackOutcome::Back);
    assert_eq!(outcomes[2], PutBackOutcome::Back);
    assert_eq!(harness.get(&messages, &keys[1]).await, None);
}

pub async fn a_row_comes_back_with_its_mark<H: ArchiveHarness>(harness: &H) {
    let messages = collection("messages");
    let at = key2("d", "a");
    let ours = marked(&messages, row(&messages, &at, "acme"), &mark(1));
    harness.put(&messages, ours.clone()).await;
    let stored = [read(harness, &messages, &at).await];
    let taken = done(harness.rows().take(&messages, &stored).await);
    assert_eq!(taken, [TakeOutcome::Taken]);

    let outcome = done(harness.rows().put_back(&messages, &stored).await);

    assert_eq!(outcome, [PutBackOutcome::Back]);
    assert_eq!(harness.get(&messages, &at).await, Some(ours));
}
