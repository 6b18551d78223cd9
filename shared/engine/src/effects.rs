//! What else happens when records are deleted or come back, in the order of the protocol. Before the rows: blocked
//! records and schedules. After the page's rows and documents: children that stay, values of parents, and recipients.
//! After the checkpoint: the events.
//!
//! An effect is one file here and one line in [`effects`].

mod aggregates;
mod audience;
mod detach;
mod effect;
mod held;
mod notes;
mod promote;
mod records;
mod restrict;
mod schedules;
mod shared_records;

use std::collections::BTreeMap;

use self::effect::Effect;
use self::notes::Notes;
use self::records::{Done, Taking, in_one_go};
use crate::kit::asked::Asked;
use crate::kit::manifest;
use crate::kit::slice::Stop;
use crate::kit::turn::Turn;
use crate::kit::work::Work;
use domain::deletion::{Deletion, Pass};
use domain::notice::Notice;
use domain::page::{Entry, Exceptions, Look, Outcome, Page};
use domain::scope::Scope;
use ports::EnginePorts;

pub(crate) use self::notes::{has_values, needs_notice};
pub(crate) use self::schedules::{has_schedules, remove as remove_schedules};

/// The effects, in the order in which they are applied.
fn effects<'e, P: EnginePorts + 'e>() -> [&'e (dyn Effect<P> + 'e); 8] {
    [
        &restrict::Restrict,
        &held::Held,
        &shared_records::SharedRecords,
        &schedules::Schedules,
        &detach::Detach,
        &promote::Promote,
        &audience::Audiences,
        &aggregates::Aggregates,
    ]
}

/// Those of the records at these places of a page that a delete must not take yet, and why. They are of one collection;
/// the look at what may keep the first of them continues where it says.
pub(crate) async fn blocked<P: EnginePorts>(
    work: Work<'_, P>,
    by: (&Deletion, &Scope),
    page: &Page,
    places: &[usize],
    look: &Look,
) -> Result<Asked<Outcome>, Stop> {
    let mut taking = Taking::new(by, page, places, look);
    let mut blocked = Asked::default();
    for effect in effects() {
        if taking.open.is_empty() {
            break;
        }
        let found = effect.block(work, &taking).await?;
        let is_left = |place: &usize| !found.kept.contains_key(place) && found.is_before(*place);
        taking.open.retain(is_left);
        blocked.kept.extend(found.kept);
        blocked.unfinished = found.unfinished.or(blocked.unfinished);
    }
    Ok(blocked)
}

/// Whether it takes calls for each of the records at these places to know whether they are blocked.
pub(crate) fn asks<P: EnginePorts>(
    work: Work<'_, P>,
    by: (&Deletion, &Scope),
    page: &Page,
    places: &[usize],
) -> bool {
    let look = Look::default();
    let taking = Taking::new(by, page, places, &look);
    effects().iter().any(|effect| effect.asks(work, &taking))
}

/// How far what follows the records of a page is, by the name of the effect; `None` if it is through.
pub(crate) type Followed = BTreeMap<String, Option<usize>>;

/// What follows the records of a page.
pub(crate) enum Following {
    /// All is done, and the events say this.
    Done(Box<Notice>),
    /// So much is done, and a good part of the slice is over: how far it is should be stored.
    SoFar(Followed),
}

/// Does what follows the records that a pass has done, after their rows and documents; returns what the events say. The
/// scope says what the requester may read; a restore does not know it.
pub(crate) async fn follow<P: EnginePorts>(
    work: Work<'_, P>,
    (deletion, scope): (&Deletion, Option<&Scope>),
    (page, exceptions): (&Page, &Exceptions),
    turn: Turn,
    mut followed: Followed,
) -> Result<Following, Stop> {
    let began = work.now();
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
        return Ok(Following::Done(Box::default()));
    }
    let done = Done {
        deletion,
        scope,
        page,
        entries,
        turn,
        is_begun: !followed.is_empty(),
    };
    let mut notes = Notes::default();
    if done.is_begun
        && (needs_notice(work.collections(), page) || has_values(work.collections(), page))
    {
        notes.read(work, &done).await?;
    }
    for effect in effects() {
        let mut from = followed.get(effect.name()).copied().unwrap_or(Some(0));
        while let Some(place) = from {
            from = effect.follow(work, &done, &mut notes, place).await?;
            if from.is_some() && work.slice.is_long_since(began) {
                notes.write(work, deletion, page).await?;
                followed.insert(effect.name().to_owned(), from);
                return Ok(Following::SoFar(followed));
            }
        }
        followed.insert(effect.name().to_owned(), None);
    }
    notes.write(work, deletion, page).await?;
    Ok(Following::Done(Box::new(notes.notice)))
}

/// Stores the recipients of a page whose rows leave their table: afterwards the rows that reference the recipients may
/// be removed, too. Nothing is touched yet, so finding them again gives the same recipients. What has been found is stored
/// again and again, so that a page of many groups ends; `may_be_begun` says whether a worker may have begun it.
pub(crate) async fn save_recipients<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    scope: &Scope,
    page: &Page,
    may_be_begun: bool,
) -> Result<(), Stop> {
    if !needs_notice(work.collections(), page) {
        return Ok(());
    }
    let turn = if may_be_begun {
        Turn::Resumed
    } else {
        Turn::First
    };
    let mut notes = Notes::default();
    if may_be_begun {
        notes.read_of(work, deletion, page).await?;
    }
    let groups = audience::groups(work, page);
    let (mut from, mut began) = (Some(0), work.now());
    while let Some(place) = from {
        let some;
        (some, from) = in_one_go(&groups, place, turn);
        let by = (deletion, Some(scope));
        audience::find_recipients(work, by, some, &mut notes.notice).await?;
        if work.slice.is_long_since(began) {
            notes.write(work, deletion, page).await?;
            began = work.now();
        }
    }
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
    let mut followed = Followed::new();
    let notice = loop {
        let done = (&page, &none);
        let following = follow(work, (deletion, None), done, Turn::Resumed, followed);
        match following.await? {
            Following::Done(notice) => break notice,
            Following::SoFar(so_far) => followed = so_far,
        }
    };
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
