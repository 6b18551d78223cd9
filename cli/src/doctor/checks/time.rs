//! Whether rows say when they were written, where the file names an attribute for it.

use domain::time;

use crate::doctor::code::Code;
use crate::doctor::finding::{Finding, Level};
use crate::doctor::item::{Item, json, kinds};
use crate::doctor::subject::Subject;

pub(super) fn check(subject: Subject<'_>) -> Vec<Finding> {
    let Some(attribute) = &subject.collection.filters.time else {
        return Vec::new();
    };
    let is_unreadable = |row: &Item| {
        let value = row.get(attribute);
        value.is_none_or(|value| time::read(&json(value)).is_none())
    };
    let share = subject.rows_where(is_unreadable);
    if share.is_none() {
        return Vec::new();
    }
    let level = if share.is_most() {
        Level::Error
    } else {
        Level::Warning
    };
    let types = kinds(
        subject.rows().iter().filter(|row| is_unreadable(row)),
        attribute,
    );
    let types = if types.is_empty() {
        "absent".to_owned()
    } else {
        format!("absent or no moment ({types})")
    };
    let seen = format!(
        "`{attribute}` is {types}: no stretch of time has such a row, and its author no right that a time limits"
    );
    let advice =
        "name an attribute with RFC 3339, or a number of seconds or milliseconds since 1970";
    let finding = Finding::new(level, Code::TimeUnreadable, seen, advice);
    vec![finding.at("filters.time").in_rows(share)]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::given::{Given, codes};
    use super::*;

    #[test]
    fn every_form_of_a_moment_is_read_and_everything_else_is_counted() {
        let given = Given::notes_with("filters = { time = \"at\" }").rows([
            json!({"id": "1", "at": "2026-11-20T10:00:00Z"}),
            json!({"id": "2", "at": {"N": "1795836001.101"}}),
            json!({"id": "3", "at": {"N": "1795836001101"}}),
            json!({"id": "4", "at": "yesterday"}),
            json!({"id": "5"}),
        ]);

        let found = given.find(check);

        assert_eq!(codes(&found), [Code::TimeUnreadable]);
        assert_eq!((found[0].found, found[0].of), (Some(2), Some(5)));
        assert_eq!(found[0].level, Level::Warning);
        assert!(!found[0].seen.contains("yesterday"));
    }
}
