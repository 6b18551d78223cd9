//! Marks that replace what a row has: kept beside in the same write, and put back exactly.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::harness::RowsHarness;
use crate::contract::{assert_refused, done};
use crate::samples::{collection, deletion_id, key2, mark, row, start, tenant};
use domain::collection::{Adopt, Collection, Marks, StateWord, TimeAttribute, TimeForm, Touch};
use domain::found::Found;
use domain::key::RecordKey;
use domain::page::Position;
use domain::row::{Mark, Row, RowMark};
use ports::{
    ClearOutcome, ClearRows, Fields, FindMarked, MarkOutcome, MarkRows, PurgeOutcome, PurgeRows,
    ReadRows, RowToClear, RowToMark,
};

/// Messages with a TTL, and a key of an index that is not in marked rows.
fn expiring() -> Collection {
    let mut messages = collection("messages");
    messages.marks.ttl = Some("expires".to_owned());
    messages.marks.takes_off = vec!["gsi1pk".to_owned()];
    messages
}

/// Messages that are marked by a word, which other programs see by a version, a time and a TTL.
fn worded() -> Collection {
    let mut messages = collection("messages");
    messages.marks = Marks {
        form: TimeForm::Milliseconds,
        state: Some(StateWord {
            attribute: "_deleted".to_owned(),
            deleted: json!(true),
            live: vec![Some(json!(false)), Some(Value::Null), None],
            busy: vec![json!("LOCKED")],
        }),
        purge_at: Some(TimeAttribute {
            attribute: "_ttl".to_owned(),
            form: TimeForm::Seconds,
        }),
        touch: BTreeMap::from([
            ("_version".to_owned(), Touch::PlusOne),
            ("_changed".to_owned(), Touch::Time(TimeForm::Milliseconds)),
        ]),
        ..messages.marks
    };
    messages
}

/// A live row with these attributes more.
fn live(messages: &Collection, key: &RecordKey, more: &Value) -> Map<String, Value> {
    let mut row = row(messages, key, "acme");
    row.extend(more.as_object().cloned().unwrap_or_default());
    row
}

pub(super) async fn read<H: RowsHarness>(
    harness: &H,
    messages: &Collection,
    key: &RecordKey,
) -> Row {
    let keys = std::slice::from_ref(key);
    let rows = done(harness.rows().read(messages, keys, Fields::Judged).await);
    rows.into_iter().flatten().next().expect("it is there")
}

pub(super) async fn marked_as_found<H: RowsHarness>(
    harness: &H,
    messages: &Collection,
    key: &RecordKey,
    found: Found,
) -> MarkOutcome {
    let to_mark = RowToMark {
        key: key.clone(),
        found,
    };
    let (tenant, mark) = (tenant("acme"), mark(1));
    let rows = harness.rows();
    let marked = rows.mark(messages, &tenant, &mark, std::slice::from_ref(&to_mark));
    done(marked.await).pop().expect("an answer")
}

async fn cleared_as_found<H: RowsHarness>(
    harness: &H,
    messages: &Collection,
    key: &RecordKey,
    found: Found,
) -> ClearOutcome {
    let to_clear = RowToClear {
        key: key.clone(),
        found,
        at: start(),
    };
    let rows = harness.rows();
    let cleared = rows.clear(messages, deletion_id(1), std::slice::from_ref(&to_clear));
    done(cleared.await).pop().expect("an answer")
}

/// Marks a row as it is read, and takes the mark off as it is read then.
async fn there_and_back<H: RowsHarness>(
    harness: &H,
    messages: &Collection,
    key: &RecordKey,
) -> Map<String, Value> {
    let found = read(harness, messages, key).await.found(messages);
    let null = found.null;
    let outcome = marked_as_found(harness, messages, key, found).await;
    assert_eq!(outcome, MarkOutcome::Marked);
    let marked = harness.get(messages, key).await.expect("it is there");

    let found = read(harness, messages, key).await.found(messages);
    let outcome = cleared_as_found(harness, messages, key, Found { null, ..found }).await;
    assert_eq!(outcome, ClearOutcome::Cleared);
    marked
}

