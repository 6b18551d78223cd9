//! The invariants of the design, as far as this model can break them. Each name begins with the invariant's number.

use std::cell::RefCell;
use std::collections::HashMap;

use domain::deletion::{DeleteCounts, Deletion, Pass, PurgeCounts, RestoreCounts, State};
use domain::page::{NotRestored, Outcome, Page};
use stateright::Property;

use crate::records::record;
use crate::setup::Setup;
use crate::world::{Control, DELETIONS, Manifest, RECORDS, World};

pub(crate) const ENDS: &str = "1: what was accepted ends, and if badly, with a reason";
pub(crate) const HIDDEN: &str =
    "2: the root is marked from the acceptance until it is restored or gone";
pub(crate) const EXPLAINED: &str = "3: a document has its row, and a mark in it is its row's";
pub(crate) const REMOVED: &str =
    "4: nothing is removed early, or without the mark of who removes it";
pub(crate) const NEWER: &str = "4: what was written below a newer root survives";
pub(crate) const COPY: &str = "4: the document of a row that stands survives";
pub(crate) const FIRST: &str =
    "5: a record keeps its first deletion's mark until that one takes it off";
pub(crate) const SHOWN: &str = "5: RESTORED is told only of what is shown again";
pub(crate) const COUNTED: &str = "6: counts are what the manifest says";
pub(crate) const PROVED: &str =
    "6: when a pass has ended, the manifest names what carries its mark";
pub(crate) const DONE: &str = "6: what a pass counts as done is done in both stores";

pub(crate) fn all() -> Vec<Property<Setup>> {
    let mut all = vec![
        Property::always(ENDS, |setup: &Setup, world: &World| {
            setup.goes_on(world) || each(world, |_, control| has_ended(&control.meta))
        }),
        Property::always(HIDDEN, |_, world| {
            each(world, |id, control| root_is_hidden(world, id, control))
        }),
        Property::always(EXPLAINED, |_, world| {
            (0..RECORDS).all(|record| is_explained(world, record))
        }),
        Property::always(REMOVED, |_, world: &World| {
            !world.happened.removed_anothers && !world.happened.removed_early
        }),
        Property::always(NEWER, |_, world: &World| !world.happened.marked_newer),
        Property::always(COPY, |_, world: &World| {
            !world.happened.removed_anothers_document
        }),
        Property::always(FIRST, |_, world: &World| !world.happened.cleared_anothers),
        Property::always(SHOWN, |_, world: &World| !world.happened.restored_hidden),
        Property::always(COUNTED, |_, world| {
            each(world, |_, control| is_counted_once(control))
        }),
        Property::always(PROVED, |_, world| {
            each(world, |id, control| is_proved(world, id, control))
        }),
        Property::always(DONE, |_, world| {
            each(world, |id, control| is_done(world, id, control))
        }),
    ];
    all.extend([
        Property::sometimes("reached: DELETED", |_, world: &World| {
            is_some_in(world, State::Deleted)
        }),
        Property::sometimes("reached: DELETE_FAILED", |_, world| {
            is_some_in(world, State::DeleteFailed)
        }),
        Property::sometimes("reached: CANCELLED", |_, world| {
            is_some_in(world, State::Cancelled)
        }),
        Property::sometimes("reached: RESTORED", |_, world| {
            is_some_in(world, State::Restored)
        }),
        Property::sometimes("reached: RESTORE_FAILED", |_, world| {
            is_some_in(world, State::RestoreFailed)
        }),
        Property::sometimes("reached: PURGED", |_, world| {
            is_some_in(world, State::Purged)
        }),
        Property::sometimes("reached: PURGE_FAILED", |_, world| {
            is_some_in(world, State::PurgeFailed)
        }),
        Property::sometimes(
            "reached: one deletion finds the other's mark",
            |_, world| {
                !each(world, |_, control| {
                    !counts(&control.meta).any(|counts| counts.already_deleted > 0)
                })
            },
        ),
        Property::sometimes(
            "reached: both deletions under one another's eyes",
            |_, world: &World| {
                world.jobs().count() == DELETIONS
                    && world.jobs().map(|job| job.id).sum::<usize>() == 1
            },
        ),
    ]);
    all
}

fn each(world: &World, holds: impl Fn(usize, &Control) -> bool) -> bool {
    world
        .deletions
        .iter()
        .enumerate()
        .all(|(id, control)| control.as_ref().is_none_or(|control| holds(id, control)))
}

fn is_some_in(world: &World, state: State) -> bool {
    (0..DELETIONS).any(|id| world.is_in(id, &[state]))
}

fn has_ended(meta: &Deletion) -> bool {
    let is_bad = matches!(
        meta.state,
        State::DeleteFailed | State::RestoreFailed | State::PurgeFailed
    );
    meta.state.is_done() && !meta.notified.owes() && (!is_bad || meta.failure.is_some())
}

fn root_is_hidden(world: &World, id: usize, control: &Control) -> bool {
    let row = world.rows[id].filter(|row| row.generation == control.root);
    let is_back = control.meta.state == State::Restored || control.meta.root_restored;
    is_back || row.is_none_or(|row| row.mark == Some(id))
}

fn is_explained(world: &World, record: usize) -> bool {
    let Some(document) = world.documents[record] else {
        return true;
    };
    let Some(row) = world.rows[record] else {
        return false;
    };
    // A restore takes the mark off the row first: between the two the copy lags, and compare sees it.
    let restores = |id: usize| world.meta(id).notified.restore.run > 0;
    row.generation == document.generation
        && document
            .mark
            .is_none_or(|id| row.mark == Some(id) || restores(id))
}

