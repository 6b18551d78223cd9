//! Late arrivals of a purge: whatever is below the root when it is removed is removed before it, or the root stays.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use domain::deletion::{Deletion, LATE_LAST, State, VERSION};
use serde_json::json;
use testing::samples::{key, key2};
use testing::{Fault, Moment, Operation};

use crate::engine::purge::purges::deleted;
use crate::engine::world::World;
use crate::engine::world::strategies::sum;
use crate::engine::world::trees::{mail, message_key};

async fn due(messages: usize, page_keys: usize) -> (World, Deletion) {
    let mut world = mail(messages);
    world.page_keys = page_keys;
    let deletion = deleted(&world, "discussions", "d").await;
    world.until_purge(&deletion);
    (world, deletion)
}

#[tokio::test]
async fn a_late_child_that_cannot_take_the_mark_is_removed_all_the_same() {
    let (world, deletion) = due(2, 1000).await;
    let mut row = world.live_row("messages", &key2("d", "late"), Some(&key("d")));
    row.insert("body".to_owned(), json!("x".repeat(400 * 1024 - 150)));
    world.put_row("messages", row);

    world.come_to_rest().await;

    let stands = world.now(&deletion);
    assert_eq!(stands.state, State::Purged);
    assert_eq!(sum(&stands.purged, "purged"), 4);
    assert_eq!(world.row("messages", &key2("d", "late")), None);
    assert_eq!(world.document("messages", &key2("d", "late")), None);
}

#[tokio::test]
async fn a_late_child_that_cannot_be_removed_keeps_its_root_with_a_reason() {
    let (world, deletion) = due(2, 1000).await;
    world.put("messages", &key2("d", "late"), Some(&key("d")));
    world.documents.reject("d\u{1f}late", "it is refused");

    world.come_to_rest().await;

    let stands = world.now(&deletion);
    assert_eq!(stands.state, State::PurgeFailed);
    assert!(world.row("messages", &key2("d", "late")).is_some());
    assert!(
        world.row("discussions", &key("d")).is_some(),
        "the root hides it"
    );

    world.documents.accept("d\u{1f}late");
    let again = world
        .act_and_rest(&deletion, domain::deletion::Action::Retry)
        .await;
    assert_eq!(again.state, State::Purged);
    assert_eq!(world.row("messages", &key2("d", "late")), None);
    assert_eq!(world.row("discussions", &key("d")), None);
}

#[tokio::test]
async fn a_late_page_that_a_dead_worker_wrote_is_judged_when_its_turn_comes() {
    let (world, deletion) = due(2, 1000).await;
    world.put("messages", &key2("d", "late"), Some(&key("d")));
    let faults = world.faults();
    let pages = world.now(&deletion).pages;
    let beside = world.clone();
    // The page of the late arrival is written, and the deletion does not hear of it.
    faults.beside(Operation::PutPage, 1, Moment::After, move || {
        assert_eq!(beside.now(&deletion).pages, pages);
        // Meanwhile the record gets another owner.
        let mut row = beside.row("messages", &key2("d", "late")).unwrap();
        row.insert("user_id".to_owned(), json!("globex"));
        beside.put_row("messages", row);
    });
    faults.fail(Operation::PutPage, ..=1, Fault::Unavailable(Moment::After));
    let found = world.sweep(&faults).await.unwrap();
    assert_eq!(found.purging, 1);

    world.come_to_rest().await;

    let live = (Some(String::new()), Some(String::new()));
    assert_eq!(world.marks("messages", &key2("d", "late")), live);
}

#[tokio::test]
async fn each_page_is_read_a_fixed_number_of_times_however_many_arrive_late() {
    let mut reads = Vec::new();
    for late in [0, 40] {
        let (world, deletion) = due(200, 10).await;
        for n in 0..late {
            world.put("messages", &key2("d", &format!("late{n}")), Some(&key("d")));
        }
        let faults = world.faults();
        world.sweep(&faults).await.unwrap();
        world.deliver_all_to_the_end().await;
        let stands = world.now(&deletion);
        assert_eq!(stands.state, State::Purged);
        assert_eq!(sum(&stands.purged, "purged"), 201 + late);
        reads.push(faults.count(Operation::ReadPage));
    }
    // Four pages more, each read when it is looked for, done and searched below.
    assert!(reads[1] <= reads[0] + 4 * 4, "{reads:?}");
}

