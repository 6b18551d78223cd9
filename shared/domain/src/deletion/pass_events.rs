//! What must be published about a deletion's passes, and how much of it is published.

use serde::{Deserialize, Serialize};

use super::failure::Failure;
use super::state::{Pass, State};

/// What must be published about a pass's latest run, and how much of it is published.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct PassEvents {
    /// The run in which the pass was first begun; 0 when it never was.
    #[serde(default)]
    pub first: u32,
    /// The run in which it was last begun.
    pub run: u32,
    /// Who asked for that run; `None` is the policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Pages, in the order of the pass, whose events are published. It decreases only where pages change their place in
    /// that order: what a later run of the pass does in published ones is published separately.
    pub pages: u32,
    /// Pages that the latest run has processed and whose events an earlier one had published: what was done again in
    /// them is published.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub retold: u32,
    /// How many events of the page after those are published: a page may have more than the bus takes in one slice.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub part: u32,
    /// How often in a row the bus has refused the event after those.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub refusals: u32,
    /// Events that were given up, because the bus cannot take them.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub given_up: u32,
    /// Why the last of those was given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_up_for: Option<Failure>,
    /// Pages, in the order of the pass, that its runs have done when they ended.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub done: u32,
    /// How many pages the manifest had when the latest run began: a pass that runs backwards counts from there. One that
    /// the deletion did not know then, and that is found later, counts too.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub of: u32,
    /// The final state that the latest run has reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<State>,
    /// Why that state is a failed one; only until it is published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// Whether `DeletionFinished` of that state is published.
    pub finished: bool,
    /// The first run whose repeated records may not be published yet.
    #[serde(default)]
    pub since: u32,
}

impl PassEvents {
    fn is_none(&self) -> bool {
        self.run == 0
    }

    /// Whether an ended run of this pass still has events to publish.
    #[must_use]
    pub fn is_owed(&self) -> bool {
        self.ended.is_some() && !self.finished
    }

    /// Whether the latest run is not the first.
    #[must_use]
    pub fn is_again(&self) -> bool {
        self.run != self.first
    }

    /// So many more events of the page after the published ones are published.
    pub fn published(&mut self, events: usize) {
        if events > 0 {
            self.part += u32::try_from(events).unwrap_or(u32::MAX - self.part);
            self.refusals = 0;
        }
    }

    /// The page at this position is published, with all of its events.
    pub fn page_published(&mut self, position: u32) {
        if position > self.pages {
            self.pages = position;
        } else {
            self.retold = position;
        }
        self.part = 0;
        self.refusals = 0;
    }

    /// Only the first pages of the order are still at their place: what was published of the others is published again,
    /// under the same ids.
    pub(super) fn only_first(&mut self, pages: u32) {
        if self.pages > pages || self.retold > pages {
            self.pages = self.pages.min(pages);
            self.retold = self.retold.min(pages);
            self.part = 0;
        }
    }

    /// An event is given up, for this reason: what follows is published without it.
    pub fn give_up(&mut self, failure: Failure) {
        self.given_up += 1;
        self.given_up_for = Some(failure);
        self.refusals = 0;
    }

    pub(super) fn begin(&mut self, run: u32, by: Option<String>, pages: u32) {
        if self.first == 0 {
            self.first = run;
        }
        if self.finished || self.since == 0 {
            self.since = run;
        }
        self.run = run;
        self.by = by;
        self.retold = 0;
        // What the run does may add events to that page.
        self.part = 0;
        self.refusals = 0;
        self.of = pages;
        self.ended = None;
        self.failure = None;
        self.finished = false;
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// Which events are published.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Notified {
    /// `DeletionAccepted`.
    pub accepted: bool,
    /// Of the delete.
    pub delete: PassEvents,
    /// Of the restore.
    #[serde(default, skip_serializing_if = "PassEvents::is_none")]
    pub restore: PassEvents,
    /// Of the purge.
    #[serde(default, skip_serializing_if = "PassEvents::is_none")]
    pub purge: PassEvents,
}

impl Notified {
    /// The publishing state of this pass.
    #[must_use]
    pub fn of(&self, pass: Pass) -> &PassEvents {
        match pass {
            Pass::Delete => &self.delete,
            Pass::Restore => &self.restore,
            Pass::Purge => &self.purge,
        }
    }

    /// The publishing state of this pass, to be changed.
    pub fn of_mut(&mut self, pass: Pass) -> &mut PassEvents {
        match pass {
            Pass::Delete => &mut self.delete,
            Pass::Restore => &mut self.restore,
            Pass::Purge => &mut self.purge,
        }
    }

    /// Whether an ended pass still has events to publish.
    #[must_use]
    pub fn owes(&self) -> bool {
        self.passes().into_iter().any(PassEvents::is_owed)
    }

    /// How often in a row the bus has refused the next event.
    #[must_use]
    pub fn refusals(&self) -> u32 {
        let refusals = self.passes().into_iter().map(|events| events.refusals);
        refusals.max().unwrap_or_default()
    }

    /// How many events of all passes were given up.
    #[must_use]
    pub fn given_up(&self) -> u32 {
        self.passes()
            .into_iter()
            .map(|events| events.given_up)
            .sum()
    }

    /// Why the last event of the latest pass that has given one up was given up.
    #[must_use]
    pub fn given_up_for(&self) -> Option<&Failure> {
        let reasons = self.passes().map(|events| events.given_up_for.as_ref());
        reasons.into_iter().flatten().next_back()
    }

    fn passes(&self) -> [&PassEvents; 3] {
        [&self.delete, &self.restore, &self.purge]
    }
}
