//! What a pass does with the records of a page.

use std::collections::BTreeMap;

use crate::effects::remove_schedules;
use crate::kit::children::held;
use crate::kit::membership::still_below;
use crate::kit::recheck::Again;
use crate::kit::records::Records;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use crate::select::shared_records;
use crate::strategies;
use domain::deletion::{Deletion, Pass};
use domain::page::{Exceptions, Judged, NotPurged, NotRestored, Outcome, Page};
use domain::scope::Scope;
use ports::EnginePorts;

/// A pass, with what it needs to know.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Task<'a> {
    /// Takes records, with the effects of what the deletion covers.
    Delete(&'a Scope),
    /// Gives them back.
    Restore,
    /// Removes them for good, except for those that a live link references.
    Purge(&'a Scope),
}

impl Task<'_> {
    /// Which pass.
    pub(crate) fn pass(self) -> Pass {
        match self {
            Self::Delete(_) => Pass::Delete,
            Self::Restore => Pass::Restore,
            Self::Purge(_) => Pass::Purge,
        }
    }

    /// Does a page, or only some places of it, and returns the exceptions. Doing it again is harmless, and gives the
    /// same result. `again` is what has become of the records of a delete, if the page may have been begun; `has_failed`,
    /// whether it blocks a record of the page.
    pub(crate) async fn run<P: EnginePorts>(
        self,
        work: Work<'_, P>,
        deletion: &Deletion,
        (page, only): (&Page, Option<&[usize]>),
        (again, has_failed): (Again<'_>, bool),
    ) -> Result<Exceptions, Stop> {
        let mut exceptions = Exceptions::default();
        match self {
            Self::Delete(scope) => {
                let (by, places) = ((deletion, scope), (&*page.entries, only));
                exceptions.deleted = strategies::take(work, by, places, again, has_failed).await?;
            }
            Self::Restore => {
                let back = strategies::give_back(work, deletion, &page.entries, only);
                exceptions.restored = back.await?;
            }
            // A purge does every record: another writer may have unmarked any of them.
            Self::Purge(scope) => exceptions.purged = purge(work, deletion, scope, page).await?,
        }
        Ok(exceptions)
    }
}

async fn purge<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    scope: &Scope,
    page: &Page,
) -> Result<BTreeMap<usize, NotPurged>, Stop> {
    let failed = |reason: &str| NotPurged::Failed {
        reason: reason.to_owned(),
    };
    let named = shared_records::referenced_again(work, deletion, scope, &page.entries);
    let (named, unknown) = Box::pin(named).await?;
    let mut exceptions: BTreeMap<usize, NotPurged> = unknown
        .into_iter()
        .map(|place| (place, failed(shared_records::TOO_MANY)))
        .collect();
    if !named.is_empty() {
        // Nobody could bring them back any more, and a live link references them: they come back now.
        let back = strategies::give_back(work, deletion, &page.entries, Some(&named));
        let not_back = Box::pin(back).await?;
        for place in named {
            match not_back.get(&place) {
                None => drop(exceptions.insert(place, NotPurged::Kept)),
                // Its row may be live already: a later attempt finishes it, and its archived row stays for that.
                Some(NotRestored::Failed { reason }) => {
                    exceptions.insert(place, failed(reason));
                }
                Some(NotRestored::Conflict { .. }) => {}
            }
        }
    }
    for mut records in Records::deepest_first(work.collections(), &page.entries)? {
        // Never this deletion's: whatever is there now is not checked.
        for place in &records.places {
            if page.entries[*place].judged == Judged::Missing {
                exceptions.insert(*place, NotPurged::Kept);
            }
        }
        records = records.without(&exceptions);
        let has_failed = exceptions.values().any(NotPurged::is_failed);
        let held = held(work, (deletion, scope), &records, has_failed).await?;
        records = records.without(&held);
        exceptions.extend(held.into_iter().map(|(place, why)| (place, failed(why))));
        strategies::forget(work, deletion, &records, &mut exceptions).await?;
        let listed = (&records, page);
        Box::pin(forget_unmarked(
            work,
            (deletion, scope),
            listed,
            &mut exceptions,
        ))
        .await?;
    }
    Ok(exceptions)
}

/// Removes those of these records that were kept because they carry no mark, and that are below the deletion all the
/// same: late arrivals, and records that another writer has unmarked.
async fn forget_unmarked<P: EnginePorts>(
    work: Work<'_, P>,
    (deletion, scope): (&Deletion, &Scope),
    (records, page): (&Records<'_>, &Page),
    exceptions: &mut BTreeMap<usize, NotPurged>,
) -> Result<(), Stop> {
    let is_kept = |place: &usize| exceptions.get(place) == Some(&NotPurged::Kept);
    let kept = records.at(records.places.iter().copied().filter(is_kept).collect());
    if kept.places.is_empty() {
        return Ok(());
    }
    let below = still_below(work, deletion, scope, (&kept, page)).await?;
    let mut found = remove_schedules(work, records.entries, &below).await?;
    let unmarked = records.at(below).without(&found);
    found.extend(strategies::take_unmarked(work, deletion, &unmarked).await?);
    let marked = unmarked.without(&found);
    for place in &marked.places {
        exceptions.remove(place);
    }
    for (place, outcome) in found {
        if let Outcome::Failed { reason } = outcome {
            exceptions.insert(place, NotPurged::Failed { reason });
        }
    }
    strategies::forget(work, deletion, &marked, exceptions).await
}
