//! Rows of the user's tables: read, marked and removed.

mod aggregate;
mod archive;
mod clear;
mod detach;
mod erase;
mod mark;
mod purge;
mod query;
mod read;
mod write;

use aws_sdk_dynamodb::Client;

use super::value::to_json;
use super::{Item, TableNames};
use domain::collection::Collection;
use domain::key::RecordKey;
use domain::page::Position;
use domain::row::Row;
use ports::DependencyError;

const STORE: &str = "record store";

/// Rows in DynamoDB tables.
#[derive(Debug, Clone)]
pub struct DynamoRows {
    client: Client,
    tables: TableNames,
    archive: Option<String>,
}

/// A row whose key is not a text, although the collections file says so.
#[derive(Debug, thiserror::Error)]
#[error("a row of `{table}` has no text in its key attribute `{attribute}`")]
struct KeyIsNoText {
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
    operation: &'static str,
) -> Result<Row, DependencyError> {
    let attributes = item
        .into_iter()
        .map(|(name, value)| (name, to_json(value)))
        .collect();
    let row = Row {
        key: RecordKey::stored("", None),
        attributes,
    };
    let part = |attribute: &String| {
        row.text(attribute).map(str::to_owned).ok_or_else(|| {
            let error = KeyIsNoText {
                table: collection.table.clone(),
                attribute: attribute.clone(),
            };
            DependencyError::refused(STORE, operation, error)
        })
    };
    let partition = part(&collection.key.partition)?;
    let sort = collection.key.sort.as_ref().map(part).transpose()?;
    Ok(Row {
        key: RecordKey { partition, sort },
        ..row
    })
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
