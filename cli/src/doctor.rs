//! What the loader of the collection files cannot see: whether tables, rows and documents are as the files say.
//!
//! `read` asks the stores, by calls that write nothing; `checks` looks at what was read, one file for each check; `plan`
//! tells the parameters of a deployment. What may not be read is told with what has to be allowed, and the rest goes on.

pub mod checks;
pub mod code;
pub mod command;
pub mod finding;
pub mod item;
pub mod part;
pub mod plan;
pub mod progress;
pub mod read;
mod reading;
pub mod report;
pub mod seen;
pub mod subject;
pub mod undeclared;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use domain::collection::{Collections, SourceFile};
use jiff::Timestamp;

use self::finding::Finding;
use self::progress::Progress;
use self::read::{Answer, Stores};
use self::reading::Reading;
use self::report::{Looked, Report};
use self::seen::TableSeen;
use self::subject::Subject;

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
    let mut reading = Reading::new(stores, collections, &tables);
    for collection in collections.iter() {
        progress.tell(&format!("looking at {}", collection.name));
        let seen = reading.seen(collection, look.sample).await?;
        findings.append(&mut reading.findings);
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
            index: stores.index_of(collection),
            documents: seen.documents.as_ref().map(|seen| seen.found.len()),
            described: seen.table,
            is_rowless: collection.is_rowless,
        });
    }
    let units = reading.units;
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
    let mut answers: BTreeMap<String, Answer<TableSeen>> = BTreeMap::new();
    let mut tables = BTreeMap::new();
    let mut findings = Vec::new();
    // What has no rows has no table: where it has one in the file, that is the table of others.
    let with_rows = files.collections.iter().filter(|one| !one.is_rowless);
    for collection in with_rows {
        let name = stores.names.of(collection);
        let answer = if let Some(answer) = answers.remove(&name) {
            answer
        } else {
            progress.tell(&format!("describing {name}"));
            read::tables::describe(stores, &name).await?
        };
        let told = answer.findings.iter().cloned();
        findings.extend(told.map(|one| one.of(&collection.name)));
        if let Some(table) = &answer.value {
            tables.insert(collection.name.to_string(), table.clone());
        }
        answers.insert(name, answer);
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
