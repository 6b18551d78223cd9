//! Whole rows, and archived rows.

use crate::kit::slice::Stop;
use crate::kit::work::Work;
use domain::collection::Collection;
use domain::deletion::Deletion;
use domain::key::RecordKey;
use domain::row::{Row, RowMark};
use ports::{ArchiveRows, EnginePorts, Stored};

/// How many whole rows are in memory at a time: with the largest ones this is 80 MB.
pub(crate) const AT_ONCE: usize = 200;

/// A row in the store's own types.
pub(crate) type Whole<P> = Stored<<<P as EnginePorts>::Rows as ArchiveRows>::Whole>;

/// Whole rows by key, in the order of the keys.
pub(crate) async fn whole<P: EnginePorts>(
    work: Work<'_, P>,
    collection: &Collection,
    keys: &[RecordKey],
) -> Result<Vec<Option<Whole<P>>>, Stop> {
    let rows = work.rows();
    work.settle(keys, P::Rows::WHOLE_BATCH, |batch| async move {
        rows.whole(collection, &batch).await
    })
    .await
}

/// Archived rows of this deletion by key, in the order of the keys.
pub(crate) async fn copies<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    collection: &Collection,
    keys: &[RecordKey],
) -> Result<Vec<Option<Whole<P>>>, Stop> {
    let rows = work.rows();
    work.settle(keys, P::Rows::WHOLE_BATCH, |batch| async move {
        rows.copies(collection, deletion.id, &batch).await
    })
    .await
}

/// Removes archived rows of this deletion for good.
pub(crate) async fn drop_copies<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    collection: &Collection,
    keys: &[RecordKey],
) -> Result<(), Stop> {
    let rows = work.rows();
    work.settle(keys, P::Rows::MOVE_BATCH, |batch| async move {
        rows.drop_copies(collection, deletion.id, &batch).await
    })
    .await?;
    Ok(())
}

/// Whether the row in the table is the one that was archived: unchanged but for the mark, or with our mark on it.
pub(crate) fn is_same(
    deletion: &Deletion,
    collection: &Collection,
    now: &Row,
    copied: &Row,
) -> bool {
    match now.mark(collection) {
        RowMark::By(by) => by == Some(deletion.id),
        RowMark::Absent | RowMark::Null => {
            let marks = collection.marks.all();
            let plain = |row: &Row| {
                let mut attributes = row.attributes.clone();
                attributes.retain(|name, _| !marks.contains(&name.as_str()));
                attributes
            };
            plain(now) == plain(copied)
        }
    }
}
