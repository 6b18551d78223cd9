//! A parent that is not deleted while it has a live child.

use crate::api::Api;
use crate::related;
use domain::collection::{Collection, CollectionName};
use domain::key::RecordKey;
use domain::principal::Tenant;
use domain::row::Row;
use ports::{ApiPorts, DependencyError, Related};

/// The first query for children reads few, the next ones many.
const FEW: usize = 10;
const MANY: usize = 1000;

/// The collection of a live child that blocks this record. A child that is written after this check stays below a
/// deleted parent, and is hidden by it.
///
/// # Errors
///
/// When the record store did not answer.
pub(super) async fn blocking_child<P: ApiPorts>(
    api: &Api<P>,
    tenant: &Tenant,
    collection: &Collection,
    key: &RecordKey,
) -> Result<Option<CollectionName>, DependencyError> {
    for child in api.collections.restricting(&collection.name) {
        let Some(children) = Related::children(child, key) else {
            continue;
        };
        let is_live = |row: &Row| row.is_unmarked(tenant, child);
        let (mut after, mut limit) = (None, FEW);
        loop {
            let page = related::page(api, &children, after.as_ref(), limit).await?;
            if page.rows.iter().any(is_live) {
                return Ok(Some(child.name.clone()));
            }
            (after, limit) = (page.next, MANY);
            if after.is_none() {
                break;
            }
        }
    }
    Ok(None)
}
