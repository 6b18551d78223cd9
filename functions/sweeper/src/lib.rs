//! The sweeper function: one bounded sweep per invocation, whatever the event says, with its report as the answer.

use std::time::Duration;

use domain::deletion::comparison::Drift;
use engine::Engine;
use engine::{SweepReport, sweep};
use jiff::Timestamp;
use ports::{Clock, DependencyError, SweepPorts};
use telemetry::{self, Unit};
use tracing::info;

/// Sweeps until a grace before the function is stopped.
///
/// # Errors
///
/// When the due deletions could not be found: the schedule tries again.
pub async fn handle<P: SweepPorts>(
    engine: &Engine<P>,
    deadline: Timestamp,
) -> Result<SweepReport, DependencyError> {
    let now = engine.ports.clock().now();
    let until = sweep_until(now, deadline, engine.timing.slice, engine.timing.grace);
    let mut report = sweep(engine, until).await?;
    report.unreadable = engine.unreadable_rows.take();
    let fields = serde_json::to_string(&report).unwrap_or_default();
    info!(
        report = fields,
        "sweep: {} due, {} errors, {} left", report.due, report.errors, report.left
    );
    Ok(report)
}

/// What a sweep reports to operators: one line for the log.
#[must_use]
pub fn metrics(function: &str, now: Timestamp, report: &SweepReport) -> String {
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    let found = |drift: Drift| report.drift.get(&drift).map_or(0, |tally| tally.found);
    telemetry::metrics(
        function,
        now,
        &[
            ("DriftFound", Unit::Count, report.drift_found),
            ("DriftRepaired", Unit::Count, report.drift_repaired),
            ("Resurrected", Unit::Count, found(Drift::Resurrected)),
            ("Recreated", Unit::Count, found(Drift::Recreated)),
            ("Compared", Unit::Count, count(report.compared)),
            (telemetry::PARKED, Unit::Count, count(report.parked)),
            ("Silent", Unit::Count, count(report.silent)),
            ("LongestSilence", Unit::Seconds, report.longest_silence),
            ("PurgeLag", Unit::Seconds, report.purge_lag),
            ("Backlog", Unit::Count, count(report.left)),
            ("EventsGivenUp", Unit::Count, report.given_up),
            ("SweepErrors", Unit::Count, count(report.errors)),
            (telemetry::NEWER_VERSIONS, Unit::Count, count(report.newer)),
            (telemetry::UNREADABLE_ROWS, Unit::Count, report.unreadable),
        ],
    )
}

/// When the sweep must end. A deadline in the past is a constant of a local runtime, not a reason to do nothing.
fn sweep_until(now: Timestamp, deadline: Timestamp, slice: Duration, grace: Duration) -> Timestamp {
    let stopped = if deadline <= now {
        now.checked_add(slice + grace)
    } else {
        Ok(deadline)
    };
    stopped
        .and_then(|stopped| stopped.checked_sub(grace))
        .unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sweep_ends_a_grace_before_the_function_is_stopped() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let (slice, grace) = (Duration::from_mins(1), Duration::from_secs(30));

        assert_eq!(sweep_until(at(1_000), at(1_300), slice, grace), at(1_270));
        assert_eq!(sweep_until(at(100_000), at(600), slice, grace), at(100_060));
    }
}
