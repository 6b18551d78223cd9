//! What goes wrong, and when: one script for all ports of a test, and the log of all their calls.
//!
//! Calls are counted over all ports. A test that crashes a worker at every step runs it once undisturbed, reads
//! [`calls`](Faults::calls), and then, for each number, runs a fresh world with [`crash_at`](Faults::crash_at).

mod operation;
mod rule;

use std::fmt;
use std::future::{pending, poll_fn};
use std::ops::RangeBounds;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Poll;
use std::time::Duration;

use jiff::Timestamp;

pub use self::operation::Operation;
pub use self::rule::{Fault, Moment};
use self::rule::{Hook, Rule};
use super::clock::FakeClock;
use ports::{Clock, DependencyError};

/// One call that reached a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    /// Its number over all ports, from 1.
    pub number: u64,
    /// What was asked.
    pub operation: Operation,
    /// When it began.
    pub at: Timestamp,
    /// How many records it was about; 1 if it is not a batch.
    pub items: usize,
}

/// The script. Clones share it.
#[derive(Debug, Clone)]
pub struct Faults {
    clock: FakeClock,
    script: Arc<Mutex<Script>>,
}

#[derive(Debug, Default)]
struct Script {
    log: Vec<Call>,
    rules: Vec<Rule>,
    hooks: Vec<Hook>,
    crash: Option<(u64, Moment)>,
    slow: Vec<(Option<Operation>, Duration)>,
    interleave: Option<u64>,
    is_one_by_one: bool,
    watchers: Watchers,
    answered: u64,
}

/// The observers of all calls.
#[derive(Clone, Default)]
struct Watchers(Vec<Arc<dyn Fn(Operation, usize) + Send + Sync>>);

impl fmt::Debug for Watchers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} watchers", self.0.len())
    }
}

/// What the script decides about one call.
#[derive(Debug, Clone, Copy)]
pub(super) enum Verdict {
    Proceed,
    Fail(Fault),
    Crash(Moment),
    /// The worker has crashed: nothing happens any more.
    Dead,
}

impl Faults {
    /// A script without a fault, which takes the times of its log from this clock.
    #[must_use]
    pub fn new(clock: &FakeClock) -> Self {
        Self {
            clock: clock.clone(),
            script: Arc::default(),
        }
    }

    /// Makes calls of an operation fail. They are counted from now on, beginning with 1: `..=3` are the next three,
    /// `2..=2` is the second one, `..` all of them. If several rules match one call, the oldest decides.
    pub fn fail(&self, operation: Operation, calls: impl RangeBounds<u64>, fault: Fault) {
        self.script()
            .rules
            .push(Rule::new(Some(operation), calls, fault));
    }

    /// As [`fail`](Self::fail), for calls of every port.
    pub fn fail_any(&self, calls: impl RangeBounds<u64>, fault: Fault) {
        self.script().rules.push(Rule::new(None, calls, fault));
    }

    /// The worker crashes at the call with this number over all ports: that call and all later ones never return. Run
    /// the worker inside [`until_crash`](Self::until_crash).
    pub fn crash_at(&self, call: u64, moment: Moment) {
        self.script().crash = Some((call, moment));
    }

    /// Each call takes this long by the clock.
    pub fn slow(&self, by: Duration) {
        self.script().slow.push((None, by));
    }

    /// Each call of this operation takes this long by the clock, in addition to [`slow`](Self::slow).
    pub fn slow_at(&self, operation: Operation, by: Duration) {
        self.script().slow.push((Some(operation), by));
    }

    /// Does something at the n-th call of an operation, counted from now on, beginning with 1: what another worker, a
    /// user or time does at the worst moment. [`Moment::Midway`] is the same as before.
    pub fn beside(
        &self,
        operation: Operation,
        nth: u64,
        moment: Moment,
        act: impl FnOnce() + Send + 'static,
    ) {
        self.script()
            .hooks
            .push(Hook::new(operation, nth, moment, act));
    }

    /// Does something after every call that has taken effect and is answered; it gets the operation and how many
    /// records the call was about.
    pub fn watch(&self, look: impl Fn(Operation, usize) + Send + Sync + 'static) {
        self.script().watchers.0.push(Arc::new(look));
    }

    /// Makes calls yield to one another, in an order that this number decides. Without it a call on a fake is done as
    /// soon as it begins, and calls of two workers never interleave.
    pub fn interleave(&self, seed: u64) {
        self.script().interleave = Some(seed | 1);
    }

    /// Each call gives way once before it takes effect: whoever polls the worker decides what happens between two calls.
    pub fn one_by_one(&self) {
        self.script().is_one_by_one = true;
    }

