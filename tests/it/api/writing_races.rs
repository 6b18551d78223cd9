//! Writes that meet a deletion, another write, or a store that fails.

use domain::key::RecordKey;
use serde_json::{Value, json};
use testing::samples::{key, mark, marked};
use testing::{Fault, Moment, Operation};

use super::world::World;
use super::writing::{post, put};

/// What a deletion does to a row and, if it is there, to its document.
fn delete_beside(
    world: &World,
    operation: Operation,
    nth: u64,
    moment: Moment,
    name: &str,
    key: RecordKey,
) {
    let (rows, documents) = (world.rows.clone(), world.documents.clone());
    let collection = world.collection(name).clone();
    world.faults.beside(operation, nth, moment, move || {
        let row = rows.get(&collection, &key).expect("the record is there");
        rows.put(&collection, marked(&collection, row, &mark(1)));
        if let Some(source) = documents.get(&collection, &key.partition) {
            let source = marked(&collection, source, &mark(1));
            documents.put(&collection, &key.partition, source);
        }
    });
}

fn is_marked(document: Option<&Value>) -> bool {
    document.is_some_and(|document| document["deletion_id"] == mark(1).deletion_id.to_string())
}

#[tokio::test]
async fn a_parent_that_is_deleted_during_the_write_takes_a_new_record_back() {
    for moment in [Moment::Before, Moment::After] {
        let world = post();
        delete_beside(&world, Operation::WriteRow, 1, moment, "rooms", key("r-1"));

        let answer = world
            .call(put("/v1/letters/l-2", &json!({ "room_id": "r-1" })))
            .await;

        assert_eq!((answer.status, answer.code()), (409, "PARENT_NOT_LIVE"));
        assert_eq!(world.rows.keys(world.collection("letters")), [key("l-1")]);
        assert_eq!(world.document("letters", "l-2"), None);
    }
}

#[tokio::test]
async fn a_parent_that_is_deleted_during_the_write_gets_the_old_record_back() {
    let world = post();
    let before = world.row("letters", &key("l-1"));
    let document = world.document("letters", "l-1");
    delete_beside(
        &world,
        Operation::WriteRow,
        1,
        Moment::After,
        "rooms",
        key("r-1"),
    );

    let answer = world
        .call(put(
            "/v1/letters/l-1",
            &json!({ "room_id": "r-1", "body": "new" }),
        ))
        .await;

    assert_eq!(answer.code(), "PARENT_NOT_LIVE");
    assert_eq!(world.row("letters", &key("l-1")), before);
    let now = world.document("letters", "l-1").unwrap();
    assert_eq!(now["subject"], document.unwrap()["subject"]);
    assert!(now.get("body").is_none());
}

#[tokio::test]
async fn a_record_cannot_be_carried_away_from_a_deletion_that_came_first() {
    let world = post();
    world.put("rooms", &key("r-2"));
    let before = world.row("letters", &key("l-1"));
    delete_beside(
        &world,
        Operation::WriteRow,
        1,
        Moment::Before,
        "rooms",
        key("r-1"),
    );

    let answer = world
        .call(put("/v1/letters/l-1", &json!({ "room_id": "r-2" })))
        .await;

    assert_eq!(answer.code(), "PARENT_NOT_LIVE");
    assert_eq!(world.row("letters", &key("l-1")), before);
}

#[tokio::test]
async fn what_was_marked_since_is_not_taken_back() {
    let world = post();
    delete_beside(
        &world,
        Operation::WriteRow,
        1,
        Moment::After,
        "rooms",
        key("r-1"),
    );
    delete_beside(
        &world,
        Operation::TakeBackRow,
        1,
        Moment::Before,
        "letters",
        key("l-2"),
    );

    let answer = world
        .call(put("/v1/letters/l-2", &json!({ "room_id": "r-1" })))
        .await;

    assert_eq!(answer.code(), "PARENT_NOT_LIVE");
    assert_eq!(world.marked("letters"), [key("l-2")]);
    assert!(is_marked(world.document("letters", "l-2").as_ref()));
}

#[tokio::test]
async fn a_record_that_is_deleted_before_the_write_is_not_overwritten() {
    let world = post();
    delete_beside(
        &world,
        Operation::WriteRow,
        1,
        Moment::Before,
        "letters",
        key("l-1"),
    );

    let answer = world
        .call(put(
            "/v1/letters/l-1",
            &json!({ "room_id": "r-1", "body": "new" }),
        ))
        .await;

    assert_eq!((answer.status, answer.code()), (409, "KEY_TAKEN"));
    assert_eq!(world.marked("letters"), [key("l-1")]);
    assert_eq!(world.row("letters", &key("l-1")).get("body"), None);
}

#[tokio::test]
async fn a_record_that_is_made_meanwhile_is_replaced() {
    let world = World::new();
    let (rows, rooms) = (world.rows.clone(), world.collection("rooms").clone());
    world
        .faults
        .beside(Operation::WriteRow, 1, Moment::Before, move || {
            let row = testing::samples::row(&rooms, &key("r-1"), "acme");
            rows.put(&rooms, row);
        });

    let answer = world
        .call(put("/v1/rooms/r-1", &json!({ "subject": "mine" })))
        .await;

    assert_eq!(answer.status, 200);
    assert_eq!(world.row("rooms", &key("r-1"))["subject"], "mine");
}