pub async fn what_a_mark_takes_off_is_kept_beside_it_and_comes_back<H: RowsHarness>(harness: &H) {
    let messages = expiring();
    for (sort, more) in [
        ("1", json!({})),
        ("2", json!({ "expires": 1_796_036_000 })),
        ("3", json!({ "expires": "1796036000", "gsi1pk": "docs#1" })),
        (
            "4",
            json!({ "expires": 1.5, "gsi1pk": "", "date_delete": null }),
        ),
    ] {
        let key = key2("d", sort);
        let before = live(&messages, &key, &more);
        harness.put(&messages, before.clone()).await;

        let marked = there_and_back(harness, &messages, &key).await;

        let mut kept = more.as_object().cloned().unwrap_or_default();
        kept.remove("date_delete");
        assert_eq!(marked["deletion_kept"], Value::Object(kept), "{more}");
        assert!(!marked.contains_key("expires") && !marked.contains_key("gsi1pk"));
        assert_eq!(harness.get(&messages, &key).await, Some(before), "{more}");
    }
}

pub async fn a_row_whose_ttl_has_changed_since_it_was_read_is_left_and_told<H: RowsHarness>(
    harness: &H,
) {
    let (messages, key) = (expiring(), key2("d", "1"));
    for (read_as, now) in [
        (json!({ "expires": 1 }), json!({ "expires": 2 })),
        (json!({ "expires": 1 }), json!({ "expires": "1" })),
        (json!({ "expires": 1 }), json!({})),
        (json!({}), json!({ "expires": null })),
        (json!({ "expires": null }), json!({ "expires": 3 })),
    ] {
        let found = Found {
            values: read_as.as_object().cloned().unwrap_or_default(),
            ..Found::default()
        };
        let before = live(&messages, &key, &now);
        harness.put(&messages, before.clone()).await;

        let outcome = marked_as_found(harness, &messages, &key, found).await;

        let told = Found {
            values: now.as_object().cloned().unwrap_or_default(),
            ..Found::default()
        };
        assert_eq!(outcome, MarkOutcome::Otherwise(told.clone()), "{now}");
        assert_eq!(harness.get(&messages, &key).await, Some(before), "{now}");
        let again = marked_as_found(harness, &messages, &key, told).await;
        assert_eq!(again, MarkOutcome::Marked, "{now}");
    }
}

pub async fn a_marked_row_is_put_back_only_as_it_was_read<H: RowsHarness>(harness: &H) {
    let (messages, key) = (expiring(), key2("d", "1"));
    let before = live(&messages, &key, &json!({ "expires": 1 }));
    harness.put(&messages, before.clone()).await;
    let found = read(harness, &messages, &key).await.found(&messages);
    let _marked = marked_as_found(harness, &messages, &key, found).await;
    let as_read = read(harness, &messages, &key).await.found(&messages);
    let mut marked = harness.get(&messages, &key).await.expect("it is there");
    marked.insert("expires".to_owned(), json!(7));
    harness.put(&messages, marked.clone()).await;

    let outcome = cleared_as_found(harness, &messages, &key, as_read).await;

    let now = match outcome {
        ClearOutcome::Otherwise(now) => now,
        other => {
            assert_eq!(other, ClearOutcome::Otherwise(Found::default()));
            return;
        }
    };
    assert_eq!(harness.get(&messages, &key).await, Some(marked));
    // What its owner has written is newer.
    let again = cleared_as_found(harness, &messages, &key, now).await;
    assert_eq!(again, ClearOutcome::Cleared);
    let mut expected = before;
    expected.insert("expires".to_owned(), json!(7));
    assert_eq!(harness.get(&messages, &key).await, Some(expected));
}

pub async fn a_word_marks_a_row_and_comes_back_as_it_was<H: RowsHarness>(harness: &H) {
    let messages = worded();
    for (sort, word) in [
        ("1", Some(json!(false))),
        ("2", Some(Value::Null)),
        ("3", None),
    ] {
        let key = key2("d", sort);
        let mut before = live(&messages, &key, &json!({ "_version": 2, "_changed": 5 }));
        before.extend(word.clone().map(|word| ("_deleted".to_owned(), word)));
        harness.put(&messages, before.clone()).await;

        let marked = there_and_back(harness, &messages, &key).await;

        assert_eq!(marked["_deleted"], json!(true));
        assert_eq!(marked["_version"], json!(3));
        assert_eq!(
            marked["_changed"],
            json!(mark(1).written_at.as_millisecond())
        );
        let purged = mark(1).purge_at.expect("a retention");
        assert_eq!(marked["_ttl"], json!(purged.as_second()));
        assert_eq!(
            marked["date_delete"],
            json!(mark(1).deleted_at.as_millisecond())
        );
        before.insert("_version".to_owned(), json!(4));
        before.insert("_changed".to_owned(), json!(start().as_millisecond()));
        assert_eq!(harness.get(&messages, &key).await, Some(before), "{word:?}");
    }
}

