//! What is known of a restore when it is requested, so that it is answered then and not by a pass that fails later.
//!
//! The root and what is above it are read, as for a delete: the work does not grow with the deletion. This check
//! promises nothing: the last transaction of the restore judges what happens in between.

use crate::api::Api;
use crate::hidden::Hidden;
use crate::liveness::{Ancestors, check_ancestors, read_with_named};
use domain::above::Standing;
use domain::collection::Collection;
use domain::deletion::{Deletion, DeletionId};
use domain::row::Row;
use ports::{ApiPorts, DependencyError, Fields, ReadDeletions};

/// Why a restore is not possible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Obstacle {
    /// The root's row is missing.
    RootMissing,
    /// Another record has the root's key now, or another deletion's mark is on it.
    KeyTaken,
    /// Something above the root is missing, another record by now, or marked: by this deletion, unless the mark is not
    /// ours.
    ParentNotLive(Option<DeletionId>),
}

/// Why this deletion's restore, which is about to begin, is known to fail. Without a root, or when the root is back
/// already, there is no such reason: each record is judged by itself, and those that cannot come back are shown in the
/// manifest.
///
/// # Errors
///
/// When the record store did not answer.
pub(super) async fn obstacle<P: ApiPorts>(
    api: &Api<P>,
    deletion: &Deletion,
) -> Result<Option<Obstacle>, DependencyError> {
    let collection = api.collections.get(deletion.collection.as_ref());
    let root = deletion
        .root
        .as_ref()
        .filter(|_| deletion.is_hidden_by_its_root());
    let (Some(root), Some(collection)) = (root, collection) else {
        return Ok(None);
    };
    let (row, known) =
        read_with_named(api, &deletion.tenant, (collection, root), Fields::Judged).await?;
    let row = match row {
        Some(row) if row.mark(collection).is_of(deletion.id) => row,
        Some(row) if deletion.has_lost_its_key_to(&row, collection) => {
            return Ok(Some(Obstacle::KeyTaken));
        }
        // It is in the archive, not visible here, and comes back if its key is free. The key may contain its parent's.
        None if deletion.strategy.keeps_copies() => {
            let parts = root.parts(&collection.key).into_iter();
            let row = Row {
                key: root.clone(),
                attributes: parts
                    .map(|(name, value)| (name.to_owned(), value.into()))
                    .collect(),
            };
            if row.parent_key(collection, &deletion.tenant).is_none() {
                return Ok(None);
            }
            row
        }
        Some(_) | None => return Ok(Some(Obstacle::RootMissing)),
    };
    // After the rows: what has been marked in between, and is missed here, the last transaction sees.
    let hidden = Hidden::of(api, &deletion.tenant, collection).await?;
    let by = match check_ancestors(api, collection, &hidden, &row, &known).await? {
        Ancestors::Live(rows) if has_those_above(api, deletion, &rows).await? => return Ok(None),
        Ancestors::Live(_) | Ancestors::Missing | Ancestors::Unreadable => None,
        Ancestors::Marked(by) => by,
    };
    Ok(Some(Obstacle::ParentNotLive(by)))
}

/// Whether these, which are above the root now, are those that it had.
async fn has_those_above<P: ApiPorts>(
    api: &Api<P>,
    deletion: &Deletion,
    rows: &[(&Collection, Row)],
) -> Result<bool, DependencyError> {
    if rows.is_empty() {
        return Ok(true);
    }
    let deletions = api.ports.deletions();
    let page = deletions.page(&deletion.tenant, deletion.id, 1).await?;
    let root = page.and_then(|page| page.entries.into_iter().next());
    let standing =
        |(above, row): &(&Collection, Row)| Standing::of(row, above, deletion.deleted_at);
    Ok(root.is_none_or(|root| root.above.is_still(rows.iter().map(standing))))
}
