//! Does everything that is due: takes no input, checks all of it, is bounded, and returns a report.
//!
//! Two sweeps at once do no harm: each step is a compare-and-set before it is an act. First reconcile, then compare,
//! then purge; the comparisons leave half of the time to the purges.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use tracing::warn;

use crate::advance::{Advanced, advance, park};
use crate::compare::{Compared, compare};
use crate::kit::engine::Engine;
use crate::kit::slice::{Slice, Stop};
use crate::kit::work::Work;
use crate::passes::owed_events::publish_owed;
use domain::deletion::comparison::{Tallies, add};
use domain::deletion::{Deletion, DeletionId, Due, Failure, Pass, State, due};
use domain::message::DeletionMessage;
use domain::principal::Tenant;
use domain::scope::Source;
use domain::time::later;
use ports::{
    AdvanceDeletions, ChangeDeletions, Clock, DependencyError, DomainHealth, FindDue, Health,
    ReadDeletions, SendDeletion, StoreOutcome, SweepPorts,
};
use telemetry::chain;

/// How many due deletions one sweep processes; the others are still due at the next one.
const AT_ONCE: usize = 1000;

/// Publishing that fails only after this time means that the bus is unavailable; an error that comes at once concerns
/// those events alone.
const SILENCE: SignedDuration = SignedDuration::from_secs(2);

/// What a sweep did.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct SweepReport {
    /// Due deletions that were found.
    pub due: usize,
    /// Messages sent again.
    pub resent: usize,
    /// Deletions given up, with their reason.
    pub parked: usize,
    /// Ended deletions whose owed events have been published.
    pub told: usize,
    /// Deletions whose stores were compared to the end.
    pub compared: usize,
    /// Comparisons that a later sweep continues.
    pub comparing: usize,
    /// Purged deletions that are purged once more, because live records appeared below their root.
    pub returned: usize,
    /// Records that disagree with their deletion. Recreated records are not counted here.
    pub drift_found: u64,
    /// Of those: records that have been repaired.
    pub drift_repaired: u64,
    /// All differences, by kind.
    pub drift: Tallies,
    /// Purges that ended in this sweep.
    pub purged: usize,
    /// Purges that continue through the queue.
    pub purging: usize,
    /// Purged deletions whose pages were dropped.
    pub tidied: usize,
    /// Comparisons and purges postponed because the search domain is not healthy, or did not answer.
    pub put_off: usize,
    /// Deletions that are worked on, or should be, and have made no progress for too long.
    pub silent: usize,
    /// How long the longest of them has made no progress, in seconds.
    pub longest_silence: u64,
    /// How late the latest purge that was due in this sweep is, in seconds.
    pub purge_lag: u64,
    /// Steps that failed; each is logged, and its deletion stays due.
    pub errors: usize,
    /// Deletions that were left alone because a later version wrote part of them; they stay due.
    pub newer: usize,
    /// Left for the next sweep.
    pub left: usize,
}

/// One sweep, until `deadline` at most.
///
/// # Errors
///
/// When the due deletions could not be queried.
pub async fn sweep<P: SweepPorts>(
    engine: &Engine<P>,
    deadline: Timestamp,
    purge_slice: Duration,
) -> Result<SweepReport, DependencyError> {
    let sweep = Sweep {
        engine,
        deadline,
        purge_slice,
        outside: Outside::default(),
        report: SweepReport::default(),
    };
    sweep.run().await
}

/// One sweep in progress.
struct Sweep<'a, P: SweepPorts> {
    engine: &'a Engine<P>,
    deadline: Timestamp,
    purge_slice: Duration,
    outside: Outside,
    report: SweepReport,
}

/// What is done after everything else that is due.
enum Later {
    Nothing,
    Compare(Box<Deletion>),
    Purge(Box<Deletion>),
}

/// From one moment to a later one.
fn time_between(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}

