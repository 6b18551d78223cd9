//! Whoever works on a restore, a cancel, a retry or a purge that was asked for is killed at every store call: the end is
//! that of an undisturbed run.

use std::pin::Pin;

use domain::deletion::{Action, Deletion, State};
use testing::samples::{key, key2, with_null};
use testing::{Moment, Operation};

use crate::engine::disturbed::crashes::{PAGE_SIZES, cuts};
use crate::engine::restore::again::left_below_a_discussion;
use crate::engine::world::trees::four_levels;
use crate::engine::world::{Ignore, World};

/// A world in which the deletion waits for a worker.
type Ready = Pin<Box<dyn Future<Output = (World, Deletion)> + Send>>;

/// Everything that a delete and a restore can find: an explicit NULL, a record of an earlier deletion, one that is gone
/// since, and if so a document that is rejected from now on.
async fn deleted(page_keys: usize, is_rejected: bool) -> (World, Deletion) {
    let mut world = four_levels();
    world.page_keys = page_keys;
    let row = world.live_row("subscribers", &key2("l", "bob"), Some(&key("l")));
    world.put_row(
        "subscribers",
        with_null(world.collection("subscribers"), row),
    );
    let earlier = world.accept("messages", &key("l-d2-0")).await;
    world.come_to_rest().await;
    never_purged(&world, &earlier);
    let deletion = world.accept("lists", &key("l")).await;
    world.come_to_rest().await;
    world
        .rows
        .remove(&world.collection("reactions").clone(), &key2("l-d1-0", "x"));
    if is_rejected {
        world.documents.reject("l-d1-1", "mapper_parsing_exception");
    }
    (world, deletion)
}

/// It is left out of what the sweeper does.
pub(crate) fn never_purged(world: &World, deletion: &Deletion) {
    let mut quiet = world.now(deletion);
    (quiet.purge_at, quiet.due_at) = (None, None);
    let collection = world.collection(deletion.collection.as_ref());
    let scope = domain::scope::Scope::below(collection, &world.collections);
    let manifest = world.deletions.manifest(deletion).into_iter();
    let pages: Vec<_> = manifest.map(|(page, _)| page).collect();
    world.deletions.put(&quiet, &scope, &pages);
}

async fn asked((world, deletion): (World, Deletion), action: Action) -> (World, Deletion) {
    world.act(&deletion, action).await.expect("it applies");
    drop(world.queue.take());
    (world, deletion)
}

/// Kills the worker at each call of its slice; each time the end is as if nobody had.
async fn ends_the_same(what: &str, expected_state: State, ready: impl Fn(usize) -> Ready + Sync) {
    for page_keys in PAGE_SIZES {
        let (world, deletion) = ready(page_keys).await;
        let faults = world.faults();
        world.deliver(&faults, &deletion).await.unwrap().ignore();
        world.come_to_rest().await;
        let (expected, calls) = (world.end(&deletion), faults.log());
        assert_eq!(expected.state, expected_state, "{what}");

        for (call, moment) in cuts(&calls) {
            let operation = calls[usize::try_from(call).unwrap() - 1].operation;
            let context = format!(
                "{what}, pages of {page_keys}, killed at call {call} of {} ({operation:?}), {moment:?}",
                calls.len()
            );
            let (world, deletion) = ready(page_keys).await;
            let faults = world.faults();
            faults.crash_at(call, moment);
            let answer = faults.until_crash(world.deliver(&faults, &deletion)).await;
            assert!(answer.is_none(), "{context}: it is dead");
            world.assert_every_document_has_its_row(&context);
            world.come_to_rest().await;

            assert_eq!(world.end(&deletion), expected, "{context}");
        }
    }
}

#[tokio::test]
async fn a_restore_that_is_killed_at_any_call_ends_like_an_undisturbed_one() {
    ends_the_same("restore", State::Restored, |page_keys| {
        Box::pin(async move { asked(deleted(page_keys, false).await, Action::Restore).await })
    })
    .await;
}

#[tokio::test]
async fn a_restore_of_what_was_left_that_is_killed_at_any_call_ends_like_an_undisturbed_one() {
    ends_the_same("restore again", State::Restored, |page_keys| {
        Box::pin(async move {
            let left = left_below_a_discussion(page_keys).await;
            asked(left, Action::Restore).await
        })
    })
    .await;
}

#[tokio::test]
async fn a_restore_of_which_a_record_fails_may_be_killed_at_any_call_too() {
    ends_the_same("failing restore", State::RestoreFailed, |page_keys| {
        Box::pin(async move { asked(deleted(page_keys, true).await, Action::Restore).await })
    })
    .await;
}

