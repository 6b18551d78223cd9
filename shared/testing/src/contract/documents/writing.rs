//! Writing documents: created if there is none, changed if there is one, and nothing else touched.

use serde_json::{Map, Value, json};

use super::harness::{DocumentsHarness, message, object, put_messages};
use crate::contract::assert_refused;
use crate::samples::{ODD_IDS, collection, key, key2, mark, marked, row};
use domain::collection::Collection;
use domain::document::Document;
use domain::row::Row;
use ports::{Attempt, IndexDocuments, IndexOutcome};

pub async fn indexing_makes_a_document_of_what_is_declared_and_nothing_else<H: DocumentsHarness>(
    harness: &H,
) {
    let messages = collection("messages");
    let document = document(&messages, "1", json!({ "body": "words" }));

    for _ in 0..2 {
        assert_eq!(
            index(harness, &messages, &document).await,
            IndexOutcome::Indexed
        );

        assert_eq!(
            harness.get(&messages, &document.at.id).await,
            Some(object(json!({
                "discussion_id": "d", "message_id": "1", "user_id": "acme", "subject": "a stone", "body": "words",
            })))
        );
    }
}

pub async fn indexing_writes_into_a_document_and_leaves_what_is_not_declared<
    H: DocumentsHarness,
>(
    harness: &H,
) {
    let messages = collection("messages");
    let ids = put_messages(harness, &messages, &["1", "2"]).await;
    let document = document(&messages, "1", json!({ "body": "other words" }));

    assert_eq!(
        index(harness, &messages, &document).await,
        IndexOutcome::Indexed
    );

    let mut expected = message("1").1;
    expected.insert("subject".to_owned(), json!("a stone"));
    expected.insert("body".to_owned(), json!("other words"));
    assert_eq!(document.at.id, ids[0]);
    assert_eq!(harness.get(&messages, &ids[0]).await, Some(expected));
    assert_eq!(harness.get(&messages, &ids[1]).await, Some(message("2").1));
}

pub async fn indexing_takes_out_what_is_gone<H: DocumentsHarness>(harness: &H) {
    let messages = collection("messages");
    let (id, source) = message("1");
    let stale = marked(&messages, source.clone(), &mark(1));
    harness.put(&messages, &id, stale).await;
    let document = document(&messages, "1", json!({ "subject": null }));

    assert_eq!(
        index(harness, &messages, &document).await,
        IndexOutcome::Indexed
    );

    let mut expected = source;
    expected.remove("subject");
    expected.remove("body");
    assert_eq!(harness.get(&messages, &id).await, Some(expected));
}

pub async fn indexing_a_marked_row_writes_its_mark<H: DocumentsHarness>(harness: &H) {
    let messages = collection("messages");
    let row = marked(&messages, row(&messages, &key2("d", "1"), "acme"), &mark(1));
    let document = of(&messages, row.clone(), "1");

    assert_eq!(
        index(harness, &messages, &document).await,
        IndexOutcome::Indexed
    );

    let mut expected = row;
    expected.remove("sender_id");
    assert_eq!(
        harness.get(&messages, &document.at.id).await,
        Some(expected)
    );
}

pub async fn what_the_index_cannot_hold_is_rejected_and_the_document_left<H: DocumentsHarness>(
    harness: &H,
) {
    let messages = collection("messages");
    let ids = put_messages(harness, &messages, &["1"]).await;
    for name in ["1", "new"] {
        for odd in [
            json!({ "body": { "a": 1 } }),
            json!({ "user_id": "x".repeat(32_767) }),
        ] {
            let document = document(&messages, name, odd);

            let outcome = index(harness, &messages, &document).await;

            assert!(matches!(outcome, IndexOutcome::Rejected(_)), "{outcome:?}");
        }
    }
    assert_eq!(harness.get(&messages, &ids[0]).await, Some(message("1").1));
    assert_eq!(harness.get(&messages, &message("new").0).await, None);
}

pub async fn indexing_makes_no_index<H: DocumentsHarness>(harness: &H) {
    let messages = collection("messages");
    harness.drop_index(&messages).await;
    let document = document(&messages, "1", json!({}));

    assert_refused(harness.documents().index(&messages, &document).await);

    assert!(!harness.has_index(&messages).await);
}

pub async fn odd_ids_are_indexed_under_themselves<H: DocumentsHarness>(harness: &H) {
    let discussions = collection("discussions");
    for id in ODD_IDS {
        let row = Row {
            key: key(id),
            attributes: row(&discussions, &key(id), "acme"),
        };
        let document = Document::of(&discussions, &row).expect("it has an id");
        let document = document.expect("it has documents");

        assert_eq!(
            index(harness, &discussions, &document).await,
            IndexOutcome::Indexed
        );

        let found = harness.get(&discussions, id).await.expect("it is there");
        assert_eq!(found["discussion_id"], *id);
    }
}

/// The document of the message `d`/`name` of `acme` about a stone, with these additional attributes.
fn document(messages: &Collection, name: &str, beside: Value) -> Document {
    let mut row = row(messages, &key2("d", name), "acme");
    row.extend(object(beside));
    of(messages, row, name)
}

fn of(messages: &Collection, attributes: Map<String, Value>, name: &str) -> Document {
    let row = Row {
        key: key2("d", name),
        attributes,
    };
    let document = Document::of(messages, &row).expect("it has an id");
    document.expect("it has documents")
}

async fn index<H: DocumentsHarness>(
    harness: &H,
    collection: &Collection,
    document: &Document,
) -> IndexOutcome {
    match harness.documents().index(collection, document).await {
        Ok(Attempt::Done(outcome)) => outcome,
        other => unreachable!("an idle index answers: {other:?}"),
    }
}
