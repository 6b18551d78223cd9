//! As `random.rs`, and somebody cancels, retries, restores and purges at any moment, in every strategy.

use std::cell::RefCell;
use std::time::Duration;

use domain::deletion::{Action, State};
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::{Index, select};

use super::story::{
    Asked, Minute, Tree, Trouble, ask_for, asked, life, live, page_keys, stored, tell, tree,
    trouble,
};
use crate::engine::world::strategies::{archived, erased};
use crate::engine::world::trees::FOUR_LEVELS;
use crate::engine::world::{World, at_once, text};

/// The counts of each pass add up, whatever happened.
fn assert_counts(world: &World) {
    for deletion in world.deletions.all() {
        for counts in deletion.deleted.values() {
            let sum = counts.deleted
                + counts.already_deleted
                + counts.missing
                + counts.kept
                + counts.failed
                + counts.not_reached;
            assert_eq!(counts.selected, sum, "{counts:?}");
        }
    }
}

/// What is live, and what a deletion has taken to its end, says the same in both stores. One that was cancelled before its
/// first page has marked its root's row only, also when its restore has failed since.
fn assert_stores_agree(world: &World) {
    let mut stopped = world.deletions.all();
    stopped.retain(|deletion| [State::Cancelled, State::RestoreFailed].contains(&deletion.state));
    let stopped: Vec<_> = stopped.iter().map(|deletion| text(deletion.id)).collect();
    for (name, record) in world.everything() {
        let (row, document) = world.marks(&name, &record);
        let agrees = document.is_none() || document == row;
        assert!(
            agrees || stopped.contains(&row),
            "{name} {record:?}: {row:?}, {document:?}"
        );
    }
}

/// What is live hangs below what is live.
fn assert_no_orphans(world: &World) {
    for (name, record) in world.everything() {
        let marks = world.marks(&name, &record);
        let (row, document) = (marks.0.as_deref(), marks.1.as_deref());
        assert_eq!(row, Some(""), "{name} {record:?} is left");
        assert!(document.is_none_or(str::is_empty), "{name} {record:?}");
        let Some(link) = &world.collection(&name).parent else {
            continue;
        };
        let row = world.row(&name, &record).unwrap();
        let values: Vec<&str> = link.by.iter().filter_map(|by| row[by].as_str()).collect();
        let parent = domain::key::RecordKey::stored(values[0], values.get(1).copied());
        let above = world.marks(link.collection.as_ref(), &parent).0;
        assert_eq!(above.as_deref(), Some(""), "above {name} {record:?}");
    }
}

/// A story: what is there and is deleted by which strategy, and what is then asked of the deletions.
#[derive(Debug)]
struct Story {
    strategy: domain::collection::Strategy,
    page_keys: usize,
    tree: Tree,
    untouched: Tree,
    asked: Vec<Asked>,
    requests: Vec<Request>,
}

/// Something is asked of one of the deletions, and then there is life.
#[derive(Debug, Clone)]
struct Request {
    of: Index,
    action: Action,
    trouble: Trouble,
    then: Vec<Minute>,
}

fn request() -> impl Strategy<Value = Request> {
    let trouble = prop_oneof![3 => Just(Trouble::None), 1 => trouble()];
    let asked = (any::<Index>(), select(Action::ALL.to_vec()));
    (asked, trouble, life(0..3)).prop_map(|((of, action), trouble, then)| Request {
        of,
        action,
        trouble,
        then,
    })
}

/// Answers how the deletions stood before all that was not restored was purged.
async fn run(story: Story) -> Vec<State> {
    use domain::collection::Strategy;
    let mut world = match story.strategy {
        Strategy::Flag => World::new(FOUR_LEVELS),
        Strategy::Archive => World::new(&archived()),
        Strategy::Erase => World::new(&erased()),
    };
    world.page_keys = story.page_keys;
    let records = story.tree.put(&world, "l");
    let untouched = story.untouched.put(&world, "other");
    let before = stored(&world, &untouched);

    ask_for(&world, &story.asked, &records).await;
    for request in story.requests {
        let deletions = world.deletions.all();
        if !deletions.is_empty() {
            let faults = request.trouble.faults(&world);
            let asking = world.act_disturbed(&faults, request.of.get(&deletions), request.action);
            let _ = faults.until_crash(asking).await;
        }
        live(&world, &deletions, &request.then).await;
        assert_counts(&world);
    }
    world.come_to_rest().await;
    assert_counts(&world);
    assert_stores_agree(&world);
    let states = world.deletions.all().into_iter();
    let ended = states.map(|deletion| deletion.state).collect();

    // Whoever is not restored is purged, and then what is compared late.
    for deletion in world.deletions.all() {
        let _ = world.act(&deletion, Action::Purge).await;
        world.come_to_rest().await;
        let state = world.now(&deletion).state;
        let is_over = [State::Purged, State::Restored].contains(&state);
        assert!(is_over, "{state:?}");
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

    assert_no_orphans(&world);
    world.assert_every_document_has_its_row("in the end");
    assert_eq!(world.rows.copies().len(), 0, "a copy is left");
    assert_eq!(
        stored(&world, &untouched),
        before,
        "nothing else is touched"
    );
    ended
}

#[test]
fn whatever_is_asked_of_deletions_the_invariants_hold_in_the_end() {
    use domain::collection::Strategy as How;
    let ended = RefCell::new(Vec::new());
    let there = (
        select(vec![How::Flag, How::Archive, How::Erase]),
        page_keys(),
        tree(),
        tree(),
    );
    let stories = (there, asked(), vec(request(), 0..12));
    tell(
        stories.prop_map(
            |((strategy, page_keys, tree, untouched), asked, requests)| Story {
                strategy,
                page_keys,
                tree,
                untouched,
                asked,
                requests,
            },
        ),
        |story| ended.borrow_mut().extend(at_once(run(story))),
    );

    let ended = ended.into_inner();
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
