//! What is plain of a restore when it is asked for, so that it is answered then and not by a pass that fails later.
//!
//! The root and what stands above it are read, as for a delete: the work does not grow with the deletion. It is a look
//! and no promise: the last transaction of the restore is the judge of what happens in between.

use crate::api::Api;
use crate::liveness::{Ancestors, check_ancestors, read_with_named};
use domain::deletion::{Deletion, DeletionId};
use domain::row::Row;
use ports::{ApiPorts, DependencyError, Fields};

/// What stands in the way of a restore.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Obstacle {
    /// The root's row is gone.
    RootMissing,
    /// Another record has the root's key by now, or another deletion's mark is on it.
    KeyTaken,
    /// Something above the root is gone, or marked: by this deletion, unless the mark is not ours.
    ParentNotLive(Option<DeletionId>),
}

/// What plainly stands in the way of this deletion's restore. Without a root nothing does: each record is judged by itself,
/// and those that cannot come back are told by the manifest.
///
/// # Errors
///
/// When the record store did not answer.
pub(super) async fn obstacle<P: ApiPorts>(
    api: &Api<P>,
    deletion: &Deletion,
) -> Result<Option<Obstacle>, DependencyError> {
    let collection = api.collections.get(deletion.collection.as_ref());
    let (Some(root), Some(collection)) = (&deletion.root, collection) else {
        return Ok(None);
    };
    let (row, known) = read_with_named(api, collection, root, Fields::Judged).await?;
    let row = match row {
        Some(row) if row.mark(collection).is_of(deletion.id) => row,
        Some(row) if deletion.has_lost_its_key_to(&row, collection) => {
            return Ok(Some(Obstacle::KeyTaken));
        }
        // It is in the archive, out of sight here, and comes back if its key is free. What it hangs below, its key may tell.
        None if deletion.strategy.keeps_copies() => {
            let parts = root.parts(&collection.key).into_iter();
            let row = Row {
                key: root.clone(),
                attributes: parts
                    .map(|(name, value)| (name.to_owned(), value.into()))
                    .collect(),
            };
            if row.parent_key(collection).is_none() {
                return Ok(None);
            }
            row
        }
        Some(_) | None => return Ok(Some(Obstacle::RootMissing)),
    };
    let tenant = &deletion.tenant;
    Ok(
        match check_ancestors(api, collection, tenant, &row, &known).await? {
            Ancestors::Live => None,
            Ancestors::Marked(by) => Some(Obstacle::ParentNotLive(by)),
            Ancestors::Missing => Some(Obstacle::ParentNotLive(None)),
        },
    )
}
