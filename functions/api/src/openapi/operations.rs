//! The table of operations: what each takes, answers and refuses.
//!
//! A new route is a line of [`ALL`] here, and one of `routes.rs` and of `template.yaml`; tests hold the three equal. A new
//! code is a line of `problem.rs`, and stands here with the operations that answer it; each answer of the tests of the api
//! is compared with that.

use super::answers::{
    ACTED, Answer, BULK_DELETED, COLLECTIONS, CREATED, CREATED_SORTED, DELETED, DELETION,
    DELETIONS, DOCUMENT, MANIFEST, PREVIEW, RECORD, RECORD_OR_RECORDS, RECORDS_FOUND, REPLACED,
    REPLACED_SORTED, UNCHANGED,
};
use super::parameters::{
    CURSOR, EARLIER_THAN, ID, ID_OR_LIST, IDEMPOTENCY_KEY, IF_MATCH, IF_NONE_MATCH, KNOWN_TAGS,
    LATER_THAN, LIMIT, LIMIT_RECORDS, OF_COLLECTION, OUTCOME, PARENT, PARENT_SORT, PARTS,
    Parameter, REQUESTED_BY, SORT, STATE, TEXT,
};
use crate::problem::Code;

/// What a request has as its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Body {
    /// None.
    Nothing,
    /// None, or `{}`.
    Empty,
    /// The attributes of a record.
    Attributes,
    /// What is to be deleted.
    DestroyAll,
}

/// One operation.
#[derive(Debug)]
pub struct Operation {
    /// Its name, which clients that are made of the document use.
    pub id: &'static str,
    /// The method.
    pub method: &'static str,
    /// The path, with its values in braces.
    pub path: &'static str,
    pub(crate) summary: &'static str,
    pub(crate) tag: &'static str,
    pub(crate) parameters: &'static [&'static Parameter],
    pub(crate) body: Body,
    pub(crate) answers: &'static [&'static Answer],
    codes: &'static [&'static [Code]],
}

impl Operation {
    /// The codes with which it may be answered.
    pub fn codes(&self) -> impl Iterator<Item = Code> {
        let of_body = match self.body {
            Body::Nothing | Body::Empty => WITHOUT_A_BODY,
            Body::Attributes | Body::DestroyAll => WITH_A_BODY,
        };
        let of_path = if self.path.contains("{id}") {
            IN_THE_PATH
        } else {
            &[]
        };
        let named = self.codes.iter().copied().flatten();
        let everywhere = EVERYWHERE.iter().chain(of_body).chain(of_path);
        everywhere.chain(named).copied()
    }
}

/// What each operation may be answered with.
const EVERYWHERE: &[Code] = &[
    Code::UnknownParameter,
    Code::InvalidParameter,
    Code::HeaderNotAllowed,
    Code::InvalidHeader,
    Code::Unauthenticated,
    Code::TenantMissing,
    Code::Internal,
];

/// Where there is no body, or next to none.
const WITHOUT_A_BODY: &[Code] = &[Code::BodyNotAllowed];

/// Where the body is read.
const WITH_A_BODY: &[Code] = &[Code::InvalidBody, Code::UnsupportedMediaType];

/// Where stores are asked.
const STORES: &[Code] = &[
    Code::DependencyRefused,
    Code::DependencyUnavailable,
    Code::NewerVersion,
];

const COLLECTION: &[Code] = &[Code::CollectionNotFound];

/// Where a key names a record, and where it does so in the path.
const KEY: &[Code] = &[Code::InvalidId];
const IN_THE_PATH: &[Code] = &[Code::IdNeedsQuery];

const LIST: &[Code] = &[Code::InvalidCursor];

const ONCE: &[Code] = &[Code::KeyInFlight, Code::KeyReused];

const OF_DELETE: &[Code] = &[
    Code::Forbidden,
    Code::RecordNotFound,
    Code::InvalidState,
    Code::HasChildren,
    Code::RecordHeld,
    Code::PreconditionFailed,
    Code::RowTooLarge,
    Code::RowBusy,
    Code::RowUnreadable,
    Code::NotQueued,
];

