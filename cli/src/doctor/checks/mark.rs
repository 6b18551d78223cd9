//! What stands in the place of the mark. Others write there, too: a flag, a status, a time of their own.

use domain::adoption;
use domain::found::Found;
use domain::row::RowMark;
use serde_json::{Map, Value};

use crate::doctor::code::Code;
use crate::doctor::finding::{Finding, Level, Share};
use crate::doctor::item::{Item, json};
use crate::doctor::subject::Subject;

/// What a row says about its own deletion.
pub(super) fn mark_of(subject: Subject<'_>, row: &Item) -> RowMark {
    RowMark::of(subject.collection, &written(subject, row))
}

/// What a row has where a mark changes it.
fn written(subject: Subject<'_>, row: &Item) -> Map<String, Value> {
    let names = subject.collection.marks.written();
    let values = names.filter_map(|name| Some((name.to_owned(), json(row.get(name)?))));
    values.collect()
}

/// Rows that the sweeper takes over, and those of them that it cannot.
fn taken_over(subject: Subject<'_>, others: &Share) -> Vec<Finding> {
    let collection = subject.collection;
    let marked_at = |row: &Item| {
        let adopt = collection.adopt.as_ref()?;
        adoption::date(&json(row.get(&adopt.deleted_at)?))
    };
    let is_others = |row: &Item| mark_of(subject, row) == RowMark::By(None);
    let overdue = subject.rows_where(|row| {
        let purge_at = marked_at(row).and_then(|at| collection.retention.purge_at(at));
        is_others(row) && purge_at.is_some_and(|at| at <= subject.now)
    });
    let seen = format!(
        "the sweeper takes these rows over, as `adopt` says; the retention of {} of them has passed, and they are purged at once",
        overdue.found
    );
    let advice = "nothing, if that is meant; a longer `retention` lets them be restored first";
    let finding = Finding::new(Level::Note, Code::DeletedBeforeUs, seen, advice);
    let mut found = vec![finding.at("adopt").in_rows(others.clone())];
    let undated = subject.rows_where(|row| is_others(row) && marked_at(row).is_none());
    if !undated.is_none() {
        let seen =
            "these rows do not say when they were marked, so they are not taken over".to_owned();
        let advice =
            "name another attribute in `adopt.deleted_at`, or write the time into the rows";
        let finding = Finding::new(Level::Warning, Code::AdoptUndated, seen, advice);
        found.push(finding.at("adopt.deleted_at").in_rows(undated));
    }
    found
}

/// Rows that another program is working on, and rows that a mark could not leave as they were.
fn replaced(subject: Subject<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    let busy = subject.rows_where(|row| mark_of(subject, row) == RowMark::Busy);
    if !busy.is_none() {
        let seen = "another program is working on these rows, as their word says: they are not marked until that is over".to_owned();
        let advice = "nothing, if they do not stay so; a deletion that meets one fails with ROW_BUSY, and `retry` takes it later";
        let finding = Finding::new(Level::Note, Code::RowBusy, seen, advice);
        found.push(finding.at("marks.state").in_rows(busy));
    }
    let collection = subject.collection;
    let is_lost = |row: &Item| {
        let values = written(subject, row);
        let mark = mark_of(subject, row);
        mark.is_live() && !Found::of(collection, mark, &values).is_storable(collection)
    };
    let lost = subject.rows_where(is_lost);
    if !lost.is_none() {
        let seen = "these rows have a list, a map or a set where a mark takes something off, or no whole number where it raises one: a delete that meets one fails with ROW_UNREADABLE".to_owned();
        let advice = "correct the rows, or take the attribute out of `ttl`, `marks.takes_off` or `marks.touch`";
        let finding = Finding::new(Level::Error, Code::MarkNotKept, seen, advice);
        found.push(finding.at("marks").in_rows(lost));
    }
    found
}

