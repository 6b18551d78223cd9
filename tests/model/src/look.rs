//! The steps of the look below the root, before a purge removes anything.

use domain::deletion::Deletion;
use domain::page::{Entry, Exceptions, Page, SelectCursor};

use crate::calls::{self, At};
use crate::setup::Setup;
use crate::shared_value::Common;
use crate::step::{Call, Step};
use crate::worker::{Kept, keep, mark_calls, next_page};
use crate::world::{Job, World};

/// The first step: a page that a crashed look wrote, then the look itself.
pub(crate) fn begin(setup: &Setup, world: &World, job: &Job) -> Step {
    match world.page(job.id, job.held.pages + 1) {
        Some(page) => Step::Adopt { page: page.clone() },
        None => round(setup, world, job),
    }
}

/// One round: until something is found, or nothing is left.
fn round(setup: &Setup, world: &World, job: &Job) -> Step {
    if setup.guards.root_after_children {
        from_here(world, job)
    } else {
        Step::LookRootFirst
    }
}

fn from_here(world: &World, job: &Job) -> Step {
    let cursor = job.held.late_cursor.clone().unwrap_or(SelectCursor::ROOT);
    match world.next_question(job.id, cursor.clone(), (job.held.pages + 1, &[])) {
        Some(_) => Step::Look {
            cursor,
            found: Vec::new(),
        },
        None => Step::LookOver,
    }
}

pub(crate) fn take(setup: &Setup, world: &mut World, job: &mut Job, step: Step) -> Option<Step> {
    Some(match step {
        Step::Adopt { page } if world.is_root_recreated(job.id) => {
            Step::PageFound { page, cursor: None }
        }
        Step::Adopt { page } => mark_new(setup, &page, None),
        Step::LookRootFirst | Step::LookRoot { .. } if world.is_root_recreated(job.id) => {
            Step::LookOver
        }
        Step::LookRootFirst => from_here(world, job),
        Step::Look { cursor, found } => return look(setup, world, job, cursor, found),
        Step::LookRoot { cursor, found } => collect(setup, world, job, cursor, found),
        Step::LookAgain {
            again,
            mut calls,
            page,
            cursor,
        } => {
            call(setup, world, job, &again, &mut calls);
            if !calls.is_empty() {
                return Some(Step::LookAgain {
                    again,
                    calls,
                    page,
                    cursor,
                });
            }
            collected(setup, world, job, page, cursor)
        }
        Step::LookPut { page, cursor } => {
            let is_ours = world.put_page(job.id, &page);
            let stands = world.page(job.id, page.number)?.clone();
            mark_new(setup, &stands, is_ours.then_some(cursor))
        }
        Step::LookTake {
            page,
            mut calls,
            cursor,
        } => {
            call(setup, world, job, &page, &mut calls);
            if calls.is_empty() {
                Step::PageFound { page, cursor }
            } else {
                Step::LookTake {
                    page,
                    calls,
                    cursor,
                }
            }
        }
        Step::PageFound { page, cursor } => {
            let next = job.held.page_found(world.now(), &page);
            match keep(world, job, next) {
                Kept::Superseded => return None,
                Kept::Again => Step::PageFound { page, cursor },
                Kept::Stored => {
                    if let Some(cursor) = cursor {
                        goes_on(job, cursor);
                    }
                    round(setup, world, job)
                }
            }
        }
        Step::LookOver => {
            let next = job.held.late_arrivals_done(world.now());
            match keep(world, job, next) {
                Kept::Superseded => return None,
                Kept::Again => Step::LookOver,
                Kept::Stored => next_page(setup, world, job),
            }
        }
        _ => return None,
    })
}

fn look(
    setup: &Setup,
    world: &World,
    job: &mut Job,
    cursor: SelectCursor,
    mut found: Vec<Entry>,
) -> Option<Step> {
    let open = (job.held.pages + 1, [].as_slice());
    let (record, next) = world.next_question(job.id, cursor, open)?;
    found.extend(
        world
            .answer(job.id, record)
            .filter(|_| world.is_live(record)),
    );
    if found.is_empty() {
        // Kept with the next compare-and-set: the look goes on from here.
        goes_on(job, next.clone());
    }
    let is_over = world.next_question(job.id, next.clone(), open).is_none();
    if found.len() < setup.page_keys && !is_over {
        return Some(Step::Look {
            cursor: next,
            found,
        });
    }
    Some(if found.is_empty() {
        Step::LookOver
    } else if setup.guards.root_after_children {
        Step::LookRoot {
            cursor: next,
            found,
        }
    } else {
        collect(setup, world, job, next, found)
    })
}

/// What was found: again in the page that has it, or in a new one.
fn collect(
    setup: &Setup,
    world: &World,
    job: &mut Job,
    cursor: SelectCursor,
    found: Vec<Entry>,
) -> Step {
    let (again, new): (Vec<Entry>, Vec<Entry>) = found.into_iter().partition(|entry| {
        let mut known = (1..=job.held.pages).filter_map(|number| world.page(job.id, number));
        known.any(|page| {
            let mut entries = page.entries.iter();
            entries.any(|known| known.collection == entry.collection && known.key == entry.key)
        })
    });
    let number = job.held.pages + 1;
    let page = (!new.is_empty()).then(|| page(number, new));
    if again.is_empty() {
        return collected(setup, world, job, page, cursor);
    }
    let again = self::page(number, again);
    let calls = all(setup, &again);
    Step::LookAgain {
        again,
        calls,
        page,
        cursor,
    }
}

fn collected(
    setup: &Setup,
    world: &World,
    job: &mut Job,
    page: Option<Common<Page>>,
    cursor: SelectCursor,
) -> Step {
    if let Some(page) = page {
        return Step::LookPut { page, cursor };
    }
    goes_on(job, cursor);
    round(setup, world, job)
}

fn page(number: u32, entries: Vec<Entry>) -> Common<Page> {
    Common::new(Page {
        number,
        entries,
        next: None,
    })
}

fn all(setup: &Setup, page: &Page) -> Vec<Call> {
    let mut calls = mark_calls(setup, page, 0..page.entries.len());
    calls.reverse();
    calls
}

fn mark_new(setup: &Setup, page: &Common<Page>, cursor: Option<SelectCursor>) -> Step {
    let calls = all(setup, page);
    let page = page.clone();
    if calls.is_empty() {
        Step::PageFound { page, cursor }
    } else {
        Step::LookTake {
            page,
            calls,
            cursor,
        }
    }
}

/// Marks one record. What is not plainly done is the purge's to find out.
fn call(setup: &Setup, world: &mut World, job: &Job, page: &Page, calls: &mut Vec<Call>) {
    let Some(call) = calls.pop() else { return };
    let at = At {
        id: job.id,
        page,
        is_rejected: false,
    };
    calls::make(setup, world, at, call, calls, &mut Exceptions::default());
}

fn goes_on(job: &mut Job, cursor: SelectCursor) {
    job.held = Common::new(Deletion {
        late_cursor: Some(cursor),
        ..Deletion::clone(&job.held)
    });
}
