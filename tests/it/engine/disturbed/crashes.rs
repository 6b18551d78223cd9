//! A worker is killed at every store call: before it took effect, in the middle, and after it, with the answer lost.

use std::fmt::Debug;
use std::time::Duration;

use domain::deletion::{Deletion, State};
use serde_json::json;
use testing::samples::{key, key2};
use testing::{Call, Fault, Moment, Operation};

use crate::engine::world::end::End;
use crate::engine::world::trees::{four_levels, mail, small_tree};
use crate::engine::world::{Ignore, World, text};

pub(crate) const PAGE_SIZES: [usize; 4] = [1, 2, 3, 1000];

/// A tree in which a delete finds everything it can find: live rows, an explicit NULL, a record of an earlier deletion,
/// and one whose document is rejected.
async fn delete_world(page_keys: usize) -> (World, Deletion) {
    let mut world = four_levels();
    world.page_keys = page_keys;
    let row = world.live_row("subscribers", &key2("l", "bob"), Some(&key("l")));
    world.put_row(
        "subscribers",
        testing::samples::with_null(world.collection("subscribers"), row),
    );
    world.accept("messages", &key("l-d2-0")).await;
    world.come_to_rest().await;
    world.documents.reject("l-d1-1", "mapper_parsing_exception");
    let deletion = world.accept("lists", &key("l")).await;
    (world, deletion)
}

/// Every call of a run, and the moments at which it can be cut: only a batch has a middle.
pub(crate) fn cuts(log: &[Call]) -> Vec<(u64, Moment)> {
    let all = log
        .iter()
        .flat_map(|call| Moment::ALL.map(|moment| (call, moment)));
    all.filter(|(call, moment)| *moment != Moment::Midway || call.items > 1)
        .map(|(call, moment)| (call.number, moment))
        .collect()
}

/// A worker that is killed anywhere in its slice changes nothing of what is seen in the end; that is the answer.
pub(crate) async fn ends_the_same_wherever_killed<S: PartialEq + Debug>(
    context: &str,
    start: impl AsyncFn() -> (World, Deletion),
    seen: impl Fn(&World, &Deletion) -> S,
) -> S {
    let (world, deletion) = start().await;
    let faults = world.faults();
    world.work(&faults, &deletion).await;
    world.come_to_rest().await;
    let expected = seen(&world, &deletion);
    for (call, moment) in cuts(&faults.log()) {
        let context = format!("{context}, call {call}, {moment:?}");
        let (world, deletion) = start().await;
        let faults = world.faults();
        faults.crash_at(call, moment);

        let answer = faults.until_crash(world.deliver(&faults, &deletion)).await;
        assert!(answer.is_none(), "{context}: it is dead");
        world.come_to_rest().await;

        assert_eq!(seen(&world, &deletion), expected, "{context}");
    }
    expected
}

/// The end of a run in which nobody is killed, and the calls that its first worker makes.
async fn undisturbed_delete(page_keys: usize) -> (End, Vec<Call>) {
    let (world, deletion) = delete_world(page_keys).await;
    let faults = world.faults();
    world.deliver(&faults, &deletion).await.unwrap().ignore();
    world.come_to_rest().await;
    (world.end(&deletion), faults.log())
}

#[tokio::test]
async fn a_delete_that_is_killed_at_any_call_ends_like_an_undisturbed_one() {
    for page_keys in PAGE_SIZES {
        let (expected, calls) = undisturbed_delete(page_keys).await;
        assert_eq!(
            expected.state,
            State::DeleteFailed,
            "one document is rejected"
        );
        for (call, moment) in cuts(&calls) {
            let context = format!(
                "pages of {page_keys}, killed at call {call} of {}, {moment:?}",
                calls.len()
            );
            let (world, deletion) = delete_world(page_keys).await;
            let faults = world.faults();
            faults.crash_at(call, moment);

            let answer = faults.until_crash(world.deliver(&faults, &deletion)).await;
            assert!(answer.is_none(), "{context}: it is dead");
            world.come_to_rest().await;

            assert_eq!(world.end(&deletion), expected, "{context}");
        }
    }
}

