//! Each rule of the protocol, taken out: the model finds what breaks then, and that it is what the rule is for.

use model::{Bounds, Guards, Setup, explore};

/// Nothing unforeseen at all.
const QUIET: Bounds = Bounds::NONE;

/// One deletion, of the root, and one worker: enough for most.
fn alone(bounds: Bounds, guards: Guards) -> Setup {
    Setup {
        guards,
        workers: 1,
        deletions: [true, false],
        ..Setup::with(bounds)
    }
}

/// Both deletions.
fn overlapping(bounds: Bounds, guards: Guards, workers: usize) -> Setup {
    Setup {
        guards,
        workers,
        ..Setup::with(bounds)
    }
}

/// This property breaks, and none is nearer to the beginning. With the rule in force nothing breaks within the same bounds.
#[track_caller]
#[expect(
    clippy::print_stdout,
    reason = "the length of the trace is part of the result"
)]
fn breaks(setup: &Setup, expected: &str) {
    let report = explore(setup);
    let is_found = report.broken.contains_key(expected);
    assert!(is_found, "found: {:#?}", report.broken);
    let way = &report.broken[expected];
    println!("{} steps: {expected}: {way:?}", way.len());
    let nearest = report.broken.values().map(Vec::len).min();
    assert_eq!(Some(way.len()), nearest, "{:#?}", report.broken);

    let kept = Setup {
        guards: Guards::ALL,
        ..setup.clone()
    };
    let report = explore(&kept);
    assert!(report.broken.is_empty(), "{:#?}", report.broken);
}

#[test]
fn without_the_roots_page_at_acceptance_a_cancel_leaves_a_mark_that_no_manifest_names() {
    let bounds = Bounds {
        cancels: 1,
        requests: 1,
        ..QUIET
    };
    let guards = Guards {
        root_page_at_acceptance: false,
        ..Guards::ALL
    };
    breaks(
        &alone(bounds, guards),
        "6: when a pass has ended, the manifest names what carries its mark",
    );
}

#[test]
fn without_its_own_mark_a_purge_removes_another_deletions_records() {
    let bounds = Bounds { time: 1, ..QUIET };
    let guards = Guards {
        own_mark_at_purge: false,
        ..Guards::ALL
    };
    breaks(
        &overlapping(bounds, guards, 1),
        "4: the document of a row that stands survives",
    );
}

#[test]
fn without_finishing_pages_a_cancel_leaves_marks_that_the_deletion_does_not_know_of() {
    let bounds = Bounds {
        crashes: 1,
        cancels: 1,
        requests: 1,
        ..QUIET
    };
    let guards = Guards {
        pages_before_cancel: false,
        ..Guards::ALL
    };
    breaks(
        &alone(bounds, guards),
        "6: when a pass has ended, the manifest names what carries its mark",
    );
}

#[test]
fn without_the_ancestors_in_the_last_transaction_restored_is_told_of_what_stays_hidden() {
    let bounds = Bounds {
        restores: 1,
        requests: 1,
        ..QUIET
    };
    let guards = Guards {
        ancestors_at_end: false,
        ..Guards::ALL
    };
    breaks(
        &overlapping(bounds, guards, 2),
        "5: RESTORED is told only of what is shown again",
    );
}

#[test]
fn with_the_root_first_a_restore_shows_what_is_half_done() {
    let bounds = Bounds {
        restores: 1,
        requests: 1,
        ..QUIET
    };
    let guards = Guards {
        root_last: false,
        ..Guards::ALL
    };
    breaks(
        &alone(bounds, guards),
        "2: the root is marked from the acceptance until it is restored or gone",
    );
}

#[test]
fn a_restore_that_clears_every_mark_undoes_another_deletion() {
    let bounds = Bounds {
        restores: 1,
        requests: 1,
        ..QUIET
    };
    let guards = Guards {
        own_marks_at_restore: false,
        ..Guards::ALL
    };
    breaks(
        &overlapping(bounds, guards, 1),
        "5: a record keeps its first deletion's mark until that one takes it off",
    );
}

#[test]
fn with_the_root_read_before_the_children_a_look_takes_what_is_below_a_new_root() {
    let bounds = Bounds {
        time: 1,
        writes: 2,
        finds: 1,
        ..QUIET
    };
    let guards = Guards {
        root_after_children: false,
        ..Guards::ALL
    };
    breaks(
        &alone(bounds, guards),
        "4: what was written below a newer root survives",
    );
}

#[test]
fn with_calls_that_outlive_the_lease_a_deletion_ends_without_a_page_that_is_written() {
    let bounds = Bounds {
        crashes: 1,
        ..QUIET
    };
    let guards = Guards {
        lease_outlives_calls: false,
        ..Guards::ALL
    };
    let setup = Setup {
        workers: 2,
        ..alone(bounds, guards)
    };
    breaks(
        &setup,
        "6: when a pass has ended, the manifest names what carries its mark",
    );
}

#[test]
fn with_the_row_read_before_the_copy_a_purge_removes_the_document_of_a_new_record() {
    let bounds = Bounds {
        time: 1,
        writes: 1,
        finds: 1,
        ..QUIET
    };
    let guards = Guards {
        copy_read_first: false,
        ..Guards::ALL
    };
    breaks(
        &alone(bounds, guards),
        "4: the document of a row that stands survives",
    );
}

#[test]
fn with_the_copy_marked_before_the_truth_a_document_is_hidden_whose_row_is_live() {
    let guards = Guards {
        truth_first: false,
        ..Guards::ALL
    };
    breaks(
        &alone(QUIET, guards),
        "3: a document has its row, and a mark in it is its row's",
    );
}
