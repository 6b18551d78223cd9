//! Documents that are on another shard than the one of their id.

use std::collections::HashSet;

use ::opensearch::http::Method;
use serde::Deserialize;
use serde_json::json;

use crate::opensearch_documents::OpenSearchDocuments;
use crate::opensearch_documents::transport::Request;
use domain::collection::Collection;
use ports::{Attempt, DependencyError};

const OPERATION: &str = "find documents elsewhere";

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Answer {
    hits: Hits,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Hits {
    hits: Vec<Found>,
}

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
    let request = Request {
        method: Method::Post,
        path: &format!("/{index}/_search"),
        query: &[
            ("filter_path", "hits.hits._id,hits.hits._routing"),
            // A shard that does not answer may be the one.
            ("allow_partial_search_results", "false"),
        ],
        content_type: "application/json",
        body: &json!({
            "size": ids.len(),
            "track_total_hits": false,
            "_source": false,
            "query": { "ids": { "values": ids } },
        })
        .to_string(),
    };
    let call = documents.ask(OPERATION, &request);
    let answer: Answer = documents.in_time(OPERATION, call).await?;
    let found = answer.hits.hits.into_iter();
    let routed: HashSet<String> = found
        .filter(|found| found.routing.is_some())
        .map(|found| found.id)
        .collect();
    let is_routed = |id: &String| Attempt::Done(routed.contains(id));
    Ok(ids.iter().map(is_routed).collect())
}