#[tokio::test]
async fn a_document_that_is_written_while_it_is_being_marked_is_marked_afterwards() {
    // Before: the deletion is done with row and document, and the write would bring the document back. After: it comes
    // between the write of the document and the look at the row.
    for moment in [Moment::Before, Moment::After] {
        for id in ["l-1", "l-2"] {
            let world = post();
            delete_beside(
                &world,
                Operation::IndexDocument,
                1,
                moment,
                "letters",
                key(id),
            );

            let answer = world
                .call(put(
                    &format!("/v1/letters/{id}"),
                    &json!({ "room_id": "r-1", "body": "new" }),
                ))
                .await;

            assert!([200, 201].contains(&answer.status), "the write came first");
            let document = world.document("letters", id);
            assert!(
                is_marked(document.as_ref()),
                "{id} {moment:?}: {document:?}"
            );
            assert_eq!(document.unwrap()["body"], "new");
        }
    }
}

#[tokio::test]
async fn a_mark_that_is_taken_off_meanwhile_does_not_stay_in_the_document() {
    let world = post();
    delete_beside(
        &world,
        Operation::IndexDocument,
        1,
        Moment::Before,
        "letters",
        key("l-1"),
    );
    let (rows, letters) = (world.rows.clone(), world.collection("letters").clone());
    world
        .faults
        .beside(Operation::IndexDocument, 2, Moment::Before, move || {
            let mut row = rows.get(&letters, &key("l-1")).expect("it is there");
            row.retain(|name, _| !letters.marks.all().contains(&name.as_str()));
            rows.put(&letters, row);
        });

    world
        .call(put("/v1/letters/l-1", &json!({ "room_id": "r-1" })))
        .await;

    let document = world.document("letters", "l-1").unwrap();
    assert!(document.get("deletion_id").is_none(), "{document}");
}

#[tokio::test]
async fn a_late_document_of_a_row_that_is_gone_is_removed() {
    let world = post();
    let (rows, letters) = (world.rows.clone(), world.collection("letters").clone());
    world
        .faults
        .beside(Operation::IndexDocument, 1, Moment::Before, move || {
            rows.remove(&letters, &key("l-2"));
        });

    let answer = world
        .call(put("/v1/letters/l-2", &json!({ "room_id": "r-1" })))
        .await;

    assert_eq!(answer.status, 201);
    assert_eq!(world.document("letters", "l-2"), None);
}

#[tokio::test]
async fn what_is_being_erased_gets_no_document_back() {
    let world = World::new();
    delete_beside(
        &world,
        Operation::IndexDocument,
        1,
        Moment::Before,
        "jobs",
        key("j-1"),
    );

    let answer = world
        .call(put("/v1/jobs/j-1", &json!({ "subject": "x" })))
        .await;

    assert_eq!(answer.status, 201);
    assert_eq!(world.document("jobs", "j-1"), None);
}

#[tokio::test]
async fn a_write_that_is_late_does_not_bring_the_older_text_back() {
    let world = post();
    let (rows, documents) = (world.rows.clone(), world.documents.clone());
    let rooms = world.collection("rooms").clone();
    world
        .faults
        .beside(Operation::IndexDocument, 1, Moment::Before, move || {
            let mut row = rows.get(&rooms, &key("r-1")).expect("it is there");
            row.insert("subject".to_owned(), json!("second"));
            rows.put(&rooms, row.clone());
            documents.put(&rooms, "r-1", row);
        });

    world
        .call(put("/v1/rooms/r-1", &json!({ "subject": "first" })))
        .await;

    assert_eq!(world.row("rooms", &key("r-1"))["subject"], "second");
    assert_eq!(world.document("rooms", "r-1").unwrap()["subject"], "second");
}

#[tokio::test]
async fn a_dependency_that_fails_is_told_and_the_same_request_mends_it() {
    for operation in [
        Operation::ReadStored,
        Operation::ReadRows,
        Operation::WriteRow,
        Operation::IndexDocument,
    ] {
        for moment in Moment::ALL {
            let world = post();
            world.faults.fail(operation, .., Fault::Unavailable(moment));
            let asked = || {
                put(
                    "/v1/letters/l-2",
                    &json!({ "room_id": "r-1", "body": "new" }),
                )
            };

            let answer = world.call(asked()).await;
            // A document that is there all the same finishes the write.
            if operation == Operation::IndexDocument && moment == Moment::After {
                assert_eq!(answer.status, 201, "{moment:?}");
            } else {
                assert_eq!(
                    (answer.status, answer.code()),
                    (503, "DEPENDENCY_UNAVAILABLE"),
                    "{operation:?} {moment:?}"
                );
                assert_eq!(answer.header("retry-after"), Some("5"));
            }
            world.faults.clear();

            assert!([200, 201].contains(&world.call(asked()).await.status));
            assert_eq!(world.row("letters", &key("l-2"))["body"], "new");
            assert_eq!(world.document("letters", "l-2").unwrap()["body"], "new");
        }
        let world = post();
        world
            .faults
            .fail(operation, .., Fault::Refused(Moment::Before));

        let answer = world
            .call(put("/v1/letters/l-2", &json!({ "room_id": "r-1" })))
            .await;

        assert_eq!(
            (answer.status, answer.code()),
            (500, "DEPENDENCY_REFUSED"),
            "{operation:?}"
        );
    }
}

#[tokio::test]
async fn a_write_that_cannot_be_taken_back_is_hidden_by_its_parent() {
    let world = post();
    delete_beside(
        &world,
        Operation::WriteRow,
        1,
        Moment::After,
        "rooms",
        key("r-1"),
    );
    world.faults.fail(
        Operation::TakeBackRow,
        ..,
        Fault::Unavailable(Moment::Before),
    );

    let answer = world
        .call(put("/v1/letters/l-2", &json!({ "room_id": "r-1" })))
        .await;
    world.faults.clear();

    assert_eq!(answer.status, 503);
    let get = super::event::Event::new("GET", "/v1/letters/l-2").by("bob", "acme", "[]");
    assert_eq!(world.call(get).await.code(), "RECORD_NOT_FOUND");
}
