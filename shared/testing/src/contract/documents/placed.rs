//! Documents that are not where their key alone says: with a routing, an index for each kind, an id of some parts, names of
//! their own, or written by a pipeline.

use serde_json::{Map, Value, json};

use super::harness::{DocumentsHarness, object, placed};
use crate::contract::done;
use crate::samples::{deletion_id, key, key2, mark, tenant};
use domain::collection::{Collection, DocumentAt};
use domain::document::Document;
use domain::row::{Row, RowMark};
use ports::{
    Attempt, ClearDocuments, DocumentClearOutcome, DocumentMarkOutcome, DocumentState,
    IndexDocuments, IndexOutcome, MarkDocuments, PurgeDocuments, ReadDocuments, RemoveOutcome,
    SearchDocuments, SearchQuery,
};

/// Where the chart of this patient is.
fn chart(id: &str, kind: &'static str, patient: &'static str) -> DocumentAt {
    let held = |name: &str| match name {
        "kind" => Some(kind),
        "patient" => Some(patient),
        _ => None,
    };
    let at = placed("charts").document_at(&key(id), held);
    at.expect("a place").expect("charts have documents")
}

fn label(shelf: &str, label: &str) -> DocumentAt {
    let key = key2(shelf, label);
    let held = |name: &str| (name == "user_id").then_some("acme");
    let at = placed("labels").document_at(&key, held);
    at.expect("a place").expect("labels have documents")
}

fn copy(id: &str) -> DocumentAt {
    let at = placed("copies").document_at(&key(id), |_| None);
    at.expect("a place").expect("copies have documents")
}

fn source(text: &str) -> Map<String, Value> {
    object(json!({ "note": text }))
}

async fn states<H: DocumentsHarness>(
    harness: &H,
    collection: &Collection,
    at: &[DocumentAt],
) -> Vec<Option<DocumentState>> {
    done(harness.documents().states(collection, at).await)
}

pub async fn a_document_is_marked_read_cleared_and_removed_where_it_is<H: DocumentsHarness>(
    harness: &H,
) {
    let (charts, documents) = (placed("charts"), harness.documents());
    // One id on as many shards as there are, as OpenSearch spreads these names over five: only one of them is the record's.
    let all = ["ann", "cat", "hal", "bob", "gus"].map(|patient| chart("c-1", "X-Ray", patient));
    for (number, at) in all.iter().enumerate() {
        harness.put_at(at, source(&number.to_string())).await;
    }
    let ours = std::slice::from_ref(&all[2]);

    let marked = done(documents.mark(&charts, &mark(1), ours).await);

    assert_eq!(marked, [DocumentMarkOutcome::Marked]);
    let seen = states(harness, &charts, &all).await;
    let marks: Vec<_> = seen
        .iter()
        .map(|state| state.expect("it is there").mark)
        .collect();
    let is_ours = RowMark::By(Some(deletion_id(1)));
    let live = RowMark::Absent;
    assert_eq!(marks, [live, live, is_ours, live, live]);
    let held = harness.get_at(&all[2]).await.expect("it is there");
    assert!(held.contains_key("date_deleted") && !held.contains_key("deleted_at"));
    assert_eq!(held["note"], "2");

    let cleared = done(documents.clear(&charts, deletion_id(1), ours).await);
    assert_eq!(cleared, [DocumentClearOutcome::Cleared]);
    assert_eq!(harness.get_at(&all[2]).await, Some(source("2")));

    let version = states(harness, &charts, ours).await[0]
        .expect("it is there")
        .version;
    let removed = done(
        documents
            .remove(&charts, &[(all[2].clone(), version)])
            .await,
    );
    assert_eq!(removed, [RemoveOutcome::Gone]);
    for (number, at) in all.iter().enumerate() {
        let expected = (number != 2).then(|| source(&number.to_string()));
        assert_eq!(harness.get_at(at).await, expected, "{number}");
    }
}

