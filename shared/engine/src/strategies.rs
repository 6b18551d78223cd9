//! What each strategy does with records: how a delete takes them, a restore gives them back, and a purge forgets them.
//! What a comparison expects, and in which direction a pass runs, is answered by the strategy itself.
//!
//! A strategy is one file here and one answer to each question of [`Strategy`]: an unanswered question does not
//! compile.

mod archive;
mod erase;
mod flag;

use std::collections::BTreeMap;

use crate::kit::ours::is_root;
use crate::kit::records::Records;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use domain::collection::Strategy;
use domain::deletion::{Deletion, Pass};
use domain::page::{Entry, Judged, NotPurged, NotRestored, Outcome};
use ports::EnginePorts;

/// Takes records of a page, all of them or only those at these places; returns the exceptions.
pub(crate) async fn take<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    entries: &[Entry],
    only: Option<&[usize]>,
) -> Result<BTreeMap<usize, Outcome>, Stop> {
    let mut found = BTreeMap::new();
    for records in Records::by_collection(work.collections(), entries)? {
        let records = records.open(only);
        found.extend(match deletion.strategy {
            Strategy::Flag => flag::take(work, deletion, &records).await?,
            Strategy::Archive => Box::pin(archive::take(work, deletion, &records)).await?,
            Strategy::Erase => Box::pin(erase::take(work, deletion, &records)).await?,
        });
    }
    Ok(found)
}

/// Takes late arrivals of a page that was done before: they are marked if the turn of their page is over, so that the
/// purge removes them; a delete that erases erases them.
pub(crate) async fn take_late<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    entries: &[Entry],
    places: &[usize],
) -> Result<(), Stop> {
    for records in Records::by_collection(work.collections(), entries)? {
        let records = records.open(Some(places));
        match deletion.strategy {
            Strategy::Erase if deletion.state.pass() == Pass::Delete => {
                Box::pin(erase::take(work, deletion, &records)).await?
            }
            Strategy::Flag | Strategy::Archive | Strategy::Erase => {
                flag::take(work, deletion, &records).await?
            }
        };
    }
    Ok(())
}

/// Gives records of a page back, all of them or only those at these places; returns those that are not back. The root's
/// mark stays until the end of the restore.
pub(crate) async fn give_back<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    entries: &[Entry],
    only: Option<&[usize]>,
) -> Result<BTreeMap<usize, NotRestored>, Stop> {
    let mut not_back = BTreeMap::new();
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
        not_back.extend(missing.into_iter().map(|place| (place, gone.clone())));
        records.places = places;
        records
            .places
            .retain(|place| !is_root(deletion, &entries[*place]));
        not_back.extend(match deletion.strategy {
            // Records that an erasure has not reached are marked in place.
            Strategy::Flag | Strategy::Erase => flag::give_back(work, deletion, &records).await?,
            Strategy::Archive => Box::pin(archive::give_back(work, deletion, &records)).await?,
        });
    }
    Ok(not_back)
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
