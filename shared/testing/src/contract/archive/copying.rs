//! What is stored in the archive.

use serde_json::json;

use super::harness::{ArchiveHarness, copy, put_and_copy, read};
use crate::contract::done;
use crate::samples::{ODD_IDS, collection, deletion_id, key, key2, row};
use ports::{ArchiveRows, CopyOutcome};

pub async fn whole_rows_are_read_in_the_order_of_the_keys<H: ArchiveHarness>(harness: &H) {
    let messages = collection("messages");
    let keys = ["b", "missing", "a"].map(|sort| key2("d", sort));
    for key in [&keys[0], &keys[2]] {
        harness.put(&messages, row(&messages, key, "acme")).await;
    }

    let rows = done(harness.rows().whole(&messages, &keys).await);

    let found: Vec<_> = rows
        .iter()
        .map(|row| row.as_ref().map(|stored| stored.row.key.clone()))
        .collect();
    assert_eq!(found, [Some(keys[0].clone()), None, Some(keys[2].clone())]);
    assert_eq!(
        rows[0].as_ref().expect("it is there").row.attributes,
        row(&messages, &keys[0], "acme")
    );
}

pub async fn copying_leaves_the_row_and_keeps_a_copy<H: ArchiveHarness>(harness: &H) {
    let messages = collection("messages");
    let at = key2("d", "m");
    let mut odd = row(&messages, &at, "acme");
    odd.insert(
        "nested".into(),
        json!({ "list": [1, "two", null, { "deep": true }] }),
    );
    odd.insert("it's".into(), json!("quoted \"twice\""));

    let stored = put_and_copy(harness, &messages, odd.clone(), &at, 1).await;

    assert_eq!(harness.get(&messages, &at).await, Some(odd));
    let copies = harness
        .rows()
        .copies(&messages, deletion_id(1), &[key2("d", "none"), at])
        .await;
    let copies = done(copies);
    assert!(copies[0].is_none());
    let held = copies[1].as_ref().expect("it is copied");
    assert_eq!(held.row, stored.row);
    assert!(held.raw == stored.raw, "nothing is lost on the way");
}

pub async fn a_copy_of_an_earlier_attempt_stays_unless_it_is_to_be_replaced<H: ArchiveHarness>(
    harness: &H,
) {
    let discussions = collection("discussions");
    let at = key("d");
    let first = row(&discussions, &at, "acme");
    put_and_copy(harness, &discussions, first.clone(), &at, 1).await;
    let mut second = first.clone();
    second.insert("subject".into(), json!("another stone"));
    harness.put(&discussions, second.clone()).await;
    let now = [read(harness, &discussions, &at).await];
    let copied = async || {
        let keys = std::slice::from_ref(&at);
        let copies = harness.rows().copies(&discussions, deletion_id(1), keys);
        done(copies.await)
            .remove(0)
            .expect("it is copied")
            .row
            .attributes
            .clone()
    };

    assert_eq!(
        copy(harness, &discussions, 1, &now, false).await,
        [CopyOutcome::Earlier]
    );
    assert_eq!(copied().await, first);
    assert_eq!(
        copy(harness, &discussions, 1, &now, true).await,
        [CopyOutcome::Copied]
    );
    assert_eq!(copied().await, second);
}

pub async fn replacing_a_copy_that_is_not_there_makes_none<H: ArchiveHarness>(harness: &H) {
    let discussions = collection("discussions");
    let at = key("d");
    harness
        .put(&discussions, row(&discussions, &at, "acme"))
        .await;
    let now = [read(harness, &discussions, &at).await];

    let outcome = copy(harness, &discussions, 1, &now, true).await;

    assert_eq!(outcome, [CopyOutcome::Earlier]);
    let copies = harness
        .rows()
        .copies(&discussions, deletion_id(1), std::slice::from_ref(&at));
    assert!(done(copies.await)[0].is_none());
}

pub async fn two_deletions_of_a_key_have_two_copies<H: ArchiveHarness>(harness: &H) {
    let discussions = collection("discussions");
    let at = key("d");
    let first = row(&discussions, &at, "acme");
    let mut second = first.clone();
    second.insert("subject".into(), json!("the next one"));
    for (n, row) in [(1, &first), (2, &second)] {
        put_and_copy(harness, &discussions, row.clone(), &at, n).await;
    }

    for (n, row) in [(1, first), (2, second)] {
        let keys = std::slice::from_ref(&at);
        let copies = harness.rows().copies(&discussions, deletion_id(n), keys);
        let copy = done(copies.await).remove(0).expect("it is copied");
        assert_eq!(copy.row.attributes, row);
    }
}

