//! Pages that a pass adds to the manifest while it removes: late arrivals, and shared records without a live link.

use jiff::Timestamp;

use super::failure::Failure;
use super::state::Pass;
use super::value::Deletion;
use crate::chain;
use crate::cursor::SelectCursor;
use crate::page::Page;

/// How many pages of late arrivals a run adds, if the manifest did not have more when it began: a writer that never stops
/// must not keep it from ending.
const MOST_LATE: u32 = 1000;

impl Deletion {
    /// Why the present pass is to fail, if the present run has added so many pages that the writer of its late arrivals
    /// will hardly ever stop. A retry begins to count anew.
    #[must_use]
    pub fn too_many_late(&self) -> Option<Failure> {
        let begun = self.notified.of(self.state.pass()).of;
        let before = begun.max(self.selected.unwrap_or(0));
        let added = self.pages.saturating_sub(before);
        (added >= before.max(MOST_LATE)).then(|| Failure {
            code: "LATE_ARRIVALS".to_owned(),
            reason:
                "records keep being written below what is deleted; stop their writer, then retry"
                    .to_owned(),
        })
    }

    /// Late arrivals were found: the manifest has one more page, and the present pass does it before the root. The search
    /// continues after it.
    #[must_use]
    pub fn page_late(&self, now: Timestamp, page: &Page) -> Self {
        let mut next = if self.state.pass() == Pass::Purge {
            let mut next = self.progressed(now);
            next.pages += 1;
            next.chain = chain::extend(&next.chain, page);
            next.purged_late = next.purged_late.map(|late| late + 1);
            next.root_is_later();
            next
        } else {
            // Before requested pages, unless there are pages behind them already: those are numbered.
            let is_behind = self.root.is_none() && self.tops > 0 && self.behind > 0;
            self.page_added(now, page, is_behind)
        };
        if page.next.is_some() {
            next.late_cursor.clone_from(&page.next);
        }
        next
    }

    /// Whether a page of late arrivals that is found now has its turn before pages with requested records that an earlier
    /// run has done. It counts as done with them, so its exceptions have to say, before the deletion knows it, that all of
    /// its records are still to be done.
    #[must_use]
    pub fn is_before_done(&self) -> bool {
        let is_removed = self.state.pass() == Pass::Delete && self.root.is_none() && self.tops > 0;
        is_removed && self.behind == 0 && self.acted > self.cursor
    }

    /// A delete that runs backwards has one more page than it has selected, and does it before the root or what is
    /// requested, or behind that.
    fn page_added(&self, now: Timestamp, page: &Page, is_behind: bool) -> Self {
        let mut next = self.page_written(now, page);
        next.late += 1;
        if is_behind {
            next.behind += 1;
            return next;
        }
        if self.is_before_done() {
            // Those stay done, each at its next place, and so does this page count.
            next.acted += 1;
        } else {
            // An earlier run may have failed at the root, which is done once more, after this page.
            next.acted = next.acted.min(next.cursor);
        }
        next.root_is_later();
        next
    }

    /// The root's page, or requested ones, which an earlier run may have done and published, have another position from now
    /// on.
    fn root_is_later(&mut self) {
        let cursor = self.cursor;
        self.notified.of_mut(self.state.pass()).only_first(cursor);
    }

    /// The search for late arrivals is this far, and has found none since.
    #[must_use]
    pub fn late_arrivals_searched(&self, now: Timestamp, to: SelectCursor) -> Self {
        let mut next = self.progressed(now);
        next.late_cursor = Some(to);
        next
    }

    /// A build that did late arrivals first has begun the present purge: it begins again with all pages that there are.
    #[must_use]
    pub fn purge_anew(&self, now: Timestamp) -> Self {
        let mut next = self.progressed(now);
        next.cursor = 0;
        next.purged.clear();
        next.purged_late = Some(0);
        next.late_cursor = None;
        next.late_done = false;
        (next.notified.purge.pages, next.notified.purge.part) = (0, 0);
        next
    }

    /// Records have lost their last live link: the manifest has one more page, and the delete does it before the root, or
    /// behind the links that were requested.
    #[must_use]
    pub fn page_of_shared_records(&self, now: Timestamp, page: &Page) -> Self {
        let is_behind = self.root.is_none() && self.tops > 0;
        let mut next = self.page_added(now, page, is_behind);
        if let Some(SelectCursor::Shared(_)) = &page.next {
            next.links.clone_from(&page.next);
        }
        next
    }

    /// The present pass has finished its search for late arrivals.
    #[must_use]
    pub fn late_arrivals_done(&self, now: Timestamp) -> Self {
        let mut next = self.progressed(now);
        next.late_cursor = None;
        next.late_done = true;
        next
    }
}
