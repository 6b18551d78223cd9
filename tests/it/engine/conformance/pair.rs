//! The engine on the fakes and the model, side by side.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::deletion::{Action, Deletion, Pass, State};
use domain::page::SelectCursor;
use model::{Bounds, Happens, Led, Setup};
use serde_json::Value;
use testing::{Faults, Moment, Operation};

use super::seen::{COLLECTIONS, DOCUMENTS, Ids, NAMES, of_the_engine, of_the_model, record_key};
use crate::engine::world::{SLICE, World, after, at_once};

/// What happens beside a call, as soon as it has taken effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meanwhile {
    /// The worker dies, and the message comes again when its lease has run out.
    Crash,
    /// The slice is over.
    SliceEnd,
    /// Somebody asks something of this deletion.
    Ask(usize, Action),
    /// The owner writes this record.
    Write(usize),
    /// Another deletion is accepted.
    Accept(usize),
}

/// What came of a story.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Both took it.
    Taken,
    /// It cannot happen behind this call: in the middle of a step of the model, or where it is refused.
    NotHere,
    /// There was no such call.
    Over,
}

/// One call of the engine, with what stood behind it.
#[derive(Debug, Clone)]
struct Called {
    operation: Operation,
    /// Left out where an earlier story has compared it.
    seen: Option<Value>,
}

type Trace = Arc<Mutex<Vec<Called>>>;

/// Both.
pub(super) struct Pair {
    world: World,
    led: Led,
    ids: Ids,
    /// Records whose documents the index refuses.
    rejected: Vec<usize>,
    /// Whether what stands behind each call is compared.
    compares: bool,
}

impl Pair {
    /// Three live records, or two: the grandchild may come late.
    pub(super) fn new(page_keys: usize, grandchild: bool) -> Self {
        let mut world = World::of(Arc::clone(&COLLECTIONS));
        world.page_keys = page_keys;
        for record in 0..if grandchild { 3 } else { 2 } {
            write(&world, record);
        }
        let bounds = Bounds {
            crashes: 9,
            duplicates: 9,
            losses: 9,
            rejects: 9,
            slice_ends: 9,
            give_ups: 9,
            cancels: 9,
            retries: 9,
            restores: 9,
            purges: 9,
            requests: 9,
            writes: 9,
            finds: 0,
            time: 1,
        };
        let setup = Setup {
            workers: 1,
            page_keys,
            grandchild,
            ..Setup::with(bounds)
        };
        let pair = Self {
            world,
            led: Led::new(&setup),
            ids: Ids::default(),
            rejected: Vec::new(),
            compares: true,
        };
        assert_eq!(
            of_the_model(&pair.led),
            of_the_engine(&pair.world, &pair.ids)
        );
        pair
    }

    /// What is done in here has been compared by another story: only the calls and the end are held against the model.
    pub(super) fn known(&mut self, story: impl FnOnce(&mut Self)) {
        self.compares = false;
        story(self);
        self.compares = true;
        self.compare("what is known");
    }

    /// From now on the index refuses this record's document.
    pub(super) fn reject(&mut self, record: usize) {
        let id = DOCUMENTS[record];
        self.world.documents.reject(id, "mapper_parsing_exception");
        self.rejected.push(record);
    }

    /// The index takes all of them again.
    pub(super) fn take_again(&mut self) {
        for id in DOCUMENTS {
            self.world.documents.accept(id);
        }
        self.rejected.clear();
    }

    pub(super) fn state(&self, id: usize) -> State {
        let state = self.led.state(id).expect("it is accepted");
        assert_eq!(self.now(id).state, state);
        state
    }

    fn now(&self, id: usize) -> Deletion {
        let id = self.ids.lock().unwrap()[id].expect("it is accepted");
        self.world.deletions.get(id).expect("it stands")
    }

    pub(super) fn accept(&mut self, id: usize) {
        accept(&self.world, &self.ids, id);
        self.led.happen(Happens::Accept(id));
        self.compare("the acceptance");
    }

    pub(super) fn ask(&mut self, id: usize, action: Action) {
        assert!(ask(&self.world, &self.ids, id, action));
        self.led.happen(Happens::Ask(id, action));
        self.compare(action.as_str());
    }

    pub(super) fn write(&mut self, record: usize) {
        write(&self.world, record);
        self.led.happen(Happens::Write(record));
        self.compare("a write");
    }

    fn compare(&self, behind: &str) {
        assert_eq!(
            of_the_engine(&self.world, &self.ids),
            of_the_model(&self.led),
            "behind {behind}"
        );
    }

