//! Writes that a store keeps from being finished: nothing of them stays, or the same request finishes them.

use serde_json::{Value, json};
use testing::samples::key;
use testing::{Fault, Moment, Operation};

use super::world::World;
use super::writing::{post, put};

/// What a client can see of a letter: its row, and its document without what only the row says.
fn seen(world: &World, id: &str) -> (Option<Value>, Option<Value>) {
    let row = world.rows.get(world.collection("letters"), &key(id));
    (row.map(Value::Object), world.document("letters", id))
}

#[tokio::test]
async fn a_write_that_cannot_be_finished_is_taken_back() {
    // Each call of a write fails, and goes on failing until the write is given up; new records and old ones.
    for id in ["l-1", "l-2"] {
        let asked = || {
            put(
                &format!("/v1/letters/{id}"),
                &json!({ "room_id": "r-1", "body": "new" }),
            )
        };
        let plain = post();
        plain.call(asked()).await;
        let calls = plain.faults.log();
        let written = calls
            .iter()
            .position(|call| call.operation == Operation::WriteRow);
        let (mut cut, mut finished) = (0, 0);
        for (place, call) in calls.iter().enumerate().skip(written.expect("it writes")) {
            for fault in [Fault::Unavailable, Fault::Refused] {
                for moment in Moment::ALL {
                    let world = post();
                    let before = seen(&world, id);
                    let nth = calls[..=place]
                        .iter()
                        .filter(|other| other.operation == call.operation)
                        .count() as u64;
                    // Until the write is taken back: then the store answers again.
                    world
                        .faults
                        .fail(call.operation, nth..nth + 4, fault(moment));

                    let answer = world.call(asked()).await;

                    let context = format!("{id}, {:?} no. {nth}, {moment:?}", call.operation);
                    if answer.status >= 500 {
                        assert_eq!(seen(&world, id).0, before.0, "{context}");
                    } else {
                        // Only the answers were lost.
                        let (row, document) = seen(&world, id);
                        assert!(moment != Moment::Before, "{context}: {}", answer.text);
                        assert_eq!(row.expect("it is written")["body"], "new", "{context}");
                        assert_eq!(document.expect("it is too")["body"], "new", "{context}");
                        finished += 1;
                    }
                    world.faults.clear();
                    assert!([200, 201].contains(&world.call(asked()).await.status));
                    let (row, document) = seen(&world, id);
                    assert_eq!(row.expect("it is written")["body"], "new");
                    assert_eq!(document.expect("it is written")["body"], "new");
                    cut += 1;
                }
            }
        }
        assert!(cut > 8 && finished < cut / 2, "{finished} of {cut}");
    }
}

#[tokio::test]
async fn a_write_whose_document_is_refused_or_not_answered_leaves_neither_row_nor_document() {
    for fault in [Fault::Unavailable, Fault::Refused] {
        for id in ["l-1", "l-2"] {
            let world = post();
            let before = seen(&world, id);
            world
                .faults
                .fail(Operation::IndexDocument, .., fault(Moment::Before));

            let answer = world
                .call(put(
                    &format!("/v1/letters/{id}"),
                    &json!({ "room_id": "r-1", "body": "new" }),
                ))
                .await;

            assert!([500, 503].contains(&answer.status), "{}", answer.text);
            assert_eq!(seen(&world, id), before);
            let get = super::event::Event::new("GET", &format!("/v1/letters/{id}"));
            let expected = if before.0.is_some() { 200 } else { 404 };
            assert_eq!(world.call(get).await.status, expected);
        }
    }
}

