//! Whether the table is there and takes reads and writes. That it does not exist, the reader says.

use crate::doctor::code::Code;
use crate::doctor::finding::{Finding, Level};
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
        let seen = "no row was sampled, so nothing was checked that rows say";
        let advice = "ask again when the table has rows";
        found.push(Finding::new(Level::Note, Code::TableEmpty, seen, advice).at("table"));
    }
    found
}

#[cfg(test)]
mod tests {
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

    #[test]
    fn an_empty_table_is_told_as_such() {
        let given = Given::notes().rows([]);

        assert_eq!(codes(&given.find(check)), [Code::TableEmpty]);
    }
}