fn counts(meta: &Deletion) -> impl Iterator<Item = &DeleteCounts> {
    meta.deleted.values()
}

/// The pages that the present pass has done, and those it has not.
fn pages<'a>(meta: &'a Deletion, manifest: &'a Manifest) -> impl Iterator<Item = (&'a Page, bool)> {
    let pass = meta.state.pass();
    (1..=meta.pages).filter_map(move |position| {
        let page = manifest.pages.get(&meta.page_at(pass, position))?;
        Some((&**page, position <= meta.cursor))
    })
}

thread_local! {
    static COUNTED_BEFORE: RefCell<HashMap<(u64, u64), bool>> = RefCell::default();
}

/// The same deletion with the same manifest stands in many states: it is counted in one.
fn is_counted_once(control: &Control) -> bool {
    let key = (control.meta.fingerprint(), control.manifest.fingerprint());
    COUNTED_BEFORE.with_borrow_mut(|known| *known.entry(key).or_insert_with(|| is_counted(control)))
}

fn is_counted(control: &Control) -> bool {
    let (meta, manifest) = (&*control.meta, &*control.manifest);
    let exceptions = |page: &Page| {
        manifest
            .exceptions
            .get(&page.number)
            .cloned()
            .unwrap_or_default()
    };
    let is_balanced = counts(meta).all(|counts| {
        let sum =
            counts.deleted + counts.already_deleted + counts.missing + counts.kept + counts.failed;
        counts.selected == sum + counts.not_reached
    });
    let is_told = match meta.state.pass() {
        Pass::Delete => {
            let mut sum = DeleteCounts::default();
            for (page, is_done) in pages(meta, manifest) {
                if is_done {
                    for more in page.delete_counts(&exceptions(page)).into_values() {
                        sum += more;
                    }
                } else {
                    sum += DeleteCounts::not_reached(page.entries.len() as u64);
                }
            }
            let mut told = DeleteCounts::default();
            for more in counts(meta) {
                told += *more;
            }
            sum == told
        }
        Pass::Restore => {
            let (mut sum, mut told) = (RestoreCounts::default(), RestoreCounts::default());
            for (page, _) in pages(meta, manifest).filter(|(_, is_done)| *is_done) {
                for more in page.restore_counts(&exceptions(page)).into_values() {
                    sum += more;
                }
            }
            for more in meta.restored.values() {
                told += *more;
            }
            sum == told
        }
        Pass::Purge => {
            let (mut sum, mut told) = (PurgeCounts::default(), PurgeCounts::default());
            for (page, _) in pages(meta, manifest).filter(|(_, is_done)| *is_done) {
                for more in page.purge_counts(&exceptions(page)).into_values() {
                    sum += more;
                }
            }
            for more in meta.purged.values() {
                told += *more;
            }
            sum == told
        }
    };
    is_balanced && is_told
}

/// What carries the mark of a deletion that has ended stands in its manifest, as what was done or could not be.
fn is_proved(world: &World, id: usize, control: &Control) -> bool {
    let (meta, manifest) = (&control.meta, &control.manifest);
    if !meta.state.is_done() {
        return true;
    }
    let mut marked = (0..RECORDS).filter(|record| world.is_marked_by(*record, id));
    marked.all(|marked| {
        let place = (1..=meta.pages).find_map(|number| {
            let page = manifest.pages.get(&number)?;
            let place = page
                .entries
                .iter()
                .position(|entry| record(entry) == marked)?;
            Some((page, place))
        });
        let Some((page, place)) = place else {
            return false;
        };
        let exceptions = manifest
            .exceptions
            .get(&page.number)
            .cloned()
            .unwrap_or_default();
        match meta.state {
            State::Deleted | State::Cancelled | State::DeleteFailed => meta.is_acted(page.number),
            // What stays marked behind a restore stays for a reason.
            State::Restored => matches!(
                exceptions.restored.get(&place),
                Some(NotRestored::Conflict { .. })
            ),
            State::Purged => exceptions.purged.contains_key(&place),
            _ => true,
        }
    })
}

/// A final state is true of both stores.
fn is_done(world: &World, id: usize, control: &Control) -> bool {
    let (meta, manifest) = (&control.meta, &control.manifest);
    let is_told = !meta.notified.owes();
    (1..=meta.pages).all(|number| {
        let Some(page) = manifest.pages.get(&number) else {
            return true;
        };
        let exceptions = manifest
            .exceptions
            .get(&number)
            .cloned()
            .unwrap_or_default();
        page.entries.iter().enumerate().all(|(place, entry)| {
            let record = record(entry);
            let is_marked = world.is_marked_by(record, id);
            let copy = world.documents[record].and_then(|document| document.mark);
            match meta.state {
                State::Deleted | State::Cancelled | State::DeleteFailed => {
                    let is_deleted = meta.is_acted(number)
                        && page.outcome(place, &exceptions) == Outcome::Deleted;
                    !is_deleted
                        || (is_marked && (world.documents[record].is_none() || copy == Some(id)))
                }
                State::Restored if !exceptions.restored.contains_key(&place) => {
                    !is_marked && (copy != Some(id) || !is_told)
                }
                State::Purged if !exceptions.purged.contains_key(&place) => {
                    !is_marked && copy != Some(id)
                }
                _ => true,
            }
        })
    })
}
