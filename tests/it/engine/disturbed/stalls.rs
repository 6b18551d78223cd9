//! A worker stands still past its lease, another one takes over, and the first one wakes up: it changes nothing.

use std::time::Duration;

use domain::deletion::{Deletion, State};
use engine::Advanced;
use ports::Clock;
use testing::samples::{key, key2};
use testing::{Call, Faults, Moment, Operation};

use crate::engine::world::trees::{four_levels, mail, message_key};
use crate::engine::world::{SLICE, World, after, at_once, text};

fn world() -> World {
    let mut world = four_levels();
    world.page_keys = 4;
    world
}

/// The calls of an undisturbed run, each as the n-th of its operation.
pub(crate) fn places(log: &[Call]) -> Vec<(Operation, u64)> {
    let nth = |place: usize| {
        log[..=place]
            .iter()
            .filter(|call| call.operation == log[place].operation)
            .count() as u64
    };
    (0..log.len())
        .map(|place| (log[place].operation, nth(place)))
        .collect()
}

/// Lets the worker stand still behind its n-th call of an operation, while the world goes on as the test says.
pub(crate) fn stall(
    faults: &Faults,
    (operation, nth): (Operation, u64),
    meanwhile: impl FnOnce() + Send + 'static,
) {
    faults.beside(operation, nth, Moment::After, meanwhile);
}

/// Another worker takes over when the lease has run out, and finishes.
pub(crate) fn finish(world: &World) {
    world.clock.advance(Duration::from_mins(5));
    at_once(world.come_to_rest());
}

/// It is purged, and then its owner writes the same records once more.
fn finish_purge_and_recreate(world: &World, deletion: &Deletion) {
    finish(world);
    world.until_purge(deletion);
    at_once(world.come_to_rest());
    assert_eq!(world.now(deletion).state, State::Purged);
    world.put("lists", &key("l"), None);
    world.put("subscribers", &key2("l", "ann"), Some(&key("l")));
    world.put("discussions", &key2("l", "d1"), Some(&key("l")));
    world.put("messages", &key("l-d1-0"), Some(&key2("l", "d1")));
}

/// Everything that could have been changed.
pub(crate) fn picture(world: &World, deletion: &Deletion) -> String {
    let mut deletions = world.deletions.all();
    deletions.retain(|one| one.id == deletion.id);
    format!(
        "{deletions:?} {:?} {:?} {:?}",
        world.end(deletion),
        world.queue,
        world.events.published()
    )
}

#[tokio::test]
async fn a_worker_that_stalls_anywhere_in_a_delete_and_wakes_up_changes_nothing() {
    let undisturbed = world();
    let deletion = undisturbed.accept("lists", &key("l")).await;
    let faults = undisturbed.faults();
    let _ = undisturbed.deliver(&faults, &deletion).await.unwrap();
    undisturbed.come_to_rest().await;
    let expected = undisturbed.end(&deletion);

    // The last call tells nobody anything any more.
    for purged_meanwhile in [false, true] {
        for place in places(&faults.log()) {
            let world = world();
            let deletion = world.accept("lists", &key("l")).await;
            let faults = world.faults();
            let slice_end = after(world.clock.now(), SLICE);
            let pictures = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
            let (beside, other, taken) = (world.clone(), deletion.clone(), pictures.clone());
            stall(&faults, place, move || {
                if purged_meanwhile {
                    finish_purge_and_recreate(&beside, &other);
                } else {
                    finish(&beside);
                }
                *taken.lock().unwrap() = picture(&beside, &other);
            });

            let answer = world.deliver(&faults, &deletion).await.unwrap();

            let context = format!(
                "stalled behind {place:?}, purged meanwhile: {purged_meanwhile}, {answer:?}"
            );
            assert_eq!(
                picture(&world, &deletion),
                *pictures.lock().unwrap(),
                "{context}"
            );
            let late: Vec<_> = faults
                .log()
                .into_iter()
                .filter(|call| call.at >= slice_end)
                .collect();
            // Only a worker that has no lease yet asks for one, and does not get it.
            let asked_for_a_lease = place == (Operation::ReadDeletion, 1);
            assert!(late.is_empty() || asked_for_a_lease, "{context}: {late:?}");
            if !purged_meanwhile {
                assert_eq!(world.end(&deletion), expected, "{context}");
            }
        }
    }
}

