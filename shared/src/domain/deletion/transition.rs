//! What may happen to a deletion, each as one function from what stands to what follows.
//!
//! A function that does not apply says so ([`NotAllowed`]) and changes nothing. `revision` grows by one in each,
//! which is what makes the store's compare-and-set see every change.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

use crate::domain::collection::CollectionName;
use crate::domain::deletion::{
    Accepted, DeleteCounts, Deletion, Failure, Lease, Notified, Pass, PurgeCounts, State,
};
use crate::domain::time::{later, to_millisecond};

/// The times of the protocol; all of them are configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// How long one slice works.
    pub slice: Duration,
    /// What a call that began at the slice's end may still take.
    pub grace: Duration,
    /// After how much silence the message is sent again.
    pub resend_after: Duration,
    /// How long after its end a deletion is looked at once more.
    pub compare_after: Duration,
    /// How long the certificate stays after the purge.
    pub certificate_retention: Duration,
}

/// How long after a lease the sweeper waits before it takes the holder for dead.
const LEASE_MARGIN: Duration = Duration::from_mins(1);

/// The step does not apply to the deletion as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not possible in state {0}")]
pub struct NotAllowed(pub State);

impl Deletion {
    /// A new deletion. The times are cut to the millisecond, the precision of every store.
    #[must_use]
    pub fn accept(accepted: Accepted<'_>, timing: &Timing) -> Self {
        let now = to_millisecond(accepted.now);
        Self {
            id: accepted.id,
            tenant: accepted.tenant,
            collection: accepted.collection.name.clone(),
            root: accepted.root,
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
            pages: 1,
            acted: 0,
            cursor: 0,
            look: None,
            looked: false,
            deleted: BTreeMap::new(),
            purged: BTreeMap::new(),
            notified: Notified::default(),
            attempts: 0,
            resends: 0,
            failure: None,
            progress_at: now,
            ended_at: None,
            due_at: Some(later(now, timing.resend_after)),
            expires_at: None,
        }
    }

    /// Takes the lease for one slice that ends at `slice_end`.
    ///
    /// # Errors
    ///
    /// When no pass is under way, or a live lease stands: the message is then acknowledged and dropped.
    pub fn lease(
        &self,
        now: Timestamp,
        slice_end: Timestamp,
        holder: Uuid,
        timing: &Timing,
    ) -> Result<Self, NotAllowed> {
        if self.state.working_pass().is_none() || self.is_leased(now) {
            return Err(NotAllowed(self.state));
        }
        let until = to_millisecond(later(slice_end, timing.grace));
        let mut next = self.changed();
        next.state = if self.state == State::PendingDelete {
            State::Deleting
        } else {
            self.state
        };
        next.epoch += 1;
        next.lease = Some(Lease { until, holder });
        // A crash is an attempt too: it is counted when it begins, and given back when a dependency was to blame.
        next.attempts += 1;
        // Shorter leases have a shorter margin, so that a local stack recovers in seconds.
        next.due_at = Some(later(until, LEASE_MARGIN.min(timing.grace * 2)));
        Ok(next)
    }

    /// One more page of the delete is done.
    #[must_use]
    pub fn page_deleted(
        &self,
        now: Timestamp,
        counts: impl IntoIterator<Item = (CollectionName, DeleteCounts)>,
    ) -> Self {
        let mut next = self.progressed(now);
        next.count_deleted(counts);
        next
    }

    /// One more page of the purge is done, counted from the last.
    #[must_use]
    pub fn page_purged(
        &self,
        now: Timestamp,
        counts: impl IntoIterator<Item = (CollectionName, PurgeCounts)>,
    ) -> Self {
        let mut next = self.progressed(now);
        next.cursor += 1;
        for (collection, more) in counts {
            *next.purged.entry(collection).or_default() += more;
        }
        next
    }

    /// The present slice got on without finishing a page (a purge's look).
    #[must_use]
    pub fn progressed(&self, now: Timestamp) -> Self {
        let mut next = self.changed();
        next.progress_at = now;
        next.attempts = 0;
        next.resends = 0;
        next.failure = None;
        next
    }

    /// The slice is over and work is left: the lease goes, the message follows.
    #[must_use]
    pub fn release(
        &self,
        now: Timestamp,
        failure: Option<Failure>,
        is_attempt: bool,
        timing: &Timing,
    ) -> Self {
        let mut next = self.changed();
        next.lease = None;
        next.failure = failure;
        if !is_attempt {
            next.attempts = next.attempts.saturating_sub(1);
        }
        next.due_at = Some(later(now, timing.resend_after));
        next
    }

    /// The present pass has done all pages.
    ///
    /// # Errors
    ///
    /// When no pass is under way.
    pub fn finish(&self, now: Timestamp) -> Result<Self, NotAllowed> {
        let pass = self.state.working_pass().ok_or(NotAllowed(self.state))?;
        let failed: u64 = match pass {
            Pass::Delete => self.deleted.values().map(|counts| counts.failed).sum(),
            Pass::Purge => self.purged.values().map(|counts| counts.failed).sum(),
        };
        let failure = (failed > 0).then(|| Failure {
            code: "RECORDS_FAILED".to_owned(),
            reason: format!("{failed} records failed; /records names them"),
        });
        Ok(self.ended(pass, failure, now))
    }

