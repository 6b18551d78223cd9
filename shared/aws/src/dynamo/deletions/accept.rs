//! Acceptance: the root's mark, the deletion, its scope and its first page, all or nothing.

use aws_sdk_dynamodb::error::ProvideErrorMetadata as _;
use aws_sdk_dynamodb::types::{
    CancellationReason, ReturnValuesOnConditionCheckFailure as OnFailure, TransactWriteItem, Update,
};

use super::transaction::{OPERATION, reasons};
use super::{DynamoDeletions, STORE, cancelled, failed_condition, meta, request_key, unusable};
use crate::dynamo::expression::Placeholders;
use crate::dynamo::{Item, changed, marked, primary_key};
use crate::sdk_error::dependency_error;
use domain::change::Change;
use domain::collection::Collection;
use domain::deletion::Deletion;
use domain::key::RecordKey;
use domain::page::Page;
use domain::principal::Tenant;
use domain::request_key::{RequestKey, UsedKey};
use domain::scope::Scope;
use ports::{
    AcceptDeletions, AcceptOutcome, DependencyError, OnlyIf, RequestedOutcome, StoreOnceOutcome,
    UndoOutcome,
};

impl AcceptDeletions for DynamoDeletions {
    type Raw = Item;

    async fn accept(
        &self,
        collection: &Collection,
        deletion: &Deletion,
        scope: &Scope,
        page: &Page,
        only_if: OnlyIf<'_, Item>,
    ) -> Result<AcceptOutcome, DependencyError> {
        let OnlyIf { key, seen } = only_if;
        let seen = seen.map(|seen| &seen.raw);
        let unusable = unusable(OPERATION);
        let mut actions = vec![
            TransactWriteItem::builder()
                .update(self.mark_root(collection, deletion, page, seen)?)
                .build(),
            TransactWriteItem::builder()
                .put(self.put_meta(meta::write(deletion).map_err(&unusable)?)?)
                .build(),
            TransactWriteItem::builder()
                .put(self.put(super::scope::scope_item(deletion, scope).map_err(&unusable)?)?)
                .build(),
            TransactWriteItem::builder()
                .put(self.put(super::read::page_item(deletion, page).map_err(&unusable)?)?)
                .build(),
        ];
        actions.extend(self.put_key(deletion, key)?);
        let answer = self
            .client
            .transact_write_items()
            .set_transact_items(Some(actions))
            .send()
            .await;
        match answer {
            Ok(_) => Ok(AcceptOutcome::Accepted),
            Err(error) => match reasons(&error) {
                Some(reasons) => outcome(collection, deletion, reasons, key.is_some()),
                None if is_item_too_large(error.code(), error.message()) => {
                    Ok(AcceptOutcome::RootTooLarge)
                }
                None => Err(dependency_error(STORE, OPERATION, error)),
            },
        }
    }

    async fn accept_requested(
        &self,
        deletion: &Deletion,
        scope: &Scope,
        ids: &[Vec<RecordKey>],
        key: Option<&RequestKey>,
    ) -> Result<RequestedOutcome, DependencyError> {
        super::named::accept(self, deletion, scope, ids, key).await
    }

    async fn store_once(
        &self,
        next: &Deletion,
        key: &RequestKey,
    ) -> Result<StoreOnceOutcome, DependencyError> {
        super::once::store(self, next, key).await
    }

    async fn used_key(
        &self,
        tenant: &Tenant,
        key: &RequestKey,
    ) -> Result<Option<UsedKey>, DependencyError> {
        request_key::read(self, tenant, key).await
    }

    async fn undo_requested(
        &self,
        deletion: &Deletion,
        parts: u32,
        key: Option<&RequestKey>,
    ) -> Result<UndoOutcome, DependencyError> {
        super::undo::undo_requested(self, deletion, parts, key).await
    }

    async fn undo(
        &self,
        collection: &Collection,
        deletion: &Deletion,
        page: &Page,
        key: Option<&RequestKey>,
    ) -> Result<UndoOutcome, DependencyError> {
        super::undo::undo(self, collection, deletion, page, key).await
    }
}

impl DynamoDeletions {
    fn mark_root(
        &self,
        collection: &Collection,
        deletion: &Deletion,
        page: &Page,
        seen: Option<&Item>,
    ) -> Result<Update, DependencyError> {
        let [root] = page.entries.as_slice() else {
            let why = "page 1 holds the root and nothing else";
            return Err(DependencyError::refused(STORE, OPERATION, why));
        };
        let mut places = Placeholders::default();
        // A root is accepted by who has just read it.
        let found = root.found(collection).unwrap_or_default();
        let change = Change::marking(collection, &deletion.mark(), &found);
        let update = changed::update(&mut places, collection, &change);
        let ours = marked::owned(&mut places, collection, &deletion.tenant);
        let live = marked::unmarked(&mut places, collection);
        let mut condition = format!("{ours} AND {live}");
        if let Some(seen) = seen {
            let marks = collection.marks.own();
            let names = seen.keys().map(String::as_str);
            let names = names.filter(|name| !marks.contains(name)).collect();
            condition = format!("{condition} AND {}", places.as_read(seen, &names));
        }
        if collection.mark_depends_on_more() {
            condition.push_str(&changed::and_as_found(&mut places, collection, &change));
        }
        Update::builder()
            .table_name(self.tables.of(collection))
            .set_key(Some(primary_key(&collection.key, &root.key)))
            .update_expression(update)
            .condition_expression(condition)
            .set_expression_attribute_names(Some(places.names()))
            .set_expression_attribute_values(places.values())
            .return_values_on_condition_check_failure(OnFailure::AllOld)
            .build()
            .map_err(|error| DependencyError::refused(STORE, OPERATION, error))
    }
}

/// What a cancelled acceptance means. The reasons are in the order of the actions: root, then `META`; the key is last.
fn outcome(
    collection: &Collection,
    deletion: &Deletion,
    reasons: &[CancellationReason],
    has_key: bool,
) -> Result<AcceptOutcome, DependencyError> {
    let (root, meta) = (reasons.first(), reasons.get(1));
    let carries_our_mark = || {
        root.and_then(|reason| reason.item())
            .is_some_and(|item| marked::mark_of(collection, item).is_of(deletion.id))
    };
    // No one else has this id: a deletion or a mark with it was written by an attempt whose answer was lost.
    if failed_condition(meta) || (failed_condition(root) && carries_our_mark()) {
        Ok(AcceptOutcome::Accepted)
    } else if has_key && request_key::is_in_use(reasons.last()) {
        Ok(AcceptOutcome::KeyInUse)
    } else if failed_condition(root) {
        Ok(AcceptOutcome::RootNotLive)
    } else if reasons
        .iter()
        .any(|reason| is_item_too_large(reason.code(), reason.message()))
    {
        Ok(AcceptOutcome::RootTooLarge)
    } else {
        Err(cancelled(OPERATION, reasons))
    }
}

/// Whether an item, or an item collection of a local index, would be too large: the root with its mark, or the first page,
/// which has the root's attributes that effects need. DynamoDB has no code of its own for an item: "Item size to update
/// has exceeded the maximum allowed size".
fn is_item_too_large(code: Option<&str>, why: Option<&str>) -> bool {
    match code {
        Some("ItemCollectionSizeLimitExceeded") => true,
        Some("ValidationError" | "ValidationException") => {
            why.is_some_and(|why| why.contains("maximum allowed size"))
        }
        _ => false,
    }
}
