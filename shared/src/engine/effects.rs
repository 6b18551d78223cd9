//! What else happens when records are deleted or come back, in the order of the protocol: schedules before the rows;
//! behind the page's rows and documents, values of parents and recipients; after the checkpoint, the events.

use std::collections::BTreeMap;

use crate::domain::collection::{Collection, Collections, Strategy};
use crate::domain::deletion::{Deletion, Pass};
use crate::domain::page::{Entry, Exceptions, Outcome, Page};
use crate::domain::scope::Scope;
use crate::domain::told::Told;
use crate::engine::kit::ours::is_ours;
use crate::engine::kit::records::open_of;
use crate::engine::kit::slice::Stop;
use crate::engine::kit::work::Work;
use crate::engine::select::shared_records;
use crate::ports::{EnginePorts, KeepTold};

pub(crate) mod aggregates;
pub(crate) mod audience;
pub(crate) mod detach;
pub(crate) mod promote;
pub(crate) mod restrict;
pub(crate) mod schedules;

/// How a page is being done.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Doing {
    /// Whether an earlier run of the pass has done it.
    pub(crate) again: bool,
    /// Whether somebody may have begun it before.
    pub(crate) resumed: bool,
}

/// What must not go yet, in a delete: records with a live child or link that keeps them, and records whose schedule
/// cannot be removed. A root that is not ours any more is new, and so is its schedule.
pub(crate) async fn hold_back<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    scope: Option<&Scope>,
    page: &Page,
    only: Option<&[usize]>,
) -> Result<BTreeMap<usize, Outcome>, Stop> {
    let Some(scope) = scope else {
        return Ok(BTreeMap::new());
    };
    let mut open = open_of(&page.entries, 0..page.entries.len(), only);
    if open.is_empty() {
        return Ok(BTreeMap::new());
    }
    let is_roots = page.number == 1 && deletion.root.is_some();
    // A root was looked at when it was accepted.
    let mut held = if is_roots {
        BTreeMap::new()
    } else {
        restrict::held(work, deletion, &page.entries, &open).await?
    };
    open.retain(|place| !held.contains_key(place));
    let kept = shared_records::held(work, deletion, scope, &page.entries, &open);
    held.extend(Box::pin(kept).await?);
    open.retain(|place| !held.contains_key(place));
    let scheduled = open
        .iter()
        .any(|place| page.entries[*place].effects.schedule.is_some());
    if scheduled && (!is_roots || is_ours(work, deletion, &page.entries[0]).await?) {
        held.extend(schedules::remove(work, &page.entries, &open).await?);
    }
    Ok(held)
}

/// The effects of records that a delete took, behind their rows and documents; answers what the events tell.
pub(crate) async fn after_delete<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    scope: Option<&Scope>,
    page: &Page,
    exceptions: &Exceptions,
    doing: Doing,
) -> Result<Told, Stop> {
    let deleted = done(page, |place| {
        page.outcome(place, exceptions) == Outcome::Deleted
    });
    detach::children(work, deletion, &deleted).await?;
    promote::groups(work, deletion, &deleted).await?;
    if !tells_more(work.collections(), page) {
        return Ok(Told::default());
    }
    let mut noted = noted(work, deletion, page, doing).await?;
    if noted.told.recipients.is_empty() {
        audience::address(work, deletion, scope, page, &mut noted.told).await?;
    }
    aggregates::follow(work, deletion, page, &deleted, doing, noted).await
}

/// The effects of records that came back.
pub(crate) async fn after_restore<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    page: &Page,
    exceptions: &Exceptions,
    doing: Doing,
) -> Result<Told, Stop> {
    if !tells_more(work.collections(), page) {
        return Ok(Told::default());
    }
    // What the delete told stands there.
    let resumed = Doing {
        resumed: true,
        ..doing
    };
    let restored = done(page, |place| !exceptions.restored.contains_key(&place));
    let noted = noted(work, deletion, page, resumed).await?;
    aggregates::follow(work, deletion, page, &restored, doing, noted).await
}

