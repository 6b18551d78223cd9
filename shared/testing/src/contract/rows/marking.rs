//! Marking rows, and only those that are live.

use serde_json::json;

use super::harness::{RowsHarness, found, peek, put_live, to_clear, to_mark};
use crate::contract::done;
use crate::samples::{
    ODD_IDS, collection, deletion_id, key, key2, mark, marked, row, tenant, with_null,
};
use domain::key::{KEY_PART_BYTES, RecordKey};
use domain::row::Unreadable;
use ports::{
    ClearOutcome, ClearRows, Fields, MarkOutcome, MarkRows, PurgeOutcome, PurgeRows, ReadRows,
    RowToMark, Through,
};

pub async fn marking_writes_the_three_attributes_and_nothing_else<H: RowsHarness>(harness: &H) {
    // The marks of "replies" have reserved words as names.
    for (name, key) in [
        ("discussions", key("d")),
        ("messages", key2("d", "m")),
        ("replies", key("r")),
    ] {
        let collection = collection(name);
        let live = row(&collection, &key, "acme");
        harness.put(&collection, live.clone()).await;

        let outcome = done(
            harness
                .rows()
                .mark(&collection, &tenant("acme"), &mark(1), &[absent(&key)])
                .await,
        );

        assert_eq!(outcome, [MarkOutcome::Marked], "{name}");
        assert_eq!(
            harness.get(&collection, &key).await,
            Some(marked(&collection, live, &mark(1))),
            "{name}"
        );
    }
}

pub async fn marking_again_is_harmless<H: RowsHarness>(harness: &H) {
    let messages = collection("messages");
    let key = key2("d", "1");
    put_live(harness, &messages, std::slice::from_ref(&key)).await;
    let _ = done(
        harness
            .rows()
            .mark(&messages, &tenant("acme"), &mark(1), &[absent(&key)])
            .await,
    );
    let first = harness.get(&messages, &key).await;

    let again = done(
        harness
            .rows()
            .mark(&messages, &tenant("acme"), &mark(1), &[absent(&key)])
            .await,
    );
    let again_as_null = done(
        harness
            .rows()
            .mark(&messages, &tenant("acme"), &mark(1), &[null(&key)])
            .await,
    );

    assert_eq!(
        (again, again_as_null),
        (vec![MarkOutcome::Marked], vec![MarkOutcome::Marked])
    );
    assert_eq!(harness.get(&messages, &key).await, first);
}

pub async fn marking_leaves_the_mark_of_another_deletion<H: RowsHarness>(harness: &H) {
    let messages = collection("messages");
    let key = key2("d", "1");
    let theirs = marked(&messages, row(&messages, &key, "acme"), &mark(1));
    harness.put(&messages, theirs.clone()).await;

    for row in [absent(&key), null(&key)] {
        assert_eq!(
            done(
                harness
                    .rows()
                    .mark(&messages, &tenant("acme"), &mark(2), &[row])
                    .await
            ),
            [MarkOutcome::MarkedByAnother]
        );
    }

    assert_eq!(harness.get(&messages, &key).await, Some(theirs));
}

pub async fn marking_leaves_the_mark_of_a_stranger<H: RowsHarness>(harness: &H) {
    let messages = collection("messages");
    for (sort, date) in [
        ("1", json!("2020-01-01")),
        ("2", json!(1_600_000_000)),
        ("3", json!(true)),
    ] {
        let key = key2("d", sort);
        let mut theirs = row(&messages, &key, "acme");
        theirs.insert("date_delete".to_owned(), date);
        harness.put(&messages, theirs.clone()).await;

        assert_eq!(
            done(
                harness
                    .rows()
                    .mark(&messages, &tenant("acme"), &mark(2), &[absent(&key)])
                    .await
            ),
            [MarkOutcome::MarkedByAnother]
        );

        assert_eq!(harness.get(&messages, &key).await, Some(theirs));
    }
}

pub async fn marking_leaves_a_row_alone_that_contradicts_its_collection_and_says_how<
    H: RowsHarness,
>(
    harness: &H,
) {
    let messages = collection("messages");
    let tenant_attribute = messages.tenant.attribute().expect("an attribute of it");
    for (sort, attribute, value, why) in [
        ("1", "date_delete", Some(json!(false)), Unreadable::Mark),
        ("2", "date_delete", Some(json!(0)), Unreadable::Mark),
        ("3", "date_delete", Some(json!("")), Unreadable::Mark),
        ("4", "date_delete", Some(json!([])), Unreadable::Mark),
        ("5", "date_delete", Some(json!({"at": 1})), Unreadable::Mark),
        ("6", tenant_attribute, None, Unreadable::Tenant),
        ("7", tenant_attribute, Some(json!(17)), Unreadable::Tenant),
        ("8", tenant_attribute, Some(json!(null)), Unreadable::Tenant),
        (
            "9",
            tenant_attribute,
            Some(json!(["acme"])),
            Unreadable::Tenant,
        ),
    ] {
        let key = key2("d", sort);
        let mut theirs = row(&messages, &key, "acme");
        match &value {
            Some(value) => drop(theirs.insert(attribute.to_owned(), value.clone())),
            None => drop(theirs.remove(attribute)),
        }
        harness.put(&messages, theirs.clone()).await;

        for row in [absent(&key), null(&key)] {
            assert_eq!(
                done(
                    harness
                        .rows()
                        .mark(&messages, &tenant("acme"), &mark(2), &[row])
                        .await
                ),
                [MarkOutcome::Unreadable(why)],
                "{attribute}: {value:?}"
            );
        }

        assert_eq!(harness.get(&messages, &key).await, Some(theirs));
    }
}

