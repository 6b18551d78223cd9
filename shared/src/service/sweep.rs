//! Whatever is due: takes no input, looks at all of it, is bounded, and answers with a report.
//!
//! Harmless when run twice at once: each step is a compare-and-set before it is an act. Reconcile first, purge last.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use tracing::warn;

use crate::domain::deletion::{Deletion, DeletionId, Due, Pass, State, due};
use crate::domain::message::DeletionMessage;
use crate::domain::principal::Tenant;
use crate::domain::time::later;
use crate::ports::{
    AdvanceDeletions, ChangeDeletions, Clock, DependencyError, DomainHealth, FindDue, Health,
    ReadDeletions, SendDeletion, StoreOutcome, SweepPorts,
};
use crate::service::advance::{Advanced, Engine, Slice, advance, park, tell_owed};
use crate::telemetry::chain;

/// How many due deletions one sweep looks at; what is left is due at the next.
const AT_ONCE: usize = 1000;

/// A telling that fails after so long says that the bus is away; one that fails at once is a failure of its own.
const SILENCE: SignedDuration = SignedDuration::from_secs(2);

/// What a sweep did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct SweepReport {
    /// Due deletions that were looked at.
    pub due: usize,
    /// Messages sent again.
    pub resent: usize,
    /// Deletions given up, with their reason.
    pub parked: usize,
    /// Ended deletions whose owed events are out.
    pub told: usize,
    /// Purges that ended here.
    pub purged: usize,
    /// Purges that go on through the queue.
    pub purging: usize,
    /// Purged deletions whose pages were dropped.
    pub tidied: usize,
    /// Purges put off because the search domain is not well, or did not answer.
    pub put_off: usize,
    /// Steps that failed; the log has each, and they stay due.
    pub errors: usize,
    /// Left for the next sweep.
    pub left: usize,
}

/// One sweep, until `deadline` at most.
///
/// # Errors
///
/// When what is due could not be found.
pub async fn sweep<P: SweepPorts>(
    engine: &Engine<P>,
    deadline: Timestamp,
    purge_slice: Duration,
) -> Result<SweepReport, DependencyError> {
    let ports = &engine.ports;
    let now = ports.clock().now();
    let found = ports.due().find_due(now, AT_ONCE).await?;
    let mut report = SweepReport {
        due: found.len(),
        ..SweepReport::default()
    };
    let mut purges = Vec::new();
    let mut outside = Outside::default();
    for (place, (tenant, id)) in found.iter().enumerate() {
        if ports.clock().now() >= deadline {
            report.left = found.len() - place;
            return Ok(report);
        }
        // Boxed, here and below: these futures hold whole passes.
        let step = reconcile(engine, tenant, *id, deadline, &mut outside, &mut report);
        match Box::pin(step).await {
            Ok(Some(deletion)) => purges.push(deletion),
            Ok(None) => {}
            Err(error) => failed(&mut report, *id, &error),
        }
    }
    for (place, deletion) in purges.iter().enumerate() {
        if ports.clock().now() >= deadline {
            report.left += purges.len() - place;
            break;
        }
        let purging = purge(
            engine,
            deletion,
            deadline,
            purge_slice,
            &mut outside,
            &mut report,
        );
        if let Err(error) = Box::pin(purging).await {
            failed(&mut report, deletion.id, &error);
        }
    }
    Ok(report)
}

fn failed(report: &mut SweepReport, id: DeletionId, error: &DependencyError) {
    report.errors += 1;
    warn!(deletion_id = %id, error = %chain(error), "deletion {id} stays due");
}

/// Does what is due, except the purge, which it returns.
async fn reconcile<P: SweepPorts>(
    engine: &Engine<P>,
    tenant: &Tenant,
    id: DeletionId,
    deadline: Timestamp,
    outside: &mut Outside,
    report: &mut SweepReport,
) -> Result<Option<Deletion>, DependencyError> {
    let ports = &engine.ports;
    // The index may lag behind: only the deletion itself says whether it is due.
    let Some(deletion) = ports.deletions().deletion(tenant, id).await? else {
        return Ok(None);
    };
    let now = ports.clock().now();
    match due(&deletion, now, &engine.patience) {
        Due::Wait => {}
        Due::Purge => return Ok(Some(deletion)),
        Due::Park(failure) => {
            if matches!(park(engine, &deletion, failure).await?, Advanced::Ended(_)) {
                report.parked += 1;
            }
        }
        Due::Resend => {
            if deletion.state.pass() == Pass::Purge
                && !outside.is_well(ports.domain(), report).await
            {
                return put_off(engine, &deletion, now).await.map(|()| None);
            }
            let resent = deletion.resent(now, &engine.timing);
            if ports.deletions().store(&resent).await? == StoreOutcome::Stored {
                ports
                    .queue()
                    .send(&DeletionMessage::about(&resent), Duration::ZERO)
                    .await?;
                report.resent += 1;
            }
        }
        // A bus that hangs would take the time of all that is due behind it.
        Due::Tell if outside.bus_is_silent => {
            report.errors += 1;
            put_off(engine, &deletion, now).await?;
        }
        Due::Tell => {
            let end = later(now, engine.timing.slice / 2).min(deadline);
            let slice = Slice::new(ports.clock(), end, engine.timing.slice / 2);
            if tell_owed(engine, &deletion, Some(&slice)).await {
                report.told += 1;
            } else {
                let took = ports.clock().now().duration_since(now);
                outside.bus_is_silent = took >= SILENCE;
                report.errors += 1;
            }
        }
        Due::Tidy => {
            if tidy(engine, &deletion, deadline).await? {
                report.tidied += 1;
            }
        }
    }
    Ok(None)
}

