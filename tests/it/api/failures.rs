//! When a dependency or the function itself fails: who is to blame is told, why is not.

use std::time::Duration;

use domain::deletion::State;
use requests::OnPublishFailure;
use testing::samples::key;
use testing::{Fault, Moment, Operation};

use super::event::Event;
use super::world::World;

fn mail() -> World {
    let world = World::new();
    world.put("discussions", &key("d-1"));
    world
}

/// A request that needs this call, and the words for who failed.
const CALLS: [(Operation, &str, &str, &str); 6] = [
    (
        Operation::ReadRows,
        "DELETE",
        "/v1/discussions/d-1",
        "record store",
    ),
    (
        Operation::ReadRows,
        "GET",
        "/v1/discussions/d-1",
        "record store",
    ),
    (
        Operation::QueryRows,
        "GET",
        "/v1/discussions",
        "record store",
    ),
    (
        Operation::Search,
        "GET",
        "/v1/search/discussions?q=stone",
        "search index",
    ),
    (
        Operation::Accept,
        "DELETE",
        "/v1/discussions/d-1",
        "control table",
    ),
    (
        Operation::ListDeletions,
        "GET",
        "/v1/deletions",
        "control table",
    ),
];

#[tokio::test]
async fn a_dependency_that_does_not_answer_is_503_and_worth_another_try() {
    for (operation, method, target, name) in CALLS {
        let world = mail();
        world
            .faults
            .fail(operation, .., Fault::Unavailable(Moment::Before));

        let answer = world.call(Event::new(method, target)).await;

        assert_eq!(
            (answer.status, answer.code()),
            (503, "DEPENDENCY_UNAVAILABLE"),
            "{operation:?}"
        );
        assert_eq!(answer.header("retry-after"), Some("5"));
        assert!(
            answer.body["detail"].as_str().unwrap().contains(name),
            "{}",
            answer.text
        );
        assert!(
            !answer.text.contains("script"),
            "the source is told: {}",
            answer.text
        );
        assert!(world.is_untouched());
    }
}

#[tokio::test]
async fn a_dependency_that_refuses_is_500_and_not_worth_another_try() {
    for (operation, method, target, name) in CALLS {
        let world = mail();
        world
            .faults
            .fail(operation, .., Fault::Refused(Moment::Before));

        let answer = world.call(Event::new(method, target)).await;

        assert_eq!(
            (answer.status, answer.code()),
            (500, "DEPENDENCY_REFUSED"),
            "{operation:?}"
        );
        assert_eq!(answer.header("retry-after"), None);
        assert!(
            answer.body["detail"].as_str().unwrap().contains(name),
            "{}",
            answer.text
        );
        assert!(
            !answer.text.contains("script"),
            "the source is told: {}",
            answer.text
        );
        assert!(world.is_untouched());
    }
}

#[tokio::test]
async fn what_a_later_version_wrote_is_503_until_that_version_answers_and_nothing_is_changed() {
    let world = mail();
    world.put("discussions", &key("d-2"));
    let mut ids = Vec::new();
    for target in ["/v1/discussions/d-1", "/v1/discussions/d-2"] {
        world.clock.advance(Duration::from_secs(1));
        let answer = world.call(Event::new("DELETE", target)).await;
        let id = answer.body["deletion"]["id"].as_str().unwrap();
        ids.push(id.to_owned());
    }
    let newer = world.deletions.get(ids[0].parse().unwrap()).unwrap();
    let _sent = world.queue.take();
    world.deletions.make_newer(&newer);

    let deletion = format!("/v1/deletions/{}", ids[0]);
    for (method, target) in [
        ("GET", deletion.clone()),
        ("GET", format!("{deletion}/records")),
        ("POST", format!("{deletion}/cancel")),
        ("DELETE", "/v1/discussions/d-1".to_owned()),
        ("GET", "/v1/discussions/d-1".to_owned()),
    ] {
        let answer = world.call(Event::new(method, &target)).await;
        let told = (answer.status, answer.code());
        assert_eq!(told, (503, "NEWER_VERSION"), "{method} {target}");
        assert_eq!(answer.header("retry-after"), Some("5"));
    }
    let list = world.call(Event::new("GET", "/v1/deletions")).await;

    assert_eq!((list.status, list.ids()), (200, vec![ids[1].as_str()]));
    assert_eq!(world.deletions.get(newer.id), Some(newer));
    assert!(world.queue.is_empty());
}

#[tokio::test]
async fn a_store_that_refuses_with_and_without_the_cursor_is_not_the_clients_fault() {
    let world = World::new();
    for id in ["d-1", "d-2"] {
        world.put("discussions", &key(id));
    }
    let page = world
        .call(Event::new("GET", "/v1/discussions?limit=1"))
        .await;
    world
        .faults
        .fail(Operation::QueryRows, .., Fault::Refused(Moment::Before));

    let cursor = page.body["next_cursor"].as_str().unwrap();
    let answer = world
        .call(Event::new(
            "GET",
            &format!("/v1/discussions?limit=1&cursor={cursor}"),
        ))
        .await;

    assert_eq!(answer.code(), "DEPENDENCY_REFUSED");
}

#[tokio::test]
async fn a_queue_that_is_down_is_the_sweepers_business_and_the_delete_is_accepted() {
    let world = mail();
    world
        .faults
        .fail(Operation::Send, .., Fault::Unavailable(Moment::Before));

    let answer = world
        .call(Event::new("DELETE", "/v1/discussions/d-1"))
        .await;

    assert_eq!((answer.status, answer.code()), (202, "PENDING_DELETE"));
    assert_eq!(world.deletions.all()[0].state, State::PendingDelete);
}

#[tokio::test]
async fn in_rollback_mode_a_queue_that_is_down_is_503_and_the_record_is_as_before() {
    let mut world = mail();
    world.on_publish_failure = OnPublishFailure::Rollback;
    let before = world.row("discussions", &key("d-1"));
    world
        .faults
        .fail(Operation::Send, .., Fault::Unavailable(Moment::Before));

    let answer = world
        .call(Event::new("DELETE", "/v1/discussions/d-1"))
        .await;

    assert_eq!((answer.status, answer.code()), (503, "NOT_QUEUED"));
    assert_eq!(answer.header("retry-after"), Some("5"));
    assert_eq!(world.row("discussions", &key("d-1")), before);
    assert!(world.is_untouched());
}

#[tokio::test]
async fn a_panic_is_answered_and_the_next_request_is_served() {
    let world = mail();
    world
        .faults
        .beside(Operation::ReadRows, 1, Moment::Before, || {
            panic!("a secret of the test")
        });

    let broken = world.call(Event::new("GET", "/v1/discussions/d-1")).await;
    let next = world.call(Event::new("GET", "/v1/discussions/d-1")).await;

    assert_eq!((broken.status, broken.code()), (500, "INTERNAL"));
    assert!(!broken.text.contains("secret"));
    assert_eq!(next.status, 200);
}
