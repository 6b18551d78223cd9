//! Whole rows, and archived rows.

use std::sync::Arc;

use crate::kit::slice::Stop;
use crate::kit::work::Work;
use domain::collection::Collection;
use domain::deletion::Deletion;
use domain::key::RecordKey;
use domain::row::{Row, RowMark};
use ports::{ArchiveRows, EnginePorts, Stored};

/// How many records are moved at a time, at most.
pub(crate) const AT_ONCE: usize = 200;

/// How many rows are read before their bytes are counted.
pub(crate) const READ: usize = 25;

/// With so many bytes of whole rows in memory, no more are read until these are done. With the last read of 25 rows of
/// 400 KB there are at most 18 MB of them; every other step shares them, and copies only what it sends.
const BYTES: usize = 8 << 20;

/// A row in the store's own types. Shared, because it may be large: no step clones it.
pub(crate) type Whole<P> = Arc<Stored<<<P as EnginePorts>::Rows as ArchiveRows>::Whole>>;

/// Whole rows by key, in the order of the keys; for a few keys, or such whose rows are known to fit into memory.
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

/// Archived rows of this deletion by key, as [`whole`].
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

/// The whole rows of the first of these keys: as many as fit into memory, at least one.
pub(crate) async fn first_whole<P: EnginePorts>(
    work: Work<'_, P>,
    collection: &Collection,
    keys: &[RecordKey],
) -> Result<Vec<Option<Whole<P>>>, Stop> {
    let mut found = Vec::new();
    for some in keys[..keys.len().min(AT_ONCE)].chunks(READ) {
        found.extend(whole(work, collection, some).await?);
        if is_full::<P>(&found) {
            break;
        }
    }
    Ok(found)
}

/// The archived rows of the first of these keys, as [`first_whole`].
pub(crate) async fn first_copies<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    collection: &Collection,
    keys: &[RecordKey],
) -> Result<Vec<Option<Whole<P>>>, Stop> {
    let mut found = Vec::new();
    for some in keys[..keys.len().min(AT_ONCE)].chunks(READ) {
        found.extend(copies(work, deletion, collection, some).await?);
        if is_full::<P>(&found) {
            break;
        }
    }
    Ok(found)
}

fn is_full<P: EnginePorts>(rows: &[Option<Whole<P>>]) -> bool {
    let bytes = rows.iter().flatten().map(|whole| whole.row.bytes());
    bytes.sum::<usize>() >= BYTES
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

/// What the row in the table is to the archived row of its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AtKey {
    /// It is what was archived, but for the mark.
    Same,
    /// It carries the deletion's mark and differs: it was edited after it had been archived, or it is the next record of
    /// its key, which the deletion has taken too.
    Ours,
    /// It is another record.
    Another,
}

/// What the row in the table is to the archived row of its key.
pub(crate) fn at_key(
    deletion: &Deletion,
    collection: &Collection,
    now: &Row,
    copied: &Row,
) -> AtKey {
    let mark = now.mark(collection);
    let is_others = matches!(mark, RowMark::By(_)) && !mark.is_of(deletion.id);
    if !is_others && is_equal(collection, now, copied) {
        AtKey::Same
    } else if mark.is_of(deletion.id) {
        AtKey::Ours
    } else {
        AtKey::Another
    }
}

/// Whether both say the same, but for the mark.
fn is_equal(collection: &Collection, now: &Row, copied: &Row) -> bool {
    let marks: Vec<&str> = collection.marks.written().collect();
    let is_plain = |name: &String| !marks.contains(&name.as_str());
    let plain = |row: &Row| row.attributes.keys().filter(|name| is_plain(name)).count();
    let mut attributes = now.attributes.iter();
    plain(now) == plain(copied)
        && attributes
            .all(|(name, value)| !is_plain(name) || copied.attributes.get(name) == Some(value))
}
