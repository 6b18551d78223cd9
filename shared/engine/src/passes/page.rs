//! How one page is done, in every pass.

use crate::effects::{self, Following};
use crate::kit::checkpoint::checkpoint;
use crate::kit::manifest;
use crate::kit::slice::Stop;
use crate::kit::turn::Turn;
use crate::kit::work::Work;
use crate::passes::publisher::Publisher;
use crate::passes::task::Task;
use domain::deletion::{Deletion, Pass};
use domain::notice::Notice;
use domain::page::{Exceptions, Page, Part};
use ports::{AdvanceDeletions, EnginePorts};

/// One page while a pass does it.
pub(crate) struct PageRun<'a, P: EnginePorts> {
    pub(super) work: Work<'a, P>,
    pub(super) task: Task<'a>,
    pub(super) page: &'a Page,
    pub(super) turn: Turn,
}

impl<'a, P: EnginePorts> PageRun<'a, P> {
    /// A page in this pass. `may_be_begun` says whether a worker may have begun it in an earlier slice.
    pub(crate) fn new(
        work: Work<'a, P>,
        task: Task<'a>,
        deletion: &Deletion,
        page: &'a Page,
        may_be_begun: bool,
    ) -> Self {
        Self {
            work,
            task,
            page,
            turn: Turn::of(deletion, task.pass(), page.number, may_be_begun),
        }
    }

    /// Does the page:
    ///
    /// 1. the exceptions of an earlier turn are read, if there was one;
    /// 2. of a page that was done before, only the unfinished records are done; what has become of the records of a page
    ///    that may have been begun is read, and of one that was written before others were done;
    /// 3. the records that a delete must not take yet are blocked, and those that it never had are left out;
    /// 4. the records are taken, given back or removed;
    /// 5. the exceptions are stored beside the page;
    /// 6. what follows the records is done;
    /// 7. the checkpoint says that the page is done;
    /// 8. the events are published.
    ///
    /// Where there are calls for each record, records have their turn part by part, in steps 3 and 4 as in step 6: whenever
    /// a good part of the slice is over, how far they are is stored, and the next slice continues there.
    pub(crate) async fn run(
        &self,
        deletion: &mut Deletion,
        publisher: &mut Publisher,
    ) -> Result<(), Stop> {
        let pass = self.task.pass();
        let earlier = self.earlier(deletion).await?;
        let open = earlier
            .as_ref()
            .filter(|_| self.turn == Turn::Again)
            .map(|earlier| earlier.open(pass));
        let part = match &earlier {
            Some(earlier) => earlier.part_of(deletion.run),
            None => Part::of(deletion.run),
        };
        let exceptions = match earlier {
            Some(earlier) if part.followed.is_some() => earlier,
            mut earlier => {
                let by = (&mut earlier, part.clone());
                let found = self.act(deletion, by, open.as_deref()).await?;
                self.record(deletion, earlier, open.as_deref(), found)
                    .await?
            }
        };
        let notice = self.follow(deletion, &exceptions, part).await?;
        let next = deletion.page_done(pass, self.work.now(), self.page, &exceptions);
        checkpoint(self.work, deletion, next).await?;
        publisher
            .page(self.work, deletion, pass, (self.page, &exceptions, &notice))
            .await;
        Ok(())
    }

    /// Step 1.
    async fn earlier(&self, deletion: &Deletion) -> Result<Option<Exceptions>, Stop> {
        match self.turn {
            Turn::First => Ok(None),
            Turn::Resumed | Turn::Again => self.stored(deletion).await.map(Some),
        }
    }

    async fn stored(&self, deletion: &Deletion) -> Result<Exceptions, Stop> {
        manifest::exceptions(self.work, deletion, self.page.number).await
    }

    /// Whether the pass does only the unfinished records, because the page was done before.
    pub(super) fn is_only_open(&self) -> bool {
        self.task.pass() != Pass::Purge
    }

    /// Step 5: stores the exceptions if they have changed; returns the stored ones.
    async fn record(
        &self,
        deletion: &Deletion,
        mut earlier: Option<Exceptions>,
        open: Option<&[usize]>,
        found: Exceptions,
    ) -> Result<Exceptions, Stop> {
        if earlier.is_none() && !found.is_empty() {
            earlier = Some(self.stored(deletion).await?);
        }
        let Some(earlier) = earlier else {
            return Ok(found);
        };
        let pass = self.task.pass();
        let exceptions = earlier.followed_by(pass, found, open, self.is_only_open(), deletion.run);
        if exceptions != earlier {
            let deletions = self.work.deletions();
            let put = deletions.put_exceptions(deletion, self.page.number, &exceptions);
            self.work.call(put).await?;
        }
        Ok(exceptions)
    }

    /// Step 6.
    async fn follow(
        &self,
        deletion: &mut Deletion,
        exceptions: &Exceptions,
        mut part: Part,
    ) -> Result<Notice, Stop> {
        let scope = match self.task {
            Task::Delete(scope) => Some(scope),
            Task::Restore | Task::Purge(_) => None,
        };
        let has_failed = deletion.deleted.values().any(|counts| counts.failed > 0);
        let stored;
        let exceptions = match self.task {
            // What the delete has failed on need not have been read so far.
            Task::Purge(_) if has_failed && exceptions.is_empty() => {
                stored = self.stored(deletion).await?;
                &stored
            }
            Task::Purge(_) | Task::Delete(_) | Task::Restore => exceptions,
        };
        let mut followed = part.followed.take().unwrap_or_default();
        loop {
            let (by, done) = ((&*deletion, scope), (self.page, exceptions));
            let following = effects::follow(self.work, by, done, self.turn, followed);
            match Box::pin(following).await? {
                Following::Done(notice) => return Ok(*notice),
                Following::SoFar(so_far) => {
                    part.followed = Some(so_far.clone());
                    self.save(deletion, &part).await?;
                    followed = so_far;
                }
            }
        }
    }

    /// Stores how far the page is; returns what is stored beside it.
    pub(super) async fn save(
        &self,
        deletion: &mut Deletion,
        part: &Part,
    ) -> Result<Exceptions, Stop> {
        let mut stored = self.stored(deletion).await?;
        stored.part = Some(Box::new(part.clone()));
        let deletions = self.work.deletions();
        let put = deletions.put_exceptions(deletion, self.page.number, &stored);
        self.work.call(put).await?;
        let next = deletion.progressed(self.work.now());
        checkpoint(self.work, deletion, next).await?;
        Ok(stored)
    }
}
