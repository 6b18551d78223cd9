//! What callers ask of a deletion: cancel, retry, restore, purge.

use std::collections::BTreeMap;

use domain::deletion::{Action, Deletion, Lease, State};
use domain::page::{Entry, Exceptions, Judged, NotRestored, Page};
use domain::scope::Scope;
use ports::{AdvanceDeletions, Clock, Ids};
use serde_json::{Value, json};
use testing::samples::{key, key2};
use testing::{Fault, Moment, Operation};

use super::event::Event;
use super::world::{Answer, World};

/// The deletion of a record of this collection, asked for by ann as an administrator, in this state.
async fn standing(collection: &str, state: State) -> (World, Deletion) {
    let world = World::new();
    world.put(collection, &key("x-1"));
    let event = Event::new("DELETE", &format!("/v1/{collection}/x-1"));
    assert_eq!(world.call(event).await.status, 202);
    drop(world.queue.take());
    let mut deletion = world.deletions.all().remove(0);
    deletion.state = state;
    put(&world, &deletion, &[]);
    (world, deletion)
}

fn put(world: &World, deletion: &Deletion, pages: &[Page]) {
    let collection = world.collection(deletion.collection.as_ref());
    let scope = Scope::below(collection, &world.collections);
    world.deletions.put(deletion, &scope, pages);
}

pub(super) fn post(deletion: &Deletion, action: &str) -> Event {
    Event::new("POST", &format!("/v1/deletions/{}/{action}", deletion.id))
}

pub(super) fn told(answer: &Answer) -> (i64, &str) {
    (answer.status, answer.code())
}

/// What may be asked for in each state, and what follows.
const POSSIBLE: [(State, Action, State); 13] = [
    (State::PendingDelete, Action::Cancel, State::Cancelling),
    (State::Deleting, Action::Cancel, State::Cancelling),
    (State::Deleted, Action::Restore, State::Restoring),
    (State::Deleted, Action::Purge, State::Purging),
    (State::DeleteFailed, Action::Retry, State::Deleting),
    (State::DeleteFailed, Action::Restore, State::Restoring),
    (State::DeleteFailed, Action::Purge, State::Purging),
    (State::Cancelled, Action::Retry, State::Deleting),
    (State::Cancelled, Action::Restore, State::Restoring),
    (State::Cancelled, Action::Purge, State::Purging),
    (State::RestoreFailed, Action::Retry, State::Restoring),
    (State::RestoreFailed, Action::Restore, State::Restoring),
    (State::RestoreFailed, Action::Purge, State::Purging),
];

#[tokio::test]
async fn what_applies_is_accepted_with_a_place_to_look_and_a_time_to_come_back() {
    for (state, action, following) in POSSIBLE {
        let (world, deletion) = standing("discussions", state).await;

        let answer = world.call(post(&deletion, action.as_str())).await;

        let context = format!("{} in {state}", action.as_str());
        assert_eq!(answer.status, 202, "{context}");
        assert_eq!(answer.body["state"], following.as_str(), "{context}");
        assert_eq!(answer.body["done"], json!(false), "{context}");
        let path = format!("/v1/deletions/{}", deletion.id);
        assert_eq!(answer.header("location"), Some(&*path), "{context}");
        assert_eq!(answer.header("retry-after"), Some("1"), "{context}");
        let stands = world.deletions.get(deletion.id).unwrap();
        assert_eq!(stands.state, following, "{context}");
        assert_eq!(world.queue.take().len(), 1, "{context}: a worker is called");
        let shown = world.call(Event::new("GET", &path)).await;
        assert_eq!(shown.body, answer.body, "{context}");
        if action == Action::Purge {
            let now = domain::time::rfc3339(world.clock.now());
            assert_eq!(shown.body["purge_at"], json!(now));
        }
    }
}

