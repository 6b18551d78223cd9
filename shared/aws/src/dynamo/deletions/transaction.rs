//! What the transactions of an acceptance have in common, with and without a root, and when it is rolled back.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    CancellationReason, Put, ReturnValuesOnConditionCheckFailure as OnFailure, TransactWriteItem,
};

use super::{DynamoDeletions, OF_THE_REVISION_BEFORE, STORE, known, request_key, revision_before};
use crate::dynamo::Item;
use domain::deletion::Deletion;
use domain::request_key::RequestKey;
use ports::DependencyError;

/// The acceptance's name in errors.
pub(super) const OPERATION: &str = "accept a deletion";

impl DynamoDeletions {
    /// The last action of a transaction, if the request has a key.
    pub(super) fn put_key(
        &self,
        deletion: &Deletion,
        key: Option<&RequestKey>,
    ) -> Result<Option<TransactWriteItem>, DependencyError> {
        let put = key.map(|key| request_key::put(self, deletion, key));
        let put = put
            .transpose()
            .map_err(|error| DependencyError::refused(STORE, OPERATION, error))?;
        Ok(put.map(|put| TransactWriteItem::builder().put(put).build()))
    }

    pub(super) fn put_meta(&self, item: Item) -> Result<Put, DependencyError> {
        Put::builder()
            .table_name(&self.control)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(pk)")
            .return_values_on_condition_check_failure(OnFailure::AllOld)
            .build()
            .map_err(|error| DependencyError::refused(STORE, OPERATION, error))
    }

    /// Replaces `META` by the item of `next`, if it is still of the revision before.
    pub(super) fn replace_meta(
        &self,
        next: &Deletion,
        item: Item,
        operation: &'static str,
    ) -> Result<Put, DependencyError> {
        Put::builder()
            .table_name(&self.control)
            .set_item(Some(item))
            .condition_expression(OF_THE_REVISION_BEFORE)
            .expression_attribute_values(":before", revision_before(next))
            .expression_attribute_values(":known", known())
            .return_values_on_condition_check_failure(OnFailure::AllOld)
            .build()
            .map_err(|error| DependencyError::refused(STORE, operation, error))
    }

    pub(super) fn put(&self, item: Item) -> Result<Put, DependencyError> {
        Put::builder()
            .table_name(&self.control)
            .set_item(Some(item))
            .build()
            .map_err(|error| DependencyError::refused(STORE, OPERATION, error))
    }
}

/// Why a transaction was cancelled, action by action; `None` when it failed in another way.
pub(super) fn reasons(error: &SdkError<TransactWriteItemsError>) -> Option<&[CancellationReason]> {
    match error.as_service_error()? {
        TransactWriteItemsError::TransactionCanceledException(cancelled) => {
            Some(cancelled.cancellation_reasons())
        }
        _ => None,
    }
}