#[tokio::test]
async fn a_retry_of_a_restore_that_is_killed_at_any_call_ends_like_an_undisturbed_one() {
    ends_the_same("retry of a restore", State::Restored, |page_keys| {
        Box::pin(async move {
            let (world, deletion) = deleted(page_keys, true).await;
            world.act_and_rest(&deletion, Action::Restore).await;
            world.documents.accept("l-d1-1");
            asked((world, deletion), Action::Retry).await
        })
    })
    .await;
}

#[tokio::test]
async fn a_retry_of_a_delete_that_is_killed_at_any_call_ends_like_an_undisturbed_one() {
    ends_the_same("retry of a delete", State::Deleted, |page_keys| {
        Box::pin(async move {
            let mut world = four_levels();
            world.page_keys = page_keys;
            for id in ["l-d1-1", "l~d1", "l"] {
                world.documents.reject(id, "mapper_parsing_exception");
            }
            let deletion = world.accept("lists", &key("l")).await;
            world.come_to_rest().await;
            assert_eq!(world.now(&deletion).state, State::DeleteFailed);
            for id in ["l-d1-1", "l~d1", "l"] {
                world.documents.accept(id);
            }
            asked((world, deletion), Action::Retry).await
        })
    })
    .await;
}

/// A worker died behind the page that it wrote, and then somebody asked to stop.
async fn cancelled_behind_a_page(page_keys: usize, pages: u64) -> (World, Deletion) {
    let mut world = four_levels();
    world.page_keys = page_keys;
    let deletion = world.accept("lists", &key("l")).await;
    let faults = world.faults();
    let dying = faults.clone();
    faults.beside(Operation::PutPage, pages, Moment::After, move || {
        dying.crash_at(dying.calls() + 1, Moment::Before);
    });
    let _ = faults.until_crash(world.deliver(&faults, &deletion)).await;
    world.act(&deletion, Action::Cancel).await.unwrap();
    drop(world.queue.take());
    world.clock.advance(std::time::Duration::from_mins(3));
    (world, deletion)
}

#[tokio::test]
async fn a_cancel_that_is_killed_at_any_call_ends_like_an_undisturbed_one() {
    for pages in [1, 2] {
        let ready = move |page_keys: usize| -> Ready {
            Box::pin(cancelled_behind_a_page(page_keys.min(3), pages))
        };
        ends_the_same("cancel", State::Cancelled, ready).await;
    }
}

#[tokio::test]
async fn a_retry_after_a_cancel_that_is_killed_at_any_call_ends_like_an_undisturbed_one() {
    ends_the_same("retry after a cancel", State::Deleted, |page_keys| {
        Box::pin(async move {
            let (world, deletion) = cancelled_behind_a_page(page_keys.min(3), 2).await;
            world.come_to_rest().await;
            assert_eq!(world.now(&deletion).state, State::Cancelled);
            asked((world, deletion), Action::Retry).await
        })
    })
    .await;
}

#[tokio::test]
async fn a_restore_after_a_cancel_that_is_killed_at_any_call_ends_like_an_undisturbed_one() {
    ends_the_same("restore after a cancel", State::Restored, |page_keys| {
        Box::pin(async move {
            let (world, deletion) = cancelled_behind_a_page(page_keys.min(3), 2).await;
            world.come_to_rest().await;
            asked((world, deletion), Action::Restore).await
        })
    })
    .await;
}

#[tokio::test]
async fn a_purge_after_a_cancel_that_is_killed_at_any_call_ends_like_an_undisturbed_one() {
    ends_the_same("purge after a cancel", State::Purged, |page_keys| {
        Box::pin(async move {
            let (world, deletion) = cancelled_behind_a_page(page_keys.min(3), 2).await;
            world.come_to_rest().await;
            asked((world, deletion), Action::Purge).await
        })
    })
    .await;
}

#[tokio::test]
async fn a_purge_on_request_that_is_killed_at_any_call_ends_like_an_undisturbed_one() {
    ends_the_same("purge", State::Purged, |page_keys| {
        Box::pin(async move { asked(deleted(page_keys, false).await, Action::Purge).await })
    })
    .await;
}

#[tokio::test]
async fn a_retry_of_a_purge_that_is_killed_at_any_call_ends_like_an_undisturbed_one() {
    ends_the_same("retry of a purge", State::Purged, |page_keys| {
        Box::pin(async move {
            let (world, deletion) = deleted(page_keys, true).await;
            let stands = world.act_and_rest(&deletion, Action::Purge).await;
            assert_eq!(stands.state, State::PurgeFailed);
            world.documents.accept("l-d1-1");
            asked((world, deletion), Action::Retry).await
        })
    })
    .await;
}
