//! What OpenSearch tells of an index and of documents. Everything is asked with GET: the right to write is not needed.

use std::collections::BTreeMap;

use anyhow::Result;
use domain::collection::{Collection, DocumentAt};
use opensearch::http::Method;
use opensearch::http::headers::{CONTENT_TYPE, HeaderMap, HeaderValue};
use serde_json::{Map, Value, json};

use super::{Answer, Search, Stores};
use crate::doctor::code::Code;
use crate::doctor::finding::{Finding, Level};
use crate::doctor::seen::{DocumentSeen, DocumentsSeen, SearchSeen};
use crate::search::SearchKind;

/// The most documents of one request.
const BATCH: usize = 100;

/// Describes an index, or what an alias is of.
pub async fn describe(stores: &Stores, search: &Search, name: &str) -> Answer<SearchSeen> {
    match ask(search, &format!("/{name}"), None).await {
        Ok(answer) => {
            let names: Vec<String> = answer
                .as_object()
                .map(|indexes| indexes.keys().cloned().collect())
                .unwrap_or_default();
            let first = names.first().and_then(|first| answer.get(first));
            let mapping = first.and_then(|first| first.get("mappings")?.as_object());
            let mapping = mapping.cloned().unwrap_or_default();
            Answer::read(
                SearchSeen {
                    asked: name.to_owned(),
                    names,
                    mapping,
                },
                0.0,
            )
        }
        Err(refusal) => Answer::none(refusal.finding(stores, search, name).at("document.index")),
    }
}

/// Reads these documents, and looks on all shards for those that were not found.
pub async fn read(
    stores: &Stores,
    search: &Search,
    collection: &Collection,
    name: &str,
    places: &[DocumentAt],
) -> Answer<DocumentsSeen> {
    match documents(search, collection, places).await {
        Ok(documents) => Answer::read(documents, 0.0),
        Err(refusal) => Answer::none(refusal.finding(stores, search, name).at("document")),
    }
}

async fn documents(
    search: &Search,
    collection: &Collection,
    places: &[DocumentAt],
) -> Result<DocumentsSeen, Refusal> {
    let key = collection.key.attributes();
    let names = key.chain(collection.tenant.attribute());
    let names = names.chain(collection.marks.all());
    let spec = collection.document.as_ref();
    let fields: Vec<&str> = names
        .map(|name| spec.map_or(name, |spec| spec.field(name)))
        .collect();
    let mut seen = DocumentsSeen::default();
    let mut by_index: BTreeMap<String, Vec<&DocumentAt>> = BTreeMap::new();
    for at in places {
        let name = format!("{}{}", search.prefix, at.index);
        by_index.entry(name).or_default().push(at);
    }
    let batches = by_index
        .iter()
        .flat_map(|(name, all)| all.chunks(BATCH).map(move |batch| (name, batch)));
    for (name, batch) in batches {
        let docs: Vec<Value> = batch
            .iter()
            .map(|at| match &at.routing {
                Some(routing) => json!({"_id": at.id, "routing": routing, "_source": fields}),
                None => json!({"_id": at.id, "_source": fields}),
            })
            .collect();
        let routings: BTreeMap<&str, Option<&str>> = batch
            .iter()
            .map(|at| (at.id.as_str(), at.routing.as_deref()))
            .collect();
        let is_elsewhere = |id: &str, document: &Value| {
            routings
                .get(id)
                .is_some_and(|routing| document["_routing"].as_str() != *routing)
        };
        let answer = ask(
            search,
            &format!("/{name}/_mget"),
            Some(json!({"docs": docs})),
        )
        .await?;
        let documents = answer["docs"].as_array().into_iter().flatten();
        for document in documents.filter(|document| document["found"] == true) {
            let id = document["_id"].as_str().unwrap_or_default();
            let mut found = found(document);
            found.is_routed = is_elsewhere(id, document);
            seen.found.insert(id.to_owned(), found);
        }
        let missing: Vec<&str> = batch
            .iter()
            .map(|at| at.id.as_str())
            .filter(|id| !seen.found.contains_key(*id))
            .collect();
        if missing.is_empty() {
            continue;
        }
        let query = json!({"size": BATCH, "_source": false, "query": {"ids": {"values": missing}}});
        let answer = ask(search, &format!("/{name}/_search"), Some(query)).await?;
        let hits = answer["hits"]["hits"].as_array().into_iter().flatten();
        for hit in hits {
            let id = hit["_id"].as_str().unwrap_or_default();
            if is_elsewhere(id, hit) {
                seen.routed.insert(id.to_owned());
            }
        }
    }
    Ok(seen)
}

