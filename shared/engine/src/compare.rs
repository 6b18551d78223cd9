//! Compare and repair: makes the stores agree along the manifest of an ended deletion, in several stretches.
//!
//! There is no lease here. Each page ends in a compare-and-set, so a caller that asks something of the deletion, or
//! another comparison of it, ends the stretch. Each repair is harmless even if the deletion has changed meanwhile. Each
//! record is compared once, and below the root the check ends once enough has been found, so that a steady writer
//! cannot keep a comparison from ending.

use std::time::Duration;

use jiff::Timestamp;
use tracing::{info, warn};

use crate::compare::looked::{Progress, Removing};
use crate::compare::repair::Comparing;
use crate::kit::checkpoint::checkpoint;
use crate::kit::detach::detach;
use crate::kit::engine::Engine;
use crate::kit::manifest;
use crate::kit::records::Records;
use crate::kit::slice::{Slice, Stop};
use crate::kit::work::Work;
use domain::deletion::comparison::{Drift, Findings, Tallies, add};
use domain::deletion::{Deletion, State};
use domain::message::DeletionMessage;
use domain::page::Judged;
use domain::time::later;
use ports::{
    AdvanceDeletions, ChangeDeletions, Clock, DependencyError, EnginePorts, Ids, SendDeletion,
    StoreOutcome,
};
use telemetry::chain;

pub(crate) mod below;
pub(crate) mod copies;
pub(crate) mod hanging;
pub(crate) mod looked;
pub(crate) mod plan;
pub(crate) mod repair;

use self::below::{Live, below};
use self::plan::Case;

/// Below how many records children are detached before it is remembered.
const DETACHED: usize = 16;

/// The result of one stretch of a comparison.
#[derive(Debug)]
#[must_use]
pub(super) enum Compared {
    /// All is compared; this is the deletion as it is stored.
    Done(Box<Deletion>),
    /// Live records were found that are the deletion's: it is deleted or purged once more.
    Returned,
    /// The time is over; a later sweep continues.
    Left,
    /// Another writer changed the deletion, or compares it.
    Superseded,
    /// A store did not do what was asked; the comparison is tried again later.
    Failed,
}

/// Compares a deletion from its checkpoint on, until `until` at most. Differences are added to `drift` once they are
/// stored, so that two comparisons at once report them once.
///
/// # Errors
///
/// When it could not be begun, or read something that a later version wrote.
pub(super) async fn compare<P: EnginePorts>(
    engine: &Engine<P>,
    deletion: &Deletion,
    until: Timestamp,
    drift: &mut Tallies,
) -> Result<Compared, DependencyError> {
    let (deletions, clock) = (engine.ports.deletions(), engine.ports.clock());
    let now = clock.now();
    // If this sweep crashes, another one continues when no call of this one can be in progress any more.
    let mut current = deletion.comparing(later(until, engine.timing.grace), clock.token());
    if deletions.store(&current).await? != StoreOutcome::Stored {
        return Ok(Compared::Superseded);
    }
    let length = Duration::try_from(until.duration_since(now)).unwrap_or_default();
    let slice = Slice::new(clock, until, length);
    let work = Work::new(engine, &slice);
    let stop = match run(work, &mut current, drift).await {
        Ok(compared) => return Ok(compared),
        Err(stop) => stop,
    };
    let (next, compared) = match &stop {
        Stop::Superseded => return Ok(Compared::Superseded),
        Stop::SliceEnd => (current.compare_later(clock.now()), Compared::Left),
        Stop::Dependency(error) => {
            warn!(deletion_id = %current.id, error = %chain(error), "comparison of deletion {} is put off", current.id);
            (
                current.put_off(clock.now(), &engine.timing),
                Compared::Failed,
            )
        }
        Stop::Broken(failure) | Stop::Impossible(failure) if has_waited(engine, &current) => {
            let reason = failure.reason.as_str();
            warn!(deletion_id = %current.id, reason, "comparison of deletion {} is given up", current.id);
            let given_up = current.compare_given_up(failure.clone(), clock.now(), &engine.timing);
            (given_up, Compared::Failed)
        }
        Stop::Busy(_) | Stop::Waits(_) | Stop::Broken(_) | Stop::Impossible(_) => {
            warn!(deletion_id = %current.id, stop = %stop, "comparison of deletion {} is put off", current.id);
            (
                current.put_off(clock.now(), &engine.timing),
                Compared::Failed,
            )
        }
    };
    let stored = work.closing(deletions.store(&next)).await;
    if let Stop::Dependency(error) = stop
        && error.is_newer
    {
        return Err(error);
    }
    match stored {
        // Without this, it is due again when the time that was reserved for it is over.
        Ok(StoreOutcome::Stored) | Err(Stop::SliceEnd) => Ok(compared),
        Ok(StoreOutcome::Changed(_)) => Ok(Compared::Superseded),
        Err(_) => Ok(Compared::Failed),
    }
}

/// Whether a comparison that cannot be done has been tried for as long as a pass would be: the files may have been wrong
/// for a while.
fn has_waited<P: EnginePorts>(engine: &Engine<P>, deletion: &Deletion) -> bool {
    let now = engine.ports.clock().now();
    let since = deletion.compare_due_since(now, &engine.timing);
    since.is_some_and(|since| later(since, engine.patience.fail_after) <= now)
}

