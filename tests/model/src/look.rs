//! The steps of the look for late arrivals, when everything else that a purge lists is done.

use domain::deletion::Deletion;
use domain::page::{Entry, Page, SelectCursor};

use crate::records::{Above, Leads};
use crate::setup::Setup;
use crate::shared_value::Common;
use crate::step::Step;
use crate::worker::{Kept, keep, next_page};
use crate::world::{Job, World};

/// The first step: a page that a crashed look wrote, then the look itself.
pub(crate) fn begin(setup: &Setup, world: &World, job: &Job) -> Step {
    match world.page(job.id, job.held.pages + 1) {
        Some(page) => Step::PageFound { page: page.clone() },
        None if setup.guards.root_after_children => from_here(world, job),
        None => Step::LookRootFirst,
    }
}

fn from_here(world: &World, job: &Job) -> Step {
    let cursor = job.held.late_cursor.clone().unwrap_or(SelectCursor::ROOT);
    go(world, job, cursor, Vec::new())
}

/// The next question, the page if there is none, or the end of the look if nothing was found.
fn go(world: &World, job: &Job, cursor: SelectCursor, found: Vec<Entry>) -> Step {
    // What is below late arrivals is searched when their turn is over.
    let open = (job.held.pages + 1, [].as_slice());
    if world.next_question(job.id, cursor.clone(), open).is_some() {
        Step::Look { cursor, found }
    } else if found.is_empty() {
        Step::LookOver
    } else {
        put(job, cursor, found)
    }
}

fn put(job: &Job, cursor: SelectCursor, entries: Vec<Entry>) -> Step {
    let page = Page {
        number: job.held.pages + 1,
        entries,
        next: Some(cursor),
    };
    Step::LookPut {
        page: Common::new(page),
    }
}

/// A record is judged: it joins what was found, or not.
fn judged(
    setup: &Setup,
    world: &World,
    job: &Job,
    cursor: SelectCursor,
    found: Vec<Entry>,
) -> Step {
    if found.len() >= setup.page_keys {
        put(job, cursor, found)
    } else {
        go(world, job, cursor, found)
    }
}

pub(crate) fn take(setup: &Setup, world: &mut World, job: &mut Job, step: Step) -> Option<Step> {
    Some(match step {
        Step::LookRootFirst if world.is_root_recreated(job.id) => Step::LookOver,
        Step::LookRootFirst => from_here(world, job),
        Step::Look { cursor, mut found } => {
            let open = (job.held.pages + 1, [].as_slice());
            let (record, cursor) = world.next_question(job.id, cursor, open)?;
            let answer = world
                .answer(job.id, record)
                .filter(|_| world.is_live(record));
            match answer {
                None => judged(setup, world, job, cursor, found),
                Some(entry) if setup.guards.root_after_children => Step::LookAbove {
                    entry,
                    above: Above::Parent(record - 1),
                    cursor,
                    found,
                },
                Some(entry) => {
                    found.push(entry);
                    judged(setup, world, job, cursor, found)
                }
            }
        }
        Step::LookAbove {
            entry,
            above,
            cursor,
            mut found,
        } => match world.leads_to(job.id, above, true) {
            Leads::Yes => {
                found.push(entry);
                judged(setup, world, job, cursor, found)
            }
            Leads::No => judged(setup, world, job, cursor, found),
            Leads::Ask(above) => Step::LookAbove {
                entry,
                above,
                cursor,
                found,
            },
        },
        Step::LookPut { page } => {
            world.put_page(job.id, &page);
            // Whoever was first: theirs counts.
            let stands = world.page(job.id, page.number)?.clone();
            Step::PageFound { page: stands }
        }
        Step::PageFound { page } => {
            let next = job.held.page_late(world.now(), &page);
            match keep(world, job, next) {
                Kept::Superseded => return None,
                Kept::Again => Step::PageFound { page },
                Kept::Stored => {
                    job.resumed = false;
                    next_page(setup, world, job)
                }
            }
        }
        Step::LookOver => {
            let next: Deletion = job.held.late_arrivals_done(world.now());
            match keep(world, job, next) {
                Kept::Superseded => return None,
                Kept::Again => Step::LookOver,
                Kept::Stored => {
                    job.resumed = false;
                    next_page(setup, world, job)
                }
            }
        }
        _ => return None,
    })
}
