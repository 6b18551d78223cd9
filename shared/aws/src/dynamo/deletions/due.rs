//! Finding what is due of a kind: one query for each of its shards in the index, in parallel, which takes as long as
//! one.

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::try_join_all;
use jiff::Timestamp;
use tracing::warn;

use super::{DynamoDeletions, ItemError, STORE, keys};
use crate::dynamo::{Item, text};
use crate::sdk_error::dependency_error;
use domain::deletion::{DeletionId, DueKind};
use domain::principal::Tenant;
use ports::{DependencyError, FindDue};

const OPERATION: &str = "find due deletions";

/// A deletion, and since when it is due.
type Found = (i64, Tenant, DeletionId);

impl FindDue for DynamoDeletions {
    async fn find_due(
        &self,
        kind: DueKind,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<(Tenant, DeletionId)>, DependencyError> {
        let shards = keys::due_shards(kind).map(|shard| self.due_in(shard, now, limit));
        let shards = try_join_all(shards).await?;
        let mut found: Vec<Found> = shards.into_iter().flatten().collect();
        found.sort();
        Ok(found
            .into_iter()
            .take(limit)
            .map(|(_, tenant, id)| (tenant, id))
            .collect())
    }
}

impl DynamoDeletions {
    async fn due_in(
        &self,
        shard: String,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<Found>, DependencyError> {
        let answer = self
            .client
            .query()
            .table_name(&self.control)
            .index_name("due")
            .key_condition_expression("due_shard = :shard AND due_at <= :now")
            .expression_attribute_values(":shard", text(shard))
            .expression_attribute_values(
                ":now",
                AttributeValue::N(now.as_millisecond().to_string()),
            )
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(|error| dependency_error(STORE, OPERATION, error))?;
        let items = answer.items.unwrap_or_default();
        // One entry that cannot be read must not hide all the others.
        Ok(items
            .iter()
            .filter_map(|item| {
                found(item)
                    .inspect_err(|error| warn!(%error, "an entry of the index `due` is left alone"))
                    .ok()
            })
            .collect())
    }
}

fn found(item: &Item) -> Result<Found, ItemError> {
    let owner = item
        .get("pk")
        .and_then(|pk| pk.as_s().ok())
        .and_then(|pk| keys::parse_pk(pk));
    let due_at = item
        .get("due_at")
        .and_then(|at| at.as_n().ok())
        .and_then(|at| at.parse().ok());
    let ((tenant, id), due_at) = owner
        .zip(due_at)
        .ok_or_else(|| ItemError::malformed(keys::META, "not an entry of the index `due`"))?;
    Ok((due_at, tenant, id))
}
