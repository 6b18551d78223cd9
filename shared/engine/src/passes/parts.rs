//! The records of a page have their turn: they are asked about, and taken, given back or removed. Where it takes calls to
//! know what may be done with a record, a part of them after the other, so that what was found out can be remembered.

use std::collections::BTreeMap;

use crate::effects;
use crate::kit::children::held;
use crate::kit::ours::is_root;
use crate::kit::recheck::{Again, Now, Since, recheck};
use crate::kit::records::Records;
use crate::kit::slice::Stop;
use crate::kit::turn::Turn;
use crate::passes::page::PageRun;
use crate::passes::task::{Task, bring_back, forget, never_ours};
use crate::select::{coming_back, shared_records};
use crate::strategies;
use domain::deletion::{Deletion, Pass};
use domain::page::{Exceptions, NotPurged, Outcome, Part};
use domain::scope::Scope;
use ports::EnginePorts;

impl<P: EnginePorts> PageRun<'_, P> {
    /// Steps 2 to 4, from where an earlier slice has stored that this run is. `earlier` becomes what is stored beside the
    /// page.
    pub(super) async fn act(
        &self,
        deletion: &mut Deletion,
        (earlier, mut part): (&mut Option<Exceptions>, Part),
        open: Option<&[usize]>,
    ) -> Result<Exceptions, Stop> {
        let only = open.filter(|_| self.is_only_open());
        if self.task.pass() == Pass::Restore {
            return strategies::give_back(self.work, deletion, &self.page.entries, only).await;
        }
        let mut groups = self.task.groups(self.work, deletion, self.page, only)?;
        let mut behind = part.taken;
        for group in &mut groups {
            let some = behind.min(group.places.len());
            group.places.drain(..some);
            behind -= some;
        }
        let again = self.again(deletion, &groups).await?;
        let mut began = self.work.now();
        for group in groups {
            let mut rest = &*group.places;
            while !rest.is_empty() {
                let records = self.next(deletion, group.at(rest.to_vec()), &part)?;
                let again = (again.as_ref(), earlier.as_ref());
                let taken = match self.task {
                    Task::Delete(scope) => {
                        let by = (&*deletion, scope);
                        self.take(by, &records, again, &mut part).await?
                    }
                    Task::Purge(scope) => {
                        self.forget((deletion, scope), &records, &mut part).await?
                    }
                    Task::Restore => records.places.len(),
                };
                part.taken += taken;
                rest = &rest[taken..];
                if self.work.slice.is_long_since(began) {
                    *earlier = Some(self.save(deletion, &part).await?);
                    began = self.work.now();
                }
            }
        }
        Ok(Exceptions {
            deleted: part.deleted,
            purged: part.purged,
            ..Exceptions::default()
        })
    }

    /// Those of these records that have their turn next.
    fn next<'r>(
        &self,
        deletion: &Deletion,
        mut rest: Records<'r>,
        part: &Part,
    ) -> Result<Records<'r>, Stop> {
        let (work, task) = (self.work, self.task);
        if !part.look.is_none() {
            // There is so much to read for it that it is asked about alone.
            rest.places.truncate(1);
        } else if task.asks(work, deletion, (&rest, self.page), part.has_failed())? {
            rest.places.truncate(self.turn.in_one_go());
        }
        Ok(rest)
    }

    /// What has become of the records that a delete takes.
    async fn again(
        &self,
        deletion: &Deletion,
        groups: &[Records<'_>],
    ) -> Result<Option<Since>, Stop> {
        let may_be_begun = self.turn != Turn::First;
        match self.task {
            Task::Delete(scope) if may_be_begun || deletion.strategy.is_done_backwards() => {
                let by = (deletion, scope);
                let again = recheck(self.work, by, self.page, groups, may_be_begun);
                Box::pin(again).await.map(Some)
            }
            Task::Delete(_) | Task::Restore | Task::Purge(_) => Ok(None),
        }
    }

    /// Takes some records of a delete, which are of one collection; returns how many of them have had their turn.
    async fn take(
        &self,
        (deletion, scope): (&Deletion, &Scope),
        records: &Records<'_>,
        (again, earlier): (Again<'_>, Option<&Exceptions>),
        part: &mut Part,
    ) -> Result<usize, Stop> {
        let (work, by) = (self.work, (deletion, scope));
        let mut turn = records.clone();
        let look = std::mem::take(&mut part.look);
        let mut found = BTreeMap::new();
        // One whose children are looked at for failed ones has been asked about everything else.
        if !look.is_for_failed {
            let untouched = self.untouched(deletion, records, again);
            let blocked = effects::blocked(work, by, self.page, &untouched, &look).await?;
            turn.places.retain(|place| blocked.is_before(*place));
            found = blocked.kept;
            part.look = blocked.unfinished.map(|(_, look)| look).unwrap_or_default();
        }
        found.extend(never_had(earlier, again, &turn));
        if deletion.strategy.removes_rows() {
            let has_failed = part.has_failed() || found.values().any(Outcome::is_failed);
            let rest = turn.without(&found);
            let held = held(work, by, &rest, (has_failed, &look)).await?;
            turn.places.retain(|place| held.is_before(*place));
            let kept = held.kept.into_iter();
            found.extend(kept.map(|(place, reason)| (place, Outcome::failed(reason))));
            if let Some((_, look)) = held.unfinished {
                part.look = look;
            }
        }
        found.retain(|place, _| turn.places.contains(place));
        let rest = turn.without(&found);
        if !rest.places.is_empty() {
            let taken = strategies::take(work, deletion, &rest, again).await?;
            let entries = &*self.page.entries;
            coming_back::none_of_others(work, deletion, entries, &taken).await?;
            found.extend(taken);
        }
        part.deleted.extend(found);
        Ok(turn.places.len())
    }

    /// The places of the records that nobody has touched yet. The root was marked at acceptance, before anything that
    /// happens first.
    fn untouched(
        &self,
        deletion: &Deletion,
        records: &Records<'_>,
        again: Again<'_>,
    ) -> Vec<usize> {
        let is_untouched = |place: &usize| {
            let is_touched = again.is_some_and(|again| again.at(*place).is_some());
            !is_touched || is_root(deletion, &self.page.entries[*place])
        };
        let places = records.places.iter().copied();
        places.filter(is_untouched).collect()
    }

    /// Removes some records for good, which are of one collection; returns how many of them have had their turn.
    async fn forget(
        &self,
        by: (&Deletion, &Scope),
        records: &Records<'_>,
        part: &mut Part,
    ) -> Result<usize, Stop> {
        let (work, page) = (self.work, self.page);
        let mut turn = records.clone();
        let look = std::mem::take(&mut part.look);
        let asked = shared_records::referenced_again(work, by, &page.entries, &turn.places, &look);
        let asked = Box::pin(asked).await?;
        turn.places.retain(|place| asked.is_before(*place));
        part.look = asked.unfinished.map(|(_, look)| look).unwrap_or_default();
        let named: Vec<usize> = asked.kept.into_keys().collect();
        let mut exceptions = bring_back(work, by.0, page, &named).await?;
        exceptions.extend(never_ours(&turn));
        let has_failed = part.has_failed() || exceptions.values().any(NotPurged::is_failed);
        let held = held(work, by, &turn.without(&exceptions), (has_failed, &look)).await?;
        turn.places.retain(|place| held.is_before(*place));
        exceptions.retain(|place, _| held.is_before(*place));
        if let Some((_, look)) = held.unfinished {
            part.look = look;
        }
        exceptions.extend(held.kept.into_iter().map(|(place, reason)| {
            let reason = reason.to_owned();
            (place, NotPurged::Failed { reason })
        }));
        forget(work, by, (&turn, page), &mut exceptions).await?;
        part.purged.extend(exceptions);
        Ok(turn.places.len())
    }
}

/// What an earlier turn has found missing, or another deletion's, and what is gone now: that turn has not removed it.
fn never_had(
    earlier: Option<&Exceptions>,
    again: Again<'_>,
    records: &Records<'_>,
) -> BTreeMap<usize, Outcome> {
    let is_gone = |place: usize| again.is_some_and(|again| again.at(place) == Some(Now::Gone));
    let never = |place: &usize| {
        let outcome = earlier?.deleted.get(place)?;
        let is_never = matches!(outcome, Outcome::Missing | Outcome::AlreadyDeleted);
        (is_never && is_gone(*place)).then(|| (*place, outcome.clone()))
    };
    records.places.iter().filter_map(never).collect()
}
