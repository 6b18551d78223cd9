//! What a pass does with the records of a page.

use std::collections::BTreeMap;

use crate::effects::{self, has_schedules, remove_schedules};
use crate::kit::children::may_be_held;
use crate::kit::membership::still_below;
use crate::kit::records::Records;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use crate::strategies;
use domain::deletion::{Deletion, Pass};
use domain::page::{Judged, NotPurged, NotRestored, Outcome, Page};
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

impl<'a> Task<'a> {
    /// Which pass.
    pub(crate) fn pass(self) -> Pass {
        match self {
            Self::Delete(_) => Pass::Delete,
            Self::Restore => Pass::Restore,
            Self::Purge(_) => Pass::Purge,
        }
    }

    /// The records of a page by collection, in the order in which the pass does them: all of them, or only those at these
    /// places. Where rows are removed, children are before their parents.
    pub(super) fn groups<P: EnginePorts>(
        self,
        work: Work<'a, P>,
        deletion: &Deletion,
        page: &'a Page,
        only: Option<&[usize]>,
    ) -> Result<Vec<Records<'a>>, Stop> {
        let removes = match self {
            Self::Delete(_) => deletion.strategy.removes_rows(),
            Self::Purge(_) => true,
            Self::Restore => false,
        };
        let groups = if removes {
            Records::deepest_first(work.collections(), &page.entries)?
        } else {
            Records::by_collection(work.collections(), &page.entries)?
        };
        Ok(match self {
            Self::Delete(_) => groups.into_iter().map(|group| group.open(only)).collect(),
            // A purge does every record: another writer may have unmarked any of them.
            Self::Restore | Self::Purge(_) => groups,
        })
    }

    /// Whether it may take calls for each of these records. `has_failed` says whether a record of the page has.
    pub(super) fn asks<P: EnginePorts>(
        self,
        work: Work<'_, P>,
        deletion: &Deletion,
        (records, page): (&Records<'_>, &Page),
        has_failed: bool,
    ) -> Result<bool, Stop> {
        let (scope, asks) = match self {
            Self::Restore => return Ok(false),
            Self::Delete(scope) => {
                let asks = effects::asks(work, (deletion, scope), page, &records.places);
                if asks || !deletion.strategy.removes_rows() {
                    return Ok(asks);
                }
                (scope, asks)
            }
            Self::Purge(scope) => {
                let name = &records.collection.name;
                let asks = scope.is_deleted_with_links(name, &deletion.collection)
                    || has_schedules(records.entries, &records.places);
                (scope, asks)
            }
        };
        Ok(asks || may_be_held(work, (deletion, scope), records.collection, has_failed)?)
    }
}

/// Brings those of these records back that a live link references: nobody could bring them back any more. Returns which
/// were not removed, and why.
pub(super) async fn bring_back<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    page: &Page,
    named: &[usize],
) -> Result<BTreeMap<usize, NotPurged>, Stop> {
    let mut exceptions = BTreeMap::new();
    if named.is_empty() {
        return Ok(exceptions);
    }
    let back = strategies::give_back(work, deletion, &page.entries, Some(named));
    let not_back = Box::pin(back).await?.restored;
    for place in named {
        match not_back.get(place) {
            None => drop(exceptions.insert(*place, NotPurged::Kept)),
            // Its row may be live already: a later attempt finishes it, and its archived row stays for that.
            Some(NotRestored::Failed { reason }) => {
                let reason = reason.clone();
                exceptions.insert(*place, NotPurged::Failed { reason });
            }
            Some(NotRestored::Conflict { .. }) => {}
        }
    }
    Ok(exceptions)
}

/// Removes these records for good, but for those that are exceptions already.
pub(super) async fn forget<P: EnginePorts>(
    work: Work<'_, P>,
    (deletion, scope): (&Deletion, &Scope),
    (records, page): (&Records<'_>, &Page),
    exceptions: &mut BTreeMap<usize, NotPurged>,
) -> Result<(), Stop> {
    let records = records.without(exceptions);
    strategies::forget(work, deletion, &records, exceptions).await?;
    let unmarked = forget_unmarked(work, (deletion, scope), (&records, page), exceptions);
    Box::pin(unmarked).await
}

/// Those of these records that were never the deletion's: whatever is there now is not checked.
pub(super) fn never_ours(records: &Records<'_>) -> BTreeMap<usize, NotPurged> {
    let is_missing = |place: &&usize| records.entry(**place).judged == Judged::Missing;
    let places = records.places.iter().filter(is_missing);
    places.map(|place| (*place, NotPurged::Kept)).collect()
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
    let below = records.at(below);
    let mut found = remove_schedules(work, deletion, &below).await?;
    let unmarked = below.without(&found);
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
