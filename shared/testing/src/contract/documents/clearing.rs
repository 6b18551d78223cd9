//! Clearing marks of documents, and only this deletion's.

use serde_json::{Value, json};

use super::harness::{DocumentsHarness, at, message};
use crate::contract::done;
use crate::samples::{ODD_IDS, collection, deletion_id, mark, marked, taken_back};
use domain::collection::Collection;
use ports::{ClearDocuments, DocumentClearOutcome, ReadDocuments};

/// Stores these messages with the mark of the n-th deletion and returns their ids.
async fn put_marked(
    harness: &impl DocumentsHarness,
    collection: &Collection,
    names: &[&str],
    n: u8,
) -> Vec<String> {
    let mut ids = Vec::new();
    for name in names {
        let (id, source) = message(name);
        harness
            .put(collection, &id, marked(collection, source, &mark(n)))
            .await;
        ids.push(id);
    }
    ids
}

pub async fn clearing_a_document_takes_this_deletions_mark_off_and_nothing_else<
    H: DocumentsHarness,
>(
    harness: &H,
) {
    let messages = collection("messages");
    let ids = put_marked(harness, &messages, &["1", "2"], 1).await;

    let outcome = done(
        harness
            .documents()
            .clear(&messages, deletion_id(1), &at(&messages, &ids[..1]))
            .await,
    );

    assert_eq!(outcome, [DocumentClearOutcome::Cleared]);
    assert_eq!(harness.get(&messages, &ids[0]).await, Some(message("1").1));
    assert_eq!(
        harness.get(&messages, &ids[1]).await,
        Some(marked(&messages, message("2").1, &mark(1)))
    );
}

pub async fn clearing_a_document_again_is_harmless<H: DocumentsHarness>(harness: &H) {
    let messages = collection("messages");
    let ids = put_marked(harness, &messages, &["1"], 1).await;

    for expected in [
        DocumentClearOutcome::Cleared,
        DocumentClearOutcome::Untouched,
    ] {
        let outcome = done(
            harness
                .documents()
                .clear(&messages, deletion_id(1), &at(&messages, &ids))
                .await,
        );

        assert_eq!(outcome, [expected]);
        assert_eq!(harness.get(&messages, &ids[0]).await, Some(message("1").1));
    }
}

pub async fn clearing_leaves_documents_that_are_not_this_deletions<H: DocumentsHarness>(
    harness: &H,
) {
    let messages = collection("messages");
    let mut ids = put_marked(harness, &messages, &["another"], 2).await;
    let (live, source) = message("live");
    harness.put(&messages, &live, source.clone()).await;
    // A date without an id belongs to no deletion.
    let (strange, mut without_id) = message("strange");
    without_id.insert("date_delete".to_owned(), json!("2020-01-01T00:00:00.000Z"));
    harness.put(&messages, &strange, without_id.clone()).await;
    ids.extend([live, strange]);

    let outcomes = done(
        harness
            .documents()
            .clear(&messages, deletion_id(1), &at(&messages, &ids))
            .await,
    );

    assert_eq!(outcomes, vec![DocumentClearOutcome::Untouched; 3]);
    let theirs = marked(&messages, message("another").1, &mark(2));
    for (id, expected) in ids.iter().zip([theirs, source, without_id]) {
        assert_eq!(harness.get(&messages, id).await, Some(expected), "{id}");
    }
}

pub async fn clearing_leaves_a_document_whose_mark_is_an_explicit_null<H: DocumentsHarness>(
    harness: &H,
) {
    let messages = collection("messages");
    let (id, source) = message("1");
    for as_it_is in taken_back(&messages, &source, &mark(1)) {
        harness.put(&messages, &id, as_it_is.clone()).await;
        let ids = std::slice::from_ref(&id);

        let outcome = done(
            harness
                .documents()
                .clear(&messages, deletion_id(1), &at(&messages, ids))
                .await,
        );
        let states = done(
            harness
                .documents()
                .states(&messages, &at(&messages, ids))
                .await,
        );

        assert_eq!(outcome, [DocumentClearOutcome::Untouched]);
        assert!(states[0].is_some_and(|state| state.mark.is_live()));
        assert_eq!(harness.get(&messages, &id).await, Some(as_it_is));
    }
}

