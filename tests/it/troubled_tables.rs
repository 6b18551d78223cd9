//! Throttled tables, lost answers and a queue that is down, with failing decorators over the real DynamoDB adapters.

use std::time::Duration;

use domain::deletion::State;
use engine::sweep;
use engine::{Advanced, advance};
use testing::{Fault, Moment, Operation};

use crate::costs::{Bench, CHILDREN};

#[tokio::test]
async fn nothing_is_lost_or_failed_that_was_only_late_on_real_tables() {
    let bench = Bench::new();
    let world = &bench.world;
    let faults = world.faults();
    faults.fail(Operation::Send, .., Fault::Unavailable(Moment::Before));
    faults.fail(Operation::Accept, 1..=1, Fault::Unavailable(Moment::After));
    faults.fail(
        Operation::QueryRows,
        1..=1,
        Fault::Unavailable(Moment::Before),
    );
    faults.fail(Operation::PutPage, 1..=1, Fault::Unavailable(Moment::After));
    faults.fail(
        Operation::MarkRows,
        1..=60,
        Fault::Again(|place| place % 3 == 0),
    );
    faults.fail(
        Operation::MarkRows,
        70..=71,
        Fault::Unavailable(Moment::Midway),
    );
    faults.fail(Operation::Store, 4..=4, Fault::Unavailable(Moment::After));

    let accepted = bench.accept(&faults).await;
    let engine = world.engine(&faults);
    let mut ended = None;
    for _ in 0..20 {
        world.clock.advance(Duration::from_mins(5));
        let until = world.later(Duration::from_mins(1));
        // The sweeper cannot send either; what it finds stays due.
        let swept = sweep(&engine, until).await.unwrap();
        assert_eq!(swept.parked, 0);
        let tenant = &world.principal.tenant;
        if let Ok(Advanced::Ended(state)) = advance(&engine, tenant, accepted.id, until).await {
            ended = Some(state);
            break;
        }
    }

    assert_eq!(ended, Some(State::Deleted));
    let stands = world.read(accepted.id).await;
    let deleted: u64 = stands.deleted.values().map(|counts| counts.deleted).sum();
    assert_eq!(deleted, CHILDREN as u64 + 1);
    assert!(
        stands
            .deleted
            .values()
            .all(|counts| counts.selected == counts.deleted)
    );
    let messages = world.collection("messages");
    assert_eq!(bench.marked_by(messages, accepted.id), CHILDREN);
}
