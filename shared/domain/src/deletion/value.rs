//! The present value of one deletion, and what follows from that alone.

use std::collections::BTreeMap;

use jiff::Timestamp;
use uuid::Uuid;

use super::comparison::Comparison;
use super::counts::{DeleteCounts, PurgeCounts, RestoreCounts};
use super::failure::Failure;
use super::id::DeletionId;
use super::machine::{self, Action, Refusal, Terms};
use super::order::Order;
use super::pass_events::Notified;
use super::state::{Pass, State};
use crate::collection::CollectionName;
use crate::cursor::SelectCursor;
use crate::key::RecordKey;
use crate::page::Page;
use crate::principal::Tenant;
use crate::strategy::Strategy;

/// Who works on a deletion at the moment, and until when.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Lease {
    /// The end of the slice plus the grace; never renewed.
    pub until: Timestamp,
    /// A random token: two workers that lease in the same millisecond still write different values.
    pub holder: Uuid,
}

/// What a person has asked of a deletion, after it was accepted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LastAction {
    /// What was asked.
    pub action: Action,
    /// Who asked.
    pub by: String,
    /// When, to the millisecond.
    pub at: Timestamp,
}

/// The present value of one deletion.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, which no other one depends on"
)]
pub struct Deletion {
    /// Its identity.
    pub id: DeletionId,
    /// The tenant that it belongs to.
    pub tenant: Tenant,
    /// The root's collection, or the one in the path of the request if there is no root.
    pub collection: CollectionName,
    /// The root's key; `None` where the deletion covers ids or an author.
    pub root: Option<RecordKey>,
    /// The collections that a deletion without a root requests itself, including the one in the path of the request.
    /// Empty where there is a root; and where an earlier build has accepted it, until it is read from the scope.
    pub names: Vec<CollectionName>,
    /// What is done with the records. Frozen at acceptance.
    pub strategy: Strategy,
    /// Whether it may be undone. Frozen at acceptance.
    pub restorable: bool,
    /// Whether it takes over records that others have marked. An earlier build drops it, and leaves such records alone.
    pub adopts: bool,
    /// The subject who requested it.
    pub requested_by: String,
    /// The request that created it.
    pub request_id: String,
    /// The moment of acceptance, which every mark of this deletion carries.
    pub deleted_at: Timestamp,
    /// When the records are removed for good; `None` is never. Frozen at acceptance, unless there turn out to be none.
    pub purge_at: Option<Timestamp>,
    /// Its state.
    pub state: State,
    /// Grows by one with each stored change: the compare-and-set.
    pub revision: u64,
    /// Grows with each lease.
    pub epoch: u64,
    /// The present lease, if a worker is processing it.
    pub lease: Option<Lease>,
    /// Grows with each change into a pass; part of the ids of events.
    pub run: u32,
    /// How many pages the manifest is known to have.
    pub pages: u32,
    /// The head of the hash chain over those pages, in hexadecimal.
    pub chain: String,
    /// How many pages the delete has written, once its selection is over. Only where the delete runs backwards.
    pub selected: Option<u32>,
    /// How many pages the delete has added after those: late arrivals, and shared records without a live link.
    pub late: u32,
    /// How many of those it does behind what the request lists itself.
    pub behind: u32,
    /// How many pages, from the first one, list what the request lists itself. 0 where there is a root, and where an earlier
    /// build has accepted it. The page behind the last one counts too as long as it is not known what it lists.
    pub tops: u32,
    /// Pages the delete has done, in its order; it never decreases.
    pub acted: u32,
    /// Pages the present pass has done; 0 at each change into a pass.
    pub cursor: u32,
    /// How many pages of late arrivals the present purge has added, which it does after all others but the root's. `None`
    /// outside of a purge, and in one that a build has begun that did them first.
    pub purged_late: Option<u32>,
    /// Where the present pass's search for late arrivals continues; `None` before it began and when it is over. In a
    /// delete without a root only a run that a comparison has begun searches.
    pub late_cursor: Option<SelectCursor>,
    /// Whether the present pass has finished its search for late arrivals.
    pub late_done: bool,
    /// Where a delete that runs backwards continues to read the links that it has removed: the records that they kept
    /// alive may now be deleted. `None` before it began.
    pub links: Option<SelectCursor>,
    /// What the delete found and did, by collection.
    pub deleted: BTreeMap<CollectionName, DeleteCounts>,
    /// What the present restore found and did, by collection.
    pub restored: BTreeMap<CollectionName, RestoreCounts>,
    /// Whether a restore has brought the root back. A later one, of the records that were left, does not touch it.
    pub root_restored: bool,
    /// What the present purge found and did, by collection.
    pub purged: BTreeMap<CollectionName, PurgeCounts>,
    /// Which events are published.
    pub notified: Notified,
    /// Slices begun since the last progress, without those that a dependency refused.
    pub attempts: u32,
    /// How often the sweeper has sent the message again since the last progress.
    pub resends: u32,
    /// Why it failed, or why the last slice ended early.
    pub failure: Option<Failure>,
    /// When the present pass last made progress, or was requested.
    pub progress_at: Timestamp,
    /// How far the comparison of the stores is.
    pub comparison: Comparison,
    /// When it reached its present final state.
    pub ended_at: Option<Timestamp>,
    /// What a person has last asked for since it was accepted.
    pub last_action: Option<LastAction>,
    /// When the sweeper must process it; `None` is never.
    pub due_at: Option<Timestamp>,
    /// When the item may disappear by TTL.
    pub expires_at: Option<Timestamp>,
}