    /// Nothing fails any more: every rule is dropped, also a crash. Counts and log stay.
    pub fn clear(&self) {
        let mut script = self.script();
        *script = Script {
            log: std::mem::take(&mut script.log),
            answered: script.answered,
            ..Script::default()
        };
    }

    /// How many calls there were, over all ports.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.script().log.len() as u64
    }

    /// How many of them are not answered: they are in progress, or were dropped, or the worker has crashed.
    #[must_use]
    pub fn unanswered(&self) -> u64 {
        let script = self.script();
        script.log.len() as u64 - script.answered
    }

    /// All calls, in the order they began.
    #[must_use]
    pub fn log(&self) -> Vec<Call> {
        self.script().log.clone()
    }

    /// How many calls there were of one operation.
    #[must_use]
    pub fn count(&self, operation: Operation) -> usize {
        self.script()
            .log
            .iter()
            .filter(|call| call.operation == operation)
            .count()
    }

    /// Whether a call has reached [`crash_at`](Self::crash_at).
    #[must_use]
    pub fn has_crashed(&self) -> bool {
        self.script().is_dead()
    }

    /// Runs the worker until it is done or crashes; after a crash it is dropped where it was, and there is no answer.
    pub async fn until_crash<T: Send>(&self, worker: impl Future<Output = T> + Send) -> Option<T> {
        let mut worker = pin!(worker);
        poll_fn(|context| {
            let polled = worker.as_mut().poll(context);
            if self.has_crashed() {
                Poll::Ready(None)
            } else {
                polled.map(Some)
            }
        })
        .await
    }

    /// A call begins: it is counted and logged, and the script decides what happens to it.
    pub(super) async fn begin(&self, operation: Operation, items: usize) -> Verdict {
        let is_one_by_one = self.script().is_one_by_one;
        self.give_way(is_one_by_one).await;
        let (verdict, hooks) = {
            let script = &mut *self.script();
            if script.is_dead() {
                return Verdict::Dead;
            }
            let number = script.log.len() as u64 + 1;
            script.log.push(Call {
                number,
                operation,
                at: self.clock.now(),
                items,
            });
            (
                script.verdict(number, operation),
                rule::hooks_before(&mut script.hooks, operation),
            )
        };
        // Outside the lock: a hook may use ports that share this script.
        hooks.into_iter().for_each(Hook::run);
        verdict
    }

    /// The effect of a call has happened, or not; time passes before its answer is there.
    pub(super) async fn end(&self, operation: Operation, items: usize) {
        let (hooks, slow, watchers) = {
            let script = &mut *self.script();
            let slow = script
                .slow
                .iter()
                .filter(|(only, _)| only.is_none_or(|only| only == operation));
            let slow = slow.map(|(_, by)| *by).sum();
            let hooks = rule::hooks_after(&mut script.hooks, operation);
            (hooks, slow, script.watchers.clone())
        };
        hooks.into_iter().for_each(Hook::run);
        for look in &watchers.0 {
            look(operation, items);
        }
        self.clock.advance(slow);
        self.give_way(false).await;
        self.script().answered += 1;
    }

    /// The error of a failed call.
    pub(super) fn error(operation: Operation, fault: Fault) -> DependencyError {
        let (dependency, name, why) = (
            operation.dependency(),
            operation.name(),
            "the test's script says so",
        );
        match fault {
            Fault::Refused(_) => DependencyError::refused(dependency, name, why),
            Fault::Unavailable(_) | Fault::Again(_) => {
                DependencyError::unavailable(dependency, name, why)
            }
        }
    }

    /// Never returns.
    pub(super) async fn dead<T>() -> T {
        pending().await
    }

    async fn give_way(&self, once: bool) {
        let mut times = u64::from(once);
        if let Some(state) = &mut self.script().interleave {
            *state ^= *state << 13;
            *state ^= *state >> 7;
            *state ^= *state << 17;
            times += *state % 4;
        }
        poll_fn(|context| {
            if times == 0 {
                return Poll::Ready(());
            }
            times -= 1;
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.script
            .lock()
            .expect("no test panics with the lock held")
    }
}

impl Script {
    fn is_dead(&self) -> bool {
        self.crash
            .is_some_and(|(at, _)| self.log.len() as u64 >= at)
    }

    fn verdict(&mut self, number: u64, operation: Operation) -> Verdict {
        if let Some((at, moment)) = self.crash
            && at == number
        {
            return Verdict::Crash(moment);
        }
        // Every rule counts the call; the oldest that matches it decides.
        let mut faults = self
            .rules
            .iter_mut()
            .filter_map(|rule| rule.meets(operation))
            .collect::<Vec<_>>()
            .into_iter();
        faults.next().map_or(Verdict::Proceed, Verdict::Fail)
    }
}
