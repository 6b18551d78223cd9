//! Events of a page are published one after the other, whatever the bus takes at a time; those that it never takes are
//! given up with their reason.

use std::time::Duration;

use domain::deletion::{Deletion, State};
use ports::Clock;
use serde_json::json;
use testing::samples::{key, key2};
use testing::{Fault, Faults, Operation};

use crate::engine::effects::REALMS;
use crate::engine::world::{Ignore, World, after};

/// A realm whose messages are in so many groups.
fn realm(world: &World, realm: &str, groups: usize) {
    world.put("realms", &key(realm), None);
    for n in 0..groups {
        put_message(world, realm, n, &format!("topic {n}"));
    }
}

fn put_message(world: &World, realm: &str, n: usize, topic: &str) {
    let message = key2(&format!("stream-{realm}"), &format!("m{n:04}"));
    let topic = [("topic", json!(topic))];
    world.put_with("stream_messages", &message, Some(&key(realm)), &topic);
}

/// Deletes a realm while the bus is like this, and sweeps each minute until nothing is owed. Returns the sweeps.
async fn told(world: &World, faults: &Faults, deletion: &Deletion, most: usize) -> usize {
    world.deliver(faults, deletion).await.unwrap().ignore();
    let mut sweeps = 0;
    while world.now(deletion).notified.owes() {
        world.clock.advance(Duration::from_mins(1));
        world.sweep(faults).await.unwrap();
        sweeps += 1;
        assert!(sweeps <= most, "{:?}", world.now(deletion).notified);
    }
    sweeps
}

#[tokio::test]
async fn two_hundred_groups_are_told_on_a_bus_that_is_slow_or_takes_a_half_of_each_call() {
    let slow = |faults: &Faults| faults.slow_at(Operation::Publish, Duration::from_millis(150));
    let half = |faults: &Faults| {
        faults.fail(Operation::Publish, .., Fault::Again(|place| place % 2 == 1));
    };
    for (name, disturb) in [("slow", &slow as &dyn Fn(&Faults)), ("half", &half)] {
        let world = World::new(REALMS);
        realm(&world, "r", 200);
        let deletion = world.accept("realms", &key("r")).await;
        let faults = world.faults();
        disturb(&faults);

        told(&world, &faults, &deletion, 10).await;

        assert_eq!(world.told("delete_message").len(), 200, "{name}");
        assert_eq!(world.told("DeletionFinished").len(), 1, "{name}");
        let again = world.events.published().len() - world.events.distinct().len();
        assert!(again < 400, "{name}: {again} were told again");
    }
}

#[tokio::test]
async fn a_deletion_with_many_events_does_not_put_off_those_of_the_others() {
    let world = World::new(REALMS);
    realm(&world, "r", 200);
    let mut all = vec![world.accept("realms", &key("r")).await];
    for n in 0..3 {
        let name = format!("small-{n}");
        realm(&world, &name, 1);
        all.push(world.accept("realms", &key(&name)).await);
    }
    let away = world.faults();
    away.fail(
        Operation::Publish,
        ..,
        Fault::Unavailable(testing::Moment::Before),
    );
    for deletion in &all {
        world.deliver(&away, deletion).await.unwrap().ignore();
    }
    world.clock.advance(Duration::from_mins(3));
    let faults = world.faults();
    faults.slow_at(Operation::Publish, Duration::from_millis(150));

    let report = world.sweep(&faults).await.unwrap();

    assert_eq!((report.told, report.errors), (4, 0), "{report:?}");
    let owe = all.iter().filter(|one| world.now(one).notified.owes());
    assert_eq!(owe.count(), 0);
}

#[tokio::test]
async fn an_event_that_no_bus_can_take_is_given_up_with_its_reason_and_its_record_is_deleted() {
    let world = World::new(REALMS);
    realm(&world, "r", 3);
    put_message(&world, "r", 99, &"t".repeat(140_000));
    let deletion = world.accept("realms", &key("r")).await;
    let faults = world.faults();
    world.deliver(&faults, &deletion).await.unwrap().ignore();

    world.clock.advance(Duration::from_mins(2));
    let report = world.sweep(&faults).await.unwrap();

    assert_eq!((report.given_up, report.told), (1, 1), "{report:?}");
    let stands = world.now(&deletion);
    assert_eq!(stands.state, State::Deleted);
    let record = key2("stream-r", "m0099");
    let mark = world.marks("stream_messages", &record).0;
    assert_eq!(mark, Some(deletion.id.to_string()));
    assert_eq!(world.told("delete_message").len(), 3);
    assert_eq!(world.told("DeletionFinished").len(), 1);
    let reason = stands.notified.given_up_for().unwrap();
    assert_eq!(
        (stands.notified.given_up(), reason.code.as_str()),
        (1, "EVENT_TOO_LARGE")
    );
    world.clock.set(stands.due_at.unwrap());
    assert_eq!(world.sweep(&faults).await.unwrap().compared, 1);
}

#[tokio::test]
async fn an_event_that_the_bus_refuses_again_and_again_is_given_up_after_an_hour() {
    let world = World::new(REALMS);
    realm(&world, "r", 30);
    put_message(&world, "r", 99, "poison");
    world.events.refuse("poison");
    let deletion = world.accept("realms", &key("r")).await;
    let faults = world.faults();
    let began = world.clock.now();

    told(&world, &faults, &deletion, 120).await;

    let waited = world.clock.now().duration_since(began);
    assert!(waited.as_secs() > 3600, "{waited:#}");
    let stands = world.now(&deletion);
    let reason = stands.notified.given_up_for().unwrap();
    assert_eq!(
        (stands.notified.given_up(), reason.code.as_str()),
        (1, "EVENT_REFUSED")
    );
    assert_eq!(world.told("delete_message").len(), 30);
    assert_eq!(world.told("DeletionFinished").len(), 1);
    let compare_at = after(stands.ended_at.unwrap(), world.timing.compare_after);
    assert_eq!(stands.due_at, Some(compare_at));
}

#[tokio::test]
async fn a_retry_publishes_a_page_of_which_a_part_was_published_from_its_first_event() {
    let world = World::new(REALMS);
    realm(&world, "r", 200);
    let deletion = world.accept("realms", &key("r")).await;
    let faults = world.faults();
    faults.slow_at(Operation::Publish, Duration::from_millis(150));
    world.deliver(&faults, &deletion).await.unwrap().ignore();
    let part = world.now(&deletion).notified.delete.part;
    assert!(part > 0 || !world.now(&deletion).notified.owes(), "{part}");

    world.come_to_rest().await;
    let stands = world
        .act_and_rest(&deletion, domain::deletion::Action::Restore)
        .await;

    assert_eq!(stands.state, State::Restored);
    assert_eq!(world.told("delete_message").len(), 200);
    assert_eq!(stands.notified.delete.part, 0);
}
