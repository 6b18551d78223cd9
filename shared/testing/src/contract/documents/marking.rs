//! Marking documents: a partial update, never a new document.

use super::harness::{DocumentsHarness, at, at_versions, message, put_messages};
use crate::contract::assert_refused;
use crate::contract::done;
use crate::samples::{ODD_IDS, collection, deletion_id, mark, marked, tenant};
use ports::{
    ClearDocuments, DocumentMarkOutcome, MarkDocuments, PurgeDocuments, ReadDocuments,
    SearchDocuments, SearchQuery,
};

pub async fn marking_a_document_writes_the_mark_and_nothing_else<H: DocumentsHarness>(harness: &H) {
    let messages = collection("messages");
    let ids = put_messages(harness, &messages, &["1", "2"]).await;

    let outcome = done(
        harness
            .documents()
            .mark(&messages, &mark(1), &at(&messages, &ids[..1]))
            .await,
    );

    assert_eq!(outcome, [DocumentMarkOutcome::Marked]);
    assert_eq!(
        harness.get(&messages, &ids[0]).await,
        Some(marked(&messages, message("1").1, &mark(1)))
    );
    assert_eq!(harness.get(&messages, &ids[1]).await, Some(message("2").1));
}

pub async fn marking_a_document_again_is_harmless<H: DocumentsHarness>(harness: &H) {
    let messages = collection("messages");
    let ids = put_messages(harness, &messages, &["1"]).await;

    for _ in 0..2 {
        let outcome = done(
            harness
                .documents()
                .mark(&messages, &mark(1), &at(&messages, &ids))
                .await,
        );

        assert_eq!(outcome, [DocumentMarkOutcome::Marked]);
        assert_eq!(
            harness.get(&messages, &ids[0]).await,
            Some(marked(&messages, message("1").1, &mark(1)))
        );
    }
}

pub async fn marking_makes_no_document<H: DocumentsHarness>(harness: &H) {
    let messages = collection("messages");

    let outcome = done(
        harness
            .documents()
            .mark(&messages, &mark(1), &at(&messages, &["nobody".to_owned()]))
            .await,
    );

    assert_eq!(outcome, [DocumentMarkOutcome::Missing]);
    assert_eq!(harness.get(&messages, "nobody").await, None);
}

pub async fn marking_answers_each_document_in_its_place<H: DocumentsHarness>(harness: &H) {
    use DocumentMarkOutcome::{Marked, Missing};
    let messages = collection("messages");
    let mut ids = put_messages(harness, &messages, &["1", "2", "3"]).await;
    ids.insert(1, "nobody".to_owned());
    ids.push("nobody else".to_owned());

    let outcomes = done(
        harness
            .documents()
            .mark(&messages, &mark(1), &at(&messages, &ids))
            .await,
    );

    assert_eq!(outcomes, [Marked, Missing, Marked, Marked, Missing]);
}

pub async fn marking_takes_1000_documents_at_once<H: DocumentsHarness>(harness: &H) {
    let messages = collection("messages");
    put_messages(harness, &messages, &["0", "999"]).await;
    let ids: Vec<_> = (0..H::Documents::MARK_BATCH)
        .map(|n| message(&n.to_string()).0)
        .collect();

    let outcomes = done(
        harness
            .documents()
            .mark(&messages, &mark(1), &at(&messages, &ids))
            .await,
    );

    assert!(ids.len() >= 1000);
    let marked: Vec<_> = (0..ids.len())
        .filter(|place| outcomes[*place] == DocumentMarkOutcome::Marked)
        .collect();
    assert_eq!((outcomes.len(), marked), (ids.len(), vec![0, 999]));
}

pub async fn marking_no_document_answers_nothing<H: DocumentsHarness>(harness: &H) {
    assert_eq!(
        done(
            harness
                .documents()
                .mark(&collection("messages"), &mark(1), &[])
                .await
        ),
        []
    );
}

