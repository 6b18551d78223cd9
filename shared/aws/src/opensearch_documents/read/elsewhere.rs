//! Documents that are on another shard than the one of their id.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::opensearch_documents::by_index::{by_index, in_order};
use crate::opensearch_documents::{OpenSearchDocuments, has_documents};
use domain::collection::{Collection, DocumentAt};
use domain::document::is_its;
use ports::{Attempt, DependencyError};

const OPERATION: &str = "find documents elsewhere";

/// On how many shards each id may be at the most, so that all are found.
const SHARDS: usize = 10;

/// The most that one search finds.
const MOST: usize = 10_000;

#[derive(Debug, Deserialize)]
struct Found {
    #[serde(rename = "_id")]
    id: String,
    /// Only of a document that was written with one.
    #[serde(rename = "_routing")]
    routing: Option<String>,
    /// What tells whether it is the record's, where its id does not.
    #[serde(rename = "_source", default)]
    source: Map<String, Value>,
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
        let says = group.items.first().map(|(_, at)| at.says.keys().collect());
        let says: Vec<&String> = says.unwrap_or_default();
        // An empty list would mean all of it.
        let source = if says.is_empty() {
            json!(false)
        } else {
            json!(says)
        };
        let query = json!({
            // One id may be on several shards.
            "size": ids.len().saturating_mul(SHARDS).min(MOST),
            "track_total_hits": false,
            "_source": source,
            "query": { "ids": { "values": ids } },
        });
        let fields = "hits.hits._id,hits.hits._routing,hits.hits._source";
        let index = documents.real(group.index);
        let found: Vec<Found> = documents.hits(OPERATION, &index, fields, &query).await?;
        let mut by_id: HashMap<&str, Vec<&Found>> = HashMap::new();
        for one in &found {
            by_id.entry(&one.id).or_default().push(one);
        }
        let is_elsewhere = |at: &DocumentAt| {
            let is_its = |one: &&Found| one.routing != at.routing && is_its(at, &one.source);
            let found = by_id.get(at.id.as_str());
            found.is_some_and(|found| found.iter().any(is_its))
        };
        let found = group.items.iter().map(|(_, at)| is_elsewhere(at)).collect();
        answers.extend(group.answered(found));
    }
    Ok(in_order(answers).into_iter().map(Attempt::Done).collect())
}
