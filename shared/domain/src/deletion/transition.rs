//! What may happen to a deletion, each as one function from the present value to the next one.
//!
//! A function that is not allowed in this state returns [`NotAllowed`] and changes nothing; `machine.rs` decides
//! whether it is allowed. Each increases `revision` by one, so that the store's compare-and-set detects every change.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

use super::accepted::Accepted;
use super::comparison::Comparison;
use super::counts::DeleteCounts;
use super::failure::Failure;
use super::machine::{self, Action, Event};
use super::pass_events::{Notified, PassEvents};
use super::state::{Pass, State};
use super::timing::Timing;
use super::value::{Deletion, LastAction, Lease};
use crate::chain;
use crate::cursor::SelectCursor;
use crate::page::{Exceptions, Page};
use crate::time::{later, to_millisecond};

/// How long after a lease the sweeper waits before it assumes that the holder has crashed.
const LEASE_MARGIN: Duration = Duration::from_mins(1);

/// How long what did nothing is kept, twice: until its purge, which finds nothing, and its certificate after that.
pub(super) const NOTHING_KEPT: Duration = Duration::from_hours(72);

/// The step does not apply to the deletion in its present state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not possible in state {0}")]
pub struct NotAllowed(pub State);

impl Deletion {
    /// A new deletion. The times are cut to the millisecond, the precision of every store.
    #[must_use]
    pub fn accept(accepted: Accepted<'_>, timing: &Timing) -> Self {
        let now = to_millisecond(accepted.now);
        let id = accepted.id;
        let root = accepted.first.and_then(|page| page.entries.first());
        let mut deletion = Self {
            id,
            tenant: accepted.tenant,
            collection: accepted.collection.name.clone(),
            root: root.map(|entry| entry.key.clone()),
            names: accepted.names,
            strategy: accepted.collection.strategy,
            restorable: accepted.collection.restorable,
            adopts: false,
            requested_by: accepted.requested_by,
            request_id: accepted.request_id,
            deleted_at: now,
            purge_at: accepted
                .collection
                .retention
                .purge_at(now)
                .map(to_millisecond),
            state: State::PendingDelete,
            revision: 1,
            epoch: 0,
            lease: None,
            run: 1,
            pages: 0,
            chain: chain::begin(id),
            selected: None,
            late: 0,
            behind: 0,
            tops: 0,
            acted: 0,
            cursor: 0,
            purged_late: None,
            late_cursor: None,
            late_done: false,
            links: None,
            deleted: BTreeMap::new(),
            restored: BTreeMap::new(),
            root_restored: false,
            purged: BTreeMap::new(),
            notified: Notified::default(),
            attempts: 0,
            resends: 0,
            failure: None,
            progress_at: now,
            comparison: Comparison::default(),
            ended_at: None,
            last_action: None,
            due_at: Some(later(now, timing.resend_after)),
            expires_at: None,
        };
        let by = Some(deletion.requested_by.clone());
        deletion.notified.delete.begin(1, by, 0);
        if let Some(page) = accepted.first {
            deletion.know(page);
        }
        deletion
    }

    /// Takes the lease for one slice that ends at `slice_end`.
    ///
    /// # Errors
    ///
    /// When no pass is under way, or a lease is still valid: the message is then acknowledged and dropped.
    pub fn lease(
        &self,
        now: Timestamp,
        slice_end: Timestamp,
        holder: Uuid,
        timing: &Timing,
    ) -> Result<Self, NotAllowed> {
        if self.is_leased(now) {
            return Err(NotAllowed(self.state));
        }
        let state = self.after(Event::Lease, now)?;
        let until = to_millisecond(later(slice_end, timing.grace));
        let mut next = self.changed();
        next.state = state;
        next.epoch += 1;
        next.lease = Some(Lease { until, holder });
        // A crash is an attempt too: it is counted when the slice begins, and subtracted again if a dependency was the
        // cause.
        next.attempts += 1;
        // Shorter leases have a shorter margin, so that a local stack recovers in seconds.
        next.due_at = Some(later(until, LEASE_MARGIN.min(timing.grace * 2)));
        Ok(next)
    }

