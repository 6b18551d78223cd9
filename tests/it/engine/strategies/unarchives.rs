//! Archived records come back, or go for good.

use domain::deletion::{Action, State};
use domain::page::NotRestored;
use requests::act::ActError;
use serde_json::json;
use testing::samples::{key, key2, with_null};
use testing::{Moment, Operation};

use crate::engine::world::strategies::{archived, small, sum, tree};
use crate::engine::world::{Ignore as _, World};

fn everything(world: &World) -> Vec<serde_json::Value> {
    let records = tree().into_iter();
    records
        .map(|(collection, key, _)| {
            json!([
                world.row(collection, &key),
                world.document(collection, &key)
            ])
        })
        .collect()
}

#[tokio::test]
async fn a_restore_brings_back_the_same_ids_and_relations_again_and_again() {
    for page_keys in [1, 2, 1000] {
        let mut world = small(&archived());
        world.page_keys = page_keys;
        let row = world.row("subscribers", &key2("l", "bob")).unwrap();
        let row = with_null(world.collection("subscribers"), row);
        world.rows.put(world.collection("subscribers"), row);
        let before = everything(&world);

        for _ in 0..3 {
            let deletion = world.delete_and_rest("lists", &key("l")).await;
            assert_eq!(world.rows_of_tree(), 0);

            let restored = world.act_and_rest(&deletion, Action::Restore).await;

            assert_eq!(restored.state, State::Restored);
            assert_eq!(sum(&restored.restored, "restored"), 6);
            assert_eq!(everything(&world), before);
            assert!(world.rows.copies().is_empty());
            let again = world.act(&deletion, Action::Restore).await;
            assert!(matches!(again, Err(ActError::InvalidState(..))));
        }
    }
}

#[tokio::test]
async fn a_root_whose_key_is_taken_fails_the_restore_before_anything_has_moved() {
    let world = small(&archived());
    let deletion = world.delete_and_rest("lists", &key("l")).await;
    world.act(&deletion, Action::Restore).await.unwrap();
    world.put("lists", &key("l"), None);
    let (stands, archive) = (everything(&world), world.archive(deletion.id));

    world.come_to_rest().await;

    let failed = world.now(&deletion);
    assert_eq!(failed.state, State::RestoreFailed);
    assert_eq!(failed.failure.unwrap().code, "KEY_TAKEN");
    assert_eq!(everything(&world), stands);
    assert_eq!(world.archive(deletion.id), archive);

    // The way out, if the key does not become free: the copies go with a purge, the new record stays.
    let purged = world.act_and_rest(&deletion, Action::Purge).await;
    assert_eq!(purged.state, State::Purged);
    assert_eq!(sum(&purged.purged, "kept"), 1);
    assert!(world.rows.copies().is_empty());
    let live = (Some(String::new()), Some(String::new()));
    assert_eq!(world.marks("lists", &key("l")), live);
}

#[tokio::test]
async fn a_root_whose_key_becomes_free_is_restored_by_a_retry() {
    let world = small(&archived());
    let before = everything(&world);
    let deletion = world.delete_and_rest("lists", &key("l")).await;
    world.act(&deletion, Action::Restore).await.unwrap();
    world.put("lists", &key("l"), None);
    world.come_to_rest().await;
    let refused = world.act(&deletion, Action::Retry).await;
    assert!(matches!(refused, Err(ActError::KeyTaken)), "{refused:?}");
    world.rows.remove(world.collection("lists"), &key("l"));
    // What its owner wrote over the document went with it.
    let row = before[0][1].as_object().unwrap().clone();
    world.documents.put(world.collection("lists"), "l", row);

    let restored = world.act_and_rest(&deletion, Action::Retry).await;

    assert_eq!(restored.state, State::Restored);
    assert_eq!(everything(&world), before);
}

#[tokio::test]
async fn a_copy_whose_key_was_taken_stays_and_what_was_below_it_too() {
    for page_keys in [1, 1000] {
        let mut world = small(&archived());
        world.page_keys = page_keys;
        let deletion = world.delete_and_rest("lists", &key("l")).await;
        let mut new = world.live_row("discussions", &key2("l", "d1"), None);
        new.insert("subject".into(), json!("new"));
        world.put_row("discussions", new);
        let taken = world.row("discussions", &key2("l", "d1"));

        let restored = world.act_and_rest(&deletion, Action::Restore).await;

        assert_eq!(restored.state, State::Restored);
        assert_eq!(
            sum(&restored.restored, "restored"),
            2,
            "list and subscriber"
        );
        assert_eq!(sum(&restored.restored, "conflict"), 4);
        assert_eq!(world.row("discussions", &key2("l", "d1")), taken);
        assert_eq!(world.row("messages", &key("l-d1-0")), None);
        assert_eq!(world.row("reactions", &key2("l-d1-0", "x")), None);
        assert_eq!(world.copies_under(deletion.id).len(), 4);
        let why: Vec<_> = world
            .deletions
            .manifest(&deletion)
            .into_iter()
            .flat_map(|(_, exceptions)| exceptions.restored.into_values())
            .filter_map(|why| match why {
                NotRestored::Conflict { reason } => reason.split(':').next().map(str::to_owned),
                NotRestored::Failed { .. } => None,
            })
            .collect();
        assert_eq!(why.iter().filter(|why| *why == "KEY_TAKEN").count(), 1);
        assert_eq!(why.iter().filter(|why| *why == "PARENT_MISSING").count(), 3);
    }
}