impl Deletion {
    /// The collections that it requests itself, whose rights decide who may see it and act on it. For records that a
    /// cascade reaches, the rights of the collection that they were reached from decide.
    pub fn named(&self) -> impl Iterator<Item = &str> {
        let beside = self.names.iter().filter(|name| **name != self.collection);
        std::iter::once(&self.collection)
            .chain(beside)
            .map(AsRef::as_ref)
    }

    /// Whether the delete has done this page of the manifest: the only place that decides it.
    #[must_use]
    pub fn is_acted(&self, page: u32) -> bool {
        if self.strategy.is_done_backwards() {
            self.deleted_at_position(page)
                .is_some_and(|position| position <= self.acted)
        } else {
            page <= self.acted
        }
    }

    /// Whether an earlier run of a pass has done this page, which is the next one of the present run.
    #[must_use]
    pub fn is_done_before(&self, pass: Pass, page: u32) -> bool {
        match pass {
            Pass::Delete => self.is_acted(page),
            Pass::Restore => self.cursor < self.notified.restore.done,
            // Which pages an earlier run reached is no longer known once late arrivals have added pages. It need not
            // be: all of a page is done again, and what was an exception before is published as this run's.
            Pass::Purge => self.notified.purge.is_again(),
        }
    }

    /// Whether an earlier run of the delete has written this page, or a worker that died: its records may no longer be the
    /// deletion's.
    #[must_use]
    pub fn is_of_an_earlier_run(&self, page: u32) -> bool {
        page <= self.notified.delete.of
    }

    /// The next page is one that a worker wrote before it died, nobody knows how long ago: in an earlier run, maybe. Saved
    /// with the checkpoint that counts the page.
    pub fn adopts(&mut self, page: &Page) {
        if self.state.pass() == Pass::Delete {
            let of = &mut self.notified.delete.of;
            *of = page.number.max(*of);
        }
    }

    /// The page that a backwards pass does next; `None` when it has done all. A restore leaves the root's page for its
    /// last step.
    #[must_use]
    pub fn next_backwards(&self) -> Option<u32> {
        let pass = self.state.pass();
        if pass == Pass::Restore {
            let last = u32::from(self.root.is_some());
            let page = self.pages.checked_sub(self.cursor);
            return page.filter(|page| *page > last);
        }
        let order = self.order(pass)?;
        (self.cursor < order.all()).then(|| order.page_at(self.cursor + 1))
    }

    /// The version of its stored form.
    #[must_use]
    pub fn version(&self) -> u32 {
        let is_purged_late = self.state == State::Purging && self.purged_late > Some(0);
        let is_whole = self.is_deleted_whole() && !self.notified.owes();
        if self.tops > 0 && (is_purged_late || (self.late > self.behind && !is_whole)) {
            // An earlier build would do late arrivals last, and take pages for done that are not.
            super::TOPS_LAST
        // An earlier build would search first, and then take pages for done that are not.
        } else if self.state == State::Purging && self.purged_late.is_some() && self.cursor > 0 {
            super::LATE_LAST
        } else {
            super::VERSION
        }
    }

    /// Whether the present pass has added this page for late arrivals.
    #[must_use]
    pub fn is_late(&self, page: u32) -> bool {
        let order = self.order(self.state.pass());
        order.is_some_and(|order| page > order.selected)
    }

