//! What was lost or older in the search index while its record was deleted: after a restore both stores say what the row
//! says.

use domain::collection::Strategy;
use domain::deletion::comparison::Drift;
use domain::deletion::{Action, Deletion, State};
use domain::key::RecordKey;
use domain::page::NotRestored;
use serde_json::{Map, Value, json};
use testing::samples::{key, key2, mark, marked};
use testing::{Moment, Operation};

use crate::engine::compare::compares::{compared, of};
use crate::engine::world::strategies::{archived, small, tree};
use crate::engine::world::trees::FOUR_LEVELS;
use crate::engine::world::{Ignore as _, World, document_id};

const STRATEGIES: [Strategy; 2] = [Strategy::Flag, Strategy::Archive];

/// The small tree, deleted.
async fn deleted(strategy: Strategy, page_keys: usize) -> (World, Deletion) {
    let mut world = match strategy {
        Strategy::Archive => small(&archived()),
        Strategy::Flag | Strategy::Erase => small(FOUR_LEVELS),
    };
    world.page_keys = page_keys;
    let deletion = world.delete_and_rest("lists", &key("l")).await;
    assert_eq!(deletion.state, State::Deleted);
    (world, deletion)
}

/// The documents of the tree: all but the reaction have one.
fn documents(world: &World) -> Vec<Option<Map<String, Value>>> {
    let of_tree = tree().into_iter();
    of_tree
        .filter(|(collection, ..)| *collection != "reactions")
        .map(|(collection, key, _)| world.document(collection, &key))
        .collect()
}

/// What an index or a backup of it brings back: the documents of the tree, with an older text and these marks.
fn put_older(world: &World, marks: impl Fn(&str, &RecordKey) -> Map<String, Value>) {
    for (name, key, parent) in tree() {
        let collection = world.collection(name);
        if let Some(id) = document_id(collection, &key) {
            let mut older = world.live_row(name, &key, parent.as_ref());
            older.insert("subject".to_owned(), json!("an older text"));
            older.extend(marks(name, &key));
            world.documents.put(collection, &id, older);
        }
    }
}

fn forget_all(world: &World) {
    for collection in world.collections.iter() {
        for id in world.documents.ids(collection) {
            world.documents.forget(collection, &id);
        }
    }
}

/// Whether each record of the tree is found by what its row says.
fn assert_told(world: &World, context: &str) {
    for document in documents(world) {
        let document = document.unwrap_or_else(|| panic!("it is missing: {context}"));
        assert_eq!(document["subject"], "a stone", "{context}");
        let mark = |name: &&str| document.contains_key(*name);
        let marked = ["deleted_at", "date_delete", "deletion_id"]
            .iter()
            .any(mark);
        assert!(!marked, "{document:?}, {context}");
    }
}

#[tokio::test]
async fn documents_that_were_lost_while_their_records_were_deleted_are_written_from_the_rows() {
    for strategy in STRATEGIES {
        for page_keys in [1, 2, 1000] {
            let (world, deletion) = deleted(strategy, page_keys).await;
            forget_all(&world);

            world.act(&deletion, Action::Restore).await.unwrap();
            world.deliver_all_to_the_end().await;

            let context = format!("{strategy:?}, {page_keys}");
            assert_eq!(world.now(&deletion).state, State::Restored, "{context}");
            assert_told(&world, &context);
        }
    }
}

#[tokio::test]
async fn documents_that_were_put_back_older_while_their_records_were_deleted_are_written_from_the_rows()
 {
    for strategy in STRATEGIES {
        let (world, deletion) = deleted(strategy, 1000).await;
        put_older(&world, |_, _| Map::new());

        world.act(&deletion, Action::Restore).await.unwrap();
        world.deliver_all_to_the_end().await;

        let context = format!("{strategy:?}");
        assert_eq!(world.now(&deletion).state, State::Restored, "{context}");
        assert_told(&world, &context);
    }
}