#[tokio::test]
async fn the_archive_goes_when_the_retention_has_passed_and_not_a_millisecond_earlier() {
    let world = small(&archived());
    let deletion = world.delete_and_rest("lists", &key("l")).await;
    let purge_at = deletion.purge_at.unwrap();
    let just_before = purge_at
        .checked_sub(std::time::Duration::from_millis(1))
        .unwrap();
    world.clock.set(just_before);
    world.sweep(&world.faults()).await.unwrap();
    assert_eq!(world.copies_under(deletion.id).len(), 6);

    world.clock.set(purge_at);
    world.come_to_rest().await;

    let stands = world.now(&deletion);
    assert_eq!(stands.state, State::Purged);
    assert_eq!(sum(&stands.purged, "purged"), 6);
    assert!(world.rows.copies().is_empty());
    assert_eq!(everything(&world), vec![json!([null, null]); 6]);
    assert!(world.row("lists", &key("other")).is_some());
}

#[tokio::test]
async fn what_took_an_archived_key_and_what_is_below_it_survive_the_purge() {
    let world = small(&archived());
    let deletion = world.delete_and_rest("lists", &key("l")).await;
    // The message's key is free: another discussion gets one of that key, with a reaction.
    world.put("messages", &key("l-d1-0"), Some(&key2("other", "d9")));
    world.put("reactions", &key2("l-d1-0", "new"), Some(&key("l-d1-0")));
    world.until_purge(&deletion);

    world.come_to_rest().await;

    assert_eq!(world.now(&deletion).state, State::Purged);
    let live = (Some(String::new()), Some(String::new()));
    assert_eq!(world.marks("messages", &key("l-d1-0")), live);
    assert_eq!(world.marks("reactions", &key2("l-d1-0", "new")).0, live.0);
    assert!(world.rows.copies().is_empty());
}

#[tokio::test]
async fn a_purge_leaves_the_document_of_the_record_that_had_the_key_next_and_was_archived_too() {
    let world = small(&archived());
    let first = world
        .delete_and_rest("subscribers", &key2("l", "bob"))
        .await;
    world.put("subscribers", &key2("l", "bob"), Some(&key("l")));
    let before = everything(&world);
    world.clock.advance(std::time::Duration::from_mins(1));
    let second = world
        .delete_and_rest("subscribers", &key2("l", "bob"))
        .await;
    let document = world.document("subscribers", &key2("l", "bob")).unwrap();

    world.act_and_rest(&first, Action::Purge).await;

    assert_eq!(
        world.document("subscribers", &key2("l", "bob")),
        Some(document)
    );
    world.act_and_rest(&second, Action::Restore).await;
    assert_eq!(everything(&world), before);
}

#[tokio::test]
async fn a_restore_under_a_parent_that_is_deleted_fails_and_a_purge_is_the_way_out() {
    let world = small(&archived());
    let child = world.delete_and_rest("discussions", &key2("l", "d1")).await;
    world.act(&child, Action::Restore).await.unwrap();
    world.accept("lists", &key("l")).await;

    world.come_to_rest().await;

    let failed = world.now(&child);
    assert_eq!(failed.state, State::RestoreFailed);
    assert_eq!(failed.failure.unwrap().code, "PARENT_NOT_LIVE");
    let purged = world.act_and_rest(&child, Action::Purge).await;
    assert_eq!(purged.state, State::Purged);
    assert!(world.copies_under(child.id).is_empty());
    assert_eq!(world.rows_of_tree(), 0);
}

#[tokio::test]
async fn an_archived_row_stays_when_the_next_record_of_its_key_was_taken_too_and_comes_back() {
    for page_keys in [1, 1000] {
        let mut world = small(&archived());
        world.page_keys = page_keys;
        let deletion = world.accept("lists", &key("l")).await;
        let faults = world.faults();
        let other = world.clone();
        faults.beside(Operation::TakeRows, 1, Moment::After, move || {
            for (collection, at, parent) in tree().into_iter().skip(1) {
                if other.row(collection, &at).is_none() {
                    let mut next = other.live_row(collection, &at, parent.as_ref());
                    next.insert("subject".into(), json!("the next one"));
                    other.put_row(collection, next);
                }
            }
        });
        world.deliver(&faults, &deletion).await.unwrap().ignore();
        world.come_to_rest().await;
        let stands = world.now(&deletion);
        assert_eq!(stands.state, State::Deleted);
        let twice: Vec<_> = tree()
            .into_iter()
            .filter(|(collection, key, _)| world.row(collection, key).is_some())
            .map(|(collection, key, _)| (world.collection(collection).name.clone(), key))
            .collect();
        assert!(!twice.is_empty(), "the late ones are marked in place");

        let restored = world.act_and_rest(&deletion, Action::Restore).await;

        assert_eq!(restored.state, State::Restored);
        let left = world.copies_under(deletion.id);
        assert_eq!(
            left, twice,
            "the earlier ones cannot come back, and are kept"
        );
        let conflicts = sum(&restored.restored, "conflict");
        assert_eq!(conflicts, u64::try_from(twice.len()).unwrap());
        for (collection, key) in twice {
            let row = world.row(collection.as_ref(), &key).unwrap();
            assert_eq!(row["subject"], "the next one");
            let live = Some(String::new());
            assert_eq!(world.marks(collection.as_ref(), &key).0, live);
        }
    }
}
