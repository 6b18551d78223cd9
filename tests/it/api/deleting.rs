//! The answers of `DELETE`.

use domain::deletion::State;
use domain::message::DeletionMessage;
use domain::size::{Count, ITEM_BYTES};
use serde_json::{Value, json};
use testing::samples::{key, key2};

use super::event::Event;
use super::world::World;

#[tokio::test]
async fn a_delete_is_scheduled_and_the_answer_says_where_to_look() {
    let world = World::new();
    world.put("discussions", &key("d~1"));

    let answer = world
        .call(Event::new("DELETE", "/v1/discussions/d~1"))
        .await;

    let deletion = world.deletions.all().remove(0);
    let path = format!("/v1/deletions/{}", deletion.id);
    assert_eq!(answer.status, 202);
    assert_eq!(answer.header("location"), Some(path.as_str()));
    assert_eq!(answer.header("retry-after"), Some("1"));
    assert!(answer.text.starts_with(
        r#"{"status":"PENDING_DELETE","id":"d~1","message":"Deletion has been scheduled","deletion":{"id":""#
    ));
    assert_eq!(
        answer.body["deletion"],
        json!({
            "id": deletion.id.to_string(),
            "state": "PENDING_DELETE",
            "done": false,
            "pass": "delete",
            "scope": { "collection": "discussions", "root": { "id": "d~1" } },
            "requested_by": "ann",
            "requested_at": "2026-11-21T07:00:00.000Z",
            "deleted_at": "2026-11-21T07:00:00.000Z",
            "purge_at": "2026-12-21T07:00:00.000Z",
            "ended_at": null,
            "last_action": null,
            "counts": {
                "delete": {
                    "discussions": {
                        "selected": 1, "deleted": 0, "already_deleted": 0, "missing": 0, "kept": 0, "failed": 0, "not_reached": 1
                    }
                },
                "restore": {},
                "purge": {},
            },
            "attempts": 0,
            "failure": null,
            "allowed_actions": ["cancel"],
            "certificate": { "pages": 1, "head": deletion.chain },
            "links": { "self": path, "records": format!("{path}/records") },
        })
    );
    assert_eq!(world.marked("discussions"), [key("d~1")]);
    let sent: Vec<DeletionMessage> = world
        .queue
        .take()
        .iter()
        .map(testing::Sent::message)
        .collect();
    assert_eq!(sent, [DeletionMessage::about(&deletion)]);
    assert_eq!(deletion.request_id, "request-1");
}

