//! One engine works on every deletion: one slice under a lease at a time, page by page, until the end or the next
//! slice.
//!
//! Two invariants depend on the slice alone: no store call begins after its end, and the lease outlives it by the
//! longest call. So a worker that stalls and wakes up late can no longer begin anything.

use std::time::Duration;

use jiff::Timestamp;
use tracing::{info, warn};

use crate::kit::engine::Engine;
use crate::kit::manifest;
use crate::kit::slice::{Slice, Stop};
use crate::kit::work::Work;
use crate::passes::owed_events::{Unpublishable, publish_owed};
use crate::passes::{counting, forwards, purge, removing, restore};
use domain::deletion::{
    Deletion, DeletionId, EndedEarly, Failure, NotAllowed, Pass, State, Timing, give_up,
};
use domain::message::DeletionMessage;
use domain::principal::Tenant;
use ports::{
    AdvanceDeletions, ChangeDeletions, Clock, DependencyError, EnginePorts, Ids, ReadDeletions,
    SendDeletion, StoreOutcome,
};
use telemetry::chain;

/// The longest delay that a message can have.
const LONGEST_DELAY: Duration = Duration::from_mins(15);

/// The result of one slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Advanced {
    /// There is no such deletion: rolled back, or expired.
    Unknown,
    /// There is nothing to do in this state.
    NothingToDo(State),
    /// Another worker has the lease, and will do what there is to do.
    Busy,
    /// The slice is over; the continuation is on its way.
    Continued,
    /// It reached a final state.
    Ended(State),
    /// The lease or a change by another writer ended the slice. Nothing was lost, and the worker that is responsible
    /// now continues.
    Left,
}

/// Works on a deletion until `slice_end` at most.
///
/// # Errors
///
/// When the deletion could not be read, or its outcome could not be stored: the message must be delivered again. The
/// same applies if a later version wrote any of what is needed: this build does not continue, and drops nothing.
pub async fn advance<P: EnginePorts>(
    engine: &Engine<P>,
    tenant: &Tenant,
    id: DeletionId,
    slice_end: Timestamp,
) -> Result<Advanced, DependencyError> {
    let ports = &engine.ports;
    // Boxed, as a slice boxes its calls: an SDK's future is large.
    let Some(found) = Box::pin(ports.deletions().deletion(tenant, id)).await? else {
        return Ok(Advanced::Unknown);
    };
    let now = ports.clock().now();
    if found.state.working_pass().is_none() {
        return Ok(Advanced::NothingToDo(found.state));
    }
    if found.is_leased(now) {
        return Ok(Advanced::Busy);
    }
    if let Some(failure) = give_up(&found, now, &engine.patience) {
        return Box::pin(park(engine, &found, failure)).await;
    }
    let Ok(mut deletion) = found.lease(now, slice_end, ports.clock().token(), &engine.timing)
    else {
        return Ok(Advanced::Busy);
    };
    match Box::pin(ports.deletions().store(&deletion)).await? {
        StoreOutcome::Stored => {}
        StoreOutcome::Changed(_) => return Ok(Advanced::Busy),
    }
    let slice = Slice::new(ports.clock(), slice_end, engine.timing.slice);
    // Boxed: the future of a whole pass is large, and would be nested into every caller's.
    let work = Work::new(engine, &slice);
    let stop = match Box::pin(run_pass(work, &mut deletion)).await {
        Ok(()) => return Box::pin(finish(work, deletion)).await,
        Err(stop) => stop,
    };
    Box::pin(end_slice(work, deletion, stop)).await
}

