//! Random overlaps: deletions with a root and without, of all strategies, two lanes of work mixed call by call, crashes,
//! requests, and an owner who writes by himself. After each call, at each rest and in the end, everything is judged by a
//! ledger that knows the contract and nothing of the engine.
//!
//! A case has a number: `CASE=archive:155 cargo test --workspace --test it -- overlaps` tells one again, and with
//! `CASE_RULE=NoOrphan` it is made small for one rule alone.

mod accounts;
mod acts;
mod board;
mod lanes;
mod ledger;
mod looks;
mod performing;
mod rules;
mod stores;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use domain::collection::Strategy as How;
use domain::deletion::{Action, State};
use ports::Clock;
use proptest::collection::vec;
use proptest::prelude::{Strategy, any};

use self::acts::{Act, Scene, What, scenes};
use self::board::{Board, SLOTS};
use self::lanes::{Actor, Order};
use self::rules::{Rule, is_asked};
use super::story::{Trouble, page_keys, tell_each};
use crate::engine::world::at_once;

/// How many cases the gate tells of each strategy; `PROPTEST_CASES` says more.
const CASES: u32 = 800;

/// A case: what is there, and what happens.
#[derive(Debug, Clone)]
struct Case {
    strategy: How,
    page_keys: usize,
    there: Vec<bool>,
    nulls: Vec<bool>,
    hot: usize,
    scenes: Vec<Scene>,
    /// Whether the end is waited for, or asked for.
    is_waited_for: bool,
}

fn case(strategy: How) -> impl Strategy<Value = Case> {
    let there = vec(proptest::bool::weighted(0.8), SLOTS);
    let nulls = vec(proptest::bool::weighted(1.0 / 4.0), SLOTS);
    (page_keys(), there, nulls, 0..SLOTS, scenes(), any::<bool>()).prop_map(
        move |(page_keys, there, nulls, hot, scenes, is_waited_for)| Case {
            strategy,
            page_keys,
            there,
            nulls,
            hot,
            scenes,
            is_waited_for,
        },
    )
}

/// Lives through a case; answers how its deletions ended, before what was not restored was purged, and what was wrong.
fn live(case: Case) -> (Vec<State>, Vec<(Rule, String)>) {
    let board = Arc::new(Board::new(case.strategy, case.page_keys, case.hot));
    for (place, slot) in board.slots.iter().enumerate() {
        // Streams are always there: nothing hangs in the air.
        let is_hot = place == case.hot && case.nulls[0];
        let is_there = slot.home.is_none() || (case.there[place] && !is_hot);
        let above = board
            .world
            .collection(slot.name.0)
            .parent
            .as_ref()
            .zip(slot.home.as_ref());
        if is_there
            && above.is_none_or(|(link, home)| board.is_there(link.collection.as_ref(), home))
        {
            board.write(slot, case.nulls[place]);
        }
    }
    board.write_foreign();
    board.observe(Actor::Owner);
    board.world.clock.advance(Duration::from_secs(1));

    for scene in case.scenes {
        let mut scene = scene;
        if scene
            .lanes
            .iter()
            .flatten()
            .any(|act| matches!(act.trouble, Trouble::Slow(_)))
        {
            // No call of one lane is under way for longer than the grace of its lease.
            scene.order.most = scene.order.most.min(4);
        }
        lanes::run(&board, scene.lanes, scene.order);
        board.world.clock.advance(scene.quiet);
    }
    board.world.rows.settle();
    rest(&board);
    board.judge_at_rest();
    board.judge_accounts();
    let ended = board
        .world
        .deletions
        .all()
        .iter()
        .map(|deletion| deletion.state)
        .collect();
    board.take_all();
    end(&board, case.is_waited_for);
    board.judge_at_rest();
    board.judge_accounts();
    time_passes(&board);
    board.judge_at_rest();
    board.judge_in_the_end();

    let mut wrong = std::mem::take(&mut board.ledger().wrong);
    wrong.retain(|(rule, _)| is_asked(*rule));
    (ended, wrong)
}

