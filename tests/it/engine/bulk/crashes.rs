//! A worker is killed at every store call of a deletion without a root, in each of its passes.

use domain::deletion::{Action, Deletion, State};
use serde_json::Value;
use testing::samples::{key2, with_null};

use super::world::{chat_as, message, put_reaction, records};
use crate::engine::disturbed::crashes::{cuts, ends_the_same_wherever_killed};
use crate::engine::world::World;
use crate::engine::world::end::End;

const PAGE_SIZES: [usize; 2] = [2, 1000];

/// What stands in the archive, beside everything else that can be seen.
type Seen = (End, Value);

/// Everything that a delete of ids can find: live ones, an explicit NULL, one that is absent, another tenant's, one and a
/// record below one that have a deletion of their own, and a document that is rejected.
async fn accepted(strategy: &str, page_keys: usize, is_by_author: bool) -> (World, Deletion) {
    let mut world = chat_as(strategy);
    world.page_keys = page_keys;
    let row = world.row("messages", &message("s0")).unwrap();
    world.put_row("messages", with_null(world.collection("messages"), row));
    world.accept("messages", &message("s2")).await;
    world.accept("reactions", &key2("t0", "x")).await;
    world.come_to_rest().await;
    world.give_away("messages", &message("t2"));
    world.documents.reject("t~t0", "mapper_parsing_exception");
    let deletion = if is_by_author {
        world.destroy_author("ann").await
    } else {
        world.destroy_ids(&["s0", "s2", "s-none", "t2", "t0"]).await
    };
    (world, deletion)
}

async fn a_delete_is_killed_at_any_call(strategy: &str) {
    let seen = |world: &World, deletion: &Deletion| -> Seen {
        (world.end(deletion), world.archive(deletion.id))
    };
    for is_by_author in [false, true] {
        for page_keys in PAGE_SIZES {
            let context = format!("by author: {is_by_author}, pages of {page_keys}");
            let start = async || accepted(strategy, page_keys, is_by_author).await;
            let expected = Box::pin(ends_the_same_wherever_killed(&context, start, seen)).await;
            assert_eq!(
                expected.0.state,
                State::DeleteFailed,
                "one document is rejected"
            );
        }
    }
}

#[tokio::test]
async fn a_delete_of_many_that_is_killed_at_any_call_ends_like_an_undisturbed_one() {
    a_delete_is_killed_at_any_call("flag").await;
}

#[tokio::test]
async fn an_archiving_delete_of_many_that_is_killed_at_any_call_ends_like_an_undisturbed_one() {
    a_delete_is_killed_at_any_call("archive").await;
}

#[tokio::test]
async fn an_erasing_delete_of_many_that_is_killed_at_any_call_ends_like_an_undisturbed_one() {
    a_delete_is_killed_at_any_call("erase").await;
}

/// Deleted, and something came late.
async fn deleted(strategy: &str, page_keys: usize, is_by_author: bool) -> (World, Deletion) {
    let mut world = chat_as(strategy);
    world.page_keys = page_keys;
    let deletion = if is_by_author {
        world.destroy_author("ann").await
    } else {
        world.destroy_ids(&["s0", "t0", "s-none"]).await
    };
    world.come_to_rest().await;
    put_reaction(&world, "s", "s0", "late");
    (world, deletion)
}

fn seen(world: &World, deletion: &Deletion) -> (State, Value, Value, Value, Value) {
    let stands = world.now(deletion);
    let counts = |counts: Result<Value, serde_json::Error>| counts.unwrap();
    (
        stands.state,
        counts(serde_json::to_value(&stands.restored)),
        counts(serde_json::to_value(&stands.purged)),
        records(world),
        world.archive(deletion.id),
    )
}

async fn what_follows_is_killed_at_any_call(strategy: &str) {
    for action in [Action::Restore, Action::Purge] {
        for is_by_author in [false, true] {
            for page_keys in PAGE_SIZES {
                let (world, deletion) = deleted(strategy, page_keys, is_by_author).await;
                world.act(&deletion, action).await.unwrap();
                let faults = world.faults();
                world.work(&faults, &deletion).await;
                world.come_to_rest().await;
                let expected = seen(&world, &deletion);
                assert!(expected.0.is_done(), "{expected:?}");
                for (call, moment) in cuts(&faults.log()) {
                    let context = format!(
                        "{action:?}, by author: {is_by_author}, pages of {page_keys}, call {call}, {moment:?}"
                    );
                    let (world, deletion) = deleted(strategy, page_keys, is_by_author).await;
                    world.act(&deletion, action).await.unwrap();
                    let faults = world.faults();
                    faults.crash_at(call, moment);

                    let answer = faults.until_crash(world.deliver(&faults, &deletion)).await;
                    assert!(answer.is_none(), "{context}: it is dead");
                    world.come_to_rest().await;

                    assert_eq!(seen(&world, &deletion), expected, "{context}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_restore_or_a_purge_of_many_that_is_killed_at_any_call_ends_like_an_undisturbed_one() {
    what_follows_is_killed_at_any_call("flag").await;
}

#[tokio::test]
async fn a_restore_or_a_purge_of_many_archived_that_is_killed_at_any_call_ends_like_an_undisturbed_one()
 {
    what_follows_is_killed_at_any_call("archive").await;
}
