//! Reading deletions, scopes, pages and exceptions.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;

use super::keys::BODY;
use super::scope::read_scope;
use super::{DynamoDeletions, ItemError, STORE, body, check_version, item, keys, meta, unusable};
use crate::dynamo::{Item, text};
use crate::sdk_error::dependency_error;
use domain::deletion::{Deletion, DeletionId};
use domain::key::RecordKey;
use domain::notice::Notice;
use domain::open::Announcement;
use domain::page::{Exceptions, Page};
use domain::principal::Tenant;
use domain::scope::Scope;
use ports::{
    Attempt, DeletionItems, DeletionRange, DeletionSummary, DependencyError, ReadDeletions,
};

impl ReadDeletions for DynamoDeletions {
    async fn deletion(
        &self,
        tenant: &Tenant,
        id: DeletionId,
    ) -> Result<Option<Deletion>, DependencyError> {
        let operation = "read a deletion";
        let item = self.get(tenant, id, keys::META, operation).await?;
        item.map(meta::read)
            .transpose()
            .map_err(unusable(operation))
    }

    // Two items of each.
    const DELETIONS_BATCH: usize = 50;

    async fn deletions(
        &self,
        tenant: &Tenant,
        ids: &[DeletionId],
    ) -> Result<Vec<Attempt<DeletionItems>>, DependencyError> {
        super::several::read(self, tenant, ids).await
    }

    async fn scope(
        &self,
        tenant: &Tenant,
        id: DeletionId,
    ) -> Result<Option<Scope>, DependencyError> {
        let operation = "read a scope";
        let item = self.get(tenant, id, keys::SCOPE, operation).await?;
        item.map(|item| read_scope(&item))
            .transpose()
            .map_err(unusable(operation))
    }

    async fn ids(
        &self,
        tenant: &Tenant,
        id: DeletionId,
        part: u32,
    ) -> Result<Option<Vec<RecordKey>>, DependencyError> {
        let operation = "read the ids of a scope";
        let item = self.get(tenant, id, &keys::ids(part), operation).await?;
        item.map(|item| read_ids(part, &item))
            .transpose()
            .map_err(unusable(operation))
    }

    async fn page(
        &self,
        tenant: &Tenant,
        id: DeletionId,
        number: u32,
    ) -> Result<Option<Page>, DependencyError> {
        let operation = "read a page";
        let item = self.get(tenant, id, &keys::page(number), operation).await?;
        item.map(|item| read_page(number, &item))
            .transpose()
            .map_err(unusable(operation))
    }

    async fn exceptions(
        &self,
        tenant: &Tenant,
        id: DeletionId,
        number: u32,
    ) -> Result<Option<Exceptions>, DependencyError> {
        let operation = "read the exceptions of a page";
        let item = self
            .get(tenant, id, &keys::exceptions(number), operation)
            .await?;
        item.map(|item| read_exceptions(number, &item))
            .transpose()
            .map_err(unusable(operation))
    }

    async fn open(&self, tenant: &Tenant) -> Result<Vec<Announcement>, DependencyError> {
        super::open::read(self, tenant).await
    }

    async fn list(
        &self,
        tenant: &Tenant,
        range: DeletionRange,
        limit: usize,
    ) -> Result<Vec<DeletionSummary>, DependencyError> {
        let operation = "list deletions";
        let mut query = self
            .client
            .query()
            .table_name(&self.control)
            .index_name("by_tenant")
            .key_condition_expression("tenant = :tenant")
            .expression_attribute_values(":tenant", text(tenant.as_str()))
            .scan_index_forward(false)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX));
        let DeletionRange { from, before } = range;
        // The store refuses a range that is turned round.
        if from.is_some() && before.is_some() && before <= from {
            return Ok(Vec::new());
        }
        let condition = match (from, before) {
            (None, None) => None,
            (None, Some(_)) => Some("deletion_id < :before"),
            (Some(_), None) => Some("deletion_id >= :from"),
            (Some(_), Some(_)) => Some("deletion_id BETWEEN :from AND :before"),
        };
        if let Some(condition) = condition {
            query = query.key_condition_expression(format!("tenant = :tenant AND {condition}"));
        }
        if let Some(from) = from {
            query = query.expression_attribute_values(":from", text(from.to_string()));
        }
        if let Some(before) = before {
            // BETWEEN takes both of its ends.
            let before = if from.is_some() {
                before.before()
            } else {
                before
            };
            query = query.expression_attribute_values(":before", text(before.to_string()));
        }
        let answer = query
            .send()
            .await
            .map_err(|error| dependency_error(STORE, operation, error))?;
        let summaries = answer.items.unwrap_or_default();
        summaries
            .iter()
            .map(summary)
            .collect::<Result<_, _>>()
            .map_err(unusable(operation))
    }
}

