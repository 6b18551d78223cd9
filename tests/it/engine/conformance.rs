//! The engine and the model take the same way: the model (`tests/model`) is explored exhaustively, so what it says of the
//! order of the store calls must be what the engine does.
//!
//! The engine runs on the fakes, and the model is led beside it, one store call after the other: each call of the engine
//! must be the one that the model makes next, and behind each call both must have left the same: the marks of all rows and
//! documents, the pages with their exceptions, and of each deletion all that decides and all that is told of it. The same
//! happens to both, behind every call in turn: a crash, the end of the slice, a request, a record that comes late, another
//! deletion.
//!
//! What the model leaves out or takes as one, and how the engine's trace is read because of it:
//!
//! - Reads of the deletion when a message comes, of the scope, of pages, of exceptions and of what a page tells are left
//!   out, and so are the sweeper's: in the model they belong to the step before.
//! - Whether a document that is not found is on another shard is left out: in the model there is one shard.
//! - Events are left out. The model tells a page in the step of its checkpoint, and a final state in the step that stores
//!   it; the store behind that is held against the engine's. So no slice ends between a checkpoint and its events here.
//! - A query that fills its page is asked once more by the engine; the model knows that there is nothing behind it.
//! - What the engine reads beside a row is one read in the model: the parent of what a look finds live, the parent of a
//!   record that is to be restored, each record above a root.
//! - Three records hang below one another, as in the model, so batches are of one record and a page groups nothing.
//! - Final state and telling, release and message are one step of the model each, and nothing happens in the middle of it;
//!   `killed` and `crashes` kill the engine there.
//! - Only the strategy `flag` is modelled, in tables without indexes and effects; a deletion has a root.

mod pair;
mod seen;

use domain::deletion::{Action, State};

use self::pair::{Meanwhile, Pair, Way};

/// One key a page, and all on one page behind the root's.
const PAGE_KEYS: [usize; 2] = [1, 3];

/// A story in which something happens behind one call of the engine, counted from 1. It is told for each call in turn, as
/// long as there is one; answers at how many of them it could happen.
fn at_every_call(mut story: impl FnMut(usize, usize) -> Way) -> usize {
    let mut taken = 0;
    for page_keys in PAGE_KEYS {
        for call in 1.. {
            match story(page_keys, call) {
                Way::Taken => taken += 1,
                Way::NotHere => {}
                Way::Over => break,
            }
        }
    }
    taken
}

/// Something is deleted, and then this is asked, if anything; a worker has it next.
fn ready(page_keys: usize, then: Option<Action>) -> Pair {
    let mut pair = Pair::new(page_keys, true);
    pair.accept(0);
    if let Some(action) = then {
        pair.known(Pair::rest);
        pair.ask(0, action);
    }
    pair
}

/// The three passes, by what is asked for behind a delete.
const PASSES: [(Option<Action>, State); 3] = [
    (None, State::Deleted),
    (Some(Action::Restore), State::Restored),
    (Some(Action::Purge), State::Purged),
];

#[test]
fn each_pass_makes_the_calls_of_the_model_in_its_order() {
    for page_keys in PAGE_KEYS {
        for (then, state) in PASSES {
            let mut pair = ready(page_keys, then);
            pair.rest();
            assert_eq!(pair.state(0), state);
        }
    }
}

#[test]
fn a_purge_that_begins_by_itself_makes_the_calls_of_the_model() {
    for page_keys in PAGE_KEYS {
        let mut pair = ready(page_keys, None);
        pair.rest();
        pair.purge_at_comes();
        assert_eq!(pair.state(0), State::Purged);
    }
}

#[test]
fn who_takes_over_behind_a_crash_at_any_call_makes_the_calls_of_the_model() {
    for (then, state) in PASSES {
        let taken = at_every_call(|page_keys, call| {
            let mut pair = ready(page_keys, then);
            let way = pair.deliver(0, Some((call, Meanwhile::Crash)));
            if way == Way::Taken {
                pair.rest();
                assert_eq!(pair.state(0), state, "killed behind call {call}");
            }
            way
        });
        assert!(taken > 20, "{taken}");
    }
}

#[test]
fn a_slice_that_ends_behind_any_call_is_given_back_and_carried_on_as_in_the_model() {
    for (then, state) in PASSES {
        let taken = at_every_call(|page_keys, call| {
            let mut pair = ready(page_keys, then);
            let way = pair.deliver(0, Some((call, Meanwhile::SliceEnd)));
            if way == Way::Taken {
                pair.rest();
                assert_eq!(pair.state(0), state, "over behind call {call}");
            }
            way
        });
        assert!(taken > 20, "{taken}");
    }
}

#[test]
fn what_is_asked_behind_any_call_is_allowed_and_followed_as_in_the_model() {
    for (then, _) in PASSES {
        for action in Action::ALL {
            let taken = at_every_call(|page_keys, call| {
                let mut pair = ready(page_keys, then);
                let way = pair.deliver(0, Some((call, Meanwhile::Ask(0, action))));
                if way == Way::Taken {
                    pair.rest();
                }
                way
            });
            let can = (then, action) == (None, Action::Cancel);
            assert_eq!(taken > 20, can, "{then:?}, {action:?}: {taken}");
        }
    }
}