#[tokio::test]
async fn a_write_that_dies_at_any_call_is_healed_by_the_same_request() {
    for id in ["l-1", "l-2"] {
        let asked = || {
            put(
                &format!("/v1/letters/{id}"),
                &json!({ "room_id": "r-1", "body": "new" }),
            )
        };
        let plain = post();
        plain.call(asked()).await;
        for call in 1..=plain.faults.log().len() as u64 {
            for moment in Moment::ALL {
                let world = post();
                world.faults.crash_at(call, moment);
                let dead = world.faults.until_crash(world.call(asked())).await;
                assert!(dead.is_none(), "it is dead");
                world.faults.clear();

                let answer = world.call(asked()).await;

                assert!([200, 201].contains(&answer.status), "{}", answer.text);
                let (row, document) = seen(&world, id);
                assert_eq!(row.expect("it is written")["body"], "new");
                assert_eq!(document.expect("it is written")["body"], "new");
            }
        }
    }
}

#[tokio::test]
async fn what_another_write_made_of_the_row_is_not_taken_back() {
    let world = post();
    let (rows, letters) = (world.rows.clone(), world.collection("letters").clone());
    world
        .faults
        .beside(Operation::IndexDocument, 1, Moment::Before, move || {
            let mut row = rows.get(&letters, &key("l-1")).expect("it is there");
            // What this write has taken away, another one has written again.
            row.insert("subject".to_owned(), json!("theirs"));
            rows.put(&letters, row);
        });
    world.faults.fail(
        Operation::IndexDocument,
        ..,
        Fault::Unavailable(Moment::Before),
    );

    let answer = world
        .call(put(
            "/v1/letters/l-1",
            &json!({ "room_id": "r-1", "body": "new" }),
        ))
        .await;

    assert_eq!(answer.status, 503);
    let row = world.row("letters", &key("l-1"));
    assert_eq!(
        (&row["subject"], &row["body"]),
        (&json!("theirs"), &json!("new"))
    );
}

#[tokio::test]
async fn an_index_that_answers_at_the_second_try_finishes_the_write() {
    for moment in Moment::ALL {
        let world = post();
        world
            .faults
            .fail(Operation::IndexDocument, 1..=1, Fault::Unavailable(moment));

        let answer = world
            .call(put(
                "/v1/letters/l-2",
                &json!({ "room_id": "r-1", "body": "new" }),
            ))
            .await;

        assert_eq!(answer.status, 201, "{}", answer.text);
        let (row, document) = seen(&world, "l-2");
        assert_eq!(row.expect("it is written")["body"], "new");
        assert_eq!(document.expect("it is written")["body"], "new");
    }
}

#[tokio::test]
async fn a_write_that_the_same_request_has_finished_meanwhile_is_not_taken_back() {
    for id in ["l-1", "l-2"] {
        let world = post();
        let (rows, documents) = (world.rows.clone(), world.documents.clone());
        let letters = world.collection("letters").clone();
        // The row is there already, so all that a repeat of the request does is to write the document.
        world
            .faults
            .beside(Operation::IndexDocument, 2, Moment::Before, move || {
                let row = rows.get(&letters, &key(id)).expect("it is there");
                documents.put(&letters, id, row);
            });
        world.faults.fail(
            Operation::IndexDocument,
            ..,
            Fault::Unavailable(Moment::Before),
        );

        let answer = world
            .call(put(
                &format!("/v1/letters/{id}"),
                &json!({ "room_id": "r-1", "body": "new" }),
            ))
            .await;

        let (row, document) = seen(&world, id);
        assert_eq!(
            row.expect("the repeat was told that it is there")["body"],
            "new"
        );
        assert_eq!(document.expect("it is there")["body"], "new");
        assert!([200, 201].contains(&answer.status), "{}", answer.text);
    }
}

#[tokio::test]
async fn a_write_of_which_only_the_answers_are_lost_is_finished() {
    for fault in [Fault::Unavailable, Fault::Refused] {
        let world = post();
        world
            .faults
            .fail(Operation::IndexDocument, .., fault(Moment::After));

        let answer = world
            .call(put(
                "/v1/letters/l-2",
                &json!({ "room_id": "r-1", "body": "new" }),
            ))
            .await;

        assert_eq!(answer.status, 201, "{}", answer.text);
        let (row, document) = seen(&world, "l-2");
        assert_eq!(row.expect("it is written")["body"], "new");
        assert_eq!(document.expect("it is written")["body"], "new");
    }
}