#[tokio::test]
async fn what_does_not_apply_is_409_with_the_state_and_changes_nothing() {
    for state in State::ALL {
        for action in Action::ALL {
            let is_possible = POSSIBLE
                .iter()
                .any(|(from, asked, _)| (*from, *asked) == (state, action))
                || (state, action) == (State::PurgeFailed, Action::Retry);
            let (world, deletion) = standing("discussions", state).await;
            let path = format!("/v1/deletions/{}", deletion.id);
            let shown = world.call(Event::new("GET", &path)).await;
            let offered = shown.body["allowed_actions"].as_array().unwrap();
            let context = format!("{} in {state}", action.as_str());
            assert_eq!(
                offered.contains(&json!(action.as_str())),
                is_possible,
                "{context}: what is offered is what is possible"
            );
            if is_possible {
                continue;
            }

            let answer = world.call(post(&deletion, action.as_str())).await;

            assert_eq!(told(&answer), (409, "INVALID_STATE"), "{context}");
            assert_eq!(answer.body["state"], state.as_str(), "{context}");
            assert_eq!(world.deletions.get(deletion.id).unwrap(), deletion);
            assert!(world.queue.is_empty(), "{context}");
        }
    }
}

#[tokio::test]
async fn a_restore_is_offered_and_taken_until_purge_at_and_no_longer() {
    for (millis, status) in [(-1, 202), (0, 409), (1, 409)] {
        let (world, deletion) = standing("discussions", State::Deleted).await;
        let at = deletion.purge_at.unwrap() + jiff::SignedDuration::from_millis(millis);
        world.clock.set(at);
        let path = format!("/v1/deletions/{}", deletion.id);
        let shown = world.call(Event::new("GET", &path)).await;
        let expected = if status == 202 {
            json!(["restore", "purge"])
        } else {
            json!(["purge"])
        };
        assert_eq!(shown.body["allowed_actions"], expected);

        let answer = world.call(post(&deletion, "restore")).await;

        assert_eq!(answer.status, status, "{millis} ms");
    }
}

/// A letter in a room, deleted; and what became of the room then.
async fn letter_below(room: impl AsyncFnOnce(&World)) -> (World, Deletion) {
    let world = World::new();
    world.put("rooms", &key("r-1"));
    world.put_letter("l-1", "r-1");
    let answer = world.call(Event::new("DELETE", "/v1/letters/l-1")).await;
    assert_eq!(answer.status, 202);
    let mut deletion = world.deletions.all().remove(0);
    deletion.state = State::Deleted;
    put(&world, &deletion, &[]);
    room(&world).await;
    drop(world.queue.take());
    (world, deletion)
}

async fn delete_the_room(world: &World) {
    let answer = world.call(Event::new("DELETE", "/v1/rooms/r-1")).await;
    assert_eq!(answer.code(), "PENDING_DELETE");
}

#[tokio::test]
async fn a_restore_below_a_deleted_parent_is_409_at_once_and_says_what_to_restore_first() {
    for (state, action) in [
        (State::Deleted, "restore"),
        (State::RestoreFailed, "restore"),
        (State::RestoreFailed, "retry"),
    ] {
        let (world, mut deletion) = letter_below(delete_the_room).await;
        deletion.state = state;
        put(&world, &deletion, &[]);
        let above = world.deletions.all().remove(1);
        assert_eq!(above.collection.as_ref(), "rooms");

        let answer = world.call(post(&deletion, action)).await;

        assert_eq!(
            told(&answer),
            (409, "PARENT_NOT_LIVE"),
            "{action} in {state}"
        );
        assert_eq!(answer.body["deletion"]["id"], json!(above.id.to_string()));
        let offered = &answer.body["deletion"]["allowed_actions"];
        assert_eq!(offered, &json!(["cancel"]), "the way out is there");
        assert_eq!(world.deletions.get(deletion.id).unwrap(), deletion);
        assert!(world.queue.is_empty(), "{action} in {state}");
    }
}

