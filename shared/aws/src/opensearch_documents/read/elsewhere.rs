//! Documents that are on another shard than the one of their id.

use std::collections::HashSet;

use serde::Deserialize;
use serde_json::json;

use crate::opensearch_documents::OpenSearchDocuments;
use domain::collection::Collection;
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

/// Whether there is a document with a routing of its own under each of these ids.
pub(super) async fn find(
    documents: &OpenSearchDocuments,
    collection: &Collection,
    ids: &[String],
) -> Result<Vec<Attempt<bool>>, DependencyError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let (_, index) = documents.index(collection, OPERATION)?;
    let asked = json!({
        "size": ids.len(),
        "track_total_hits": false,
        "_source": false,
        "query": { "ids": { "values": ids } },
    });
    let fields = "hits.hits._id,hits.hits._routing";
    let found: Vec<Found> = documents.hits(OPERATION, &index, fields, &asked).await?;
    let routed: HashSet<String> = found
        .into_iter()
        .filter(|found| found.routing.is_some())
        .map(|found| found.id)
        .collect();
    let is_routed = |id: &String| Attempt::Done(routed.contains(id));
    Ok(ids.iter().map(is_routed).collect())
}
