//! Writes the rows of an archive: batches of 25, several at once, what was left over again.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use domain::collection::Collection;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use serde_json::Value;

use super::mail::Record;
use super::progress::Progress;
use crate::stack::StackFile;

/// The most that `BatchWriteItem` takes.
const BATCH: usize = 25;
/// Batches that are on their way at the same time.
const AT_ONCE: usize = 8;
/// How often what was left over is sent again.
const TRIES: u32 = 8;

/// Writes the rows of one collection.
pub(super) async fn write(
    client: &Client,
    stack: &StackFile,
    collection: &Collection,
    mut records: impl Iterator<Item = Record>,
    progress: &Progress,
) -> Result<()> {
    let table = super::table(stack, collection);
    let batches = std::iter::from_fn(|| {
        let batch: Vec<WriteRequest> = records.by_ref().take(BATCH).map(put).collect();
        (!batch.is_empty()).then_some(batch)
    });
    stream::iter(batches)
        .map(|batch| write_batch(client, &table, batch, progress))
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await
}

fn put(record: Record) -> WriteRequest {
    let attributes = record.attributes.into_iter();
    let attributes = attributes.map(|(name, value)| (name, attribute(value)));
    let request = PutRequest::builder().set_item(Some(attributes.collect()));
    WriteRequest::builder()
        .set_put_request(request.build().ok())
        .build()
}

fn attribute(value: Value) -> AttributeValue {
    match value {
        Value::String(text) => AttributeValue::S(text),
        Value::Bool(truth) => AttributeValue::Bool(truth),
        Value::Number(number) => AttributeValue::N(number.to_string()),
        Value::Null => AttributeValue::Null(true),
        Value::Array(values) => AttributeValue::L(values.into_iter().map(attribute).collect()),
        Value::Object(fields) => {
            let fields = fields.into_iter();
            AttributeValue::M(
                fields
                    .map(|(name, value)| (name, attribute(value)))
                    .collect(),
            )
        }
    }
}

async fn write_batch(
    client: &Client,
    table: &str,
    mut left: Vec<WriteRequest>,
    progress: &Progress,
) -> Result<()> {
    for attempt in 0..TRIES {
        if attempt > 0 {
            tokio::time::sleep(Duration::from_millis(50) * 2u32.pow(attempt)).await;
        }
        let sent = left.len();
        let answer = client
            .batch_write_item()
            .request_items(table, left)
            .send()
            .await
            .context(format!("write rows into {table}"))?;
        left = answer
            .unprocessed_items
            .unwrap_or_else(HashMap::new)
            .remove(table)
            .unwrap_or_default();
        progress.add(sent - left.len().min(sent));
        if left.is_empty() {
            return Ok(());
        }
    }
    let count = left.len();
    Err(anyhow!(
        "{table} left {count} rows unwritten, {TRIES} times in a row"
    ))
}
