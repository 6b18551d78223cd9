//! Who may delete what, decided when it is asked and true for as long as the deletion works.

use domain::narrowing::Narrowing;
use domain::page::Outcome;
use ports::{AcceptDeletions as _, UndoOutcome};
use requests::OnPublishFailure;
use requests::destroy::{DestroyError, DestroyRequest, Requested, Unsupported, destroy};
use testing::samples::{key, key2};
use testing::{Fault, Moment, Operation};

use super::world::{chat, ids, member, message, put_sent, records};
use crate::engine::world::admin;

fn of(author: &str) -> Requested<'static> {
    Requested::Author {
        author: author.to_owned(),
        beside: Vec::new(),
    }
}

#[tokio::test]
async fn an_author_deletes_by_id_what_is_their_own_and_young_and_the_rest_is_told_like_an_absent_one()
 {
    let world = chat();
    put_sent(
        &world,
        "messages",
        &key2("s", "s-old"),
        Some(&key("s")),
        "ann",
        "2026-11-21T06:49:59.999Z",
    );

    let deletion = world
        .destroy(
            &world.faults(),
            &member("ann", &[]),
            "messages",
            ids(&["s0", "s1", "s-old", "s-none"]),
            None,
        )
        .await
        .unwrap();
    // However late it is done, the request was in time.
    world.clock.advance(std::time::Duration::from_hours(1));
    world.come_to_rest().await;

    let outcomes = world.outcomes(&deletion);
    assert_eq!(outcomes["messages s0"], Outcome::Deleted);
    for id in ["s1", "s-old", "s-none"] {
        assert_eq!(
            outcomes[&format!("messages {id}")],
            Outcome::Missing,
            "{id}"
        );
    }
    assert_eq!(
        world.counts(&deletion, "reactions").deleted,
        2,
        "those below their own"
    );
}

#[tokio::test]
async fn who_may_not_delete_is_refused_and_nothing_is_written() {
    let world = chat();
    let before = records(&world);
    for (who, named) in [
        (member("ann", &["guest"]), ids(&["s0"])),
        (member("ann", &["admin", "guest"]), of("ann")),
        (member("ann", &[]), of("bob")),
        (
            member("ann", &[]),
            Requested::Ids {
                ids: vec![message("s1")],
                author: Some("bob".into()),
            },
        ),
    ] {
        let refused = world
            .destroy(&world.faults(), &who, "messages", named, None)
            .await;

        assert!(matches!(refused, Err(DestroyError::Forbidden)), "{who:?}");
    }
    let refused = world
        .destroy(
            &world.faults(),
            &member("ann", &[]),
            "streams",
            ids(&["s0"]),
            None,
        )
        .await;
    assert!(matches!(refused, Err(DestroyError::Forbidden)));
    assert!(world.deletions.all().is_empty() && world.queue.is_empty());
    assert_eq!(records(&world), before);
}

#[tokio::test]
async fn the_caller_needs_the_right_on_each_of_the_collections() {
    let world = chat();
    let named = || Requested::Author {
        author: "bob".to_owned(),
        beside: vec![world.collection("direct")],
    };

    assert!(
        world
            .destroy(
                &world.faults(),
                &member("x", &["admin"]),
                "messages",
                named(),
                None
            )
            .await
            .is_ok()
    );
    let refused = world
        .destroy(
            &world.faults(),
            &member("x", &[]),
            "messages",
            named(),
            None,
        )
        .await;
    assert!(matches!(refused, Err(DestroyError::Forbidden)));
}

#[tokio::test]
async fn an_author_may_delete_all_of_their_own_that_they_might_delete_one_by_one() {
    let world = chat();
    put_sent(
        &world,
        "messages",
        &key2("s", "s-old"),
        Some(&key("s")),
        "ann",
        "2026-11-21T06:49:59Z",
    );

    let deletion = world
        .destroy(
            &world.faults(),
            &member("ann", &[]),
            "messages",
            of("ann"),
            None,
        )
        .await
        .unwrap();
    world.come_to_rest().await;

    assert_eq!(world.counts(&deletion, "messages").deleted, 4);
    assert_eq!(
        world.marks("messages", &key2("s", "s-old")).0.as_deref(),
        Some("")
    );
}

#[tokio::test]
async fn what_a_collection_does_not_declare_cannot_be_asked_of_it() {
    let world = chat();
    let api = world.api(&world.faults());
    let ask = async |collection: &str, named, parent: Option<&str>| {
        let request = DestroyRequest {
            principal: &admin(),
            collection: world.collection(collection),
            named,
            whole: None,
            parent: parent.map(key),
            filters: Narrowing::default(),
            as_of: None,
            expected_count: None,
            request_id: "request-1".to_owned(),
            once: None,
        };
        match destroy(&api, request).await {
            Err(DestroyError::Unsupported { why, .. }) => Some(why),
            _ => None,
        }
    };
    let with_author = Requested::Ids {
        ids: vec![key("s")],
        author: Some("ann".into()),
    };

    assert_eq!(
        ask("streams", with_author, None).await,
        Some(Unsupported::NoAuthor)
    );
    assert_eq!(
        ask("direct", of("ann"), Some("c")).await,
        Some(Unsupported::NoParent)
    );
    let beside = Requested::Author {
        author: "ann".into(),
        beside: vec![world.collection("direct")],
    };
    assert_eq!(
        ask("messages", beside, Some("s")).await,
        Some(Unsupported::Different)
    );
}

#[tokio::test]
async fn where_the_message_cannot_be_sent_it_is_accepted_or_taken_back_as_configured() {
    for (on_publish_failure, is_kept) in [
        (OnPublishFailure::Outbox, true),
        (OnPublishFailure::Rollback, false),
    ] {
        let world = chat();
        let faults = world.faults();
        faults.fail(Operation::Send, 1..=1, Fault::Unavailable(Moment::Before));
        let mut api = world.api(&faults);
        api.on_publish_failure = on_publish_failure;
        let request = DestroyRequest {
            principal: &admin(),
            collection: world.collection("messages"),
            named: ids(&["s0"]),
            whole: None,
            parent: None,
            filters: Narrowing::default(),
            as_of: None,
            expected_count: None,
            request_id: "request-1".to_owned(),
            once: None,
        };

        let answer = destroy(&api, request).await;

        assert_eq!(answer.is_ok(), is_kept);
        assert_eq!(world.deletions.all().len(), usize::from(is_kept));
        if is_kept {
            world.come_to_rest().await;
            assert_eq!(world.marked_by(&answer.unwrap().deletion).len(), 3);
        } else {
            assert!(matches!(answer, Err(DestroyError::TakenBack)));
            assert_eq!(world.deletions.items(), 0);
        }
    }
}

#[tokio::test]
async fn an_acceptance_whose_answer_was_lost_is_one_deletion() {
    let world = chat();
    let faults = world.faults();
    faults.fail(
        Operation::AcceptNamed,
        1..=2,
        Fault::Unavailable(Moment::After),
    );

    let deletion = world
        .destroy(&faults, &admin(), "messages", ids(&["s0"]), None)
        .await
        .unwrap();
    world.come_to_rest().await;

    assert_eq!(world.deletions.all().len(), 1);
    assert_eq!(world.marked_by(&deletion).len(), 3);
    assert_eq!(
        world
            .deletions
            .undo_requested(&deletion, 1, None)
            .await
            .unwrap(),
        UndoOutcome::Begun
    );
}