/// Begins a purge here, for a short slice; a giant goes on through the queue.
async fn purge<P: SweepPorts>(
    engine: &Engine<P>,
    deletion: &Deletion,
    deadline: Timestamp,
    purge_slice: Duration,
    outside: &mut Outside,
    report: &mut SweepReport,
) -> Result<(), DependencyError> {
    let ports = &engine.ports;
    let now = ports.clock().now();
    if !outside.is_well(ports.domain(), report).await {
        return put_off(engine, deletion, now).await;
    }
    let Ok(begun) = deletion.begin_purge(now, &engine.timing) else {
        return Ok(());
    };
    if ports.deletions().store(&begun).await? != StoreOutcome::Stored {
        return Ok(());
    }
    let slice_end = later(now, purge_slice).min(deadline);
    match advance(engine, &begun.tenant, begun.id, slice_end).await? {
        Advanced::Ended(State::Purged) => report.purged += 1,
        Advanced::Ended(_) => report.parked += 1,
        Advanced::Continued | Advanced::Left | Advanced::Busy => report.purging += 1,
        Advanced::Unknown | Advanced::NothingToDo(_) => {}
    }
    Ok(())
}

/// Looks at it again later: what waits for the domain must not stand in the way of what is due behind it.
async fn put_off<P: SweepPorts>(
    engine: &Engine<P>,
    deletion: &Deletion,
    now: Timestamp,
) -> Result<(), DependencyError> {
    let deletions = engine.ports.deletions();
    // Whoever changed it meanwhile has decided what is due next.
    let _ = deletions
        .store(&deletion.put_off(now, &engine.timing))
        .await?;
    Ok(())
}

/// Drops the manifest of a purged deletion, from its last page on; who, when and how many stay for the certificate's
/// retention. Answers whether all of it is gone: what is left at the deadline is for a later sweep.
async fn tidy<P: SweepPorts>(
    engine: &Engine<P>,
    deletion: &Deletion,
    deadline: Timestamp,
) -> Result<bool, DependencyError> {
    let (deletions, clock) = (engine.ports.deletions(), engine.ports.clock());
    let mut left = deletion.pages;
    while left > 0 && clock.now() < deadline {
        deletions.drop_page(deletion, left).await?;
        left -= 1;
    }
    let next = if left == 0 {
        deletion.tidied(clock.now(), &engine.timing)
    } else {
        deletion.shortened(left, clock.now(), &engine.timing)
    };
    // Whoever changed it meanwhile has decided what is due next.
    let _ = deletions.store(&next).await?;
    Ok(left == 0)
}

/// What a sweep has found out about what may be away: nobody waits for it twice.
#[derive(Default)]
struct Outside {
    /// The search domain's state, if a purge has needed it.
    domain: Option<bool>,
    /// Whether the bus let a telling wait in vain.
    bus_is_silent: bool,
}

impl Outside {
    /// An error is an answer too: who does not know how the domain is does not purge into it.
    async fn is_well<H: DomainHealth>(&mut self, domain: &H, report: &mut SweepReport) -> bool {
        let well = match self.domain {
            Some(well) => well,
            None => match domain.health().await {
                Ok(Health::Well) => true,
                Ok(Health::Sick(why)) => {
                    warn!(why, "purges wait: the search domain is not well");
                    false
                }
                Err(error) => {
                    report.errors += 1;
                    warn!(error = %chain(&error), "purges wait: nobody knows how the search domain is");
                    false
                }
            },
        };
        self.domain = Some(well);
        if !well {
            report.put_off += 1;
        }
        well
    }
}
