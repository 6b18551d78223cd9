//! The steps that find and write the next page of a delete.

use domain::page::{Entry, Judged, Page, SelectCursor};

use crate::records::{collection, key};
use crate::setup::Setup;
use crate::shared_value::Common;
use crate::step::Step;
use crate::worker::act;
use crate::world::{Job, World};

pub(crate) fn take(setup: &Setup, world: &mut World, job: &mut Job, step: Step) -> Option<Step> {
    Some(match step {
        Step::SelectRoot => {
            let page = root_page(job.id);
            Step::PutPage {
                page: Common::new(page),
            }
        }
        Step::Select {
            number,
            cursor,
            mut found,
        } => {
            let (record, next) = world.next_question(job.id, cursor, (number, &found))?;
            found.extend(world.answer(job.id, record));
            if found.len() >= setup.page_keys {
                page(number, found, Some(next))
            } else {
                go(world, job.id, number, Some(next), found)
            }
        }
        Step::PutPage { page } => {
            world.put_page(job.id, &page);
            // Whoever was first: theirs counts.
            let stands = world.page(job.id, page.number)?.clone();
            act(setup, world, job, &stands)
        }
        _ => return None,
    })
}

/// The next question of a selection, the page if there is none, or the end of the pass if nothing was found.
pub(crate) fn go(
    world: &World,
    id: usize,
    number: u32,
    cursor: Option<SelectCursor>,
    found: Vec<Entry>,
) -> Step {
    let question = cursor
        .clone()
        .and_then(|cursor| world.next_question(id, cursor, (number, &found)));
    match (question, cursor) {
        (Some(_), Some(cursor)) => Step::Select {
            number,
            cursor,
            found,
        },
        _ if found.is_empty() => Step::End { failure: None },
        _ => page(number, found, None),
    }
}

fn page(number: u32, entries: Vec<Entry>, next: Option<SelectCursor>) -> Step {
    Step::PutPage {
        page: Common::new(Page {
            number,
            entries,
            next,
        }),
    }
}

/// The first page: the root, live when it was accepted.
pub(crate) fn root_page(id: usize) -> Page {
    let root = Entry::new(collection(id).name.clone(), key(id), Judged::Live);
    Page {
        number: 1,
        entries: vec![root],
        next: Some(SelectCursor::ROOT),
    }
}
