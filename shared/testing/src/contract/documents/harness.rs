//! What a search store must provide for the rules about documents, and how the rules use it.

use domain::collection::Collection;
use ports::{
    ClearDocuments, IndexDocuments, MarkDocuments, PurgeDocuments, ReadDocuments, SearchDocuments,
};
use serde_json::{Map, Value, json};

/// A search store with the indexes of [`samples`](crate::samples), empty. They accept the key, the tenant and the marks
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

    /// The same, with a routing of its own.
    fn put_routed(
        &self,
        collection: &Collection,
        id: &str,
        source: Map<String, Value>,
    ) -> impl Future<Output = ()> + Send;

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