pub async fn keys_that_look_alike_have_copies_of_their_own<H: ArchiveHarness>(harness: &H) {
    let messages = collection("messages");
    let mut keys: Vec<_> = ODD_IDS.iter().map(|id| key2(id, id)).collect();
    keys.extend([
        key2("a#b", "c"),
        key2("a", "b#c"),
        key2(&"p".repeat(1024), &"s".repeat(1024)),
        key2(&"p".repeat(1024), &format!("{}t", "s".repeat(1023))),
    ]);
    for at in &keys {
        put_and_copy(harness, &messages, row(&messages, at, "acme"), at, 1).await;
    }

    let copies = done(
        harness
            .rows()
            .copies(&messages, deletion_id(1), &keys)
            .await,
    );

    for (at, copy) in keys.iter().zip(copies) {
        assert_eq!(copy.as_ref().map(|copy| &copy.row.key), Some(at));
    }
}

pub async fn a_row_that_the_archive_would_make_too_large_is_told_apart<H: ArchiveHarness>(
    harness: &H,
) {
    let messages = collection("messages");
    let keys = ["a", "large", "z"].map(|sort| key2("d", sort));
    for at in &keys {
        let mut row = row(&messages, at, "acme");
        if at == &keys[1] {
            row.insert("body".into(), json!("x".repeat(400 * 1024 - 150)));
        }
        harness.put(&messages, row).await;
    }
    let mut rows = Vec::new();
    for at in &keys {
        rows.push(read(harness, &messages, at).await);
    }

    assert_eq!(
        copy(harness, &messages, 1, &rows, false).await,
        [
            CopyOutcome::Copied,
            CopyOutcome::TooLarge,
            CopyOutcome::Copied
        ]
    );
    let copies = done(
        harness
            .rows()
            .copies(&messages, deletion_id(1), &keys)
            .await,
    );
    assert_eq!(
        copies.iter().map(Option::is_some).collect::<Vec<_>>(),
        [true, false, true]
    );
}

pub async fn a_row_with_too_many_attributes_is_told_apart<H: ArchiveHarness>(harness: &H) {
    let messages = collection("messages");
    let (wide, narrow) = (key2("d", "wide"), key2("d", "narrow"));
    for (at, attributes) in [(&wide, 300), (&narrow, 90)] {
        let mut row = row(&messages, at, "acme");
        row.extend((0..attributes).map(|n| (format!("attribute_number_{n:04}"), json!(n))));
        harness.put(&messages, row).await;
    }
    let rows = [
        read(harness, &messages, &wide).await,
        read(harness, &messages, &narrow).await,
    ];

    let outcomes = copy(harness, &messages, 1, &rows, false).await;

    assert_eq!(outcomes, [CopyOutcome::TooWide, CopyOutcome::Copied]);
}

pub async fn removing_copies_leaves_those_of_others_and_may_be_done_again<H: ArchiveHarness>(
    harness: &H,
) {
    let discussions = collection("discussions");
    let keys = [key("d"), key("none")];
    let live = row(&discussions, &keys[0], "acme");
    for n in [1, 2] {
        put_and_copy(harness, &discussions, live.clone(), &keys[0], n).await;
    }

    for _ in 0..2 {
        let dropping = harness
            .rows()
            .drop_copies(&discussions, deletion_id(1), &keys);
        assert_eq!(done(dropping.await).len(), 2);
    }

    let of = async |n| {
        let copies = harness.rows().copies(&discussions, deletion_id(n), &keys);
        done(copies.await).remove(0).is_some()
    };
    assert_eq!((of(1).await, of(2).await), (false, true));
    assert_eq!(harness.get(&discussions, &keys[0]).await, Some(live));
}

pub async fn archiving_nothing_answers_nothing<H: ArchiveHarness>(harness: &H) {
    let (messages, rows) = (collection("messages"), harness.rows());

    assert!(done(rows.whole(&messages, &[]).await).is_empty());
    assert!(copy(harness, &messages, 1, &[], false).await.is_empty());
    assert_eq!(done(rows.take(&messages, &[]).await), []);
    assert!(done(rows.copies(&messages, deletion_id(1), &[]).await).is_empty());
    assert_eq!(done(rows.put_back(&messages, &[]).await), []);
    assert_eq!(
        done(rows.drop_copies(&messages, deletion_id(1), &[]).await),
        []
    );
}
