//! Collections and rows for the tests of the checks.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::collection::{Collections, SourceFile};
use domain::key::RecordKey;
use serde_json::{Value, json};

use crate::doctor::code::Code;
use crate::doctor::finding::Finding;
use crate::doctor::item::Item;
use crate::doctor::part::Reference;
use crate::doctor::reading::sorted;
use crate::doctor::seen::{
    DocumentSeen, DocumentsSeen, KeyPart, Referenced, SearchSeen, Seen, TableSeen,
};
use crate::doctor::subject::Subject;

/// One collection with documents, and without a parent.
const NOTES: &str = r#"
[notes]
table       = "notes"
key         = ["id"]
tenant      = "owner"
document    = { index = "notes", id = "{id}", fields = ["text"] }
strategy    = "flag"
retention   = "30d"
serve       = ["read", "search"]
permissions = { read = ["member"], delete = ["member"] }
"#;

/// A collection as it is declared, and what is seen of it.
pub(super) struct Given {
    collections: Collections,
    name: &'static str,
    pub(super) seen: Seen,
}

impl Given {
    /// The notes, with a table of their key.
    pub(super) fn notes() -> Self {
        Self::declared(NOTES, "notes")
    }

    /// The notes, with more keys.
    pub(super) fn notes_with(lines: &str) -> Self {
        Self::declared(&format!("{NOTES}{lines}\n"), "notes")
    }

    /// A collection of this file.
    pub(super) fn declared(text: &str, name: &'static str) -> Self {
        let file = SourceFile {
            name: "given.toml".to_owned(),
            text: text.to_owned(),
        };
        let collections = Collections::from_files(&[file]).unwrap();
        let key = collections.get(name).unwrap().key.each();
        let table = TableSeen {
            status: "ACTIVE".to_owned(),
            key: key
                .map(|(name, form)| part(name, form.kind.as_str()))
                .collect(),
            recovery: Some(true),
            ..TableSeen::default()
        };
        Self {
            collections,
            name,
            seen: Seen {
                table: Some(table),
                ..Seen::default()
            },
        }
    }

    /// With these rows, in DynamoDB's JSON.
    pub(super) fn rows(mut self, rows: impl IntoIterator<Item = Value>) -> Self {
        self.seen.rows = Some(rows.into_iter().map(|one| row(&one)).collect());
        self
    }

    /// With these rows of its table, of which those that fit are its own.
    pub(super) fn table_rows(mut self, rows: impl IntoIterator<Item = Value>) -> Self {
        let rows: Vec<Item> = rows.into_iter().map(|one| row(&one)).collect();
        let own = self.collections.get(self.name).unwrap();
        let sharing = self.collections.iter().filter(|one| one.table == own.table);
        let (own, beside) = sorted(&rows, own, &sharing.collect::<Vec<_>>());
        (self.seen.rows, self.seen.beside) = (Some(own), beside);
        self
    }

    /// With this mapping behind these names.
    pub(super) fn search(mut self, names: &[&str], mapping: &Value) -> Self {
        self.seen.search = Some(SearchSeen {
            asked: "t-notes".to_owned(),
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            mapping: mapping.as_object().unwrap().clone(),
        });
        self
    }

    /// With these documents, found by their ids.
    pub(super) fn documents(mut self, documents: &[(&str, i64, Value)]) -> Self {
        let found = documents.iter().map(|(id, version, source)| {
            let document = DocumentSeen {
                version: *version,
                is_routed: false,
                source: source.as_object().unwrap().clone(),
            };
            ((*id).to_owned(), document)
        });
        self.seen.documents = Some(DocumentsSeen {
            found: found.collect(),
            ..DocumentsSeen::default()
        });
        self
    }

    /// With these parents: keys of one part, with their tenants.
    pub(super) fn parents(mut self, parents: &[(&str, &str)]) -> Self {
        self.seen.parents = Some(referenced(parents));
        self
    }

    /// With these shared records.
    pub(super) fn kept(mut self, kept: &[(&str, &str)]) -> Self {
        self.seen.kept = Some(referenced(kept));
        self
    }

    pub(super) fn table(&mut self) -> &mut TableSeen {
        self.seen.table.as_mut().unwrap()
    }

    /// What a check finds.
    pub(super) fn find(&self, check: fn(Subject<'_>) -> Vec<Finding>) -> Vec<Finding> {
        check(Subject {
            collections: &self.collections,
            collection: self.collections.get(self.name).unwrap(),
            seen: &self.seen,
            now: "2026-11-29T10:00:00Z".parse().unwrap(),
        })
    }
}

pub(super) fn codes(found: &[Finding]) -> Vec<Code> {
    found.iter().map(|finding| finding.code).collect()
}

pub(super) fn part(attribute: &str, kind: &str) -> KeyPart {
    KeyPart {
        attribute: attribute.to_owned(),
        kind: kind.to_owned(),
    }
}

fn referenced(rows: &[(&str, &str)]) -> Referenced {
    let rows = rows.iter();
    rows.map(|(key, tenant)| {
        (
            Reference::Key(RecordKey::stored(*key, None)),
            Some((*tenant).to_owned()),
        )
    })
    .collect()
}

fn row(json: &Value) -> Item {
    let attributes = json.as_object().unwrap().iter();
    attributes
        .map(|(name, value)| (name.clone(), attribute(value)))
        .collect()
}

/// A text is a text; everything else is written with its type.
fn attribute(value: &Value) -> AttributeValue {
    if let Value::String(text) = value {
        return AttributeValue::S(text.clone());
    }
    let (kind, value) = value.as_object().unwrap().iter().next().unwrap();
    match &**kind {
        "S" => AttributeValue::S(value.as_str().unwrap().to_owned()),
        "N" => AttributeValue::N(value.as_str().unwrap().to_owned()),
        "BOOL" => AttributeValue::Bool(value.as_bool().unwrap()),
        "NULL" => AttributeValue::Null(true),
        "L" => AttributeValue::L(value.as_array().unwrap().iter().map(attribute).collect()),
        "M" => AttributeValue::M(row(value)),
        other => unreachable!("{other} is not needed yet: {}", json!(value)),
    }
}
