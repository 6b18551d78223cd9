//! Everything that can happen next, for the model checker.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::LazyLock;

use domain::deletion::{Action, Due, due, machine};
use stateright::{Model, Property};
use testing::samples;

use crate::properties;
use crate::records::{collection, key, number};
use crate::select::root_page;
use crate::setup::Setup;
use crate::shared_value::Common;
use crate::step::Step;
use crate::time::{PAST, expired, patience, settled, timing};
use crate::worker;
use crate::world::{
    Control, DELETIONS, Document, Happened, Job, Manifest, RECORDS, Row, Worker, World,
};

/// One thing that happens. Workers are alike: their numbers may change from one state to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happens {
    /// A delete is accepted, and its message sent.
    Accept(usize),
    /// Somebody asks something of a deletion.
    Ask(usize, Action),
    /// `purge_at` comes.
    PurgeAtComes,
    /// A worker takes the message of a deletion and reads it.
    Receive(usize, usize),
    /// The same, and the message comes again.
    ReceiveTwice(usize, usize),
    /// A worker makes its next store call.
    Step(usize),
    /// The same, and the index refuses the document.
    Rejected(usize),
    /// A worker dies, or stalls until its slice is over.
    Crash(usize),
    /// A slice is over.
    SliceEnd(usize),
    /// A lease runs out.
    LeaseEnds(usize),
    /// A message is lost.
    Lose(usize),
    /// The sweeper sends a message again.
    Resend(usize),
    /// The sweeper begins a purge.
    BeginPurge(usize),
    /// The sweeper tells what an ended deletion owes.
    Tell(usize, usize),
    /// A pass is given up.
    GiveUp(usize, usize),
    /// Compare sends a purged deletion back.
    Find(usize),
    /// The owner writes a record where there is none.
    Write(usize),
}

/// What an acceptance writes, by deletion; made once, because it is asked for in every state before.
static ACCEPTED: LazyLock<[Control; DELETIONS]> =
    LazyLock::new(|| std::array::from_fn(|id| accepted(id, true)));

/// The same without the root's page.
static WITHOUT_PAGE: LazyLock<[Control; DELETIONS]> =
    LazyLock::new(|| std::array::from_fn(|id| accepted(id, false)));

fn accepted(id: usize, has_page: bool) -> Control {
    let mut meta = samples::deletion(number(id), collection(id), &key(id), "tenant");
    meta.notified.accepted = true;
    let mut manifest = Manifest::default();
    if has_page {
        manifest.pages.insert(1, Common::new(root_page(id)));
    } else {
        meta.pages = 0;
        meta.deleted.clear();
    }
    Control {
        meta: Common::new(settled(meta)),
        manifest: Common::new(manifest),
        root: 0,
    }
}

impl Model for Setup {
    type State = World;
    type Action = Happens;

    fn init_states(&self) -> Vec<World> {
        let mut rows = [Some(Row {
            generation: 0,
            mark: None,
            is_newer: [false; DELETIONS],
        }); RECORDS];
        let mut documents = [Some(Document {
            generation: 0,
            mark: None,
        }); RECORDS];
        if !self.grandchild {
            rows[RECORDS - 1] = None;
            documents[RECORDS - 1] = None;
        }
        vec![World {
            rows,
            documents,
            deletions: [None, None],
            workers: vec![Worker::Idle; self.workers],
            queued: [0; DELETIONS],
            is_late: false,
            left: self.bounds,
            happened: Happened::default(),
        }]
    }

    fn actions(&self, world: &World, next: &mut Vec<Happens>) {
        let left = &world.left;
        for id in 0..DELETIONS {
            match &world.deletions[id] {
                None if self.deletions[id] && world.is_live(id) => next.push(Happens::Accept(id)),
                None => {}
                Some(control) => {
                    let terms = control.meta.terms(world.now());
                    let asked = Action::ALL.into_iter().filter(|action| {
                        left.requests > 0
                            && *asks_left(&mut left.clone(), *action) > 0
                            && machine::next(control.meta.state, action.event(), terms).is_some()
                    });
                    next.extend(asked.map(|action| Happens::Ask(id, action)));
                    self.about(world, id, next);
                }
            }
        }
        if left.time > 0 {
            next.push(Happens::PurgeAtComes);
        }
        for (number, worker) in world.workers.iter().enumerate() {
            let Worker::At(job) = worker else { continue };
            next.push(Happens::Step(number));
            if left.rejects > 0 && job.step.may_be_rejected() {
                next.push(Happens::Rejected(number));
            }
            if left.crashes > 0 {
                next.push(Happens::Crash(number));
            }
            if left.slice_ends > 0 && job.step.can_end() {
                next.push(Happens::SliceEnd(number));
            }
        }
        if left.writes > 0 {
            let absent = (0..RECORDS).filter(|record| world.rows[*record].is_none());
            next.extend(absent.map(Happens::Write));
        }
    }

