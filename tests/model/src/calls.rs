//! The calls about one record, with the conditions that the stores check, and what follows from each answer.

use domain::page::{Exceptions, NotPurged, NotRestored, Outcome, Page};

use crate::records::{Above, Leads, record_at};
use crate::setup::Setup;
use crate::step::Call;
use crate::world::{Document, RECORDS, Row, World};

/// Where a call is made.
#[derive(Clone, Copy)]
pub(crate) struct At<'a> {
    pub(crate) id: usize,
    pub(crate) page: &'a Page,
    /// Whether the index refuses.
    pub(crate) is_rejected: bool,
    /// Whether it is a page of late arrivals.
    pub(crate) is_late: bool,
}

impl At<'_> {
    /// Whether this record belongs to the deletion if its parent is missing: a late arrival, or a parent in its page.
    fn is_orphan_ours(&self, place: usize) -> bool {
        let mut beside = 0..self.page.entries.len();
        let record = record_at(self.page, place);
        self.is_late || beside.any(|place| record_at(self.page, place) + 1 == record)
    }
}

/// Makes a call; what it leads to stands last in `calls` then, what was not plainly done in `found`.
pub(crate) fn make(
    setup: &Setup,
    world: &mut World,
    at: At<'_>,
    call: Call,
    calls: &mut Vec<Call>,
    found: &mut Exceptions,
) {
    let failed = failed_in_purge(found);
    match call {
        Call::ReadRoot
        | Call::Recheck(_)
        | Call::Above(..)
        | Call::MarkRow(_)
        | Call::MarkDocument(_) => {
            mark(setup, world, at, &call, calls, found);
        }
        Call::ReadRow(_) | Call::ReadParent(_) | Call::ClearRow(_) | Call::ClearDocument(_) => {
            restore(setup, world, at, &call, calls, found);
        }
        Call::Children(_)
        | Call::Version(_)
        | Call::Explain(..)
        | Call::ExplainFirst(_)
        | Call::VersionBehind(..)
        | Call::RemoveDocument(..)
        | Call::RemoveRow(_) => purge(setup, world, at, call, calls, found),
        Call::StillBelow(_)
        | Call::BelowWhat(..)
        | Call::MarkUnmarked(_)
        | Call::MarkItsDocument(_) => {
            unmarked(setup, world, at, &call, calls, found);
        }
    }
    if failed_in_purge(found) > failed {
        // What is above a record that failed asks first whether it must stay.
        for next in calls {
            if let Call::Version(place) = *next
                && record_at(at.page, place) + 1 < RECORDS
            {
                *next = Call::Children(place);
            }
        }
    }
}

fn failed_in_purge(found: &Exceptions) -> usize {
    let is_failed = |not: &&NotPurged| matches!(not, NotPurged::Failed { .. });
    found.purged.values().filter(is_failed).count()
}

fn rejected() -> String {
    "DOCUMENT_REJECTED".to_owned()
}

fn mark(
    setup: &Setup,
    world: &mut World,
    at: At<'_>,
    call: &Call,
    calls: &mut Vec<Call>,
    found: &mut Exceptions,
) {
    match *call {
        Call::ReadRoot => {
            if world.is_marked_by(at.id, at.id) {
                calls.push(Call::MarkDocument(0));
            } else {
                found.deleted.insert(0, Outcome::Missing);
            }
        }
        Call::Recheck(place) => {
            let record = record_at(at.page, place);
            match world.rows[record] {
                None => drop(found.deleted.insert(place, Outcome::Missing)),
                // All are read again before the first one is touched.
                Some(row) if row.mark == Some(at.id) => calls.insert(0, Call::MarkDocument(place)),
                Some(row) if row.mark.is_some() => {
                    found.deleted.insert(place, Outcome::AlreadyDeleted);
                }
                Some(_) => calls.push(Call::Above(place, Above::Parent(record - 1))),
            }
        }
        Call::Above(place, above) => match world.leads_to(at.id, above, at.is_orphan_ours(place)) {
            Leads::Yes => {
                if !setup.guards.truth_first {
                    calls.insert(0, Call::MarkDocument(place));
                }
                calls.insert(0, Call::MarkRow(place));
            }
            Leads::No => drop(found.deleted.insert(place, Outcome::Missing)),
            Leads::Ask(above) => calls.push(Call::Above(place, above)),
        },
        Call::MarkRow(place) => {
            let record = record_at(at.page, place);
            let outcome = match &mut world.rows[record] {
                None => Some(Outcome::Missing),
                Some(row) if row.mark.is_some_and(|by| by != at.id) => {
                    Some(Outcome::AlreadyDeleted)
                }
                Some(row) => {
                    world.happened.marked_newer |= row.mark.is_none() && row.is_newer[at.id];
                    row.mark = Some(at.id);
                    None
                }
            };
            if let Some(outcome) = outcome {
                found.deleted.insert(place, outcome);
            } else if setup.guards.truth_first {
                calls.push(Call::MarkDocument(place));
            }
        }
        Call::MarkDocument(place) => {
            if at.is_rejected {
                let reason = rejected();
                found.deleted.insert(place, Outcome::Failed { reason });
            } else if let Some(document) = &mut world.documents[record_at(at.page, place)] {
                document.mark = Some(at.id);
            }
        }
        _ => {}
    }
}

