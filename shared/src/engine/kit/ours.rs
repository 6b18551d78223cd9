//! Which records are the deletion's own.

use crate::domain::collection::Collection;
use crate::domain::deletion::Deletion;
use crate::domain::page::{Entry, Outcome};
use crate::domain::row::{Row, RowMark};
use crate::engine::kit::records::read_rows;
use crate::engine::kit::slice::Stop;
use crate::engine::kit::work::Work;
use crate::ports::{EnginePorts, Fields};

/// Whether the record is the deletion's root.
pub(crate) fn is_root(deletion: &Deletion, entry: &Entry) -> bool {
    entry.collection == deletion.collection && Some(&entry.key) == deletion.root.as_ref()
}

/// What stands in the way of removing a row: it must be the tenant's, and unmarked or ours; the root was marked at
/// acceptance, so one without our mark is another record.
pub(crate) fn obstacle(
    deletion: &Deletion,
    collection: &Collection,
    entry: &Entry,
    row: &Row,
) -> Option<Outcome> {
    let mark = row.mark(collection);
    if !row.is_of(&deletion.tenant, collection)
        || (is_root(deletion, entry) && !mark.is_of(deletion.id))
    {
        return Some(Outcome::Missing);
    }
    match mark {
        RowMark::By(by) if by != Some(deletion.id) => Some(Outcome::AlreadyDeleted),
        _ => None,
    }
}

pub(crate) async fn root_is_new<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
) -> Result<bool, Stop> {
    let Some(root) = &deletion.root else {
        return Ok(false);
    };
    let collection = work.collection(&deletion.collection)?;
    let rows = read_rows(work, collection, std::slice::from_ref(root), Fields::Judged).await?;
    Ok(rows
        .into_iter()
        .flatten()
        .any(|root| !root.mark(collection).is_of(deletion.id)))
}

pub(crate) async fn is_ours<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    entry: &Entry,
) -> Result<bool, Stop> {
    let collection = work.collection(&entry.collection)?;
    let keys = std::slice::from_ref(&entry.key);
    let rows = read_rows(work, collection, keys, Fields::Judged).await?;
    let ours = |row: &Row| row.mark(collection).is_of(deletion.id);
    Ok(rows.iter().flatten().any(ours))
}
