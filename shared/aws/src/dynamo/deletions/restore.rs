//! The end of a restore: the final state, the removal of the root's mark and the check of everything above it, all or
//! nothing.

use aws_sdk_dynamodb::types::{ConditionCheck, TransactWriteItem};

use super::transaction::reasons;
use super::undo::{root_of, unmark};
use super::{DynamoDeletions, STORE, cancelled, failed_condition, meta, unusable};
use crate::dynamo::expression::Placeholders;
use crate::dynamo::{marked, primary_key};
use crate::sdk_error::dependency_error;
use domain::change::Change;
use domain::collection::Collection;
use domain::deletion::Deletion;
use domain::page::Page;
use ports::{Ancestor, DependencyError, RestoreOutcome};

const OPERATION: &str = "end a restore";

pub(super) async fn finish(
    deletions: &DynamoDeletions,
    collection: &Collection,
    restored: &Deletion,
    page: &Page,
    ancestors: &[Ancestor],
) -> Result<RestoreOutcome, DependencyError> {
    let refused = |error| DependencyError::refused(STORE, OPERATION, error);
    let item = meta::write(restored).map_err(unusable(OPERATION))?;
    // `META` first, then the root: their reasons decide before those of the ancestors.
    let put = deletions.replace_meta(restored, item.clone(), OPERATION)?;
    let root = root_of(page).map_err(refused)?;
    let found = root.found(collection).unwrap_or_default();
    let at = restored.ended_at.unwrap_or(restored.progress_at);
    let change = Change::unmarking(collection, &found, at);
    let root = unmark(deletions, collection, restored, (root, &change)).map_err(refused)?;
    let mut actions = vec![
        TransactWriteItem::builder().put(put).build(),
        TransactWriteItem::builder().update(root).build(),
    ];
    for ancestor in ancestors {
        let check = is_live(deletions, restored, ancestor).map_err(refused)?;
        actions.push(TransactWriteItem::builder().condition_check(check).build());
    }
    let answer = deletions
        .client
        .transact_write_items()
        .set_transact_items(Some(actions))
        .send()
        .await;
    let Err(error) = answer else {
        return Ok(RestoreOutcome::Restored);
    };
    let Some(reasons) = reasons(&error) else {
        return Err(dependency_error(STORE, OPERATION, error));
    };
    if failed_condition(reasons.first()) {
        let old = reasons.first().and_then(|reason| reason.item());
        let old = old.filter(|old| !old.is_empty()).cloned();
        let unusable = unusable(OPERATION);
        let Some(old) = old else {
            return Ok(RestoreOutcome::Changed);
        };
        // Already ours, by an attempt whose answer was lost. Compared in the stored form, because storing cuts times.
        let same = meta::read(old).map_err(&unusable)? == meta::read(item).map_err(&unusable)?;
        return Ok(if same {
            RestoreOutcome::Restored
        } else {
            RestoreOutcome::Changed
        });
    }
    if failed_condition(reasons.get(1)) {
        let now = reasons.get(1).and_then(|reason| reason.item());
        let is_ours = now.is_some_and(|now| marked::mark_of(collection, now).is_of(restored.id));
        return Ok(if is_ours {
            RestoreOutcome::RootChanged
        } else {
            RestoreOutcome::RootNotOurs
        });
    }
    if reasons
        .iter()
        .skip(2)
        .any(|reason| failed_condition(Some(reason)))
    {
        return Ok(RestoreOutcome::ParentNotLive);
    }
    Err(cancelled(OPERATION, reasons))
}

fn is_live(
    deletions: &DynamoDeletions,
    restored: &Deletion,
    ancestor: &Ancestor,
) -> Result<ConditionCheck, aws_sdk_dynamodb::error::BuildError> {
    let Ancestor { collection, key } = ancestor;
    let mut places = Placeholders::default();
    let ours = marked::owned(&mut places, collection, &restored.tenant);
    let unmarked = marked::unmarked(&mut places, collection);
    ConditionCheck::builder()
        .table_name(deletions.tables.of(collection))
        .set_key(Some(primary_key(&collection.key, key)))
        .condition_expression(format!("{ours} AND {unmarked}"))
        .set_expression_attribute_names(Some(places.names()))
        .set_expression_attribute_values(places.values())
        .build()
}