fn restore(
    setup: &Setup,
    world: &mut World,
    at: At<'_>,
    call: &Call,
    calls: &mut Vec<Call>,
    found: &mut Exceptions,
) {
    let is_ours = |by: Option<usize>| {
        by == Some(at.id) || (by.is_some() && !setup.guards.own_marks_at_restore)
    };
    let mut conflict = |place, code: &str| {
        let reason = code.to_owned();
        found
            .restored
            .insert(place, NotRestored::Conflict { reason });
    };
    match *call {
        Call::ReadRow(place) => match world.rows[record_at(at.page, place)] {
            None => conflict(place, "ROW_MISSING"),
            Some(Row { mark: None, .. }) => calls.push(Call::ClearDocument(place)),
            Some(row) if is_ours(row.mark) => calls.push(Call::ReadParent(place)),
            Some(_) => conflict(place, "MARKED_BY_ANOTHER"),
        },
        Call::ReadParent(place) => {
            let above = record_at(at.page, place).checked_sub(1);
            let is_hidden = world.meta(at.id).is_hidden_by_its_root();
            let is_below = |row: Row| is_hidden || row.mark.is_none_or(|by| by == at.id);
            if above.is_none_or(|above| world.rows[above].is_some_and(is_below)) {
                calls.push(Call::ClearRow(place));
            } else {
                conflict(place, "PARENT_MISSING");
            }
        }
        Call::ClearRow(place) => match &mut world.rows[record_at(at.page, place)] {
            None => conflict(place, "ROW_MISSING"),
            Some(Row { mark: None, .. }) => calls.push(Call::ClearDocument(place)),
            Some(row) if is_ours(row.mark) => {
                world.happened.cleared_anothers |= row.mark != Some(at.id);
                row.mark = None;
                calls.push(Call::ClearDocument(place));
            }
            Some(_) => conflict(place, "MARKED_BY_ANOTHER"),
        },
        Call::ClearDocument(place) => {
            if at.is_rejected {
                let reason = rejected();
                let failed = NotRestored::Failed { reason };
                found.restored.insert(place, failed);
            } else if let Some(document) = &mut world.documents[record_at(at.page, place)]
                && is_ours(document.mark)
            {
                document.mark = None;
            }
        }
        _ => {}
    }
}

