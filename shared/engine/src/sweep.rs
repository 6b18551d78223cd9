//! Does what is due: takes no input, checks all of it, is bounded, and returns a report.
//!
//! What is due is found by kind, and each kind has its own share of the sweep, the most urgent first: however much there
//! is to purge, a lost message is sent again. Purges are begun here and done by workers. Two sweeps at once do no harm:
//! each step is a compare-and-set before it is an act.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::try_join_all;
use futures_util::lock::Mutex;
use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use tracing::warn;

use crate::advance::{Advanced, park};
use crate::compare::{Compared, compare};
use crate::kit::engine::Engine;
use crate::kit::slice::{Slice, Stop};
use crate::kit::work::Work;
use crate::passes::owed_events::{Unpublishable, publish_owed};
use domain::deletion::comparison::Tallies;
use domain::deletion::{Deletion, DeletionId, Due, DueKind, Failure, due};
use domain::message::DeletionMessage;
use domain::principal::Tenant;
use domain::time::later;
use ports::{
    ChangeDeletions, Clock, DependencyError, DomainHealth, FindDue, Health, ReadDeletions,
    SendDeletion, StoreOutcome, SweepPorts,
};
use telemetry::chain;

mod adopt;
mod report;
mod tidy;

pub use self::report::SweepReport;
use self::tidy::tidy;

/// How many due deletions of a kind are found: what is beyond a sweep's share is counted as left.
const FOUND: usize = 5000;

/// The most due deletions of a kind that one sweep processes; the others are still due at the next one.
fn share(kind: DueKind) -> usize {
    match kind {
        DueKind::Work => FOUND,
        // A few consumers do as many within a minute, so they never are far behind the purges.
        DueKind::Purge => 500,
        DueKind::Events | DueKind::Compare => 1000,
    }
}

/// Over how much time the messages of a sweep's purges are spread, at most.
const LONGEST_SPREAD: Duration = Duration::from_mins(1);

/// How many deletions of a kind are processed at the same time.
fn at_once(kind: DueKind) -> usize {
    match kind {
        DueKind::Work | DueKind::Purge => 16,
        DueKind::Events => 8,
        // Each has a page in memory.
        DueKind::Compare => 4,
    }
}

/// One sweep, until `deadline` at most.
///
/// # Errors
///
/// When the due deletions could not be queried.
pub async fn sweep<P: SweepPorts>(
    engine: &Engine<P>,
    deadline: Timestamp,
) -> Result<SweepReport, DependencyError> {
    let ports = &engine.ports;
    let now = ports.clock().now();
    let finding = DueKind::ALL.map(|kind| Box::pin(async move { find(engine, kind, now).await }));
    let mut found: BTreeMap<DueKind, Vec<Id>> = try_join_all(finding).await?.into_iter().collect();
    let mut report = SweepReport {
        due: found.values().map(Vec::len).sum(),
        ..SweepReport::default()
    };
    let sweep = Sweep {
        engine,
        is_well: Mutex::new(None),
    };
    for kind in DueKind::ALL {
        let found_of_kind = found.remove(&kind).unwrap_or_default();
        // However slow stores and bus are, each leaves a half of its time to those behind it.
        let until = match kind {
            DueKind::Work | DueKind::Purge | DueKind::Events => sweep.half_of(deadline),
            DueKind::Compare => deadline,
        };
        let (more, others) = sweep.process(kind, found_of_kind, until).await;
        report += more;
        for (kind, id) in others {
            found.entry(kind).or_default().push(id);
        }
    }
    let (adopted, failed) = Box::pin(adopt::adopt(engine, deadline)).await;
    report.adopted += adopted;
    report.errors += failed;
    Ok(report)
}

async fn find<P: SweepPorts>(
    engine: &Engine<P>,
    kind: DueKind,
    now: Timestamp,
) -> Result<(DueKind, Vec<Id>), DependencyError> {
    let found = engine.ports.due().find_due(kind, now, FOUND).await?;
    Ok((kind, found))
}

type Id = (Tenant, DeletionId);

/// One sweep in progress.
struct Sweep<'a, P: SweepPorts> {
    engine: &'a Engine<P>,
    /// Whether the search domain is healthy, once that was asked: nothing is written into one that is not.
    is_well: Mutex<Option<bool>>,
}

/// A due deletion, as it was found.
struct Found {
    kind: DueKind,
    /// Its number among those of its kind, from 0.
    place: usize,
    deletion: Deletion,
}

/// From one moment to a later one.
fn time_between(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}

/// How long one deletion is published, compared or tidied in one sweep: a large one does not take the time of the small
/// ones, and is continued by a later sweep.
fn stretch<P>(engine: &Engine<P>) -> Duration {
    engine.timing.slice / 2
}

