//! What a worker may conclude from what it finds under a key: each rule, taken out, is missed by the model.

use model::keys::{Keys, Often, Rules, Way};

/// Nothing unforeseen at all.
const QUIET: Often = Often {
    crashes: 0,
    retries: 0,
    rejects: 0,
    moves: 0,
    unmarks: 0,
    renewals: 0,
    children: 0,
};

/// What is judged is only read before a row is taken.
const COARSE: Rules = Rules {
    judged_in_condition: false,
    ..Rules::ALL
};

fn one(way: Way, often: Often, rules: Rules) -> Keys {
    Keys {
        ways: [Some(way), None],
        rules,
        often,
        lags: false,
    }
}

/// This property breaks, and none that is nearer; with all rules in force nothing does.
#[track_caller]
#[expect(clippy::print_stdout, reason = "the trace is part of the result")]
fn finds(keys: &Keys, expected: &str) {
    let found = keys.explore();
    assert!(
        found.broken.contains_key(expected),
        "found: {:#?}",
        found.broken
    );
    let way = &found.broken[expected];
    println!("{} steps: {expected}: {way:?}", way.len());

    holds(keys);
}

/// With all rules in force nothing breaks.
#[track_caller]
#[expect(
    clippy::print_stdout,
    reason = "how much was looked at is part of the result"
)]
fn holds(keys: &Keys) {
    let kept = Keys {
        rules: Rules::ALL,
        ..keys.clone()
    };
    let kept = kept.explore();
    assert!(kept.broken.is_empty(), "{:#?}", kept.broken);
    println!("{} states with all rules", kept.unique);
}

#[test]
fn the_model_finds_two_deletions_of_one_record_when_the_claim_before_the_copy_is_taken_out() {
    let crash = Often {
        crashes: 1,
        ..QUIET
    };
    for often in [QUIET, crash] {
        let rules = Rules {
            claim_before_copy: false,
            ..Rules::ALL
        };
        let keys = Keys {
            ways: [Some(Way::Archive); 2],
            ..one(Way::Archive, often, rules)
        };
        finds(&keys, "one deletion counts a record as deleted");
    }
}

#[test]
fn the_model_finds_a_moved_record_taken_when_stale_pages_are_not_judged_again() {
    for way in [Way::Archive, Way::Erase] {
        let often = Often {
            retries: 1,
            moves: 1,
            ..QUIET
        };
        let rules = Rules {
            judged_again: false,
            ..COARSE
        };
        finds(&one(way, often, rules), "what has moved away is left alone");
    }
}

#[test]
fn the_model_finds_a_moved_record_taken_when_an_adopted_page_is_marked_unseen() {
    let often = Often {
        crashes: 1,
        moves: 1,
        ..QUIET
    };
    let rules = Rules {
        adopted_is_judged: false,
        ..COARSE
    };
    finds(
        &one(Way::Look, often, rules),
        "what has moved away is left alone",
    );
}

#[test]
fn the_model_finds_the_next_record_taken_when_a_resumed_page_does_not_tell_records_apart() {
    for way in [Way::Archive, Way::Erase] {
        let often = Often {
            crashes: 1,
            renewals: 1,
            ..QUIET
        };
        let rules = Rules {
            identity_compared: false,
            ..COARSE
        };
        finds(
            &one(way, often, rules),
            "the next record of a key is left alone",
        );
    }
}

#[test]
fn the_model_finds_a_child_left_below_a_free_key_when_a_retry_does_not_look() {
    for way in [Way::Archive, Way::Erase] {
        let often = Often {
            rejects: 1,
            children: 1,
            ..QUIET
        };
        let rules = Rules {
            look_in_every_run: false,
            ..Rules::ALL
        };
        finds(
            &one(way, often, rules),
            "nothing is removed above a child that was there",
        );
    }
}

#[test]
fn the_model_finds_a_live_row_removed_when_the_deletions_id_alone_is_taken_for_a_mark() {
    let often = Often {
        unmarks: 1,
        ..QUIET
    };
    let rules = Rules {
        one_predicate: false,
        ..Rules::ALL
    };
    finds(&one(Way::Flag, often, rules), "what is removed is marked");
}

#[test]
fn the_model_finds_a_record_missed_when_an_index_is_not_asked_once_more() {
    let rules = Rules {
        asked_once_more: false,
        ..Rules::ALL
    };
    let keys = Keys {
        lags: true,
        ..one(Way::Flag, QUIET, rules)
    };
    finds(
        &keys,
        "what was there when it was asked for is not live in the end",
    );
}

#[test]
fn the_model_finds_a_record_taken_that_changes_within_a_run_when_the_condition_does_not_name_what_was_judged()
 {
    for way in [Way::Archive, Way::Erase, Way::Flag, Way::Look] {
        let often = Often { moves: 1, ..QUIET };
        let keys = one(way, often, COARSE);
        finds(&keys, "what is taken is what was meant, at that moment");
    }
}

#[test]
fn with_all_rules_two_deletions_may_meet_in_every_way() {
    let meet = |ways: [Way; 2], often| {
        holds(&Keys {
            ways: ways.map(Some),
            ..one(ways[0], often, Rules::ALL)
        });
    };
    let often = Often {
        crashes: 2,
        retries: 1,
        moves: 1,
        renewals: 1,
        ..QUIET
    };
    meet([Way::Archive; 2], often);
    meet([Way::Flag; 2], often);
    meet([Way::Flag, Way::Archive], often);
    let often = Often {
        moves: 1,
        renewals: 1,
        ..QUIET
    };
    meet([Way::Erase; 2], often);
}

/// Known, and left: what has no claim, or loses it to the owner of the table, cannot be proved by anybody after a crash.
#[test]
fn nobody_can_tell_who_removed_a_record_without_a_claim_or_after_the_owner_took_it_off() {
    let crash = Often {
        crashes: 1,
        ..QUIET
    };
    let unmark = Often {
        unmarks: 1,
        ..crash
    };
    for (way, often) in [(Way::Erase, crash), (Way::Archive, unmark)] {
        let keys = Keys {
            ways: [Some(way); 2],
            ..one(way, often, Rules::ALL)
        };
        let found = keys.explore();
        let way = found.broken.get("one deletion counts a record as deleted");
        assert!(way.is_some(), "it can be told now: {:#?}", found.broken);
    }
}
