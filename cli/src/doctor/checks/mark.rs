//! What stands in the place of the mark. Others write there, too: a flag, a status, a time of their own.

use domain::row::RowMark;

use crate::doctor::code::Code;
use crate::doctor::finding::{Finding, Level};
use crate::doctor::item::{Item, json};
use crate::doctor::subject::Subject;

/// What a row says about its own deletion.
pub(super) fn mark_of(subject: Subject<'_>, row: &Item) -> RowMark {
    let marks = subject.collection.marks.all().into_iter();
    let marks = marks.filter_map(|name| Some((name.to_owned(), json(row.get(name)?))));
    RowMark::of(subject.collection, &marks.collect())
}

pub(super) fn check(subject: Subject<'_>) -> Vec<Finding> {
    let mark = subject.collection.marks.deleted_at.as_str();
    let mut found = Vec::new();
    let is_unreadable = |row: &Item| mark_of(subject, row) == RowMark::Unreadable;
    let unreadable = subject.rows_where(is_unreadable);
    if !unreadable.is_none() {
        let kinds = subject.kinds(mark, is_unreadable);
        let seen = format!(
            "`{mark}` is {kinds}: that is no mark, and not the absence of one, so a delete that meets such a row fails with ROW_UNREADABLE"
        );
        let advice = "give the mark another name in `marks.deleted_at`, or take the attribute out of live rows";
        let finding = Finding::new(Level::Error, Code::MarkUnreadable, seen, advice);
        found.push(finding.at("marks.deleted_at").in_rows(unreadable));
    }
    let is_others = |row: &Item| mark_of(subject, row) == RowMark::By(None);
    let others = subject.rows_where(is_others);
    if !others.is_none() {
        let kinds = subject.kinds(mark, is_others);
        let seen = format!(
            "`{mark}` is {kinds} without the id of a deletion: such a row counts as already deleted, and is never purged"
        );
        let advice = "remove these rows yourself when their time has come; if they are live, name another attribute in `marks.deleted_at`";
        let level = if others.is_most() {
            Level::Error
        } else {
            Level::Warning
        };
        let finding = Finding::new(level, Code::DeletedBeforeUs, seen, advice);
        found.push(finding.at("marks.deleted_at").in_rows(others));
    }
    if subject.collection.live_is_null {
        let absent = subject.rows_where(|row| !row.contains_key(mark));
        if !absent.is_none() {
            let seen = format!(
                "`{mark}` is absent, although `live` says that it is NULL in a live row: a restore writes NULL into such a row"
            );
            let advice = "take `live` out: a restore then writes back what was there";
            let finding = Finding::new(Level::Warning, Code::LiveNotNull, seen, advice);
            found.push(finding.at("live").in_rows(absent));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::given::{Given, codes};
    use super::*;

    const ID: &str = "01932c5e-7a00-7000-8000-000000000001";

    fn found(mark: &Value) -> Vec<Code> {
        let live = || json!({"id": "live", "owner": "a"});
        let mut row = json!({"id": "1", "owner": "a"});
        row["deleted_at"] = mark.clone();
        codes(&Given::notes().rows([row, live(), live()]).find(check))
    }

    #[test]
    fn what_says_neither_yes_nor_no_is_no_mark() {
        for value in [
            json!({"BOOL": false}),
            json!({"N": "0"}),
            json!({"N": "0.0"}),
            json!({"N": "-1"}),
            json!({"S": ""}),
            json!({"L": []}),
            json!({"M": {}}),
        ] {
            assert_eq!(found(&value), [Code::MarkUnreadable], "{value}");
        }
    }

    #[test]
    fn a_mark_without_our_id_is_somebody_elses() {
        for value in [
            json!({"BOOL": true}),
            json!({"N": "1795836000"}),
            json!("2026-11-20T10:05:00.000Z"),
        ] {
            assert_eq!(found(&value), [Code::DeletedBeforeUs], "{value}");
        }
        assert!(found(&json!({"NULL": true})).is_empty());
    }

    #[test]
    fn our_own_mark_is_none_of_that() {
        let row = json!({
            "id": "1", "owner": "a", "deleted_at": "2026-11-20T10:05:00.000Z", "deleted_by": "ada", "deletion_id": ID,
        });

        assert!(Given::notes().rows([row]).find(check).is_empty());
    }

    #[test]
    fn rows_that_are_mostly_marked_by_others_are_an_error() {
        let given = Given::notes().rows([json!({"id": "1", "deleted_at": "no"})]);

        assert_eq!(given.find(check)[0].level, Level::Error);
    }

    #[test]
    fn a_live_row_without_the_null_that_the_file_speaks_of_is_a_warning() {
        let given = Given::notes_with("live = \"null\"").rows([
            json!({"id": "1", "owner": "a", "deleted_at": {"NULL": true}}),
            json!({"id": "2", "owner": "a"}),
        ]);

        let found = given.find(check);

        assert_eq!(codes(&found), [Code::LiveNotNull]);
        assert_eq!(found[0].found, Some(1));
    }
}
