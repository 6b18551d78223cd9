//! What operations answer when they do what they were asked: status, body, headers, and where to go from there.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::routes::{BulkAnswer, CollectionView, DeleteAnswer, PreviewView};
use crate::view::{DeletionView, ManifestView, Page, RecordView};

/// A kind of answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) description: &'static str,
    /// The schemas of its body: it has one of these forms.
    pub(crate) bodies: &'static [fn(&mut SchemaGenerator) -> Schema],
    pub(crate) headers: &'static [&'static Header],
    pub(crate) links: &'static [Link],
}

/// A header of an answer.
#[derive(Debug)]
pub(crate) struct Header {
    pub(crate) name: &'static str,
    /// Whether each such answer has it.
    required: bool,
    description: &'static str,
    schema: &'static str,
}

/// Another operation, and what of this answer it takes.
#[derive(Debug)]
pub(crate) struct Link {
    name: &'static str,
    operation: &'static str,
    parameters: &'static [(&'static str, &'static str)],
    description: &'static str,
}

pub(crate) const CACHE_CONTROL: Header = Header {
    name: "Cache-Control",
    required: true,
    description: "`no-store`: answers are for this caller at this moment.",
    schema: r#"{"type": "string"}"#,
};

pub(crate) const NO_SNIFFING: Header = Header {
    name: "X-Content-Type-Options",
    required: true,
    description: "`nosniff`: an answer is of the type that it says.",
    schema: r#"{"type": "string", "const": "nosniff"}"#,
};

const ETAG: Header = Header {
    name: "ETag",
    required: true,
    description: "The version that the answer shows, for `If-Match`.",
    schema: r#"{"type": "string", "pattern": "^\"[!#-~]*\"$"}"#,
};

const ETAG_IF_SHOWN: Header = Header {
    required: false,
    ..ETAG
};

const LOCATION: Header = Header {
    name: "Location",
    required: true,
    description: "The path of the deletion, as the caller must write it.",
    schema: r#"{"type": "string", "format": "uri-reference"}"#,
};

const LOCATION_IF_SHOWN: Header = Header {
    required: false,
    ..LOCATION
};

pub(crate) const RETRY_AFTER: Header = Header {
    name: "Retry-After",
    required: false,
    description: "After how many seconds to ask again.",
    schema: r#"{"type": "string", "pattern": "^[0-9]+$"}"#,
};

const REPLAYED: Header = Header {
    name: "Idempotency-Replayed",
    required: false,
    description: "`true`: an earlier request of this `Idempotency-Key` has done it.",
    schema: r#"{"type": "string", "const": "true"}"#,
};

pub(crate) const ALLOW: Header = Header {
    name: "Allow",
    required: true,
    description: "The methods of this path.",
    schema: r#"{"type": "string"}"#,
};

pub(crate) const WWW_AUTHENTICATE: Header = Header {
    name: "WWW-Authenticate",
    required: false,
    description: "How to authenticate.",
    schema: r#"{"type": "string"}"#,
};

impl Header {
    /// As the document has it.
    pub(crate) fn value(&self) -> Value {
        json!({
            "description": self.description,
            "required": self.required,
            "schema": serde_json::from_str::<Value>(self.schema).unwrap_or_default(),
        })
    }
}

impl Link {
    fn value(&self) -> Value {
        let parameters: Map<_, _> = self
            .parameters
            .iter()
            .map(|(name, from)| ((*name).to_owned(), json!(from)))
            .collect();
        json!({ "operationId": self.operation, "parameters": parameters, "description": self.description })
    }
}

impl Answer {
    /// As the document has it.
    pub(crate) fn value(&self, schemas: &mut SchemaGenerator) -> Value {
        let headers: Map<_, _> = self
            .headers
            .iter()
            .copied()
            .chain([&CACHE_CONTROL, &NO_SNIFFING])
            .map(|header| (header.name.to_owned(), header.value()))
            .collect();
        let links: Map<_, _> = self
            .links
            .iter()
            .map(|link| (link.name.to_owned(), link.value()))
            .collect();
        let mut bodies: Vec<Value> = self
            .bodies
            .iter()
            .map(|body| body(schemas).into())
            .collect();
        let schema = match bodies.len() {
            1 => bodies.remove(0),
            _ => json!({ "anyOf": bodies }),
        };
        let mut value = json!({
            "description": self.description,
            "headers": headers,
        });
        if !self.bodies.is_empty() {
            value["content"] = json!({ "application/json": { "schema": schema } });
        }
        if !links.is_empty() {
            value["links"] = links.into();
        }
        value
    }
}

fn of<T: JsonSchema>(schemas: &mut SchemaGenerator) -> Schema {
    schemas.subschema_for::<T>()
}

/// The document itself, of which nothing more is said.
fn any_object(_: &mut SchemaGenerator) -> Schema {
    schemars::json_schema!({ "type": "object" })
}

const SHOW: Link = Link {
    name: "showDeletion",
    operation: "showDeletion",
    parameters: &[("deletion", "$response.body#/deletion/id")],
    description: "Poll it until it is `done`, after `Retry-After` seconds.",
};

const RECORDS: Link = Link {
    name: "listRecordsOfDeletion",
    operation: "listRecordsOfDeletion",
    parameters: &[("deletion", "$response.body#/deletion/id")],
    description: "What it found and did, record by record.",
};

