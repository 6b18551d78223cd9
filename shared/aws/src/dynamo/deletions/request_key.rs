//! The keys of requests: one item each, written in the transaction of what the request does, gone after a day.
//!
//! TTL may remove an item days later, so its time is in the condition of the next one.

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{AttributeValue, CancellationReason, Delete, Put};

use super::{DynamoDeletions, ItemError, STORE, check_version, item, keys, known, unusable};
use crate::dynamo::{Item, text};
use crate::sdk_error::dependency_error;
use domain::deletion::Deletion;
use domain::principal::Tenant;
use domain::request_key::{RequestKey, UsedKey};
use jiff::Timestamp;
use ports::DependencyError;

pub(super) async fn read(
    deletions: &DynamoDeletions,
    tenant: &Tenant,
    key: &RequestKey,
) -> Result<Option<UsedKey>, DependencyError> {
    let operation = "read the key of a request";
    let answer = deletions
        .client
        .get_item()
        .table_name(&deletions.control)
        .set_key(Some(keys::key(keys::request(tenant, key), keys::KEY)))
        .consistent_read(true)
        .send()
        .await
        .map_err(|error| dependency_error(STORE, operation, error))?;
    let Some(item) = answer.item else {
        return Ok(None);
    };
    let (used, until) = used(&item).map_err(unusable(operation))?;
    Ok((seconds(key.at) < until).then_some(used))
}

fn used(item: &Item) -> Result<(UsedKey, i64), ItemError> {
    check_version(item)?;
    let part = |name: &str| {
        let value = item.get(name).and_then(|value| value.as_s().ok());
        value.ok_or_else(|| ItemError::malformed(keys::KEY, format!("no text in `{name}`")))
    };
    let until = item.get("expires_at").and_then(|value| value.as_n().ok());
    let until = until.and_then(|until| until.parse().ok());
    let used = UsedKey {
        asked: part("asked")?.clone(),
        deletion: part("deletion")?
            .parse()
            .map_err(|error| ItemError::malformed(keys::KEY, error))?,
    };
    Ok((used, until.unwrap_or(i64::MAX)))
}

/// Stores the key, unless another request has used it in its last day.
pub(super) fn put(
    deletions: &DynamoDeletions,
    deletion: &Deletion,
    key: &RequestKey,
) -> Result<Put, BuildError> {
    let mut item = item(keys::request(&deletion.tenant, key), keys::KEY.to_owned());
    item.insert("asked".to_owned(), text(key.asked.clone()));
    // Not `deletion_id`: with it the item would stand in the index of deletions.
    item.insert("deletion".to_owned(), text(deletion.id.to_string()));
    item.insert("expires_at".to_owned(), number(seconds(key.expires_at())));
    Put::builder()
        .table_name(&deletions.control)
        .set_item(Some(item))
        .condition_expression("attribute_not_exists(pk) OR (expires_at <= :now AND v <= :known)")
        .expression_attribute_values(":now", number(seconds(key.at)))
        .expression_attribute_values(":known", known())
        .build()
}

/// Removes the key: the request that used it is undone.
pub(super) fn remove(
    deletions: &DynamoDeletions,
    deletion: &Deletion,
    key: &RequestKey,
) -> Result<Delete, BuildError> {
    Delete::builder()
        .table_name(&deletions.control)
        .set_key(Some(keys::key(
            keys::request(&deletion.tenant, key),
            keys::KEY,
        )))
        .condition_expression("attribute_not_exists(pk) OR deletion = :ours")
        .expression_attribute_values(":ours", text(deletion.id.to_string()))
        .build()
}

/// Whether a transaction was cancelled because of the key: another request has used it, or uses it at this moment.
pub(super) fn is_in_use(reason: Option<&CancellationReason>) -> bool {
    let code = reason.and_then(CancellationReason::code);
    matches!(code, Some("ConditionalCheckFailed" | "TransactionConflict"))
}

/// TTL demands whole seconds.
fn seconds(at: Timestamp) -> i64 {
    at.as_second()
}

fn number(number: i64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}