pub async fn documents_of_several_indexes_are_answered_in_their_places<H: DocumentsHarness>(
    harness: &H,
) {
    let (charts, documents) = (placed("charts"), harness.documents());
    let all = [
        chart("c-1", "X-Ray", "ann"),
        chart("c-2", "Scan", "ann"),
        chart("c-3", "X-Ray", "ann"),
        chart("c-4", "Scan", "ann"),
    ];
    harness.put_at(&all[0], source("0")).await;
    harness.put_at(&all[3], source("3")).await;

    let marked = done(documents.mark(&charts, &mark(1), &all).await);

    let (there, missing) = (DocumentMarkOutcome::Marked, DocumentMarkOutcome::Missing);
    assert_eq!(marked, [there.clone(), missing.clone(), missing, there]);
    let seen = states(harness, &charts, &all).await;
    let found: Vec<bool> = seen.iter().map(Option::is_some).collect();
    assert_eq!(found, [true, false, false, true]);
    let removed = [3, 0].map(|place| (all[place].clone(), seen[place].expect("there").version));
    let removed = done(documents.remove(&charts, &removed).await);
    assert_eq!(removed, [RemoveOutcome::Gone, RemoveOutcome::Gone]);
}

pub async fn a_document_that_is_on_another_shard_than_its_record_says_is_elsewhere<
    H: DocumentsHarness,
>(
    harness: &H,
) {
    let charts = placed("charts");
    let (said, nobodys) = (chart("c-1", "X-Ray", "ann"), chart("c-2", "X-Ray", "ann"));
    let right = chart("c-3", "X-Ray", "ann");
    harness
        .put_at(&chart("c-1", "X-Ray", "bob"), source("1"))
        .await;
    harness.put_at(&right, source("3")).await;
    harness.refresh().await;

    let asked = [said, nobodys, right];
    let found = done(harness.documents().elsewhere(&charts, &asked).await);

    assert_eq!(found, [true, false, false]);
}

pub async fn nothing_is_done_with_the_document_of_another_record<H: DocumentsHarness>(harness: &H) {
    let (labels, documents) = (placed("labels"), harness.documents());
    let source = |shelf: &str, label: &str, tenant: &str| {
        object(json!({ "str_shelf": shelf, "label": label, "user_id": tenant, "note": "n" }))
    };
    let all = [
        label("a", "1"),
        label("a", "2"),
        label("a", "3"),
        label("a", "4"),
    ];
    let held = [
        source("a", "1", "acme"),
        source("b", "2", "acme"),
        source("a", "3", "globex"),
    ];
    for (at, source) in all.iter().zip(&held) {
        harness.put_at(at, source.clone()).await;
    }

    let marked = done(documents.mark(&labels, &mark(1), &all).await);
    let seen = states(harness, &labels, &all).await;

    assert_eq!(marked[0], DocumentMarkOutcome::Marked);
    let refused =
        |outcome: &DocumentMarkOutcome| matches!(outcome, DocumentMarkOutcome::Rejected(_));
    assert!(refused(&marked[1]) && refused(&marked[2]), "{marked:?}");
    assert_eq!(marked[3], DocumentMarkOutcome::Missing);
    let are_its: Vec<_> = seen
        .iter()
        .map(|state| state.map(|state| state.is_its))
        .collect();
    assert_eq!(are_its, [Some(true), Some(false), Some(false), None]);
    assert_eq!(harness.get_at(&all[1]).await.as_ref(), Some(&held[1]));
    assert_eq!(harness.get_at(&all[2]).await.as_ref(), Some(&held[2]));
    // Nor is it cleared or written, and a new one is made all the same.
    let cleared = done(documents.clear(&labels, deletion_id(1), &all).await);
    assert_eq!(cleared[0], DocumentClearOutcome::Cleared);
    assert!(matches!(cleared[1], DocumentClearOutcome::Rejected(_)));
    for (place, indexed) in [(1, false), (3, true)] {
        let row = row(&labels, &key2("a", &(place + 1).to_string()));
        let document = Document::of(&labels, &row)
            .expect("a place")
            .expect("a document");
        let outcome = documents
            .index(&labels, &document)
            .await
            .expect("an answer");
        assert_eq!(
            outcome == Attempt::Done(IndexOutcome::Indexed),
            indexed,
            "{place}"
        );
    }
    assert_eq!(harness.get_at(&all[1]).await.as_ref(), Some(&held[1]));
    assert_eq!(
        harness.get_at(&all[3]).await.expect("it was made")["str_shelf"],
        "a"
    );
}

fn row(labels: &Collection, key: &domain::key::RecordKey) -> Row {
    let mut attributes = crate::samples::row(labels, key, "acme");
    attributes.insert("text".to_owned(), json!("a blue stone"));
    Row {
        key: key.clone(),
        attributes,
    }
}

