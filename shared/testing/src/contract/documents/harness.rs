//! What a search store must provide for the rules about documents, and how the rules use it.

use domain::collection::{Collection, Collections, DocumentAt};
use ports::{
    ClearDocuments, DocumentVersion, IndexDocuments, MarkDocuments, PurgeDocuments, ReadDocuments,
    SearchDocuments,
};
use serde_json::{Map, Value, json};

use crate::documents::at_id;

/// A search store with the indexes of [`samples`](crate::samples), empty, and with those of `PLACED`, which have several
/// shards. They accept the key, the tenant and the marks
/// as keywords or dates, the declared fields and `note` as text, and nothing else.
pub trait DocumentsHarness: Send + Sync {
    type Documents: MarkDocuments
        + ClearDocuments
        + PurgeDocuments
        + ReadDocuments
        + IndexDocuments
        + SearchDocuments;

    /// The port.
    fn documents(&self) -> &Self::Documents;

    /// Stores a document without the port.
    fn put(
        &self,
        collection: &Collection,
        id: &str,
        source: Map<String, Value>,
    ) -> impl Future<Output = ()> + Send;

    /// The same, at any place.
    fn put_at(
        &self,
        at: &DocumentAt,
        source: Map<String, Value>,
    ) -> impl Future<Output = ()> + Send;

    /// The same with a version that its writer decides, as a pipeline may; whether the index has accepted it.
    fn put_version(
        &self,
        at: &DocumentAt,
        version: i64,
        source: Map<String, Value>,
    ) -> impl Future<Output = bool> + Send;

    /// The document at this place as it was last written.
    fn get_at(&self, at: &DocumentAt) -> impl Future<Output = Option<Map<String, Value>>> + Send;

    /// The document as it was last written.
    fn get(
        &self,
        collection: &Collection,
        id: &str,
    ) -> impl Future<Output = Option<Map<String, Value>>> + Send;

    /// Removes the index of a collection.
    fn drop_index(&self, collection: &Collection) -> impl Future<Output = ()> + Send;

    /// Whether the index of a collection exists.
    fn has_index(&self, collection: &Collection) -> impl Future<Output = bool> + Send;

    /// Makes what was written visible to a search.
    fn refresh(&self) -> impl Future<Output = ()> + Send;
}

/// Collections whose documents are not where their key alone says.
///
/// `charts` has an index for each kind, a routing, and names of its own; `labels` has an id of a part of its key, and fields
/// that are texts; `copies` is written by a pipeline.
const PLACED: &str = r#"
[charts]
table       = "charts"
key         = ["chart_id"]
tenant      = "user_id"
document    = { index = "{kind|lower}-charts", id = "{chart_id}", routing = "{patient}", names = { chart_id = "str_chart", deleted_at = "date_deleted" }, fields = [] }
strategy    = "flag"
retention   = "30d"

[labels]
table       = "labels"
key         = ["shelf", "label"]
tenant      = "user_id"
document    = { index = "labels", id = "L-{label}", unique = true, names = { shelf = "str_shelf", text = "str_text" }, exact = ".keyword", fields = ["text"] }
strategy    = "flag"
retention   = "30d"
author      = "sender_id"
serve       = ["search"]
permissions = { read = ["member", "author"], delete = ["member"] }

[copies]
table       = "copies"
key         = ["copy_id"]
tenant      = "user_id"
document    = { index = "copies", id = "{copy_id}", copy = "pipeline", hide = "remove", fields = [] }
strategy    = "flag"
retention   = "30d"
"#;

/// The indexes of `PLACED`.
pub const PLACED_INDEXES: [&str; 4] = ["x-ray-charts", "scan-charts", "labels", "copies"];

/// One of these collections.
pub(super) fn placed(name: &str) -> Collection {
    let collections = Collections::for_tests(PLACED);
    collections.get(name).expect("a collection").clone()
}

/// A live document of the record `d`/`id`, with the sample's id.
pub(super) fn message(id: &str) -> (String, Map<String, Value>) {
    let source = json!({
        "discussion_id": "d", "message_id": id, "user_id": "acme", "sender_id": "ann",
        "subject": "about a stone", "body": format!("words of {id}"), "note": "aside",
    });
    (format!("d\u{1f}{id}"), object(source))
}

/// Stores these messages and returns their ids.
pub(super) async fn put_messages(
    harness: &impl DocumentsHarness,
    collection: &Collection,
    names: &[&str],
) -> Vec<String> {
    let mut ids = Vec::new();
    for name in names {
        let (id, source) = message(name);
        harness.put(collection, &id, source).await;
        ids.push(id);
    }
    ids
}

pub(super) fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        other => unreachable!("no object: {other}"),
    }
}

/// Where the documents with these ids are.
pub(super) fn at(collection: &Collection, ids: &[String]) -> Vec<DocumentAt> {
    ids.iter().map(|id| at_id(collection, id)).collect()
}

/// The same, with versions.
pub(super) fn at_versions(
    collection: &Collection,
    documents: &[(String, DocumentVersion)],
) -> Vec<(DocumentAt, DocumentVersion)> {
    let documents = documents.iter();
    documents
        .map(|(id, version)| (at_id(collection, id), *version))
        .collect()
}