    fn next_state(&self, last: &World, happens: Happens) -> Option<World> {
        let mut world = last.clone();
        self.happen(&mut world, happens)?;
        // Workers are alike, so which is which makes no new state.
        if world.workers.iter().any(|worker| *worker != Worker::Idle) {
            world.workers.sort_by_cached_key(|worker| {
                let mut hasher = DefaultHasher::new();
                worker.hash(&mut hasher);
                hasher.finish()
            });
        }
        Some(world)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::all()
    }
}

impl Setup {
    /// What can happen to one deletion beside what is asked of it.
    fn about(&self, world: &World, id: usize, next: &mut Vec<Happens>) {
        let (left, control) = (&world.left, world.control(id));
        let idle = world
            .workers
            .iter()
            .position(|worker| *worker == Worker::Idle);
        if world.is_leased(id) {
            let holds = world
                .jobs()
                .any(|job| job.id == id && is_holder(job, world));
            if !holds || (left.crashes > 0 && !self.guards.lease_outlives_calls) {
                next.push(Happens::LeaseEnds(id));
            }
        }
        if world.queued[id] > 0 {
            if let Some(worker) = idle {
                next.push(Happens::Receive(worker, id));
                if left.duplicates > 0 {
                    next.push(Happens::ReceiveTwice(worker, id));
                }
            }
            if left.losses > 0 {
                next.push(Happens::Lose(id));
            }
        }
        match due(&control.meta, world.now(), &patience()) {
            Due::Resend => {
                let begins = |job: &Job| job.id == id && job.step == Step::Lease;
                let is_stalled = control.meta.lease.is_some();
                let is_worked_on = world.jobs().any(|job| job.id == id);
                let is_quiet = world.queued[id] == 0
                    && !world.jobs().any(begins)
                    && (is_stalled || !is_worked_on);
                if is_quiet || left.duplicates > 0 {
                    next.push(Happens::Resend(id));
                }
                if left.give_ups > 0
                    && let Some(worker) = idle
                {
                    next.push(Happens::GiveUp(worker, id));
                }
            }
            Due::Purge => next.push(Happens::BeginPurge(id)),
            Due::Tell => {
                let is_told = world.jobs().any(|job| job.id == id);
                if let Some(worker) = idle.filter(|_| !is_told) {
                    next.push(Happens::Tell(worker, id));
                }
            }
            Due::Wait | Due::Park(_) | Due::Compare | Due::Tidy => {}
        }
        if left.finds > 0
            && machine::next(
                control.meta.state,
                machine::Event::Found,
                control.meta.terms(world.now()),
            )
            .is_some()
        {
            next.push(Happens::Find(id));
        }
    }

