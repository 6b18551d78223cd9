//! Reading several deletions of a tenant at once, each with its scope.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::KeysAndAttributes;

use super::scope::read_scope;
use super::{DynamoDeletions, ItemError, STORE, keys, meta, unusable};
use crate::dynamo::Item;
use crate::sdk_error::dependency_error;
use domain::deletion::DeletionId;
use domain::principal::Tenant;
use ports::{Attempt, DeletionItems, DependencyError};

const OPERATION: &str = "read deletions";

pub(super) async fn read(
    deletions: &DynamoDeletions,
    tenant: &Tenant,
    ids: &[DeletionId],
) -> Result<Vec<Attempt<DeletionItems>>, DependencyError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let table = &deletions.control;
    let wanted = ids
        .iter()
        .flat_map(|id| [keys::META, keys::SCOPE].map(|sk| keys::key(keys::pk(tenant, *id), sk)));
    let request = KeysAndAttributes::builder()
        .consistent_read(true)
        .set_keys(Some(wanted.collect()))
        .build()
        .map_err(|error| DependencyError::refused(STORE, OPERATION, error))?;
    let answer = deletions
        .client
        .batch_get_item()
        .request_items(table, request)
        .send()
        .await
        .map_err(|error| dependency_error(STORE, OPERATION, error))?;
    let found = answer
        .responses
        .and_then(|mut tables| tables.remove(table))
        .unwrap_or_default();
    let mut found: HashMap<(String, String), Item> = found
        .into_iter()
        .filter_map(|item| Some((place(&item)?, item)))
        .collect();
    let left: Vec<(String, String)> = answer
        .unprocessed_keys
        .and_then(|mut tables| tables.remove(table))
        .map(|left| left.keys.iter().filter_map(place).collect())
        .unwrap_or_default();
    ids.iter()
        .map(|id| {
            let of = |sk: &str| (keys::pk(tenant, *id), sk.to_owned());
            let (at, scope_at) = (of(keys::META), of(keys::SCOPE));
            if left.contains(&at) || left.contains(&scope_at) {
                return Ok(Attempt::Retry("UnprocessedKeys".to_owned()));
            }
            let items = (found.remove(&at), found.remove(&scope_at));
            known(items).map(Attempt::Done)
        })
        .collect()
}

fn known((item, scope): (Option<Item>, Option<Item>)) -> Result<DeletionItems, DependencyError> {
    let Some(item) = item else {
        return Ok(DeletionItems::None);
    };
    let read = || {
        let deletion = meta::read(item)?;
        let scope = scope.as_ref().map(read_scope).transpose()?;
        Ok(DeletionItems::Known(
            Box::new(deletion),
            scope.map(Box::new),
        ))
    };
    match read() {
        Err(ItemError::TooNew { .. } | ItemError::BodyTooNew { .. }) => Ok(DeletionItems::Newer),
        read => read.map_err(unusable(OPERATION)),
    }
}

fn place(item: &Item) -> Option<(String, String)> {
    let part = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned();
    Some((part("pk")?, part("sk")?))
}