async fn run<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &mut Deletion,
    drift: &mut Tallies,
) -> Result<Compared, Stop> {
    // One moment for all pages: a record that is not due at the first page is not removed at the last.
    let is_due = deletion.terms(work.now()).is_due;
    while deletion.comparison.pages < deletion.pages {
        let number = deletion.comparison.pages + 1;
        let Some(case) = Case::of(deletion, number, is_due) else {
            // Saved with the next page, or at the end.
            deletion.comparison.pages = number;
            continue;
        };
        let mut progress = Progress::of(deletion, number);
        if let Err(stop) = compare_page(work, deletion, case, &mut progress).await {
            // Saved with what ends the stretch.
            let comparison = &mut deletion.comparison;
            (comparison.below_cursor, comparison.deeper) = progress.looked.places();
            return Err(stop);
        }
        let findings = progress.findings;
        let next = deletion.page_compared(number, &findings);
        checkpoint(work, deletion, next).await?;
        add(drift, &findings.drift);
    }
    let live = match deletion.state {
        // Records that a cancelled deletion has not reached stay live below its root, as was requested.
        State::Deleted | State::Purged => below(work, deletion, drift).await?,
        _ => None,
    };
    if let Some(live) = live {
        return send_back(work, deletion, live, drift).await;
    }
    if deletion.root.is_none() {
        // In case that the worker which ended it could not.
        work.call(work.deletions().close(deletion)).await?;
    }
    let next = deletion.compared(&work.engine.timing);
    checkpoint(work, deletion, next).await?;
    let late = deletion.comparison.late;
    if late > 0 {
        info!(deletion_id = %deletion.id, late, "a pipeline had brought back {late} documents of deletion {}: they were removed once more", deletion.id);
    }
    let found = deletion.comparison.tallies();
    if !found.is_empty() {
        let found = serde_json::to_string(&found).unwrap_or_default();
        info!(deletion_id = %deletion.id, state = %deletion.state, drift = found, "comparison of deletion {} found drift", deletion.id);
    }
    Ok(Compared::Done(Box::new(deletion.clone())))
}

/// Compares one page of the manifest; of the pages, only this one is in memory.
async fn compare_page<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    case: Case,
    progress: &mut Progress,
) -> Result<(), Stop> {
    let number = deletion.comparison.pages + 1;
    // A page that has been dropped already belongs to nobody any more.
    let Some(page) = manifest::page(work, deletion, number).await? else {
        return Ok(());
    };
    for mut records in Records::by_collection(work.collections(), &page.entries)? {
        // Never this deletion's: whatever is there now is not checked.
        records
            .places
            .retain(|place| page.entries[*place].judged != Judged::Missing);
        let comparing = Comparing::new(work, deletion, &records).await?;
        comparing.compare(case, progress).await?;
        copies::compare(work, deletion, &records, case, progress).await?;
        if case.has_deleted(deletion, number) {
            Box::pin(detach_again(work, deletion, &records.open(None), progress)).await?;
        }
    }
    Ok(())
}

/// Detaches what an index had not shown below these records. Each of them is a query: how far it is, is remembered.
async fn detach_again<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    records: &Records<'_>,
    progress: &mut Progress,
) -> Result<(), Stop> {
    let (entries, looked) = (records.entries, &mut progress.looked);
    let mut open = records.clone();
    open.places
        .retain(|place| looked.begin(entries, Removing::Rows, *place).is_some());
    for some in open.chunks(DETACHED) {
        let parents = some.places.iter().map(|place| some.entry(*place));
        let detached = detach(work, deletion, parents).await?;
        if detached > 0 {
            info!(deletion_id = %deletion.id, detached, "an index had not shown {detached} children of records of deletion {}: they are detached", deletion.id);
        }
        let last = some.places.last().copied();
        let begun = last.and_then(|last| looked.begin(entries, Removing::Rows, last));
        if let Some(place) = begun {
            looked.reach(entries, (Removing::Rows, &place), &[]);
        }
    }
    Ok(())
}

async fn send_back<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &mut Deletion,
    live: Live,
    drift: &mut Tallies,
) -> Result<Compared, Stop> {
    let Live { records, from } = live;
    // The index was late: the stores agree.
    let is_drift = from.is_none();
    let found = deletion.found(from, work.now(), &work.engine.timing);
    let next = found.map_err(|_| Stop::Superseded)?;
    checkpoint(work, deletion, next).await?;
    if is_drift {
        warn!(deletion_id = %deletion.id, live = records, "deletion {} is purged once more: records live below its root", deletion.id);
        let mut findings = Findings::default();
        findings.count(Drift::LiveChild, records, true);
        add(drift, &findings.drift);
    } else {
        info!(deletion_id = %deletion.id, records, state = %deletion.state, "deletion {} goes on: an index had not shown records that it was asked for", deletion.id);
    }
    let message = DeletionMessage::about(deletion);
    let sending = work.engine.ports.queue().send(&message, Duration::ZERO);
    if let Err(stop) = work.closing(sending).await {
        // The due index is the outbox.
        warn!(deletion_id = %deletion.id, stop = %stop, "message of deletion {} was not sent", deletion.id);
    }
    Ok(Compared::Returned)
}
