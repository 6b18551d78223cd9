//! The steps that end a pass or a slice: well, badly, hidden, given up, or to go on later.

use domain::deletion::{Deletion, EndedEarly, Pass, State};
use domain::page::{Exceptions, NotRestored, Page};

use crate::setup::Setup;
use crate::shared_value::Common;
use crate::step::Step;
use crate::time::timing;
use crate::worker::{failure, missing, next_page, take_lease};
use crate::world::{Job, World};

pub(crate) fn take(setup: &Setup, world: &mut World, job: &mut Job, step: Step) -> Option<Step> {
    match step {
        Step::RestoreRoot => Some(restore_root(setup, world, job)),
        Step::ReadAncestors => Some(read_ancestors(world, job)),
        Step::PutRootExceptions {
            exceptions,
            is_hidden,
        } => {
            world.put_exceptions(job.id, 1, exceptions.clone());
            Some(if is_hidden {
                Step::EndHidden { exceptions }
            } else {
                Step::Restore { exceptions }
            })
        }
        Step::Restore { exceptions } => restore(setup, world, job, &exceptions),
        Step::EndHidden { exceptions } => {
            let page = world.page(job.id, 1)?.clone();
            let failure = Some(failure("PARENT_NOT_LIVE"));
            let next = job.held.restored(world.now(), &page, &exceptions, failure);
            job.held = world.store(job.id, next.ok()?).ok()?;
            ended(world, job)
        }
        Step::ClearRootDocument => {
            if let Some(document) = &mut world.documents[job.id]
                && document.mark == Some(job.id)
            {
                document.mark = None;
            }
            Some(Step::Notice)
        }
        Step::Notice => {
            // Whoever changed it meanwhile has decided what is due next.
            let _ = world.store(job.id, told(&job.held));
            None
        }
        Step::End { failure } => {
            let now = world.now();
            let next = match failure.clone() {
                Some(failure) => job.held.fail(failure, now),
                None => job.held.finish(now),
            };
            match world.store(job.id, next.ok()?) {
                Ok(stored) => {
                    job.held = stored;
                    ended(world, job)
                }
                Err(stored) => {
                    job.held = Common::new(job.held.with_cancel_of(&stored)?);
                    Some(Step::End { failure })
                }
            }
        }
        Step::Release => {
            let next = job
                .held
                .release(world.now(), None, EndedEarly::Nothing, &timing());
            match world.store(job.id, next) {
                Ok(_) => {
                    world.send(job.id);
                    None
                }
                Err(stored) => {
                    job.held = Common::new(job.held.with_cancel_of(&stored)?);
                    Some(Step::Release)
                }
            }
        }
        Step::ParkLease => {
            take_lease(world, job)?;
            let begun = job.held.begun_page();
            let page = begun.and_then(|number| world.page(job.id, number));
            Some(match page {
                Some(page) => Step::ParkPage { page: page.clone() },
                None => Step::Park { page: None },
            })
        }
        Step::ParkPage { page } => {
            world.put_exceptions(job.id, page.number, page.given_up(""));
            Some(Step::Park { page: Some(page) })
        }
        Step::Park { page } => park(world, job, page.as_deref()),
        _ => None,
    }
}

fn restore_root(setup: &Setup, world: &mut World, job: &mut Job) -> Step {
    let row = world.rows[job.id];
    if !setup.guards.root_last && row.is_some_and(|row| row.mark.is_none_or(|by| by == job.id)) {
        if let Some(row) = &mut world.rows[job.id] {
            row.mark = None;
        }
        return next_page(setup, world, job);
    }
    match row {
        Some(row) if row.mark == Some(job.id) => next_page(setup, world, job),
        Some(_) => Step::End {
            failure: Some(failure("KEY_TAKEN")),
        },
        None => Step::End {
            failure: Some(failure("ROOT_MISSING")),
        },
    }
}

/// Everything above the root, read as one: the transaction asks again.
fn read_ancestors(world: &World, job: &Job) -> Step {
    if world.page(job.id, 1).is_none() {
        return missing();
    }
    let earlier = world.exceptions(job.id, 1);
    let mut exceptions = earlier.clone();
    exceptions.restored.clear();
    if world.rows[job.id].is_none() || !is_visible_below(world, job.id) {
        return hidden(exceptions);
    }
    if exceptions == earlier {
        Step::Restore { exceptions }
    } else {
        Step::PutRootExceptions {
            exceptions,
            is_hidden: false,
        }
    }
}

/// Whether everything above a deletion's root is there and live.
fn is_visible_below(world: &World, id: usize) -> bool {
    (0..id).all(|above| world.is_live(above))
}

fn hidden(mut exceptions: Exceptions) -> Step {
    let reason = "PARENT_NOT_LIVE".to_owned();
    exceptions
        .restored
        .insert(0, NotRestored::Conflict { reason });
    Step::PutRootExceptions {
        exceptions,
        is_hidden: true,
    }
}

/// The transaction: the root's mark, the final state, and the condition on what is above.
fn restore(
    setup: &Setup,
    world: &mut World,
    job: &mut Job,
    exceptions: &Exceptions,
) -> Option<Step> {
    let page = world.page(job.id, 1)?.clone();
    let next = job
        .held
        .restored(world.now(), &page, exceptions, None)
        .ok()?;
    if next.revision != world.meta(job.id).revision + 1 {
        return None;
    }
    if !job.held.is_hidden_by_its_root() {
        // The root is back already, and is not touched.
        job.held = world.store(job.id, next).ok()?;
        return ended(world, job);
    }
    if setup.guards.root_last && !world.is_marked_by(job.id, job.id) {
        return Some(Step::End {
            failure: Some(failure("KEY_TAKEN")),
        });
    }
    let is_visible = is_visible_below(world, job.id);
    if setup.guards.ancestors_at_end && !is_visible {
        return Some(hidden(exceptions.clone()));
    }
    world.happened.restored_hidden |= !is_visible;
    if let Some(row) = &mut world.rows[job.id] {
        row.mark = None;
    }
    job.held = world.store(job.id, next).ok()?;
    ended(world, job)
}

fn park(world: &mut World, job: &mut Job, page: Option<&Page>) -> Option<Step> {
    let exceptions = page.map(|page| world.exceptions(job.id, page.number));
    let last = page.zip(exceptions.as_ref());
    let reason = failure("ATTEMPTS_EXHAUSTED");
    let next = job.held.park(reason, last, world.now()).ok()?;
    job.held = world.store(job.id, next).ok()?;
    ended(world, job)
}

/// A final state stands. It is told at once, except that a restore has its root's document to clear before.
fn ended(world: &mut World, job: &mut Job) -> Option<Step> {
    if job.held.state == State::Restored {
        return Some(Step::ClearRootDocument);
    }
    let told = world.store(job.id, told(&job.held));
    debug_assert!(told.is_ok(), "nobody came in between");
    None
}

/// As `publish_all` of the engine, with a bus that takes everything.
fn told(held: &Deletion) -> Deletion {
    let mut notified = held.notified.clone();
    for pass in [Pass::Delete, Pass::Restore, Pass::Purge] {
        let telling = notified.of(pass);
        if !telling.is_owed() {
            continue;
        }
        let done = match pass {
            Pass::Delete => held.acted,
            Pass::Restore | Pass::Purge => telling.done,
        };
        let telling = notified.of_mut(pass);
        if telling.is_again() {
            telling.retold = telling.retold.max(telling.pages.min(done));
        }
        telling.pages = telling.pages.max(done);
        telling.finished = true;
        telling.failure = None;
    }
    held.events_published(notified, &timing())
}
