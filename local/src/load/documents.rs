//! Writes the documents of an archive: `_bulk` requests of some thousand lines, refused lines again.

use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use domain::collection::Collection;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use opensearch::indices::IndicesRefreshParts;
use opensearch::{BulkParts, OpenSearch};
use serde_json::{Value, json};

use super::mail::Record;
use super::progress::Progress;
use crate::stack::StackFile;

/// Documents of one request.
const BATCH: usize = 1_000;
/// A request is sent when it has grown to this, however few its documents: small domains on AWS take 10 MB.
const BATCH_BYTES: usize = 4 * 1024 * 1024;
/// Requests that are on their way at the same time.
const AT_ONCE: usize = 2;
/// How often refused lines are sent again.
const TRIES: u32 = 8;

/// Writes the documents of one collection, if it has any.
pub(super) async fn write(
    client: &OpenSearch,
    stack: &StackFile,
    collection: &Collection,
    mut records: impl Iterator<Item = Record>,
    progress: &Progress,
) -> Result<()> {
    if collection.document.is_none() {
        return Ok(());
    }
    let index = super::index(stack, collection)?;
    let batches = std::iter::from_fn(|| batch(collection, &mut records).transpose());
    stream::iter(batches)
        .map(|batch| {
            let (client, index) = (client, &index);
            async move { write_batch(client, index, batch?, progress).await }
        })
        .buffer_unordered(AT_ONCE)
        .try_collect::<()>()
        .await?;
    refresh(client, &[&index]).await
}

/// Makes what was written visible to searches.
///
/// # Errors
///
/// When OpenSearch refuses.
pub async fn refresh(client: &OpenSearch, indexes: &[&str]) -> Result<()> {
    let answer = client
        .indices()
        .refresh(IndicesRefreshParts::Index(indexes))
        .send()
        .await
        .and_then(opensearch::http::response::Response::error_for_status_code);
    answer.context("refresh the indexes").map(|_| ())
}

/// The next documents, each as its action and its source, with the line break between them.
fn batch(
    collection: &Collection,
    records: &mut impl Iterator<Item = Record>,
) -> Result<Option<Vec<String>>> {
    let mut pairs = Vec::new();
    let mut bytes = 0;
    while pairs.len() < BATCH
        && bytes < BATCH_BYTES
        && let Some(record) = records.next()
    {
        let pair = pair(collection, &record)?;
        bytes += pair.len();
        pairs.push(pair);
    }
    Ok((!pairs.is_empty()).then_some(pairs))
}

fn pair(collection: &Collection, record: &Record) -> Result<String> {
    let held = |attribute: &str| record.attributes.get(attribute)?.as_str();
    let at = collection.document_at(&record.key, held);
    let at = at
        .context("say where a document is")?
        .context("the collection is not searched")?;
    let source = Value::Object(record.document(collection));
    let mut action = json!({"_id": at.id});
    if let Some(routing) = at.routing {
        action["routing"] = routing.into();
    }
    Ok(format!("{}\n{source}", json!({"index": action})))
}

async fn write_batch(
    client: &OpenSearch,
    index: &str,
    mut left: Vec<String>,
    progress: &Progress,
) -> Result<()> {
    for attempt in 0..TRIES {
        if attempt > 0 {
            tokio::time::sleep(Duration::from_millis(50) * 2u32.pow(attempt)).await;
        }
        let sent = left.len();
        left = send(client, index, left).await?;
        progress.add(sent - left.len());
        if left.is_empty() {
            return Ok(());
        }
    }
    let count = left.len();
    Err(anyhow!(
        "{index} refused {count} documents, {TRIES} times in a row"
    ))
}

/// Sends documents; answers those that are worth another try.
async fn send(client: &OpenSearch, index: &str, pairs: Vec<String>) -> Result<Vec<String>> {
    let answer = client
        .bulk(BulkParts::Index(index))
        .filter_path(&["errors", "items.*.status", "items.*.error"])
        .body(pairs.clone())
        .send()
        .await
        .context(format!("write documents into {index}"))?;
    let status = answer.status_code().as_u16();
    if may_pass(u64::from(status)) {
        return Ok(pairs);
    }
    let answer: Value = answer
        .json()
        .await
        .context(format!("read what {index} answered ({status})"))?;
    let Some(items) = answer["items"].as_array().filter(|_| status == 200) else {
        bail!("{index} answered {status}: {answer}");
    };
    if items.len() != pairs.len() {
        let (got, sent) = (items.len(), pairs.len());
        bail!("{index} answered {got} items to {sent} documents");
    }
    let mut again = Vec::new();
    for (pair, item) in pairs.into_iter().zip(items) {
        let item = &item["index"];
        match item["status"].as_u64() {
            Some(200..=299) => {}
            Some(status) if may_pass(status) => again.push(pair),
            _ => {
                bail!("{index} refused a document: {item}");
            }
        }
    }
    Ok(again)
}

/// Whether it may work a moment later.
fn may_pass(status: u64) -> bool {
    matches!(status, 429 | 502..=504)
}
