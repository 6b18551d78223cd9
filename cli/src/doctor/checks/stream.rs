//! Whether others follow the table's changes: somebody who copies rows into the same search index writes beside us.

use crate::doctor::code::Code;
use crate::doctor::finding::{Finding, Level};
use crate::doctor::subject::Subject;

pub(super) fn check(subject: Subject<'_>) -> Vec<Finding> {
    let Some(stream) = subject.table().and_then(|table| table.stream.as_deref()) else {
        return Vec::new();
    };
    let is_piped = subject.collection.is_piped();
    let (level, seen, advice) = if subject.collection.document.is_some() && !is_piped {
        (
            Level::Warning,
            format!(
                "the table has a stream ({stream}): if a program or a pipeline copies it into the index, a document may come back without its mark"
            ),
            "write `copy = \"pipeline\"` into `document` if it does",
        )
    } else {
        (
            Level::Note,
            format!(
                "the table has a stream ({stream}): whoever reads it sees the marks, and the removals of a purge"
            ),
            "nothing, if that is meant",
        )
    };
    vec![Finding::new(level, Code::StreamOn, seen, advice).at("table")]
}

#[cfg(test)]
mod tests {
    use super::super::given::{Given, codes};
    use super::*;

    #[test]
    fn a_stream_is_a_warning_where_there_are_documents() {
        let mut given = Given::notes();
        assert!(given.find(check).is_empty());

        given.table().stream = Some("NEW_IMAGE".to_owned());

        let found = given.find(check);
        assert_eq!(codes(&found), [Code::StreamOn]);
        assert_eq!(found[0].level, Level::Warning);
    }
}
