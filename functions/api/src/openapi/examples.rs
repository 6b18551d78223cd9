//! A request or two for each operation, as the document shows them. A test sends each, each is accepted, and the document
//! shows what it was answered: see `recorded.rs`.

use serde_json::{Map, Value, json};

/// One request.
#[derive(Debug)]
pub(crate) struct Example {
    pub(crate) name: &'static str,
    pub(crate) summary: &'static str,
    /// The parameters that it has, by name.
    values: &'static [(&'static str, &'static str)],
    /// Its body; nothing where there is none.
    body: &'static str,
}

const DELETION: (&str, &str) = ("deletion", "019aa5c0-7b3e-7cc1-a5b2-3f0f1e6d2c4a");

/// The examples of the operation of this name.
pub(crate) fn of(operation: &str) -> &'static [Example] {
    match operation {
        "putRecord" | "putSortedRecord" | "putRecordByQuery" => of_writes(operation),
        "destroyAll" => DESTROY_ALL,
        "getRecord" => &[Example {
            name: "discussion",
            summary: "A discussion",
            values: &[("collection", "discussions"), ("id", "d-1")],
            body: "",
        }],
        "getSortedRecord" => &[Example {
            name: "message",
            summary: "A message of a discussion",
            values: &[("collection", "messages"), ("id", "d-1"), ("sort", "m-1")],
            body: "",
        }],
        "listRecords" => &[
            Example {
                name: "messages",
                summary: "The messages of a discussion, two at a time",
                values: &[
                    ("collection", "messages"),
                    ("parent", "d-1"),
                    ("limit", "2"),
                ],
                body: "",
            },
            Example {
                name: "one",
                summary: "One discussion",
                values: &[("collection", "discussions"), ("id", "d-1")],
                body: "",
            },
        ],
        "searchRecords" => &[Example {
            name: "discussions",
            summary: "The discussions in which both words are",
            values: &[("collection", "discussions"), ("q", "a stone")],
            body: "",
        }],
        "deleteRecord" => &[Example {
            name: "discussion",
            summary: "A discussion with its messages, once",
            values: &[
                ("collection", "discussions"),
                ("id", "d-1"),
                ("Idempotency-Key", "2f1c7a52-6f0e-4d8f-9f3e-0d8f6a4b7c11"),
            ],
            body: "",
        }],
        "deleteSortedRecord" => &[Example {
            name: "message",
            summary: "A message",
            values: &[("collection", "messages"), ("id", "d-1"), ("sort", "m-1")],
            body: "",
        }],
        "deleteRecordByQuery" => &[Example {
            name: "message",
            summary: "A message, its key in the query",
            values: &[("collection", "messages"), ("id", "d-1"), ("sort", "m-1")],
            body: "",
        }],
        "listDeletions" => &[Example {
            name: "deleted",
            summary: "What can be restored",
            values: &[("state", "DELETED"), ("limit", "10")],
            body: "",
        }],
        "showDeletion" => &[Example {
            name: "one",
            summary: "A deletion",
            values: &[DELETION],
            body: "",
        }],
        "listRecordsOfDeletion" => &[Example {
            name: "deleted",
            summary: "Those of its records that it has deleted",
            values: &[DELETION, ("outcome", "deleted")],
            body: "",
        }],
        "listCollections" => &[Example {
            name: "all",
            summary: "Those in which the caller may do anything",
            values: &[],
            body: "",
        }],
        "actOnDeletion" => &[Example {
            name: "restore",
            summary: "Takes it back",
            values: &[DELETION, ("action", "restore")],
            body: "{}",
        }],
        _ => &[],
    }
}

fn of_writes(operation: &str) -> &'static [Example] {
    match operation {
        "putRecord" => &[Example {
            name: "task",
            summary: "A task, if there is none of this id",
            values: &[
                ("collection", "tasks"),
                ("id", "t-1"),
                ("If-None-Match", "*"),
            ],
            body: r#"{"title": "Water the flowers", "status": "ACTIVE"}"#,
        }],
        "putSortedRecord" => &[Example {
            name: "notification",
            summary: "A notification of a user",
            values: &[
                ("collection", "notifications"),
                ("id", "u-1"),
                ("sort", "n-9"),
            ],
            body: r#"{"text": "Ann has answered", "kind": "comment", "sent_at": "2026-11-21T07:00:00Z"}"#,
        }],
        "putRecordByQuery" => &[Example {
            name: "slash",
            summary: "A task whose id has a slash",
            values: &[("collection", "tasks"), ("id", "garden/t-1")],
            body: r#"{"title": "Water the flowers"}"#,
        }],
        _ => &[],
    }
}

const DESTROY_ALL: &[Example] = &[
    Example {
        name: "preview",
        summary: "How many opened notifications about comments a user has",
        values: &[("collection", "notifications")],
        body: r#"{"parent": "u-1", "filters": {"type": "comment", "opened": true}, "validate_only": true}"#,
    },
    Example {
        name: "filters",
        summary: "Deletes them, but none that has come since",
        values: &[("collection", "notifications")],
        body: r#"{"parent": "u-1", "filters": {"type": "comment", "opened": true}, "as_of": "2026-11-01T07:00:00.120Z"}"#,
    },
    Example {
        name: "ids",
        summary: "Two notifications by their keys",
        values: &[("collection", "notifications")],
        body: r#"{"ids": [{"id": "u-1", "sort": "n-1"}, {"id": "u-1", "sort": "n-2"}]}"#,
    },
];

/// The values that a parameter has in these.
pub(crate) fn of_parameter(
    examples: &[Example],
    name: &str,
    is_number: bool,
) -> Map<String, Value> {
    let values = examples.iter().filter_map(|example| {
        let (_, value) = example.values.iter().find(|(other, _)| *other == name)?;
        let value = match value.parse::<u64>() {
            Ok(number) if is_number => json!(number),
            _ => json!(value),
        };
        let value = json!({ "summary": example.summary, "value": value });
        Some((example.name.to_owned(), value))
    });
    values.collect()
}

/// The bodies of these.
pub(crate) fn of_body(examples: &[Example]) -> Map<String, Value> {
    let bodies = examples.iter().filter_map(|example| {
        let body: Value = serde_json::from_str(example.body).ok()?;
        let value = json!({ "summary": example.summary, "value": body });
        Some((example.name.to_owned(), value))
    });
    bodies.collect()
}