impl<P: SweepPorts> Sweep<'_, P> {
    async fn run(mut self) -> Result<SweepReport, DependencyError> {
        let ports = &self.engine.ports;
        let now = ports.clock().now();
        let found = ports.due().find_due(now, AT_ONCE).await?;
        self.report.due = found.len();
        let (mut compares, mut purges) = (Vec::new(), Vec::new());
        for (place, (tenant, id)) in found.iter().enumerate() {
            if self.is_over(self.deadline) {
                self.report.left = found.len() - place;
                return Ok(self.report);
            }
            // Boxed, here and below: these futures contain whole passes.
            match Box::pin(self.reconcile(tenant, *id)).await {
                Ok(Later::Purge(deletion)) => purges.push(*deletion),
                Ok(Later::Compare(deletion)) => compares.push(*deletion),
                Ok(Later::Nothing) => {}
                Err(error) => self.failed(*id, &error),
            }
        }
        let now = ports.clock().now();
        let until = if purges.is_empty() {
            self.deadline
        } else {
            later(now, time_between(now, self.deadline) / 2)
        };
        for (place, deletion) in compares.iter().enumerate() {
            if self.is_over(until) {
                self.report.left += compares.len() - place;
                break;
            }
            // A large deletion does not take the time of the small ones: it is continued by a later sweep.
            let stretch = later(ports.clock().now(), self.purge_slice).min(until);
            if let Err(error) = Box::pin(self.compare(deletion, stretch, until)).await {
                self.failed(deletion.id, &error);
            }
        }
        for (place, deletion) in purges.iter().enumerate() {
            if self.is_over(self.deadline) {
                self.report.left += purges.len() - place;
                break;
            }
            if let Err(error) = Box::pin(self.purge(deletion)).await {
                self.failed(deletion.id, &error);
            }
        }
        Ok(self.report)
    }

    fn is_over(&self, until: Timestamp) -> bool {
        self.engine.ports.clock().now() >= until
    }

    fn failed(&mut self, id: DeletionId, error: &DependencyError) {
        if error.is_newer {
            self.report.newer += 1;
            warn!(deletion_id = %id, error = %chain(error), "deletion {id} is left to a later version");
            return;
        }
        self.report.errors += 1;
        warn!(deletion_id = %id, error = %chain(error), "deletion {id} stays due");
    }

    /// Does what is due, except what is done later: that is returned.
    async fn reconcile(
        &mut self,
        tenant: &Tenant,
        id: DeletionId,
    ) -> Result<Later, DependencyError> {
        let engine = self.engine;
        let ports = &engine.ports;
        // The index may lag: only the deletion itself says whether it is due.
        let Some(deletion) = ports.deletions().deletion(tenant, id).await? else {
            return Ok(Later::Nothing);
        };
        let now = ports.clock().now();
        let due = due(&deletion, now, &engine.patience);
        if matches!(due, Due::Resend | Due::Park(_)) {
            let silence = time_between(deletion.progress_at, now).as_secs();
            self.report.silent += 1;
            self.report.longest_silence = self.report.longest_silence.max(silence);
        }
        match due {
            Due::Wait => {}
            Due::Purge => {
                let due_at = deletion.purge_at.unwrap_or(now);
                self.report.purge_lag = self
                    .report
                    .purge_lag
                    .max(time_between(due_at, now).as_secs());
                return Ok(Later::Purge(Box::new(deletion)));
            }
            Due::Compare => return Ok(Later::Compare(Box::new(deletion))),
            Due::Park(failure) => {
                if matches!(park(engine, &deletion, failure).await?, Advanced::Ended(_)) {
                    self.report.parked += 1;
                }
            }
            Due::Resend => {
                if deletion.state.pass() == Pass::Purge && !self.is_well().await {
                    return put_off(engine, &deletion, now)
                        .await
                        .map(|()| Later::Nothing);
                }
                if resend(engine, &deletion, now).await? {
                    self.report.resent += 1;
                }
            }
            // A bus that hangs would take the time of everything that is due after it.
            Due::Tell if self.outside.bus_is_silent => {
                self.report.errors += 1;
                put_off(engine, &deletion, now).await?;
            }
            Due::Tell => {
                let end = later(now, engine.timing.slice / 2).min(self.deadline);
                let slice = Slice::new(ports.clock(), end, engine.timing.slice / 2);
                match publish_owed(Work::new(engine, &slice), &deletion).await {
                    Ok(()) => self.report.told += 1,
                    Err(Stop::Dependency(error)) if error.is_newer => return Err(error),
                    Err(_) => {
                        let took = ports.clock().now().duration_since(now);
                        self.outside.bus_is_silent = took >= SILENCE;
                        self.report.errors += 1;
                    }
                }
            }
            Due::Tidy => {
                if tidy(engine, &deletion, self.deadline).await? {
                    self.report.tidied += 1;
                }
            }
        }
        Ok(Later::Nothing)
    }

    /// Compares the stores for one stretch, and drops the pages of a purged deletion when they are no longer needed.
    async fn compare(
        &mut self,
        deletion: &Deletion,
        stretch: Timestamp,
        until: Timestamp,
    ) -> Result<(), DependencyError> {
        let engine = self.engine;
        let ports = &engine.ports;
        if !self.is_well().await {
            return put_off(engine, deletion, ports.clock().now()).await;
        }
        let mut drift = Tallies::new();
        let compared = compare(engine, deletion, stretch, &mut drift).await;
        for (kind, tally) in &drift {
            if kind.is_wrong() {
                self.report.drift_found += tally.found;
                self.report.drift_repaired += tally.repaired;
            }
        }
        add(&mut self.report.drift, &drift);
        match compared? {
            Compared::Done(stands) => {
                self.report.compared += 1;
                if stands.state == State::Purged && tidy(engine, &stands, until).await? {
                    self.report.tidied += 1;
                }
            }
            Compared::Returned => self.report.returned += 1,
            Compared::Left => self.report.comparing += 1,
            Compared::Failed => self.report.errors += 1,
            Compared::Superseded => {}
        }
        Ok(())
    }

    /// Begins a purge in this sweep, for a short slice; a large one continues through the queue.
    async fn purge(&mut self, deletion: &Deletion) -> Result<(), DependencyError> {
        let engine = self.engine;
        let ports = &engine.ports;
        let now = ports.clock().now();
        if !self.is_well().await {
            return put_off(engine, deletion, now).await;
        }
        let Ok(begun) = deletion.begin_purge(now, &engine.timing) else {
            return Ok(());
        };
        if ports.deletions().store(&begun).await? != StoreOutcome::Stored {
            return Ok(());
        }
        let slice_end = later(now, self.purge_slice).min(self.deadline);
        match advance(engine, &begun.tenant, begun.id, slice_end).await? {
            Advanced::Ended(State::Purged) => self.report.purged += 1,
            Advanced::Ended(_) => self.report.parked += 1,
            Advanced::Continued | Advanced::Left | Advanced::Busy => self.report.purging += 1,
            Advanced::Unknown | Advanced::NothingToDo(_) => {}
        }
        Ok(())
    }

    /// Whether the search domain is healthy; asked once. An error counts as "no": nothing is written into a domain
    /// whose state is unknown.
    async fn is_well(&mut self) -> bool {
        let well = match self.outside.domain {
            Some(well) => well,
            None => match self.engine.ports.domain().health().await {
                Ok(Health::Well) => true,
                Ok(Health::Sick(why)) => {
                    warn!(
                        why,
                        "comparisons and purges wait: the search domain is not well"
                    );
                    false
                }
                Err(error) => {
                    self.report.errors += 1;
                    warn!(error = %chain(&error), "comparisons and purges wait: nobody knows how the search domain is");
                    false
                }
            },
        };
        self.outside.domain = Some(well);
        if !well {
            self.report.put_off += 1;
        }
        well
    }
}