#[test]
fn a_cancelled_delete_is_finished_undone_or_purged_as_in_the_model() {
    for then in [Action::Retry, Action::Restore, Action::Purge] {
        at_every_call(|page_keys, call| {
            let mut pair = ready(page_keys, None);
            let way = pair.deliver(0, Some((call, Meanwhile::Ask(0, Action::Cancel))));
            if way == Way::Taken {
                pair.rest();
                assert_eq!(pair.state(0), State::Cancelled);
                pair.ask(0, then);
                pair.rest();
            }
            way
        });
    }
}

#[test]
fn what_comes_late_at_any_call_is_taken_by_the_purge_as_in_the_model() {
    for then in [None, Some(Action::Purge)] {
        let taken = at_every_call(|page_keys, call| {
            let mut pair = Pair::new(page_keys, false);
            pair.accept(0);
            if let Some(action) = then {
                pair.known(Pair::rest);
                pair.ask(0, action);
            }
            let way = pair.deliver(0, Some((call, Meanwhile::Write(2))));
            if way == Way::Taken {
                pair.rest();
                if then.is_none() {
                    pair.ask(0, Action::Purge);
                    pair.rest();
                }
                assert_eq!(pair.state(0), State::Purged);
            }
            way
        });
        assert!(taken > 20, "{taken}");
    }
}

#[test]
fn what_came_late_meets_a_crash_and_a_slice_end_as_in_the_model() {
    for meanwhile in [Meanwhile::Crash, Meanwhile::SliceEnd] {
        let taken = at_every_call(|page_keys, call| {
            let mut pair = Pair::new(page_keys, false);
            pair.accept(0);
            pair.known(Pair::rest);
            pair.write(2);
            pair.ask(0, Action::Purge);
            let way = pair.deliver(0, Some((call, meanwhile)));
            if way == Way::Taken {
                pair.rest();
                assert_eq!(pair.state(0), State::Purged);
            }
            way
        });
        assert!(taken > 20, "{taken}");
    }
}

#[test]
fn a_record_that_is_written_anew_under_a_purge_is_met_as_in_the_model() {
    for record in 0..3 {
        let taken = at_every_call(|page_keys, call| {
            let mut pair = ready(page_keys, Some(Action::Purge));
            let way = pair.deliver(0, Some((call, Meanwhile::Write(record))));
            if way == Way::Taken {
                pair.rest();
            }
            way
        });
        assert!(taken > 0, "record {record}");
    }
}

#[test]
fn documents_that_are_refused_fail_and_are_tried_again_as_in_the_model() {
    for page_keys in PAGE_KEYS {
        for record in 0..3 {
            let mut pair = Pair::new(page_keys, true);
            pair.reject(record);
            pair.accept(0);
            pair.rest();
            assert_eq!(pair.state(0), State::DeleteFailed);
            pair.ask(0, Action::Retry);
            pair.rest();
            assert_eq!(pair.state(0), State::DeleteFailed);
            pair.take_again();
            pair.ask(0, Action::Retry);
            pair.rest();
            assert_eq!(pair.state(0), State::Deleted);
            pair.reject(record);
            pair.ask(0, Action::Purge);
            pair.rest();
            assert_eq!(pair.state(0), State::PurgeFailed);
            pair.take_again();
            pair.ask(0, Action::Retry);
            pair.rest();
            assert_eq!(pair.state(0), State::Purged);
        }
    }
}

#[test]
fn a_deletion_of_the_child_is_met_at_any_call_as_in_the_model() {
    // The child is deleted first, and the root's deletion comes in between; and the other way round.
    for then in [Action::Restore, Action::Purge] {
        let taken = at_every_call(|page_keys, call| {
            let mut pair = Pair::new(page_keys, true);
            pair.accept(1);
            let way = pair.deliver(1, Some((call, Meanwhile::Accept(0))));
            if way == Way::Taken {
                pair.rest();
                pair.ask(0, then);
                pair.rest();
            }
            way
        });
        assert!(taken > 20, "{taken}");
    }
}

#[test]
fn a_parent_that_goes_under_a_restore_keeps_it_hidden_as_in_the_model() {
    let mut hidden = 0;
    at_every_call(|page_keys, call| {
        let mut pair = Pair::new(page_keys, true);
        pair.accept(1);
        pair.known(Pair::rest);
        pair.ask(1, Action::Restore);
        let way = pair.deliver(1, Some((call, Meanwhile::Accept(0))));
        if way == Way::Taken {
            pair.rest();
            hidden += usize::from(pair.state(1) == State::RestoreFailed);
        }
        way
    });
    assert!(hidden > 10, "{hidden}");
}

#[test]
fn what_is_given_up_behind_a_crash_at_any_call_is_closed_and_tried_again_as_in_the_model() {
    for (then, state) in PASSES {
        let taken = at_every_call(|page_keys, call| {
            let mut pair = ready(page_keys, then);
            let way = pair.deliver(0, Some((call, Meanwhile::Crash)));
            if way == Way::Taken && pair.give_up(0) {
                pair.rest();
                pair.ask(0, Action::Retry);
                pair.rest();
                assert_eq!(pair.state(0), state, "given up behind call {call}");
            }
            way
        });
        assert!(taken > 20, "{taken}");
    }
}
