//! A worker of `archive` or `erase` is killed at every store call of every pass: the end is that of an undisturbed one.

use domain::deletion::{Action, Deletion, State};
use serde_json::Value;
use testing::samples::{key, key2, with_null};
use testing::{Fault, Faults, Moment, Operation};

use crate::engine::disturbed::crashes::cuts;
use crate::engine::world::end::End;
use crate::engine::world::strategies::{archived, erased, small, tree};
use crate::engine::world::{World, document_id};

const PAGE_SIZES: [usize; 3] = [1, 2, 1000];

/// Everything that can be seen, the archive included.
type Seen = (End, Value);

fn seen(world: &World, deletion: &Deletion) -> Seen {
    (world.end(deletion), world.archive(deletion.id))
}

/// The tree, with a row that has an explicit NULL, and a message that another deletion has taken before.
async fn world(collections: &str, page_keys: usize) -> World {
    let mut world = small(collections);
    world.page_keys = page_keys;
    let subscribers = world.collection("subscribers").clone();
    let row = world.row("subscribers", &key2("l", "bob")).unwrap();
    world.put_row("subscribers", with_null(&subscribers, row));
    world.delete_and_rest("messages", &key("l-d1-1")).await;
    // Its own purge is not what these tests look at.
    for mut earlier in world.deletions.all() {
        let pages: Vec<_> = world.deletions.manifest(&earlier);
        let pages: Vec<_> = pages.into_iter().map(|(page, _)| page).collect();
        earlier.purge_at = None;
        earlier.due_at = None;
        let messages = world.collection("messages");
        let scope = domain::scope::Scope::below(messages, &world.collections);
        world.deletions.put(&earlier, &scope, &pages);
    }
    world
}

/// A document without a row and without a copy could never be explained, nor found again.
fn assert_every_document_is_explained(world: &World, context: &str) {
    let copies = world.rows.copies();
    for collection in world.collections.iter() {
        let rows = world.rows.keys(collection);
        let keys = copies
            .iter()
            .filter(|(_, name, _)| *name == collection.name)
            .map(|(.., key)| key.clone());
        let explained: Vec<_> = rows
            .into_iter()
            .chain(keys)
            .filter_map(|key| document_id(collection, &key))
            .collect();
        for id in world.documents.ids(collection) {
            assert!(explained.contains(&id), "{context}: document {id:?}");
        }
    }
}

/// A record that is neither in its table nor in the archive is lost.
fn assert_nothing_is_lost(world: &World, deletion: &Deletion, context: &str) {
    for (name, key, _) in tree() {
        let collection = world.collection(name);
        let in_archive = world
            .rows
            .copies()
            .iter()
            .any(|(_, of, at)| *of == collection.name && *at == key);
        assert!(
            world.row(name, &key).is_some() || in_archive,
            "{context}: {name} {key:?} of {} is lost",
            deletion.id
        );
    }
}

async fn at_every_call(
    start: impl AsyncFn() -> (World, Deletion),
    check: impl Fn(&World, &Deletion, &str),
    end: State,
) {
    let (world, deletion) = start().await;
    let faults = world.faults();
    world.work(&faults, &deletion).await;
    world.come_to_rest().await;
    let expected = seen(&world, &deletion);
    assert_eq!(expected.0.state, end);
    for (call, moment) in cuts(&faults.log()) {
        let context = format!("killed at call {call}, {moment:?}");
        let (world, deletion) = start().await;
        let faults = world.faults();
        faults.crash_at(call, moment);

        let answer = faults.until_crash(world.work(&faults, &deletion)).await;

        assert!(answer.is_none(), "{context}: it is dead");
        check(&world, &deletion, &context);
        world.come_to_rest().await;
        assert_eq!(seen(&world, &deletion), expected, "{context}");
    }
    for (call, moment) in cuts(&faults.log()) {
        let context = format!("call {call} fails once, {moment:?}");
        let (world, deletion) = start().await;
        let faults = world.faults();
        faults.fail_any(call..=call, Fault::Unavailable(moment));

        world.work(&faults, &deletion).await;

        world.come_to_rest().await;
        assert_eq!(seen(&world, &deletion), expected, "{context}");
    }
}