pub async fn clearing_makes_no_document_and_answers_each_in_its_place<H: DocumentsHarness>(
    harness: &H,
) {
    use DocumentClearOutcome::{Cleared, Missing};
    let messages = collection("messages");
    let mut ids = put_marked(harness, &messages, &["1", "2"], 1).await;
    ids.insert(1, "nobody".to_owned());
    ids.push("nobody else".to_owned());

    let outcomes = done(
        harness
            .documents()
            .clear(&messages, deletion_id(1), &at(&messages, &ids))
            .await,
    );

    assert_eq!(outcomes, [Cleared, Missing, Cleared, Missing]);
    assert_eq!(harness.get(&messages, "nobody").await, None);
}

pub async fn clearing_takes_1000_documents_at_once<H: DocumentsHarness>(harness: &H) {
    let messages = collection("messages");
    put_marked(harness, &messages, &["0", "999"], 1).await;
    let ids: Vec<_> = (0..H::Documents::CLEAR_BATCH)
        .map(|n| message(&n.to_string()).0)
        .collect();

    let outcomes = done(
        harness
            .documents()
            .clear(&messages, deletion_id(1), &at(&messages, &ids))
            .await,
    );

    assert!(ids.len() >= 1000);
    let cleared: Vec<_> = (0..ids.len())
        .filter(|place| outcomes[*place] == DocumentClearOutcome::Cleared)
        .collect();
    assert_eq!((outcomes.len(), cleared), (ids.len(), vec![0, 999]));
}

pub async fn clearing_no_document_answers_nothing<H: DocumentsHarness>(harness: &H) {
    assert_eq!(
        done(
            harness
                .documents()
                .clear(&collection("messages"), deletion_id(1), &[])
                .await
        ),
        []
    );
}

pub async fn documents_of_odd_ids_are_cleared<H: DocumentsHarness>(harness: &H) {
    let messages = collection("messages");
    let longest = "x".repeat(500);
    let names: Vec<&str> = ODD_IDS.into_iter().chain([longest.as_str()]).collect();
    let ids = put_marked(harness, &messages, &names, 1).await;

    let outcomes = done(
        harness
            .documents()
            .clear(&messages, deletion_id(1), &at(&messages, &ids))
            .await,
    );

    assert_eq!(outcomes, vec![DocumentClearOutcome::Cleared; ids.len()]);
    for (name, id) in names.iter().zip(&ids) {
        assert_eq!(
            harness.get(&messages, id).await,
            Some(message(name).1),
            "{name:?}"
        );
    }
}

pub async fn what_somebody_writes_while_a_document_is_cleared_is_not_lost<H: DocumentsHarness>(
    harness: &H,
) {
    let messages = collection("messages");
    for round in 0..10 {
        let ids = put_marked(harness, &messages, &["1"], 1).await;
        let written = format!("note {round}");
        let mut changed = marked(&messages, message("1").1, &mark(1));
        changed.insert("note".to_owned(), json!(written));

        let clearing = async {
            // A conflict with the writer is a valid answer, too.
            while !matches!(
                harness
                    .documents()
                    .clear(&messages, deletion_id(1), &at(&messages, &ids))
                    .await
                    .expect("it answers")
                    .as_slice(),
                [ports::Attempt::Done(DocumentClearOutcome::Cleared)]
            ) {}
        };
        futures_util::future::join(clearing, harness.put(&messages, &ids[0], changed)).await;

        let stands = harness.get(&messages, &ids[0]).await.expect("it is there");
        assert_eq!(stands.get("note").and_then(Value::as_str), Some(&*written));
    }
}
