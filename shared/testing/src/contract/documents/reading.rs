//! Reading what documents say about their own deletion.

use serde_json::json;

use super::harness::{DocumentsHarness, at, at_versions, message, put_messages};
use crate::contract::assert_refused;
use crate::contract::done;
use crate::documents::at_id;
use crate::samples::{collection, mark, marked};
use domain::collection::{Collection, DocumentAt};
use domain::row::RowMark;
use ports::{
    DocumentContent, DocumentState, MarkDocuments, PurgeDocuments, ReadDocuments, RemoveOutcome,
};

pub async fn states_are_told_in_order_and_missing_ones_too<H: DocumentsHarness>(harness: &H) {
    let messages = collection("messages");
    let mut ids = put_messages(harness, &messages, &["1", "2"]).await;
    ids.insert(1, "nobody".to_owned());
    let alone = [
        states(harness, &ids[..1]).await,
        states(harness, &ids[2..]).await,
    ]
    .concat();

    let together = states(harness, &ids).await;

    assert_eq!(together, [alone[0], None, alone[1]]);
    assert_ne!(alone[0], alone[1]);
    assert_eq!(states(harness, &[]).await, []);
}

pub async fn states_tell_whose_mark_a_document_carries_and_nothing_else<H: DocumentsHarness>(
    harness: &H,
) {
    let messages = collection("messages");
    let mut ids = put_messages(harness, &messages, &["live", "ours", "theirs"]).await;
    for (number, id) in [(1, &ids[1]), (2, &ids[2])] {
        let id = std::slice::from_ref(id);
        let _ = done(
            harness
                .documents()
                .mark(&messages, &mark(number), &at(&messages, id))
                .await,
        );
    }
    let (id, mut null) = message("null");
    null.insert(messages.marks.deleted_at.clone(), json!(null));
    harness.put(&messages, &id, null).await;
    ids.push(id);

    let marks: Vec<_> = states(harness, &ids)
        .await
        .into_iter()
        .map(|state| state.expect("it is there").mark)
        .collect();

    assert_eq!(
        marks,
        [
            RowMark::Absent,
            RowMark::By(Some(mark(1).deletion_id)),
            RowMark::By(Some(mark(2).deletion_id)),
            RowMark::Null,
        ]
    );
}

pub async fn contents_tell_what_rows_determine_and_nothing_else<H: DocumentsHarness>(harness: &H) {
    let messages = collection("messages");
    let mut ids = put_messages(harness, &messages, &["1"]).await;
    let (id, source) = message("2");
    let ours = marked(&messages, source, &mark(1));
    harness.put(&messages, &id, ours.clone()).await;
    ids.extend(["nobody".to_owned(), id]);
    let states = states(harness, &ids).await;

    let contents = done(
        harness
            .documents()
            .contents(&messages, &at(&messages, &ids))
            .await,
    );

    let told = |content: &Option<DocumentContent>| content.as_ref().map(|content| content.state);
    assert_eq!(contents.iter().map(told).collect::<Vec<_>>(), states);
    let mut expected = ours;
    expected.remove("note");
    expected.remove("sender_id");
    assert_eq!(
        contents[2].as_ref().map(|content| &content.fields),
        Some(&expected)
    );
    assert_eq!(done(harness.documents().contents(&messages, &[]).await), []);
}

