//! The announcements of deletions without a root that may be under way: one query finds all of a tenant, consistently.

use std::time::Duration;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use tracing::warn;

use super::{DynamoDeletions, ItemError, STORE, check_version, item, keys};
use crate::dynamo::{Item, text};
use crate::sdk_error::dependency_error;
use domain::deletion::Deletion;
use domain::open::{Announcement, Keys, MOST_OPEN};
use domain::principal::Tenant;
use domain::time::later;
use ports::DependencyError;

/// When an announcement disappears by TTL, if nothing has removed it: a deletion without progress is given up long before.
const KEPT: Duration = Duration::from_hours(30 * 24);

/// The name of an announcement in errors.
pub(super) const NAME: &str = "O";

/// The attribute with the keys.
const KEYS: &str = "keys";

pub(super) fn key_of(deletion: &Deletion) -> Item {
    keys::key(keys::open(&deletion.tenant), &deletion.id.to_string())
}

pub(super) fn announcement(deletion: &Deletion, of: &Keys) -> Item {
    let mut item = item(keys::open(&deletion.tenant), deletion.id.to_string());
    let until = later(deletion.deleted_at, KEPT).as_second();
    item.insert(
        "expires_at".to_owned(),
        AttributeValue::N(until.to_string()),
    );
    let bytes = of.to_bytes();
    if !bytes.is_empty() {
        item.insert(KEYS.to_owned(), AttributeValue::B(Blob::new(bytes)));
    }
    item
}

pub(super) async fn read(
    deletions: &DynamoDeletions,
    tenant: &Tenant,
) -> Result<Vec<Announcement>, DependencyError> {
    let answer = deletions
        .client
        .query()
        .table_name(&deletions.control)
        .consistent_read(true)
        .key_condition_expression("pk = :open")
        .expression_attribute_values(":open", text(keys::open(tenant)))
        .scan_index_forward(false)
        .limit(i32::try_from(MOST_OPEN).unwrap_or(i32::MAX))
        .send()
        .await
        .map_err(|error| dependency_error(STORE, "read what is open", error))?;
    let items = answer.items.unwrap_or_default();
    // One that cannot be read must not make all records unreadable.
    Ok(items
        .iter()
        .filter_map(|item| {
            read_announcement(item)
                .inspect_err(
                    |error| warn!(%error, "an announcement of an open deletion is left alone"),
                )
                .ok()
        })
        .collect())
}

fn read_announcement(item: &Item) -> Result<Announcement, ItemError> {
    check_version(item)?;
    let sk = item.get("sk").and_then(|sk| sk.as_s().ok());
    let id = sk.and_then(|id| id.parse().ok());
    let bytes = item.get(KEYS).and_then(|keys| keys.as_b().ok());
    Ok(Announcement {
        id: id.ok_or_else(|| ItemError::malformed(NAME, "no id"))?,
        keys: bytes.map_or_else(Keys::default, |bytes| Keys::from_bytes(bytes.as_ref())),
    })
}
