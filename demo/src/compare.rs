//! What is in a store, and where two pictures of it differ: pure, so that the checks themselves are tested.

use std::collections::BTreeMap;

use domain::key::RecordRef;
use jiff::Timestamp;

/// How a row or a document stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Liveness {
    /// Whose it is.
    pub(super) tenant: String,
    /// Its mark, when it has one.
    pub(super) mark: Option<Mark>,
}

/// The parts of a mark that both stores must agree on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mark {
    pub(super) deleted_at: Timestamp,
    pub(super) deletion: String,
}

/// All records that a store has, or those that were asked for.
pub(super) type Picture = BTreeMap<RecordRef, Liveness>;

/// Where rows and documents disagree.
pub(super) fn differences(rows: &Picture, documents: &Picture) -> Vec<String> {
    let mut found = Vec::new();
    for (record, row) in rows {
        match documents.get(record) {
            None => found.push(format!("{} has a row and no document", name(record))),
            Some(document) if document != row => {
                found.push(format!(
                    "{}: row {row:?}, document {document:?}",
                    name(record)
                ));
            }
            Some(_) => {}
        }
    }
    let alone = documents.keys().filter(|record| !rows.contains_key(record));
    found.extend(alone.map(|record| format!("{} has a document and no row", name(record))));
    found
}

/// The marks in a picture, with how many carry each.
pub(super) fn marks(picture: &Picture) -> BTreeMap<Mark, usize> {
    let mut marks = BTreeMap::new();
    for mark in picture
        .values()
        .filter_map(|standing| standing.mark.clone())
    {
        *marks.entry(mark).or_default() += 1;
    }
    marks
}

/// How many carry a mark.
pub(super) fn marked(picture: &Picture) -> usize {
    marks(picture).values().sum()
}

fn name(record: &RecordRef) -> String {
    let parts: Vec<&str> = record.key.values().collect();
    format!("{} {}", record.collection, parts.join(" "))
}

#[cfg(test)]
mod tests {
    use domain::key::RecordKey;

    use super::*;

    fn picture(records: &[(&str, Option<&str>)]) -> Picture {
        let entries = records.iter().map(|(id, deletion)| {
            let record = RecordRef {
                collection: "messages".parse().unwrap(),
                key: RecordKey::stored("d", Some(id)),
            };
            let mark = deletion.map(|deletion| Mark {
                deleted_at: Timestamp::UNIX_EPOCH,
                deletion: deletion.to_owned(),
            });
            let tenant = "t".to_owned();
            (record, Liveness { tenant, mark })
        });
        entries.collect()
    }

    #[test]
    fn equal_pictures_have_no_differences() {
        let rows = picture(&[("1", None), ("2", Some("x"))]);

        assert!(differences(&rows, &rows.clone()).is_empty());
        assert_eq!(marked(&rows), 1);
    }

    #[test]
    fn each_kind_of_difference_is_found() {
        let rows = picture(&[("1", None), ("2", Some("x")), ("3", None)]);
        let documents = picture(&[("2", Some("y")), ("3", Some("x")), ("4", None)]);

        let found = differences(&rows, &documents);

        assert_eq!(found.len(), 4, "{found:?}");
        assert_eq!(found[0], "messages d 1 has a row and no document");
        assert_eq!(found[3], "messages d 4 has a document and no row");
    }
}
