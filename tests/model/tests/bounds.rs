//! Everything within bounds, with the protocol as it is: nothing is broken, and what matters is reached.
//!
//! All that can go wrong at once would be more states than a gate has time for, so each test lets some of it happen
//! together.

use model::{Bounds, Setup, explore, goes_round};

/// Explores all of it, and tells how much it was.
#[track_caller]
#[expect(clippy::print_stdout, reason = "how much was explored is the result")]
fn holds(what: &str, setup: &Setup, reached: &[&str]) {
    let report = explore(setup);
    println!("{what}: {report}");
    assert!(report.broken.is_empty(), "{:#?}", report.broken);
    let overlap = [
        "both deletions under one another's eyes",
        "one deletion finds the other's mark",
    ];
    let overlap = overlap.iter().filter(|_| setup.deletions == [true, true]);
    for wanted in overlap.chain(reached) {
        let name = format!("reached: {wanted}");
        assert!(
            report.reached.contains(&name.as_str()),
            "{wanted} is not reached, only {:?}",
            report.reached
        );
    }
}

#[test]
fn a_crash_between_any_two_calls_of_overlapping_purges_with_a_late_child_sent_back_by_compare() {
    let bounds = Bounds {
        crashes: 1,
        time: 1,
        writes: 1,
        finds: 1,
        ..Bounds::NONE
    };
    holds("purge", &Setup::with(bounds), &["DELETED", "PURGED"]);
}

#[test]
fn a_child_that_arrives_late_meets_a_crash_a_restore_and_the_purge() {
    let bounds = Bounds {
        crashes: 1,
        time: 1,
        writes: 1,
        restores: 1,
        requests: 1,
        ..Bounds::NONE
    };
    let setup = Setup {
        grandchild: false,
        ..Setup::with(bounds)
    };
    holds(
        "late child",
        &setup,
        &["RESTORED", "RESTORE_FAILED", "PURGED"],
    );
}

#[test]
fn messages_are_lost_repeated_and_reordered_while_a_worker_dies_and_somebody_cancels() {
    let bounds = Bounds {
        crashes: 1,
        duplicates: 1,
        losses: 1,
        cancels: 1,
        requests: 1,
        ..Bounds::NONE
    };
    holds("messages", &Setup::with(bounds), &["DELETED", "CANCELLED"]);
}

#[test]
fn three_requests_of_any_kind_race_one_another_while_the_index_refuses() {
    let bounds = Bounds {
        rejects: 1,
        cancels: 1,
        retries: 1,
        restores: 1,
        purges: 1,
        requests: 3,
        ..Bounds::NONE
    };
    let reached = [
        "DELETED",
        "DELETE_FAILED",
        "CANCELLED",
        "RESTORED",
        "RESTORE_FAILED",
        "PURGED",
        "PURGE_FAILED",
    ];
    holds("requests", &Setup::with(bounds), &reached);
}

#[test]
fn a_pass_that_was_given_up_is_retried_and_restored_through_a_crash() {
    let bounds = Bounds {
        crashes: 1,
        give_ups: 1,
        retries: 1,
        restores: 1,
        requests: 2,
        ..Bounds::NONE
    };
    let reached = ["DELETE_FAILED", "RESTORED", "RESTORE_FAILED"];
    holds("give up", &Setup::with(bounds), &reached);
}

#[test]
fn pages_of_two_records_are_retried_and_purged_through_a_crash_and_a_refusal() {
    let bounds = Bounds {
        crashes: 1,
        rejects: 1,
        retries: 1,
        purges: 1,
        requests: 2,
        ..Bounds::NONE
    };
    let setup = Setup {
        page_keys: 2,
        ..Setup::with(bounds)
    };
    let reached = ["DELETE_FAILED", "PURGED", "PURGE_FAILED"];
    holds("pages of two", &setup, &reached);
}

#[test]
fn slices_that_end_anywhere_and_a_crash_do_not_stop_a_restore() {
    let bounds = Bounds {
        crashes: 1,
        slice_ends: 1,
        restores: 1,
        requests: 1,
        ..Bounds::NONE
    };
    let reached = ["RESTORED", "RESTORE_FAILED"];
    holds("slices", &Setup::with(bounds), &reached);
}

#[test]
fn two_requests_of_any_kind_with_a_crash_between_any_two_calls() {
    let bounds = Bounds {
        crashes: 1,
        cancels: 1,
        retries: 1,
        restores: 1,
        purges: 1,
        requests: 2,
        ..Bounds::NONE
    };
    let reached = ["CANCELLED", "RESTORED", "RESTORE_FAILED", "PURGED"];
    holds("two requests", &Setup::with(bounds), &reached);
}

#[test]
fn what_a_restore_has_left_is_restored_again_with_a_crash_between_any_two_calls() {
    let bounds = Bounds {
        crashes: 1,
        restores: 2,
        requests: 2,
        ..Bounds::NONE
    };
    holds("restored again", &Setup::with(bounds), &["RESTORED"]);
}

#[test]
#[expect(clippy::print_stdout, reason = "how much was explored is the result")]
fn nothing_goes_round_in_circles_so_every_way_ends() {
    let bounds = Bounds {
        crashes: 1,
        duplicates: 1,
        cancels: 1,
        restores: 1,
        requests: 1,
        slice_ends: 1,
        ..Bounds::NONE
    };
    let setup = Setup {
        deletions: [true, false],
        ..Setup::with(bounds)
    };
    let purge = Setup {
        workers: 1,
        deletions: [true, false],
        ..Setup::with(Bounds {
            crashes: 1,
            time: 1,
            writes: 1,
            finds: 1,
            ..Bounds::NONE
        })
    };
    for setup in [setup, purge] {
        let (is_round, states) = goes_round(&setup);
        println!("circles: states={states}");
        assert!(!is_round);
    }
}
