//! Pages that were written long before they are done: what they list is judged again, and what is done is not done
//! once more.

use std::time::Duration;

use domain::deletion::{Action, State};
use serde_json::json;
use testing::samples::{key, key2};
use testing::{Fault, Moment, Operation};

use crate::engine::world::strategies::{archived, erased, small, sum};
use crate::engine::world::trees::{FOUR_LEVELS, mail};
use crate::engine::world::{Ignore as _, World, text};

/// A cancelled delete of the list `l` whose pages are written.
async fn cancelled(collections: &str) -> (World, domain::deletion::Deletion) {
    let mut world = small(collections);
    world.page_keys = 1;
    let deletion = world.accept("lists", &key("l")).await;
    let faults = world.faults();
    // The first page backwards is the reaction's.
    faults.fail(
        Operation::DocumentStates,
        ..,
        Fault::Unavailable(Moment::Before),
    );
    faults.fail(
        Operation::MarkDocuments,
        ..,
        Fault::Unavailable(Moment::Before),
    );
    world.deliver(&faults, &deletion).await.unwrap().ignore();
    world.act(&deletion, Action::Cancel).await.unwrap();
    world.come_to_rest().await;
    assert_eq!(world.now(&deletion).state, State::Cancelled);
    (world, deletion)
}

#[tokio::test]
async fn a_retry_leaves_what_has_moved_to_a_live_parent_meanwhile() {
    for collections in [archived(), erased()] {
        let (world, deletion) = cancelled(&collections).await;
        assert!(
            world.row("messages", &key("l-d1-0")).is_some(),
            "its page was not done"
        );
        let elsewhere = key2("other", "d9");
        world.put("discussions", &elsewhere, Some(&key("other")));
        world.put("messages", &key("l-d1-0"), Some(&elsewhere));

        let stands = world.act_and_rest(&deletion, Action::Retry).await;

        let live = (Some(String::new()), Some(String::new()));
        assert_eq!(world.marks("messages", &key("l-d1-0")), live);
        assert_eq!(sum(&stands.deleted, "missing"), 1);
        assert_eq!(world.row("lists", &key("l")), None);
    }
}

/// A delete of the list `l`, marked in place, that is given up at its first message: that page is written, and not done.
async fn given_up_at_a_message() -> (World, domain::deletion::Deletion) {
    let mut world = small(FOUR_LEVELS);
    world.page_keys = 1;
    let deletion = world.accept("lists", &key("l")).await;
    let faults = world.faults();
    // The discussion and the subscriber are marked before it.
    faults.fail(Operation::MarkRows, 3.., Fault::Unavailable(Moment::Before));
    for _ in 0..3 {
        world.deliver(&faults, &deletion).await.unwrap().ignore();
        world.clock.advance(world.patience.fail_after);
    }
    assert_eq!(world.now(&deletion).state, State::DeleteFailed);
    let of_it = world.deletions.manifest(&world.now(&deletion));
    let (page, exceptions) = of_it.last().unwrap();
    assert_eq!(page.entries[0].key, key("l-d1-0"));
    assert_eq!(exceptions.deleted.len(), 1, "it is given up");
    (world, deletion)
}

/// The first message becomes another tenant's; where that one has something else than a mark in its place, that is no concern
/// of this deletion.
fn give_away(world: &World, is_readable: bool) {
    let mut row = world.row("messages", &key("l-d1-0")).unwrap();
    row.insert("user_id".to_owned(), "globex".into());
    if !is_readable {
        let mark = &world.collection("messages").marks.deleted_at;
        row.insert(mark.clone(), false.into());
    }
    world.put_row("messages", row);
}

#[tokio::test]
async fn a_retry_of_what_is_marked_in_place_leaves_what_has_moved_or_is_another_tenants_meanwhile()
{
    for is_given_away in [None, Some(true), Some(false)] {
        let (world, deletion) = given_up_at_a_message().await;
        if let Some(is_readable) = is_given_away {
            give_away(&world, is_readable);
        } else {
            let elsewhere = key2("other", "d9");
            world.put("discussions", &elsewhere, Some(&key("other")));
            world.put("messages", &key("l-d1-0"), Some(&elsewhere));
        }

        let stands = world.act_and_rest(&deletion, Action::Retry).await;

        let live = (Some(String::new()), Some(String::new()));
        assert_eq!(world.marks("messages", &key("l-d1-0")), live);
        assert_eq!(stands.state, State::Deleted);
        assert_eq!(sum(&stands.deleted, "missing"), 1);
        // Its reaction is below a record that stays.
        assert_eq!(sum(&stands.deleted, "deleted"), 4, "{is_given_away:?}");
        let reaction = world.marks("reactions", &key2("l-d1-0", "x")).0;
        assert_eq!(reaction, Some(String::new()), "{is_given_away:?}");
        assert_eq!(world.marks("messages", &key("l-d1-1")).0, text(deletion.id));
    }
}

