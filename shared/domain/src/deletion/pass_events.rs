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
    /// Pages, in the order of the pass, whose events are published. It never decreases: what a later run of the pass
    /// does in them is published separately.
    pub pages: u32,
    /// Pages that the latest run has processed and whose events an earlier one had published: what was done again in
    /// them is published.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub retold: u32,
    /// Pages, in the order of the pass, that its runs have done when they ended.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub done: u32,
    /// How many pages the manifest had when the latest run began: a pass that runs backwards counts from there.
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
        [&self.delete, &self.restore, &self.purge]
            .into_iter()
            .any(PassEvents::is_owed)
    }
}
