//! Acceptance of a deletion without a root: only the control table is written.

use aws_sdk_dynamodb::types::TransactWriteItem;

use super::read::ids_item;
use super::scope::scope_item;
use super::transaction::{OPERATION, reasons};
use super::{
    DynamoDeletions, STORE, cancelled, failed_condition, meta, open, request_key, unusable,
};
use crate::sdk_error::dependency_error;
use domain::deletion::Deletion;
use domain::key::RecordKey;
use domain::open::Keys;
use domain::request_key::RequestKey;
use domain::scope::Scope;
use ports::{DependencyError, RequestedOutcome};

pub(super) async fn accept(
    deletions: &DynamoDeletions,
    deletion: &Deletion,
    scope: &Scope,
    ids: &[Vec<RecordKey>],
    key: Option<&RequestKey>,
) -> Result<RequestedOutcome, DependencyError> {
    let unusable = unusable(OPERATION);
    let mut puts = vec![
        deletions.put_meta(meta::write(deletion).map_err(&unusable)?)?,
        deletions.put(scope_item(deletion, scope).map_err(&unusable)?)?,
        deletions.put(open::announcement(
            deletion,
            &Keys::of(ids.iter().flatten()),
        ))?,
    ];
    for (part, keys) in (1..).zip(ids) {
        puts.push(deletions.put(ids_item(deletion, part, keys).map_err(&unusable)?)?);
    }
    let actions = puts
        .into_iter()
        .map(|put| TransactWriteItem::builder().put(put).build())
        .chain(deletions.put_key(deletion, key)?);
    let answer = deletions
        .client
        .transact_write_items()
        .set_transact_items(Some(actions.collect()))
        .send()
        .await;
    let Err(error) = answer else {
        return Ok(RequestedOutcome::Accepted);
    };
    match reasons(&error) {
        // No one else has this id: a deletion with it was written by an attempt whose answer was lost.
        Some(reasons) if failed_condition(reasons.first()) => Ok(RequestedOutcome::Accepted),
        Some(reasons) if key.is_some() && request_key::is_in_use(reasons.last()) => {
            Ok(RequestedOutcome::KeyInUse)
        }
        Some(reasons) => Err(cancelled(OPERATION, reasons)),
        None => Err(dependency_error(STORE, OPERATION, error)),
    }
}