    /// Delivers what waits until nothing does, and tells what a restore owes.
    pub(super) fn rest(&mut self) {
        for id in [0, 1] {
            while self.led.deletion(id).is_some() && self.led.is_queued(id) {
                assert_eq!(self.deliver(id, None), Way::Over);
            }
            if self.led.can(Happens::Tell(0, id)) {
                let trace = self.watched(None, |world, faults| {
                    at_once(world.sweep(faults)).expect("nothing disturbs it");
                });
                self.led.happen(Happens::Tell(0, id));
                self.follow(&trace, false, None);
            }
        }
        assert!(
            self.world.queue.take().is_empty(),
            "the engine has more to do"
        );
    }

    /// One message of a deletion; behind a call of the engine, counted from 1, something happens.
    pub(super) fn deliver(&mut self, id: usize, meanwhile: Option<(usize, Meanwhile)>) -> Way {
        let before = self.now(id);
        let asks_on = self.asks_on(&before);
        let _ = self.world.queue.take();
        let trace = self.watched(meanwhile, |world, faults| {
            let _ = at_once(faults.until_crash(world.deliver(faults, &before)));
        });
        let repeats = matches!(meanwhile, Some((_, Meanwhile::Crash)));
        self.led.happen(if repeats {
            Happens::ReceiveTwice(0, id)
        } else {
            Happens::Receive(0, id)
        });
        self.follow(&trace, asks_on, meanwhile)
    }

    /// The purge begins by itself, in a sweep.
    pub(super) fn purge_at_comes(&mut self) {
        self.led.happen(Happens::PurgeAtComes);
        self.world.until_purge(&self.now(0));
        let trace = self.watched(None, |world, faults| {
            at_once(world.sweep(faults)).expect("nothing disturbs it");
        });
        self.led.happen(Happens::BeginPurge(0));
        let (begins, works) = trace.split_at(2);
        let begins: Vec<_> = begins.iter().map(|call| call.operation).collect();
        assert_eq!(begins, [Operation::Store, Operation::Send]);
        self.led.happen(Happens::Receive(0, 0));
        self.follow(works, false, None);
    }

    /// A message of a deletion comes once too often; answers whether it is then given up.
    pub(super) fn give_up(&mut self, id: usize) -> bool {
        if !self.led.can(Happens::GiveUp(0, id)) {
            return false;
        }
        let mut impatient = self.world.clone();
        impatient.patience.max_attempts = 0;
        let before = self.now(id);
        let trace = self.watched(None, |_, faults| {
            let _ = at_once(impatient.deliver(faults, &before));
        });
        self.led.happen(Happens::GiveUp(0, id));
        self.follow(&trace, false, None);
        true
    }

    /// Whether the selection or the look goes on in the middle of a query.
    fn asks_on(&self, deletion: &Deletion) -> bool {
        let cursor = if deletion.state.pass() == Pass::Purge {
            deletion.late_cursor.clone()
        } else {
            let manifest = self.world.deletions.manifest(deletion);
            manifest.last().and_then(|(page, _)| page.next.clone())
        };
        let in_a_query =
            |cursor| matches!(cursor, SelectCursor::Below(place) if place.after.is_some());
        cursor.is_some_and(in_a_query)
    }

    /// What the engine calls in this work, but for what the model does not have.
    fn watched(
        &self,
        meanwhile: Option<(usize, Meanwhile)>,
        work: impl FnOnce(&World, &Faults),
    ) -> Vec<Called> {
        let (world, ids) = (self.world.clone(), Arc::clone(&self.ids));
        let faults = self.world.faults();
        let trace = Trace::default();
        let slice_end = after(ports::Clock::now(&self.world.clock), SLICE);
        let (log, script) = (Arc::clone(&trace), faults.clone());
        // Until then it is the story of the call before.
        let from = meanwhile.map_or(1, |(at, _)| at);
        let compares = self.compares;
        // The model does not know what documents say: a restore that finds one without the mark reads it, then its row.
        let reads_its_row = AtomicBool::new(false);
        faults.watch(move |operation, _| {
            let is_its_row =
                reads_its_row.swap(operation == Operation::DocumentContents, Ordering::Relaxed);
            if is_left_out(operation) || (is_its_row && operation == Operation::ReadRows) {
                return;
            }
            let mut log = log.lock().unwrap();
            let looks = compares && log.len() + 1 >= from;
            log.push(Called {
                operation,
                seen: looks.then(|| of_the_engine(&world, &ids)),
            });
            if let Some((at, meanwhile)) = meanwhile
                && log.len() == at
            {
                match meanwhile {
                    Meanwhile::Crash => script.crash_at(script.calls(), Moment::After),
                    Meanwhile::SliceEnd => world
                        .clock
                        .set(after(slice_end, Duration::ZERO) - Duration::from_secs(1)),
                    Meanwhile::Ask(id, action) => {
                        ask(&world, &ids, id, action);
                    }
                    Meanwhile::Write(record) => {
                        if world.row(NAMES[record], &record_key(record)).is_none() {
                            write(&world, record);
                        }
                    }
                    Meanwhile::Accept(id) => accept(&world, &ids, id),
                }
            }
        });
        work(&self.world, &faults);
        std::mem::take(&mut *trace.lock().unwrap())
    }

