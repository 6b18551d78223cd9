//! Documents that are on another shard than the one of their id.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::json;

use crate::opensearch_documents::by_index::{by_index, in_order};
use crate::opensearch_documents::{OpenSearchDocuments, has_documents};
use domain::collection::{Collection, DocumentAt};
use ports::{Attempt, DependencyError};

const OPERATION: &str = "find documents elsewhere";

#[derive(Debug, Deserialize)]
struct Found {
    #[serde(rename = "_id")]
    id: String,
    /// Only of a document that was written with one.
    #[serde(rename = "_routing")]
    routing: Option<String>,
}

/// Whether there is a document with another routing under each of these ids.
pub(super) async fn find(
    documents: &OpenSearchDocuments,
    collection: &Collection,
    asked: &[DocumentAt],
) -> Result<Vec<Attempt<bool>>, DependencyError> {
    has_documents(collection, OPERATION)?;
    let mut answers = Vec::new();
    for group in by_index(asked, |at| at) {
        let ids: Vec<&str> = group.items.iter().map(|(_, at)| at.id.as_str()).collect();
        let query = json!({
            "size": ids.len(),
            "track_total_hits": false,
            "_source": false,
            "query": { "ids": { "values": ids } },
        });
        let fields = "hits.hits._id,hits.hits._routing";
        let index = documents.real(group.index);
        let found: Vec<Found> = documents.hits(OPERATION, &index, fields, &query).await?;
        let mut routings: HashMap<String, Vec<Option<String>>> = HashMap::new();
        for Found { id, routing } in found {
            routings.entry(id).or_default().push(routing);
        }
        let is_elsewhere = |at: &DocumentAt| {
            let found = routings.get(&at.id);
            found.is_some_and(|found| found.iter().any(|routing| *routing != at.routing))
        };
        let found = group.items.iter().map(|(_, at)| is_elsewhere(at)).collect();
        answers.extend(group.answered(found));
    }
    Ok(in_order(answers).into_iter().map(Attempt::Done).collect())
}
