//! Shared records that take long to judge, and such as cannot be given back at once.

use std::time::Duration;

use domain::collection::Strategy;
use domain::deletion::{Action, State};
use testing::samples::key;

use crate::engine::shared_records::world::{chat, live_files, put_link};
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
