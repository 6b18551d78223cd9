//! Which records are the deletion's own.

use crate::kit::rows::read_row;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use domain::collection::Collection;
use domain::deletion::Deletion;
use domain::page::{Entry, Outcome};
use domain::row::{Row, RowMark};
use ports::{EnginePorts, Fields};

/// Whether the record is the deletion's root.
pub(crate) fn is_root(deletion: &Deletion, entry: &Entry) -> bool {
    entry.collection == deletion.collection && Some(&entry.key) == deletion.root.as_ref()
}

/// Why a row must not be removed. It must be readable, the tenant's, and unmarked or ours; the root was marked at acceptance, so
/// one without our mark is another record.
pub(crate) fn obstacle(
    deletion: &Deletion,
    collection: &Collection,
    entry: &Entry,
    row: &Row,
) -> Option<Outcome> {
    if let Some(why) = row.unreadable_to(&deletion.tenant, collection) {
        return Some(Outcome::failed(&why.reason(collection)));
    }
    let mark = row.mark(collection);
    if !row.is_of(&deletion.tenant, collection)
        || (is_root(deletion, entry) && !mark.is_of(deletion.id))
    {
        return Some(Outcome::Missing);
    }
    match mark {
        _ if deletion.takes_over(collection, mark) => None,
        RowMark::By(by) if by != Some(deletion.id) => Some(Outcome::AlreadyDeleted),
        _ => None,
    }
}

/// Whether the record's row is there and carries the deletion's mark.
pub(crate) async fn is_ours<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    entry: &Entry,
) -> Result<bool, Stop> {
    let collection = work.collection(&entry.collection)?;
    let row = read_row(work, collection, &entry.key, Fields::Judged).await?;
    Ok(row.is_some_and(|row| row.mark(collection).is_of(deletion.id)))
}
