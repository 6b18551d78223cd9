//! What the events of a page say beside its keys. It is stored beside the page before it happens, so that it is
//! published whatever happens in between.

use std::collections::BTreeMap;

use crate::effects::records::Done;
use crate::kit::slice::Stop;
use crate::kit::turn::Turn;
use crate::kit::work::Work;
use domain::collection::{Collection, Collections};
use domain::deletion::{Deletion, Pass};
use domain::notice::Notice;
use domain::page::{Entry, Page};
use ports::{EnginePorts, StoreNotices};

/// The notes of a page: as they are stored, and as they are now.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    /// What they are now.
    pub(crate) notice: Notice,
    stored: Option<Notice>,
    is_read: bool,
}

impl Notes {
    /// Reads what was noted of this page before, if a worker may have done so; once.
    pub(crate) async fn read<P: EnginePorts>(
        &mut self,
        work: Work<'_, P>,
        done: &Done<'_>,
    ) -> Result<(), Stop> {
        if self.is_read || !may_be_noted(done) {
            return Ok(());
        }
        self.read_of(work, done.deletion, done.page).await
    }

    /// Reads what was noted of this page before.
    pub(crate) async fn read_of<P: EnginePorts>(
        &mut self,
        work: Work<'_, P>,
        deletion: &Deletion,
        page: &Page,
    ) -> Result<(), Stop> {
        let deletions = work.deletions();
        let read = deletions.notice(&deletion.tenant, deletion.id, page.number);
        self.stored = work.call(read).await?;
        self.notice = self.stored.clone().unwrap_or_default();
        self.is_read = true;
        Ok(())
    }

    /// Stores them, if they are not stored yet.
    pub(crate) async fn write<P: EnginePorts>(
        &mut self,
        work: Work<'_, P>,
        deletion: &Deletion,
        page: &Page,
    ) -> Result<(), Stop> {
        let is_stored = match &self.stored {
            Some(stored) => *stored == self.notice,
            None => self.notice.is_empty(),
        };
        if is_stored {
            return Ok(());
        }
        let deletions = work.deletions();
        let put = deletions.put_notice(deletion, page.number, &self.notice);
        work.call(put).await?;
        self.stored = Some(self.notice.clone());
        Ok(())
    }
}

/// Whether something may be noted of the page already: by this worker, or the one that began it, by the delete whose restore this
/// is, or by the selection of a delete that removes rows.
fn may_be_noted(done: &Done<'_>) -> bool {
    done.turn != Turn::First
        || done.is_begun
        || done.pass() != Pass::Delete
        || done.deletion.strategy.is_done_backwards()
}

/// Whether the events of this page may say more than its keys.
pub(crate) fn needs_notice(collections: &Collections, page: &Page) -> bool {
    let mut known: BTreeMap<&str, bool> = BTreeMap::new();
    page.entries.iter().any(|entry| {
        let name: &str = entry.collection.as_ref();
        *known.entry(name).or_insert_with(|| {
            let collection = collections.get(name);
            collection.is_some_and(|collection| {
                collection.recipients.is_some() || !collection.aggregates.is_empty()
            })
        })
    })
}

/// Whether some of these records have values that are computed from their children.
pub(crate) fn has_values(collections: &Collections, page: &Page) -> bool {
    page.entries.iter().any(|entry| {
        let mut aggregates = collections.iter().flat_map(|child| &child.aggregates);
        aggregates.any(|aggregate| aggregate.on == entry.collection)
    })
}

/// The collection of an entry; one that is no longer declared by a file has no effects.
pub(crate) fn declared<'e>(collections: &'e Collections, entry: &Entry) -> Option<&'e Collection> {
    collections.get(entry.collection.as_ref())
}
