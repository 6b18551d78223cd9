//! The delete pass of a strategy whose rows stay in their table: page by page, each done as soon as it is written.

use crate::kit::manifest;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use crate::passes::page::PageRun;
use crate::passes::publisher::Publisher;
use crate::passes::task::Task;
use crate::select::next_page;
use domain::deletion::{Deletion, State};
use domain::scope::Scope;
use ports::EnginePorts;

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
            None => match next_page(work, deletion, scope, before.as_ref(), number).await? {
                Some(page) => page,
                None => return Ok(()),
            },
        };
        PageRun::new(work, Task::Delete(scope), deletion, &page, may_be_begun)
            .run(deletion, &mut publisher)
            .await?;
        before = Some(page);
        may_be_begun = false;
    }
}