async fn accepted(collections: &str, page_keys: usize) -> (World, Deletion) {
    let world = world(collections, page_keys).await;
    let deletion = world.accept("lists", &key("l")).await;
    (world, deletion)
}

/// Deleted, and then asked for something else.
async fn asked(page_keys: usize, action: Action) -> (World, Deletion) {
    let (world, deletion) = accepted(&archived(), page_keys).await;
    world.come_to_rest().await;
    world.act(&deletion, action).await.expect("it applies");
    drop(world.queue.take());
    (world, deletion)
}

#[tokio::test]
async fn an_archiving_delete_that_is_killed_at_any_call_ends_like_an_undisturbed_one() {
    for page_keys in PAGE_SIZES {
        at_every_call(
            async || accepted(&archived(), page_keys).await,
            |world, deletion, context| {
                assert_nothing_is_lost(world, deletion, context);
                assert_every_document_is_explained(world, context);
            },
            State::Deleted,
        )
        .await;
    }
}

#[tokio::test]
async fn an_erasing_delete_that_is_killed_at_any_call_ends_like_an_undisturbed_one() {
    for page_keys in PAGE_SIZES {
        at_every_call(
            async || accepted(&erased(), page_keys).await,
            |world, _, context| world.assert_every_document_has_its_row(context),
            State::Purged,
        )
        .await;
    }
}

#[tokio::test]
async fn a_restore_from_the_archive_that_is_killed_at_any_call_ends_like_an_undisturbed_one() {
    for page_keys in PAGE_SIZES {
        Box::pin(at_every_call(
            async || asked(page_keys, Action::Restore).await,
            |world, deletion, context| {
                assert_nothing_is_lost(world, deletion, context);
                assert_every_document_is_explained(world, context);
            },
            State::Restored,
        ))
        .await;
    }
}

#[tokio::test]
async fn a_purge_of_the_archive_that_is_killed_at_any_call_ends_like_an_undisturbed_one() {
    for page_keys in PAGE_SIZES {
        Box::pin(at_every_call(
            async || asked(page_keys, Action::Purge).await,
            |world, _, context| assert_every_document_is_explained(world, context),
            State::Purged,
        ))
        .await;
    }
}

/// A child arrives while the first rows go. Where the worker dies, what was found late may be in other pages: the records
/// are the same.
#[tokio::test]
async fn late_children_are_taken_whatever_call_the_worker_dies_at() {
    for collections in [archived(), erased()] {
        let late = |world: &World, faults: &Faults| {
            let taking = if collections.contains("erase") {
                Operation::EraseRows
            } else {
                Operation::TakeRows
            };
            let other = world.clone();
            faults.beside(taking, 1, Moment::Before, move || {
                other.put("discussions", &key2("l", "late"), Some(&key("l")));
                other.put("messages", &key("l-late-0"), Some(&key2("l", "late")));
            });
        };
        let (world, deletion) = accepted(&collections, 2).await;
        let faults = world.faults();
        late(&world, &faults);
        world.work(&faults, &deletion).await;
        world.come_to_rest().await;
        let (expected, archive) = seen(&world, &deletion);
        let began = faults
            .log()
            .iter()
            .find(|call| [Operation::EraseRows, Operation::TakeRows].contains(&call.operation))
            .map(|call| call.number)
            .expect("rows go");

        for (call, moment) in cuts(&faults.log()) {
            if call <= began {
                continue;
            }
            let (world, deletion) = accepted(&collections, 2).await;
            let faults = world.faults();
            late(&world, &faults);
            faults.crash_at(call, moment);
            let answer = faults.until_crash(world.work(&faults, &deletion)).await;
            assert!(answer.is_none());
            world.come_to_rest().await;

            let context = format!("killed at call {call}, {moment:?}");
            let end = world.end(&deletion);
            assert_eq!(end.state, expected.state, "{context}");
            assert_eq!(
                end.counts["deleted"], expected.counts["deleted"],
                "{context}"
            );
            assert_eq!(end.rows, expected.rows, "{context}");
            assert_eq!(end.documents, expected.documents, "{context}");
            assert_eq!(world.archive(deletion.id), archive, "{context}");
            assert!(
                world
                    .named("RecordsDeleted")
                    .values()
                    .all(|times| *times == 1)
            );
        }
    }
}