#[tokio::test]
async fn what_stands_in_the_way_of_a_restore_has_a_code_of_its_own() {
    let gone = |collection: &'static str, id: &'static str| {
        async move |world: &World| world.rows.remove(world.collection(collection), &key(id))
    };
    let (world, deletion) = letter_below(gone("rooms", "r-1")).await;
    let answer = world.call(post(&deletion, "restore")).await;
    assert_eq!(told(&answer), (409, "PARENT_NOT_LIVE"));
    assert!(answer.body.get("deletion").is_none());

    let (world, deletion) = letter_below(gone("letters", "l-1")).await;
    let answer = world.call(post(&deletion, "restore")).await;
    assert_eq!(told(&answer), (409, "ROOT_MISSING"));

    let (world, deletion) =
        letter_below(async |world: &World| world.put_letter("l-1", "r-1")).await;
    let answer = world.call(post(&deletion, "restore")).await;
    assert_eq!(told(&answer), (409, "KEY_TAKEN"));
    assert_eq!(world.deletions.get(deletion.id).unwrap(), deletion);
    assert!(world.queue.is_empty());
}

#[tokio::test]
async fn who_may_not_restore_is_told_so_whatever_stands_in_the_way() {
    let (world, deletion) = letter_below(delete_the_room).await;
    let mut deletion = deletion;
    deletion.requested_by = "bob".to_owned();
    put(&world, &deletion, &[]);

    let answer = world
        .call(post(&deletion, "restore").by("bob", "acme", "[writers]"))
        .await;
    assert_eq!(told(&answer), (403, "FORBIDDEN"));
    let answer = world
        .call(post(&deletion, "restore").by("eve", "acme", "[writers]"))
        .await;
    assert_eq!(told(&answer), (404, "DELETION_NOT_FOUND"));
}

#[tokio::test]
async fn a_look_that_a_store_does_not_answer_is_503_and_nothing_is_begun() {
    let (world, deletion) = letter_below(delete_the_room).await;
    world
        .faults
        .fail(Operation::ReadRows, .., Fault::Unavailable(Moment::Before));

    let answer = world.call(post(&deletion, "restore")).await;

    assert_eq!(told(&answer), (503, "DEPENDENCY_UNAVAILABLE"));
    assert_eq!(world.deletions.get(deletion.id).unwrap(), deletion);
}

#[tokio::test]
async fn a_restore_that_the_file_or_the_time_forbids_says_which() {
    for (change, word) in [
        (
            (|deletion: &mut Deletion| deletion.restorable = false) as fn(&mut Deletion),
            "restore = \"never\"",
        ),
        (
            |deletion| deletion.purge_at = Some(deletion.deleted_at),
            "purge_at",
        ),
        (|deletion| deletion.state = State::Purged, "PURGED"),
    ] {
        let (world, mut deletion) = standing("discussions", State::Deleted).await;
        change(&mut deletion);
        put(&world, &deletion, &[]);

        let answer = world.call(post(&deletion, "restore")).await;

        assert_eq!(told(&answer), (409, "INVALID_STATE"), "{word}");
        let detail = answer.body["detail"].as_str().unwrap();
        assert!(detail.contains(word), "{detail}");
    }
}

#[tokio::test]
async fn an_unknown_deletion_and_one_of_another_tenant_are_the_same_404() {
    let (world, deletion) = standing("discussions", State::Deleted).await;
    for action in Action::ALL {
        let name = action.as_str();
        let unknown = "0193a0a0-0000-7000-8000-000000000000";
        let mut answers = Vec::new();
        for event in [
            Event::new("POST", &format!("/v1/deletions/{unknown}/{name}")),
            Event::new("POST", &format!("/v1/deletions/no-id/{name}")),
            post(&deletion, name).by("ann", "globex", "[admin]"),
            // Of the tenant, and none of their business.
            post(&deletion, name).by("eve", "acme", "[]"),
        ] {
            let answer = world.call(event).await;
            assert_eq!(told(&answer), (404, "DELETION_NOT_FOUND"), "{name}");
            answers.push((answer.status, answer.text, answer.headers));
        }
        assert!(answers.windows(2).all(|two| two[0] == two[1]), "{name}");
    }
    assert_eq!(world.deletions.get(deletion.id).unwrap(), deletion);
    assert!(world.queue.is_empty());
}

