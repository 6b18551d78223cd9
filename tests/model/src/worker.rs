//! One step of a worker, as the engine's `advance` takes it: lease, pages, checkpoint, end.

use std::mem;

use domain::deletion::{Deletion, Failure, Pass, State};
use domain::page::{Exceptions, Judged, Page};

use crate::calls;
use crate::ending;
use crate::look;
use crate::records::{collection, record_at};
use crate::select;
use crate::setup::Setup;
use crate::shared_value::Common;
use crate::step::{Call, Step};
use crate::time::{holder, timing};
use crate::world::{Job, RECORDS, Worker, World};

/// What came of a compare-and-set in the middle of a pass.
pub(crate) enum Kept {
    Stored,
    /// A cancel came in between: once more, with it.
    Again,
    Superseded,
}

/// Makes the next store call of a worker. `is_rejected` is the index's answer to it.
pub(crate) fn step(setup: &Setup, world: &mut World, worker: usize, is_rejected: bool) {
    let Worker::At(mut job) = mem::take(&mut world.workers[worker]) else {
        return;
    };
    let step = mem::replace(&mut job.step, Step::Notice);
    if let Some(next) = take(setup, world, &mut job, step, is_rejected) {
        job.step = next;
        world.workers[worker] = Worker::At(job);
    }
}

fn take(
    setup: &Setup,
    world: &mut World,
    job: &mut Job,
    step: Step,
    is_rejected: bool,
) -> Option<Step> {
    match step {
        Step::Lease => lease(setup, world, job),
        Step::Act {
            page,
            again,
            mut calls,
            mut found,
        } => {
            let call = calls.pop()?;
            let at = calls::At {
                id: job.id,
                page: &page,
                is_rejected,
                is_late: job.held.is_late(page.number),
            };
            calls::make(setup, world, at, call, &mut calls, &mut found);
            if calls.is_empty() {
                return Some(acted(world, job, page, again.as_deref(), found));
            }
            Some(Step::Act {
                page,
                again,
                calls,
                found,
            })
        }
        Step::PutExceptions { page, exceptions } => {
            world.put_exceptions(job.id, page.number, exceptions.clone());
            Some(Step::Checkpoint { page, exceptions })
        }
        Step::Checkpoint { page, exceptions } => checkpoint(setup, world, job, page, exceptions),
        Step::SelectRoot | Step::Select { .. } | Step::PutPage { .. } => {
            select::take(setup, world, job, step)
        }
        Step::LookRootFirst
        | Step::Look { .. }
        | Step::LookAbove { .. }
        | Step::LookPut { .. }
        | Step::PageFound { .. }
        | Step::LookOver => look::take(setup, world, job, step),
        Step::RestoreRoot
        | Step::ReadAncestors
        | Step::PutRootExceptions { .. }
        | Step::Restore { .. }
        | Step::EndHidden { .. }
        | Step::ClearRootDocument
        | Step::Notice
        | Step::End { .. }
        | Step::Release
        | Step::ParkLease
        | Step::ParkPage { .. }
        | Step::Park { .. } => ending::take(setup, world, job, step),
    }
}

fn lease(setup: &Setup, world: &mut World, job: &mut Job) -> Option<Step> {
    take_lease(world, job)?;
    match job.held.state.pass() {
        Pass::Restore if job.held.is_hidden_by_its_root() => Some(Step::RestoreRoot),
        Pass::Delete | Pass::Restore | Pass::Purge => Some(next_page(setup, world, job)),
    }
}

/// The compare-and-set of a lease; whoever held one before has another token.
pub(crate) fn take_lease(world: &mut World, job: &mut Job) -> Option<()> {
    let now = world.now();
    let slice_end = now + timing().slice;
    let next = job
        .held
        .lease(now, slice_end, holder(true), &timing())
        .ok()?;
    let stored = world.store(job.id, next).ok()?;
    for other in world.jobs_mut().filter(|other| other.id == job.id) {
        let mut held = Deletion::clone(&other.held);
        if let Some(lease) = &mut held.lease {
            lease.holder = holder(false);
            other.held = Common::new(held);
        }
    }
    job.held = stored;
    job.resumed = true;
    Some(())
}

/// As `keep` of the engine.
pub(crate) fn keep(world: &mut World, job: &mut Job, next: Deletion) -> Kept {
    match world.store(job.id, next) {
        Ok(stored) => {
            job.held = stored;
            Kept::Stored
        }
        Err(stored) => match job.held.with_cancel_of(&stored) {
            Some(cancelling) => {
                job.held = Common::new(cancelling);
                Kept::Again
            }
            None => Kept::Superseded,
        },
    }
}

/// The page that is next in the present pass, or its end.
pub(crate) fn next_page(setup: &Setup, world: &World, job: &Job) -> Step {
    if job.held.state.pass() == Pass::Delete {
        return next_to_delete(setup, world, job);
    }
    if job.held.is_before_root() && job.held.has_failed() {
        return Step::End { failure: None };
    }
    if job.held.is_before_late_arrivals() {
        return look::begin(setup, world, job);
    }
    let Some(number) = job.held.next_backwards() else {
        let failed: u64 = job.held.restored.values().map(|counts| counts.failed).sum();
        let is_restore = job.held.state.pass() == Pass::Restore;
        return if is_restore && failed == 0 && job.held.is_hidden_by_its_root() {
            Step::ReadAncestors
        } else if is_restore && failed == 0 {
            Step::Restore {
                exceptions: world.exceptions(job.id, 1),
            }
        } else {
            Step::End { failure: None }
        };
    };
    match world.page(job.id, number) {
        Some(page) => act(setup, world, job, page),
        None => missing(),
    }
}