pub async fn odd_ids_are_ordinary_ids<H: DocumentsHarness>(harness: &H) {
    let messages = collection("messages");
    let longest = "x".repeat(500);
    let names: Vec<&str> = ODD_IDS.into_iter().chain([longest.as_str()]).collect();
    let ids = put_messages(harness, &messages, &names).await;

    let outcomes = done(
        harness
            .documents()
            .mark(&messages, &mark(1), &at(&messages, &ids))
            .await,
    );
    let states = done(
        harness
            .documents()
            .states(&messages, &at(&messages, &ids))
            .await,
    );
    for (name, id) in names.iter().zip(&ids) {
        assert_eq!(
            harness.get(&messages, id).await,
            Some(marked(&messages, message(name).1, &mark(1))),
            "{name:?}"
        );
    }
    let read: Vec<_> = ids
        .iter()
        .cloned()
        .zip(states.into_iter().flatten().map(|state| state.version))
        .collect();
    let removed = done(
        harness
            .documents()
            .remove(&messages, &at_versions(&messages, &read))
            .await,
    );

    assert_eq!(outcomes, vec![DocumentMarkOutcome::Marked; ids.len()]);
    assert_eq!(removed, vec![ports::RemoveOutcome::Gone; ids.len()]);
    for id in &ids {
        assert_eq!(harness.get(&messages, id).await, None, "{id:?}");
    }
}

pub async fn a_mark_that_the_index_cannot_hold_is_rejected_document_by_document<
    H: DocumentsHarness,
>(
    harness: &H,
) {
    let messages = collection("messages");
    let mut ids = put_messages(harness, &messages, &["1", "2"]).await;
    ids.push("nobody".to_owned());
    let mut too_long = mark(1);
    // A keyword accepts 32,766 bytes.
    too_long.deleted_by = "secret".repeat(6_000);

    let outcomes = done(
        harness
            .documents()
            .mark(&messages, &too_long, &at(&messages, &ids))
            .await,
    );

    for outcome in &outcomes[..2] {
        match outcome {
            DocumentMarkOutcome::Rejected(reason) => {
                assert!(!reason.contains("secret"), "it tells the content: {reason}");
            }
            other => unreachable!("it cannot be {other:?}"),
        }
    }
    assert_eq!(outcomes[2], DocumentMarkOutcome::Missing);
    assert_eq!(harness.get(&messages, &ids[0]).await, Some(message("1").1));
}

pub async fn a_missing_index_is_refused_and_never_an_absent_document<H: DocumentsHarness>(
    harness: &H,
) {
    let messages = collection("messages");
    let ids = put_messages(harness, &messages, &["1"]).await;
    let version = done(
        harness
            .documents()
            .states(&messages, &at(&messages, &ids))
            .await,
    )
    .remove(0)
    .expect("it is there")
    .version;
    // The index existed before: no code may rely on having seen it.
    let _ = done(
        harness
            .documents()
            .mark(&messages, &mark(1), &at(&messages, &ids))
            .await,
    );
    harness.drop_index(&messages).await;
    let tenant = tenant("acme");
    let query = SearchQuery {
        collection: &messages,
        tenant: &tenant,
        author: None,
        text: "stone",
        after: None,
        limit: 10,
    };

    assert_refused(
        harness
            .documents()
            .mark(&messages, &mark(1), &at(&messages, &ids))
            .await,
    );
    assert_refused(
        harness
            .documents()
            .clear(&messages, deletion_id(1), &at(&messages, &ids))
            .await,
    );
    assert_refused(
        harness
            .documents()
            .states(&messages, &at(&messages, &ids))
            .await,
    );
    assert_refused(
        harness
            .documents()
            .remove(
                &messages,
                &at_versions(&messages, &[(ids[0].clone(), version)]),
            )
            .await,
    );
    assert_refused(harness.documents().search(query).await);

    assert!(!harness.has_index(&messages).await, "an index was made");
}