#[tokio::test]
async fn a_body_a_parameter_an_unknown_word_and_another_method_are_refused() {
    let (world, deletion) = standing("discussions", State::Deleted).await;
    for action in Action::ALL {
        let name = action.as_str();
        for body in ["{\"force\":true}", "[]", "null", " "] {
            let answer = world.call(post(&deletion, name).body(body)).await;
            assert_eq!(told(&answer), (400, "BODY_NOT_ALLOWED"), "{name}");
        }
        let target = format!("/v1/deletions/{}/{name}", deletion.id);
        let answer = world
            .call(Event::new("POST", &format!("{target}?force=true")))
            .await;
        assert_eq!(told(&answer), (400, "UNKNOWN_PARAMETER"), "{name}");
        for method in ["GET", "PUT", "DELETE", "HEAD"] {
            let answer = world.call(Event::new(method, &target)).await;
            assert_eq!(answer.status, 405, "{method} {name}");
            assert_eq!(answer.header("allow"), Some("POST"), "{method} {name}");
        }
    }
    for name in ["undelete", "RESTORE"] {
        for asked in [post(&deletion, name), post(&deletion, name).body("{}")] {
            let answer = world.call(asked).await;
            assert_eq!(told(&answer), (404, "ROUTE_NOT_FOUND"), "{name}");
        }
    }
    assert_eq!(world.deletions.get(deletion.id).unwrap(), deletion);
}

/// Who may ask for what: `cancel` and `retry` need the right of the pass that they touch.
#[tokio::test]
async fn permission_is_decided_by_the_pass_and_before_the_state_is_told() {
    let (author, admin) = (("ann", "[]"), ("ada", "[admin]"));
    for (collection, caller, state, expected) in [
        ("discussions", admin, State::Deleting, vec!["cancel"]),
        ("discussions", author, State::Deleting, vec!["cancel"]),
        ("discussions", author, State::Deleted, vec![]),
        (
            "discussions",
            admin,
            State::Deleted,
            vec!["restore", "purge"],
        ),
        ("discussions", author, State::DeleteFailed, vec!["retry"]),
        ("discussions", author, State::Cancelled, vec!["retry"]),
        ("discussions", author, State::RestoreFailed, vec![]),
        (
            "discussions",
            admin,
            State::RestoreFailed,
            vec!["retry", "restore", "purge"],
        ),
        ("discussions", author, State::PurgeFailed, vec![]),
        ("discussions", admin, State::PurgeFailed, vec!["retry"]),
        // Nobody may purge posts, nor restore notes.
        ("posts", admin, State::Deleted, vec!["restore"]),
        ("notes", admin, State::Cancelled, vec!["retry"]),
    ] {
        let (world, deletion) = standing(collection, state).await;
        let by = |event: Event| event.by(caller.0, "acme", caller.1);
        let context = format!("{caller:?} on {collection} in {state}");
        let path = format!("/v1/deletions/{}", deletion.id);

        let shown = world.call(by(Event::new("GET", &path))).await;

        assert_eq!(shown.body["allowed_actions"], json!(expected), "{context}");
        for action in Action::ALL {
            let (world, deletion) = standing(collection, state).await;
            let answer = world.call(by(post(&deletion, action.as_str()))).await;
            let context = format!("{context}: {}", action.as_str());
            if expected.contains(&action.as_str()) {
                assert_eq!(answer.status, 202, "{context}");
            } else {
                // Who may do it in another state is told the state, who may never is told that.
                assert!([403, 409].contains(&answer.status), "{context}");
                assert_eq!(world.deletions.get(deletion.id).unwrap(), deletion);
            }
            if caller == author && matches!(action, Action::Restore | Action::Purge) {
                assert_eq!(told(&answer), (403, "FORBIDDEN"), "{context}");
                assert!(answer.body.get("state").is_none(), "{context}");
            }
        }
    }
}

#[tokio::test]
async fn an_author_does_nothing_to_the_deletion_of_somebody_else() {
    let (world, mut deletion) = standing("discussions", State::Deleting).await;
    deletion.requested_by = "bob".to_owned();
    put(&world, &deletion, &[]);
    for action in Action::ALL {
        let event = post(&deletion, action.as_str()).by("ann", "acme", "[]");
        assert_eq!(world.call(event).await.status, 404);
    }
}

