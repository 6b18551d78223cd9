//! The delete pass of the strategy `flag`: page by page, rows, then documents, then the checkpoint.

use crate::domain::deletion::{Deletion, Pass, State};
use crate::domain::page::{Exceptions, Page};
use crate::domain::scope::Scope;
use crate::engine::kit::mark::mark_documents;
use crate::engine::kit::slice::Stop;
use crate::engine::kit::work::Work;
use crate::engine::passes::owed_events::Notifier;
use crate::engine::passes::page::{PagePass, do_page};
use crate::engine::select::next_page;
use crate::engine::strategies::flag;
use crate::engine::strategies::flag::mark_entries;
use crate::ports::{EnginePorts, ReadDeletions};

/// Does all pages from the checkpoint on.
pub(crate) async fn run<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &mut Deletion,
    scope: &Scope,
) -> Result<(), Stop> {
    let mut notifier = Notifier::new();
    notifier.accepted(work, deletion).await;
    let deletions = work.deletions();
    let mut before = match deletion.cursor {
        0 => None,
        done => {
            work.call(deletions.page(&deletion.tenant, deletion.id, done))
                .await?
        }
    };
    let mut resumed = true;
    loop {
        let number = deletion.cursor + 1;
        // Only the first page of a slice can have been begun by somebody else; those that are known are there.
        let written = if resumed || number <= deletion.pages {
            work.call(deletions.page(&deletion.tenant, deletion.id, number))
                .await?
        } else {
            None
        };
        let page = match written {
            Some(page) => page,
            // What is written is finished before a cancel is honoured; nothing is begun any more.
            None if deletion.state == State::Cancelling => return Ok(()),
            None => match next_page(work, deletion, scope, before.as_ref(), number).await? {
                Some(page) => page,
                None => return Ok(()),
            },
        };
        do_page(
            work,
            deletion,
            &mut notifier,
            &Flag { scope },
            &page,
            resumed,
        )
        .await?;
        before = Some(page);
        resumed = false;
    }
}

struct Flag<'a> {
    scope: &'a Scope,
}

impl<P: EnginePorts> PagePass<P> for Flag<'_> {
    const PASS: Pass = Pass::Delete;

    /// Does a page: the root's as it was accepted, every other one's records as they were selected.
    async fn act(
        &self,
        work: Work<'_, P>,
        deletion: &Deletion,
        page: &Page,
        only: Option<&[usize]>,
    ) -> Result<Exceptions, Stop> {
        if page.number > 1 || deletion.root.is_none() {
            return mark_entries(work, deletion, &page.entries, only).await;
        }
        let collection = work.collection(&deletion.collection)?;
        let mut deleted = flag::root(work, deletion, collection, page).await?;
        if deleted.is_empty() {
            let mark = deletion.mark();
            deleted = mark_documents(work, collection, &mark, &page.entries, &[0]).await?;
        }
        Ok(Exceptions {
            deleted,
            ..Exceptions::default()
        })
    }

    fn scope(&self) -> Option<&Scope> {
        Some(self.scope)
    }
}
