//! What is plain when it is asked for is answered then: nothing is written, and the look does not grow with the deletion.

use domain::deletion::{Action, Deletion, State};
use requests::act::ActError;
use testing::samples::{key, key2, mark, marked, of_another_tenant};
use testing::{Fault, Moment, Operation};

use crate::engine::world::strategies::{archived, small};
use crate::engine::world::trees::four_levels;
use crate::engine::world::{World, at_once};

/// What the refusal of a restore says: its code, and the deletion of what is above.
fn told(answer: Result<Deletion, ActError>) -> (&'static str, Option<Deletion>) {
    match answer {
        Err(ActError::RootMissing) => ("ROOT_MISSING", None),
        Err(ActError::KeyTaken) => ("KEY_TAKEN", None),
        Err(ActError::ParentNotLive(above)) => ("PARENT_NOT_LIVE", above.map(|above| *above)),
        other => panic!("it is not refused: {other:?}"),
    }
}

async fn deleted(world: &World, collection: &str, key: &domain::key::RecordKey) -> Deletion {
    let deletion = world.accept(collection, key).await;
    world.come_to_rest().await;
    world.now(&deletion)
}

#[tokio::test]
async fn a_restore_below_what_is_deleted_is_refused_at_once_and_names_that_deletion() {
    // The parent of a discussion stands in its key, that of a message in an attribute; a reaction is three levels below.
    for (collection, root) in [
        ("discussions", key2("l", "d1")),
        ("messages", key("l-d1-0")),
        ("reactions", key2("l-d1-0", "x")),
    ] {
        let world = four_levels();
        let child = deleted(&world, collection, &root).await;
        let parent = deleted(&world, "lists", &key("l")).await;
        let faults = world.faults();

        let (code, above) = told(world.act_disturbed(&faults, &child, Action::Restore).await);

        assert_eq!(code, "PARENT_NOT_LIVE", "{collection}");
        assert_eq!(above, Some(world.now(&parent)), "{collection}");
        assert_eq!(world.now(&child), child, "{collection}: nothing is written");
        assert!(world.queue.is_empty(), "{collection}");
        let rows = faults.log().into_iter();
        let rows = rows.filter(|call| call.operation == Operation::ReadRows);
        assert!(rows.count() <= 4, "{collection}: one for each level");

        // When the parent is back, so may the child be.
        world.act_and_rest(&parent, Action::Restore).await;
        let back = world.act_and_rest(&child, Action::Restore).await;
        assert_eq!(back.state, State::Restored, "{collection}");
    }
}

#[tokio::test]
async fn a_restore_below_what_is_gone_is_refused_too() {
    let world = four_levels();
    let child = deleted(&world, "messages", &key("l-d1-0")).await;
    let discussions = world.collection("discussions");
    world.rows.remove(discussions, &key2("l", "d1"));

    let refused = world.act(&child, Action::Restore).await;

    assert_eq!(told(refused), ("PARENT_NOT_LIVE", None));
    assert_eq!(world.now(&child), child);
}

#[tokio::test]
async fn a_root_that_is_gone_or_taken_refuses_the_restore_and_the_retry_of_one() {
    for (what, code) in [
        ("gone", "ROOT_MISSING"),
        ("live", "KEY_TAKEN"),
        ("another's", "KEY_TAKEN"),
        // As if there were none.
        ("another tenant's", "ROOT_MISSING"),
    ] {
        for action in [Action::Restore, Action::Retry] {
            let world = four_levels();
            let mut deletion = deleted(&world, "lists", &key("l")).await;
            if action == Action::Retry {
                deletion.state = State::RestoreFailed;
                let scope =
                    domain::scope::Scope::below(world.collection("lists"), &world.collections);
                world.deletions.put(&deletion, &scope, &[]);
            }
            let lists = world.collection("lists").clone();
            let live = world.live_row("lists", &key("l"), None);
            match what {
                "gone" => world.rows.remove(&lists, &key("l")),
                "live" => world.rows.put(&lists, live),
                "another tenant's" => world.rows.put(&lists, of_another_tenant(&lists, live)),
                _ => world.rows.put(&lists, marked(&lists, live, &mark(7))),
            }

            let refused = world.act(&deletion, action).await;

            assert_eq!(told(refused), (code, None), "{what}");
            assert_eq!(world.now(&deletion), deletion, "{what}");
        }
    }
}

#[tokio::test]
async fn of_what_is_archived_the_key_tells_what_it_hangs_below() {
    let world = small(&archived());
    let child = deleted(&world, "discussions", &key2("l", "d1")).await;
    assert!(world.row("discussions", &key2("l", "d1")).is_none());
    let parent = deleted(&world, "lists", &key("l")).await;

    let refused = world.act(&child, Action::Restore).await;

    // The parent's row has left its table as well.
    assert_eq!(told(refused), ("PARENT_NOT_LIVE", None));
    world.act_and_rest(&parent, Action::Restore).await;
    let back = world.act_and_rest(&child, Action::Restore).await;
    assert_eq!(back.state, State::Restored);
}

#[tokio::test]
async fn a_look_that_fails_is_told_as_such_and_nothing_is_written() {
    let world = four_levels();
    let deletion = deleted(&world, "discussions", &key2("l", "d1")).await;
    let faults = world.faults();
    faults.fail(Operation::ReadRows, .., Fault::Unavailable(Moment::Before));

    let answer = world
        .act_disturbed(&faults, &deletion, Action::Restore)
        .await;

    assert!(matches!(answer, Err(ActError::Dependency(error)) if error.retryable));
    assert_eq!(world.now(&deletion), deletion);
}

#[tokio::test]
async fn cancel_purge_and_the_other_retries_look_at_no_record() {
    for (state, action) in [
        (State::Deleting, Action::Cancel),
        (State::DeleteFailed, Action::Retry),
        (State::PurgeFailed, Action::Retry),
        (State::Deleted, Action::Purge),
    ] {
        let world = four_levels();
        let mut deletion = deleted(&world, "discussions", &key2("l", "d1")).await;
        deleted(&world, "lists", &key("l")).await;
        deletion.state = state;
        let collection = world.collection("discussions");
        let scope = domain::scope::Scope::below(collection, &world.collections);
        world.deletions.put(&deletion, &scope, &[]);
        let reads = world.rows.calls();

        world.act(&deletion, action).await.unwrap();

        assert_eq!(world.rows.calls(), reads, "{action:?} in {state}");
    }
}

#[tokio::test]
async fn a_look_that_another_request_made_stale_is_judged_by_what_stands_then() {
    let world = four_levels();
    let deletion = deleted(&world, "lists", &key("l")).await;
    let faults = world.faults();
    let beside = world.clone();
    // Between the reading of the deletion and that of its root, another restore begins and ends.
    faults.beside(Operation::ReadRows, 1, Moment::Before, move || {
        at_once(beside.act_and_rest(&deletion, Action::Restore));
    });
    let deletion = world.deletions.all().remove(0);

    let answer = world
        .act_disturbed(&faults, &deletion, Action::Restore)
        .await;

    let Err(ActError::InvalidState(stands, _)) = answer else {
        panic!("{answer:?}")
    };
    assert_eq!(stands.state, State::Restored);
}