    /// In which order a pass that removes does its pages.
    fn order(&self, pass: Pass) -> Option<Order> {
        let (selected, late, behind) = match pass {
            Pass::Delete => (
                self.selected?,
                self.late.saturating_sub(self.behind),
                self.behind,
            ),
            Pass::Purge => {
                let late = self.purged_late.unwrap_or(0);
                (self.pages.saturating_sub(late), late, 0)
            }
            Pass::Restore => return None,
        };
        let tops = if self.root.is_some() { 1 } else { self.tops };
        Some(Order {
            selected,
            tops: tops.min(selected),
            late,
            behind,
        })
    }

    /// Whether a delete that runs backwards has only links left to read again, and maybe the root: all its other pages
    /// are done.
    #[must_use]
    pub fn is_behind_links(&self) -> bool {
        let followed = self
            .links
            .as_ref()
            .and_then(SelectCursor::page)
            .unwrap_or(0);
        let is_done = self.root.is_none() && self.next_backwards().is_none();
        (is_done || self.is_before_root()) && followed <= self.pages
    }

    /// Whether a pass that removes has only its last page left, the root's.
    #[must_use]
    pub fn is_before_root(&self) -> bool {
        self.root.is_some()
            && self.state.pass() != Pass::Restore
            && self.next_backwards() == Some(1)
    }

    /// Whether the search for late arrivals has its turn: all pages are done but the root's, or those with what the request
    /// lists itself. Where an earlier build has not told these apart only a purge searches, and a delete that a comparison
    /// has sent back, when all pages are done.
    #[must_use]
    pub fn is_before_late_arrivals(&self) -> bool {
        let pass = self.state.pass();
        let Some(order) = self.order(pass).filter(|_| !self.late_done) else {
            return false;
        };
        let is_done =
            (pass == Pass::Purge || self.late_cursor.is_some()) && self.cursor >= order.all();
        order.is_before_tops(self.cursor) || (order.tops == 0 && is_done)
    }

    /// The last page with what the request lists itself, while a search for late arrivals is before it: some of what is below
    /// may be in it, too.
    #[must_use]
    pub fn last_requested_page(&self) -> Option<u32> {
        let order = self.order(self.state.pass())?;
        let is_before = self.root.is_none() && order.tops > 0 && self.is_before_late_arrivals();
        is_before.then_some(order.tops)
    }

    /// Whether the present run of a delete that runs forwards only searches: a comparison has begun it, when the selection
    /// had been over for long.
    #[must_use]
    pub fn is_sent_back(&self) -> bool {
        self.late_cursor.is_some() || self.late_done
    }

    /// Whether the delete has come to its end, with all that it was asked for: not one that was cancelled or given up.
    #[must_use]
    pub fn is_deleted_whole(&self) -> bool {
        let ended = self.notified.delete.ended;
        matches!(ended, Some(State::Deleted | State::Purged))
    }

    /// Whether a purge has added this page: the delete never knew it.
    #[must_use]
    pub fn is_added_by_a_purge(&self, page: u32) -> bool {
        self.is_deleted_whole() && !self.is_acted(page)
    }

    /// Whether the present purge finds records in this page that the delete never came to: it was cancelled or given up
    /// before. Only a root makes what is below it the deletion's before that. Where pages are done as they are written
    /// there is none.
    #[must_use]
    pub fn has_left(&self, page: u32) -> bool {
        let is_written = |selected| page <= selected + self.late;
        self.root.is_none()
            && self.state.pass() == Pass::Purge
            && self.strategy.is_done_backwards()
            && !self.is_acted(page)
            && self.selected.is_none_or(is_written)
    }

