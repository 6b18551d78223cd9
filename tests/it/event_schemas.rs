//! The schemas under `docs/events/` say what they are meant to say: they accept the event and refuse its distortions.
//!
//! That the events which are really sent follow them is proved where the events are made.

use std::path::Path;

use jsonschema::Validator;
use serde_json::{Value, json};

const SCHEMAS: [&str; 7] = [
    "AggregateChanged",
    "DeletionAccepted",
    "RecordsDeleted",
    "DeletionFinished",
    "RecordsPurged",
    "RecordsRestored",
    "TaskDeleted",
];

/// The schema of an event, compiled.
fn schema(event: &str) -> Validator {
    let schema = text_of(event);
    assert_eq!(schema["title"], event);
    assert!(jsonschema::draft202012::meta::is_valid(&schema), "{event}");
    jsonschema::draft202012::new(&schema).unwrap()
}

fn text_of(event: &str) -> Value {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../docs/events/{event}.schema.json"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// An event as it is sent.
fn example(event: &str) -> Value {
    let mut detail = json!({
        "event_id": "9f86d081884c7d659a2feaa0c55ad015",
        "deletion_id": "01932c5e-7a00-7000-8000-000000000001",
        "tenant": "acme",
        "collection": "discussions",
        "actor": "5f0c6f1e-3d5b-4f63-9d0e-0a3c1b7e2a11",
        "origin": "user",
        "deleted_at": "2026-11-21T07:00:00.000Z",
    });
    let more = match event {
        "DeletionAccepted" => {
            json!({ "root": { "id": "acme~42" }, "requested_at": "2026-11-21T07:00:00.000Z" })
        }
        "AggregateChanged" => {
            json!({ "key": { "id": "s-1" }, "attribute": "first_message_id", "value": "m-2", "page": 2 })
        }
        "TaskDeleted" => {
            json!({ "ids": [{ "id": "t-1" }], "task_uuids": ["t-1"], "page": 1, "part": 1, "parts": 1, "group": null })
        }
        "DeletionFinished" => {
            json!({ "state": "DELETED", "pass": "delete", "counts": delete_counts(), "failure": null })
        }
        _ => {
            json!({ "ids": [{ "id": "acme~42", "sort": "1" }], "page": 2, "part": 1, "parts": 1, "group": null })
        }
    };
    merge(&mut detail, &more);
    if event == "RecordsPurged" {
        merge(&mut detail, &json!({ "actor": null, "origin": "purge" }));
    }
    detail
}

fn delete_counts() -> Value {
    json!({ "selected": 4, "deleted": 3, "already_deleted": 1, "missing": 0, "kept": 0, "failed": 0, "not_reached": 0 })
}

fn restore_counts() -> Value {
    json!({ "restored": 2, "conflict": 1, "failed": 0 })
}

fn purge_counts() -> Value {
    json!({ "purged": 3, "kept": 1, "failed": 0 })
}

fn failure() -> Value {
    json!({ "code": "RECORDS_FAILED", "reason": "1 record could not be marked in both stores" })
}

fn merge(into: &mut Value, more: &Value) {
    let more = more.as_object().unwrap().clone();
    into.as_object_mut().unwrap().extend(more);
}

fn with(event: &str, change: &Value) -> Value {
    let mut changed = example(event);
    merge(&mut changed, change);
    changed
}

#[test]
fn an_event_as_it_is_sent_is_accepted() {
    for event in SCHEMAS {
        let errors: Vec<_> = schema(event)
            .iter_errors(&example(event))
            .map(|error| error.to_string())
            .collect();

        assert!(errors.is_empty(), "{event}: {errors:?}");
    }
}

#[test]
fn every_documented_field_is_required_and_no_other_is_allowed() {
    for event in SCHEMAS {
        let (schema, example) = (schema(event), example(event));
        for name in example.as_object().unwrap().keys() {
            let mut without = example.clone();
            without.as_object_mut().unwrap().remove(name);
            assert!(!schema.is_valid(&without), "{event} without {name}");
        }
        assert!(
            !schema.is_valid(&with(event, &json!({ "subject": "a record's value" }))),
            "{event}"
        );
        assert_eq!(
            text_of(event)["properties"].as_object().unwrap().len(),
            example.as_object().unwrap().len()
        );
    }
}

#[test]
fn the_fields_that_all_events_share_are_refused_when_distorted() {
    let distortions = [
        json!({ "event_id": "9F86D081884C7D659A2FEAA0C55AD015" }),
        json!({ "event_id": "9f86" }),
        json!({ "deletion_id": "01932c5e-7a00-4000-8000-000000000001" }),
        json!({ "deletion_id": null }),
        json!({ "tenant": "" }),
        json!({ "collection": 7 }),
        json!({ "actor": "" }),
        json!({ "origin": "admin" }),
        json!({ "deleted_at": "2026-11-21T07:00:00+01:00" }),
        json!({ "deleted_at": 1_795_244_400 }),
    ];
    for event in SCHEMAS {
        let schema = schema(event);
        for change in &distortions {
            assert!(
                !schema.is_valid(&with(event, change)),
                "{event} with {change}"
            );
        }
    }
}

#[test]
fn a_delete_without_a_root_says_null_and_a_key_has_no_other_parts() {
    let schema = schema("DeletionAccepted");
    let root = |root: Value| schema.is_valid(&with("DeletionAccepted", &json!({ "root": root })));

    assert!(root(Value::Null));
    assert!(root(json!({ "id": "acme~42", "sort": "1" })));
    assert!(!root(json!("acme~42")));
    assert!(!root(json!({ "sort": "1" })));
    assert!(!root(json!({ "id": "acme~42", "subject": "x" })));
}

#[test]
fn records_come_in_parts_of_one_to_a_thousand_keys() {
    for event in ["RecordsDeleted", "RecordsPurged", "RecordsRestored"] {
        let schema = schema(event);
        let ids = |count: usize| {
            let ids: Vec<_> = (0..count).map(|n| json!({ "id": n.to_string() })).collect();
            schema.is_valid(&with(event, &json!({ "ids": ids })))
        };

        assert!(ids(1) && ids(1000));
        assert!(!ids(0) && !ids(1001));
        assert!(schema.is_valid(&with(
            event,
            &json!({ "group": { "stream_id": 7, "topic": "a" } })
        )));
        for change in [
            json!({ "page": 0 }),
            json!({ "part": 1.5 }),
            json!({ "parts": "1" }),
            json!({ "group": {} }),
        ] {
            assert!(
                !schema.is_valid(&with(event, &change)),
                "{event} with {change}"
            );
        }
    }
}

#[test]
fn state_pass_counts_and_failure_of_a_finished_deletion_belong_together() {
    let schema = schema("DeletionFinished");
    let is_valid = |state: &str, pass: &str, counts: Value, failure: Value| {
        let change = json!({ "state": state, "pass": pass, "counts": counts, "failure": failure });
        schema.is_valid(&with("DeletionFinished", &change))
    };

    assert!(is_valid("DELETED", "delete", delete_counts(), Value::Null));
    assert!(is_valid(
        "DELETE_FAILED",
        "delete",
        delete_counts(),
        failure()
    ));
    assert!(is_valid(
        "CANCELLED",
        "delete",
        delete_counts(),
        Value::Null
    ));
    assert!(is_valid("CANCELLED", "delete", delete_counts(), failure()));
    assert!(is_valid(
        "RESTORED",
        "restore",
        restore_counts(),
        Value::Null
    ));
    assert!(is_valid(
        "RESTORE_FAILED",
        "restore",
        restore_counts(),
        failure()
    ));
    assert!(is_valid("PURGED", "purge", purge_counts(), Value::Null));
    // What is erased is gone with its delete.
    assert!(is_valid("PURGED", "delete", delete_counts(), Value::Null));
    assert!(is_valid("PURGE_FAILED", "purge", purge_counts(), failure()));

    assert!(
        !is_valid("DELETING", "delete", delete_counts(), Value::Null),
        "not a final state"
    );
    for working in ["PENDING_DELETE", "CANCELLING", "RESTORING", "PURGING"] {
        assert!(!is_valid(working, "delete", delete_counts(), Value::Null));
    }
    assert!(
        !is_valid("DELETED", "purge", purge_counts(), Value::Null),
        "another pass"
    );
    for (state, pass) in [("CANCELLED", "restore"), ("RESTORED", "delete")] {
        assert!(!is_valid(state, pass, restore_counts(), Value::Null));
    }
    assert!(!is_valid(
        "RESTORED",
        "restore",
        delete_counts(),
        Value::Null
    ));
    assert!(!is_valid(
        "RESTORED",
        "restore",
        restore_counts(),
        failure()
    ));
    assert!(!is_valid(
        "RESTORE_FAILED",
        "restore",
        restore_counts(),
        Value::Null
    ));
    assert!(
        !is_valid("PURGED", "purge", delete_counts(), Value::Null),
        "another pass's counts"
    );
    assert!(
        !is_valid("DELETE_FAILED", "delete", delete_counts(), Value::Null),
        "no reason"
    );
    assert!(
        !is_valid("DELETED", "delete", delete_counts(), failure()),
        "a reason without a failure"
    );
    assert!(
        !is_valid(
            "PURGE_FAILED",
            "purge",
            purge_counts(),
            json!({ "code": "oops", "reason": "x" })
        ),
        "a loose code"
    );
    assert!(!is_valid(
        "PURGED",
        "purge",
        json!({ "purged": -1, "kept": 0, "failed": 0 }),
        Value::Null
    ));
}

/// An event about messages as it is sent; `more` are the fields of one kind.
fn messages(more: &Value) -> Value {
    let mut detail = example("RecordsDeleted");
    merge(
        &mut detail,
        &json!({ "message_ids": ["1"], "recipients": ["ann"] }),
    );
    merge(&mut detail, more);
    detail
}

#[test]
fn topic_and_stream_id_are_only_for_streams() {
    let schema = schema("delete_message");
    let stream = json!({ "message_type": "stream", "stream_id": "s", "topic": "t", "group": { "stream_id": "s", "topic": "t" } });
    let direct = json!({ "message_type": "direct", "conversation_id": "c", "group": { "conversation_id": "c" } });

    for kind in [&stream, &direct] {
        let errors: Vec<_> = schema
            .iter_errors(&messages(kind))
            .map(|error| error.to_string())
            .collect();
        assert!(errors.is_empty(), "{errors:?}");
    }
    for (kind, wrong) in [
        (&direct, json!({ "stream_id": "s" })),
        (&direct, json!({ "topic": "t" })),
        (&direct, json!({ "message_type": "stream" })),
        (&stream, json!({ "conversation_id": "c" })),
        (&stream, json!({ "message_type": "direct" })),
        (&stream, json!({ "message_type": "other" })),
        (&stream, json!({ "subject": "a record's value" })),
    ] {
        let mut detail = messages(kind);
        merge(&mut detail, &wrong);
        assert!(!schema.is_valid(&detail), "{detail}");
    }
}

#[test]
fn recipients_are_a_list_or_an_audience_and_never_both() {
    let schema = schema("delete_message");
    let audience = json!({ "collection": "subscriptions", "by": { "stream_id": "s" }, "user": "user_id", "unless": null });
    let stream =
        json!({ "message_type": "stream", "stream_id": "s", "group": { "stream_id": "s" } });
    let mut neither = messages(&stream);
    neither.as_object_mut().unwrap().remove("recipients");
    let mut many = neither.clone();
    merge(&mut many, &json!({ "audience": audience }));
    let mut both = messages(&stream);
    merge(&mut both, &json!({ "audience": audience }));
    let users: Vec<String> = (0..1001).map(|n| n.to_string()).collect();

    assert!(schema.is_valid(&many));
    assert!(!schema.is_valid(&neither) && !schema.is_valid(&both));
    let listed = |users: &[String]| {
        let mut detail = messages(&stream);
        merge(&mut detail, &json!({ "recipients": users }));
        schema.is_valid(&detail)
    };
    assert!(listed(&users[..1000]) && !listed(&users));
    assert!(!listed(&["ann".to_owned(), "ann".to_owned()]));
}
