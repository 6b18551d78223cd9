//! What was read of a collection's table and index, in the form that the checks ask for.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Map, Value};

use super::item::Item;
use super::part::Reference;

/// An attribute of a key, with its type: `S`, `N` or `B`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeyPart {
    /// Its name.
    pub attribute: String,
    /// Its type.
    pub kind: String,
}

/// A table as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct TableSeen {
    /// Its ARN.
    pub arn: String,
    /// `ACTIVE`, or what keeps it from being asked.
    pub status: String,
    /// The primary key, partition first.
    pub key: Vec<KeyPart>,
    /// Its indexes.
    pub indexes: Vec<IndexSeen>,
    /// About how many items it has; the store counts them every six hours.
    pub items: i64,
    /// About how many bytes they have.
    pub bytes: i64,
    /// What a stream shows of each change, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream: Option<String>,
    /// The KMS key that encrypts it, where it is none that DynamoDB owns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kms_key: Option<String>,
    /// Whether it refuses to be deleted.
    pub deletion_protection: bool,
    /// The TTL attribute; unknown where it could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ttl: Option<String>,
    /// Whether it can be recovered to a point in time; unknown where it could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recovery: Option<bool>,
}

/// An index of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IndexSeen {
    /// Its name.
    pub name: String,
    /// `ACTIVE`, or what keeps it from being asked.
    pub status: String,
    /// Its key, hash first.
    pub key: Vec<KeyPart>,
    /// What its rows have beside the keys of index and table; `None` for everything.
    pub projected: Option<Vec<String>>,
}

impl IndexSeen {
    /// Whether its rows have this attribute.
    #[must_use]
    pub fn has(&self, attribute: &str, table: &TableSeen) -> bool {
        let mut keys = self.key.iter().chain(&table.key);
        keys.any(|part| part.attribute == attribute)
            || self
                .projected
                .as_ref()
                .is_none_or(|names| names.iter().any(|name| name == attribute))
    }
}

/// Rows that others reference, as far as they are there: their tenant, where they say it.
pub type Referenced = BTreeMap<Reference, Option<String>>;

/// A search index as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SearchSeen {
    /// The name that was asked for.
    pub asked: String,
    /// The indexes behind the name: one of that name, or those of an alias.
    pub names: Vec<String>,
    /// The mapping of the first.
    pub mapping: Map<String, Value>,
}

/// A field of a mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldSeen<'a> {
    /// Its type.
    pub kind: &'a str,
    /// The date format, where it is declared.
    pub format: Option<&'a str>,
    /// A field below it that is compared exactly, such as `keyword`.
    pub exact: Option<&'a str>,
}

/// What becomes of a field that is not mapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dynamic {
    /// It is mapped with the first document that has it.
    Mapped,
    /// It is kept, and not indexed.
    Ignored,
    /// A document that has it is refused.
    Refused,
}

impl SearchSeen {
    /// How a field is mapped.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<FieldSeen<'_>> {
        let field = self.mapping.get("properties")?.get(name)?;
        let below = field.get("fields").and_then(Value::as_object);
        let exact = below.into_iter().flatten().find(|(_, below)| {
            let kind = below.get("type").and_then(Value::as_str);
            kind.is_some_and(is_exact)
        });
        Some(FieldSeen {
            kind: field
                .get("type")
                .and_then(Value::as_str)
                .unwrap_or("object"),
            format: field.get("format").and_then(Value::as_str),
            exact: exact.map(|(name, _)| name.as_str()),
        })
    }

    /// What becomes of a field that is not mapped.
    #[must_use]
    pub fn dynamic(&self) -> Dynamic {
        match self.mapping.get("dynamic") {
            Some(Value::Bool(false)) => Dynamic::Ignored,
            Some(Value::String(word)) if word == "false" => Dynamic::Ignored,
            Some(Value::String(word)) if word.starts_with("strict") => Dynamic::Refused,
            _ => Dynamic::Mapped,
        }
    }

    /// Whether it takes no request without a routing value.
    #[must_use]
    pub fn requires_routing(&self) -> bool {
        let routing = self.mapping.get("_routing");
        let required = routing.and_then(|routing| routing.get("required"));
        required.is_some_and(|required| {
            required.as_bool() == Some(true) || required.as_str() == Some("true")
        })
    }
}

/// Whether fields of this type are compared as they are.
#[must_use]
pub fn is_exact(kind: &str) -> bool {
    matches!(kind, "keyword" | "constant_keyword" | "wildcard")
}

/// A document that was found by its id.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DocumentSeen {
    /// Its version.
    pub version: i64,
    /// The value that it was routed by, where it was.
    pub is_routed: bool,
    /// What it says of the row's tenant and key.
    pub source: Map<String, Value>,
}

/// The documents of the sampled rows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DocumentsSeen {
    /// By id, those that were found by it.
    pub found: BTreeMap<String, DocumentSeen>,
    /// Those that were not, and that a search over all shards has found with a routing value.
    pub routed: BTreeSet<String>,
}

/// The sampled rows of a table that are not of a collection, which may share it with others.
#[derive(Debug, Clone, Default)]
pub struct Beside {
    /// How many rows of the table were sampled.
    pub sampled: usize,
    /// How many are of this or another collection.
    pub declared: usize,
    /// Those that are of this one's table, and whose key can be read in two ways.
    pub ambiguous: Vec<Item>,
    /// Those that no collection declares; only with the first collection of a table, so that they are told once.
    pub undeclared: Vec<Item>,
    /// How many of those lie in the partition of a declared record, as its children do.
    pub among: usize,
}

/// Everything that was read of one collection. What could not be read is absent, and a finding says so.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// The table.
    pub table: Option<TableSeen>,
    /// The sampled rows of this collection; `None` where none could be read.
    pub rows: Option<Vec<Item>>,
    /// What else was sampled of its table.
    pub beside: Beside,
    /// The parents of those rows.
    pub parents: Option<Referenced>,
    /// The shared records of those rows.
    pub kept: Option<Referenced>,
    /// The search index.
    pub search: Option<SearchSeen>,
    /// The documents of those rows.
    pub documents: Option<DocumentsSeen>,
}
