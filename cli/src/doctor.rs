//! What the loader of the collection files cannot see: whether tables, rows and documents are as the files say.
//!
//! `read` asks the stores, by calls that write nothing; `checks` looks at what was read, one file for each check; `plan`
//! tells the parameters of a deployment. What may not be read is told with what has to be allowed, and the rest goes on.

pub mod checks;
pub mod code;
pub mod command;
pub mod finding;
pub mod item;
pub mod plan;
pub mod progress;
pub mod read;
pub mod report;
pub mod seen;
pub mod subject;
pub mod undeclared;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use domain::collection::{Collection, Collections, SourceFile};
use domain::key::RecordKey;
use jiff::Timestamp;

use self::finding::Finding;
use self::item::Item;
use self::progress::Progress;
use self::read::{Answer, Stores};
use self::report::{Looked, Report};
use self::seen::{Referenced, Seen, TableSeen};
use self::subject::{Subject, id_of};

/// The collection files.
#[derive(Debug, Clone)]
pub struct Files {
    /// What they declare.
    pub collections: Collections,
    /// Their texts, for the lines of findings.
    pub sources: Vec<SourceFile>,
}

/// How to look.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// How many rows of each table.
    pub sample: usize,
    /// Whether findings have keys of rows.
    pub show_keys: bool,
    /// When.
    pub now: Timestamp,
}

/// Looks at everything.
///
/// # Errors
///
/// When DynamoDB is not reached, or nobody is signed in.
pub async fn examine(
    stores: &Stores,
    files: &Files,
    look: Look,
    progress: &Progress,
) -> Result<Report> {
    let collections = &files.collections;
    let (tables, mut findings) = describe(stores, files, progress).await?;
    let mut looked = Vec::new();
    let mut units = 0.0;
    for collection in collections.iter() {
        progress.tell(&format!("looking at {}", collection.name));
        let mut reading = Reading {
            stores,
            collections,
            tables: &tables,
            findings: Vec::new(),
            units: 0.0,
        };
        let seen = reading.seen(collection, look.sample).await?;
        units += reading.units;
        findings.extend(reading.findings);
        findings.extend(checks::run(Subject {
            collections,
            collection,
            seen: &seen,
            now: look.now,
        }));
        looked.push(Looked {
            name: collection.name.to_string(),
            table: stores.names.of(collection),
            sampled: seen.rows.as_ref().map_or(0, Vec::len),
            index: index_name(stores, collection),
            documents: seen.documents.as_ref().map(|seen| seen.found.len()),
            described: seen.table,
        });
    }
    let declared: BTreeSet<String> = collections.iter().map(|one| stores.names.of(one)).collect();
    let others = read::others::tables(stores, &declared, progress).await?;
    findings.extend(others.findings);
    findings.extend(undeclared::check(
        collections,
        &others.value.unwrap_or_default(),
    ));
    let findings = findings
        .into_iter()
        .map(|finding| shown(finding, files, look.show_keys));
    Ok(Report::new(looked, findings.collect(), units))
}

/// The tables of all collections, by collection, as far as they could be described.
///
/// # Errors
///
/// When DynamoDB is not reached, or nobody is signed in.
pub async fn describe(
    stores: &Stores,
    files: &Files,
    progress: &Progress,
) -> Result<(BTreeMap<String, TableSeen>, Vec<Finding>)> {
    let mut tables = BTreeMap::new();
    let mut findings = Vec::new();
    for collection in files.collections.iter() {
        let name = stores.names.of(collection);
        progress.tell(&format!("describing {name}"));
        let answer = read::tables::describe(stores, &name).await?;
        findings.extend(answer.findings.into_iter().map(|one| of(collection, one)));
        if let Some(table) = answer.value {
            tables.insert(collection.name.to_string(), table);
        }
    }
    Ok((tables, findings))
}

/// A finding with the place of its key, and without keys that nobody has asked for.
#[must_use]
pub fn shown(mut finding: Finding, files: &Files, show_keys: bool) -> Finding {
    if !show_keys {
        finding.keys.clear();
    }
    if let Some(collection) = &finding.collection {
        let key = finding.key.take().unwrap_or_default();
        let mut sources = files.sources.iter();
        let place = sources.find_map(|file| Some((file, file.line_of(collection, &key)?)));
        if let Some((file, line)) = place {
            finding.file = Some(file.name.clone());
            finding.line = Some(line);
        }
        finding.key = Some(if key.is_empty() {
            collection.clone()
        } else {
            format!("{collection}.{key}")
        });
    }
    finding
}

