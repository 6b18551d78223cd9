//! The delete pass of a strategy whose rows stay in their table: page by page, each done as soon as it is written. A run
//! that a comparison has begun selects nothing anew: it searches for what an index did not show in time.

use crate::kit::checkpoint::checkpoint;
use crate::kit::manifest;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use crate::passes::page::PageRun;
use crate::passes::publisher::Publisher;
use crate::passes::task::Task;
use crate::select::{Wanted, next_page, select};
use domain::deletion::{Deletion, State};
use domain::page::Page;
use domain::scope::Scope;
use ports::{AdvanceDeletions, EnginePorts, PutPageOutcome};

/// Does all pages from the checkpoint on.
pub(crate) async fn run<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &mut Deletion,
    scope: &Scope,
) -> Result<(), Stop> {
    let mut publisher = Publisher::new();
    publisher.accepted(work, deletion).await;
    let mut before = match deletion.cursor {
        0 => None,
        done => manifest::page(work, deletion, done).await?,
    };
    let mut may_be_begun = true;
    loop {
        let number = deletion.cursor + 1;
        // Only the first page of a slice can have been begun by another worker; pages that the deletion knows are
        // there.
        let written = if may_be_begun || number <= deletion.pages {
            manifest::page(work, deletion, number).await?
        } else {
            None
        };
        let page = match written {
            Some(page) => page,
            // What is written is finished before a cancel is honoured; nothing new is begun.
            None if deletion.state == State::Cancelling => return Ok(()),
            None => {
                let next = if deletion.is_sent_back() {
                    Box::pin(late_page(work, deletion, scope, number)).await?
                } else {
                    next_page(work, deletion, scope, before.as_ref(), number).await?
                };
                match next {
                    Some(page) => page,
                    None => return Ok(()),
                }
            }
        };
        PageRun::new(work, Task::Delete(scope), deletion, &page, may_be_begun)
            .run(deletion, &mut publisher)
            .await?;
        before = Some(page);
        may_be_begun = false;
    }
}

/// The next page of a run that a comparison has begun: late arrivals, from where the search is. Nothing is selected below
/// such a page as below another one, the search itself comes to it; so it does not say where to continue, and the
/// deletion does, once the page is done.
async fn late_page<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &mut Deletion,
    scope: &Scope,
    number: u32,
) -> Result<Option<Page>, Stop> {
    while let Some(cursor) = deletion.late_cursor.clone()
        && deletion.state != State::Cancelling
        && !deletion.has_failed()
    {
        let from = (number, cursor);
        let found = select(work, deletion, scope, from, Wanted::Late).await?;
        let next = match found {
            Some(mut page) if !page.entries.is_empty() => {
                let searched = page.next.take();
                let put = work.deletions().put_page(deletion, &page);
                return Ok(Some(match work.call(put).await? {
                    PutPageOutcome::Written => {
                        // Saved with the page's checkpoint.
                        deletion.late_cursor = searched.or(deletion.late_cursor.take());
                        page
                    }
                    PutPageOutcome::Earlier(theirs) => *theirs,
                }));
            }
            Some(Page {
                next: Some(next), ..
            }) => deletion.late_arrivals_searched(work.now(), next),
            Some(_) | None => deletion.late_arrivals_done(work.now()),
        };
        checkpoint(work, deletion, next).await?;
    }
    Ok(None)
}
