//! Removing documents that are still as they were read.

use super::harness::{DocumentsHarness, at, at_versions, message, put_messages};
use crate::contract::done;
use crate::samples::collection;
use ports::{DocumentVersion, PurgeDocuments, ReadDocuments, RemoveOutcome};

pub async fn removing_takes_away_what_is_still_as_it_was_read<H: DocumentsHarness>(harness: &H) {
    let messages = collection("messages");
    let ids = put_messages(harness, &messages, &["1", "2"]).await;
    let read = read(harness, &ids[..1]).await;

    let outcome = done(
        harness
            .documents()
            .remove(&messages, &at_versions(&messages, &read))
            .await,
    );

    assert_eq!(outcome, [RemoveOutcome::Gone]);
    assert_eq!(harness.get(&messages, &ids[0]).await, None);
    assert_eq!(harness.get(&messages, &ids[1]).await, Some(message("2").1));
}

pub async fn removing_leaves_what_was_written_since<H: DocumentsHarness>(harness: &H) {
    let messages = collection("messages");
    let ids = put_messages(harness, &messages, &["1", "2"]).await;
    let read = read(harness, &ids).await;
    harness.put(&messages, &ids[0], message("again").1).await;

    let outcomes = done(
        harness
            .documents()
            .remove(&messages, &at_versions(&messages, &read))
            .await,
    );

    assert_eq!(outcomes, [RemoveOutcome::Changed, RemoveOutcome::Gone]);
    assert_eq!(
        harness.get(&messages, &ids[0]).await,
        Some(message("again").1)
    );
}

/// An index that must remove a certain version cannot say whether the document is missing or was changed: it answers
/// `Changed`, and reading again shows which.
pub async fn removing_again_is_harmless<H: DocumentsHarness>(harness: &H) {
    let messages = collection("messages");
    let ids = put_messages(harness, &messages, &["1"]).await;
    let mut documents = read(harness, &ids).await;
    assert_eq!(
        done(
            harness
                .documents()
                .remove(&messages, &at_versions(&messages, &documents))
                .await
        ),
        [RemoveOutcome::Gone]
    );
    documents.push(("nobody".to_owned(), documents[0].1));

    let again = done(
        harness
            .documents()
            .remove(&messages, &at_versions(&messages, &documents))
            .await,
    );

    assert!(
        again
            .iter()
            .all(|outcome| matches!(outcome, RemoveOutcome::Gone | RemoveOutcome::Changed)),
        "{again:?}"
    );
    assert_eq!(
        versions(harness, &[ids[0].clone(), "nobody".to_owned()]).await,
        [None, None]
    );
}

pub async fn removing_leaves_what_was_put_again_since<H: DocumentsHarness>(harness: &H) {
    let messages = collection("messages");
    let ids = put_messages(harness, &messages, &["1"]).await;
    let first = read(harness, &ids).await;
    assert_eq!(
        done(
            harness
                .documents()
                .remove(&messages, &at_versions(&messages, &first))
                .await
        ),
        [RemoveOutcome::Gone]
    );
    put_messages(harness, &messages, &["1"]).await;

    let outcome = done(
        harness
            .documents()
            .remove(&messages, &at_versions(&messages, &first))
            .await,
    );

    assert_eq!(outcome, [RemoveOutcome::Changed]);
    assert_eq!(harness.get(&messages, &ids[0]).await, Some(message("1").1));
}

pub async fn removing_takes_1000_documents_at_once<H: DocumentsHarness>(harness: &H) {
    let messages = collection("messages");
    let ids = put_messages(harness, &messages, &["0", "999"]).await;
    let read = read(harness, &ids).await;
    let ids: Vec<_> = (0..H::Documents::PURGE_BATCH)
        .map(|n| message(&n.to_string()).0)
        .collect();
    let documents: Vec<_> = ids
        .iter()
        .map(|id| {
            (
                id.clone(),
                if *id == ids[999] {
                    read[1].1
                } else {
                    read[0].1
                },
            )
        })
        .collect();

    let outcomes = done(
        harness
            .documents()
            .remove(&messages, &at_versions(&messages, &documents))
            .await,
    );

    assert!(ids.len() >= 1000);
    assert_eq!(outcomes.len(), ids.len());
    assert_eq!(
        (&outcomes[0], &outcomes[999]),
        (&RemoveOutcome::Gone, &RemoveOutcome::Gone)
    );
    assert_eq!(versions(harness, &ids).await, vec![None; ids.len()]);
}

pub async fn removing_nothing_answers_nothing<H: DocumentsHarness>(harness: &H) {
    assert_eq!(
        done(
            harness
                .documents()
                .remove(&collection("messages"), &[])
                .await
        ),
        []
    );
}

async fn versions<H: DocumentsHarness>(
    harness: &H,
    ids: &[String],
) -> Vec<Option<DocumentVersion>> {
    let messages = collection("messages");
    done(
        harness
            .documents()
            .states(&messages, &at(&messages, ids))
            .await,
    )
    .into_iter()
    .map(|state| Some(state?.version))
    .collect()
}

/// The documents with the versions they have now.
async fn read<H: DocumentsHarness>(harness: &H, ids: &[String]) -> Vec<(String, DocumentVersion)> {
    let versions = versions(harness, ids).await;
    ids.iter()
        .zip(versions)
        .map(|(id, version)| (id.clone(), version.expect("it is there")))
        .collect()
}
