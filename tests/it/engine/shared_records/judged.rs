//! Shared records that take long to judge, and such as cannot be given back at once.

use std::time::Duration;

use domain::collection::Strategy;
use domain::deletion::{Action, State};
use domain::page::{Page, SelectCursor};
use testing::samples::{collection, deletion, key, key2};
use testing::{Fault, Moment, Operation};

use crate::engine::shared_records::world::{
    PAGE_SIZES, STRATEGIES, chat, live_files, message, put_link,
};
use crate::engine::world::{Ignore as _, World};

/// Many files that a message of the stream and one of another stream have.
fn shared_by_two(strategy: Strategy) -> World {
    let world = chat(strategy, 1000);
    for number in 0..600 {
        let file = format!("f{number:03}");
        world.put("files", &key(&file), None);
        put_link(&world, "s1", &file);
        put_link(&world, "t1", &file);
    }
    world
}

#[tokio::test]
async fn many_records_that_all_stay_are_judged_although_each_slice_has_time_for_some() {
    for strategy in [Strategy::Flag, Strategy::Archive] {
        let world = shared_by_two(strategy);
        let before = live_files(&world);
        let deletion = world.accept("streams", &key("s")).await;
        let faults = world.faults();
        faults.slow(Duration::from_millis(50));

        for _ in 0..200 {
            if world.now(&deletion).state == State::Deleted {
                break;
            }
            world.deliver(&faults, &deletion).await.unwrap().ignore();
        }

        assert_eq!(world.now(&deletion).state, State::Deleted, "{strategy:?}");
        let stay = before.iter().filter(|file| file.starts_with('f')).count();
        let live = live_files(&world);
        assert_eq!(
            live.iter().filter(|file| file.starts_with('f')).count(),
            stay
        );
    }
}

#[tokio::test]
async fn what_a_purge_cannot_give_back_whole_has_failed_and_a_retry_gives_it_back() {
    for strategy in [Strategy::Flag, Strategy::Archive] {
        let world = chat(strategy, 1000);
        let before = world.row("files", &key("own"));
        let deletion = world.delete_and_rest("streams", &key("s")).await;
        put_link(&world, "t1", "own");
        world.documents.reject("own", "mapper_parsing_exception");
        world.until_purge(&deletion);
        world.come_to_rest().await;
        let failed = world.now(&deletion);
        assert_eq!(failed.state, State::PurgeFailed, "{strategy:?}");
        assert_eq!(failed.purged["files"].failed, 1, "{strategy:?}");
        world.documents.accept("own");

        let purged = world.act_and_rest(&deletion, Action::Retry).await;

        assert_eq!(purged.state, State::Purged, "{strategy:?}");
        assert_eq!(world.row("files", &key("own")), before, "{strategy:?}");
        let (row, document) = world.marks("files", &key("own"));
        assert_eq!((row.as_deref(), document.as_deref()), (Some(""), Some("")));
    }
}

/// The page of a record that stays is written, and the deletion is cancelled before it knows of that page.
#[tokio::test]
async fn a_retry_behind_a_cancel_takes_what_was_kept_in_a_page_that_nobody_knew() {
    for strategy in STRATEGIES {
        for page_keys in PAGE_SIZES {
            let context = format!("{strategy:?}, pages of {page_keys}");
            let world = chat(strategy, page_keys);
            world.accept("messages", &message("s0")).await;
            world.come_to_rest().await;
            let deletion = world.accept("covers", &key2("own", "s")).await;
            let faults = world.faults();
            let beside = world.clone();
            faults.beside(Operation::PutPage, 1, Moment::After, move || {
                put_link(&beside, "t1", "own");
            });
            faults.fail(Operation::PutPage, 1..=1, Fault::Unavailable(Moment::After));
            world.deliver(&faults, &deletion).await.unwrap().ignore();
            assert_eq!(world.deletions.manifest(&deletion).len(), 2, "{context}");
            world.act(&deletion, Action::Cancel).await.unwrap();
            world.come_to_rest().await;
            assert_eq!(world.now(&deletion).state, State::Cancelled, "{context}");
            assert!(live_files(&world).contains(&"own".to_owned()), "{context}");
            let link = world.collection("message_files").clone();
            world.rows.remove(&link, &key2("t1", "own"));

            let retried = world.act_and_rest(&deletion, Action::Retry).await;

            assert!(retried.state.is_done(), "{context}: {:?}", retried.state);
            let is_live = live_files(&world).contains(&"own".to_owned());
            let counts = retried.deleted["files"];
            // What is marked in place finishes a written page before a cancel: the record was kept by then, as the manifest
            // says, whoever removes the link later.
            let kept = strategy == Strategy::Flag;
            assert_eq!(is_live, kept, "{context}");
            let expected = (u64::from(!kept), u64::from(kept));
            assert_eq!((counts.deleted, counts.kept), expected, "{context}");
        }
    }
}

/// A page that a dead worker wrote says where *its* selection continues, which may be below records and not at links.
#[test]
fn only_the_place_of_links_says_how_far_the_links_are() {
    let at = jiff::Timestamp::UNIX_EPOCH;
    let collection = collection("discussions");
    let deletion = deletion(1, &collection, &key("d"), "acme");
    let page = |next| Page {
        number: 2,
        entries: Vec::new(),
        next,
    };
    let links = |next| deletion.page_of_shared_records(at, &page(next)).links;

    assert_eq!(links(Some(SelectCursor::ROOT)), None);
    assert_eq!(links(Some(SelectCursor::REQUESTED)), None);
    assert_eq!(links(None), None);
    assert_eq!(
        links(Some(SelectCursor::SHARED)),
        Some(SelectCursor::SHARED)
    );
}