fn alone(board: &Arc<Board>, what: What) {
    let act = Act {
        what,
        trouble: Trouble::None,
    };
    lanes::run(board, [vec![act], Vec::new()], Order::ALONE);
}

/// What the deployed functions do by themselves, minute by minute, until nothing more happens before `purge_at`.
fn rest(board: &Arc<Board>) {
    for _ in 0..200 {
        // One that waits for another's lease sends itself again until time passes.
        let mut deliveries = 0..100;
        while !board.is_quiet() && deliveries.next().is_some() {
            alone(
                board,
                What::Deliver {
                    of: 0,
                    twice: false,
                },
            );
        }
        if board.world.deletions.all().iter().all(|deletion| {
            let now = board.world.clock.now();
            let is_due = deletion.state == State::Deleted
                && deletion.purge_at.is_some_and(|purge_at| purge_at <= now);
            deletion.state.is_done() && !deletion.notified.owes() && !is_due
        }) {
            return;
        }
        board.world.clock.advance(Duration::from_mins(1));
        alone(board, What::Sweep);
    }
    let deletions = board.world.deletions.all();
    board.ledger().breaks(
        Rule::Ends,
        format!("it never comes to rest: {deletions:#?}"),
    );
}

/// Whatever is not restored is purged: it is asked for, or its time comes, and what only a request purges is asked for.
fn end(board: &Arc<Board>, is_waited_for: bool) {
    if is_waited_for {
        time_passes(board);
    }
    for deletion in board.world.deletions.all() {
        // A failed purge is tried again: what was in its way may be gone.
        for action in [Action::Purge, Action::Retry, Action::Retry] {
            let _ = at_once(board.world.act(&deletion, action));
            rest(board);
            if board.world.now(&deletion).state.is_parked() {
                board.remove_large();
                board.observe(Actor::Owner);
            }
        }
        let state = board.world.now(&deletion).state;
        if ![State::Purged, State::Restored].contains(&state) {
            let failure = board.world.now(&deletion).failure;
            board.ledger().breaks(
                Rule::Ends,
                format!("{} is {state} in the end: {failure:?}", deletion.id),
            );
        }
    }
}

/// Everything comes to its time, and everything is compared.
fn time_passes(board: &Arc<Board>) {
    for deletion in board.world.deletions.all() {
        if let Some(purge_at) = deletion.purge_at {
            board.world.clock.set(purge_at.max(board.world.clock.now()));
        }
    }
    for _ in 0..4 {
        board.world.clock.advance(Duration::from_mins(20));
        alone(board, What::Sweep);
        rest(board);
    }
}

/// Tells the cases of a strategy. They reach all the states that its deletions can end in.
fn whatever_overlaps(kind: &str, strategy: How, states: &[State]) {
    let ended: RefCell<BTreeMap<State, usize>> = RefCell::default();
    tell_each(kind, CASES, case(strategy), |case| {
        let (states, wrong) = live(case);
        let said: Vec<_> = wrong
            .iter()
            .map(|(rule, what)| format!("{rule:?}: {what}"))
            .collect();
        assert!(said.is_empty(), "{}", said.join("\n"));
        for state in states {
            *ended.borrow_mut().entry(state).or_default() += 1;
        }
    });
    let ended = ended.into_inner();
    // Not where one case is replayed.
    if ended.values().sum::<usize>() > 1000 {
        for state in states {
            let times = ended.get(state).copied().unwrap_or_default();
            assert!(times >= 20, "only {times} ended {state}: {ended:?}");
        }
    }
}

/// How deletions end that keep what they delete.
const KEPT: [State; 4] = [
    State::Deleted,
    State::Cancelled,
    State::Restored,
    State::Purged,
];

#[test]
fn whatever_overlaps_under_flag_the_contract_holds() {
    whatever_overlaps("flag", How::Flag, &KEPT);
}

#[test]
fn whatever_overlaps_under_archive_the_contract_holds() {
    whatever_overlaps("archive", How::Archive, &KEPT);
}

#[test]
fn whatever_overlaps_under_erase_the_contract_holds() {
    whatever_overlaps("erase", How::Erase, &[State::Cancelled, State::Purged]);
}
