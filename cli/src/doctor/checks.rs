//! The checks: each is one file and one function, which looks at what was read of one collection and says what is wrong.
//!
//! None of them reads anything. To add one: a file here, a line of [`ALL`], a code, and a line of the page.

mod aggregate;
mod author;
mod document_id;
mod documents;
mod fields;
mod filters;
mod held;
mod indexes;
mod keeps;
mod key;
mod mark;
mod other_readers;
mod parent;
mod parts;
mod promote;
mod protection;
mod recipients;
mod search_index;
mod stream;
mod table;
mod tenant;
mod time;
mod ttl;
mod version;
mod versions;

#[cfg(test)]
mod given;

use super::finding::Finding;
use super::subject::Subject;

/// A check of one collection.
type Check = fn(Subject<'_>) -> Vec<Finding>;

/// All of them, in the order of the answer: the table, its rows, the index, its documents.
const ALL: &[Check] = &[
    table::check,
    key::check,
    indexes::check,
    other_readers::check,
    tenant::check,
    parts::check,
    parent::check,
    mark::check,
    held::check,
    author::check,
    time::check,
    filters::check,
    promote::check,
    aggregate::check,
    keeps::check,
    version::check,
    recipients::check,
    ttl::check,
    stream::check,
    protection::check,
    search_index::check,
    fields::check,
    document_id::check,
    documents::check,
    versions::check,
];

/// Everything that they find, with the collection's name where they name no other one.
#[must_use]
pub fn run(subject: Subject<'_>) -> Vec<Finding> {
    let name = subject.collection.name.to_string();
    let found = ALL.iter().flat_map(|check| check(subject));
    found
        .map(|finding| Finding {
            collection: finding.collection.or_else(|| Some(name.clone())),
            ..finding
        })
        .collect()
}
