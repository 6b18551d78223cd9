//! Rows that move to the archive table and back: the whole item is moved as it is, so nothing is lost.
//!
//! `docs/archive.md` describes the item. Everything is a statement of its own in a batch, so that a row which the store
//! refuses fails alone; a `BatchWriteItem` would refuse all 25.

mod bounds;
mod copy;
mod moving;

use std::collections::HashMap;
use std::sync::Arc;

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};

use self::bounds::ARCHIVE;
pub(super) use self::copy::is_narrow;
use super::{DynamoRows, STORE, row as read_row};
use crate::dynamo::{Item, primary_key};
use crate::sdk_error::dependency_error;
use domain::collection::Collection;
use domain::deletion::DeletionId;
use domain::key::RecordKey;
use domain::principal::Tenant;
use domain::row::Mark;
use ports::{
    ArchiveRows, Attempt, CopyOutcome, DependencyError, Fields, PutBackOutcome, RowToCopy, Stored,
    TakeOutcome, WholeRow,
};

impl ArchiveRows for DynamoRows {
    type Whole = Item;

    async fn whole(
        &self,
        collection: &Collection,
        keys: &[RecordKey],
    ) -> Result<Vec<WholeRow<Item>>, DependencyError> {
        const OPERATION: &str = "read whole rows";
        let asked = keys
            .iter()
            .map(|key| primary_key(&collection.key, key))
            .collect();
        let table = self.tables.of(collection);
        let answers = self.whole_items(&table, STORE, OPERATION, asked).await?;
        let stored = |kept: Item| {
            let row = read_row(collection, kept.clone(), Fields::All, OPERATION)?;
            Ok(Arc::new(Stored { row, raw: kept }))
        };
        answers
            .into_iter()
            .map(|answer| answer.try_map(stored))
            .collect()
    }

    async fn copy(
        &self,
        collection: &Collection,
        tenant: &Tenant,
        mark: &Mark,
        rows: &[RowToCopy<Item>],
    ) -> Result<Vec<Attempt<CopyOutcome>>, DependencyError> {
        copy::copy(self, collection, tenant, mark, rows).await
    }

    async fn take(
        &self,
        collection: &Collection,
        rows: &[Arc<Stored<Item>>],
    ) -> Result<Vec<Attempt<TakeOutcome>>, DependencyError> {
        moving::take(self, collection, rows).await
    }

    async fn copies(
        &self,
        collection: &Collection,
        deletion: DeletionId,
        keys: &[RecordKey],
    ) -> Result<Vec<WholeRow<Item>>, DependencyError> {
        const OPERATION: &str = "read copies";
        let asked = keys
            .iter()
            .map(|key| copy::primary_key(deletion, collection, key))
            .collect();
        let table = self.archive(OPERATION)?;
        let answers = self.whole_items(table, ARCHIVE, OPERATION, asked).await?;
        let stored = |item: Item| {
            let kept = copy::read(item).map_err(|error| error.into_error(OPERATION))?;
            let row = read_row(collection, kept.clone(), Fields::All, OPERATION)?;
            Ok(Arc::new(Stored { row, raw: kept }))
        };
        answers
            .into_iter()
            .map(|answer| answer.try_map(stored))
            .collect()
    }

    async fn put_back(
        &self,
        collection: &Collection,
        rows: &[Arc<Stored<Item>>],
    ) -> Result<Vec<Attempt<PutBackOutcome>>, DependencyError> {
        moving::put_back(self, collection, rows).await
    }

    async fn drop_copies(
        &self,
        collection: &Collection,
        deletion: DeletionId,
        keys: &[RecordKey],
    ) -> Result<Vec<Attempt<()>>, DependencyError> {
        copy::drop(self, collection, deletion, keys).await
    }
}

impl DynamoRows {
    /// The name of the archive table.
    fn archive(&self, operation: &'static str) -> Result<&str, DependencyError> {
        self.archive.as_deref().ok_or_else(|| {
            DependencyError::refused(ARCHIVE, operation, "no archive table is configured")
        })
    }

    /// Whole items by primary key, in the order of the keys.
    pub(super) async fn whole_items(
        &self,
        table: &str,
        store: &'static str,
        operation: &'static str,
        keys: Vec<Item>,
    ) -> Result<Vec<Answered>, DependencyError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let request = KeysAndAttributes::builder()
            .consistent_read(true)
            .set_keys(Some(keys.clone()))
            .build()
            .map_err(|error| DependencyError::refused(store, operation, error))?;
        let answer = self
            .client
            .batch_get_item()
            .request_items(table, request)
            .send()
            .await
            .map_err(|error| dependency_error(store, operation, error))?;
        let mut found: Vec<Item> = answer
            .responses
            .and_then(|mut tables| tables.remove(table))
            .unwrap_or_default();
        let left: Vec<Item> = answer
            .unprocessed_keys
            .and_then(|mut tables| tables.remove(table))
            .map(|left| left.keys)
            .unwrap_or_default();
        let mut places: HashMap<Vec<String>, usize> = HashMap::new();
        for (place, item) in found.iter().enumerate() {
            if let Some(key) = keys.first() {
                places.insert(identity(key, item), place);
            }
        }
        let answered = |key: &Item| match places.get(&identity(key, key)) {
            Some(place) => Answered::Found(std::mem::take(&mut found[*place])),
            None if left.contains(key) => Answered::Left,
            None => Answered::Missing,
        };
        Ok(keys.iter().map(answered).collect())
    }
}

/// What a read returns for one key.
pub(super) enum Answered {
    Found(Item),
    Missing,
    Left,
}

impl Answered {
    fn try_map<T>(
        self,
        read: impl Fn(Item) -> Result<T, DependencyError>,
    ) -> Result<Attempt<Option<T>>, DependencyError> {
        Ok(match self {
            Self::Found(item) => Attempt::Done(Some(read(item)?)),
            Self::Missing => Attempt::Done(None),
            Self::Left => Attempt::Retry("UnprocessedKeys".to_owned()),
        })
    }
}

/// The values that an item has in the attributes of this key.
fn identity(key: &Item, item: &Item) -> Vec<String> {
    let mut names: Vec<&String> = key.keys().collect();
    names.sort();
    names
        .into_iter()
        .map(|name| match item.get(name) {
            Some(AttributeValue::S(text)) => text.clone(),
            other => format!("{other:?}"),
        })
        .collect()
}
