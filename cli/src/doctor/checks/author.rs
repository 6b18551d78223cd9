//! Whether rows say who wrote them, where the file grants something to authors.

use crate::doctor::code::Code;
use crate::doctor::finding::{Finding, Level};
use crate::doctor::item::{is_absent, is_no_text};
use crate::doctor::subject::Subject;

pub(super) fn check(subject: Subject<'_>) -> Vec<Finding> {
    let Some(author) = &subject.collection.author else {
        return Vec::new();
    };
    let author = subject.collection.behind(&author.attribute);
    let mut found = Vec::new();
    let missing = subject.rows_where(|row| is_absent(row, author));
    if !missing.is_none() {
        let level = if missing.found == missing.of {
            Level::Error
        } else {
            Level::Note
        };
        let seen = format!(
            "`{author}` is absent or NULL: such a row has no author, and nobody a right as one"
        );
        let advice = "name the attribute that holds the author's subject claim, or leave these rows to the other grants";
        let finding = Finding::new(level, Code::AuthorMissing, seen, advice);
        found.push(finding.at("author").in_rows(missing));
    }
    let other = subject.rows_where(|row| is_no_text(row, author));
    if !other.is_none() {
        let kinds = subject.kinds(author, |row| is_no_text(row, author));
        let seen = format!("`{author}` is no text but {kinds}: nobody is the author of such a row");
        let advice = "name an attribute of type S that holds the author's subject claim";
        let finding = Finding::new(Level::Error, Code::AuthorNotText, seen, advice);
        found.push(finding.at("author").in_rows(other));
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::given::{Given, codes};
    use super::*;

    #[test]
    fn an_author_that_is_a_number_is_an_error_and_one_that_is_missing_a_note() {
        let given = Given::notes_with("author = \"writer\"").rows([
            json!({"id": "1", "owner": "a", "writer": {"N": "7"}}),
            json!({"id": "2", "owner": "a", "writer": "ada"}),
            json!({"id": "3", "owner": "a"}),
        ]);

        let found = given.find(check);

        assert_eq!(codes(&found), [Code::AuthorMissing, Code::AuthorNotText]);
        assert_eq!(
            (found[0].level, found[1].level),
            (Level::Note, Level::Error)
        );
    }

    #[test]
    fn without_an_author_in_the_file_nothing_is_asked() {
        let given = Given::notes().rows([json!({"id": "1", "owner": "a"})]);

        assert!(given.find(check).is_empty());
    }
}