pub async fn a_row_that_its_owner_takes_back_by_a_false_is_none_of_the_deletion<H: RowsHarness>(
    harness: &H,
) {
    let messages = collection("messages");
    for (sort, value) in [("1", json!(false)), ("2", json!("")), ("3", json!(0))] {
        let key = key2("d", sort);
        let live = row(&messages, &key, "acme");
        let mut theirs = marked(&messages, live, &mark(1));
        theirs.insert("date_delete".to_owned(), value.clone());
        harness.put(&messages, theirs.clone()).await;
        let to_clear = to_clear(&key, false);

        let cleared = done(
            harness
                .rows()
                .clear(&messages, deletion_id(1), &[to_clear])
                .await,
        );
        let purged = done(
            harness
                .rows()
                .purge(&messages, deletion_id(1), std::slice::from_ref(&key))
                .await,
        );

        assert_eq!(cleared, [ClearOutcome::MarkedByAnother], "{value}");
        assert_eq!(purged, [PurgeOutcome::Kept], "{value}");
        assert_eq!(harness.get(&messages, &key).await, Some(theirs));
    }
}

pub async fn marking_leaves_the_row_of_another_tenant<H: RowsHarness>(harness: &H) {
    let messages = collection("messages");
    let (key, with_null_key) = (key2("d", "1"), key2("d", "2"));
    let theirs = row(&messages, &key, "globex");
    let theirs_with_null = with_null(&messages, row(&messages, &with_null_key, "globex"));
    let (unreadable_key, marked_key) = (key2("d", "3"), key2("d", "4"));
    let mut unreadable = row(&messages, &unreadable_key, "globex");
    unreadable.insert("date_delete".to_owned(), json!(false));
    let marked = marked(&messages, row(&messages, &marked_key, "globex"), &mark(2));
    for theirs in [&theirs, &theirs_with_null, &unreadable, &marked] {
        harness.put(&messages, theirs.clone()).await;
    }

    let outcomes = done(
        harness
            .rows()
            .mark(
                &messages,
                &tenant("acme"),
                &mark(1),
                &[
                    absent(&key),
                    null(&with_null_key),
                    absent(&unreadable_key),
                    absent(&marked_key),
                ],
            )
            .await,
    );

    assert_eq!(outcomes, [const { MarkOutcome::Missing }; 4]);
    let keys = [key, with_null_key, unreadable_key, marked_key];
    assert_eq!(
        peek(harness, &messages, &keys).await,
        [theirs, theirs_with_null, unreadable, marked].map(Some)
    );
}

pub async fn marking_tells_an_explicit_null_apart<H: RowsHarness>(harness: &H) {
    let messages = collection("messages");
    let keys = [key2("d", "absent"), key2("d", "null")];
    let live = row(&messages, &keys[0], "acme");
    let with_null = with_null(&messages, row(&messages, &keys[1], "acme"));
    harness.put(&messages, live.clone()).await;
    harness.put(&messages, with_null.clone()).await;

    let wrong = done(
        harness
            .rows()
            .mark(
                &messages,
                &tenant("acme"),
                &mark(1),
                &[null(&keys[0]), absent(&keys[1])],
            )
            .await,
    );
    let untouched = peek(harness, &messages, &keys).await;
    let right = done(
        harness
            .rows()
            .mark(
                &messages,
                &tenant("acme"),
                &mark(1),
                &[absent(&keys[0]), null(&keys[1])],
            )
            .await,
    );

    let otherwise = [false, true].map(|null| MarkOutcome::Otherwise(found(null)));
    assert_eq!(wrong, otherwise);
    assert_eq!(untouched, [Some(live.clone()), Some(with_null.clone())]);
    assert_eq!(right, [MarkOutcome::Marked, MarkOutcome::Marked]);
    let marked = [
        marked(&messages, live, &mark(1)),
        marked(&messages, with_null, &mark(1)),
    ];
    assert_eq!(peek(harness, &messages, &keys).await, marked.map(Some));
}