/// A tree to be purged, at the moment of its purge. The look has work: at each level a record came late; a document is
/// gone, and one record has another deletion.
async fn purge_world(page_keys: usize) -> (World, Deletion) {
    let mut world = small_tree();
    world.page_keys = page_keys;
    world.accept("messages", &key("l-d1-1")).await;
    world.come_to_rest().await;
    // The child's own deletion is not purged with it: that would be another pass of the same sweep.
    for mut earlier in world.deletions.all() {
        let manifest: Vec<_> = world
            .deletions
            .manifest(&earlier)
            .into_iter()
            .map(|(page, _)| page)
            .collect();
        earlier.purge_at = None;
        earlier.due_at = None;
        let scope = domain::scope::Scope::below(world.collection("messages"), &world.collections);
        world.deletions.put(&earlier, &scope, &manifest);
    }
    let deletion = world.accept("lists", &key("l")).await;
    world.come_to_rest().await;
    world.put("discussions", &key2("l", "late"), Some(&key("l")));
    world.put("messages", &key("l-late-0"), Some(&key2("l", "late")));
    world.put("reactions", &key2("l-d1-0", "late"), Some(&key("l-d1-0")));
    let subscribers = world.collection("subscribers").clone();
    world.documents.forget(&subscribers, "l~bob");
    world.until_purge(&deletion);
    (world, deletion)
}

#[tokio::test]
async fn a_purge_that_is_killed_at_any_call_ends_like_an_undisturbed_one() {
    for page_keys in PAGE_SIZES {
        let (world, deletion) = purge_world(page_keys).await;
        let faults = world.faults();
        assert_eq!(world.sweep(&faults).await.unwrap().purging, 1);
        let (expected, calls) = (world.end(&deletion), faults.log());
        assert_eq!(expected.state, State::Purged);
        let counts = world.now(&deletion).purged.into_values();
        let counts = counts.fold((0, 0), |sum, counts| {
            (sum.0 + counts.purged, sum.1 + counts.kept)
        });
        assert_eq!(
            counts,
            (8, 1),
            "6 records and 3 late ones, of which one is another deletion's"
        );

        for (call, moment) in cuts(&calls) {
            let context = format!(
                "pages of {page_keys}, killed at call {call} of {}, {moment:?}",
                calls.len()
            );
            let (world, deletion) = purge_world(page_keys).await;
            killed_sweep(&world, call, moment, &context).await;

            assert_eq!(world.end(&deletion), expected, "{context}");
        }
    }
}

/// What the look marks again in place does not come up a second time, so the pages behind it may be cut elsewhere.
#[tokio::test]
async fn a_purge_that_marks_again_may_be_killed_at_any_call_and_removes_the_same_records() {
    for page_keys in [2, 3] {
        let (world, deletion) = purge_world(page_keys).await;
        world.put("discussions", &key2("l", "d1"), Some(&key("l")));
        let faults = world.faults();
        world.sweep(&faults).await.unwrap();
        let (expected, calls) = (world.end(&deletion), faults.log());

        for (call, moment) in cuts(&calls) {
            let context = format!(
                "pages of {page_keys}, killed at call {call} of {}, {moment:?}",
                calls.len()
            );
            let (world, deletion) = purge_world(page_keys).await;
            world.put("discussions", &key2("l", "d1"), Some(&key("l")));
            killed_sweep(&world, call, moment, &context).await;

            let end = world.end(&deletion);
            assert_eq!(end.state, expected.state, "{context}");
            assert_eq!(end.counts["purged"], expected.counts["purged"], "{context}");
            assert_eq!(
                (&end.rows, &end.documents),
                (&expected.rows, &expected.documents),
                "{context}"
            );
            assert_eq!(world.named("RecordsPurged").len(), 8, "{context}");
            assert!(
                world
                    .named("RecordsPurged")
                    .values()
                    .all(|times| *times == 1),
                "{context}"
            );
        }
    }
}

async fn killed_sweep(world: &World, call: u64, moment: Moment, context: &str) {
    let faults = world.faults();
    faults.crash_at(call, moment);
    let answer = faults.until_crash(world.sweep(&faults)).await;
    assert!(answer.is_none(), "{context}: it is dead");
    world.assert_every_document_has_its_row(context);
    world.come_to_rest().await;
}

