//! Compare and repair: makes the stores agree along the manifest of an ended deletion, in stretches.
//!
//! Nobody holds a lease here: each page ends in a compare-and-set, so whoever asks something of the deletion, or compares
//! it at the same time, ends the stretch; and each repair is one that is harmless when the deletion has gone on meanwhile.
//! Each record is looked at once, and below the root nothing is looked for longer than something is found, so that a
//! steady writer keeps no comparison from its end.

use std::time::Duration;

use jiff::Timestamp;
use tracing::{info, warn};

use crate::compare::repair::Comparing;
use crate::kit::checkpoint::checkpoint;
use crate::kit::engine::Engine;
use crate::kit::manifest;
use crate::kit::records::Records;
use crate::kit::slice::{Slice, Stop};
use crate::kit::work::Work;
use domain::deletion::comparison::{Drift, Findings, RETURNS, Tallies, add};
use domain::deletion::{Deletion, State};
use domain::message::DeletionMessage;
use domain::page::Judged;
use domain::time::later;
use ports::{
    ChangeDeletions, Clock, DependencyError, EnginePorts, Ids, SendDeletion, StoreOutcome,
};
use telemetry::chain;

pub(crate) mod below;
pub(crate) mod copies;
pub(crate) mod plan;
pub(crate) mod repair;

use self::below::below;
use self::plan::Case;

/// What one stretch of a comparison came to.
#[derive(Debug)]
#[must_use]
pub(super) enum Compared {
    /// All is compared; this is what stands.
    Done(Box<Deletion>),
    /// Something came to live below a purged root: it is purged once more.
    Returned,
    /// The time is over; a later sweep goes on.
    Left,
    /// Somebody else changed the deletion, or compares it.
    Superseded,
    /// A store did not do what was asked; it is tried again later.
    Failed,
}

/// Compares a deletion from where it stands, until `until` at most. What is found is added to `drift` once it is recorded,
/// so that two who compare at once tell of it once.
///
/// # Errors
///
/// When it could not be begun, or met what a later version wrote.
pub(super) async fn compare<P: EnginePorts>(
    engine: &Engine<P>,
    deletion: &Deletion,
    until: Timestamp,
    drift: &mut Tallies,
) -> Result<Compared, DependencyError> {
    let (deletions, clock) = (engine.ports.deletions(), engine.ports.clock());
    let now = clock.now();
    // Should this sweep die, another one goes on when no call of it can be under way any more.
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
        Stop::Busy(_) | Stop::Broken(_) | Stop::Impossible(_) => {
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
        // Without it, it is due again when the time that was taken for it is over.
        Ok(StoreOutcome::Stored) | Err(Stop::SliceEnd) => Ok(compared),
        Ok(StoreOutcome::Changed(_)) => Ok(Compared::Superseded),
        Err(_) => Ok(Compared::Failed),
    }
}

async fn run<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &mut Deletion,
    drift: &mut Tallies,
) -> Result<Compared, Stop> {
    // One moment for all pages: what is not due at the first is not removed at the last.
    let is_due = deletion.terms(work.now()).is_due;
    while deletion.comparison.pages < deletion.pages {
        let number = deletion.comparison.pages + 1;
        let Some(case) = Case::of(deletion, number, is_due) else {
            // Kept with the next page, or at the end.
            deletion.comparison.pages = number;
            continue;
        };
        let findings = compare_page(work, deletion, number, case).await?;
        let next = deletion.page_compared(number, &findings);
        checkpoint(work, deletion, next).await?;
        add(drift, &findings.drift);
    }
    let again = may_purge_again(deletion);
    let live = match deletion.state {
        // What a cancelled deletion has not reached lives on below its root, and that is what was asked for.
        State::Deleted | State::Purged => below(work, deletion, again, drift).await?,
        _ => None,
    };
    if let Some(live) = live {
        return send_back(work, deletion, live, drift).await;
    }
    let next = deletion.compared(work.now(), &work.engine.timing);
    checkpoint(work, deletion, next).await?;
    let found = &deletion.comparison.drift;
    if !found.is_empty() {
        let found = serde_json::to_string(found).unwrap_or_default();
        info!(deletion_id = %deletion.id, state = %deletion.state, drift = found, "comparison of deletion {} found drift", deletion.id);
    }
    Ok(Compared::Done(Box::new(deletion.clone())))
}

/// One page of the manifest, in memory alone.
async fn compare_page<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    number: u32,
    case: Case,
) -> Result<Findings, Stop> {
    let mut findings = Findings::default();
    // A page that is dropped already is nobody's any more.
    let Some(page) = manifest::page(work, deletion, number).await? else {
        return Ok(findings);
    };
    for mut records in Records::by_collection(work.collections(), &page.entries)? {
        // Never this deletion's: whatever is there now is not looked at.
        records
            .places
            .retain(|place| page.entries[*place].judged != Judged::Missing);
        let comparing = Comparing::new(work, deletion, &records);
        comparing.compare(case, &mut findings).await?;
        copies::compare(work, deletion, &records, case, &mut findings).await?;
    }
    Ok(findings)
}

/// Whether what lives below a purged root is purged too. Not where rows are there again with this deletion's mark: a
/// further purge would remove them, and nobody has asked for that.
fn may_purge_again(deletion: &Deletion) -> bool {
    deletion.state == State::Purged
        && deletion.comparison.returns < RETURNS
        && deletion.comparison.found(Drift::Resurrected) == 0
}

async fn send_back<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &mut Deletion,
    live: u64,
    drift: &mut Tallies,
) -> Result<Compared, Stop> {
    let found = deletion.found(work.now(), &work.engine.timing);
    let next = found.map_err(|_| Stop::Superseded)?;
    checkpoint(work, deletion, next).await?;
    warn!(deletion_id = %deletion.id, live, "deletion {} is purged once more: records live below its root", deletion.id);
    let mut findings = Findings::default();
    findings.count(Drift::LiveChild, live, true);
    add(drift, &findings.drift);
    let message = DeletionMessage::about(deletion);
    let sending = work.engine.ports.queue().send(&message, Duration::ZERO);
    if let Err(stop) = work.closing(sending).await {
        // The due index is the outbox.
        warn!(deletion_id = %deletion.id, stop = %stop, "message of deletion {} was not sent", deletion.id);
    }
    Ok(Compared::Returned)
}
