//! The times of the protocol, and combinations of them that contradict each other.

use std::time::Duration;

use super::values::Values;
use domain::deletion::Timing;

/// A day in seconds.
pub(super) const DAY: u64 = 86_400;

/// The times of the protocol, and the most time of one store call.
pub(super) fn times(values: &mut Values<impl Fn(&str) -> Option<String>>) -> (Timing, Duration) {
    let timing = timing(values);
    let call_timeout = values.seconds("CALL_TIMEOUT_SECONDS", 1..=900);
    check_times(values, &timing, call_timeout);
    (timing, call_timeout)
}

fn timing(values: &mut Values<impl Fn(&str) -> Option<String>>) -> Timing {
    Timing {
        slice: values.seconds("SLICE_SECONDS", 1..=900),
        grace: values.seconds("GRACE_SECONDS", 1..=900),
        resend_after: values.seconds("RESEND_AFTER_SECONDS", 1..=DAY),
        // The api accepts deletions and never ends one: it has the defaults of these two, and does not use them.
        compare_after: values.seconds("COMPARE_AFTER_SECONDS", 0..=30 * DAY),
        certificate_retention: Duration::from_secs(
            values.number("CERTIFICATE_RETENTION_DAYS", 1..=36_500) * DAY,
        ),
    }
}

fn check_times(
    values: &mut Values<impl Fn(&str) -> Option<String>>,
    timing: &Timing,
    call_timeout: Duration,
) {
    if values.is_fine(&["CALL_TIMEOUT_SECONDS", "GRACE_SECONDS"]) && call_timeout >= timing.grace {
        values.problem(
            "CALL_TIMEOUT_SECONDS",
            "a call that begins at the end of a slice would outlive the grace",
            "write a smaller number than in GRACE_SECONDS",
        );
    }
    if values.is_fine(&["CALL_TIMEOUT_SECONDS", "SLICE_SECONDS"]) && timing.slice <= call_timeout {
        values.problem(
            "SLICE_SECONDS",
            "one call would take the whole slice",
            "write a larger number than in CALL_TIMEOUT_SECONDS",
        );
    }
}