fn of(collection: &Collection, finding: Finding) -> Finding {
    Finding {
        collection: Some(collection.name.to_string()),
        ..finding
    }
}

fn index_name(stores: &Stores, collection: &Collection) -> Option<String> {
    let search = stores.search.as_ref()?;
    let document = collection.document.as_ref()?;
    Some(format!("{}{}", search.prefix, document.index))
}

/// Reads one collection, and notes what it could not.
struct Reading<'a> {
    stores: &'a Stores,
    collections: &'a Collections,
    tables: &'a BTreeMap<String, TableSeen>,
    findings: Vec<Finding>,
    units: f64,
}

impl Reading<'_> {
    async fn seen(&mut self, collection: &Collection, sample: usize) -> Result<Seen> {
        let mut seen = Seen {
            table: self.tables.get(collection.name.as_ref()).cloned(),
            ..Seen::default()
        };
        if let Some(table) = &seen.table
            && matches!(&*table.status, "ACTIVE" | "UPDATING")
            && sample > 0
        {
            let name = self.stores.names.of(collection);
            let answer = read::sample::rows(self.stores, &name, sample).await?;
            seen.rows = self.take(collection, answer);
        }
        if let Some(rows) = &seen.rows {
            seen.parents = self.parents(collection, rows).await?;
            seen.kept = self.kept(collection, rows).await?;
        }
        if let (Some(search), Some(name)) =
            (&self.stores.search, index_name(self.stores, collection))
        {
            let answer = read::documents::describe(self.stores, search, &name).await;
            seen.search = self.take(collection, answer);
            let is_one = seen
                .search
                .as_ref()
                .is_some_and(|seen| seen.names.len() == 1);
            if let (true, Some(rows)) = (is_one, &seen.rows) {
                let ids = ids(collection, rows);
                let answer =
                    read::documents::read(self.stores, search, collection, &name, &ids).await;
                seen.documents = self.take(collection, answer);
            }
        }
        Ok(seen)
    }

    async fn parents(
        &mut self,
        collection: &Collection,
        rows: &[Item],
    ) -> Result<Option<Referenced>> {
        let Some(parent) = &collection.parent else {
            return Ok(None);
        };
        let above = self.collections.get(parent.collection.as_ref());
        self.referenced(collection, above, &parent.by, rows).await
    }

    async fn kept(&mut self, collection: &Collection, rows: &[Item]) -> Result<Option<Referenced>> {
        let Some(keeps) = &collection.keeps else {
            return Ok(None);
        };
        let kept = self.collections.get(keeps.collection.as_ref());
        self.referenced(collection, kept, &keeps.by, rows).await
    }

    /// Nothing where that table has another key than its file says: that is a finding of its own.
    async fn referenced(
        &mut self,
        collection: &Collection,
        referenced: Option<&Collection>,
        by: &[String],
        rows: &[Item],
    ) -> Result<Option<Referenced>> {
        let Some(referenced) = referenced else {
            return Ok(None);
        };
        let is_as_declared = self
            .tables
            .get(referenced.name.as_ref())
            .is_some_and(|table| {
                let key = table.key.iter();
                let texts = key.filter(|part| part.kind == "S");
                let names = texts.map(|part| part.attribute.as_str());
                names.eq(referenced.key.attributes())
            });
        if !is_as_declared {
            return Ok(None);
        }
        let keys: BTreeSet<RecordKey> = rows
            .iter()
            .filter_map(|row| item::key_in(row, by))
            .collect();
        let answer = read::referenced::read(self.stores, referenced, &keys).await?;
        Ok(self.take(collection, answer))
    }

    fn take<T>(&mut self, collection: &Collection, answer: Answer<T>) -> Option<T> {
        let findings = answer.findings.into_iter();
        self.findings
            .extend(findings.map(|finding| of(collection, finding)));
        self.units += answer.units;
        answer.value
    }
}

fn ids(collection: &Collection, rows: &[Item]) -> BTreeSet<String> {
    let Some(document) = &collection.document else {
        return BTreeSet::new();
    };
    rows.iter()
        .filter_map(|row| id_of(collection, document, row))
        .collect()
}