fn found(document: &Value) -> DocumentSeen {
    let source: Option<&Map<String, Value>> = document["_source"].as_object();
    DocumentSeen {
        version: document["_version"].as_i64().unwrap_or_default(),
        is_routed: false,
        source: source.cloned().unwrap_or_default(),
    }
}

/// Why a question was not answered.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Refusal {
    Missing,
    Denied(String),
    Failed(String),
}

async fn ask(search: &Search, path: &str, body: Option<Value>) -> Result<Value, Refusal> {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let body = body.map(|body| body.to_string());
    let answer = search
        .client
        .send::<String, ()>(Method::Get, path, headers, None, body, None)
        .await
        .map_err(|error| Refusal::Failed(crate::answer::chain(&anyhow::Error::new(error))))?;
    let status = answer.status_code().as_u16();
    let text = answer.text().await.unwrap_or_default();
    match status {
        200 => serde_json::from_str(&text)
            .map_err(|error| Refusal::Failed(format!("the answer is no JSON: {error}"))),
        404 => Err(Refusal::Missing),
        401 | 403 => Err(Refusal::Denied(reason(&text))),
        other => Err(Refusal::Failed(format!(
            "it answers {other}: {}",
            reason(&text)
        ))),
    }
}

/// What a refusal says, without what it quotes of the request.
fn reason(body: &str) -> String {
    let read: Value = serde_json::from_str(body).unwrap_or_default();
    let error = &read["error"];
    let told = [
        &read["Message"],
        &read["message"],
        &error["reason"],
        &error["type"],
    ];
    let told = told.iter().find_map(|told| told.as_str());
    told.unwrap_or_default().chars().take(300).collect()
}

impl Refusal {
    fn finding(&self, stores: &Stores, search: &Search, index: &str) -> Finding {
        let (code, seen, advice) = match self {
            Self::Missing => (
                Code::SearchIndexMissing,
                format!("there is no index {index} at {}", search.endpoint),
                "run `tombstone index`, or give the prefix of the names with `--index-prefix`"
                    .to_owned(),
            ),
            Self::Denied(why) => (
                Code::CannotRead,
                format!("reading the index {index} is not allowed: {why}"),
                allow(stores, search, index),
            ),
            Self::Failed(why) => (
                Code::CannotRead,
                format!("the index {index} could not be read: {why}"),
                "ask again; if it stays, look whether this machine reaches the endpoint".to_owned(),
            ),
        };
        Finding::new(Level::Error, code, seen, advice)
    }
}

/// What has to be allowed for reading.
fn allow(stores: &Stores, search: &Search, index: &str) -> String {
    let dynamodb = stores.arn("");
    let partition = dynamodb.split(':').nth(1).unwrap_or("aws");
    match search.kind {
        SearchKind::Domain => format!(
            "allow whoever runs this `es:ESHttpGet` on `arn:{partition}:es:{}:*:domain/*/{index}*`; in a domain with \
             fine-grained access control also `indices:admin/get` and `indices:data/read/*` on `{index}`",
            stores.region
        ),
        SearchKind::Serverless => format!(
            "allow whoever runs this `aoss:APIAccessAll` on `arn:{partition}:aoss:{}:*:collection/*`, and in a data access \
             policy `aoss:DescribeIndex` and `aoss:ReadDocument` on `index/*/{index}`",
            stores.region
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_in_one_sentence() {
        let body = r#"{"error":{"reason":"no permissions for [indices:admin/get]","type":"security_exception"},"status":403}"#;

        assert_eq!(reason(body), "no permissions for [indices:admin/get]");
        assert_eq!(
            reason(r#"{"Message":"User: x is not authorized"}"#),
            "User: x is not authorized"
        );
        assert_eq!(reason("<html>"), "");
    }

    #[test]
    fn a_document_is_told_with_its_version() {
        let document = found(&json!({"_version": 3, "_source": {"id": "1"}}));

        assert_eq!(document.version, 3);
        assert_eq!(document.source["id"], "1");
    }
}