#[tokio::test]
async fn an_older_document_with_the_mark_is_found_by_the_comparison() {
    for strategy in STRATEGIES {
        let (world, deletion) = deleted(strategy, 1000).await;
        put_older(&world, |name, _| {
            let collection = world.collection(name);
            let marks = deletion.mark().attributes(collection);
            marks
                .map(|(name, value)| (name.to_owned(), json!(value)))
                .into_iter()
                .collect()
        });
        world.act(&deletion, Action::Restore).await.unwrap();
        world.deliver_all_to_the_end().await;

        let report = compared(&world, &deletion).await;

        assert_eq!(of(&report, Drift::StaleDocument), (5, 5), "{strategy:?}");
        assert_told(&world, &format!("{strategy:?}"));
    }
}

#[tokio::test]
async fn documents_that_are_lost_or_older_after_a_restore_are_found_and_written() {
    for strategy in STRATEGIES {
        for is_lost in [true, false] {
            let (world, deletion) = deleted(strategy, 1000).await;
            world.act(&deletion, Action::Restore).await.unwrap();
            world.deliver_all_to_the_end().await;
            if is_lost {
                forget_all(&world);
            } else {
                put_older(&world, |_, _| Map::new());
            }

            let report = compared(&world, &deletion).await;

            let context = format!("{strategy:?}, lost: {is_lost}");
            assert_eq!(of(&report, Drift::StaleDocument), (5, 5), "{context}");
            assert_told(&world, &context);
            assert_eq!(
                world.now(&deletion).comparison.found(Drift::StaleDocument),
                5
            );
        }
    }
}

#[tokio::test]
async fn documents_that_say_what_their_rows_say_are_no_drift() {
    for strategy in STRATEGIES {
        let (world, deletion) = deleted(strategy, 1000).await;
        world.act(&deletion, Action::Restore).await.unwrap();
        world.deliver_all_to_the_end().await;
        let before = documents(&world);

        let report = compared(&world, &deletion).await;

        assert_eq!(report.drift.len(), 0, "{strategy:?}");
        assert_eq!(documents(&world), before, "{strategy:?}");
    }
}

#[tokio::test]
async fn a_lost_document_that_the_index_refuses_has_failed_and_a_retry_writes_it() {
    let (world, deletion) = deleted(Strategy::Flag, 1000).await;
    forget_all(&world);
    world.documents.reject("l-d1-0", "mapper_parsing_exception");

    let failed = world.act_and_rest(&deletion, Action::Restore).await;

    assert_eq!(failed.state, State::RestoreFailed);
    let reasons = world.deletions.manifest(&failed).into_iter();
    let reasons: Vec<NotRestored> = reasons
        .flat_map(|(_, exceptions)| exceptions.restored.into_values())
        .collect();
    let reason = "DOCUMENT_REJECTED: mapper_parsing_exception".to_owned();
    assert_eq!(reasons, [NotRestored::Failed { reason }]);

    world.documents.accept("l-d1-0");
    let restored = world.act_and_rest(&deletion, Action::Retry).await;

    assert_eq!(restored.state, State::Restored);
    assert_told(&world, "after the retry");
}

#[tokio::test]
async fn a_record_that_is_deleted_again_while_its_document_is_written_stays_hidden() {
    for operation in [Operation::IndexDocument, Operation::DocumentContents] {
        for moment in [Moment::Before, Moment::After] {
            let (world, deletion) = deleted(Strategy::Flag, 1000).await;
            forget_all(&world);
            world.act(&deletion, Action::Restore).await.unwrap();
            let _ = world.queue.take();
            let (faults, other) = (world.faults(), world.clone());
            faults.beside(operation, 1, moment, move || {
                let collection = other.collection("discussions").clone();
                let row = other.row("discussions", &key2("l", "d1")).unwrap();
                other
                    .rows
                    .put(&collection, marked(&collection, row, &mark(9)));
            });

            world.deliver(&faults, &deletion).await.unwrap().ignore();
            world.come_to_rest().await;

            let (row, document) = world.marks("discussions", &key2("l", "d1"));
            assert_eq!(row, Some(mark(9).deletion_id.to_string()));
            assert_eq!(document, row, "{operation:?} {moment:?}");
        }
    }
}