pub async fn the_store_and_the_reader_of_a_row_agree_about_every_word<H: RowsHarness>(harness: &H) {
    let messages = worded();
    let of_time = [
        None,
        Some(json!(5)),
        Some(json!("2026-01-01")),
        Some(Value::Null),
    ];
    let words = [
        None,
        Some(Value::Null),
        Some(json!(false)),
        Some(json!(true)),
        Some(json!("LOCKED")),
        Some(json!("true")),
        Some(json!(1)),
        Some(json!([])),
    ];
    for (n, (word, time)) in words
        .iter()
        .flat_map(|word| of_time.iter().map(move |time| (word, time)))
        .enumerate()
    {
        let key = key2("d", &n.to_string());
        let id = deletion_id(1).to_string();
        let mut before = live(&messages, &key, &json!({ "deletion_id": id }));
        before.extend(word.clone().map(|word| ("_deleted".to_owned(), word)));
        before.extend(time.clone().map(|time| ("date_delete".to_owned(), time)));
        harness.put(&messages, before.clone()).await;
        let row = read(harness, &messages, &key).await;
        let (says, found) = (row.mark(&messages), row.found(&messages));

        let purged = {
            let keys = std::slice::from_ref(&key);
            done(harness.rows().purge(&messages, deletion_id(1), keys).await)
        };
        harness.put(&messages, before).await;
        let outcome = marked_as_found(harness, &messages, &key, found).await;

        let context = format!("{word:?}, {time:?}: {says:?}");
        let is_ours = says.is_of(deletion_id(1));
        let gone = if is_ours {
            PurgeOutcome::Gone
        } else {
            PurgeOutcome::Kept
        };
        assert_eq!(purged, [gone], "{context}");
        match says {
            RowMark::Absent | RowMark::Null => {
                assert_eq!(outcome, MarkOutcome::Marked, "{context}");
            }
            RowMark::Busy => assert_eq!(outcome, MarkOutcome::Busy, "{context}"),
            RowMark::By(Some(_)) => assert_eq!(outcome, MarkOutcome::Marked, "{context}"),
            RowMark::By(None) => assert_eq!(outcome, MarkOutcome::MarkedByAnother, "{context}"),
            RowMark::Unreadable => {
                assert!(matches!(outcome, MarkOutcome::Unreadable(_)), "{context}");
            }
        }
    }
}

pub async fn a_mark_with_a_time_in_numbers_is_told_apart_from_a_text<H: RowsHarness>(harness: &H) {
    let mut messages = collection("messages");
    messages.marks.form = TimeForm::Fraction;
    for (sort, value, is_ours) in [
        ("1", json!(1_795_169_100.12), true),
        ("2", json!(5), true),
        ("3", json!("2026-11-20T10:05:00.120Z"), false),
        ("4", json!(0), false),
        ("5", json!(true), false),
    ] {
        let key = key2("d", sort);
        let id = deletion_id(1).to_string();
        let more = json!({ "date_delete": value, "deletion_id": id });
        harness.put(&messages, live(&messages, &key, &more)).await;
        let says = read(harness, &messages, &key).await.mark(&messages);

        let keys = std::slice::from_ref(&key);
        let purged = done(harness.rows().purge(&messages, deletion_id(1), keys).await);

        assert_eq!(says.is_of(deletion_id(1)), is_ours, "{value}");
        let gone = if is_ours {
            PurgeOutcome::Gone
        } else {
            PurgeOutcome::Kept
        };
        assert_eq!(purged, [gone], "{value}");
    }
}

/// Messages whose marks of others are taken over.
fn adopting() -> Collection {
    let mut messages = collection("messages");
    messages.adopt = Some(Adopt {
        deleted_at: "date_delete".to_owned(),
        deleted_by: None,
    });
    messages
}

