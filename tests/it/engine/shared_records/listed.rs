//! How often a shared record is in the manifest: once, although several links lead to it, and what counts say where it is
//! in it twice.

use domain::collection::Strategy;
use domain::deletion::{Action, Deletion, State};
use domain::page::Outcome;
use requests::destroy::Requested;
use testing::samples::{key, key2};
use testing::{Moment, Operation};

use crate::engine::shared_records::world::{
    PAGE_SIZES, STRATEGIES, chat, deleted, destroy_messages, listed, live_files, message, put_link,
};
use crate::engine::world::{Ignore as _, World};

/// The messages that have the file `both`, each with a link of its own.
async fn delete_both_messages(world: &World) -> Deletion {
    let ids = Requested::Ids {
        ids: vec![message("s0"), message("s1")],
        author: None,
    };
    destroy_messages(world, "messages", ids).await
}

/// Makes the delete fail on the file while its row carries no mark, so that the next link leads to it once more.
fn keep_from_being_taken(world: &World, strategy: Strategy) {
    match strategy {
        Strategy::Flag | Strategy::Archive => {
            let mut row = world.row("files", &key("both")).unwrap();
            row.insert("body".to_owned(), "x".repeat(409_500).into());
            world.rows.put(world.collection("files"), row);
        }
        Strategy::Erase => world.documents.reject("both", "for now"),
    }
}

#[tokio::test]
async fn one_that_cannot_be_marked_is_listed_once_in_each_run() {
    for strategy in STRATEGIES {
        for page_keys in PAGE_SIZES {
            let context = format!("{strategy:?}, pages of {page_keys}");
            let world = chat(strategy, page_keys);
            keep_from_being_taken(&world, strategy);
            let deletion = delete_both_messages(&world).await;
            world.come_to_rest().await;
            let files = || listed(&world, &deletion);
            let both = || files().into_iter().filter(|(file, _)| file == "both");
            assert_eq!(world.now(&deletion).state, State::DeleteFailed, "{context}");
            assert_eq!(both().count(), 1, "{context}: {:?}", files());
            assert!(both().all(|(_, outcome)| outcome.is_failed()), "{context}");

            world.act_and_rest(&deletion, Action::Retry).await;

            let again = world.now(&deletion);
            assert_eq!(again.state, State::DeleteFailed, "{context}");
            assert_eq!(both().count(), 1, "{context}: {:?}", files());
            assert_eq!(again.deleted["files"].failed, 1, "{context}");
            if strategy != Strategy::Erase {
                // One that is made smaller may be another record by then: files have no time.
                continue;
            }
            world.documents.accept("both");

            let ended = world.act_and_rest(&deletion, Action::Retry).await;

            assert_eq!(ended.failure, None, "{context}");
            let counts = ended.deleted["files"];
            assert_eq!((counts.selected, counts.deleted), (1, 1), "{context}");
            assert_eq!(files(), deleted(&["both"]), "{context}");
        }
    }
}

/// Whether the manifest has a record is asked once for each page that is written, not once for each few links.
#[tokio::test]
async fn after_a_failure_the_manifest_is_read_once_for_each_page_of_shared_records() {
    for strategy in STRATEGIES {
        let world = chat(strategy, 200);
        keep_from_being_taken(&world, strategy);
        for number in 0..1000 {
            let file = format!("f{number:04}");
            world.put("files", &key(&file), None);
            put_link(&world, "s1", &file);
        }
        let deletion = delete_both_messages(&world).await;
        let faults = world.faults();

        world.deliver(&faults, &deletion).await.unwrap().ignore();

        let ended = world.now(&deletion);
        assert_eq!(ended.state, State::DeleteFailed, "{strategy:?}");
        let counts = ended.deleted["files"];
        assert_eq!((counts.deleted, counts.failed), (1000, 1), "{strategy:?}");
        // Each page is written, done and walked over, and read for the pages of shared records that are behind it.
        let (pages, shared) = (ended.pages as usize, 6);
        let reads = faults.count(Operation::ReadPage);
        assert!(reads <= pages * (shared + 6), "{strategy:?}: {reads}");
    }
}

/// A live link keeps a record when its page is done, and has gone by the time that the next link is looked at, so that the
/// record must go after all. What is done with its first entry is stored by then.
async fn held_back_and_let_go(strategy: Strategy) -> (World, Deletion) {
    let world = chat(strategy, 1);
    let deletion = delete_both_messages(&world).await;
    let faults = world.faults();
    let other = world.clone();
    // The page with the file, behind those of two messages and four links, is written, and not done.
    faults.beside(Operation::PutPage, 7, Moment::After, move || {
        put_link(&other, "t1", "both");
    });
    let other = world.clone();
    // It is done.
    faults.beside(Operation::PutExceptions, 1, Moment::After, move || {
        let links = other.collection("message_files");
        other.rows.remove(links, &key2("t1", "both"));
    });
    world.deliver(&faults, &deletion).await.unwrap().ignore();
    world.come_to_rest().await;
    (world, deletion)
}

/// Both entries are listed, each with what became of it, and counts count entries.
#[tokio::test]
async fn one_that_was_held_back_and_let_go_is_listed_twice_and_counts_say_so() {
    for strategy in STRATEGIES {
        let context = format!("{strategy:?}");
        let (world, deletion) = held_back_and_let_go(strategy).await;

        let entries = [Outcome::Kept, Outcome::Deleted].map(|outcome| ("both".to_owned(), outcome));
        assert_eq!(listed(&world, &deletion), entries, "{context}");
        assert!(
            !live_files(&world).contains(&"both".to_owned()),
            "{context}"
        );
        let counts = world.now(&deletion).deleted["files"];
        let all = (counts.selected, counts.kept, counts.deleted);
        assert_eq!(all, (2, 1, 1), "{context}");
        if strategy == Strategy::Erase {
            continue;
        }

        let purged = world.act_and_rest(&deletion, Action::Purge).await;
        assert_eq!(purged.state, State::Purged, "{context}");
        let counts = purged.purged["files"];
        assert_eq!((counts.purged, counts.kept), (2, 0), "{context}");
        assert_eq!(world.row("files", &key("both")), None, "{context}");

        let (world, deletion) = held_back_and_let_go(strategy).await;
        let restored = world.act_and_rest(&deletion, Action::Restore).await;
        assert_eq!(restored.state, State::Restored, "{context}");
        let counts = restored.restored["files"];
        assert_eq!((counts.restored, counts.conflict), (2, 0), "{context}");
        assert!(live_files(&world).contains(&"both".to_owned()), "{context}");
    }
}
