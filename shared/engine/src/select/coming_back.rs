//! Records that another deletion's restore gives back: they carry its mark, and soon no more.
//!
//! A record that carries another deletion's mark is that deletion's, and is counted as already deleted. While that one is
//! being restored this would be wrong a moment later: the selection waits until the restore has ended, and judges then.

use std::collections::BTreeSet;

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};

use crate::kit::slice::Stop;
use crate::kit::work::Work;
use domain::collection::Collection;
use domain::deletion::{Deletion, DeletionId, State};
use domain::row::{Row, RowMark};
use ports::{DependencyError, EnginePorts, ReadDeletions};

/// How many deletions are read at once.
const CONCURRENCY: usize = 16;

/// Ends the slice, to be continued later, if one of these rows is marked by a deletion that is being restored.
pub(crate) async fn wait_for_restores<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    collection: &Collection,
    rows: impl Iterator<Item = &Row>,
) -> Result<(), Stop> {
    let by_another = |row: &Row| match row.mark(collection) {
        RowMark::By(Some(by)) if by != deletion.id => Some(by),
        RowMark::By(_) | RowMark::Absent | RowMark::Null => None,
    };
    let others: BTreeSet<DeletionId> = rows.filter_map(by_another).collect();
    let reads = others
        .into_iter()
        .map(|other| work.call(work.deletions().deletion(&deletion.tenant, other)));
    let found: Vec<_> = stream::iter(reads)
        .buffered(CONCURRENCY)
        .try_collect()
        .await?;
    if found
        .iter()
        .flatten()
        .any(|other| other.state == State::Restoring)
    {
        let why = "records of this one are coming back";
        let busy = DependencyError::unavailable("another deletion", "end its restore", why);
        return Err(Stop::Dependency(busy));
    }
    Ok(())
}