#[tokio::test]
async fn a_later_slice_leaves_what_has_moved_to_a_live_parent_meanwhile() {
    for (collections, acts) in [
        (archived(), Operation::MarkRows),
        (erased(), Operation::DocumentStates),
    ] {
        for page_keys in [1, 2, 1000] {
            let mut world = small(&collections);
            world.page_keys = page_keys;
            let deletion = world.accept("lists", &key("l")).await;
            let faults = world.faults();
            faults.fail(acts, .., Fault::Unavailable(Moment::Before));
            world.deliver(&faults, &deletion).await.unwrap().ignore();
            assert!(world.now(&deletion).selected.is_some());
            let elsewhere = key2("other", "d9");
            world.put("discussions", &elsewhere, Some(&key("other")));
            for message in ["l-d1-0", "l-d1-1"] {
                world.put("messages", &key(message), Some(&elsewhere));
            }

            world.come_to_rest().await;

            let live = (Some(String::new()), Some(String::new()));
            for message in ["l-d1-0", "l-d1-1"] {
                assert_eq!(world.marks("messages", &key(message)), live, "{page_keys}");
            }
            let stands = world.now(&deletion);
            assert_eq!(world.counts(&stands, "messages").missing, 2);
            assert_eq!(world.row("lists", &key("l")), None);
        }
    }
}

#[tokio::test]
async fn a_retry_leaves_what_is_another_tenants_meanwhile() {
    for collections in [archived(), erased()] {
        for is_readable in [true, false] {
            let (world, deletion) = cancelled(&collections).await;
            give_away(&world, is_readable);

            let stands = world.act_and_rest(&deletion, Action::Retry).await;

            let live = (Some(String::new()), Some(String::new()));
            assert_eq!(world.marks("messages", &key("l-d1-0")), live);
            assert_eq!(sum(&stands.deleted, "failed"), 0, "{is_readable}");
        }
    }
}

#[tokio::test]
async fn a_retry_takes_what_has_moved_within_the_deletion() {
    let (world, deletion) = cancelled(&archived()).await;
    world.put("discussions", &key2("l", "d2"), Some(&key("l")));
    world.put("messages", &key("l-d1-0"), Some(&key2("l", "d2")));

    let stands = world.act_and_rest(&deletion, Action::Retry).await;

    assert_eq!(stands.state, State::Deleted);
    assert_eq!(world.row("messages", &key("l-d1-0")), None);
    assert_eq!(
        world.row("discussions", &key2("l", "d2")),
        None,
        "it came late"
    );
}

#[tokio::test]
async fn a_page_that_takes_longer_than_a_slice_ends() {
    let world = mail(1000);
    let deletion = world.accept("discussions", &key("d")).await;
    let mut marked = 0;
    for _ in 0..20 {
        let faults = world.faults();
        faults.slow_at(Operation::MarkRows, Duration::from_millis(1900));
        world.deliver(&faults, &deletion).await.unwrap().ignore();
        marked += faults.count(Operation::MarkRows);
        if world.now(&deletion).state == State::Deleted {
            break;
        }
    }

    assert_eq!(world.now(&deletion).state, State::Deleted);
    assert_eq!(sum(&world.now(&deletion).deleted, "deleted"), 1001);
    // 1,000 rows in batches of 25, and what was interrupted.
    assert!(marked <= 2 * 40, "{marked} calls");
}

#[tokio::test]
async fn a_root_that_failed_is_retried_with_another_search_below_it() {
    for collections in [archived(), erased()] {
        let world = small(&collections);
        world.documents.reject("l", "it is refused");
        let deletion = world.delete_and_rest("lists", &key("l")).await;
        assert_eq!(world.now(&deletion).state, State::DeleteFailed);
        world.put("subscribers", &key2("l", "late"), Some(&key("l")));
        world.documents.accept("l");

        let stands = world.act_and_rest(&deletion, Action::Retry).await;

        assert!(stands.state.is_done());
        let published = world.named("RecordsDeleted");
        let late = (
            "subscribers".to_owned(),
            json!(key2("l", "late")).to_string(),
        );
        assert_eq!(published.get(&late), Some(&1), "{published:?}");
        assert_eq!(published.values().sum::<usize>(), 7, "{published:?}");
        assert_eq!(sum(&stands.deleted, "failed"), 0);
        assert_eq!(world.row("lists", &key("l")), None);
        assert_eq!(world.row("subscribers", &key2("l", "late")), None);
        assert_eq!(sum(&stands.deleted, "deleted"), 7);
    }
}

#[tokio::test]
async fn a_page_of_leaves_is_read_over_several_slices() {
    let mut world = World::new(FOUR_LEVELS);
    world.put("lists", &key("l"), None);
    for user in 0..400 {
        world.put(
            "subscribers",
            &key2("l", &format!("u{user:03}")),
            Some(&key("l")),
        );
    }
    world.put("discussions", &key2("l", "d"), Some(&key("l")));
    world.put("messages", &key("m"), Some(&key2("l", "d")));
    world.page_keys = 1;
    let deletion = world.accept("lists", &key("l")).await;
    // Reading one page takes so long that a slice reads no more than about 100.
    for _ in 0..40 {
        let faults = world.faults();
        faults.slow_at(Operation::ReadPage, Duration::from_millis(500));
        world.deliver(&faults, &deletion).await.unwrap().ignore();
        if world.now(&deletion).state == State::Deleted {
            break;
        }
    }

    assert_eq!(world.now(&deletion).state, State::Deleted);
    assert_eq!(sum(&world.now(&deletion).deleted, "deleted"), 403);
}
