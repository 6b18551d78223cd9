//! Whether somebody else decides the versions of the documents.
//!
//! A pipeline that writes with external versions gives each document that of its row, or the time of the change. Our
//! partial update raises the document's version by one, and the pipeline's next write with that number is refused.

use std::collections::BTreeSet;

use crate::doctor::code::Code;
use crate::doctor::finding::{Finding, Level};
use crate::doctor::item::{Item, number};
use crate::doctor::subject::Subject;

/// No document was written so often: from here on a version is a time.
const A_TIME: i64 = 1_000_000_000;

/// Of fewer documents it says nothing that an attribute equals their versions.
const LEAST: usize = 2;

pub(super) fn check(subject: Subject<'_>) -> Vec<Finding> {
    let (Some(documents), Some(document)) = (&subject.seen.documents, &subject.collection.document)
    else {
        return Vec::new();
    };
    let rows = subject.rows_by_id();
    let pairs: Vec<(i64, &Item)> = documents
        .found
        .iter()
        .filter_map(|(id, found)| Some((found.version, *rows.get(id)?)))
        .collect();
    if document.copy.is_by_pipeline() {
        return not_raised(subject, &pairs).into_iter().collect();
    }
    let advice = "write `copy = \"pipeline\"` into `document`, so that nothing is written into these documents; or let Tombstone be \
                  their only writer";
    let times = pairs
        .iter()
        .filter(|(version, _)| *version > A_TIME)
        .count();
    let (level, seen) = if times * 2 > pairs.len() {
        let seen = format!(
            "the versions of {times} of {} documents are times: a pipeline writes them, and its next write after a deletion or a restore is refused",
            pairs.len()
        );
        (Level::Error, seen)
    } else if let Some(attribute) = equal_to(&pairs) {
        let has_stream = subject.table().is_some_and(|table| table.stream.is_some());
        let level = if has_stream {
            Level::Error
        } else {
            Level::Warning
        };
        let seen = format!(
            "the versions of {} documents are those that `{attribute}` has in their rows: if a pipeline writes them with external versions, its next write after a deletion or a restore is refused",
            pairs.len()
        );
        (level, seen)
    } else {
        return Vec::new();
    };
    vec![Finding::new(level, Code::ExternalVersions, seen, advice).at("document")]
}

/// A pipeline that takes the versions from an attribute of the rows: what a mark or a restore does not raise, it does not
/// copy.
fn not_raised(subject: Subject<'_>, pairs: &[(i64, &Item)]) -> Option<Finding> {
    let attribute = equal_to(pairs)?;
    if subject.collection.marks.touch.contains_key(&attribute) {
        return None;
    }
    let seen = format!(
        "the versions of {} documents are those that `{attribute}` has in their rows: a mark or a restore that does not raise it never reaches the index",
        pairs.len()
    );
    let advice = format!(
        "write `touch = {{ {attribute} = \"+1\" }}` into `marks`, or \"epoch_ms\" where it is a time"
    );
    let finding = Finding::new(Level::Error, Code::ExternalVersions, seen, advice);
    Some(finding.at("marks.touch"))
}

/// The attribute that nearly all documents have for a version. Versions that are all 1 say nothing: so has every document
/// that was written once.
fn equal_to(pairs: &[(i64, &Item)]) -> Option<String> {
    if pairs.len() < LEAST || pairs.iter().all(|(version, _)| *version == 1) {
        return None;
    }
    let names: BTreeSet<&String> = pairs.iter().flat_map(|(_, row)| row.keys()).collect();
    let is_equal = |name: &&&String| {
        let equal = pairs
            .iter()
            .filter(|(version, row)| number(row, name) == Some(*version));
        equal.count() * 10 >= pairs.len() * 9
    };
    names.iter().find(is_equal).map(ToString::to_string)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::given::{Given, codes};
    use super::*;

    fn given(versions: [(i64, &str); 3]) -> Given {
        let note = |place: usize| {
            let (_, row) = versions[place];
            json!({"id": place.to_string(), "owner": "a", "_version": {"N": row}})
        };
        let source = json!({"id": "1", "owner": "a"});
        Given::notes()
            .rows([note(0), note(1), note(2)])
            .documents(&[
                ("0", versions[0].0, source.clone()),
                ("1", versions[1].0, source.clone()),
                ("2", versions[2].0, source),
            ])
    }

    #[test]
    fn versions_that_a_row_has_too_are_a_warning_and_with_a_stream_an_error() {
        let mut same = given([(2, "2"), (1, "1"), (7, "7")]);

        let found = same.find(check);

        assert_eq!(codes(&found), [Code::ExternalVersions]);
        assert_eq!(found[0].level, Level::Warning);
        assert!(found[0].seen.contains("`_version`"));
        same.table().stream = Some("NEW_IMAGE".to_owned());
        assert_eq!(same.find(check)[0].level, Level::Error);
    }

    #[test]
    fn versions_that_are_times_are_an_error() {
        let now = 1_795_836_000_000;
        let found = given([(now, "1"), (now + 1, "1"), (now + 2, "1")]).find(check);

        assert_eq!(codes(&found), [Code::ExternalVersions]);
        assert_eq!(found[0].level, Level::Error);
    }

    #[test]
    fn documents_that_were_written_once_say_nothing() {
        assert!(given([(1, "1"), (1, "1"), (1, "1")]).find(check).is_empty());
        assert!(given([(2, "5"), (3, "1"), (1, "4")]).find(check).is_empty());
    }
}
