//! As `random.rs`, and somebody cancels, retries, restores and purges at any moment, in every strategy.
//!
//! Each case is made by its number alone: a failure names it, and running that number again repeats it.

use std::time::Duration;

use serde_json::json;
use shared::domain::deletion::{Action, State};

use crate::engine::disturbed::random::{Chance, ask_for_some, disturb, live_on, stored, tree};
use crate::engine::world::strategies::{archived, erased};
use crate::engine::world::trees::FOUR_LEVELS;
use crate::engine::world::{World, text};

/// The counts of each pass add up, whatever happened.
fn assert_counts(world: &World, case: u64) {
    for deletion in world.deletions.all() {
        for counts in deletion.deleted.values() {
            let sum = counts.deleted
                + counts.already_deleted
                + counts.missing
                + counts.failed
                + counts.not_reached;
            assert_eq!(counts.selected, sum, "case {case}: {counts:?}");
        }
    }
}

/// What is live, and what a deletion has taken to its end, says the same in both stores. One that was cancelled before its
/// first page has marked its root's row only, also when its restore has failed since.
fn assert_stores_agree(world: &World, case: u64) {
    let mut stopped = world.deletions.all();
    stopped.retain(|deletion| [State::Cancelled, State::RestoreFailed].contains(&deletion.state));
    let stopped: Vec<_> = stopped.iter().map(|deletion| text(deletion.id)).collect();
    for (name, record) in world.everything() {
        let (row, document) = world.marks(&name, &record);
        let agrees = document.is_none() || document == row;
        assert!(
            agrees || stopped.contains(&row),
            "case {case}: {name} {record:?}: {row:?}, {document:?}"
        );
    }
}

/// What is live hangs below what is live.
fn assert_no_orphans(world: &World, case: u64) {
    for (name, record) in world.everything() {
        let marks = world.marks(&name, &record);
        let (row, document) = (marks.0.as_deref(), marks.1.as_deref());
        assert_eq!(row, Some(""), "case {case}: {name} {record:?} is left");
        assert!(
            document.is_none_or(str::is_empty),
            "case {case}: {name} {record:?}"
        );
        let Some(link) = &world.collection(&name).parent else {
            continue;
        };
        let row = world.row(&name, &record).unwrap();
        let values: Vec<&str> = link.by.iter().filter_map(|by| row[by].as_str()).collect();
        let parent = shared::domain::key::RecordKey::stored(values[0], values.get(1).copied());
        let above = world.marks(link.collection.as_ref(), &parent).0;
        assert_eq!(
            above.as_deref(),
            Some(""),
            "case {case}: above {name} {record:?}"
        );
    }
}

/// Answers how the deletions stood before all that was not restored was purged.
async fn run(case: u64) -> Vec<State> {
    let chance = &mut Chance(case.wrapping_mul(0x9E37_79B9_7F4A_7C15) + 7);
    let strategies: [String; 3] = [FOUR_LEVELS.to_owned(), archived(), erased()];
    let mut world = World::new(chance.of::<String>(&strategies).as_str());
    world.page_keys = *chance.of(&[1, 2, 3, 7, 1000]);
    let records = tree(&world, chance, "l");
    let untouched = tree(&world, chance, "other");
    let before = stored(&world, &untouched);

    ask_for_some(&world, chance, &records).await;
    for _ in 0..chance.below(12) {
        let deletions = world.deletions.all();
        if !deletions.is_empty() {
            let faults = world.faults();
            if chance.one_in(4) {
                disturb(&faults, chance);
            }
            let (of, action) = (chance.of(&deletions), *chance.of(&Action::ALL));
            let _ = faults
                .until_crash(world.act_disturbed(&faults, of, action))
                .await;
        }
        let rounds = chance.below(3);
        live_on(&world, chance, &deletions, rounds).await;
        assert_counts(&world, case);
    }
    world.come_to_rest().await;
    assert_counts(&world, case);
    assert_stores_agree(&world, case);
    let states = world.deletions.all().into_iter();
    let ended = states.map(|deletion| deletion.state).collect();

    // Whoever is not restored is purged, and then what is compared late.
    for deletion in world.deletions.all() {
        let _ = world.act(&deletion, Action::Purge).await;
        world.come_to_rest().await;
        let state = world.now(&deletion).state;
        let is_over = [State::Purged, State::Restored].contains(&state);
        assert!(is_over, "case {case}: {state:?}");
    }
    for deletion in world.deletions.all() {
        if let Some(purge_at) = deletion.purge_at {
            world.clock.set(purge_at.max(world.clock_now()));
        }
    }
    for _ in 0..4 {
        world.clock.advance(Duration::from_mins(20));
        world.sweep(&world.faults()).await.unwrap();
        world.come_to_rest().await;
    }

    assert_no_orphans(&world, case);
    world.assert_every_document_has_its_row(&format!("case {case}"));
    assert_eq!(
        json!(world.rows.copies().len()),
        0,
        "case {case}: a copy is left"
    );
    assert_eq!(
        stored(&world, &untouched),
        before,
        "case {case}: nothing else is touched"
    );
    ended
}

#[tokio::test]
async fn whatever_is_asked_of_deletions_the_invariants_hold_in_the_end() {
    let mut ended = Vec::new();
    for case in 0..400 {
        ended.extend(run(case).await);
    }

    for state in [
        State::Deleted,
        State::Cancelled,
        State::Restored,
        State::Purged,
    ] {
        let times = ended.iter().filter(|other| **other == state).count();
        assert!(times >= 20, "only {times} of {} ended {state}", ended.len());
    }
}
