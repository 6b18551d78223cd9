//! A worker that deletes, restores or purges what links kept is killed at every store call.

use domain::collection::Strategy;
use domain::deletion::{Action, Deletion, State};
use requests::destroy::Requested;
use serde_json::Value;
use testing::samples::key;

use crate::engine::disturbed::crashes::cuts;
use crate::engine::shared_records::world::{STRATEGIES, chat, destroy_messages, message};
use crate::engine::world::end::End;
use crate::engine::world::{Ignore, World};

const PAGE_SIZES: [usize; 2] = [2, 1000];

/// Everything that can be seen, the archive included.
fn seen(world: &World, deletion: &Deletion) -> (End, Value) {
    (world.end(deletion), world.archive(deletion.id))
}

async fn at_every_call(context: &str, start: impl AsyncFn() -> (World, Deletion)) -> State {
    let (world, deletion) = start().await;
    let faults = world.faults();
    world.deliver(&faults, &deletion).await.unwrap().ignore();
    world.come_to_rest().await;
    let expected = seen(&world, &deletion);
    for (call, moment) in cuts(&faults.log()) {
        let (world, deletion) = start().await;
        let faults = world.faults();
        faults.crash_at(call, moment);

        let answer = faults.until_crash(world.deliver(&faults, &deletion)).await;

        assert!(answer.is_none(), "{context}, call {call} {moment:?}");
        world.come_to_rest().await;
        let stands = seen(&world, &deletion);
        assert_eq!(stands, expected, "{context}, call {call} {moment:?}");
    }
    expected.0.state
}

async fn accepted(strategy: Strategy, page_keys: usize, has_root: bool) -> (World, Deletion) {
    let world = chat(strategy, page_keys);
    let deletion = if has_root {
        world.accept("streams", &key("s")).await
    } else {
        let ids = vec![message("s0"), message("s1"), message("t0")];
        destroy_messages(&world, "messages", Requested::Ids { ids, author: None }).await
    };
    (world, deletion)
}

#[tokio::test]
async fn a_delete_of_shared_records_that_is_killed_at_any_call_ends_like_an_undisturbed_one() {
    for strategy in STRATEGIES {
        for page_keys in PAGE_SIZES {
            for has_root in [true, false] {
                let context = format!("{strategy:?}, pages of {page_keys}, root: {has_root}");
                let start = async || accepted(strategy, page_keys, has_root).await;
                let state = at_every_call(&context, start).await;
                assert!(
                    [State::Deleted, State::Purged].contains(&state),
                    "{context}"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_restore_or_a_purge_that_is_killed_at_any_call_ends_like_an_undisturbed_one() {
    for strategy in [Strategy::Flag, Strategy::Archive] {
        for page_keys in PAGE_SIZES {
            for action in [Action::Restore, Action::Purge] {
                let context = format!("{strategy:?}, pages of {page_keys}, {action:?}");
                let start = async || {
                    let (world, deletion) = accepted(strategy, page_keys, true).await;
                    world.come_to_rest().await;
                    world.act(&deletion, action).await.expect("it applies");
                    drop(world.queue.take());
                    if action == Action::Purge {
                        crate::engine::shared_records::world::put_link(&world, "t1", "own");
                    }
                    (world, deletion)
                };
                let state = at_every_call(&context, start).await;
                let expected = [State::Restored, State::Purged];
                assert!(expected.contains(&state), "{context}");
            }
        }
    }
}
