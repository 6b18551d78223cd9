//! The schemas of what answers show of other packages' types, which know nothing of schemas.
//!
//! That they are the forms of those types is held by the tests of the api: each answer must have exactly the members
//! that its schema has.

use domain::deletion::{Action, Pass, State};
use domain::key::KEY_PART_BYTES;
use requests::manifest::RecordOutcome;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;

/// The key of a record.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Key {
    /// The first part of the key; of an id of more than two parts an object with all of them.
    #[schemars(schema_with = "id")]
    id: String,
    /// The second part, where the collection's key has two.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    sort: Option<String>,
}

/// Why work was given up.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Failure {
    /// A stable code.
    code: String,
    /// A sentence for people.
    reason: String,
}

/// What the delete found and did.
#[derive(Serialize, JsonSchema)]
pub(crate) struct DeleteCounts {
    /// Records that are known so far.
    selected: u64,
    /// Deleted by this deletion.
    deleted: u64,
    /// Deleted by another one, which keeps them.
    already_deleted: u64,
    /// Not there any more.
    missing: u64,
    /// A live link references them, so they stay.
    kept: u64,
    /// Could not be deleted; `/records` has the reason.
    failed: u64,
    /// Not yet, or left undone because the deletion was cancelled or given up.
    not_reached: u64,
}

/// What the restore found and did.
#[derive(Serialize, JsonSchema)]
pub(crate) struct RestoreCounts {
    /// Live again.
    restored: u64,
    /// Cannot come back: missing, below something missing, or marked by another deletion.
    conflict: u64,
    /// Could not be restored; `/records` has the reason.
    failed: u64,
    /// Of those that are live again: their TTL had passed, so the table may remove them soon. Only where there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u64")]
    expired: Option<u64>,
}

/// What the purge found and did.
#[derive(Serialize, JsonSchema)]
pub(crate) struct PurgeCounts {
    /// Removed for good.
    purged: u64,
    /// Not this deletion's any more.
    kept: u64,
    /// Could not be removed; `/records` has the reason.
    failed: u64,
}

/// An answer of the gateway itself, which has no code.
#[derive(Serialize, JsonSchema)]
pub(crate) struct GatewayAnswer {
    /// A word or two.
    message: String,
}

/// A text, or the parts of an id that has more than two, each under its name.
fn id(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "anyOf": [
            { "type": "string" },
            { "type": "object", "additionalProperties": { "type": "string" }, "minProperties": 3 },
        ],
    })
}

/// A text that is one of these.
pub(crate) fn one_of(words: &[&str]) -> Schema {
    json_schema!({ "type": "string", "enum": words })
}

pub(crate) fn state(_: &mut SchemaGenerator) -> Schema {
    one_of(&State::ALL.map(State::as_str))
}

pub(crate) fn pass(_: &mut SchemaGenerator) -> Schema {
    one_of(&[Pass::Delete, Pass::Restore, Pass::Purge].map(Pass::as_str))
}

pub(crate) fn action(_: &mut SchemaGenerator) -> Schema {
    one_of(&Action::ALL.map(Action::as_str))
}

pub(crate) fn actions(schemas: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "array", "items": action(schemas) })
}

pub(crate) fn outcome(_: &mut SchemaGenerator) -> Schema {
    one_of(&RecordOutcome::ALL.map(RecordOutcome::as_str))
}

/// A moment as in RFC 3339.
pub(crate) fn moment(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "format": "date-time" })
}

pub(crate) fn moment_or_null(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": ["string", "null"], "format": "date-time" })
}

/// The name of a collection.
pub(crate) fn collection(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "pattern": "^[a-z][a-z0-9_]*$" })
}

pub(crate) fn collection_or_null(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": ["string", "null"], "pattern": "^[a-z][a-z0-9_]*$" })
}

/// What a collection serves of its records.
pub(crate) fn served(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "array", "items": one_of(&["read", "search", "write"]) })
}

/// What a request writes for a filter.
pub(crate) fn filter_type(_: &mut SchemaGenerator) -> Schema {
    one_of(&["text", "texts", "boolean", "time"])
}

/// To which records a right applies.
pub(crate) fn right(_: &mut SchemaGenerator) -> Schema {
    one_of(&["all", "own", "none"])
}

pub(crate) fn collections(schemas: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "array", "items": collection(schemas) })
}

/// What a collection declares as its filters; no two have the same.
pub(crate) fn filters(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "minProperties": 1,
        "additionalProperties": {
            "anyOf": [
                { "type": "string", "minLength": 1 },
                { "type": "boolean" },
                { "type": "array", "minItems": 1, "items": { "type": "string", "minLength": 1 } },
            ],
        },
    })
}

/// A part of a key, as requests name it.
pub(crate) fn key_part(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "minLength": 1, "maxLength": KEY_PART_BYTES })
}

/// A key, as the body of a request names it: a text, an object for a key of two parts, or one with all parts where the id
/// has more.
pub(crate) fn named_key(schemas: &mut SchemaGenerator) -> Schema {
    let part = key_part(schemas);
    json_schema!({
        "oneOf": [
            part,
            {
                "type": "object",
                "properties": { "id": part, "sort": part },
                "required": ["id", "sort"],
                "additionalProperties": false,
            },
            { "type": "object", "additionalProperties": part, "minProperties": 3 },
        ],
    })
}
