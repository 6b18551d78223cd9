//! What each strategy does with records: how a delete takes them, a restore gives them back, and a purge forgets them.
//! What a comparison expects, and in which direction a pass runs, is answered by the strategy itself.
//!
//! A strategy is one file here and one answer to each question of [`Strategy`]: an unanswered question does not
//! compile.

mod archive;
mod erase;
mod flag;

use std::collections::BTreeMap;

use crate::kit::mark::has_no_room;
use crate::kit::ours::is_root;
use crate::kit::recheck::{Again, Since};
use crate::kit::records::Records;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use domain::collection::Strategy;
use domain::deletion::Deletion;
use domain::page::{Entry, Exceptions, Judged, NotPurged, NotRestored, Outcome};
use ports::EnginePorts;

/// Takes records; returns the exceptions. `again` says what has become of them, if another worker may have begun the page,
/// or an earlier run has written it.
pub(crate) async fn take<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    records: &Records<'_>,
    again: Again<'_>,
) -> Result<BTreeMap<usize, Outcome>, Stop> {
    match deletion.strategy {
        Strategy::Flag => flag::take(work, deletion, records, again).await,
        Strategy::Archive => Box::pin(archive::take(work, deletion, records, again)).await,
        Strategy::Erase => Box::pin(erase::take(work, deletion, records, again)).await,
    }
}

/// Takes records that a purge has found without a mark, right before it removes them: they are marked, whatever the
/// strategy; returns the exceptions. One that has no room for a mark is removed as it is.
pub(crate) async fn take_unmarked<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    records: &Records<'_>,
) -> Result<BTreeMap<usize, Outcome>, Stop> {
    let mut found = flag::take(work, deletion, records, None).await?;
    let large = found.iter().filter(|(_, outcome)| has_no_room(outcome));
    let large = records.at(large.map(|(place, _)| *place).collect());
    found.retain(|place, _| !large.places.contains(place));
    found.extend(Box::pin(erase::take(work, deletion, &large, Some(&Since::BEGUN))).await?);
    Ok(found)
}

/// Gives records of a page back, all of them or only those at these places; returns those that are not back, and those that
/// are back with a TTL that has passed. The root's mark stays until the end of the restore.
pub(crate) async fn give_back<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    entries: &[Entry],
    only: Option<&[usize]>,
) -> Result<Exceptions, Stop> {
    let mut back = Exceptions::default();
    for mut records in Records::by_collection(work.collections(), entries)? {
        records
            .places
            .retain(|place| only.is_none_or(|only| only.contains(place)));
        // Never this deletion's: not checked.
        let (missing, places): (Vec<usize>, Vec<usize>) = records
            .places
            .iter()
            .partition(|place| entries[**place].judged == Judged::Missing);
        let gone = NotRestored::conflict("ROW_MISSING: the row is gone");
        let gone = missing.into_iter().map(|place| (place, gone.clone()));
        back.restored.extend(gone);
        records.places = places;
        records
            .places
            .retain(|place| !is_root(deletion, &entries[*place]));
        let more = match deletion.strategy {
            // Records that an erasure has not reached are marked in place.
            Strategy::Flag | Strategy::Erase => flag::give_back(work, deletion, &records).await?,
            Strategy::Archive => Box::pin(archive::give_back(work, deletion, &records)).await?,
        };
        back.restored.extend(more.restored);
        back.expired.extend(more.expired);
    }
    Ok(back)
}

/// Gives the root's row back, marked: it is judged before anything else is moved.
pub(crate) async fn give_back_root<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
) -> Result<(), Stop> {
    match deletion.strategy {
        Strategy::Flag | Strategy::Erase => Ok(()),
        Strategy::Archive => archive::give_back_root(work, deletion).await,
    }
}

/// The root's row is back, and about to become live: nothing of it is needed elsewhere.
pub(crate) async fn forget_root<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
) -> Result<(), Stop> {
    match deletion.strategy {
        Strategy::Flag | Strategy::Erase => Ok(()),
        Strategy::Archive => archive::forget_root(work, deletion).await,
    }
}

/// Removes what is left of records for good; `exceptions` gets those that were not removed.
pub(crate) async fn forget<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    records: &Records<'_>,
    exceptions: &mut BTreeMap<usize, NotPurged>,
) -> Result<(), Stop> {
    match deletion.strategy {
        Strategy::Flag | Strategy::Erase => flag::forget(work, deletion, records, exceptions).await,
        Strategy::Archive => archive::forget(work, deletion, records, exceptions).await,
    }
}
