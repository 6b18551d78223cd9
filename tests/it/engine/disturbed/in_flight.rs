//! Calls at the same time, one of which fails: the lease is given back when all of them have answered.

use domain::collection::Strategy;
use domain::deletion::Deletion;
use testing::samples::{key, key2};
use testing::{Fault, Faults, Moment, Operation};

use crate::engine::shared_records::world::{chat, put_link};
use crate::engine::world::trees::mail;
use crate::engine::world::{Ignore as _, World};

/// A worker whose `nth` call of this operation fails, among calls that overlap; returns its script when it is done.
async fn fail_among_many(
    world: &World,
    deletion: &Deletion,
    (operation, nth): (Operation, u64),
    seed: u64,
) -> Faults {
    let faults = world.faults();
    faults.interleave(seed);
    let fault = Fault::Unavailable(Moment::Before);
    faults.fail(operation, nth..=nth, fault);

    world.deliver(&faults, deletion).await.unwrap().ignore();

    assert!(world.now(deletion).lease.is_none(), "seed {seed}");
    assert_eq!(faults.unanswered(), 0, "{operation:?}, seed {seed}");
    faults
}

#[tokio::test]
async fn calls_in_flight_are_awaited_before_the_lease_is_given_back() {
    for seed in 1..=20 {
        let world = mail(600);
        let deletion = world.accept("discussions", &key("d")).await;

        let faults = fail_among_many(&world, &deletion, (Operation::MarkRows, 3), seed).await;

        let begun = faults.count(Operation::MarkRows);
        assert!(begun < 24, "none begins any more, seed {seed}");
        world.come_to_rest().await;
        let (row, document) = world.marks("messages", &key2("d", "m0599"));
        assert_eq!(row, Some(deletion.id.to_string()));
        assert_eq!(document, Some(deletion.id.to_string()));
    }
}

#[tokio::test]
async fn no_question_about_links_is_left_open_when_another_one_fails() {
    for nth in 5..30 {
        let world = chat(Strategy::Flag, 1000);
        for number in 0..40 {
            let file = format!("f{number:03}");
            world.put("files", &key(&file), None);
            put_link(&world, "s1", &file);
            put_link(&world, "t1", &file);
        }
        let deletion = world.accept("streams", &key("s")).await;

        fail_among_many(&world, &deletion, (Operation::QueryRows, nth), nth).await;
    }
}