    /// Whether the present pass has failed to do a record.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.failed() > 0
    }

    /// Whether the present pass has failed to do a record of this collection.
    #[must_use]
    pub fn has_failed_in(&self, collection: &CollectionName) -> bool {
        self.failures()
            .get(collection)
            .is_some_and(|failed| *failed > 0)
    }

    /// How many records the present pass has failed to do.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.failures().into_values().sum()
    }

    fn failures(&self) -> BTreeMap<&CollectionName, u64> {
        match self.state.pass() {
            Pass::Delete => failures(&self.deleted, |counts| counts.failed),
            Pass::Restore => failures(&self.restored, |counts| counts.failed),
            Pass::Purge => failures(&self.purged, |counts| counts.failed),
        }
    }

    /// The page of the delete that a worker may have begun and not finished.
    #[must_use]
    pub fn begun_page(&self) -> Option<u32> {
        if self.state.pass() != Pass::Delete {
            return None;
        }
        let page = if self.strategy.is_done_backwards() {
            // What is above all others is not begun before the search for late arrivals is over.
            let order = self.order(Pass::Delete)?;
            self.next_backwards()
                .filter(|page| *page > order.tops || self.late_done)?
        } else {
            self.cursor + 1
        };
        // A page that an earlier run has done keeps its exceptions: they say what is open.
        (!self.is_acted(page)).then_some(page)
    }

    /// The page of the delete that the present run comes to next, if an earlier one has done it.
    #[must_use]
    pub fn next_done_before(&self) -> Option<u32> {
        let is_under_way = self.state.working_pass() == Some(Pass::Delete);
        (is_under_way && self.cursor < self.acted)
            .then(|| self.page_at(Pass::Delete, self.cursor + 1))
    }

    /// The page that a pass does at this position, counted from 1.
    #[must_use]
    pub fn page_at(&self, pass: Pass, position: u32) -> u32 {
        let is_forwards = pass == Pass::Delete && !self.strategy.is_done_backwards();
        match self.order(pass).filter(|_| !is_forwards) {
            Some(order) => order.page_at(position),
            None if pass == Pass::Delete => position,
            // A later purge may have added pages.
            None => (self.notified.restore.of + 1).saturating_sub(position),
        }
    }

    /// At which position a delete that runs backwards does this page, if it does it at all.
    fn deleted_at_position(&self, page: u32) -> Option<u32> {
        self.order(Pass::Delete)?.position_of(page)
    }

    /// This value, if the only change in the store is a request that its holder stop.
    #[must_use]
    pub fn with_cancel_of(&self, stored: &Self) -> Option<Self> {
        let is_cancel = self.lease.is_some()
            && self.lease == stored.lease
            && self.state == State::Deleting
            && stored.state == State::Cancelling
            && stored.revision == self.revision + 1;
        is_cancel.then(|| Self {
            state: State::Cancelling,
            revision: stored.revision,
            last_action: stored.last_action.clone(),
            ..self.clone()
        })
    }

    /// When its records are removed for good without a request. What was given up or cancelled stays until somebody
    /// decides.
    #[must_use]
    pub fn purges_itself_at(&self) -> Option<Timestamp> {
        let waits_for_a_person = self.state.is_parked() || self.state == State::Cancelled;
        self.purge_at.filter(|_| !waits_for_a_person)
    }

    /// What decides, beside the state, what may happen.
    #[must_use]
    pub fn terms(&self, now: Timestamp) -> Terms {
        Terms {
            strategy: self.strategy,
            restorable: self.restorable,
            is_due: self.purge_at.is_some_and(|purge_at| purge_at <= now),
            has_conflicts: self.restored.values().any(|counts| counts.conflict > 0),
        }
    }

    /// What may be requested for it now, by any caller.
    pub fn allowed_actions(&self, now: Timestamp) -> impl Iterator<Item = Action> + use<> {
        let (state, terms) = (self.state, self.terms(now));
        Action::ALL
            .into_iter()
            .filter(move |action| machine::next(state, action.event(), terms).is_some())
    }

    /// Why an action is not allowed at this moment.
    #[must_use]
    pub fn refusal(&self, action: Action, now: Timestamp) -> Refusal {
        machine::refusal(self.state, action.event(), self.terms(now))
    }

    /// Whether its root hides the records that a restore gives back, until the restore ends.
    #[must_use]
    pub fn is_hidden_by_its_root(&self) -> bool {
        self.root.is_some() && !self.root_restored
    }

    /// Whether none of its records was found to be deleted: its certificate is about nothing. A root was marked.
    #[must_use]
    pub fn has_done_nothing(&self) -> bool {
        let deleted = self.deleted.values();
        let purged = self.purged.values();
        self.root.is_none()
            && self.failure.is_none()
            && deleted
                .map(|counts| counts.deleted + counts.failed + counts.not_reached)
                .all(|records| records == 0)
            && purged
                .map(|counts| counts.purged + counts.failed)
                .all(|records| records == 0)
    }

    /// Whether a worker may be processing it at this moment.
    #[must_use]
    pub fn is_leased(&self, now: Timestamp) -> bool {
        self.lease.as_ref().is_some_and(|lease| lease.until > now)
    }
}

fn failures<C>(
    counts: &BTreeMap<CollectionName, C>,
    failed: impl Fn(&C) -> u64,
) -> BTreeMap<&CollectionName, u64> {
    let all = counts.iter();
    all.map(|(name, counts)| (name, failed(counts))).collect()
}