/// Whether the events of this page may tell more than its keys.
pub(crate) fn tells_more(collections: &Collections, page: &Page) -> bool {
    let mut known: BTreeMap<&str, bool> = BTreeMap::new();
    page.entries.iter().any(|entry| {
        let name: &str = entry.collection.as_ref();
        *known.entry(name).or_insert_with(|| {
            let collection = collections.get(name);
            collection.is_some_and(|collection| {
                collection.recipients.is_some() || !collection.aggregates.is_empty()
            })
        })
    })
}

/// The records of a page that a pass did, with their places.
pub(crate) fn done(page: &Page, is_done: impl Fn(usize) -> bool) -> Vec<&Entry> {
    let entries = page.entries.iter().enumerate();
    entries
        .filter(|(place, _)| is_done(*place))
        .map(|(_, entry)| entry)
        .collect()
}

/// What the events of a page tell: as it stands, and as it is found to be.
pub(crate) struct Noted {
    pub(crate) stands: Option<Told>,
    pub(crate) told: Told,
}

/// Writes down who is to be told of a page that leaves its table: afterwards the rows that name them may be gone, too.
/// Nothing is touched yet, so writing it again tells the same.
pub(crate) async fn note_recipients<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    scope: &Scope,
    page: &Page,
) -> Result<(), Stop> {
    if !tells_more(work.collections(), page) {
        return Ok(());
    }
    let mut told = Told::default();
    audience::address(work, deletion, Some(scope), page, &mut told).await?;
    note(work, deletion, page, &mut None, &told).await
}

/// What was noted of this page before, where somebody may have.
pub(crate) async fn noted<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    page: &Page,
    doing: Doing,
) -> Result<Noted, Stop> {
    if !doing.resumed && !doing.again && deletion.strategy == Strategy::Flag {
        return Ok(Noted {
            stands: None,
            told: Told::default(),
        });
    }
    let deletions = work.deletions();
    let read = deletions.told(&deletion.tenant, deletion.id, page.number);
    let stands = work.call(read).await?;
    Ok(Noted {
        told: stands.clone().unwrap_or_default(),
        stands,
    })
}

/// Writes down what is told of a page, if it is not there yet.
pub(crate) async fn note<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    page: &Page,
    stands: &mut Option<Told>,
    told: &Told,
) -> Result<(), Stop> {
    if stands
        .as_ref()
        .map_or(told.is_empty(), |stands| stands == told)
    {
        return Ok(());
    }
    let deletions = work.deletions();
    work.call(deletions.put_told(deletion, page.number, told))
        .await?;
    *stands = Some(told.clone());
    Ok(())
}

/// The run of a pass that does a page, where it was not the first.
pub(crate) fn run_of(deletion: &Deletion, doing: Doing) -> Option<u32> {
    doing.again.then_some(deletion.run)
}

/// The collection of an entry; one that no file declares any more has no effects.
pub(crate) fn declared<'e>(collections: &'e Collections, entry: &Entry) -> Option<&'e Collection> {
    collections.get(entry.collection.as_ref())
}

/// The root of a restored deletion is live again, in the transaction that ended the restore: what follows it.
pub(crate) async fn after_root<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
) -> Result<Option<(Page, Told)>, Stop> {
    use crate::ports::ReadDeletions;

    let deletions = work.deletions();
    let read = deletions.page(&deletion.tenant, deletion.id, 1);
    let Some(page) = work
        .call(read)
        .await?
        .filter(|page| tells_more(work.collections(), page))
    else {
        return Ok(None);
    };
    let doing = Doing {
        again: false,
        resumed: true,
    };
    let none = Exceptions::default();
    let told = after_restore(work, deletion, &page, &none, doing).await?;
    let told = Told {
        changes: told
            .changes
            .into_iter()
            .filter(|change| change.pass == Pass::Restore)
            .collect(),
        ..Told::default()
    };
    Ok(Some((page, told)))
}