pub async fn marking_makes_no_row<H: RowsHarness>(harness: &H) {
    let messages = collection("messages");
    let keys = [key2("d", "1"), key2("d", "2")];

    let outcome = done(
        harness
            .rows()
            .mark(
                &messages,
                &tenant("acme"),
                &mark(1),
                &[absent(&keys[0]), null(&keys[1])],
            )
            .await,
    );

    assert_eq!(outcome, [MarkOutcome::Missing, MarkOutcome::Missing]);
    assert_eq!(peek(harness, &messages, &keys).await, [None, None]);
}

pub async fn marking_answers_each_row_in_its_place<H: RowsHarness>(harness: &H) {
    let messages = collection("messages");
    let keys: Vec<_> = (0..H::Rows::MARK_BATCH)
        .map(|n| key2("d", &format!("{n:02}")))
        .collect();
    let expected = [
        MarkOutcome::Marked,
        MarkOutcome::Missing,
        MarkOutcome::MarkedByAnother,
        MarkOutcome::Otherwise(found(true)),
        MarkOutcome::Marked,
    ];
    for (key, expected) in keys.iter().zip(expected.iter().cycle()) {
        let live = row(&messages, key, "acme");
        let row = match expected {
            MarkOutcome::Missing => continue,
            MarkOutcome::MarkedByAnother => marked(&messages, live, &mark(1)),
            MarkOutcome::Otherwise(_) => with_null(&messages, live),
            MarkOutcome::Marked
            | MarkOutcome::Busy
            | MarkOutcome::Held { .. }
            | MarkOutcome::TooLarge
            | MarkOutcome::Unreadable(_) => live,
        };
        harness.put(&messages, row).await;
    }

    let rows: Vec<_> = keys.iter().map(absent).collect();
    let outcomes = done(
        harness
            .rows()
            .mark(&messages, &tenant("acme"), &mark(2), &rows)
            .await,
    );

    assert!(H::Rows::MARK_BATCH >= 25);
    assert_eq!(
        outcomes,
        expected
            .into_iter()
            .cycle()
            .take(keys.len())
            .collect::<Vec<_>>()
    );
}

pub async fn a_row_that_the_mark_would_make_too_large_is_told_apart_and_left_alone<
    H: RowsHarness,
>(
    harness: &H,
) {
    let messages = collection("messages");
    let (large, small) = (key2("d", "large"), key2("d", "small"));
    let mut full = row(&messages, &large, "acme");
    full.insert("body".to_owned(), "x".repeat(400 * 1024 - 120).into());
    harness.put(&messages, full.clone()).await;
    harness.put(&messages, row(&messages, &small, "acme")).await;

    let rows = [absent(&large), absent(&small)];
    let outcomes = done(
        harness
            .rows()
            .mark(&messages, &tenant("acme"), &mark(1), &rows)
            .await,
    );

    assert_eq!(outcomes, [MarkOutcome::TooLarge, MarkOutcome::Marked]);
    assert_eq!(harness.get(&messages, &large).await, Some(full));
}

pub async fn marking_nothing_answers_nothing<H: RowsHarness>(harness: &H) {
    assert_eq!(
        done(
            harness
                .rows()
                .mark(&collection("messages"), &tenant("acme"), &mark(1), &[])
                .await
        ),
        []
    );
}

pub async fn odd_ids_are_ordinary_keys<H: RowsHarness>(harness: &H) {
    let messages = collection("messages");
    let longest = "é".repeat(KEY_PART_BYTES / 2);
    let ids: Vec<&str> = ODD_IDS.into_iter().chain([longest.as_str()]).collect();
    let keys: Vec<RecordKey> = ids.iter().map(|id| key2(id, id)).collect();
    put_live(harness, &messages, &keys).await;

    let marked = done(
        harness
            .rows()
            .mark(
                &messages,
                &tenant("acme"),
                &mark(1),
                &keys.iter().map(absent).collect::<Vec<_>>(),
            )
            .await,
    );
    let read = done(harness.rows().read(&messages, &keys, Fields::Judged).await);
    for (key, row) in keys.iter().zip(&read) {
        assert!(
            row.as_ref()
                .is_some_and(|row| row.key == *key && row.mark(&messages).is_of(deletion_id(1))),
            "{key:?}"
        );
        let found = super::querying::all(
            harness,
            &messages,
            Through::Table,
            &[("discussion_id", &key.partition)],
            10,
        )
        .await;
        assert_eq!(found.iter().map(|row| &row.key).collect::<Vec<_>>(), [key]);
    }
    let purged = done(harness.rows().purge(&messages, deletion_id(1), &keys).await);

    assert!(
        marked.iter().all(|outcome| *outcome == MarkOutcome::Marked),
        "{marked:?}"
    );
    assert!(
        purged.iter().all(|outcome| *outcome == PurgeOutcome::Gone),
        "{purged:?}"
    );
    assert!(
        peek(harness, &messages, &keys)
            .await
            .iter()
            .all(Option::is_none)
    );
}

fn absent(key: &RecordKey) -> RowToMark {
    to_mark(key, false)
}

fn null(key: &RecordKey) -> RowToMark {
    to_mark(key, true)
}
