//! Everything within bounds, with the protocol as it is: nothing is broken, and what matters is reached.

use model::{Bounds, Setup, explore};

/// Explores all of it, and tells how much it was.
#[track_caller]
#[expect(clippy::print_stdout, reason = "how much was explored is the result")]
fn holds(what: &str, setup: &Setup, reached: &[&str]) {
    let report = explore(setup);
    println!("{what}: {report}");
    assert!(report.broken.is_empty(), "{:#?}", report.broken);
    for state in reached {
        let name = format!("reached: {state}");
        assert!(
            report.reached.contains(&name.as_str()),
            "{state} is not reached, only {:?}",
            report.reached
        );
    }
}

#[test]
fn a_restore_and_a_cancel_between_overlapping_deletions_with_a_crash() {
    let bounds = Bounds {
        crashes: 1,
        cancels: 1,
        restores: 1,
        requests: 2,
        ..Bounds::NONE
    };
    let reached = ["DELETED", "CANCELLED", "RESTORED", "RESTORE_FAILED"];
    holds("restore, cancel, crash", &Setup::with(bounds), &reached);
}