#[tokio::test]
async fn a_two_part_key_is_answered_with_both_parts() {
    let world = World::new();
    world.put("discussions", &key("d-1"));
    world.put("messages", &key2("d-1", "m-1"));

    let answer = world
        .call(Event::new("DELETE", "/v1/messages/d-1/m-1"))
        .await;

    assert!(
        answer
            .text
            .starts_with(r#"{"status":"PENDING_DELETE","id":"d-1","sort":"m-1","message":"#),
        "{}",
        answer.text
    );
    assert_eq!(
        answer.body["deletion"]["scope"]["root"],
        json!({ "id": "d-1", "sort": "m-1" })
    );
    assert_eq!(world.marked("messages"), [key2("d-1", "m-1")]);
    assert_eq!(world.marked("discussions"), []);
}

#[tokio::test]
async fn who_asks_twice_gets_the_same_deletion() {
    let world = World::new();
    world.put("discussions", &key("d-1"));
    let first = world
        .call(Event::new("DELETE", "/v1/discussions/d-1"))
        .await;
    let row = world.row("discussions", &key("d-1"));

    let second = world
        .call(Event::new("DELETE", "/v1/discussions?id=d-1").by("bob", "acme", "[admin]"))
        .await;

    assert_eq!((second.status, second.code()), (202, "ALREADY_DELETED"));
    assert_eq!(second.body["deletion"], first.body["deletion"]);
    assert_eq!(second.header("location"), first.header("location"));
    assert_eq!(second.header("retry-after"), Some("1"));
    assert_eq!(world.row("discussions", &key("d-1")), row);
    assert_eq!(world.queue.len(), 1);
}

#[tokio::test]
async fn a_deletion_that_is_done_is_shown_without_an_invitation_to_poll() {
    let world = World::new();
    world.put("discussions", &key("d-1"));
    world
        .call(Event::new("DELETE", "/v1/discussions/d-1"))
        .await;
    let mut deletion = world.deletions.all().remove(0);
    deletion.state = State::Deleted;
    world.deletions.put(
        &deletion,
        &domain::scope::Scope::below(world.collection("discussions"), &world.collections),
        &[],
    );

    let answer = world
        .call(Event::new("DELETE", "/v1/discussions/d-1"))
        .await;

    assert_eq!(
        (answer.code(), answer.body["deletion"]["done"].as_bool()),
        ("ALREADY_DELETED", Some(true))
    );
    assert_eq!(answer.header("retry-after"), None);
    assert!(answer.header("location").is_some());
}

#[tokio::test]
async fn what_an_ancestor_hides_is_answered_with_that_deletion() {
    let world = World::new();
    world.put("discussions", &key("d-1"));
    world.put("messages", &key2("d-1", "m-1"));
    let above = world
        .call(Event::new("DELETE", "/v1/discussions/d-1"))
        .await;

    let answer = world
        .call(Event::new("DELETE", "/v1/messages/d-1/m-1"))
        .await;

    assert_eq!((answer.status, answer.code()), (202, "ALREADY_DELETED"));
    assert_eq!(answer.body["id"], "d-1");
    assert_eq!(answer.body["sort"], "m-1");
    assert_eq!(answer.body["deletion"], above.body["deletion"]);
    assert_eq!(world.marked("messages"), []);
}

#[tokio::test]
async fn what_is_absent_is_deleted_already_unless_the_collection_tells() {
    let world = World::new();

    let mail = world
        .call(Event::new("DELETE", "/v1/discussions/absent"))
        .await;
    let note = world.call(Event::new("DELETE", "/v1/notes/absent")).await;

    assert_eq!(
        (mail.status, mail.text.as_str()),
        (
            202,
            r#"{"status":"ALREADY_DELETED","id":"absent","message":"Record is already deleted","deletion":null}"#
        )
    );
    assert_eq!(
        (mail.header("location"), mail.header("retry-after")),
        (None, None)
    );
    assert_eq!((note.status, note.code()), (404, "RECORD_NOT_FOUND"));
    assert!(world.is_untouched());
}

#[tokio::test]
async fn a_record_of_ones_own_may_be_deleted_and_one_of_somebody_else_may_not() {
    let world = World::new();
    world.put("discussions", &key("d-1"));

    let other = world
        .call(Event::new("DELETE", "/v1/discussions/d-1").by("bob", "acme", "[staff]"))
        .await;
    assert!(world.is_untouched());
    let author = world
        .call(Event::new("DELETE", "/v1/discussions/d-1").by("ann", "acme", "[]"))
        .await;

    assert_eq!((other.status, other.code()), (403, "FORBIDDEN"));
    assert_eq!((author.status, author.code()), (202, "PENDING_DELETE"));
}

#[tokio::test]
async fn permission_is_decided_before_existence_is_told() {
    let world = World::new();
    world.put("notes", &key("n-1"));
    let by_member = |id| Event::new("DELETE", &format!("/v1/notes/{id}")).by("bob", "acme", "[]");

    let there = world.call(by_member("n-1")).await;
    let absent = world.call(by_member("n-2")).await;

    assert_eq!((there.status, there.code()), (403, "FORBIDDEN"));
    assert_eq!(there, absent);
}

#[tokio::test]
async fn a_deletion_without_an_end_of_its_retention_has_no_purge_date() {
    let world = World::new();
    world.put("drafts", &key("x"));

    let answer = world.call(Event::new("DELETE", "/v1/drafts/x")).await;

    assert_eq!(answer.code(), "PENDING_DELETE");
    assert_eq!(answer.body["deletion"]["purge_at"], json!(null));
}

#[tokio::test]
async fn a_parent_that_its_children_keep_is_409_with_their_collection_and_nothing_is_written() {
    let mut world = World::new();
    let keeps = r#"gsi = "by_room", on_delete = "restrict""#;
    world.redeclare(|text| text.replace(r#"gsi = "by_room", on_delete = "cascade""#, keeps));
    world.put("rooms", &key("r"));
    world.put_letter("l", "r");
    let delete = || Event::new("DELETE", "/v1/rooms/r").by("ada", "acme", "[admin]");

    let answer = world.call(delete()).await;

    assert_eq!((answer.status, answer.code()), (409, "HAS_CHILDREN"));
    let detail = answer.body["detail"].as_str().unwrap();
    assert!(detail.contains("letters"), "{detail}");
    assert!(world.is_untouched());
    assert!(world.queue.is_empty());

    let letters = world.collection("letters").clone();
    world.rows.remove(&letters, &key("l"));
    assert_eq!(world.call(delete()).await.status, 202);
}

#[tokio::test]
async fn every_link_has_the_path_that_stands_before_ours() {
    let world = World::new();
    world.put("discussions", &key("d~1"));
    let delete = "/v1/discussions/d~1";
    let scheduled = world
        .call(Event::new("DELETE", delete).below("/trash"))
        .await;
    let path = format!(
        "/v1/deletions/{}",
        scheduled.body["deletion"]["id"].as_str().unwrap()
    );

    for (method, target, member) in [
        ("DELETE", delete, "/deletion/links"),
        ("GET", delete, "/deletion/links"),
        ("GET", &path, "/links"),
        ("GET", "/v1/deletions", "/items/0/links"),
        ("POST", &format!("{path}/cancel"), "/links"),
    ] {
        let answer = world.call(Event::new(method, target).below("/trash")).await;

        let links = answer.body.pointer(member).unwrap_or(&Value::Null);
        assert_eq!(
            links["self"],
            format!("/trash{path}"),
            "{method} {target}: {}",
            answer.text
        );
        assert_eq!(links["records"], format!("/trash{path}/records"));
        if answer.status == 202 {
            assert_eq!(
                answer.header("location"),
                Some(&*format!("/trash{path}")),
                "{method} {target}"
            );
        }
    }
    assert_eq!(
        scheduled.header("location"),
        Some(&*format!("/trash{path}"))
    );
}

#[tokio::test]
async fn what_is_being_restored_is_409_with_the_state_and_the_deletion_for_those_who_may_see_it() {
    let world = World::new();
    world.put("discussions", &key("d-1"));
    world.put("messages", &key2("d-1", "m-1"));
    world
        .call(Event::new("DELETE", "/v1/discussions/d-1"))
        .await;
    let mut deletion = world.deletions.all().remove(0);
    let scope = domain::scope::Scope::below(world.collection("discussions"), &world.collections);
    for state in [State::Restoring, State::Restored] {
        deletion.state = state;
        world.deletions.put(&deletion, &scope, &[]);
        for path in ["/v1/discussions/d-1", "/v1/messages/d-1/m-1"] {
            let answer = world.call(Event::new("DELETE", path)).await;

            assert_eq!((answer.status, answer.code()), (409, "INVALID_STATE"));
            assert_eq!(answer.body["state"], state.as_str());
            assert_eq!(answer.body["deletion"]["id"], deletion.id.to_string());
        }
    }
    assert_eq!(world.deletions.all().len(), 1);
}

#[tokio::test]
async fn a_record_that_has_no_room_for_its_mark_is_409_and_says_what_to_do() {
    for (path, name, way_out) in [
        ("/v1/discussions/d-1", "discussions", "make it smaller"),
        ("/v1/jobs/d-1", "jobs", "destroy_all"),
    ] {
        let world = World::new();
        world.put(name, &key("d-1"));
        let mut row = world.row(name, &key("d-1"));
        let bytes = Count::Most.item(&row) + "body".len();
        row.insert("body".to_owned(), json!("x".repeat(ITEM_BYTES - bytes)));
        world.rows.put(world.collection(name), row);

        let answer = world.call(Event::new("DELETE", path)).await;

        assert_eq!((answer.status, answer.code()), (409, "ROW_TOO_LARGE"));
        let detail = answer.body["detail"].as_str().unwrap();
        assert!(detail.contains(way_out), "{detail}");
        assert!(world.is_untouched());
    }
}