pub(crate) fn missing() -> Step {
    Step::End {
        failure: Some(failure("PAGE_MISSING")),
    }
}

pub(crate) fn failure(code: &str) -> Failure {
    Failure {
        code: code.to_owned(),
        reason: String::new(),
    }
}

fn next_to_delete(setup: &Setup, world: &World, job: &Job) -> Step {
    let number = job.held.cursor + 1;
    let is_cancelled = job.held.state == State::Cancelling;
    if is_cancelled && !setup.guards.pages_before_cancel {
        return Step::End { failure: None };
    }
    if let Some(page) = world.page(job.id, number) {
        return act(setup, world, job, page);
    }
    if is_cancelled {
        return Step::End { failure: None };
    }
    if number == 1 {
        return Step::SelectRoot;
    }
    match world.page(job.id, job.held.cursor) {
        None => missing(),
        Some(before) => select::go(world, job.id, number, before.next.clone(), Vec::new()),
    }
}

/// The first call of a page, as `do_page` of the engine.
pub(crate) fn act(setup: &Setup, world: &World, job: &Job, page: &Common<Page>) -> Step {
    let pass = job.held.state.pass();
    let is_done_before = job.held.is_done_before(pass, page.number);
    let again = is_done_before.then(|| world.exceptions(job.id, page.number).open(pass));
    let only = again.as_deref().filter(|_| pass != Pass::Purge);
    let places =
        (0..page.entries.len()).filter(|place| only.is_none_or(|only| only.contains(place)));
    let mut calls = match pass {
        Pass::Delete if page.number == 1 => {
            let is_open = only.is_none_or(|only| !only.is_empty());
            is_open.then_some(Call::ReadRoot).into_iter().collect()
        }
        Pass::Delete
            if job.resumed || is_done_before || job.held.is_of_an_earlier_run(page.number) =>
        {
            let is_open = |place: &usize| page.entries[*place].judged != Judged::AlreadyDeleted;
            places.filter(is_open).map(Call::Recheck).collect()
        }
        Pass::Delete => mark_calls(setup, page, places),
        Pass::Restore => places
            .filter(|place| record_at(page, *place) != job.id)
            .map(Call::ReadRow)
            .collect(),
        // Children before their parents.
        Pass::Purge if setup.guards.copy_read_first => {
            let first = |place| {
                let below = record_at(page, place) + 1;
                if below < RECORDS && job.held.has_failed_in(&collection(below).name) {
                    Call::Children(place)
                } else {
                    Call::Version(place)
                }
            };
            places.rev().map(first).collect()
        }
        Pass::Purge => places.rev().map(Call::ExplainFirst).collect::<Vec<_>>(),
    };
    calls.reverse();
    if calls.is_empty() {
        return acted(
            world,
            job,
            page.clone(),
            again.as_deref(),
            Exceptions::default(),
        );
    }
    Step::Act {
        page: page.clone(),
        again,
        calls,
        found: Exceptions::default(),
    }
}

/// The calls that mark records of a page; those of another deletion are left.
pub(crate) fn mark_calls(
    setup: &Setup,
    page: &Page,
    places: impl Iterator<Item = usize>,
) -> Vec<Call> {
    let open = places.filter(|place| page.entries[*place].judged != Judged::AlreadyDeleted);
    if setup.guards.truth_first {
        return open.map(Call::MarkRow).collect();
    }
    open.flat_map(|place| [Call::MarkDocument(place), Call::MarkRow(place)])
        .collect()
}

/// A page's records are done: what stands beside it, if that has changed, and the checkpoint.
fn acted(
    world: &World,
    job: &Job,
    page: Common<Page>,
    again: Option<&[usize]>,
    found: Exceptions,
) -> Step {
    let pass = job.held.state.pass();
    if !job.resumed && again.is_none() && found.is_empty() && job.held.run <= 2 {
        return Step::Checkpoint {
            page,
            exceptions: found,
        };
    }
    let earlier = world.exceptions(job.id, page.number);
    let exceptions = earlier.followed_by(pass, found, again, pass != Pass::Purge, job.held.run);
    if exceptions == earlier {
        Step::Checkpoint { page, exceptions }
    } else {
        Step::PutExceptions { page, exceptions }
    }
}

fn checkpoint(
    setup: &Setup,
    world: &mut World,
    job: &mut Job,
    page: Common<Page>,
    exceptions: Exceptions,
) -> Option<Step> {
    let now = world.now();
    let pass = job.held.state.pass();
    let next = job.held.page_done(pass, now, &page, &exceptions);
    match keep(world, job, next) {
        Kept::Superseded => None,
        Kept::Again => Some(Step::Checkpoint { page, exceptions }),
        Kept::Stored => {
            job.resumed = false;
            note(job, pass);
            Some(next_page(setup, world, job))
        }
    }
}

/// The page is told, as `Publisher::page` of the engine: the bus is always there.
fn note(job: &mut Job, pass: Pass) {
    let (position, told) = (job.held.cursor, job.held.notified.of(pass).pages);
    let before = if position > told {
        told
    } else {
        job.held.notified.of(pass).retold
    };
    if before + 1 != position {
        return;
    }
    let mut held = Deletion::clone(&job.held);
    if position > told {
        held.notified.of_mut(pass).pages = position;
    } else {
        held.notified.of_mut(pass).retold = position;
    }
    job.held = Common::new(held);
}
