//! Messages come twice, late, in any order and all at once: one deletion, each event once, exact counts.

use std::sync::Arc;
use std::time::Duration;

use domain::deletion::{DeletionId, State};
use domain::message::DeletionMessage;
use engine::{Advanced, advance};
use ports::Clock;
use testing::samples::{self, key};
use testing::{Moment, Operation};
use tokio::task::JoinSet;

use crate::engine::world::end::End;
use crate::engine::world::trees::{four_levels, mail};
use crate::engine::world::{Ignore, SLICE, after, at_once};

async fn undisturbed(page_keys: usize) -> End {
    let mut world = four_levels();
    world.page_keys = page_keys;
    let deletion = world.accept("lists", &key("l")).await;
    world.come_to_rest().await;
    world.end(&deletion)
}

#[tokio::test]
async fn ten_deliveries_at_once_make_one_deletion_with_each_event_once() {
    let expected = undisturbed(3).await;
    for seed in 1..=40 {
        let mut world = four_levels();
        world.page_keys = 3;
        let deletion = world.accept("lists", &key("l")).await;
        let _lost = world.queue.take();
        let faults = world.faults();
        faults.interleave(seed);
        let engine = Arc::new(world.engine(&faults));
        let slice_end = after(world.clock.now(), SLICE);

        let mut workers = JoinSet::new();
        for _ in 0..10 {
            let (engine, tenant, id) = (Arc::clone(&engine), deletion.tenant.clone(), deletion.id);
            workers.spawn(async move { advance(&engine, &tenant, id, slice_end).await.unwrap() });
        }
        let answers = workers.join_all().await;

        let ended = answers
            .iter()
            .filter(|answer| matches!(answer, Advanced::Ended(State::Deleted)))
            .count();
        assert_eq!(ended, 1, "seed {seed}: one worker does it: {answers:?}");
        assert!(answers.iter().all(|answer| matches!(
            answer,
            Advanced::Ended(_) | Advanced::Busy | Advanced::NothingToDo(_)
        )));
        assert_eq!(world.end(&deletion), expected, "seed {seed}");
        assert_eq!(
            world.events.published(),
            world.events.distinct(),
            "seed {seed}: no event is told twice"
        );
    }
}

#[tokio::test]
async fn a_message_that_meets_a_live_lease_is_dropped_and_the_work_still_ends() {
    let expected = undisturbed(2).await;
    let mut world = four_levels();
    world.page_keys = 2;
    let deletion = world.accept("lists", &key("l")).await;
    let first = world.queue.take();
    let faults = world.faults();
    let (beside, other) = (world.clone(), deletion.clone());
    faults.beside(Operation::MarkDocuments, 2, Moment::After, move || {
        let before = beside.now(&other);
        let answer = at_once(beside.deliver(&beside.faults(), &other)).unwrap();
        assert_eq!(answer, Advanced::Busy);
        assert_eq!(beside.now(&other), before, "who is dropped changes nothing");
        assert!(beside.queue.is_empty(), "nor sends anything");
    });

    let answer = world.deliver(&faults, &deletion).await.unwrap();

    assert_eq!((answer, first.len()), (Advanced::Ended(State::Deleted), 1));
    assert_eq!(world.end(&deletion), expected);
}

#[tokio::test]
async fn a_message_dropped_at_the_lease_of_a_dead_worker_is_sent_again() {
    let expected = undisturbed(2).await;
    let mut world = four_levels();
    world.page_keys = 2;
    let deletion = world.accept("lists", &key("l")).await;
    let _first = world.queue.take();
    let faults = world.faults();
    faults.crash_at(20, Moment::After);
    assert!(
        faults
            .until_crash(world.deliver(&faults, &deletion))
            .await
            .is_none()
    );

    let answer = world.deliver(&world.faults(), &deletion).await.unwrap();
    let began = world.clock.now();
    world.come_to_rest().await;

    assert_eq!(answer, Advanced::Busy);
    assert_eq!(world.end(&deletion), expected);
    assert!(
        world.clock.now() <= after(began, Duration::from_mins(4)),
        "taken up again within 4 minutes"
    );
}

