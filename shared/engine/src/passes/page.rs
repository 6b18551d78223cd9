//! How one page is done, in every pass.

use std::collections::BTreeMap;

use crate::effects;
use crate::kit::checkpoint::checkpoint;
use crate::kit::manifest;
use crate::kit::ours::is_root;
use crate::kit::recheck::{Again, Now, Since, recheck};
use crate::kit::slice::Stop;
use crate::kit::turn::Turn;
use crate::kit::work::Work;
use crate::passes::publisher::Publisher;
use crate::passes::task::Task;
use crate::select::coming_back;
use domain::deletion::{Deletion, Pass};
use domain::page::{Exceptions, Outcome, Page};
use ports::{AdvanceDeletions, EnginePorts};

/// One page while a pass does it.
pub(crate) struct PageRun<'a, P: EnginePorts> {
    work: Work<'a, P>,
    task: Task<'a>,
    page: &'a Page,
    turn: Turn,
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
        let found = self
            .act(deletion, earlier.as_ref(), open.as_deref())
            .await?;
        let exceptions = self
            .record(deletion, earlier, open.as_deref(), found)
            .await?;
        let notice = self.follow(deletion, &exceptions).await?;
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
    fn is_only_open(&self) -> bool {
        self.task.pass() != Pass::Purge
    }

    /// Steps 2 to 4.
    async fn act(
        &self,
        deletion: &Deletion,
        earlier: Option<&Exceptions>,
        open: Option<&[usize]>,
    ) -> Result<Exceptions, Stop> {
        let only = open.filter(|_| self.is_only_open());
        let again = self.again(deletion, only).await?;
        let mut blocked = match self.task {
            Task::Delete(scope) => {
                let untouched = self.untouched(deletion, only, again.as_ref());
                effects::blocked(self.work, deletion, scope, self.page, Some(&untouched)).await?
            }
            Task::Restore | Task::Purge(_) => BTreeMap::new(),
        };
        blocked.extend(never_had(earlier, again.as_ref()));
        let rest = self.places(only, |place| blocked.contains_key(&place));
        let only = if blocked.is_empty() {
            only
        } else {
            Some(&*rest)
        };
        let mut found = if only.is_some_and(<[usize]>::is_empty) {
            Exceptions::default()
        } else {
            let places = (self.page, only);
            let has_failed = blocked.values().any(Outcome::is_failed);
            let task = self.task;
            let found = task
                .run(self.work, deletion, places, (again.as_ref(), has_failed))
                .await?;
            let entries = &*self.page.entries;
            coming_back::none_of_others(self.work, deletion, entries, &found.deleted).await?;
            found
        };
        found.deleted.extend(blocked);
        Ok(found)
    }

    /// What has become of the records that a delete takes.
    async fn again(
        &self,
        deletion: &Deletion,
        only: Option<&[usize]>,
    ) -> Result<Option<Since>, Stop> {
        let may_be_begun = self.turn != Turn::First;
        match self.task {
            Task::Delete(scope) if may_be_begun || deletion.strategy.is_done_backwards() => {
                let by = (deletion, scope);
                let again = recheck(self.work, by, self.page, only, may_be_begun);
                Box::pin(again).await.map(Some)
            }
            Task::Delete(_) | Task::Restore | Task::Purge(_) => Ok(None),
        }
    }

    /// The places of the records that nobody has touched yet. The root was marked at acceptance, before anything that
    /// happens first.
    fn untouched(
        &self,
        deletion: &Deletion,
        only: Option<&[usize]>,
        again: Again<'_>,
    ) -> Vec<usize> {
        self.places(only, |place| {
            let is_touched = again.is_some_and(|again| again.at(place).is_some());
            is_touched && !is_root(deletion, &self.page.entries[place])
        })
    }

    /// Places of the page, all of them or only these, without those that are left out.
    fn places(&self, only: Option<&[usize]>, is_left_out: impl Fn(usize) -> bool) -> Vec<usize> {
        let is_wanted = |place: usize| only.is_none_or(|only| only.contains(&place));
        (0..self.page.entries.len())
            .filter(|place| is_wanted(*place) && !is_left_out(*place))
            .collect()
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
        deletion: &Deletion,
        exceptions: &Exceptions,
    ) -> Result<domain::notice::Notice, Stop> {
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
        let done = (self.page, exceptions);
        Box::pin(effects::follow(self.work, deletion, scope, done, self.turn)).await
    }
}

/// What an earlier turn has found missing, or another deletion's, and what is gone now: that turn has not removed it.
fn never_had(earlier: Option<&Exceptions>, again: Again<'_>) -> BTreeMap<usize, Outcome> {
    let deleted = earlier.into_iter().flat_map(|earlier| &earlier.deleted);
    let is_gone = |place: &usize| again.is_some_and(|again| again.at(*place) == Some(Now::Gone));
    let never = deleted.filter(|(place, outcome)| {
        is_gone(place) && matches!(outcome, Outcome::Missing | Outcome::AlreadyDeleted)
    });
    never
        .map(|(place, outcome)| (*place, outcome.clone()))
        .collect()
}