#[tokio::test]
async fn a_worker_that_stalls_anywhere_in_a_purge_and_wakes_up_changes_nothing() {
    async fn ready() -> (World, Deletion) {
        let world = world();
        let deletion = world.accept("lists", &key("l")).await;
        world.come_to_rest().await;
        world.put("messages", &key("l-late"), Some(&key2("l", "d3")));
        world.until_purge(&deletion);
        (world, deletion)
    }
    let (undisturbed, _) = ready().await;
    let faults = undisturbed.faults();
    assert_eq!(undisturbed.sweep(&faults).await.unwrap().purging, 1);

    for place in places(&faults.log()) {
        let (world, deletion) = ready().await;
        let faults = world.faults();
        let slice_end = after(world.clock.now(), SLICE);
        let pictures = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
        let (beside, other, taken) = (world.clone(), deletion.clone(), pictures.clone());
        stall(&faults, place, move || {
            finish_purge_and_recreate(&beside, &other);
            *taken.lock().unwrap() = picture(&beside, &other);
        });

        let report = world.sweep(&faults).await;

        let context = format!("stalled behind {place:?}: {report:?}");
        assert_eq!(
            picture(&world, &deletion),
            *pictures.lock().unwrap(),
            "{context}"
        );
        let late: Vec<_> = faults
            .log()
            .into_iter()
            .filter(|call| call.at >= slice_end)
            .map(|call| call.operation)
            .collect();
        let harmless = |operation: &Operation| {
            matches!(
                operation,
                Operation::FindDue
                    | Operation::ReadDeletion
                    | Operation::Store
                    | Operation::Send
                    | Operation::Health
            )
        };
        assert!(late.iter().all(harmless), "{context}: {late:?}");
    }
}

#[tokio::test]
async fn a_stalled_worker_does_not_mark_what_was_created_anew_since() {
    let world = mail(60);
    let deletion = world.accept("discussions", &key("d")).await;
    let faults = world.faults();
    let (beside, other) = (world.clone(), deletion.clone());
    // 60 rows are three batches: the first one is done, the others have begun in the same moment.
    faults.beside(Operation::ReadPage, 2, Moment::After, move || {
        finish(&beside);
        beside.until_purge(&other);
        at_once(beside.come_to_rest());
        beside.put("discussions", &key("d"), None);
        beside.put("messages", &message_key("d", 0), Some(&key("d")));
    });

    let answer = world.deliver(&faults, &deletion).await.unwrap();

    assert_eq!(answer, Advanced::Left);
    assert_eq!(
        world.marks("discussions", &key("d")),
        (Some(String::new()), Some(String::new()))
    );
    assert_eq!(
        world.marks("messages", &message_key("d", 0)),
        (Some(String::new()), Some(String::new()))
    );
    assert_ne!(text(deletion.id), Some(String::new()));
}

#[tokio::test]
async fn a_lease_is_never_renewed() {
    let mut world = mail(30);
    world.page_keys = 2;
    let deletion = world.accept("discussions", &key("d")).await;
    let until = after(world.clock.now(), SLICE + world.timing.grace);
    let faults = world.faults();
    faults.slow(Duration::from_secs(1));
    for nth in [2, 5, 8] {
        let (beside, other) = (world.clone(), deletion.clone());
        faults.beside(Operation::Store, nth, Moment::After, move || {
            let lease = beside.now(&other).lease.expect("it is leased");
            assert_eq!(lease.until, until);
        });
    }

    let answer = world.deliver(&faults, &deletion).await.unwrap();

    assert_eq!(answer, Advanced::Continued);
    assert!(faults.count(Operation::Store) > 8);
    assert!(
        faults
            .log()
            .iter()
            .all(|call| call.at < after(until, Duration::ZERO))
    );
}

/// The one that somebody has worked by is the one that proves the counts.
#[tokio::test]
async fn a_page_that_arrives_late_does_not_replace_the_one_that_others_worked_by() {
    let world = mail(3);
    let deletion = world.accept("discussions", &key("d")).await;
    let faults = world.faults();
    let (beside, other) = (world.clone(), deletion.clone());
    faults.beside(Operation::PutPage, 1, Moment::Before, move || {
        beside.put("messages", &message_key("d", 9), Some(&key("d")));
        finish(&beside);
        assert_eq!(beside.now(&other).state, State::Deleted);
    });

    let answer = world.deliver(&faults, &deletion).await.unwrap();

    assert_eq!(answer, Advanced::Left);
    let (page, _) = world.deletions.manifest(&deletion).remove(1);
    assert_eq!(page.entries.len(), 4);
    assert_eq!(
        world
            .now(&deletion)
            .deleted
            .values()
            .map(|counts| counts.deleted)
            .sum::<u64>(),
        5
    );
}
