//! Reading rows: by key here, by attribute values in `query.rs`.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::KeysAndAttributes;

use super::{DynamoRows, STORE, query, row};
use crate::dynamo::expression::Placeholders;
use crate::dynamo::primary_key;
use crate::sdk_error::dependency_error;
use domain::collection::Collection;
use domain::key::RecordKey;
use domain::row::Row;
use ports::{Attempt, DependencyError, Fields, ReadRows, RowPage, RowQuery};

const OPERATION: &str = "read rows";

impl ReadRows for DynamoRows {
    async fn read(
        &self,
        collection: &Collection,
        keys: &[RecordKey],
        fields: Fields,
    ) -> Result<Vec<Attempt<Option<Row>>>, DependencyError> {
        read(self, collection, keys, fields).await
    }

    async fn query(&self, query: RowQuery<'_>) -> Result<RowPage, DependencyError> {
        query::query(self, query).await
    }
}

async fn read(
    rows: &DynamoRows,
    collection: &Collection,
    keys: &[RecordKey],
    fields: Fields,
) -> Result<Vec<Attempt<Option<Row>>>, DependencyError> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let table = rows.tables.of(collection);
    let answer = rows
        .client
        .batch_get_item()
        .request_items(&table, request(collection, keys, fields)?)
        .send()
        .await
        .map_err(|error| dependency_error(STORE, OPERATION, error))?;

    let mut found: HashMap<RecordKey, Row> = HashMap::new();
    for item in answer
        .responses
        .and_then(|mut tables| tables.remove(&table))
        .unwrap_or_default()
    {
        let row = row(collection, item, fields, OPERATION)?;
        found.insert(row.key.clone(), row);
    }
    let left: Vec<_> = answer
        .unprocessed_keys
        .and_then(|mut tables| tables.remove(&table))
        .map(|left| left.keys)
        .unwrap_or_default();
    let attempt = |key: &RecordKey| match found.remove(key) {
        Some(row) => Attempt::Done(Some(row)),
        None if left.contains(&primary_key(&collection.key, key)) => {
            Attempt::Retry("UnprocessedKeys".to_owned())
        }
        None => Attempt::Done(None),
    };
    Ok(keys.iter().map(attempt).collect())
}

fn request(
    collection: &Collection,
    keys: &[RecordKey],
    fields: Fields,
) -> Result<KeysAndAttributes, DependencyError> {
    let keys = keys
        .iter()
        .map(|key| primary_key(&collection.key, key))
        .collect();
    let mut request = KeysAndAttributes::builder()
        .consistent_read(true)
        .set_keys(Some(keys));
    if let Some(attributes) = fields.attributes(collection) {
        let mut placeholders = Placeholders::default();
        request = request
            .projection_expression(placeholders.projection(&attributes))
            .set_expression_attribute_names(Some(placeholders.names()));
    }
    request
        .build()
        .map_err(|error| DependencyError::refused(STORE, OPERATION, error))
}