    /// The pass is given up by the holder of its lease: whoever held it before finds another revision.
    /// `last` are the counts of a page of the delete that was written and is not going to be finished.
    ///
    /// # Errors
    ///
    /// When no pass is under way.
    pub fn park(
        &self,
        failure: Failure,
        last: Option<BTreeMap<CollectionName, DeleteCounts>>,
        now: Timestamp,
    ) -> Result<Self, NotAllowed> {
        let pass = self.state.working_pass().ok_or(NotAllowed(self.state))?;
        let mut next = self.ended(pass, Some(failure), now);
        if let Some(counts) = last {
            next.count_deleted(counts);
        }
        Ok(next)
    }

    /// The retention has passed: the purge begins.
    ///
    /// # Errors
    ///
    /// When it is not `DELETED`, or `purge_at` has not come.
    pub fn begin_purge(&self, now: Timestamp, timing: &Timing) -> Result<Self, NotAllowed> {
        if self.state != State::Deleted || self.purge_at.is_none_or(|purge_at| now < purge_at) {
            return Err(NotAllowed(self.state));
        }
        let mut next = self.changed();
        next.state = State::Purging;
        next.run += 1;
        next.cursor = 0;
        next.purged.clear();
        next.look = None;
        next.looked = false;
        next.attempts = 0;
        next.resends = 0;
        next.failure = None;
        next.progress_at = now;
        next.ended_at = None;
        next.due_at = Some(later(now, timing.resend_after));
        Ok(next)
    }

    /// The deletion as it stood when its delete ended, for events of the delete that are still owed in the purge: they
    /// keep the ids that they would have had.
    #[must_use]
    pub fn as_delete_ended(&self) -> Self {
        let mut past = self.clone();
        if self.state.pass() == Pass::Purge {
            past.state = State::Deleted;
            past.failure = None;
            past.run -= 1;
        }
        past
    }

    /// The message is about to be sent once more; the next time later than this time.
    #[must_use]
    pub fn resent(&self, now: Timestamp, timing: &Timing) -> Self {
        let mut next = self.changed();
        next.resends += 1;
        next.due_at = Some(later(now, timing.resend_after * next.resends.min(60)));
        next
    }

    /// Events of an ended deletion are out; what the sweeper has to do with it next, it does at the new `due_at`.
    #[must_use]
    pub fn told(&self, notified: Notified, timing: &Timing) -> Self {
        let mut next = self.changed();
        next.notified = notified;
        next.due_at = match (self.state, self.ended_at) {
            (State::Deleted, _) => self.purge_at,
            (State::Purged, Some(ended)) => Some(later(ended, timing.compare_after)),
            _ => None,
        };
        next
    }

    /// Nothing can be done now (the bus or the search domain is away): it is looked at again later.
    #[must_use]
    pub fn put_off(&self, now: Timestamp, timing: &Timing) -> Self {
        let mut next = self.changed();
        next.due_at = Some(later(now, timing.resend_after));
        next
    }

    /// A purge's look found records: the manifest has a page more.
    #[must_use]
    pub fn page_found(&self, now: Timestamp) -> Self {
        let mut next = self.progressed(now);
        next.pages += 1;
        next
    }

    /// A purge's look is over.
    #[must_use]
    pub fn look_over(&self, now: Timestamp) -> Self {
        let mut next = self.progressed(now);
        next.look = None;
        next.looked = true;
        next
    }

    /// The pages of a purged deletion are dropped; the certificate stays for its retention.
    #[must_use]
    pub fn tidied(&self, now: Timestamp, timing: &Timing) -> Self {
        let mut next = self.changed();
        next.due_at = None;
        next.expires_at = Some(later(now, timing.certificate_retention));
        next
    }

    /// The pages behind this one are dropped; the rest is for a later sweep.
    #[must_use]
    pub fn shortened(&self, pages: u32, now: Timestamp, timing: &Timing) -> Self {
        let mut next = self.put_off(now, timing);
        next.pages = pages;
        next
    }

    fn count_deleted(&mut self, counts: impl IntoIterator<Item = (CollectionName, DeleteCounts)>) {
        self.cursor += 1;
        self.acted = self.acted.max(self.cursor);
        self.pages = self.pages.max(self.cursor);
        for (collection, more) in counts {
            *self.deleted.entry(collection).or_default() += more;
        }
    }

    fn ended(&self, pass: Pass, failure: Option<Failure>, now: Timestamp) -> Self {
        let mut next = self.changed();
        next.state = match (pass, failure.is_some()) {
            (Pass::Delete, false) => State::Deleted,
            (Pass::Delete, true) => State::DeleteFailed,
            (Pass::Purge, false) => State::Purged,
            (Pass::Purge, true) => State::PurgeFailed,
        };
        next.failure = failure;
        next.lease = None;
        next.ended_at = Some(now);
        // Due at once while events are owed.
        next.due_at = Some(now);
        next
    }

    fn changed(&self) -> Self {
        let mut next = self.clone();
        next.revision += 1;
        next
    }
}
