//! A delete of many records below a parent that is another tenant's.

use domain::deletion::State;
use serde_json::json;
use testing::Operation;

use super::event::Event;
use super::filtering::{ask, marked, world};
use crate::engine::world::Ignore as _;

#[tokio::test]
async fn another_tenants_parent_is_counted_and_deleted_like_an_absent_one() {
    let world = world();
    let body = |parent: &str| json!({"parent": parent, "all": true, "validate_only": true});
    let by = |event: Event| event.by("eve", "globex", "[admin]");

    let foreign = world.call(by(ask("notifications", &body("b")))).await;
    let absent = world.call(by(ask("notifications", &body("none")))).await;

    assert_eq!(foreign, absent);
    assert_eq!(foreign.body["count"], 0);
    let run = json!({"parent": "b", "all": true});
    let run = world.call(by(ask("notifications", &run))).await;
    assert_eq!(run.status, 202);
    world.come_to_rest().await;
    assert_eq!(marked(&world), Vec::<String>::new());
}

#[tokio::test]
async fn nothing_below_another_tenants_parent_is_read_and_it_costs_what_an_absent_one_costs() {
    let mut calls = Vec::new();
    for parent in ["b", "none"] {
        let mut world = world();
        for validate_only in [true, false] {
            world.faults = world.script();
            let body = json!({"parent": parent, "all": true, "validate_only": validate_only});
            let asked = ask("notifications", &body).by("eve", "globex", "[admin]");
            let answer = world.call(asked).await;
            assert!([200, 202].contains(&answer.status), "{}", answer.text);
            let read = world.faults.count(Operation::QueryRows);
            assert_eq!(read, 0, "{parent}: {validate_only}");
            calls.push((parent, validate_only, world.faults.calls()));
        }
        let run = world.deletions.all().pop().unwrap();
        let faults = world.script();
        world.deliver(&faults, &run).await.unwrap().ignore();
        assert_eq!(world.now(&run).state, State::Deleted);
        let read = faults.count(Operation::QueryRows);
        assert_eq!(read, 0, "{parent}: the run");
    }

    assert_eq!(calls[0].2, calls[2].2, "{calls:?}");
    assert_eq!(calls[1].2, calls[3].2, "{calls:?}");
}
