//! Documents with a routing of their own, where the collections file says nothing of it: they are on another shard than
//! the one that is asked. None of them counts as done.

use domain::deletion::{Action, State};
use testing::samples::key;

use crate::engine::world::World;
use crate::engine::world::strategies::{archived, erased, small, sum};
use crate::engine::world::trees::FOUR_LEVELS;

fn route(world: &World, message: &str) {
    let messages = world.collection("messages");
    world.documents.route(messages, message);
}

#[tokio::test]
async fn a_document_on_another_shard_fails_its_record_and_says_why() {
    for collections in [FOUR_LEVELS.to_owned(), archived(), erased()] {
        let world = small(&collections);
        route(&world, "l-d1-1");

        let deletion = world.delete_and_rest("lists", &key("l")).await;

        assert_eq!(
            deletion.state,
            State::DeleteFailed,
            "{:?}",
            deletion.strategy
        );
        assert!(sum(&deletion.deleted, "failed") >= 1);
        let manifest = world.deletions.manifest(&deletion);
        let told = manifest.iter().any(|(_, exceptions)| {
            let reasons = serde_json::to_string(exceptions).unwrap();
            reasons.contains("DOCUMENT_ROUTED")
        });
        assert!(told, "{:?}", deletion.strategy);
    }
}

#[tokio::test]
async fn a_purge_leaves_the_record_of_a_document_that_it_cannot_remove() {
    for collections in [FOUR_LEVELS.to_owned(), archived()] {
        let world = small(&collections);
        let deletion = world.delete_and_rest("lists", &key("l")).await;
        assert_eq!(deletion.state, State::Deleted);
        route(&world, "l-d1-1");

        let purged = world.act_and_rest(&deletion, Action::Purge).await;

        assert_eq!(purged.state, State::PurgeFailed, "{:?}", deletion.strategy);
    }
}

#[tokio::test]
async fn nothing_is_asked_where_every_document_is_found_and_one_call_for_a_page_where_one_is_not() {
    for (is_missing, calls) in [(false, 0), (true, 1)] {
        let world = small(FOUR_LEVELS);
        if is_missing {
            let messages = world.collection("messages");
            world.documents.forget(messages, "l-d1-1");
        }
        let faults = world.faults();
        let deletion = world.accept("lists", &key("l")).await;

        let delivered = world.deliver(&faults, &deletion).await;

        assert!(delivered.is_ok());
        assert_eq!(world.now(&deletion).state, State::Deleted);
        assert_eq!(faults.count(testing::Operation::FindElsewhere), calls);
    }
}
