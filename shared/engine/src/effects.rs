//! What else happens when records are deleted or come back, in the order of the protocol. Before the rows: blocked
//! records and schedules. After the page's rows and documents: children that stay, values of parents, and recipients.
//! After the checkpoint: the events.
//!
//! An effect is one file here and one line in [`effects`].

mod aggregates;
mod audience;
mod detach;
mod effect;
mod notes;
mod promote;
mod records;
mod restrict;
mod schedules;
mod shared_records;

use std::collections::BTreeMap;

use self::effect::Effect;
use self::notes::Notes;
use self::records::{Done, Taking};
use crate::kit::manifest;
use crate::kit::slice::Stop;
use crate::kit::turn::Turn;
use crate::kit::work::Work;
use domain::deletion::{Deletion, Pass};
use domain::notice::Notice;
use domain::page::{Entry, Exceptions, Outcome, Page};
use domain::scope::Scope;
use ports::EnginePorts;

pub(crate) use self::notes::{has_values, needs_notice};
pub(crate) use self::schedules::remove as remove_schedules;

/// The effects, in the order in which they are applied.
fn effects<'e, P: EnginePorts + 'e>() -> [&'e (dyn Effect<P> + 'e); 7] {
    [
        &restrict::Restrict,
        &shared_records::SharedRecords,
        &schedules::Schedules,
        &detach::Detach,
        &promote::Promote,
        &audience::Audiences,
        &aggregates::Aggregates,
    ]
}

/// The records of a page that a delete must not take yet, and why: of all of them, or only of those at these places.
pub(crate) async fn blocked<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    scope: &Scope,
    page: &Page,
    only: Option<&[usize]>,
) -> Result<BTreeMap<usize, Outcome>, Stop> {
    let mut taking = Taking::new(deletion, scope, page, only);
    let mut blocked = BTreeMap::new();
    for effect in effects() {
        if taking.open.is_empty() {
            break;
        }
        let found = effect.block(work, &taking).await?;
        taking.open.retain(|place| !found.contains_key(place));
        blocked.extend(found);
    }
    Ok(blocked)
}

/// Does what follows the records that a pass has done, after their rows and documents; returns what the events say. The
/// scope says what the requester may read; a restore does not know it.
pub(crate) async fn follow<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    scope: Option<&Scope>,
    (page, exceptions): (&Page, &Exceptions),
    turn: Turn,
) -> Result<Notice, Stop> {
    let is_done: &(dyn Fn(usize) -> bool + Sync) = match deletion.state.pass() {
        Pass::Delete => &|place| page.outcome(place, exceptions) == Outcome::Deleted,
        Pass::Restore => &|place| !exceptions.restored.contains_key(&place),
        // What follows a record has been done with its delete, if that has come to it, and has not failed.
        Pass::Purge => &|place| {
            let outcome = page.outcome(place, exceptions);
            let is_left = outcome == Outcome::Deleted && !deletion.is_acted(page.number);
            (is_left || outcome.is_failed()) && !exceptions.purged.contains_key(&place)
        },
    };
    let entries: Vec<&Entry> = (0..page.entries.len())
        .filter(|place| is_done(*place))
        .map(|place| &page.entries[place])
        .collect();
    if entries.is_empty() && deletion.state.pass() == Pass::Purge {
        return Ok(Notice::default());
    }
    let done = Done {
        deletion,
        scope,
        page,
        entries,
        turn,
    };
    let mut notes = Notes::default();
    for effect in effects() {
        effect.follow(work, &done, &mut notes).await?;
    }
    notes.write(work, deletion, page).await?;
    Ok(notes.notice)
}

/// Stores the recipients of a page whose rows leave their table: afterwards the rows that reference the recipients may
/// be removed, too. Nothing is touched yet, so storing them again gives the same recipients.
pub(crate) async fn save_recipients<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    scope: &Scope,
    page: &Page,
) -> Result<(), Stop> {
    if !needs_notice(work.collections(), page) {
        return Ok(());
    }
    let mut notes = Notes::default();
    audience::find_recipients(work, deletion, Some(scope), page, &mut notes.notice).await?;
    notes.write(work, deletion, page).await
}

/// What follows the root of a restored deletion: it is live again, by the transaction that ended the restore.
pub(crate) async fn follow_root<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
) -> Result<Option<(Page, Notice)>, Stop> {
    let Some(page) = manifest::page(work, deletion, 1).await?.filter(|page| {
        let collections = work.collections();
        needs_notice(collections, page) || has_values(collections, page)
    }) else {
        return Ok(None);
    };
    let none = Exceptions::default();
    let notice = follow(work, deletion, None, (&page, &none), Turn::Resumed).await?;
    let notice = Notice {
        changes: notice
            .changes
            .into_iter()
            .filter(|change| change.pass == Pass::Restore)
            .collect(),
        ..Notice::default()
    };
    Ok(Some((page, notice)))
}
