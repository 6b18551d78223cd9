//! Rolling an acceptance back, as long as no worker has begun.
//!
//! The root may no longer carry our mark: its owner may write to the table without us. Then there is nothing to roll
//! back on it, and its state is not ours to decide; it must not keep the deletion alive either, so the rest is rolled
//! back without it, in a second transaction. That is the one case in which this method makes two calls.

use aws_sdk_dynamodb::error::{BuildError, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::builders::DeleteBuilder;
use aws_sdk_dynamodb::types::{
    AttributeValue, Delete, ReturnValuesOnConditionCheckFailure as OnFailure, TransactWriteItem,
    Update,
};

use super::transaction::reasons;
use super::{DynamoDeletions, STORE, cancelled, failed_condition, keys, known, open, request_key};
use crate::dynamo::expression::Placeholders;
use crate::dynamo::{changed, marked, primary_key};
use crate::sdk_error::dependency_error;
use domain::change::Change;
use domain::collection::Collection;
use domain::deletion::Deletion;
use domain::page::{Entry, Page};
use domain::request_key::RequestKey;
use ports::{DependencyError, UndoOutcome};

const OPERATION: &str = "take a deletion back";

pub(super) async fn undo(
    deletions: &DynamoDeletions,
    collection: &Collection,
    deletion: &Deletion,
    page: &Page,
    key: Option<&RequestKey>,
) -> Result<UndoOutcome, DependencyError> {
    let control = removals(deletions, deletion, &[keys::page(1)], key).map_err(refused)?;
    let root = root_of(page).map_err(refused)?;
    // As it was found when it was marked, a moment ago.
    let found = root.found(collection).unwrap_or_default();
    let change = Change::undoing(collection, &deletion.mark(), &found);
    let root = unmark(deletions, collection, deletion, (root, &change)).map_err(refused)?;
    let root = TransactWriteItem::builder().update(root);
    let whole = control.iter().cloned().chain([root.build()]).collect();
    let Err(error) = transact(deletions, whole).await else {
        return Ok(UndoOutcome::Undone);
    };
    if let Some(outcome) = decided(&error) {
        return Ok(outcome);
    }
    if !reasons(&error).is_some_and(|reasons| failed_condition(reasons.get(control.len()))) {
        return Err(failure(error));
    }
    match transact(deletions, control).await {
        Ok(()) => Ok(UndoOutcome::Undone),
        Err(error) => decided(&error).ok_or_else(|| failure(error)),
    }
}

/// As [`undo`], where only the control table was written.
pub(super) async fn undo_requested(
    deletions: &DynamoDeletions,
    deletion: &Deletion,
    parts: u32,
    key: Option<&RequestKey>,
) -> Result<UndoOutcome, DependencyError> {
    let ids: Vec<String> = (1..=parts).map(keys::ids).collect();
    let mut control = removals(deletions, deletion, &ids, key).map_err(refused)?;
    let entry = Delete::builder()
        .table_name(&deletions.control)
        .set_key(Some(open::key_of(deletion)));
    let entry = entry.build().map_err(refused)?;
    control.push(TransactWriteItem::builder().delete(entry).build());
    match transact(deletions, control).await {
        Ok(()) => Ok(UndoOutcome::Undone),
        Err(error) => decided(&error).ok_or_else(|| failure(error)),
    }
}

/// `META` first: its condition decides. Then the scope, the other items, and the key of the request.
fn removals(
    deletions: &DynamoDeletions,
    deletion: &Deletion,
    others: &[String],
    key: Option<&RequestKey>,
) -> Result<Vec<TransactWriteItem>, BuildError> {
    let remove = |sk: &str| {
        Delete::builder()
            .table_name(&deletions.control)
            .set_key(Some(keys::key(keys::pk_of(deletion), sk)))
    };
    let meta = remove(keys::META)
        .condition_expression("epoch = :none AND v <= :known")
        .expression_attribute_values(":none", AttributeValue::N("0".to_owned()))
        .expression_attribute_values(":known", known())
        .return_values_on_condition_check_failure(OnFailure::AllOld);
    [meta, remove(keys::SCOPE)]
        .into_iter()
        .chain(others.iter().map(|sk| remove(sk)))
        .map(DeleteBuilder::build)
        .chain(key.map(|key| request_key::remove(deletions, deletion, key)))
        .map(|removal| Ok(TransactWriteItem::builder().delete(removal?).build()))
        .collect()
}

/// Makes this change of the root, which takes our mark off, if the root carries it and is as it was found.
pub(super) fn unmark(
    deletions: &DynamoDeletions,
    collection: &Collection,
    deletion: &Deletion,
    (root, change): (&Entry, &Change),
) -> Result<Update, BuildError> {
    let mut places = Placeholders::default();
    let update = changed::update(&mut places, collection, change);
    let ours = marked::marked_by(&mut places, collection, deletion.id);
    let as_found = changed::and_as_found(&mut places, collection, change);
    Update::builder()
        .table_name(deletions.tables.of(collection))
        .set_key(Some(primary_key(&collection.key, &root.key)))
        .update_expression(update)
        .condition_expression(format!("{ours}{as_found}"))
        .set_expression_attribute_names(Some(places.names()))
        .set_expression_attribute_values(places.values())
        .return_values_on_condition_check_failure(OnFailure::AllOld)
        .build()
}

/// The root, which page 1 holds, and nothing else.
pub(super) fn root_of(page: &Page) -> Result<&Entry, BuildError> {
    match page.entries.as_slice() {
        [root] => Ok(root),
        _ => Err(BuildError::other("page 1 holds the root and nothing else")),
    }
}

async fn transact(
    deletions: &DynamoDeletions,
    actions: Vec<TransactWriteItem>,
) -> Result<(), SdkError<TransactWriteItemsError>> {
    deletions
        .client
        .transact_write_items()
        .set_transact_items(Some(actions))
        .send()
        .await
        .map(|_| ())
}

/// What `META` means when its condition fails: begun if it exists (also one of a later version), undone if it is
/// missing.
fn decided(error: &SdkError<TransactWriteItemsError>) -> Option<UndoOutcome> {
    let meta = reasons(error)?
        .first()
        .filter(|reason| failed_condition(Some(reason)))?;
    let there = meta.item().is_some_and(|item| !item.is_empty());
    Some(if there {
        UndoOutcome::Begun
    } else {
        UndoOutcome::Undone
    })
}

fn failure(error: SdkError<TransactWriteItemsError>) -> DependencyError {
    match reasons(&error) {
        Some(reasons) => cancelled(OPERATION, reasons),
        None => dependency_error(STORE, OPERATION, error),
    }
}

fn refused(error: BuildError) -> DependencyError {
    DependencyError::refused(STORE, OPERATION, error)
}
