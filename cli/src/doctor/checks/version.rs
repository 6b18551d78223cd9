//! Whether rows have the version by which a change between the copy of a row and its removal is seen.

use crate::doctor::code::Code;
use crate::doctor::finding::{Finding, Level};
use crate::doctor::item::is_absent;
use crate::doctor::subject::Subject;

pub(super) fn check(subject: Subject<'_>) -> Vec<Finding> {
    let Some(version) = &subject.collection.version else {
        return Vec::new();
    };
    let share = subject.rows_where(|row| is_absent(row, version));
    if share.is_none() {
        return Vec::new();
    }
    let seen = format!(
        "`{version}` is absent or NULL: what changes in such a row between its copy and its removal is lost"
    );
    let advice = "take `version` out, and all attributes are compared; or write it into these rows";
    let finding = Finding::new(Level::Error, Code::VersionMissing, seen, advice);
    vec![finding.at("version").in_rows(share)]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::given::{Given, codes};
    use super::*;

    const PUPILS: &str = r#"
[pupils]
table       = "pupils"
key         = ["id"]
tenant      = "school"
version     = "rev"
strategy    = "archive"
retention   = "30d"
"#;

    #[test]
    fn a_row_without_the_version_that_is_compared_is_an_error() {
        let given = Given::declared(PUPILS, "pupils").rows([
            json!({"id": "1", "school": "a", "rev": {"N": "1"}}),
            json!({"id": "2", "school": "a"}),
        ]);

        let found = given.find(check);

        assert_eq!(codes(&found), [Code::VersionMissing]);
        assert_eq!(found[0].found, Some(1));
    }
}
