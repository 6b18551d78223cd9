//! What a purge must leave alone, and documents that change under its hands.

use domain::deletion::State;
use domain::page::NotPurged;
use testing::samples::{key, key2};
use testing::{Moment, Operation};

use crate::engine::purge::purges::{deleted, purged};
use crate::engine::world::text;
use crate::engine::world::trees::{mail, message_key};

#[tokio::test]
async fn a_root_created_anew_with_new_children_survives_with_them_and_the_old_ones_go() {
    for again in [false, true] {
        let world = mail(3);
        let deletion = deleted(&world, "discussions", "d").await;
        world
            .rows
            .remove(world.collection("discussions"), &key("d"));
        world.put("discussions", &key("d"), None);
        world.put("messages", &key2("d", "new"), Some(&key("d")));
        if again {
            // The same key as an old child.
            world.put("messages", &message_key("d", 0), Some(&key("d")));
        }
        world.until_purge(&deletion);

        world.come_to_rest().await;

        let live = (Some(String::new()), Some(String::new()));
        assert_eq!(world.now(&deletion).state, State::Purged);
        assert_eq!(world.marks("discussions", &key("d")), live);
        assert_eq!(world.marks("messages", &key2("d", "new")), live);
        assert_eq!(world.marks("messages", &message_key("d", 1)), (None, None));
        if again {
            assert_eq!(world.marks("messages", &message_key("d", 0)), live);
        }
        assert_eq!(
            purged(&world, &deletion),
            if again { (2, 2, 0) } else { (3, 1, 0) }
        );
        let (_, exceptions) = &world.deletions.manifest(&deletion)[0];
        assert_eq!(exceptions.purged[&0], NotPurged::Kept);
    }
}

#[tokio::test]
async fn a_record_created_anew_at_any_call_of_the_purge_survives_with_its_document() {
    let ready = || async {
        let world = mail(3);
        let deletion = deleted(&world, "discussions", "d").await;
        // The root is gone, so that what is below it may be new as well.
        world.until_purge(&deletion);
        (world, deletion)
    };
    let (world, _) = ready().await;
    let faults = world.faults();
    world.sweep(&faults).await.unwrap();
    for place in 0..faults.log().len() {
        let (world, deletion) = ready().await;
        let log = faults.log();
        let operation = log[place].operation;
        let nth = log[..=place]
            .iter()
            .filter(|call| call.operation == operation)
            .count() as u64;
        let looked = log[..place]
            .iter()
            .filter(|call| call.operation == Operation::QueryRows)
            .count()
            > 0;
        if !looked {
            // Before the look has passed it is a record that came late: collected.
            continue;
        }
        let script = world.faults();
        let (beside, message) = (world.clone(), message_key("d", 1));
        script.beside(operation, nth, Moment::After, move || {
            beside.put("messages", &message, Some(&key("d")));
        });

        world.sweep(&script).await.unwrap();
        world.come_to_rest().await;

        let live = (Some(String::new()), Some(String::new()));
        assert_eq!(
            world.marks("messages", &message_key("d", 1)),
            live,
            "written behind call {place}, {operation:?} {nth}"
        );
        assert_eq!(world.marks("messages", &message_key("d", 0)), (None, None));
        assert_eq!(world.now(&deletion).state, State::Purged);
    }
}

#[tokio::test]
async fn a_document_rewritten_between_read_and_removal_is_read_again() {
    let world = mail(3);
    let deletion = deleted(&world, "discussions", "d").await;
    world.until_purge(&deletion);
    let faults = world.faults();
    let beside = world.clone();
    faults.beside(Operation::RemoveDocuments, 1, Moment::Before, move || {
        // The outside writer still has the old text; the row says what it is.
        let collection = beside.collection("messages");
        let source = beside.document("messages", &message_key("d", 1)).unwrap();
        beside.documents.put(collection, "d\u{1f}m0001", source);
    });

    world.sweep(&faults).await.unwrap();

    assert_eq!(world.now(&deletion).state, State::Purged);
    assert_eq!(purged(&world, &deletion), (4, 0, 0));
    assert_eq!(world.document("messages", &message_key("d", 1)), None);
    assert!(
        faults.count(Operation::DocumentStates) > 2,
        "it was read again"
    );
}

#[tokio::test]
async fn a_document_that_changes_all_the_time_is_left_with_its_row() {
    let world = mail(3);
    let deletion = deleted(&world, "discussions", "d").await;
    world.until_purge(&deletion);
    let faults = world.faults();
    for nth in 1..=20 {
        let beside = world.clone();
        faults.beside(Operation::RemoveDocuments, nth, Moment::Before, move || {
            if let Some(source) = beside.document("messages", &message_key("d", 1)) {
                beside
                    .documents
                    .put(beside.collection("messages"), "d\u{1f}m0001", source);
            }
        });
    }

    world.sweep(&faults).await.unwrap();

    assert_eq!(world.now(&deletion).state, State::PurgeFailed);
    assert_eq!(purged(&world, &deletion), (2, 0, 1));
    assert_eq!(
        world.marks("messages", &message_key("d", 1)),
        (text(deletion.id), text(deletion.id))
    );
}

#[tokio::test]
async fn a_document_that_is_gone_already_and_a_row_that_is_gone_already_are_fine() {
    let world = mail(4);
    let deletion = deleted(&world, "discussions", "d").await;
    world
        .documents
        .forget(world.collection("messages"), "d\u{1f}m0001");
    world
        .rows
        .remove(world.collection("messages"), &message_key("d", 2));
    world.until_purge(&deletion);

    world.come_to_rest().await;

    assert_eq!(world.now(&deletion).state, State::Purged);
    assert_eq!(purged(&world, &deletion), (5, 0, 0));
    assert_eq!(
        world.document("messages", &message_key("d", 2)),
        None,
        "a document without a row goes too"
    );
}