#[tokio::test]
async fn a_writer_that_never_stops_ends_a_purge_with_a_reason_and_its_root_still_there() {
    let (world, deletion) = due(1, 1).await;
    let late = |n: usize| key2("d", &format!("late{n:05}"));
    for n in 0..1100 {
        world.put("messages", &late(n), Some(&key("d")));
    }

    world.come_to_rest().await;

    let stands = world.now(&deletion);
    assert_eq!(stands.state, State::PurgeFailed);
    assert_eq!(stands.failure.unwrap().code, "LATE_ARRIVALS");
    assert!(world.row("discussions", &key("d")).is_some());
    assert_eq!(world.row("messages", &late(0)), None, "as far as it came");

    let again = world
        .act_and_rest(&deletion, domain::deletion::Action::Retry)
        .await;
    assert_eq!(again.state, State::Purged);
    assert_eq!(world.row("messages", &late(1099)), None);
}

#[tokio::test]
async fn a_record_that_its_owner_unmarked_is_marked_again_and_removed_once() {
    let (world, deletion) = due(4, 2).await;
    world.put("messages", &message_key("d", 1), Some(&key("d")));

    world.come_to_rest().await;

    let stands = world.now(&deletion);
    assert_eq!(stands.state, State::Purged);
    assert_eq!(sum(&stands.purged, "purged"), 5);
    assert_eq!(world.row("messages", &message_key("d", 1)), None);
}

#[tokio::test]
async fn a_worker_that_crashes_anywhere_in_the_search_leaves_nothing_behind() {
    let ready = || async {
        let (world, deletion) = due(3, 2).await;
        for n in 0..3 {
            world.put("messages", &key2("d", &format!("late{n}")), Some(&key("d")));
        }
        (world, deletion)
    };
    let (world, _) = ready().await;
    let faults = world.faults();
    world.sweep(&faults).await.unwrap();
    for call in 1..=faults.calls() {
        for moment in [Moment::Before, Moment::After] {
            let (world, deletion) = ready().await;
            let faults = world.faults();
            faults.crash_at(call, moment);
            let _ = faults.until_crash(world.sweep(&faults)).await;
            world.come_to_rest().await;

            let stands = world.now(&deletion);
            assert_eq!(stands.state, State::Purged, "{moment:?} {call}");
            assert_eq!(sum(&stands.purged, "purged"), 7, "{moment:?} {call}");
            assert_eq!(world.rows.keys(world.collection("messages")).len(), 3);
        }
    }
}

#[tokio::test]
async fn an_earlier_build_leaves_a_purge_alone_that_has_done_pages() {
    let (world, deletion) = due(2, 1).await;
    assert_eq!(world.now(&deletion).version(), VERSION);
    let faults = world.faults();
    let seen = Arc::new(Mutex::new(BTreeSet::new()));
    for nth in 1..=3 {
        let (beside, deletion, seen) = (world.clone(), deletion.clone(), seen.clone());
        faults.beside(Operation::PurgeRows, nth, Moment::Before, move || {
            let stands = beside.now(&deletion);
            let has_done_pages = stands.cursor > 0;
            seen.lock()
                .unwrap()
                .insert((has_done_pages, stands.version()));
        });
    }

    world.sweep(&faults).await.unwrap();
    world.come_to_rest().await;

    let expected = BTreeSet::from([(false, VERSION), (true, LATE_LAST)]);
    assert_eq!(*seen.lock().unwrap(), expected);
    let stands = world.now(&deletion);
    assert_eq!((stands.state, stands.version()), (State::Purged, VERSION));
}