const OF_GET: &[Code] = &[
    Code::Forbidden,
    Code::RouteNotFound,
    Code::RecordNotFound,
    Code::RecordDeleted,
    Code::RowUnreadable,
];

const OF_PUT: &[Code] = &[
    Code::InvalidAttribute,
    Code::MarkNotAllowed,
    Code::AttributeNotAllowed,
    Code::StatusNotAllowed,
    Code::RecordNotStorable,
    Code::Forbidden,
    Code::MethodNotAllowed,
    Code::KeyTaken,
    Code::ParentNotLive,
    Code::PreconditionFailed,
    Code::RecordDeleted,
    Code::RecordTooLarge,
];

const OF_LIST: &[Code] = &[Code::ParentRequired];

const OF_SEARCH: &[Code] = &[Code::Forbidden, Code::RouteNotFound];

const OF_DESTROY: &[Code] = &[
    Code::UnknownField,
    Code::InvalidField,
    Code::InvalidId,
    Code::Forbidden,
    Code::CountChanged,
    Code::BodyTooLarge,
    Code::NotQueued,
];

const OF_DELETION: &[Code] = &[Code::DeletionNotFound];

const OF_RECORDS: &[Code] = &[Code::RecordsDropped];

const OF_ACTION: &[Code] = &[
    Code::Forbidden,
    Code::RouteNotFound,
    Code::InvalidState,
    Code::KeyTaken,
    Code::ParentNotLive,
    Code::RootMissing,
    Code::PreconditionFailed,
];

const DELETE_CODES: &[&[Code]] = &[COLLECTION, KEY, ONCE, OF_DELETE, STORES];
const GET_CODES: &[&[Code]] = &[COLLECTION, KEY, OF_GET, STORES];
const PUT_CODES: &[&[Code]] = &[COLLECTION, KEY, OF_PUT, STORES];

const GET_ONE: Operation = Operation {
    id: "getRecord",
    method: "GET",
    path: "/v1/{collection}/{id}",
    summary: "Reads a live record",
    tag: RECORDS,
    parameters: &[],
    body: Body::Nothing,
    answers: &[&RECORD],
    codes: GET_CODES,
};

const PUT_ONE: Operation = Operation {
    id: "putRecord",
    method: "PUT",
    path: "/v1/{collection}/{id}",
    summary: "Creates a record, or replaces a live one",
    tag: RECORDS,
    parameters: &[&IF_MATCH, &IF_NONE_MATCH],
    body: Body::Attributes,
    answers: &[&REPLACED, &CREATED],
    codes: PUT_CODES,
};

const DELETE_ONE: Operation = Operation {
    id: "deleteRecord",
    method: "DELETE",
    path: "/v1/{collection}/{id}",
    summary: "Deletes a record and all below it",
    tag: RECORDS,
    parameters: &[&IDEMPOTENCY_KEY, &IF_MATCH],
    body: Body::Nothing,
    answers: &[&DELETED],
    codes: DELETE_CODES,
};

const RECORDS: &str = "records";
const DELETIONS_TAG: &str = "deletions";
const META: &str = "about";

