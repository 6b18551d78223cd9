//! One collection: what its records are, where they are, and what a deletion does with them.

use std::collections::BTreeMap;

use super::document::DocumentSpec;
use super::effects::{Aggregate, EventSpec, Recipients};
use super::filters::Filters;
use super::held::Held;
use super::key_schema::KeySchema;
use super::marks::{Adopt, Marks};
use super::name::CollectionName;
use super::parent::{Keeps, Parent};
use super::pattern::Composed;
use super::permissions::{Permissions, Serve};
use super::retention::Retention;
use super::schedule::ScheduleTemplate;
use super::status::StatusRule;
use super::tenant::TenantRule;
use crate::strategy::Strategy;

/// One kind of record: rows in a DynamoDB table and, where it is searched, documents in an OpenSearch index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collection {
    /// What clients call it: `/v1/{name}`.
    pub name: CollectionName,
    /// The logical table; the configuration maps it to a real name.
    pub table: String,
    /// The attributes of the primary key.
    pub key: KeySchema,
    /// The attributes beside the key whose texts are made of parts.
    pub composed: BTreeMap<String, Composed>,
    /// Whether its records have no rows: they are nothing but what is below them.
    pub is_rowless: bool,
    /// Whose a record is: it must be the caller's tenant.
    pub tenant: TenantRule,
    /// The collection whose deletion reaches this one.
    pub parent: Option<Parent>,
    /// The record that a row of this collection keeps alive, where it is a link.
    pub keeps: Option<Keeps>,
    /// The document in the search index, where there is one.
    pub document: Option<DocumentSpec>,
    /// What a deletion does with a record.
    pub strategy: Strategy,
    /// How long a deleted record is kept.
    pub retention: Retention,
    /// Whether a deletion can be undone.
    pub restorable: bool,
    /// Whether a live row has the attribute `marks.deleted_at` with an explicit NULL, so that a restore writes it.
    pub live_is_null: bool,
    /// The attribute that increases with each change of a row, where there is one; only with [`Strategy::Archive`].
    pub version: Option<String>,
    /// Who wrote a record, where the rows say so.
    pub author: Option<Author>,
    /// The attributes with a meaning to filters and time limits.
    pub filters: Filters,
    /// The routes on the records themselves.
    pub serve: Serve,
    /// Who may do what. What is not granted is denied.
    pub permissions: Permissions,
    /// What of a row clients do not see, or do not change.
    pub guarded: Guarded,
    /// What a mark writes into the row, and the names of its three attributes in the document.
    pub marks: Marks,
    /// What of a live record holds its deletion back.
    pub held: Held,
    /// Whether, and how, rows are taken over that others have marked.
    pub adopt: Option<Adopt>,
    /// The answer to a delete of an absent record.
    pub missing: Missing,
    /// What clients may write into the record's own status.
    pub status: Option<StatusRule>,
    /// The EventBridge Scheduler entry that is removed with a record.
    pub schedule: Option<ScheduleTemplate>,
    /// The collection's own event.
    pub event: Option<EventSpec>,
    /// Who receives that event.
    pub recipients: Option<Recipients>,
    /// Values of the parent that are computed from the live records of this collection.
    pub aggregates: Vec<Aggregate>,
}

/// Who wrote a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// The attribute that holds the author's subject claim.
    pub attribute: String,
    /// An index whose hash key is that attribute.
    pub gsi: Option<String>,
}

/// The attributes of a row that belong to somebody else than the clients of the API: whoever writes the table directly.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Guarded {
    /// Never in an answer, and never written by a client.
    pub hidden: Vec<String>,
    /// In answers, and never changed by a client.
    pub readonly: Vec<String>,
}

/// The answer to a delete of an absent record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Missing {
    /// 202 `ALREADY_DELETED`: what should be gone is gone.
    #[default]
    AlreadyDeleted,
    /// 404.
    NotFound,
}

impl Missing {
    /// The words of the files.
    pub(in crate::collection) const WORDS: [(&'static str, Self); 2] = [
        ("already_deleted", Self::AlreadyDeleted),
        ("not_found", Self::NotFound),
    ];
}

impl Collection {
    /// Whether an attribute of a live row is in answers: all are but the mark's, which say nothing there, and the hidden
    /// ones. What is not shown must have no part in anything else that a client sees or finds by.
    #[must_use]
    pub fn shows(&self, attribute: &str) -> bool {
        let is_hidden = self.guarded.hidden.iter().any(|name| name == attribute);
        !is_hidden && !self.marks.own().contains(&attribute)
    }
}