fn purge(
    setup: &Setup,
    world: &mut World,
    at: At<'_>,
    call: Call,
    calls: &mut Vec<Call>,
    found: &mut Exceptions,
) {
    let is_ours = |row: Row| row.mark == Some(at.id) || !setup.guards.own_mark_at_purge;
    let seen = |world: &World, place| world.rows[record_at(at.page, place)];
    let copy = |world: &World, place| world.documents[record_at(at.page, place)];
    match call {
        Call::Children(place) if world.is_live(record_at(at.page, place) + 1) => {
            let reason = "CHILD_FAILED".to_owned();
            found.purged.insert(place, NotPurged::Failed { reason });
        }
        Call::Children(place) => calls.push(Call::Version(place)),
        Call::Version(place) => calls.push(Call::Explain(place, copy(world, place))),
        Call::ExplainFirst(place) => calls.push(Call::VersionBehind(place, seen(world, place))),
        Call::Explain(place, version) => {
            let row = seen(world, place);
            explained(at, (place, version, row), is_ours, calls, found);
        }
        Call::VersionBehind(place, row) => {
            let version = copy(world, place);
            explained(at, (place, version, row), is_ours, calls, found);
        }
        Call::RemoveDocument(place, version, row) => {
            let record = record_at(at.page, place);
            if at.is_rejected {
                let reason = rejected();
                found.purged.insert(place, NotPurged::Failed { reason });
            } else if world.documents[record] == Some(version) {
                let stands = world.rows[record].is_some_and(|row| row.mark != Some(at.id));
                world.happened.removed_anothers_document |= stands;
                world.documents[record] = None;
                explained(at, (place, None, row), is_ours, calls, found);
            } else if setup.guards.copy_read_first {
                calls.push(Call::Version(place));
            } else {
                calls.push(Call::ExplainFirst(place));
            }
        }
        Call::RemoveRow(place) => {
            let record = record_at(at.page, place);
            match world.rows[record] {
                None => {}
                Some(row) if is_ours(row) => {
                    let purge_at = world.meta(at.id).purge_at;
                    let is_early = purge_at.is_none_or(|purge_at| purge_at > world.now());
                    world.happened.removed_early |= is_early;
                    world.happened.removed_anothers |= row.mark != Some(at.id);
                    world.rows[record] = None;
                }
                Some(_) => kept(at, place, calls, found),
            }
        }
        _ => {}
    }
}

/// A record that does not carry the mark: it stays, unless it is still below the deletion. The root is another one.
fn kept(at: At<'_>, place: usize, calls: &mut Vec<Call>, found: &mut Exceptions) {
    found.purged.insert(place, NotPurged::Kept);
    if record_at(at.page, place) != at.id {
        calls.push(Call::StillBelow(place));
    }
}

fn unmarked(
    setup: &Setup,
    world: &mut World,
    at: At<'_>,
    call: &Call,
    calls: &mut Vec<Call>,
    found: &mut Exceptions,
) {
    match *call {
        Call::StillBelow(place) => {
            let record = record_at(at.page, place);
            if world.is_live(record) {
                calls.push(if setup.guards.root_after_children {
                    Call::BelowWhat(place, Above::Parent(record - 1))
                } else {
                    Call::MarkUnmarked(place)
                });
            }
        }
        Call::BelowWhat(place, above) => {
            match world.leads_to(at.id, above, at.is_orphan_ours(place)) {
                Leads::Yes => calls.push(Call::MarkUnmarked(place)),
                Leads::No => {}
                Leads::Ask(above) => calls.push(Call::BelowWhat(place, above)),
            }
        }
        Call::MarkUnmarked(place) => {
            let record = record_at(at.page, place);
            if let Some(row) = &mut world.rows[record]
                && row.mark.is_none_or(|by| by == at.id)
            {
                world.happened.marked_newer |= row.mark.is_none() && row.is_newer[at.id];
                row.mark = Some(at.id);
                calls.push(Call::MarkItsDocument(place));
            }
        }
        Call::MarkItsDocument(place) if at.is_rejected => {
            let reason = rejected();
            found.purged.insert(place, NotPurged::Failed { reason });
        }
        Call::MarkItsDocument(place) => {
            if let Some(document) = &mut world.documents[record_at(at.page, place)] {
                document.mark = Some(at.id);
            }
            found.purged.remove(&place);
            calls.push(Call::Version(place));
        }
        _ => {}
    }
}

/// Both stores are read: the document first, if there is one that the row explains, then the row.
fn explained(
    at: At<'_>,
    (place, version, row): (usize, Option<Document>, Option<Row>),
    is_ours: impl Fn(Row) -> bool,
    calls: &mut Vec<Call>,
    found: &mut Exceptions,
) {
    match (version, row) {
        (Some(version), None) => calls.push(Call::RemoveDocument(place, version, row)),
        (Some(version), Some(seen)) if is_ours(seen) => {
            calls.push(Call::RemoveDocument(place, version, row));
        }
        // Gone already.
        (None, None) => {}
        (None, Some(seen)) if is_ours(seen) => calls.push(Call::RemoveRow(place)),
        (_, Some(_)) => kept(at, place, calls, found),
    }
}