pub async fn a_document_is_written_and_searched_under_its_own_names<H: DocumentsHarness>(
    harness: &H,
) {
    let (labels, documents) = (placed("labels"), harness.documents());
    let keys = [key2("a", "1"), key2("a", "2"), key2("a", "3")];
    for key in &keys {
        let row = row(&labels, key);
        let document = Document::of(&labels, &row)
            .expect("a place")
            .expect("a document");
        let outcome = documents
            .index(&labels, &document)
            .await
            .expect("an answer");
        assert_eq!(outcome, Attempt::Done(IndexOutcome::Indexed));
    }
    let ours = std::slice::from_ref(&label("a", "2")).to_vec();
    let marked = done(documents.mark(&labels, &mark(1), &ours).await);
    assert_eq!(marked, [DocumentMarkOutcome::Marked]);
    harness.refresh().await;

    let acme = tenant("acme");
    let asked = |author, after| SearchQuery {
        collection: &labels,
        tenant: &acme,
        author,
        text: "blue",
        after,
        limit: 10,
    };
    let found = documents
        .search(asked(None, None))
        .await
        .expect("an answer");
    assert_eq!(found.hits, [keys[2].clone(), keys[0].clone()]);
    let found = documents
        .search(asked(Some("ann"), Some(&keys[2])))
        .await
        .expect("an answer");
    assert_eq!(found.hits, [keys[0].clone()]);
    let found = documents
        .search(asked(Some("bob"), None))
        .await
        .expect("an answer");
    assert_eq!(found.hits, []);
    let held = done(documents.contents(&labels, &[label("a", "1")]).await);
    let held = held[0].as_ref().expect("it is there");
    assert_eq!(
        Value::Object(held.fields.clone()),
        json!({ "str_shelf": "a", "label": "1", "user_id": "acme", "sender_id": "ann", "str_text": "a blue stone" })
    );
}

pub async fn a_document_of_a_pipeline_is_never_written<H: DocumentsHarness>(harness: &H) {
    let (copies, documents) = (placed("copies"), harness.documents());
    let at = copy("1");
    harness.put_at(&at, source("1")).await;
    let ours = std::slice::from_ref(&at);

    assert!(documents.mark(&copies, &mark(1), ours).await.is_err());
    assert!(
        documents
            .clear(&copies, deletion_id(1), ours)
            .await
            .is_err()
    );
    let row = Row {
        key: key("1"),
        attributes: crate::samples::row(&copies, &key("1"), "acme"),
    };
    let document = Document::of(&copies, &row)
        .expect("a place")
        .expect("a document");
    assert!(documents.index(&copies, &document).await.is_err());

    assert_eq!(harness.get_at(&at).await, Some(source("1")));
}

pub async fn a_pipeline_writes_a_removed_document_with_its_next_version<H: DocumentsHarness>(
    harness: &H,
) {
    let (copies, documents) = (placed("copies"), harness.documents());
    let at = copy("1");
    assert!(harness.put_version(&at, 5, source("5")).await);
    let version = states(harness, &copies, std::slice::from_ref(&at)).await[0]
        .expect("there")
        .version;
    assert_eq!(version.version, 5);

    let removed = done(documents.remove(&copies, &[(at.clone(), version)]).await);

    assert_eq!(removed, [RemoveOutcome::Gone]);
    assert_eq!(harness.get_at(&at).await, None);
    assert!(
        !harness.put_version(&at, 5, source("5")).await,
        "the same once more"
    );
    assert_eq!(harness.get_at(&at).await, None);
    assert!(harness.put_version(&at, 6, source("6")).await, "the next");
    assert_eq!(harness.get_at(&at).await, Some(source("6")));
}

pub async fn a_document_of_a_pipeline_that_was_written_since_is_left<H: DocumentsHarness>(
    harness: &H,
) {
    let (copies, documents) = (placed("copies"), harness.documents());
    for (id, is_external) in [("1", true), ("2", false)] {
        let at = copy(id);
        assert!(harness.put_version(&at, 5, source("5")).await);
        let read = states(harness, &copies, std::slice::from_ref(&at)).await;
        let version = read[0].expect("there").version;
        if is_external {
            assert!(harness.put_version(&at, 6, source("6")).await);
        } else {
            harness.put_at(&at, source("6")).await;
        }

        let removed = done(documents.remove(&copies, &[(at.clone(), version)]).await);

        assert_eq!(removed, [RemoveOutcome::Changed]);
        assert_eq!(harness.get_at(&at).await, Some(source("6")));
    }
}