    /// What a person requests for it. The worker that holds it detects this at its next checkpoint.
    ///
    /// # Errors
    ///
    /// When it does not apply in this state.
    pub fn act(
        &self,
        action: Action,
        by: &str,
        now: Timestamp,
        timing: &Timing,
    ) -> Result<Self, NotAllowed> {
        let state = self.after(action.event(), now)?;
        let asked = LastAction {
            action,
            by: by.to_owned(),
            at: to_millisecond(now),
        };
        if action == Action::Cancel {
            let mut next = self.changed();
            next.state = state;
            next.last_action = Some(asked);
            if !self.is_leased(now) {
                next.due_at = Some(later(now, timing.resend_after));
            }
            return Ok(next);
        }
        let mut next = self.begun(state, Some(by.to_owned()), now, timing);
        next.last_action = Some(asked);
        if action == Action::Purge {
            next.purge_at = Some(to_millisecond(now));
        }
        Ok(next)
    }

    /// The retention has passed: the purge begins without a request.
    ///
    /// # Errors
    ///
    /// When it is not `DELETED`, or `purge_at` has not come.
    pub fn begin_purge(&self, now: Timestamp, timing: &Timing) -> Result<Self, NotAllowed> {
        let state = self.after(Event::PurgeDue, now)?;
        Ok(self.begun(state, None, now, timing))
    }

    /// Compare found live records that are this deletion's: they are deleted or purged too. The search of the run that
    /// begins with it starts at `from`, where that is not below the root.
    ///
    /// # Errors
    ///
    /// When it is not `PURGED`, nor `DELETED` before `purge_at`.
    pub fn found(
        &self,
        from: Option<SelectCursor>,
        now: Timestamp,
        timing: &Timing,
    ) -> Result<Self, NotAllowed> {
        let state = self.after(Event::Found, now)?;
        // A purge is the policy's; what is deleted was asked for.
        let by = (state.pass() == Pass::Delete).then(|| self.requested_by.clone());
        let mut next = self.begun(state, by, now, timing);
        next.late_cursor = from;
        next.comparison.returns += 1;
        Ok(next)
    }

    /// One more page of the delete is written and not done yet: the delete runs backwards, later.
    #[must_use]
    pub fn page_written(&self, now: Timestamp, page: &Page) -> Self {
        let mut next = self.progressed(now);
        next.know(page);
        next
    }

    /// All pages of a delete that runs backwards are written.
    #[must_use]
    pub fn selection_over(&self, now: Timestamp) -> Self {
        let mut next = self.progressed(now);
        next.selected = Some(self.pages);
        next
    }

    /// The delete reads its links again, and has read them up to here: records that no live link references any more
    /// are deleted too.
    #[must_use]
    pub fn links_followed(&self, now: Timestamp, to: SelectCursor) -> Self {
        let mut next = self.progressed(now);
        next.links = Some(to);
        next
    }

    /// One more page of a pass is done. Restore and purge count theirs from the last.
    #[must_use]
    pub fn page_done(
        &self,
        pass: Pass,
        now: Timestamp,
        page: &Page,
        exceptions: &Exceptions,
    ) -> Self {
        let mut next = self.progressed(now);
        match pass {
            Pass::Delete => next.count_deleted(page, exceptions),
            Pass::Restore => {
                next.cursor += 1;
                for (collection, more) in page.restore_counts(exceptions) {
                    *next.restored.entry(collection).or_default() += more;
                }
            }
            Pass::Purge => {
                next.cursor += 1;
                for (collection, more) in page.purge_counts(exceptions) {
                    *next.purged.entry(collection).or_default() += more;
                }
            }
        }
        next
    }

    /// The same value with a page counted that an earlier run of the delete has done, to be stored with what follows.
    #[must_use]
    pub fn counting(&self, page: &Page, exceptions: &Exceptions) -> Self {
        let mut next = self.clone();
        next.count_deleted(page, exceptions);
        next
    }

