//! Whether the table is there and takes reads and writes. That it does not exist, the reader says.

use crate::doctor::code::Code;
use crate::doctor::finding::{Finding, Level};
use crate::doctor::seen::Beside;
use crate::doctor::subject::Subject;

pub(super) fn check(subject: Subject<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    let Some(table) = subject.table() else {
        return found;
    };
    // While it is being updated, and while its key in KMS is gone for a moment, it is what it was.
    if !matches!(&*table.status, "ACTIVE" | "UPDATING") {
        let seen = format!("the table is {}", table.status);
        let advice = "wait until it is ACTIVE, or make its KMS key usable again";
        found.push(Finding::new(Level::Error, Code::TableNotActive, seen, advice).at("table"));
    }
    if subject.seen.rows.as_ref().is_some_and(Vec::is_empty) {
        found.push(none(&subject.seen.beside));
    }
    found.extend(ambiguous(subject));
    found.extend(undeclared(subject));
    found
}

fn none(beside: &Beside) -> Finding {
    if beside.sampled == 0 {
        let seen = "no row was sampled, so nothing was checked that rows say";
        let advice = "ask again when the table has rows";
        return Finding::new(Level::Note, Code::TableEmpty, seen, advice).at("table");
    }
    let level = if beside.declared == 0 {
        Level::Error
    } else {
        Level::Warning
    };
    let seen = format!(
        "none of the {} sampled rows of the table has a key of these patterns, so nothing was checked that rows say",
        beside.sampled
    );
    let advice = "compare `is` in `key` with the keys of a few rows, letter by letter; if the collection has few rows, ask again \
                  with a larger `--sample`";
    Finding::new(level, Code::KeyFitsNone, seen, advice).at("key")
}

fn ambiguous(subject: Subject<'_>) -> Option<Finding> {
    let beside = &subject.seen.beside;
    let share = subject.share_of(&beside.ambiguous, beside.sampled);
    let seen = "the key is of two of the patterns of one attribute: such a row is of no collection, and is never found";
    let advice = "write a separator into the patterns that the values cannot hold";
    let finding = || Finding::new(Level::Error, Code::KeyAmbiguous, seen, advice).at("key");
    (!share.is_none()).then(|| finding().in_rows(share))
}

fn undeclared(subject: Subject<'_>) -> Option<Finding> {
    let beside = &subject.seen.beside;
    let share = subject.share_of(&beside.undeclared, beside.sampled);
    let among = match beside.among {
        0 => String::new(),
        among => format!(
            "; {among} of them have the partition of declared records, and stay when those are deleted"
        ),
    };
    let seen = format!(
        "rows of kinds that nobody declares: their keys fit no collection of this table, so they are never touched{among}"
    );
    let advice = "nothing, if they are to stay; else declare them, with `parent` if they belong below another record";
    let finding = || Finding::new(Level::Note, Code::RowsUndeclared, seen, advice).at("table");
    (!share.is_none()).then(|| finding().in_rows(share))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::given::{Given, codes};
    use super::*;

    #[test]
    fn a_table_that_is_updated_is_fine_and_one_that_is_archived_is_not() {
        for (status, expected) in [
            ("ACTIVE", vec![]),
            ("UPDATING", vec![]),
            (
                "INACCESSIBLE_ENCRYPTION_CREDENTIALS",
                vec![Code::TableNotActive],
            ),
            ("ARCHIVED", vec![Code::TableNotActive]),
        ] {
            let mut given = Given::notes();
            given.table().status = status.to_owned();
            assert_eq!(codes(&given.find(check)), expected, "{status}");
        }
    }

    const LPAS: &str = r#"
[applications]
table       = "lpas"
key         = [{ attribute = "PK", is = ["{site}/LPA#{application}", "LPA#{application}"] }, { attribute = "SK", is = "DONOR#{donor}" }]
tenant      = { part = "site", default = "main" }
strategy    = "flag"
retention   = "30d"

[attorneys]
table       = "lpas"
key         = [{ attribute = "PK", is = "LPA#{application}" }, { attribute = "SK", is = "ATTORNEY#{attorney}" }]
tenant      = "owner"
strategy    = "flag"
retention   = "30d"
"#;

    #[test]
    fn rows_that_no_collection_of_the_table_declares_are_counted_once() {
        let rows = || {
            [
                json!({"PK": "LPA#1", "SK": "DONOR#d"}),
                json!({"PK": "LPA#1", "SK": "ATTORNEY#a"}),
                json!({"PK": "LPA#1", "SK": "NOTE#n"}),
                json!({"PK": "SESSION#1", "SK": "DONOR#d"}),
            ]
        };
        let first = Given::declared(LPAS, "applications").table_rows(rows());
        let second = Given::declared(LPAS, "attorneys").table_rows(rows());

        let found = first.find(check);

        assert_eq!(codes(&found), [Code::RowsUndeclared]);
        assert_eq!((found[0].found, found[0].of), (Some(2), Some(4)));
        assert!(found[0].seen.contains("; 1 of them"), "{}", found[0].seen);
        assert_eq!(found[0].keys[0], ["LPA#1", "NOTE#n"]);
        assert_eq!(first.seen.rows.as_ref().unwrap().len(), 1);
        assert!(second.find(check).is_empty());
    }

    #[test]
    fn patterns_that_no_row_fits_are_an_error_where_that_is_so_of_the_whole_table() {
        let attorney = json!({"PK": "LPA#1", "SK": "ATTORNEY#a"});
        let other = json!({"PK": "lpa#1", "SK": "DONOR#d"});
        let some = Given::declared(LPAS, "applications").table_rows([attorney]);
        let none = Given::declared(LPAS, "attorneys").table_rows([other]);

        let (some, none) = (some.find(check), none.find(check));

        assert_eq!(codes(&some), [Code::KeyFitsNone]);
        assert_eq!(codes(&none), [Code::KeyFitsNone]);
        assert_eq!(
            (some[0].level, none[0].level),
            (Level::Warning, Level::Error)
        );
    }

    #[test]
    fn a_row_that_two_patterns_fit_is_an_error() {
        let given = Given::declared(LPAS, "applications").table_rows([
            json!({"PK": "LPA#1/LPA#2", "SK": "DONOR#a"}),
            json!({"PK": "LPA#1", "SK": "DONOR#c"}),
        ]);

        let found = given.find(check);

        assert_eq!(codes(&found), [Code::KeyAmbiguous]);
        assert_eq!((found[0].found, found[0].of), (Some(1), Some(2)));
    }

    #[test]
    fn an_empty_table_is_told_as_such() {
        let given = Given::notes().rows([]);

        assert_eq!(codes(&given.find(check)), [Code::TableEmpty]);
    }
}
