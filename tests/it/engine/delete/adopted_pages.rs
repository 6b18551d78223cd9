//! Pages that a dead worker wrote and that the deletion did not know of: they are judged again when they are adopted,
//! however much later that is.

use domain::deletion::{Action, Deletion, State};
use serde_json::json;
use testing::samples::{key, key2};
use testing::{Moment, Operation};

use crate::engine::bulk::world::{chat_as, message};
use crate::engine::world::World;
use crate::engine::world::strategies::{archived, erased, small};

/// A delete of the list `l` whose worker died behind the page with this number, and which was cancelled then.
async fn died_behind(collections: &str, nth_page: u64) -> (World, Deletion) {
    let mut world = small(collections);
    world.page_keys = 1;
    let deletion = world.accept("lists", &key("l")).await;
    die_behind(&world, &deletion, nth_page).await;
    (world, deletion)
}

async fn die_behind(world: &World, deletion: &Deletion, nth_page: u64) {
    let faults = world.faults();
    let killer = faults.clone();
    faults.beside(Operation::PutPage, nth_page, Moment::After, move || {
        killer.crash_at(killer.calls(), Moment::After);
    });
    let died = faults.until_crash(world.deliver(&faults, deletion)).await;
    assert!(died.is_none(), "it wrote a page");
    world.act(deletion, Action::Cancel).await.unwrap();
    world.come_to_rest().await;
    assert_eq!(world.now(deletion).state, State::Cancelled);
}

/// The page that the deletion does not know.
fn unknown(world: &World, deletion: &Deletion) -> Vec<String> {
    let stands = world.now(deletion);
    let manifest = world.deletions.manifest(&stands);
    let pages = manifest.into_iter();
    pages
        .filter(|(page, _)| page.number > stands.pages)
        .flat_map(|(page, _)| page.entries)
        .map(|entry| json!(entry.key).to_string())
        .collect()
}

#[tokio::test]
async fn a_retry_leaves_what_has_moved_out_of_a_page_that_nobody_knew() {
    for collections in [archived(), erased()] {
        let mut found = 0;
        for nth_page in 1..=5 {
            let (world, deletion) = died_behind(&collections, nth_page).await;
            let elsewhere = key2("other", "d9");
            world.put("discussions", &elsewhere, Some(&key("other")));
            for id in ["l-d1-0", "l-d1-1"] {
                let names = unknown(&world, &deletion);
                if !names.iter().any(|name| name.contains(id)) {
                    continue;
                }
                found += 1;
                world.put("messages", &key(id), Some(&elsewhere));

                world.act_and_rest(&deletion, Action::Retry).await;

                let live = (Some(String::new()), Some(String::new()));
                assert_eq!(world.marks("messages", &key(id)), live, "page {nth_page}");
                assert_eq!(world.row("lists", &key("l")), None);
            }
        }
        assert!(found >= 2, "each message was in such a page");
    }
}

#[tokio::test]
async fn a_retry_leaves_a_late_arrival_that_has_moved_out_of_a_page_that_nobody_knew() {
    for collections in [archived(), erased()] {
        let mut world = small(&collections);
        world.page_keys = 1000;
        let deletion = world.accept("lists", &key("l")).await;
        let faults = world.faults();
        let removing = if collections.contains("archive") {
            Operation::TakeRows
        } else {
            Operation::EraseRows
        };
        let beside = world.clone();
        faults.beside(removing, 1, Moment::After, move || {
            beside.put("messages", &key("l-late"), Some(&key2("l", "d1")));
        });
        for nth in 1..20 {
            let (beside, killer) = (world.clone(), faults.clone());
            faults.beside(Operation::PutPage, nth, Moment::After, move || {
                // All but the root is gone when a late arrival is found.
                if beside.row("subscribers", &key2("l", "bob")).is_none() {
                    killer.crash_at(killer.calls(), Moment::After);
                }
            });
        }
        let died = faults.until_crash(world.deliver(&faults, &deletion)).await;
        assert!(died.is_none(), "it wrote a page of late arrivals");
        world.act(&deletion, Action::Cancel).await.unwrap();
        world.come_to_rest().await;
        assert_eq!(world.now(&deletion).state, State::Cancelled);
        assert_eq!(unknown(&world, &deletion).len(), 1);
        let elsewhere = key2("other", "d9");
        world.put("discussions", &elsewhere, Some(&key("other")));
        world.put("messages", &key("l-late"), Some(&elsewhere));

        world.act_and_rest(&deletion, Action::Retry).await;

        let live = (Some(String::new()), Some(String::new()));
        assert_eq!(world.marks("messages", &key("l-late")), live);
        assert_eq!(world.row("lists", &key("l")), None);
    }
}

#[tokio::test]
async fn a_retry_leaves_the_next_record_of_a_key_in_a_page_that_nobody_knew() {
    for strategy in ["archive", "erase"] {
        let mut world = chat_as(strategy);
        world.page_keys = 1;
        let deletion = world.destroy_ids(&["s0", "t3"]).await;
        die_behind(&world, &deletion, 2).await;
        let messages = world.collection("messages");
        world.rows.remove(messages, &message("t3"));
        crate::engine::bulk::world::put_sent(
            &world,
            "messages",
            &message("t3"),
            Some(&key("t")),
            "bob",
            "2026-11-21T08:00:00Z",
        );

        let stands = world.act_and_rest(&deletion, Action::Retry).await;

        assert!(stands.state.is_done());
        let live = (Some(String::new()), Some(String::new()));
        assert_eq!(world.marks("messages", &message("t3")), live, "{strategy}");
        assert_eq!(world.row("messages", &message("s0")), None, "{strategy}");
    }
}