impl<P: SweepPorts> Sweep<'_, P> {
    fn now(&self) -> Timestamp {
        self.engine.ports.clock().now()
    }

    fn half_of(&self, deadline: Timestamp) -> Timestamp {
        later(self.now(), time_between(self.now(), deadline) / 2)
    }

    /// Does what these deletions are due for, several at once, as far as their share and the time go. Returns those
    /// that are due for something else, too.
    async fn process(
        &self,
        kind: DueKind,
        found: Vec<Id>,
        until: Timestamp,
    ) -> (SweepReport, Vec<(DueKind, Id)>) {
        let mut report = SweepReport {
            left: found.len().saturating_sub(share(kind)),
            ..SweepReport::default()
        };
        let mine = found.into_iter().take(share(kind)).enumerate();
        let doing = mine.map(|(place, id)| async move {
            let (report, other) = Box::pin(self.one((kind, place), &id, until)).await;
            (report, other.map(|kind| (kind, id)))
        });
        let mut done = stream::iter(doing).buffer_unordered(at_once(kind));
        let mut others = Vec::new();
        while let Some((more, other)) = done.next().await {
            report += more;
            others.extend(other);
        }
        (report, others)
    }

    async fn one(
        &self,
        (kind, place): (DueKind, usize),
        (tenant, id): &Id,
        until: Timestamp,
    ) -> (SweepReport, Option<DueKind>) {
        let mut report = SweepReport::default();
        if self.now() >= until {
            report.left = 1;
            return (report, None);
        }
        let deletions = self.engine.ports.deletions();
        // The index may lag: only the deletion itself says whether it is due.
        let done = match deletions.deletion(tenant, *id).await {
            Ok(None) => Ok(None),
            Ok(Some(deletion)) => {
                let found = Found {
                    kind,
                    place,
                    deletion,
                };
                // Boxed: this future contains whole passes.
                Box::pin(self.reconcile(&found, until, &mut report)).await
            }
            Err(error) => Err(error),
        };
        match done {
            Ok(other) => (report, other),
            Err(error) if error.is_newer => {
                report.newer += 1;
                warn!(deletion_id = %id, error = %chain(&error), "deletion {id} is left to a later version");
                (report, None)
            }
            Err(error) => {
                report.errors += 1;
                warn!(deletion_id = %id, error = %chain(&error), "deletion {id} stays due");
                (report, None)
            }
        }
    }

    /// Does what is due, or returns the kind in whose share it is to be done.
    async fn reconcile(
        &self,
        found: &Found,
        until: Timestamp,
        report: &mut SweepReport,
    ) -> Result<Option<DueKind>, DependencyError> {
        let (engine, deletion) = (self.engine, &found.deletion);
        let now = self.now();
        let due = due(deletion, now, &engine.patience);
        if matches!(due, Due::Resend | Due::Park(_)) {
            report.silent += 1;
            report.longest_silence = time_between(deletion.progress_at, now).as_secs();
        }
        // An earlier version has stored it among what is urgent, or the index lags.
        let other = match due {
            Due::Purge => DueKind::Purge,
            Due::Tell => DueKind::Events,
            Due::Compare | Due::Tidy => DueKind::Compare,
            Due::Wait | Due::Resend | Due::Park(_) => DueKind::Work,
        };
        if found.kind == DueKind::Work && other != DueKind::Work {
            return Ok(Some(other));
        }
        if due == Due::Purge {
            let due_at = deletion.purge_at.unwrap_or(now);
            report.purge_lag = time_between(due_at, now).as_secs();
        }
        let needs_domain = match due {
            // Nor is it given up for having waited.
            Due::Resend | Due::Park(_) => deletion.due_kind() == DueKind::Purge,
            Due::Purge | Due::Compare => true,
            Due::Wait | Due::Tell | Due::Tidy => false,
        };
        if needs_domain && self.has_documents(deletion) && !self.is_well(report).await {
            // It stays due, and keeps only that waiting which waits for the domain, too.
            report.put_off += 1;
            if matches!(due, Due::Park(_)) {
                store(engine, &deletion.waited(now)).await?;
            }
            return Ok(None);
        }
        match due {
            Due::Wait => {}
            Due::Park(failure) => {
                if matches!(park(engine, deletion, failure).await?, Advanced::Ended(_)) {
                    report.parked += 1;
                }
            }
            Due::Resend => {
                if resend(engine, deletion, now).await? {
                    report.resent += 1;
                }
            }
            Due::Purge => {
                if let Ok(begun) = deletion.begin_purge(now, &engine.timing)
                    && store(engine, &begun).await?
                {
                    self.send(&begun, self.spread(found.place)).await?;
                    report.purging += 1;
                }
            }
            Due::Tell => self.tell(deletion, until, report).await?,
            Due::Compare => self.compare(deletion, until, report).await?,
            Due::Tidy => self.tidy(deletion, until, report).await?,
        }
        Ok(None)
    }

    async fn send(&self, deletion: &Deletion, delay: Duration) -> Result<(), DependencyError> {
        let queue = self.engine.ports.queue();
        queue.send(&DeletionMessage::about(deletion), delay).await
    }

    /// The messages of a sweep's purges arrive one by one: they must not stand in the queue before a delete.
    fn spread(&self, place: usize) -> Duration {
        let (place, of) = (u32::try_from(place), u32::try_from(share(DueKind::Purge)));
        let window = (self.engine.timing.resend_after / 2).min(LONGEST_SPREAD);
        window * place.unwrap_or_default() / of.unwrap_or(u32::MAX)
    }

    async fn tell(
        &self,
        deletion: &Deletion,
        until: Timestamp,
        report: &mut SweepReport,
    ) -> Result<(), DependencyError> {
        let engine = self.engine;
        let length = stretch(engine);
        let end = later(self.now(), length).min(until);
        let slice = Slice::new(engine.ports.clock(), end, length);
        let work = Work::new(engine, &slice);
        let (given_up, told) = publish_owed(work, deletion, Unpublishable::IsGivenUp).await;
        report.given_up += u64::from(given_up);
        match told {
            Ok(()) => report.told += 1,
            Err(Stop::Dependency(error)) if error.is_newer => return Err(error),
            Err(_) => report.errors += 1,
        }
        Ok(())
    }

    /// Compares the stores for one stretch, and drops the pages when they are no longer needed.
    async fn compare(
        &self,
        deletion: &Deletion,
        until: Timestamp,
        report: &mut SweepReport,
    ) -> Result<(), DependencyError> {
        let engine = self.engine;
        let end = later(self.now(), stretch(engine)).min(until);
        let mut drift = Tallies::new();
        let compared = compare(engine, deletion, end, &mut drift).await;
        for (kind, tally) in &drift {
            if kind.is_wrong() {
                report.drift_found += tally.found;
                report.drift_repaired += tally.repaired;
            }
        }
        report.drift = drift;
        match compared? {
            Compared::Done(stands) => {
                report.compared += 1;
                if due(&stands, self.now(), &engine.patience) == Due::Tidy {
                    self.tidy(&stands, until, report).await?;
                }
            }
            Compared::Returned => report.returned += 1,
            Compared::Left => report.comparing += 1,
            Compared::Failed => report.errors += 1,
            Compared::Superseded => {}
        }
        Ok(())
    }

    async fn tidy(
        &self,
        deletion: &Deletion,
        until: Timestamp,
        report: &mut SweepReport,
    ) -> Result<(), DependencyError> {
        let end = later(self.now(), stretch(self.engine)).min(until);
        if tidy(self.engine, deletion, end).await? {
            report.tidied += 1;
        }
        Ok(())
    }

    /// Whether something of what a deletion reaches is searched. What is not declared any more may have been.
    fn has_documents(&self, deletion: &Deletion) -> bool {
        let requested = std::iter::once(&deletion.collection).chain(&deletion.names);
        self.engine.collections.reach_documents(requested)
    }

    /// Whether the search domain is healthy; it is asked once a sweep.
    async fn is_well(&self, report: &mut SweepReport) -> bool {
        let mut known = self.is_well.lock().await;
        if let Some(is_well) = *known {
            return is_well;
        }
        let is_well = self.ask_domain(report).await;
        *known = Some(is_well);
        is_well
    }

    /// Whether the search domain is healthy. An error counts as "no": nothing is written into a domain whose state is
    /// unknown.
    async fn ask_domain(&self, report: &mut SweepReport) -> bool {
        match self.engine.ports.domain().health().await {
            Ok(Health::Well) => true,
            Ok(Health::Sick(why)) => {
                warn!(
                    why,
                    "comparisons and purges wait: the search domain is not well"
                );
                false
            }
            Err(error) => {
                report.errors += 1;
                warn!(error = %chain(&error), "comparisons and purges wait: nobody knows how the search domain is");
                false
            }
        }
    }
}

/// Sends the message again; `false` when another writer has changed the deletion meanwhile. A queue that refuses it is an
/// attempt, and counted as one: a message that can never be sent must not be tried for ever.
async fn resend<P: SweepPorts>(
    engine: &Engine<P>,
    deletion: &Deletion,
    now: Timestamp,
) -> Result<bool, DependencyError> {
    let resent = deletion.resent(now, &engine.timing);
    if !store(engine, &resent).await? {
        return Ok(false);
    }
    let message = DeletionMessage::about(&resent);
    let Err(error) = engine.ports.queue().send(&message, Duration::ZERO).await else {
        return Ok(true);
    };
    if !error.retryable {
        let failure = Failure::new("DEPENDENCY_REFUSED", &error.to_string());
        store(engine, &resent.send_refused(failure)).await?;
    }
    Err(error)
}

/// Stores it, unless another writer has changed it meanwhile: that writer has decided what is due next.
async fn store<P: SweepPorts>(
    engine: &Engine<P>,
    next: &Deletion,
) -> Result<bool, DependencyError> {
    let stored = engine.ports.deletions().store(next).await?;
    Ok(stored == StoreOutcome::Stored)
}