pub async fn contents_of_50_documents_are_read_at_once<H: DocumentsHarness>(harness: &H) {
    let messages = collection("messages");
    let most = H::Documents::CONTENT_BATCH;
    let names: Vec<String> = (0..most).map(|name| name.to_string()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let ids = put_messages(harness, &messages, &names).await;

    let contents = done(
        harness
            .documents()
            .contents(&messages, &at(&messages, &ids))
            .await,
    );

    assert!(most >= 50);
    assert!(contents.iter().all(Option::is_some));
}

pub async fn states_are_those_of_the_last_write_and_name_what_is_removed<H: DocumentsHarness>(
    harness: &H,
) {
    let messages = collection("messages");
    let ids = put_messages(harness, &messages, &["1"]).await;
    let before = states(harness, &ids).await[0].expect("it is there");
    let _ = done(
        harness
            .documents()
            .mark(&messages, &mark(1), &at(&messages, &ids))
            .await,
    );

    let after = states(harness, &ids).await[0].expect("it is there");
    let mut outcomes = Vec::new();
    for state in [before, after] {
        let document = [(ids[0].clone(), state.version)];
        outcomes.extend(done(
            harness
                .documents()
                .remove(&messages, &at_versions(&messages, &document))
                .await,
        ));
    }

    assert!(after.mark.is_of(mark(1).deletion_id));
    assert_eq!(outcomes, [RemoveOutcome::Changed, RemoveOutcome::Gone]);
}

pub async fn states_of_1000_documents_are_read_at_once<H: DocumentsHarness>(harness: &H) {
    let messages = collection("messages");
    put_messages(harness, &messages, &["0", "999"]).await;
    let ids: Vec<_> = (0..H::Documents::STATE_BATCH)
        .map(|n| message(&n.to_string()).0)
        .collect();

    let states = states(harness, &ids).await;

    assert!(ids.len() >= 1000);
    let there: Vec<_> = (0..ids.len())
        .filter(|place| states[*place].is_some())
        .collect();
    assert_eq!((states.len(), there), (ids.len(), vec![0, 999]));
}

pub async fn states_in_a_missing_index_are_refused<H: DocumentsHarness>(harness: &H) {
    let messages = collection("messages");
    let ids = put_messages(harness, &messages, &["1"]).await;
    harness.drop_index(&messages).await;

    assert_refused(
        harness
            .documents()
            .states(&messages, &at(&messages, &ids))
            .await,
    );
}

pub async fn a_document_with_a_routing_of_its_own_is_found_elsewhere_and_no_other<
    H: DocumentsHarness,
>(
    harness: &H,
) {
    let messages = collection("messages");
    let mut ids = put_messages(harness, &messages, &["plain"]).await;
    for name in ["routed", "odd\u{1f}/#?é"] {
        let (id, source) = message(name);
        harness.put_at(&routed(&messages, &id), source).await;
        ids.push(id);
    }
    ids.push("absent".to_owned());
    harness.refresh().await;

    let elsewhere = done(
        harness
            .documents()
            .elsewhere(&messages, &at(&messages, &ids))
            .await,
    );
    let nothing = done(harness.documents().elsewhere(&messages, &[]).await);

    assert_eq!(elsewhere, [false, true, true, false]);
    assert!(nothing.is_empty());
    harness.drop_index(&messages).await;
    assert_refused(
        harness
            .documents()
            .elsewhere(&messages, &at(&messages, &ids))
            .await,
    );
}

pub async fn looking_elsewhere_takes_1000_ids_at_once<H: DocumentsHarness>(harness: &H) {
    let messages = collection("messages");
    let ids: Vec<_> = (0..H::Documents::STATE_BATCH)
        .map(|n| message(&n.to_string()).0)
        .collect();
    let (last, source) = message("999");
    harness.put_at(&routed(&messages, &last), source).await;
    harness.refresh().await;

    let elsewhere = done(
        harness
            .documents()
            .elsewhere(&messages, &at(&messages, &ids))
            .await,
    );

    let found = elsewhere.iter().filter(|found| **found).count();
    assert_eq!((elsewhere.len(), found), (ids.len(), 1));
    assert_eq!(elsewhere.last(), Some(&true));
}

async fn states<H: DocumentsHarness>(harness: &H, ids: &[String]) -> Vec<Option<DocumentState>> {
    done(
        harness
            .documents()
            .states(&collection("messages"), &at(&collection("messages"), ids))
            .await,
    )
}

/// A place with a routing of its own.
fn routed(collection: &Collection, id: &str) -> DocumentAt {
    DocumentAt {
        routing: Some("r".to_owned()),
        ..at_id(collection, id)
    }
}