    /// The present slice made progress without finishing a page.
    #[must_use]
    pub fn progressed(&self, now: Timestamp) -> Self {
        let mut next = self.changed();
        next.progress_at = now;
        next.attempts = 0;
        next.resends = 0;
        next.failure = None;
        next
    }

    /// The present pass has done all pages.
    ///
    /// # Errors
    ///
    /// When no pass is under way.
    pub fn finish(&self, now: Timestamp) -> Result<Self, NotAllowed> {
        let failed = self.failed();
        self.ended((failed > 0).then(|| Failure::of_records(failed)), now)
    }

    /// The root is back, and with it everything: the last page of a restore and its final state in one step. With a
    /// `failure` the root stays as it is, and its exceptions say so.
    ///
    /// # Errors
    ///
    /// When no restore is under way.
    pub fn restored(
        &self,
        now: Timestamp,
        root: &Page,
        exceptions: &Exceptions,
        failure: Option<Failure>,
    ) -> Result<Self, NotAllowed> {
        let mut next = self
            .page_done(Pass::Restore, now, root, exceptions)
            .ended(failure, now)?;
        next.revision = self.revision + 1;
        Ok(next)
    }

    /// The pass cannot reach its end, for this reason.
    ///
    /// # Errors
    ///
    /// When no pass is under way.
    pub fn fail(&self, failure: Failure, now: Timestamp) -> Result<Self, NotAllowed> {
        self.ended(Some(failure), now)
    }

    /// The pass is given up by the holder of its lease: an earlier holder finds another revision. `last` is a page of
    /// the delete that was written and will not be finished, with its exceptions.
    ///
    /// # Errors
    ///
    /// When no pass is under way.
    pub fn park(
        &self,
        failure: Failure,
        last: Option<(&Page, &Exceptions)>,
        now: Timestamp,
    ) -> Result<Self, NotAllowed> {
        let mut next = self.ended(Some(failure), now)?;
        if let Some((page, exceptions)) = last {
            next.count_deleted(page, exceptions);
        }
        Ok(next)
    }

    /// Events of an ended deletion are published; the sweeper processes it next at the new `due_at`.
    #[must_use]
    pub fn events_published(&self, notified: Notified, timing: &Timing) -> Self {
        let mut next = self.changed();
        next.notified = notified;
        next.due_at = next.due_at_rest(timing);
        next
    }

    /// Nothing can be done now (the bus or a store is unavailable): it is processed again later, and later each time
    /// that the bus refuses the same event.
    #[must_use]
    pub fn put_off(&self, now: Timestamp, timing: &Timing) -> Self {
        let mut next = self.changed();
        let times = self.notified.refusals().clamp(1, 60);
        next.due_at = Some(later(now, timing.resend_after * times));
        next
    }

    /// The pages of a deletion that is over are deleted; the certificate stays for its retention.
    #[must_use]
    pub fn tidied(&self, now: Timestamp, timing: &Timing) -> Self {
        let mut next = self.changed();
        next.comparison.dropped = next.pages;
        next.due_at = None;
        let kept = if self.has_done_nothing() {
            timing.certificate_retention.min(NOTHING_KEPT)
        } else {
            timing.certificate_retention
        };
        next.expires_at = Some(later(now, kept));
        next
    }

    /// The pages after this one are deleted; the rest is left to a later sweep.
    #[must_use]
    pub fn shortened(&self, pages: u32, now: Timestamp, timing: &Timing) -> Self {
        let mut next = self.put_off(now, timing);
        next.comparison.dropped = next.pages.saturating_sub(pages);
        next
    }

    pub(super) fn after(&self, event: Event, now: Timestamp) -> Result<State, NotAllowed> {
        machine::next(self.state, event, self.terms(now)).ok_or(NotAllowed(self.state))
    }