#[tokio::test]
async fn a_call_that_fails_once_changes_nothing_in_the_end() {
    for page_keys in PAGE_SIZES {
        let (expected, calls) = undisturbed_delete(page_keys).await;
        for (call, moment) in cuts(&calls) {
            for fault in [Fault::Unavailable(moment), Fault::Refused(moment)] {
                let context = format!(
                    "pages of {page_keys}, call {call} of {}: {fault:?}",
                    calls.len()
                );
                let (world, deletion) = delete_world(page_keys).await;
                let faults = world.faults();
                faults.fail_any(call..=call, fault);

                // An error is a batch item failure: the message comes again.
                let _ = world.deliver(&faults, &deletion).await;
                world.come_to_rest().await;

                assert_eq!(world.end(&deletion), expected, "{context}");
            }
        }
    }
}

#[tokio::test]
async fn a_purge_call_that_fails_once_changes_nothing_in_the_end() {
    let (world, deletion) = purge_world(3).await;
    let faults = world.faults();
    world.sweep(&faults).await.unwrap();
    let (expected, calls) = (world.end(&deletion), faults.log());

    for (call, moment) in cuts(&calls) {
        let (world, deletion) = purge_world(3).await;
        let faults = world.faults();
        faults.fail_any(call..=call, Fault::Unavailable(moment));

        let _ = world.sweep(&faults).await;
        world.assert_every_document_has_its_row(&format!("call {call}, {moment:?}"));
        world.come_to_rest().await;

        assert_eq!(world.end(&deletion), expected, "call {call}, {moment:?}");
    }
}

#[tokio::test]
async fn two_crashes_in_a_row_are_no_worse_than_one() {
    let (expected, calls) = undisturbed_delete(3).await;
    for first in (1..=calls.len() as u64).step_by(3) {
        for second in 1..=12 {
            let (world, deletion) = delete_world(3).await;
            for call in [first, second] {
                let faults = world.faults();
                faults.crash_at(call, Moment::After);
                let _ = faults.until_crash(world.deliver(&faults, &deletion)).await;
                world.clock.advance(Duration::from_mins(2));
            }
            world.come_to_rest().await;

            assert_eq!(
                world.end(&deletion),
                expected,
                "killed at {first}, then at {second}"
            );
        }
    }
}

#[tokio::test]
async fn a_worker_that_is_killed_by_every_page_is_given_up_and_says_why() {
    let world = mail(5);
    let deletion = world.accept("discussions", &key("d")).await;
    for delivery in 0..20 {
        let faults = world.faults();
        // Poison: whoever marks the messages' documents dies of it.
        let poison = faults.clone();
        // In the first slice the root's come before.
        let nth = if delivery == 0 { 2 } else { 1 };
        faults.beside(Operation::MarkDocuments, nth, Moment::Before, move || {
            poison.crash_at(poison.calls(), Moment::After);
        });
        let answer = faults.until_crash(world.deliver(&faults, &deletion)).await;
        if answer.is_some() {
            assert!(
                delivery >= 5,
                "it was given up too early, at delivery {delivery}"
            );
            break;
        }
        world.clock.advance(Duration::from_mins(3));
        world.sweep(&world.faults()).await.unwrap();
    }

    let stands = world.now(&deletion);
    assert_eq!(stands.state, State::DeleteFailed);
    let failure = stands.failure.clone().unwrap();
    assert_eq!(failure.code, "ATTEMPTS_EXHAUSTED");
    let counts = serde_json::to_value(&stands.deleted).unwrap();
    assert_eq!(
        counts["discussions"],
        json!({ "selected": 1, "deleted": 1, "already_deleted": 0, "missing": 0, "kept": 0, "failed": 0, "not_reached": 0 })
    );
    assert_eq!(
        counts["messages"],
        json!({ "selected": 5, "deleted": 0, "already_deleted": 0, "missing": 0, "kept": 0, "failed": 5, "not_reached": 0 })
    );
    assert_eq!(
        world.marks("discussions", &key("d")).0,
        text(deletion.id),
        "what was promised to be hidden is hidden"
    );
}
