//! A message that cannot be sent: by default the sweeper sends it, in rollback mode the acceptance is taken back.

use std::time::Duration;

use domain::deletion::State;
use requests::OnPublishFailure;
use requests::accept::{AcceptAnswer, AcceptError};
use testing::samples::{key, with_null};
use testing::{Fault, Moment, Operation};

use crate::engine::accept::accepting::{scheduled, word};
use crate::engine::world::trees::{mail, message_key};
use crate::engine::world::{World, admin, ask, at_once};

#[tokio::test]
async fn a_queue_that_is_down_is_no_reason_to_refuse_and_the_sweeper_sends_the_message() {
    let world = mail(3);
    let faults = world.faults();
    faults.fail(Operation::Send, .., Fault::Unavailable(Moment::Before));

    let deletion = scheduled(world.ask(&faults, "discussions", &key("d")).await);
    assert!(world.queue.is_empty());
    world.clock.advance(Duration::from_secs(119));
    assert_eq!(
        world.sweep(&world.faults()).await.unwrap().resent,
        0,
        "not a moment before it is due"
    );
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(world.sweep(&world.faults()).await.unwrap().resent, 1);

    world.come_to_rest().await;
    assert_eq!(world.now(&deletion).state, State::Deleted);
}

async fn rollback(world: &World, faults: &testing::Faults) -> Result<AcceptAnswer, AcceptError> {
    let mut api = world.api(faults);
    api.on_publish_failure = OnPublishFailure::Rollback;
    ask(&api, &admin(), "discussions", &key("d")).await
}

#[tokio::test]
async fn a_rollback_leaves_the_root_as_it_was_and_no_deletion() {
    for is_null in [false, true] {
        let world = mail(2);
        if is_null {
            let row = with_null(
                world.collection("discussions"),
                world.live_row("discussions", &key("d"), None),
            );
            world.put_row("discussions", row);
        }
        let before = world.row("discussions", &key("d"));
        let faults = world.faults();
        faults.fail(Operation::Send, .., Fault::Unavailable(Moment::Before));

        let answer = rollback(&world, &faults).await;

        assert_eq!(word(&answer), "taken back");
        assert_eq!(world.row("discussions", &key("d")), before);
        assert!(world.deletions.all().is_empty());
        world.accept("discussions", &key("d")).await;
    }
}

#[tokio::test]
async fn a_message_that_arrived_although_its_sending_failed_deletes_nothing_after_a_rollback() {
    let world = mail(2);
    let faults = world.faults();
    faults.fail(Operation::Send, .., Fault::Unavailable(Moment::After));

    let answer = rollback(&world, &faults).await;
    assert_eq!(
        (word(&answer).as_str(), world.queue.len()),
        ("taken back", 1)
    );
    world.come_to_rest().await;

    assert_eq!(world.marks("discussions", &key("d")).0.as_deref(), Some(""));
    assert_eq!(
        world.marks("messages", &message_key("d", 0)).0.as_deref(),
        Some("")
    );
}

#[tokio::test]
async fn a_deletion_that_somebody_has_begun_is_not_taken_back_and_stays_accepted() {
    let world = mail(2);
    let faults = world.faults();
    faults.fail(Operation::Send, .., Fault::Unavailable(Moment::After));
    let beside = world.clone();
    faults.beside(Operation::Undo, 1, Moment::Before, move || {
        at_once(beside.deliver_all());
    });

    let deletion = scheduled(rollback(&world, &faults).await);
    world.come_to_rest().await;

    assert_eq!(world.now(&deletion).state, State::Deleted);
}

#[tokio::test]
async fn a_rollback_whose_answer_is_lost_is_never_answered_as_accepted() {
    for moment in [Moment::Before, Moment::After] {
        for lost in [1, 2, 99] {
            let world = mail(2);
            let faults = world.faults();
            faults.fail(Operation::Send, .., Fault::Unavailable(Moment::Before));
            faults.fail(Operation::Undo, ..=lost, Fault::Unavailable(moment));

            let answer = rollback(&world, &faults).await;

            let expected = if lost == 99 {
                "dependency"
            } else {
                "taken back"
            };
            assert_eq!(word(&answer), expected, "{moment:?}, {lost} times");
            world.come_to_rest().await;
            let all = world.deletions.all();
            assert!(
                all.iter().all(|deletion| deletion.state == State::Deleted),
                "what stands is done"
            );
            assert_eq!(
                all.is_empty(),
                world.marks("discussions", &key("d")).0.as_deref() == Some("")
            );
        }
    }
}
