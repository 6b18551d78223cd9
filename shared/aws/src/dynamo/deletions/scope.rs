//! The item of a scope.

use super::keys::BODY;
use super::{ItemError, check_version, item, keys};
use crate::dynamo::{Item, text};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::deletion::{Deletion, FILTERED};
use domain::scope::Scope;

/// The item of a scope.
pub(super) fn scope_item(deletion: &Deletion, scope: &Scope) -> Result<Item, ItemError> {
    let json =
        serde_json::to_string(scope).map_err(|error| ItemError::malformed(keys::SCOPE, error))?;
    let mut item = item(keys::pk_of(deletion), keys::SCOPE.to_owned());
    item.insert(BODY.to_owned(), text(json));
    if scope.needs_filters() {
        item.insert("v".to_owned(), AttributeValue::N(FILTERED.to_string()));
    }
    Ok(item)
}

pub(super) fn read_scope(item: &Item) -> Result<Scope, ItemError> {
    check_version(item)?;
    let json = item.get(BODY).and_then(|body| body.as_s().ok());
    let json = json.ok_or_else(|| ItemError::malformed(keys::SCOPE, "no body"))?;
    serde_json::from_str(json).map_err(|error| ItemError::malformed(keys::SCOPE, error))
}