impl DynamoDeletions {
    pub(super) async fn get(
        &self,
        tenant: &Tenant,
        id: DeletionId,
        sk: &str,
        operation: &'static str,
    ) -> Result<Option<Item>, DependencyError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.control)
            .set_key(Some(keys::key(keys::pk(tenant, id), sk)))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| dependency_error(STORE, operation, error))?;
        Ok(answer.item)
    }
}

/// The item of a part of ids.
pub(super) fn ids_item(
    deletion: &Deletion,
    part: u32,
    ids: &[RecordKey],
) -> Result<Item, ItemError> {
    let sk = keys::ids(part);
    let body = body::write_ids(ids).map_err(|error| ItemError::of_body(&sk, error))?;
    Ok(with_body(deletion, sk, body))
}

fn read_ids(part: u32, item: &Item) -> Result<Vec<RecordKey>, ItemError> {
    let sk = keys::ids(part);
    body::read_ids(bytes(item, &sk)?).map_err(|error| ItemError::of_body(&sk, error))
}

/// The item of a page.
pub(super) fn page_item(deletion: &Deletion, page: &Page) -> Result<Item, ItemError> {
    let sk = keys::page(page.number);
    let body = body::write_page(page).map_err(|error| ItemError::of_body(&sk, error))?;
    Ok(with_body(deletion, sk, body))
}

/// The page of an item.
pub(super) fn read_page(number: u32, item: &Item) -> Result<Page, ItemError> {
    let sk = keys::page(number);
    body::read_page(number, bytes(item, &sk)?).map_err(|error| ItemError::of_body(&sk, error))
}

/// The item of a page's exceptions.
pub(super) fn exceptions_item(
    deletion: &Deletion,
    number: u32,
    exceptions: &Exceptions,
) -> Result<Item, ItemError> {
    let sk = keys::exceptions(number);
    let body =
        body::write_exceptions(exceptions).map_err(|error| ItemError::of_body(&sk, error))?;
    Ok(with_body(deletion, sk, body))
}

fn read_exceptions(number: u32, item: &Item) -> Result<Exceptions, ItemError> {
    let sk = keys::exceptions(number);
    body::read_exceptions(bytes(item, &sk)?).map_err(|error| ItemError::of_body(&sk, error))
}

/// The item of a page's notice.
pub(super) fn notice_item(
    deletion: &Deletion,
    number: u32,
    notice: &Notice,
) -> Result<Item, ItemError> {
    let sk = keys::notice(number);
    let body = body::write_notice(notice).map_err(|error| ItemError::of_body(&sk, error))?;
    Ok(with_body(deletion, sk, body))
}

pub(super) fn read_notice(number: u32, item: &Item) -> Result<Notice, ItemError> {
    let sk = keys::notice(number);
    body::read_notice(bytes(item, &sk)?).map_err(|error| ItemError::of_body(&sk, error))
}

fn with_body(deletion: &Deletion, sk: String, body: Vec<u8>) -> Item {
    let mut item = item(keys::pk_of(deletion), sk);
    item.insert(BODY.to_owned(), AttributeValue::B(Blob::new(body)));
    item
}

fn bytes<'a>(item: &'a Item, sk: &str) -> Result<&'a [u8], ItemError> {
    check_version(item)?;
    let body = item.get(BODY).and_then(|body| body.as_b().ok());
    Ok(body
        .ok_or_else(|| ItemError::malformed(sk, "no body"))?
        .as_ref())
}

fn summary(item: &Item) -> Result<DeletionSummary, ItemError> {
    let part = |name: &str| {
        let value = item.get(name).and_then(|value| value.as_s().ok());
        value.ok_or_else(|| ItemError::malformed(keys::META, format!("no text in `{name}`")))
    };
    let malformed = |why: String| ItemError::malformed(keys::META, why);
    Ok(DeletionSummary {
        id: part("deletion_id")?
            .parse()
            .map_err(|error: uuid::Error| malformed(error.to_string()))?,
        collection: part("collection")?
            .parse()
            .map_err(|error| malformed(format!("{error}")))?,
        requested_by: part("requested_by")?.clone(),
    })
}