#[tokio::test]
async fn messages_of_two_deletions_in_any_order_and_number_end_both() {
    for order in [[0, 1, 0, 1], [1, 1, 0, 0], [1, 0, 0, 1], [0, 0, 0, 1]] {
        let world = mail(4);
        let deletions = [
            world.accept("discussions", &key("d")).await,
            world.accept("discussions", &key("other")).await,
        ];
        let messages: Vec<_> = world
            .queue
            .take()
            .iter()
            .map(testing::Sent::message)
            .collect();

        for place in order {
            let message: &DeletionMessage = &messages[place];
            let engine = world.engine(&world.faults());
            let slice_end = after(world.clock.now(), SLICE);
            advance(&engine, &message.tenant, message.deletion_id, slice_end)
                .await
                .unwrap()
                .ignore();
        }
        world.come_to_rest().await;

        for deletion in &deletions {
            let stands = world.now(deletion);
            assert_eq!(stands.state, State::Deleted);
            assert_eq!(
                stands
                    .deleted
                    .values()
                    .map(|counts| counts.deleted)
                    .sum::<u64>(),
                5,
                "order {order:?}"
            );
        }
        assert_eq!(
            world.events.published(),
            world.events.distinct(),
            "order {order:?}"
        );
    }
}

#[tokio::test]
async fn a_message_that_comes_after_the_end_changes_nothing() {
    let world = mail(3);
    let deletion = world.accept("discussions", &key("d")).await;
    world.come_to_rest().await;
    let (stands, end) = (world.now(&deletion), world.end(&deletion));

    let answer = world.deliver(&world.faults(), &deletion).await.unwrap();

    assert_eq!(answer, Advanced::NothingToDo(State::Deleted));
    assert_eq!((world.now(&deletion), world.end(&deletion)), (stands, end));
}

#[tokio::test]
async fn a_message_without_its_deletion_is_acknowledged() {
    let world = mail(1);
    let unknown: DeletionId = samples::deletion_id(9);
    let engine = world.engine(&world.faults());

    let answer = advance(
        &engine,
        &samples::tenant("acme"),
        unknown,
        after(world.clock.now(), SLICE),
    )
    .await
    .unwrap();

    assert_eq!(answer, Advanced::Unknown);
}

#[tokio::test]
async fn a_message_of_another_tenant_does_not_reach_the_deletion() {
    let world = mail(1);
    let deletion = world.accept("discussions", &key("d")).await;
    let engine = world.engine(&world.faults());

    let answer = advance(
        &engine,
        &samples::tenant("rival"),
        deletion.id,
        after(world.clock.now(), SLICE),
    )
    .await
    .unwrap();

    assert_eq!(answer, Advanced::Unknown);
    assert_eq!(world.now(&deletion).state, State::PendingDelete);
}

#[tokio::test]
async fn a_delete_in_many_short_slices_ends_like_one_in_a_single_slice() {
    let expected = undisturbed(1).await;
    let mut world = four_levels();
    world.page_keys = 1;
    let deletion = world.accept("lists", &key("l")).await;
    let mut slices = 0;
    while world.now(&deletion).state != State::Deleted {
        let [sent] = &world.queue.take()[..] else {
            panic!("each slice sends itself to the back of the queue once")
        };
        assert_eq!(sent.delay, Duration::ZERO);
        let faults = world.faults();
        faults.slow(Duration::from_millis(200));
        let message = sent.message();
        let engine = world.engine(&faults);
        // 8 s of work and then the release: a slice has about 40 calls.
        let slice_end = after(world.clock.now(), Duration::from_secs(10));
        let answer = advance(&engine, &message.tenant, message.deletion_id, slice_end)
            .await
            .unwrap();
        assert!(
            matches!(
                answer,
                Advanced::Continued | Advanced::Ended(State::Deleted)
            ),
            "{answer:?}"
        );
        assert!(
            faults.log().iter().all(|call| call.at < slice_end),
            "no call begins after the slice's end"
        );
        slices += 1;
        assert!(slices < 30, "it gets on: {:?}", world.now(&deletion));
    }
    world.come_to_rest().await;

    assert!(slices > 2);
    assert_eq!(world.now(&deletion).attempts, 0);
    assert_eq!(world.end(&deletion), expected);
}