    /// Leads the model along a trace.
    fn follow(
        &mut self,
        trace: &[Called],
        mut asks_on: bool,
        meanwhile: Option<(usize, Meanwhile)>,
    ) -> Way {
        let mut way = Way::Over;
        let mut expected = Vec::new().into_iter();
        let (mut made, mut tells) = (Vec::new(), false);
        let calls: Vec<_> = trace.iter().map(|called| called.operation).collect();
        let context = |place: usize, made: &[Operation]| {
            let call = place + 1;
            format!("{meanwhile:?}, call {call} of {calls:?}; the model: {made:?}")
        };
        for (place, called) in trace.iter().enumerate() {
            if asks_on && called.operation == Operation::QueryRows {
                asks_on = false;
            } else {
                if expected.len() == 0 {
                    let rejected = &self.rejected;
                    let Some(step) = self.led.step(|record| rejected.contains(&record)) else {
                        panic!(
                            "the model has nothing more to do: {}",
                            context(place, &made)
                        );
                    };
                    asks_on |= step.asks_on;
                    tells = step.tells;
                    made.extend(step.operations.clone());
                    expected = step.operations.into_iter();
                }
                let next = expected.next();
                assert_eq!(Some(called.operation), next, "{}", context(place, &made));
            }
            let is_between = expected.len() == 0;
            if is_between && let Some(seen) = &called.seen {
                assert_eq!(*seen, of_the_model(&self.led), "{}", context(place, &made));
            }
            if let Some((at, what)) = meanwhile
                && at == place + 1
            {
                let is_owed = tells && what == Meanwhile::SliceEnd;
                if !is_between || is_owed || !self.happens(what) {
                    return Way::NotHere;
                }
                way = Way::Taken;
                if what == Meanwhile::Crash {
                    assert_eq!(place + 1, trace.len(), "it is dead");
                    self.comes_again();
                    return way;
                }
            }
        }
        assert_eq!(
            expected.next(),
            None,
            "the engine stops in the middle of a step"
        );
        assert!(
            !self.led.is_at_work(),
            "the model has more to do behind {made:?}: {:?}",
            self.led.step(|_| false)
        );
        way
    }

    /// Lets it happen in the model too; `false` where it cannot.
    fn happens(&mut self, what: Meanwhile) -> bool {
        let happens = match what {
            Meanwhile::Crash => Happens::Crash(0),
            Meanwhile::SliceEnd => Happens::SliceEnd(0),
            Meanwhile::Ask(id, action) => Happens::Ask(id, action),
            Meanwhile::Write(record) => Happens::Write(record),
            Meanwhile::Accept(id) => Happens::Accept(id),
        };
        if !self.led.can(happens) {
            return false;
        }
        self.led.happen(happens);
        true
    }

    /// The lease runs out.
    fn comes_again(&mut self) {
        self.world.clock.advance(Duration::from_mins(3));
        for id in [0, 1] {
            if self.led.can(Happens::LeaseEnds(id)) {
                self.led.happen(Happens::LeaseEnds(id));
            }
        }
    }
}

/// What no call of the model stands for.
fn is_left_out(operation: Operation) -> bool {
    matches!(
        operation,
        Operation::ReadDeletion
            | Operation::ReadScope
            | Operation::ReadPage
            | Operation::ReadExceptions
            | Operation::ReadNotice
            | Operation::DocumentContents
            | Operation::FindElsewhere
            | Operation::PutNotice
            | Operation::Publish
            | Operation::FindDue
            | Operation::Health
    )
}

fn accept(world: &World, ids: &Ids, id: usize) {
    let accepted = at_once(world.accept(NAMES[id], &record_key(id)));
    ids.lock().unwrap()[id] = Some(accepted.id);
}

/// Asks; answers whether it applies.
fn ask(world: &World, ids: &Ids, id: usize, action: Action) -> bool {
    let id = ids.lock().unwrap()[id].expect("it is accepted");
    let deletion = world.deletions.get(id).expect("it stands");
    at_once(world.act(&deletion, action)).is_ok()
}

fn write(world: &World, record: usize) {
    let parent = record.checked_sub(1).map(record_key);
    world.put(NAMES[record], &record_key(record), parent.as_ref());
}