    /// A page joins the manifest, nothing of it done.
    fn know(&mut self, page: &Page) {
        self.pages += 1;
        // While the request is read, the next page lists what it lists.
        if self.root.is_none() && page.number == self.tops.max(1) {
            let goes_on = matches!(page.next, Some(SelectCursor::Requested(_)));
            self.tops = page.number + u32::from(goes_on);
        }
        self.chain = chain::extend(&self.chain, page);
        for (collection, records) in page.sizes() {
            *self.deleted.entry(collection).or_default() += DeleteCounts::not_reached(records);
        }
    }

    fn count_deleted(&mut self, page: &Page, exceptions: &Exceptions) {
        if page.number > self.pages {
            self.know(page);
        }
        self.cursor += 1;
        self.acted = self.acted.max(self.cursor);
        for (collection, more) in page.delete_counts(exceptions) {
            let counts = self.deleted.entry(collection).or_default();
            // `selected` counts the page from now on.
            counts.not_reached = counts.not_reached.saturating_sub(more.selected);
            *counts += DeleteCounts {
                selected: 0,
                ..more
            };
        }
    }

    /// The beginning of a run of a pass.
    fn begun(&self, state: State, by: Option<String>, now: Timestamp, timing: &Timing) -> Self {
        let mut next = self.changed();
        next.root_restored |= self.root.is_some() && self.state == State::Restored;
        next.state = state;
        next.run += 1;
        next.cursor = 0;
        match state.pass() {
            // Rebuilt from the pages as the run processes them.
            Pass::Delete => {
                for counts in next.deleted.values_mut() {
                    *counts = DeleteCounts::not_reached(counts.selected);
                }
            }
            Pass::Restore => next.restored.clear(),
            Pass::Purge => {
                next.purged.clear();
                if next.purged_late.replace(0).is_some_and(|late| late > 0) {
                    // Pages that the earlier run had added are no longer at their position, so the events of all pages
                    // are published again, under the same ids.
                    let purge = &mut next.notified.purge;
                    (purge.pages, purge.part, purge.done) = (0, 0, 0);
                }
            }
        }
        // A delete that was sent back, and did not come to its end, searches once more when it is tried again.
        let searches = self.root.is_none() && state.pass() == Pass::Delete;
        let searches = searches && self.late_cursor.is_some();
        next.late_cursor = searches.then_some(SelectCursor::REQUESTED);
        next.late_done = false;
        next.links = None;
        let (run, pages) = (next.run, next.pages);
        let events: &mut PassEvents = next.notified.of_mut(state.pass());
        events.begin(run, by, pages);
        next.attempts = 0;
        next.resends = 0;
        next.failure = None;
        next.progress_at = now;
        next.comparison = self.comparison.anew();
        next.ended_at = None;
        next.expires_at = None;
        next.due_at = Some(later(now, timing.resend_after));
        next
    }

    fn ended(&self, failure: Option<Failure>, now: Timestamp) -> Result<Self, NotAllowed> {
        let pass = self.state.working_pass().ok_or(NotAllowed(self.state))?;
        let event = if failure.is_some() {
            Event::Fail
        } else {
            Event::Done
        };
        let state = self.after(event, now)?;
        let mut next = self.changed();
        next.state = state;
        if failure.is_none() {
            next.attempts = 0;
            next.resends = 0;
        }
        next.failure.clone_from(&failure);
        next.lease = None;
        next.ended_at = Some(now);
        if state == State::Deleted && next.has_done_nothing() {
            // There is nothing to restore.
            let soon = to_millisecond(later(now, NOTHING_KEPT));
            next.purge_at = Some(next.purge_at.map_or(soon, |purge_at| purge_at.min(soon)));
        }
        let cursor = next.cursor;
        let events = next.notified.of_mut(pass);
        events.ended = Some(state);
        events.failure = failure;
        events.done = events.done.max(cursor);
        // Due at once while events are owed.
        next.due_at = Some(now);
        Ok(next)
    }

    pub(super) fn changed(&self) -> Self {
        let mut next = self.clone();
        next.revision += 1;
        next
    }
}