pub async fn rows_that_others_have_marked_are_found_each_once_whatever_the_limit<H: RowsHarness>(
    harness: &H,
) {
    let messages = adopting();
    let mut expected = Vec::new();
    for n in 0..7 {
        let key = key2(&format!("d-{}", n % 3), &n.to_string());
        let more = match n % 4 {
            0 => json!({}),
            1 => json!({ "date_delete": null }),
            2 => json!({ "date_delete": "2020-01-01", "deletion_id": deletion_id(1).to_string() }),
            _ => json!({ "date_delete": "2020-01-01" }),
        };
        harness.put(&messages, live(&messages, &key, &more)).await;
        if n % 4 == 3 {
            expected.push(key);
        }
    }
    for limit in [1, 2, 3, 100] {
        let (mut found, mut after) = (Vec::new(), None);
        for _ in 0..20 {
            let page = harness
                .rows()
                .marked_by_others(&messages, after.as_ref(), limit)
                .await;
            let page = page.expect("it answers");
            found.extend(page.rows.into_iter().map(|row| row.key));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        found.sort();
        assert_eq!(found, expected, "{limit}");
    }
}

/// The row at the cursor may be purged, or removed by its owner, before the look goes on.
pub async fn a_look_for_marked_rows_goes_on_behind_where_it_ended_also_if_that_row_is_gone<
    H: RowsHarness,
>(
    harness: &H,
) {
    let messages = adopting();
    let (rows, tenant) = (harness.rows(), tenant("acme"));
    for limit in 1..=5 {
        let mut all = Vec::new();
        for n in 0..5 {
            let key = key2(&format!("d-{}", n % 2), &n.to_string());
            let more = json!({ "date_delete": "2020-01-01" });
            harness.put(&messages, live(&messages, &key, &more)).await;
            all.push(key);
        }
        let page = rows.marked_by_others(&messages, None, limit).await;
        let page = page.expect("it answers");
        assert_eq!(page.rows.len(), limit);
        let mut found: Vec<_> = page.rows.iter().map(|row| row.key.clone()).collect();
        let last = page.rows.last().expect("it is not empty");
        let to_mark = [RowToMark {
            key: last.key.clone(),
            found: last.found(&messages),
        }];
        let adopts = Mark {
            adopts: true,
            ..mark(1)
        };
        let taken = rows.mark(&messages, &tenant, &adopts, &to_mark);
        assert_eq!(done(taken.await), [MarkOutcome::Marked]);
        let id = adopts.deletion_id;
        let gone = rows.purge(&messages, id, std::slice::from_ref(&last.key));
        assert_eq!(done(gone.await), [PurgeOutcome::Gone]);

        let mut after = page.next;
        while let Some(place) = after {
            let page = rows.marked_by_others(&messages, Some(&place), limit).await;
            let page = page.expect("it answers");
            found.extend(page.rows.into_iter().map(|row| row.key));
            after = page.next;
        }

        found.sort();
        all.sort();
        assert_eq!(found, all, "{limit}");
    }
}

pub async fn a_look_for_marked_rows_does_not_go_on_at_a_place_that_is_none<H: RowsHarness>(
    harness: &H,
) {
    let messages = adopting();
    for place in ["", "{}", "d-1"] {
        let place = Position(place.to_owned());
        assert_refused(
            harness
                .rows()
                .marked_by_others(&messages, Some(&place), 10)
                .await,
        );
    }
}

pub async fn a_row_that_others_have_marked_is_taken_over_only_by_a_deletion_that_does_so<
    H: RowsHarness,
>(
    harness: &H,
) {
    let messages = adopting();
    for (sort, time, stays) in [
        ("1", json!("2020-01-01T00:00:00Z"), true),
        ("2", json!(1_600_000_000), false),
        ("3", json!(true), false),
    ] {
        let key = key2("d", sort);
        let before = live(&messages, &key, &json!({ "date_delete": time }));
        harness.put(&messages, before.clone()).await;
        let found = read(harness, &messages, &key).await.found(&messages);
        assert!(found.others);
        let to_mark = [RowToMark {
            key: key.clone(),
            found,
        }];
        let tenant = tenant("acme");

        let others = mark(1);
        let plain = harness.rows().mark(&messages, &tenant, &others, &to_mark);
        assert_eq!(done(plain.await), [MarkOutcome::MarkedByAnother]);
        assert_eq!(harness.get(&messages, &key).await, Some(before.clone()));
        let adopts = Mark {
            adopts: true,
            ..others.clone()
        };
        let taken = harness.rows().mark(&messages, &tenant, &adopts, &to_mark);
        assert_eq!(done(taken.await), [MarkOutcome::Marked]);
        let again = harness.rows().mark(&messages, &tenant, &adopts, &to_mark);
        assert_eq!(done(again.await), [MarkOutcome::Marked]);

        let row = read(harness, &messages, &key).await;
        assert!(row.mark(&messages).is_of(deletion_id(1)), "{time}");
        let now = harness.get(&messages, &key).await.expect("it is there");
        assert_eq!(now["date_delete"] == time, stays, "{time}");
    }
}