pub(super) fn check(subject: Subject<'_>) -> Vec<Finding> {
    let marks = &subject.collection.marks;
    let state = marks.state.as_ref();
    let (mark, key) = match state {
        Some(state) => (state.attribute.as_str(), "marks.state"),
        None => (marks.deleted_at.as_str(), "marks.deleted_at"),
    };
    let mut found = replaced(subject);
    let is_unreadable = |row: &Item| mark_of(subject, row) == RowMark::Unreadable;
    let unreadable = subject.rows_where(is_unreadable);
    if !unreadable.is_none() {
        let kinds = subject.kinds(mark, is_unreadable);
        let seen = format!(
            "`{mark}` is {kinds}: that is no mark, and not the absence of one, so a delete that meets such a row fails with ROW_UNREADABLE"
        );
        let advice = match state {
            Some(_) => {
                "add the word to `marks.state`: to `live`, to `busy`, or as `deleted`; \"absent\" is a row without it"
            }
            None => {
                "give the mark another name in `marks.deleted_at`, or take the attribute out of live rows"
            }
        };
        let finding = Finding::new(Level::Error, Code::MarkUnreadable, seen, advice);
        found.push(finding.at(key).in_rows(unreadable));
    }
    let is_others = |row: &Item| mark_of(subject, row) == RowMark::By(None);
    let others = subject.rows_where(is_others);
    if !others.is_none() && subject.collection.adopt.is_some() {
        found.extend(taken_over(subject, &others));
    } else if !others.is_none() {
        let kinds = subject.kinds(mark, is_others);
        let seen = format!(
            "`{mark}` is {kinds} without the id of a deletion: such a row counts as already deleted, and is never purged"
        );
        let advice = match state {
            Some(_) => "remove these rows yourself when their time has come",
            None => {
                "remove these rows yourself when their time has come; if they are live, name another attribute in `marks.deleted_at`"
            }
        };
        let level = if others.is_most() {
            Level::Error
        } else {
            Level::Warning
        };
        let finding = Finding::new(level, Code::DeletedBeforeUs, seen, advice);
        found.push(finding.at(key).in_rows(others));
    }
    if subject.collection.live_is_null {
        let absent = subject.rows_where(|row| !row.contains_key(&marks.deleted_at));
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
    use serde_json::json;

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
    fn words_are_read_as_the_file_says_and_others_are_told() {
        let marks = r#"
            ttl = "ends"
            marks = { state = { attribute = "status", deleted = "DELETED", live = ["OK", "absent"], busy = ["LOCKED"] }, touch = { version = "+1" } }
        "#;
        for (row, codes_of) in [
            (json!({"status": "OK"}), vec![]),
            (json!({}), vec![]),
            (json!({"status": "LOCKED"}), vec![Code::RowBusy]),
            (json!({"status": "DELETED"}), vec![Code::DeletedBeforeUs]),
            (json!({"status": "GONE"}), vec![Code::MarkUnreadable]),
            (
                json!({"status": {"NULL": true}}),
                vec![Code::MarkUnreadable],
            ),
            (json!({"ends": {"L": []}}), vec![Code::MarkNotKept]),
            (json!({"version": "1"}), vec![Code::MarkNotKept]),
        ] {
            let mut row = row;
            row["id"] = json!("1");
            let found = Given::notes_with(marks).rows([row.clone()]).find(check);

            assert_eq!(codes(&found), codes_of, "{row}");
        }
    }

    #[test]
    fn what_is_taken_over_is_told_with_what_goes_at_once_and_what_cannot_be() {
        let adopt = "adopt = { deleted_at = \"deleted_at\" }";
        let given = Given::notes_with(adopt).rows([
            json!({"id": "1", "deleted_at": "2026-11-20T10:05:00.000Z"}),
            json!({"id": "2", "deleted_at": "2020-11-20T10:05:00.000Z"}),
            json!({"id": "3", "deleted_at": {"BOOL": true}}),
        ]);

        let found = given.find(check);

        assert_eq!(codes(&found), [Code::DeletedBeforeUs, Code::AdoptUndated]);
        assert_eq!((found[0].level, found[0].found), (Level::Note, Some(3)));
        assert!(
            found[0].seen.contains("retention of 1 of them"),
            "{}",
            found[0].seen
        );
        assert_eq!(found[1].found, Some(1));
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
