//! The compare-and-set of a request with a key, in one transaction with the key.

use aws_sdk_dynamodb::types::TransactWriteItem;

use super::transaction::reasons;
use super::{DynamoDeletions, STORE, cancelled, failed_condition, meta, request_key, unusable};
use crate::sdk_error::dependency_error;
use domain::deletion::Deletion;
use domain::request_key::RequestKey;
use ports::{DependencyError, StoreOnceOutcome, StoreOutcome};

const OPERATION: &str = "store a deletion";

pub(super) async fn store(
    deletions: &DynamoDeletions,
    next: &Deletion,
    key: &RequestKey,
) -> Result<StoreOnceOutcome, DependencyError> {
    let item = meta::write(next).map_err(unusable(OPERATION))?;
    let put = deletions.replace_meta(next, item.clone(), OPERATION)?;
    let put = TransactWriteItem::builder().put(put).build();
    let actions = std::iter::once(put)
        .chain(deletions.put_key(next, Some(key))?)
        .collect();
    let answer = deletions
        .client
        .transact_write_items()
        .set_transact_items(Some(actions))
        .send()
        .await;
    let Err(error) = answer else {
        return Ok(StoreOnceOutcome::Known(StoreOutcome::Stored));
    };
    let Some(reasons) = reasons(&error) else {
        return Err(dependency_error(STORE, OPERATION, error));
    };
    let changed = reasons
        .first()
        .filter(|reason| failed_condition(Some(reason)));
    let old = changed
        .and_then(|reason| reason.item())
        .filter(|old| !old.is_empty());
    let old = old.map(|old| meta::read(old.clone()));
    let old = old.transpose().map_err(unusable(OPERATION))?;
    // Ours, by an attempt whose answer was lost. Compared in the stored form, because storing cuts times.
    if old == Some(meta::read(item).map_err(unusable(OPERATION))?) {
        return Ok(StoreOnceOutcome::Known(StoreOutcome::Stored));
    }
    if request_key::is_in_use(reasons.last()) {
        return Ok(StoreOnceOutcome::KeyInUse);
    }
    if changed.is_some() {
        let outcome = StoreOutcome::Changed(old.map(Box::new));
        return Ok(StoreOnceOutcome::Known(outcome));
    }
    Err(cancelled(OPERATION, reasons))
}
