//! Rows of the user's tables: read, marked and removed.

mod aggregate;
mod archive;
mod clear;
mod detach;
mod erase;
mod mark;
mod marked_by_others;
mod purge;
mod query;
mod read;
mod write;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;

use super::changed::attributes;
use super::{Item, TableNames};
use domain::collection::{Collection, Form, KeyKind};
use domain::key::RecordKey;
use domain::page::Position;
use domain::row::Row;
use ports::{DependencyError, Fields};

const STORE: &str = "record store";

/// Rows in DynamoDB tables.
#[derive(Debug, Clone)]
pub struct DynamoRows {
    client: Client,
    tables: TableNames,
    archive: Option<String>,
}

/// A row whose key is of another type than the collections file says.
#[derive(Debug, thiserror::Error)]
#[error(
    "a row of `{table}` has in its key attribute `{attribute}` a value of another type than the collections file says"
)]
struct KeyOfAnotherType {
    table: String,
    attribute: String,
}

impl DynamoRows {
    /// The rows that this client reaches under these names.
    #[must_use]
    pub fn new(client: Client, tables: TableNames) -> Self {
        Self {
            client,
            tables,
            archive: None,
        }
    }

    /// The same rows, with this table as their archive.
    #[must_use]
    pub fn archived_in(self, table: impl Into<String>) -> Self {
        Self {
            archive: Some(table.into()),
            ..self
        }
    }
}

/// The row of an item.
fn row(
    collection: &Collection,
    item: Item,
    fields: Fields,
    operation: &'static str,
) -> Result<Row, DependencyError> {
    let part = |(attribute, form): (&str, &Form)| match (form.kind, item.get(attribute)) {
        (KeyKind::Text, Some(AttributeValue::S(value)))
        | (KeyKind::Number, Some(AttributeValue::N(value))) => Ok(value.clone()),
        _ => {
            let error = KeyOfAnotherType {
                table: collection.table.clone(),
                attribute: attribute.to_owned(),
            };
            Err(DependencyError::refused(STORE, operation, error))
        }
    };
    let mut values = collection.key.each().map(part);
    let partition = values.next().transpose()?.unwrap_or_default();
    let sort = values.next().transpose()?;
    Ok(Row {
        key: RecordKey { partition, sort },
        attributes: attributes(collection, item, fields == Fields::Exact),
    })
}

/// Those of these items that are rows of the collection: others may have theirs in the same table.
fn rows_of(
    collection: &Collection,
    items: Option<Vec<Item>>,
    fields: Fields,
    operation: &'static str,
) -> Result<Vec<Row>, DependencyError> {
    let rows = items.unwrap_or_default().into_iter();
    let mut rows: Vec<Row> = rows
        .map(|item| row(collection, item, fields, operation))
        .collect::<Result<_, _>>()?;
    rows.retain(|row| collection.has(&row.key));
    Ok(rows)
}

/// A position that cannot be used is the fault of the caller, or of its client: a retry does not help.
fn refused_position(error: super::PositionError) -> DependencyError {
    DependencyError::refused(STORE, "query rows", error)
}

/// The position after the last key of a page.
fn position(key: Option<Item>) -> Result<Option<Position>, DependencyError> {
    key.filter(|key| !key.is_empty())
        .map(super::position::behind)
        .transpose()
        .map_err(refused_position)
}
