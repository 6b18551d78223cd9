//! The whole table, written down a second time: states × events, for every strategy and both sides of `purge_at`.

use super::*;

const FLAG: Terms = Terms {
    strategy: Strategy::Flag,
    restorable: true,
    is_due: false,
    has_conflicts: false,
};

/// What is possible before `purge_at` for a deletion that may be restored, as the design says.
#[rustfmt::skip]
const POSSIBLE: &[(State, Event, State)] = &[
    (State::PendingDelete, Event::Lease, State::Deleting),
    (State::PendingDelete, Event::Cancel, State::Cancelling),
    (State::Deleting, Event::Lease, State::Deleting),
    (State::Deleting, Event::Done, State::Deleted),
    (State::Deleting, Event::Fail, State::DeleteFailed),
    (State::Deleting, Event::Cancel, State::Cancelling),
    (State::Deleted, Event::Restore, State::Restoring),
    (State::Deleted, Event::Purge, State::Purging),
    (State::Deleted, Event::Found, State::Deleting),
    (State::DeleteFailed, Event::Retry, State::Deleting),
    (State::DeleteFailed, Event::Restore, State::Restoring),
    (State::DeleteFailed, Event::Purge, State::Purging),
    (State::Cancelling, Event::Lease, State::Cancelling),
    (State::Cancelling, Event::Done, State::Cancelled),
    (State::Cancelling, Event::Fail, State::Cancelled),
    (State::Cancelled, Event::Retry, State::Deleting),
    (State::Cancelled, Event::Restore, State::Restoring),
    (State::Cancelled, Event::Purge, State::Purging),
    (State::Restoring, Event::Lease, State::Restoring),
    (State::Restoring, Event::Done, State::Restored),
    (State::Restoring, Event::Fail, State::RestoreFailed),
    (State::Restored, Event::Fail, State::RestoreFailed),
    (State::RestoreFailed, Event::Retry, State::Restoring),
    (State::RestoreFailed, Event::Restore, State::Restoring),
    (State::RestoreFailed, Event::Purge, State::Purging),
    (State::Purging, Event::Lease, State::Purging),
    (State::Purging, Event::Done, State::Purged),
    (State::Purging, Event::Fail, State::PurgeFailed),
    (State::Purged, Event::Found, State::Purging),
    (State::PurgeFailed, Event::Retry, State::Purging),
];

fn every() -> impl Iterator<Item = (State, Event)> {
    State::ALL
        .into_iter()
        .flat_map(|state| Event::ALL.into_iter().map(move |event| (state, event)))
}

fn expected(state: State, event: Event) -> Option<State> {
    POSSIBLE
        .iter()
        .find(|(from, by, _)| (*from, *by) == (state, event))
        .map(|(_, _, to)| *to)
}

#[test]
fn every_event_in_every_state_does_what_the_table_says_and_nothing_else() {
    for (state, event) in every() {
        assert_eq!(
            next(state, event, FLAG),
            expected(state, event),
            "{state} {event:?}"
        );
    }
}

#[test]
fn from_purge_at_on_a_deleted_one_is_purged_and_no_longer_restored() {
    let due = Terms {
        is_due: true,
        ..FLAG
    };
    for (state, event) in every() {
        let expected = match (state, event) {
            (State::Deleted, Event::PurgeDue) => Some(State::Purging),
            (State::Deleted, Event::Restore | Event::Found) => None,
            _ => expected(state, event),
        };
        assert_eq!(next(state, event, due), expected, "{state} {event:?}");
    }
}

#[test]
fn what_a_restore_has_left_is_restored_again_until_purge_at() {
    for is_due in [false, true] {
        let left = Terms {
            has_conflicts: true,
            is_due,
            ..FLAG
        };
        let none_left = Terms { is_due, ..FLAG };
        for (state, event) in every() {
            let expected = match (state, event) {
                (State::Restored, Event::Restore) => (!is_due).then_some(State::Restoring),
                _ => next(state, event, none_left),
            };
            assert_eq!(next(state, event, left), expected, "{state} {event:?}");
        }
    }
}

#[test]
fn what_is_never_restored_offers_everything_but_the_restore() {
    let never = Terms {
        restorable: false,
        ..FLAG
    };
    for (state, event) in every() {
        let expected = expected(state, event).filter(|_| event != Event::Restore);
        assert_eq!(next(state, event, never), expected, "{state} {event:?}");
    }
}

#[test]
fn an_archive_is_like_a_flag_and_an_erase_ends_purged() {
    for (state, event) in every() {
        let archive = Terms {
            strategy: Strategy::Archive,
            ..FLAG
        };
        let erase = Terms {
            strategy: Strategy::Erase,
            ..FLAG
        };
        assert_eq!(next(state, event, archive), expected(state, event));
        let erased = match (state, event) {
            (State::Deleting, Event::Done) => Some(State::Purged),
            _ => expected(state, event),
        };
        assert_eq!(next(state, event, erase), erased, "{state} {event:?}");
    }
}

#[test]
fn what_is_parked_is_purged_by_nobody_who_does_not_say_so() {
    for state in [
        State::Cancelled,
        State::DeleteFailed,
        State::RestoreFailed,
        State::Restored,
    ] {
        for is_due in [false, true] {
            assert_eq!(next(state, Event::PurgeDue, Terms { is_due, ..FLAG }), None);
        }
    }
}

#[test]
fn what_is_refused_says_whether_it_is_the_state_the_file_or_the_time() {
    let never = Terms {
        restorable: false,
        ..FLAG
    };
    let due = Terms {
        is_due: true,
        ..FLAG
    };
    let why = |state, terms| refusal(state, Event::Restore, terms);

    assert_eq!(why(State::Deleted, never), Refusal::NeverRestored);
    assert_eq!(why(State::Cancelled, never), Refusal::NeverRestored);
    assert_eq!(why(State::Deleted, due), Refusal::RetentionOver);
    let left = Terms {
        has_conflicts: true,
        ..due
    };
    assert_eq!(why(State::Restored, left), Refusal::RetentionOver);
    assert_eq!(why(State::Restored, due), Refusal::State);
    for terms in [FLAG, never, due] {
        assert_eq!(why(State::Purged, terms), Refusal::State);
        let cancel = refusal(State::Deleted, Event::Cancel, terms);
        assert_eq!(cancel, Refusal::State);
    }
}

#[test]
fn an_action_has_the_name_of_its_event() {
    for action in Action::ALL {
        assert_eq!(
            action.as_str(),
            format!("{:?}", action.event()).to_lowercase()
        );
    }
}
