//! Records that another deletion's restore gives back: they carry its mark, and soon no more.
//!
//! A record that carries another deletion's mark is that deletion's, and is counted as already deleted. While that one is
//! being restored this would be wrong a moment later: the selection waits until the restore has ended, and judges then by
//! rows that are read after its end.

use std::collections::BTreeSet;

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};

use crate::kit::slice::Stop;
use crate::kit::work::Work;
use domain::collection::Collection;
use domain::deletion::{Deletion, DeletionId, Pass, State};
use domain::row::{Row, RowMark};
use ports::{EnginePorts, ReadDeletions};

/// How many deletions are read at once.
const CONCURRENCY: usize = 16;

/// The restores that had ended before rows were read.
#[derive(Debug, Default)]
pub(crate) struct Restores {
    ended: BTreeSet<DeletionId>,
}

impl Restores {
    /// Whether these rows can be judged by the marks that they carry. If not, they are to be read again: a restore has
    /// ended, and what they say may be older than its end.
    ///
    /// # Errors
    ///
    /// [`Stop::Waits`] while one of them is marked by a deletion that is being restored.
    pub(crate) async fn have_ended<P: EnginePorts>(
        &mut self,
        work: Work<'_, P>,
        deletion: &Deletion,
        collection: &Collection,
        rows: impl Iterator<Item = &Row>,
    ) -> Result<bool, Stop> {
        let by_another = |row: &Row| match row.mark(collection) {
            RowMark::By(Some(by)) if by != deletion.id => Some(by),
            RowMark::By(_) | RowMark::Absent | RowMark::Null => None,
        };
        let others: BTreeSet<DeletionId> = rows.filter_map(by_another).collect();
        let open: Vec<DeletionId> = others.difference(&self.ended).copied().collect();
        let reads = open
            .into_iter()
            .map(|other| work.call(work.deletions().deletion(&deletion.tenant, other)));
        let found: Vec<Option<Deletion>> = stream::iter(reads)
            .buffered(CONCURRENCY)
            .try_collect()
            .await?;
        let before = self.ended.len();
        for other in found.into_iter().flatten() {
            if other.state == State::Restoring {
                let why = "records of another deletion are coming back; it waits for the end of that restore";
                return Err(Stop::Waits(why.to_owned()));
            }
            if other.state.pass() == Pass::Restore {
                self.ended.insert(other.id);
            }
        }
        Ok(self.ended.len() == before)
    }
}