#[tokio::test]
async fn who_may_only_look_is_refused_whatever_the_state() {
    for state in State::ALL {
        let (world, deletion) = standing("drafts", state).await;
        for action in Action::ALL {
            let event = post(&deletion, action.as_str()).by("otto", "acme", "[auditors]");

            let answer = world.call(event).await;

            assert_eq!(told(&answer), (403, "FORBIDDEN"), "{state}");
        }
        let path = format!("/v1/deletions/{}", deletion.id);
        let shown = world
            .call(Event::new("GET", &path).by("otto", "acme", "[auditors]"))
            .await;
        assert_eq!(shown.body["allowed_actions"], json!([]), "{state}");
    }
}

#[tokio::test]
async fn a_cancel_of_what_is_being_worked_on_calls_no_second_worker() {
    let (world, mut deletion) = standing("discussions", State::Deleting).await;
    deletion.lease = Some(Lease {
        until: world.clock.now() + jiff::SignedDuration::from_secs(60),
        holder: world.clock.token(),
    });
    put(&world, &deletion, &[]);

    let answer = world.call(post(&deletion, "cancel")).await;

    assert_eq!(answer.status, 202);
    assert!(world.queue.is_empty());
    let stands = world.deletions.get(deletion.id).unwrap();
    assert_eq!(
        (stands.state, stands.due_at),
        (State::Cancelling, deletion.due_at)
    );
}

#[tokio::test]
async fn a_store_that_does_not_answer_is_503_and_a_queue_that_does_not_is_202() {
    let (world, deletion) = standing("discussions", State::Deleted).await;
    world
        .faults
        .fail(Operation::Store, ..=1, Fault::Unavailable(Moment::Before));
    let answer = world.call(post(&deletion, "restore")).await;
    assert_eq!(told(&answer), (503, "DEPENDENCY_UNAVAILABLE"));
    assert_eq!(world.deletions.get(deletion.id).unwrap(), deletion);

    world
        .faults
        .fail(Operation::Send, .., Fault::Unavailable(Moment::Before));
    let answer = world.call(post(&deletion, "restore")).await;
    assert_eq!(answer.status, 202, "the sweeper sends the message");
    let stands = world.deletions.get(deletion.id).unwrap();
    assert!(stands.due_at.is_some());
}

#[tokio::test]
async fn the_manifest_tells_what_the_restore_did_once_it_has_come_to_a_record() {
    let (world, mut deletion) = standing("discussions", State::Restoring).await;
    let messages = world.collection("messages").name.clone();
    let page = |number: u32, names: &[&str]| Page {
        number,
        entries: names
            .iter()
            .map(|name| Entry::new(messages.clone(), key2("x-1", name), Judged::Live))
            .collect(),
        next: None,
    };
    (deletion.acted, deletion.pages, deletion.cursor) = (3, 3, 1);
    deletion.notified.restore.of = 3;
    put(
        &world,
        &deletion,
        &[page(2, &["m-1"]), page(3, &["m-2", "m-3", "m-4"])],
    );
    let exceptions = Exceptions {
        restored: BTreeMap::from([
            (
                1,
                NotRestored::Conflict {
                    reason: "ROW_MISSING: the row is gone".to_owned(),
                },
            ),
            (
                2,
                NotRestored::Failed {
                    reason: "DOCUMENT_REJECTED: why".to_owned(),
                },
            ),
        ]),
        ..Exceptions::default()
    };
    world
        .deletions
        .put_exceptions(&deletion, 3, &exceptions)
        .await
        .unwrap();

    let path = format!("/v1/deletions/{}/records", deletion.id);
    let answer = world.call(Event::new("GET", &path)).await;

    let items = answer.body["items"].as_array().unwrap();
    assert!(items.iter().all(|item| item["outcome"] == json!("deleted")));
    let restores: Vec<&Value> = items.iter().map(|item| &item["restore"]).collect();
    assert_eq!(
        restores,
        [
            &json!(null),
            &json!(null),
            &json!({ "outcome": "restored", "reason": null }),
            &json!({ "outcome": "conflict", "reason": "ROW_MISSING: the row is gone" }),
            &json!({ "outcome": "failed", "reason": "DOCUMENT_REJECTED: why" }),
        ]
    );
}
