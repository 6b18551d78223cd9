//! Records that another deletion's restore gives back: they carry its mark, and soon no more.
//!
//! A record that carries another deletion's mark is that deletion's, and is counted as already deleted. While that one is
//! being restored this would be wrong a moment later: the selection waits until the restore has ended, and judges then by
//! rows that are read after its end. So does the page, of records that another deletion has taken since.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::AtomicBool;

use crate::kit::records::Records;
use crate::kit::settle::together;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use domain::collection::Collection;
use domain::deletion::{Deletion, DeletionId, Pass, State};
use domain::page::{Entry, Outcome};
use domain::row::{Row, RowMark};
use ports::{EnginePorts, ReadDeletions};

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
            RowMark::By(_)
            | RowMark::Absent
            | RowMark::Null
            | RowMark::Busy
            | RowMark::Unreadable => None,
        };
        let others: BTreeSet<DeletionId> = rows.filter_map(by_another).collect();
        let open: Vec<DeletionId> = others.difference(&self.ended).copied().collect();
        let failed = AtomicBool::new(false);
        let slice = work.slice.unless(&failed);
        let work = Work::new(work.engine, &slice);
        let reads = open
            .into_iter()
            .map(|other| work.call(work.deletions().deletion(&deletion.tenant, other)));
        let found = together(&failed, reads.collect()).await?;
        let before = self.ended.len();
        for other in found.into_iter().flatten() {
            if other.state == State::Restoring {
                return Err(waits());
            }
            if other.state.pass() == Pass::Restore {
                self.ended.insert(other.id);
            }
        }
        Ok(self.ended.len() == before)
    }
}

/// The records of a page that were selected as live, and that another deletion was found to have when their turn came.
///
/// # Errors
///
/// [`Stop::Waits`] while one of them is being given back, or if it is back already: the page is to be done once more.
/// Below a root nothing has to wait: what comes back there is hidden by it.
pub(crate) async fn none_of_others<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    entries: &[Entry],
    found: &BTreeMap<usize, Outcome>,
) -> Result<(), Stop> {
    if deletion.root.is_some() {
        return Ok(());
    }
    let is_others = |place: &usize| {
        found.get(place) == Some(&Outcome::AlreadyDeleted) && entries[*place].judged.is_open()
    };
    for mut records in Records::by_collection(work.collections(), entries)? {
        records.places.retain(is_others);
        let collection = records.collection;
        let mut restores = Restores::default();
        loop {
            let rows = records.rows(work).await?;
            let rows = || rows.iter().flatten();
            if rows().any(|row| row.is_unmarked(&deletion.tenant, collection)) {
                return Err(waits());
            }
            let ended = restores.have_ended(work, deletion, collection, rows());
            if ended.await? {
                break;
            }
        }
    }
    Ok(())
}

fn waits() -> Stop {
    let why = "records of another deletion are coming back; it waits for the end of that restore";
    Stop::Waits(why.to_owned())
}