#[tokio::test]
async fn a_root_whose_document_the_index_refuses_has_failed_and_a_retry_writes_it() {
    for strategy in STRATEGIES {
        for is_lost in [false, true] {
            let context = format!("{strategy:?}, lost: {is_lost}");
            let (world, deletion) = deleted(strategy, 1000).await;
            if is_lost {
                forget_all(&world);
            }
            world.documents.reject("l", "mapper_parsing_exception");

            let failed = world.act_and_rest(&deletion, Action::Restore).await;

            assert_eq!(failed.state, State::RestoreFailed, "{context}");
            assert_eq!(failed.failure.as_ref().unwrap().code, "RECORDS_FAILED");
            let counts = failed.restored["lists"];
            assert_eq!((counts.restored, counts.failed), (0, 1), "{context}");
            let why = world.deletions.exceptions_of(&deletion, 1).restored;
            let NotRestored::Failed { reason } = &why[&0] else {
                panic!("{why:?}, {context}");
            };
            assert!(reason.starts_with("DOCUMENT_REJECTED"), "{reason}");
            let row = world.marks("lists", &key("l")).0;
            assert_eq!(row, Some(String::new()), "its row is back, {context}");
            assert_eq!(world.named("RecordsRestored").len(), 5, "{context}");
            let ends = world.told("DeletionFinished");
            let end = ends.last().unwrap();
            assert_eq!(end.detail["state"], "RESTORE_FAILED", "{context}");

            // Nothing has changed: it fails once more.
            let again = world.act_and_rest(&deletion, Action::Retry).await;
            assert_eq!(again.state, State::RestoreFailed, "{context}");
            assert_eq!(again.restored["lists"].failed, 1, "{context}");

            world.documents.accept("l");
            let restored = world.act_and_rest(&deletion, Action::Retry).await;

            assert_eq!(restored.state, State::Restored, "{context}");
            let counts = restored.restored["lists"];
            assert_eq!((counts.restored, counts.failed), (1, 0), "{context}");
            assert_told(&world, &context);
            let told = world.named("RecordsRestored");
            assert_eq!(told.len(), 6, "{context}");
            assert!(
                told.values().all(|times| *times == 1),
                "{context}: {told:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_root_that_is_back_is_found_again_though_the_rest_of_its_deletion_is_purged() {
    for strategy in STRATEGIES {
        for is_lost in [false, true] {
            let context = format!("{strategy:?}, lost: {is_lost}");
            let (world, deletion) = deleted(strategy, 1000).await;
            if is_lost {
                forget_all(&world);
            }
            world.documents.reject("l", "mapper_parsing_exception");
            let failed = world.act_and_rest(&deletion, Action::Restore).await;
            assert_eq!(failed.state, State::RestoreFailed, "{context}");
            world.documents.accept("l");

            let purged = world.act_and_rest(&deletion, Action::Purge).await;
            let report = compared(&world, &deletion).await;

            assert_eq!(purged.state, State::Purged, "{context}");
            assert_told(&world, &context);
            let written = u64::from(is_lost);
            let found = of(&report, Drift::StaleDocument);
            assert_eq!(found, (written, written), "{context}");
        }
    }
}

#[tokio::test]
async fn a_worker_that_dies_where_the_roots_document_is_refused_leaves_the_same_end() {
    let (world, deletion) = deleted(Strategy::Flag, 1000).await;
    world.documents.reject("l", "mapper_parsing_exception");
    world.act(&deletion, Action::Restore).await.unwrap();
    let faults = world.faults();
    world.deliver(&faults, &deletion).await.unwrap().ignore();
    for call in 1..=faults.calls() {
        for moment in [Moment::Before, Moment::After] {
            let (world, deletion) = deleted(Strategy::Flag, 1000).await;
            world.documents.reject("l", "mapper_parsing_exception");
            world.act(&deletion, Action::Restore).await.unwrap();
            let faults = world.faults();
            faults.crash_at(call, moment);
            let _dead = faults.until_crash(world.deliver(&faults, &deletion)).await;

            world.come_to_rest().await;

            let context = format!("call {call} {moment:?}");
            let failed = world.now(&deletion);
            assert_eq!(failed.state, State::RestoreFailed, "{context}");
            assert_eq!(failed.restored["lists"].failed, 1, "{context}");
            let why = world.deletions.exceptions_of(&deletion, 1).restored;
            assert!(why.contains_key(&0), "{context}");
        }
    }
}