    fn happen(&self, world: &mut World, happens: Happens) -> Option<()> {
        let now = world.now();
        match happens {
            Happens::Accept(id) => self.accept(world, id),
            Happens::Ask(id, action) => {
                *asks_left(&mut world.left, action) -= 1;
                world.left.requests -= 1;
                let next = world.meta(id).act(action, "somebody", now, &timing());
                let mut next = next.ok()?;
                // Nothing is decided by who asked last: without it the states stay few.
                next.last_action = None;
                let stored = world.store(id, next).ok()?;
                if !stored.is_leased(now) {
                    world.send(id);
                }
            }
            Happens::PurgeAtComes => {
                world.left.time -= 1;
                world.is_late = true;
            }
            Happens::Receive(worker, id) => {
                world.queued[id] -= 1;
                receive(world, worker, id);
            }
            Happens::ReceiveTwice(worker, id) => {
                world.left.duplicates -= 1;
                receive(world, worker, id);
            }
            Happens::Step(worker) => worker::step(self, world, worker, false),
            Happens::Rejected(worker) => {
                world.left.rejects -= 1;
                worker::step(self, world, worker, true);
            }
            Happens::Crash(worker) => {
                world.left.crashes -= 1;
                world.workers[worker] = Worker::Idle;
            }
            Happens::SliceEnd(worker) => {
                world.left.slice_ends -= 1;
                if let Worker::At(job) = &mut world.workers[worker] {
                    job.step = Step::Release;
                }
            }
            Happens::LeaseEnds(id) => {
                // Under a worker that still makes calls: it has stalled.
                if world
                    .jobs()
                    .any(|job| job.id == id && is_holder(job, world))
                {
                    world.left.crashes -= 1;
                }
                lease_ends(world, id);
            }
            Happens::Lose(id) => {
                world.left.losses -= 1;
                world.queued[id] -= 1;
            }
            Happens::Resend(id) => {
                if world.queued[id] > 0 || world.jobs().any(|job| job.id == id) {
                    world.left.duplicates = world.left.duplicates.saturating_sub(1);
                }
                let next = world.meta(id).resent(now, &timing());
                world.store(id, next).ok()?;
                world.send(id);
            }
            Happens::BeginPurge(id) => {
                let next = world.meta(id).begin_purge(now, &timing());
                world.store(id, next.ok()?).ok()?;
                world.send(id);
            }
            Happens::Tell(worker, id) => at(world, worker, id, Step::ClearRootDocument),
            Happens::GiveUp(worker, id) => {
                world.left.give_ups -= 1;
                at(world, worker, id, Step::ParkLease);
            }
            Happens::Find(id) => {
                world.left.finds -= 1;
                let next = world.meta(id).found(None, now, &timing());
                world.store(id, next.ok()?).ok()?;
                world.send(id);
            }
            Happens::Write(record) => {
                let generation = self.bounds.writes - world.left.writes + 1;
                world.left.writes -= 1;
                world.write(record, generation);
            }
        }
        Some(())
    }

    fn accept(&self, world: &mut World, id: usize) {
        let row = world.rows[id].as_mut().expect("it is live");
        row.mark = Some(id);
        let accepted = if self.guards.root_page_at_acceptance {
            &ACCEPTED[id]
        } else {
            &WITHOUT_PAGE[id]
        };
        world.deletions[id] = Some(Control {
            root: row.generation,
            ..accepted.clone()
        });
        world.send(id);
    }

    /// Whether something happens by itself: nobody has to ask for it, and it is no fault.
    pub(crate) fn goes_on(&self, world: &World) -> bool {
        if world.jobs().next().is_some() {
            return true;
        }
        let mut next = Vec::new();
        self.actions(world, &mut next);
        next.into_iter().any(|happens| {
            matches!(
                happens,
                Happens::Receive(..)
                    | Happens::Step(_)
                    | Happens::LeaseEnds(_)
                    | Happens::Resend(_)
                    | Happens::BeginPurge(_)
                    | Happens::Tell(..)
            )
        })
    }
}

fn asks_left(left: &mut crate::setup::Bounds, action: Action) -> &mut u8 {
    match action {
        Action::Cancel => &mut left.cancels,
        Action::Retry => &mut left.retries,
        Action::Restore => &mut left.restores,
        Action::Purge => &mut left.purges,
    }
}

/// Whether a worker holds the lease that stands.
fn is_holder(job: &Job, world: &World) -> bool {
    job.held.lease.is_some()
        && job.held.lease == world.meta(job.id).lease
        && job.step != Step::Lease
}

/// A message is delivered: it is dropped if there is nothing to do, or somebody is at it.
fn receive(world: &mut World, worker: usize, id: usize) {
    if world.meta(id).state.working_pass().is_some() && !world.is_leased(id) {
        at(world, worker, id, Step::Lease);
    }
}

fn at(world: &mut World, worker: usize, id: usize, step: Step) {
    let held = world.meta(id).clone();
    world.workers[worker] = Worker::At(Box::new(Job {
        id,
        held,
        resumed: true,
        step,
    }));
}

/// Time passes the end of a lease: in what stands, and in every copy of it.
fn lease_ends(world: &mut World, id: usize) {
    let lease = world.meta(id).lease.clone();
    for job in world.jobs_mut() {
        if job.id == id && job.held.lease == lease {
            job.held = Common::new(expired(&job.held));
        }
    }
    let control = world.control_mut(id);
    control.meta = Common::new(expired(&control.meta));
    debug_assert!(
        control
            .meta
            .lease
            .as_ref()
            .is_none_or(|lease| lease.until == PAST)
    );
}