const RESTORE: Link = Link {
    name: "restore",
    operation: "actOnDeletion",
    parameters: &[
        ("deletion", "$response.body#/deletion/id"),
        ("action", "restore"),
    ],
    description: "Takes it back.",
};

const OF_DELETION: &[Link] = &[
    Link {
        name: "records",
        operation: "listRecordsOfDeletion",
        parameters: &[("deletion", "$response.body#/id")],
        description: "What it found and did, record by record.",
    },
    Link {
        name: "restore",
        operation: "actOnDeletion",
        parameters: &[
            ("deletion", "$response.body#/id"),
            ("action", "restore"),
            ("header.If-Match", "$response.header.ETag"),
        ],
        description: "Takes it back, if nothing has changed since.",
    },
    Link {
        name: "retry",
        operation: "actOnDeletion",
        parameters: &[("deletion", "$response.body#/id"), ("action", "retry")],
        description: "Tries again what has failed.",
    },
];

const DELETE: Link = Link {
    name: "delete",
    operation: "deleteRecord",
    parameters: &[
        ("collection", "$response.body#/collection"),
        ("id", "$response.body#/id"),
    ],
    description: "Deletes it and all below it.",
};

const DELETE_SORTED: Link = Link {
    operation: "deleteSortedRecord",
    parameters: &[
        ("collection", "$response.body#/collection"),
        ("id", "$response.body#/id"),
        ("sort", "$response.body#/sort"),
    ],
    ..DELETE
};

const PURGE: Link = Link {
    name: "purge",
    operation: "actOnDeletion",
    parameters: &[
        ("deletion", "$response.body#/deletion/id"),
        ("action", "purge"),
    ],
    description: "Removes its records for good.",
};

pub(crate) const DELETED: Answer = Answer {
    status: 202,
    description: "The record is deleted, by this request or by an earlier one.",
    bodies: &[of::<DeleteAnswer>],
    headers: &[&LOCATION_IF_SHOWN, &ETAG_IF_SHOWN, &RETRY_AFTER, &REPLAYED],
    links: &[SHOW, RECORDS, RESTORE],
};

pub(crate) const BULK_DELETED: Answer = Answer {
    status: 202,
    description: "The deletion is accepted.",
    bodies: &[of::<BulkAnswer>],
    headers: &[&LOCATION, &ETAG, &RETRY_AFTER, &REPLAYED],
    links: &[SHOW, RECORDS, RESTORE, PURGE],
};

pub(crate) const PREVIEW: Answer = Answer {
    status: 200,
    description: "The preview that `validate_only` asks for.",
    bodies: &[of::<PreviewView>],
    headers: &[],
    links: &[],
};

pub(crate) const RECORD: Answer = Answer {
    status: 200,
    description: "The record.",
    bodies: &[of::<RecordView>],
    headers: &[&ETAG],
    links: &[],
};

pub(crate) const RECORD_OR_RECORDS: Answer = Answer {
    status: 200,
    description: "The record that `id` names, or a page of records.",
    bodies: &[of::<RecordView>, of::<Page<RecordView>>],
    headers: &[&ETAG_IF_SHOWN],
    links: &[],
};

pub(crate) const RECORDS_FOUND: Answer = Answer {
    status: 200,
    description: "A page of records.",
    bodies: &[of::<Page<RecordView>>],
    headers: &[],
    links: &[],
};

pub(crate) const CREATED: Answer = Answer {
    status: 201,
    description: "The record is new.",
    links: &[DELETE],
    ..RECORD
};

pub(crate) const CREATED_SORTED: Answer = Answer {
    links: &[DELETE_SORTED],
    ..CREATED
};

pub(crate) const REPLACED: Answer = Answer {
    description: "The record was there, and is replaced.",
    links: &[DELETE],
    ..RECORD
};

pub(crate) const REPLACED_SORTED: Answer = Answer {
    links: &[DELETE_SORTED],
    ..REPLACED
};

pub(crate) const DELETION: Answer = Answer {
    status: 200,
    description: "The deletion.",
    bodies: &[of::<DeletionView>],
    headers: &[&ETAG, &RETRY_AFTER],
    links: OF_DELETION,
};

pub(crate) const COLLECTIONS: Answer = Answer {
    status: 200,
    description: "All collections in which the caller may do anything.",
    bodies: &[of::<Page<CollectionView>>],
    headers: &[],
    links: &[],
};

pub(crate) const DELETIONS: Answer = Answer {
    status: 200,
    description: "A page of deletions, the latest first.",
    bodies: &[of::<Page<DeletionView>>],
    headers: &[],
    links: &[],
};

pub(crate) const MANIFEST: Answer = Answer {
    status: 200,
    description: "A page of the deletion's records.",
    bodies: &[of::<Page<ManifestView>>],
    headers: &[],
    links: &[],
};

pub(crate) const ACTED: Answer = Answer {
    status: 202,
    description: "The request is accepted; this is the deletion now.",
    bodies: &[of::<DeletionView>],
    headers: &[&LOCATION, &ETAG, &RETRY_AFTER, &REPLAYED],
    links: &[],
};

pub(crate) const DOCUMENT: Answer = Answer {
    status: 200,
    description: "This document.",
    bodies: &[any_object],
    headers: &[&ETAG],
    links: &[],
};

pub(crate) const UNCHANGED: Answer = Answer {
    status: 304,
    description: "The client has this document.",
    bodies: &[],
    headers: &[&ETAG],
    links: &[],
};
