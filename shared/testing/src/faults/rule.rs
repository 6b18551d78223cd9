//! One rule of the script: which calls it matches, and what it does to them.

use std::fmt;
use std::ops::{Bound, RangeBounds};

use super::Operation;

/// When in a call something happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Moment {
    /// Before it took effect.
    Before,
    /// When it has taken effect for the first half of its records; if there is only one, the same as before.
    Midway,
    /// After it took effect: the answer is lost.
    After,
}

impl Moment {
    /// All of them, for a test that tries each.
    pub const ALL: [Self; 3] = [Self::Before, Self::Midway, Self::After];
}

/// How a call fails.
#[derive(Debug, Clone, Copy)]
pub enum Fault {
    /// No answer: an error that may not occur the next time.
    Unavailable(Moment),
    /// An error that stays.
    Refused(Moment),
    /// [`Attempt::Retry`](ports::Attempt::Retry) for the records at these places of a batch, which are left undone; the
    /// others are done. A call that is not a batch fails as unavailable.
    Again(fn(usize) -> bool),
}

#[derive(Debug)]
pub(super) struct Rule {
    operation: Option<Operation>,
    calls: (Bound<u64>, Bound<u64>),
    fault: Fault,
    seen: u64,
}

impl Rule {
    pub(super) fn new(
        operation: Option<Operation>,
        calls: impl RangeBounds<u64>,
        fault: Fault,
    ) -> Self {
        Self {
            operation,
            calls: (calls.start_bound().cloned(), calls.end_bound().cloned()),
            fault,
            seen: 0,
        }
    }

    /// Counts the call and says whether it fails.
    pub(super) fn meets(&mut self, operation: Operation) -> Option<Fault> {
        if self.operation.is_some_and(|only| only != operation) {
            return None;
        }
        self.seen += 1;
        self.calls.contains(&self.seen).then_some(self.fault)
    }
}

/// Something that happens beside a call.
pub(super) struct Hook {
    operation: Operation,
    /// How many calls are still to come, this one included.
    left: u64,
    moment: Moment,
    act: Box<dyn FnOnce() + Send>,
}

impl Hook {
    pub(super) fn new(
        operation: Operation,
        nth: u64,
        moment: Moment,
        act: impl FnOnce() + Send + 'static,
    ) -> Self {
        Self {
            operation,
            left: nth.max(1),
            moment,
            act: Box::new(act),
        }
    }

    pub(super) fn run(self) {
        (self.act)();
    }
}

impl fmt::Debug for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Hook({:?}, {} left, {:?})",
            self.operation, self.left, self.moment
        )
    }
}

/// A call begins: takes out what must happen before it.
pub(super) fn hooks_before(hooks: &mut Vec<Hook>, operation: Operation) -> Vec<Hook> {
    for hook in hooks.iter_mut().filter(|hook| hook.operation == operation) {
        hook.left = hook.left.saturating_sub(1);
    }
    let due = |hook: &mut Hook| {
        hook.operation == operation && hook.left == 0 && hook.moment != Moment::After
    };
    hooks.extract_if(.., due).collect()
}

/// A call has taken effect: takes out what must happen after it.
pub(super) fn hooks_after(hooks: &mut Vec<Hook>, operation: Operation) -> Vec<Hook> {
    hooks
        .extract_if(.., |hook| hook.operation == operation && hook.left == 0)
        .collect()
}
