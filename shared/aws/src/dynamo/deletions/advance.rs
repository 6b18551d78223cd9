//! Advancing deletions: compare-and-set of `META`, and the pages.

use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure as OnFailure;
use futures_util::future::join_all;

use super::read::{exceptions_item, page_item, read_page};
use super::{
    ABSENT_OR_KNOWN, DynamoDeletions, OF_THE_REVISION_BEFORE, STORE, keys, known, left_alone, meta,
    revision_before, unusable,
};
use crate::dynamo::Item;
use crate::sdk_error::dependency_error;
use domain::collection::Collection;
use domain::deletion::Deletion;
use domain::page::{Exceptions, Page};
use ports::{
    AdvanceDeletions, Ancestor, ChangeDeletions, DependencyError, PutPageOutcome, RestoreOutcome,
    StoreOutcome,
};

impl ChangeDeletions for DynamoDeletions {
    async fn store(&self, next: &Deletion) -> Result<StoreOutcome, DependencyError> {
        let operation = "store a deletion";
        let item = meta::write(next).map_err(unusable(operation))?;
        let answer = self
            .client
            .put_item()
            .table_name(&self.control)
            .set_item(Some(item.clone()))
            .condition_expression(OF_THE_REVISION_BEFORE)
            .expression_attribute_values(":before", revision_before(next))
            .expression_attribute_values(":known", known())
            .return_values_on_condition_check_failure(OnFailure::AllOld)
            .send()
            .await;
        let Err(error) = answer else {
            return Ok(StoreOutcome::Stored);
        };
        let Some(PutItemError::ConditionalCheckFailedException(failed)) = error.as_service_error()
        else {
            return Err(dependency_error(STORE, operation, error));
        };
        let Some(old) = failed.item().filter(|old| !old.is_empty()) else {
            return Ok(StoreOutcome::Changed(None));
        };
        let old = meta::read(old.clone()).map_err(unusable(operation))?;
        // Already ours, by an attempt whose answer was lost. Compared in the stored form, because storing cuts times.
        let ours = meta::read(item).map_err(unusable(operation))?;
        Ok(if old == ours {
            StoreOutcome::Stored
        } else {
            StoreOutcome::Changed(Some(Box::new(old)))
        })
    }
}

impl AdvanceDeletions for DynamoDeletions {
    async fn finish_restore(
        &self,
        collection: &Collection,
        restored: &Deletion,
        page: &Page,
        ancestors: &[Ancestor],
    ) -> Result<RestoreOutcome, DependencyError> {
        super::restore::finish(self, collection, restored, page, ancestors).await
    }

    async fn put_page(
        &self,
        deletion: &Deletion,
        page: &Page,
    ) -> Result<PutPageOutcome, DependencyError> {
        let operation = "write a page";
        let answer = self
            .client
            .put_item()
            .table_name(&self.control)
            .set_item(Some(
                page_item(deletion, page).map_err(unusable(operation))?,
            ))
            .condition_expression("attribute_not_exists(pk)")
            .return_values_on_condition_check_failure(OnFailure::AllOld)
            .send()
            .await;
        let Err(error) = answer else {
            return Ok(PutPageOutcome::Written);
        };
        match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(failed)) => {
                let old = failed.item().cloned().unwrap_or_default();
                let earlier = read_page(page.number, &old).map_err(unusable(operation))?;
                let ours = earlier == *page;
                Ok(if ours {
                    PutPageOutcome::Written
                } else {
                    PutPageOutcome::Earlier(Box::new(earlier))
                })
            }
            _ => Err(dependency_error(STORE, operation, error)),
        }
    }

    async fn put_exceptions(
        &self,
        deletion: &Deletion,
        number: u32,
        exceptions: &Exceptions,
    ) -> Result<(), DependencyError> {
        let operation = "write the exceptions of a page";
        let sk = keys::exceptions(number);
        if exceptions.is_empty() {
            return self.remove(deletion, &sk, operation).await;
        }
        let item = exceptions_item(deletion, number, exceptions).map_err(unusable(operation))?;
        self.write_over(item, &sk, operation).await
    }

    async fn close(&self, deletion: &Deletion) -> Result<(), DependencyError> {
        let key = super::open::key_of(deletion);
        self.remove_item(key, super::open::NAME, "close a deletion")
            .await
    }

    async fn drop_ids(&self, deletion: &Deletion, part: u32) -> Result<(), DependencyError> {
        self.remove(deletion, &keys::ids(part), "remove the ids of a scope")
            .await
    }

    /// All items in parallel, which takes as long as one: a transaction would cost twice the write units of a page.
    async fn drop_page(&self, deletion: &Deletion, number: u32) -> Result<(), DependencyError> {
        let operation = "remove a page";
        let (page, exceptions) = (keys::page(number), keys::exceptions(number));
        let notice = keys::notice(number);
        let mut items = vec![page.as_str(), exceptions.as_str(), notice.as_str()];
        if number == 1 {
            items.push(keys::SCOPE);
        }
        let removals = items
            .into_iter()
            .map(|sk| self.remove(deletion, sk, operation));
        // All are awaited: a call that is dropped under way may still arrive, after the write of the next worker.
        join_all(removals).await.into_iter().collect()
    }
}

impl DynamoDeletions {
    /// Puts an item, and replaces one that this build or an earlier one has put there.
    pub(super) async fn write_over(
        &self,
        item: Item,
        sk: &str,
        operation: &'static str,
    ) -> Result<(), DependencyError> {
        let answer = self
            .client
            .put_item()
            .table_name(&self.control)
            .set_item(Some(item))
            .condition_expression(ABSENT_OR_KNOWN)
            .expression_attribute_values(":known", known())
            .send()
            .await;
        match answer {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(_)) => {
                    Err(left_alone(sk, operation))
                }
                _ => Err(dependency_error(STORE, operation, error)),
            },
        }
    }

    async fn remove(
        &self,
        deletion: &Deletion,
        sk: &str,
        operation: &'static str,
    ) -> Result<(), DependencyError> {
        let key = keys::key(keys::pk_of(deletion), sk);
        self.remove_item(key, sk, operation).await
    }

    /// Removes an item that this build or an earlier one has put there; `name` is its name in errors.
    async fn remove_item(
        &self,
        key: Item,
        name: &str,
        operation: &'static str,
    ) -> Result<(), DependencyError> {
        let answer = self
            .client
            .delete_item()
            .table_name(&self.control)
            .set_key(Some(key))
            .condition_expression(ABSENT_OR_KNOWN)
            .expression_attribute_values(":known", known())
            .send()
            .await;
        match answer {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error() {
                Some(DeleteItemError::ConditionalCheckFailedException(_)) => {
                    Err(left_alone(name, operation))
                }
                _ => Err(dependency_error(STORE, operation, error)),
            },
        }
    }
}