/// Gives a deletion up, with its reason. A page that was written but not done is first recorded as failed: some of its
/// records may carry the mark, so a later pass must find them among those that were acted on. Pages that an earlier run has
/// done are counted as they are, as many as there is time for.
///
/// # Errors
///
/// When that could not be stored.
pub async fn park<P: EnginePorts>(
    engine: &Engine<P>,
    deletion: &Deletion,
    failure: Failure,
) -> Result<Advanced, DependencyError> {
    let (ports, deletions) = (&engine.ports, engine.ports.deletions());
    let now = ports.clock().now();
    // Under a lease: no other worker may finish that page meanwhile.
    let Ok(leased) = deletion.lease(now, now, ports.clock().token(), &engine.timing) else {
        return Ok(Advanced::Busy);
    };
    if deletions.store(&leased).await? != StoreOutcome::Stored {
        return Ok(Advanced::Left);
    }
    let (mut leased, mut last) = (leased, None);
    // Half of a grace is left when a slice is over.
    let slice = Slice::from_now(ports.clock(), engine.timing.grace / 2);
    let work = Work::new(engine, &slice);
    if let Some(number) = leased.begun_page()
        && let Some(page) = deletions.page(&leased.tenant, leased.id, number).await?
    {
        let exceptions = page.given_up(&failure.reason);
        deletions
            .put_exceptions(&leased, number, &exceptions)
            .await?;
        last = Some((page, exceptions));
    } else {
        Box::pin(counting::count(work, &mut leased)).await;
    }
    let last = last.as_ref().map(|(page, exceptions)| (page, exceptions));
    let Ok(parked) = leased.park(failure, last, ports.clock().now()) else {
        return Ok(Advanced::Busy);
    };
    match ports.deletions().store(&parked).await? {
        StoreOutcome::Changed(_) => Ok(Advanced::Left),
        StoreOutcome::Stored => {
            let reason = parked
                .failure
                .as_ref()
                .map_or("", |failure| failure.reason.as_str());
            warn!(deletion_id = %parked.id, state = %parked.state, reason, "deletion {} is given up", parked.id);
            close(work, &parked).await;
            // Owed events stay due.
            let _ = publish_owed(work, &parked, Unpublishable::StaysOwed).await;
            Ok(Advanced::Ended(parked.state))
        }
    }
}

async fn run_pass<P: EnginePorts>(work: Work<'_, P>, deletion: &mut Deletion) -> Result<(), Stop> {
    let scope = manifest::scope(work, deletion).await?;
    let ran = match deletion.state.pass() {
        Pass::Delete if deletion.strategy.is_done_backwards() => {
            removing::run(work, deletion, &scope).await
        }
        Pass::Delete => forwards::run(work, deletion, &scope).await,
        Pass::Restore => restore::run(work, deletion).await,
        Pass::Purge => purge::run(work, deletion, &scope).await,
    };
    if let Ok(()) | Err(Stop::Impossible(_)) = &ran {
        // It was cancelled, or has failed, before it came to all that an earlier run had done.
        Box::pin(counting::save(work, deletion)).await?;
    }
    ran
}

/// The pass has done all pages: the final state. A restore ends in a transaction with its root.
async fn finish<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: Deletion,
) -> Result<Advanced, DependencyError> {
    if deletion.state == State::Restoring && deletion.root.is_some() {
        return match restore::end(work, &deletion).await {
            Ok(ended) => closed(work, ended).await,
            Err(stop) => end_slice(work, deletion, stop).await,
        };
    }
    end(work, deletion, Deletion::finish).await
}

/// Stores a final state, even if a cancel came in between.
async fn end<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: Deletion,
    to: impl Fn(&Deletion, Timestamp) -> Result<Deletion, NotAllowed>,
) -> Result<Advanced, DependencyError> {
    let mut current = deletion;
    loop {
        let Ok(ended) = to(&current, work.engine.ports.clock().now()) else {
            return Ok(Advanced::NothingToDo(current.state));
        };
        match work.closing(work.deletions().store(&ended)).await {
            Ok(StoreOutcome::Stored) => return closed(work, ended).await,
            Err(Stop::Dependency(error)) => return Err(error),
            Ok(StoreOutcome::Changed(stored)) => {
                match stored.and_then(|stored| current.with_cancel_of(&stored)) {
                    Some(cancelling) => current = cancelling,
                    None => return Ok(Advanced::Left),
                }
            }
            Err(_) => return Ok(Advanced::Left),
        }
    }
}

/// Removes the announcement of a deletion without a root. It decides nothing: if it stays, reads look at the deletion,
/// until the comparison has removed it.
async fn close<P: EnginePorts>(work: Work<'_, P>, ended: &Deletion) {
    if ended.root.is_some() {
        return;
    }
    if let Err(stop) = work.closing(work.deletions().close(ended)).await {
        warn!(deletion_id = %ended.id, stop = %stop, "the announcement of deletion {} was not removed", ended.id);
    }
}