/// Sends the message again; `false` when another writer has changed the deletion meanwhile. A queue that refuses it is an
/// attempt, and counted as one: a message that can never be sent must not be tried for ever.
async fn resend<P: SweepPorts>(
    engine: &Engine<P>,
    deletion: &Deletion,
    now: Timestamp,
) -> Result<bool, DependencyError> {
    let (deletions, queue) = (engine.ports.deletions(), engine.ports.queue());
    let resent = deletion.resent(now, &engine.timing);
    if deletions.store(&resent).await? != StoreOutcome::Stored {
        return Ok(false);
    }
    let message = DeletionMessage::about(&resent);
    let Err(error) = queue.send(&message, Duration::ZERO).await else {
        return Ok(true);
    };
    if !error.retryable {
        let failure = Failure::new("DEPENDENCY_REFUSED", &error.to_string());
        // Another writer that changed it meanwhile has decided what is due next.
        let _ = deletions.store(&resent.send_refused(failure)).await?;
    }
    Err(error)
}

/// Postpones it: deletions that wait for the domain must not block those that are due after them.
async fn put_off<P: SweepPorts>(
    engine: &Engine<P>,
    deletion: &Deletion,
    now: Timestamp,
) -> Result<(), DependencyError> {
    let deletions = engine.ports.deletions();
    // Another writer that changed it meanwhile has decided what is due next.
    let _ = deletions
        .store(&deletion.put_off(now, &engine.timing))
        .await?;
    Ok(())
}

/// Drops the manifest of a purged deletion, from its last page on; who, when and how many stay for the certificate's
/// retention. Returns whether all of it has been dropped: what is left at the deadline is for a later sweep.
async fn tidy<P: SweepPorts>(
    engine: &Engine<P>,
    deletion: &Deletion,
    deadline: Timestamp,
) -> Result<bool, DependencyError> {
    let (deletions, clock) = (engine.ports.deletions(), engine.ports.clock());
    let mut left = deletion.pages;
    if deletion.root.is_none() {
        drop_requested(engine, deletion).await?;
    }
    while left > 0 && clock.now() < deadline {
        deletions.drop_page(deletion, left).await?;
        left -= 1;
    }
    let next = if left == 0 {
        deletion.tidied(clock.now(), &engine.timing)
    } else {
        deletion.shortened(left, clock.now(), &engine.timing)
    };
    // Another writer that changed it meanwhile has decided what is due next.
    let _ = deletions.store(&next).await?;
    Ok(left == 0)
}

/// Drops what only a deletion without a root has: its ids, and a scope that has no first page to be dropped with.
async fn drop_requested<P: SweepPorts>(
    engine: &Engine<P>,
    deletion: &Deletion,
) -> Result<(), DependencyError> {
    let deletions = engine.ports.deletions();
    let scope = deletions.scope(&deletion.tenant, deletion.id).await?;
    if let Some(Source::Ids { parts, .. }) = scope.map(|scope| scope.source) {
        for part in 1..=parts {
            deletions.drop_ids(deletion, part).await?;
        }
    }
    if deletion.pages == 0 {
        deletions.drop_page(deletion, 1).await?;
    }
    Ok(())
}

/// What a sweep has learned about dependencies that may be unavailable, so that it waits for none of them twice.
#[derive(Default)]
struct Outside {
    /// The search domain's state, if a purge has needed it.
    domain: Option<bool>,
    /// Whether publishing has already waited for the bus in vain.
    bus_is_silent: bool,
}