/// All operations.
pub const ALL: &[Operation] = &[
    GET_ONE,
    Operation {
        id: "getSortedRecord",
        path: "/v1/{collection}/{id}/{sort}",
        summary: "Reads a live record whose key has two parts",
        ..GET_ONE
    },
    Operation {
        id: "listRecords",
        path: "/v1/{collection}",
        summary: "Lists live records, or reads the one that `id` names",
        parameters: &[
            &ID_OR_LIST,
            &SORT,
            &PARTS,
            &PARENT,
            &PARENT_SORT,
            &LIMIT,
            &CURSOR,
        ],
        answers: &[&RECORD_OR_RECORDS],
        codes: &[COLLECTION, KEY, OF_GET, LIST, OF_LIST, STORES],
        ..GET_ONE
    },
    Operation {
        id: "searchRecords",
        path: "/v1/search/{collection}",
        summary: "Searches live records",
        parameters: &[&TEXT, &LIMIT, &CURSOR],
        answers: &[&RECORDS_FOUND],
        codes: &[COLLECTION, LIST, OF_SEARCH, STORES],
        ..GET_ONE
    },
    PUT_ONE,
    Operation {
        id: "putSortedRecord",
        path: "/v1/{collection}/{id}/{sort}",
        summary: "Creates or replaces a record whose key has two parts",
        answers: &[&REPLACED_SORTED, &CREATED_SORTED],
        ..PUT_ONE
    },
    Operation {
        id: "putRecordByQuery",
        path: "/v1/{collection}",
        summary: "Creates or replaces a record, whatever characters its id has",
        parameters: &[&ID, &SORT, &PARTS, &IF_MATCH, &IF_NONE_MATCH],
        ..PUT_ONE
    },
    DELETE_ONE,
    Operation {
        id: "deleteSortedRecord",
        path: "/v1/{collection}/{id}/{sort}",
        summary: "Deletes a record whose key has two parts, and all below it",
        ..DELETE_ONE
    },
    Operation {
        id: "deleteRecordByQuery",
        path: "/v1/{collection}",
        summary: "Deletes a record and all below it, whatever characters its id has",
        parameters: &[&ID, &SORT, &PARTS, &IDEMPOTENCY_KEY, &IF_MATCH],
        ..DELETE_ONE
    },
    Operation {
        id: "destroyAll",
        method: "POST",
        path: "/v1/{collection}/destroy_all",
        summary: "Deletes many records and all below them in one deletion, or shows how many these would be",
        tag: RECORDS,
        parameters: &[&IDEMPOTENCY_KEY],
        body: Body::DestroyAll,
        answers: &[&PREVIEW, &BULK_DELETED],
        codes: &[COLLECTION, ONCE, OF_DESTROY, STORES],
    },
    Operation {
        id: "listDeletions",
        method: "GET",
        path: "/v1/deletions",
        summary: "Lists deletions",
        tag: DELETIONS_TAG,
        parameters: &[
            &STATE,
            &OF_COLLECTION,
            &REQUESTED_BY,
            &LATER_THAN,
            &EARLIER_THAN,
            &LIMIT,
            &CURSOR,
        ],
        body: Body::Nothing,
        answers: &[&DELETIONS],
        codes: &[LIST, STORES],
    },
    Operation {
        id: "showDeletion",
        method: "GET",
        path: "/v1/deletions/{deletion}",
        summary: "Shows a deletion",
        tag: DELETIONS_TAG,
        parameters: &[],
        body: Body::Nothing,
        answers: &[&DELETION],
        codes: &[OF_DELETION, STORES],
    },
    Operation {
        id: "listRecordsOfDeletion",
        method: "GET",
        path: "/v1/deletions/{deletion}/records",
        summary: "Lists the records of a deletion with their outcomes",
        tag: DELETIONS_TAG,
        parameters: &[&OUTCOME, &OF_COLLECTION, &LIMIT_RECORDS, &CURSOR],
        body: Body::Nothing,
        answers: &[&MANIFEST],
        codes: &[OF_DELETION, LIST, OF_RECORDS, STORES],
    },
    Operation {
        id: "actOnDeletion",
        method: "POST",
        path: "/v1/deletions/{deletion}/{action}",
        summary: "Cancels, tries again, restores or purges a deletion",
        tag: DELETIONS_TAG,
        parameters: &[&IDEMPOTENCY_KEY, &IF_MATCH],
        body: Body::Empty,
        answers: &[&ACTED],
        codes: &[OF_DELETION, ONCE, OF_ACTION, STORES],
    },
    Operation {
        id: "listCollections",
        method: "GET",
        path: "/v1/collections",
        summary: "Lists the collections, and what the caller may do in each",
        tag: META,
        parameters: &[],
        body: Body::Nothing,
        answers: &[&COLLECTIONS],
        codes: &[],
    },
    Operation {
        id: "openapi",
        method: "GET",
        path: "/v1/openapi.json",
        summary: "This document",
        tag: META,
        parameters: &[&KNOWN_TAGS],
        body: Body::Nothing,
        answers: &[&DOCUMENT, &UNCHANGED],
        codes: &[],
    },
];