/// A final state is stored: it is logged and published.
async fn closed<P: EnginePorts>(
    work: Work<'_, P>,
    ended: Deletion,
) -> Result<Advanced, DependencyError> {
    info!(deletion_id = %ended.id, state = %ended.state, pages = ended.pages, "deletion {} is {}", ended.id, ended.state);
    close(work, &ended).await;
    // Owed events stay due.
    let _ = publish_owed(work, &ended, Unpublishable::StaysOwed).await;
    Ok(Advanced::Ended(ended.state))
}

/// Checkpoint, release, send, in this order: a large deletion moves to the end of the queue and never starves the small
/// ones.
async fn end_slice<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: Deletion,
    stop: Stop,
) -> Result<Advanced, DependencyError> {
    let ports = &work.engine.ports;
    let now = ports.clock().now();
    let (failure, ended, delay) = match &stop {
        // Not counted as an attempt, so that the build that can continue finds none of this one.
        Stop::Dependency(error) if error.is_newer => (
            Some(Failure::new("NEWER_VERSION", &error.to_string())),
            EndedEarly::Nothing,
            Duration::ZERO,
        ),
        Stop::Superseded => return Ok(Advanced::Left),
        Stop::SliceEnd => (None, EndedEarly::Nothing, Duration::ZERO),
        Stop::Busy(reason) => (
            Some(Failure::new("DEPENDENCY_BUSY", reason)),
            EndedEarly::Nothing,
            Duration::from_secs(1),
        ),
        Stop::Waits(reason) => (
            Some(Failure::new("WAITING", reason)),
            EndedEarly::Wait,
            retry_delay(&work.engine.timing),
        ),
        Stop::Dependency(error) => {
            warn!(deletion_id = %deletion.id, error = %chain(error), "slice of deletion {} ends early", deletion.id);
            let (code, ended) = if error.retryable {
                ("DEPENDENCY_UNAVAILABLE", EndedEarly::Nothing)
            } else {
                ("DEPENDENCY_REFUSED", EndedEarly::Attempt)
            };
            (
                Some(Failure::new(code, &error.to_string())),
                ended,
                retry_delay(&work.engine.timing),
            )
        }
        Stop::Broken(failure) => (
            Some(failure.clone()),
            EndedEarly::Attempt,
            retry_delay(&work.engine.timing),
        ),
        Stop::Impossible(failure) => {
            let failed = |current: &Deletion, now| current.fail(failure.clone(), now);
            return end(work, deletion, failed).await;
        }
    };
    let mut current = deletion;
    let released = loop {
        let released = current.release(now, failure.clone(), ended, &work.engine.timing);
        match work.closing(ports.deletions().store(&released)).await {
            Ok(StoreOutcome::Stored) => break released,
            Err(Stop::Dependency(error)) => {
                return Err(match stop {
                    // The first error is the reason why the slice ended; this one only prevented it from being stored.
                    Stop::Dependency(first) => {
                        warn!(deletion_id = %current.id, error = %chain(&error), "the failure of a slice of deletion {} was not recorded", current.id);
                        first
                    }
                    _ => error,
                });
            }
            Ok(StoreOutcome::Changed(stored)) => {
                match stored.and_then(|stored| current.with_cancel_of(&stored)) {
                    Some(cancelling) => current = cancelling,
                    None => return Ok(Advanced::Left),
                }
            }
            // Too late to store anything: the lease expires and the sweeper sends the message again.
            Err(_) => return Ok(Advanced::Left),
        }
    };
    if let Some(failure) = give_up(&released, now, &work.engine.patience) {
        return park(work.engine, &released, failure).await;
    }
    if let Stop::Dependency(error) = stop
        && error.is_newer
    {
        return Err(error);
    }
    if let Err(stop) = work
        .closing(
            ports
                .queue()
                .send(&DeletionMessage::about(&released), delay),
        )
        .await
    {
        // The due index is the outbox: the sweeper sends what is not sent here.
        warn!(deletion_id = %released.id, stop = %stop, "continuation of deletion {} was not sent", released.id);
    }
    Ok(Advanced::Continued)
}

/// How long to wait for the next slice after a dependency has ended this one.
fn retry_delay(timing: &Timing) -> Duration {
    (timing.resend_after / 4).min(LONGEST_DELAY)
}
