//! Comparisons that somebody disturbs: other sweeps, a restore that passes, a death at any call.

use std::time::Duration;

use domain::deletion::{Action, Deletion, State};
use serde_json::{Value, json};
use testing::samples::{key, key2};
use testing::{Call, Fault, Moment, Operation};

use crate::engine::compare::compares::{put_document, put_marked, until_due};
use crate::engine::purge::purges::deleted;
use crate::engine::world::trees::{four_levels, mail, message_key, small_tree};
use crate::engine::world::{World, at_once};

#[tokio::test]
async fn two_sweeps_at_once_tell_of_drift_once() {
    for seed in 1..=25 {
        let mut world = four_levels();
        world.page_keys = 3;
        let deletion = deleted(&world, "lists", "l").await;
        put_document(&world, "messages", &key("l-d1-0"), Some(&key2("l", "d1")));
        until_due(&world, &deletion);
        let faults = world.faults();
        faults.interleave(seed);

        let (one, other) = tokio::join!(world.sweep(&faults), world.sweep(&faults));

        let (one, other) = (one.unwrap(), other.unwrap());
        assert_eq!(one.drift_found + other.drift_found, 1, "seed {seed}");
        assert_eq!(one.compared + other.compared, 1, "seed {seed}");
        assert_eq!(world.now(&deletion).due_at, deletion.purge_at);
    }
}

#[tokio::test]
async fn a_restore_that_passes_while_documents_are_marked_again_wins() {
    for operation in [
        Operation::DocumentStates,
        Operation::ReadRows,
        Operation::MarkDocuments,
    ] {
        for moment in [Moment::Before, Moment::After] {
            let world = mail(3);
            let deletion = deleted(&world, "discussions", "d").await;
            let record = message_key("d", 1);
            put_document(&world, "messages", &record, Some(&key("d")));
            until_due(&world, &deletion);
            let faults = world.faults();
            let beside = (world.clone(), deletion.clone());
            faults.beside(operation, 1, moment, move || {
                let (world, deletion) = beside;
                at_once(async {
                    world.act(&deletion, Action::Restore).await.unwrap();
                    let _ = world.deliver(&world.faults(), &deletion).await.unwrap();
                });
            });

            world.sweep(&faults).await.unwrap();
            world.come_to_rest().await;

            let context = format!("{operation:?}, {moment:?}");
            assert_eq!(world.now(&deletion).state, State::Restored, "{context}");
            let live = Some(String::new());
            assert_eq!(
                world.marks("messages", &record),
                (live.clone(), live),
                "{context}"
            );
        }
    }
}

/// A world with all kinds of drift, at the moment of its comparison.
async fn drifted(state: State, page_keys: usize) -> (World, Deletion) {
    let mut world = small_tree();
    world.page_keys = page_keys;
    let deletion = deleted(&world, "lists", "l").await;
    let discussion = key2("l", "d1");
    match state {
        State::Deleted => {
            put_document(&world, "messages", &key("l-d1-0"), Some(&discussion));
            put_document(&world, "lists", &key("l"), None);
            world
                .rows
                .remove(world.collection("messages"), &key("l-d1-1"));
            put_document(&world, "messages", &key("l-d1-1"), Some(&discussion));
            world.put("subscribers", &key2("l", "late"), Some(&key("l")));
        }
        State::Restored => {
            world
                .rows
                .remove(world.collection("discussions"), &discussion);
            world.act(&deletion, Action::Restore).await.unwrap();
            world.come_to_rest().await;
            put_marked(&world, &deletion, "subscribers", &key2("l", "bob"));
        }
        _ => {
            world.until_purge(&deletion);
            world.come_to_rest().await;
            put_document(&world, "messages", &key("l-d1-0"), Some(&discussion));
            put_document(&world, "lists", &key("l"), None);
            world.put("subscribers", &key2("l", "late"), Some(&key("l")));
        }
    }
    assert_eq!(world.now(&deletion).state, state);
    until_due(&world, &deletion);
    (world, deletion)
}

fn cuts(log: &[Call]) -> Vec<(u64, Moment)> {
    let all = log
        .iter()
        .flat_map(|call| Moment::ALL.map(|moment| (call, moment)));
    all.filter(|(call, moment)| *moment != Moment::Midway || call.items > 1)
        .map(|(call, moment)| (call.number, moment))
        .collect()
}

/// Sweeps until nothing is due before the day is over.
async fn settled(world: &World) -> Value {
    for _ in 0..40 {
        world.clock.advance(Duration::from_mins(1));
        world.sweep(&world.faults()).await.unwrap();
        world.deliver_all().await;
    }
    let stands = world.deletions.all().remove(0);
    let end = world.end(&stands);
    json!([
        end.state,
        end.counts,
        end.rows,
        end.documents,
        stands.comparison.done,
        stands.comparison.waiting,
        stands.due_at.is_some(),
        end.manifest.len(),
        stands.comparison.returns
    ])
}

#[tokio::test]
async fn a_comparison_that_is_killed_at_any_call_ends_like_an_undisturbed_one() {
    for state in [State::Deleted, State::Restored, State::Purged] {
        for page_keys in [1, 1000] {
            let (world, _) = drifted(state, page_keys).await;
            let faults = world.faults();
            let report = world.sweep(&faults).await.unwrap();
            assert!(report.drift_found > 0, "{state}: {report:?}");
            let calls = faults.log();
            let expected = settled(&world).await;
            for (call, moment) in cuts(&calls) {
                let context = format!(
                    "{state}, pages of {page_keys}, killed at call {call} of {}, {moment:?}",
                    calls.len()
                );
                let (world, _) = drifted(state, page_keys).await;
                let faults = world.faults();
                faults.crash_at(call, moment);
                let answer = faults.until_crash(world.sweep(&faults)).await;
                assert!(answer.is_none(), "{context}: it is dead");

                assert_eq!(settled(&world).await, expected, "{context}");
            }
        }
    }
}

#[tokio::test]
async fn a_call_of_a_comparison_that_fails_once_changes_nothing_in_the_end() {
    for state in [State::Deleted, State::Restored, State::Purged] {
        let (world, _) = drifted(state, 2).await;
        let faults = world.faults();
        world.sweep(&faults).await.unwrap();
        let calls = faults.log();
        let expected = settled(&world).await;
        for (call, moment) in cuts(&calls) {
            let context = format!("{state}, call {call} of {}, {moment:?}", calls.len());
            let (world, _) = drifted(state, 2).await;
            let faults = world.faults();
            faults.fail_any(call..=call, Fault::Unavailable(moment));
            let _ = world.sweep(&faults).await;

            assert_eq!(settled(&world).await, expected, "{context}");
        }
    }
}
