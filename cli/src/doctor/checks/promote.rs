//! Whether the members of a group have an owner and an age that the index can sort by: a text or a number.

use aws_sdk_dynamodb::types::AttributeValue;

use crate::doctor::code::Code;
use crate::doctor::finding::{Finding, Level};
use crate::doctor::item::{Item, is_absent, text};
use crate::doctor::subject::Subject;

pub(super) fn check(subject: Subject<'_>) -> Vec<Finding> {
    let parent = subject.collection.parent.as_ref();
    let Some(promotion) = parent.and_then(|parent| parent.promote.as_ref()) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    // An owner references nobody, and its age is asked of nobody.
    let is_member = |row: &Item| !is_absent(row, &promotion.owner);
    for (key, attribute, is_right, advice) in [
        (
            "parent.promote.by",
            &promotion.by,
            has_age as fn(&Item, &str) -> bool,
            "name an attribute that every member has: a number, or a text that sorts by time",
        ),
        (
            "parent.promote.owner",
            &promotion.owner,
            |row, attribute| text(row, attribute).is_some(),
            "name an attribute of type S that holds the last part of the owner's key",
        ),
    ] {
        let is_wrong = |row: &Item| !is_right(row, attribute);
        let share = subject.rows_of(is_member, is_wrong);
        if share.is_none() {
            continue;
        }
        let kinds = subject.kinds(attribute, |row| is_member(row) && is_wrong(row));
        let kinds = if kinds.is_empty() { "absent" } else { &*kinds };
        let seen = format!(
            "`{attribute}` is {kinds}: the index does not have such a member, which keeps the owner that is deleted"
        );
        let finding = Finding::new(Level::Error, Code::PromoteUnreadable, seen, advice);
        found.push(finding.at(key).in_rows(share));
    }
    found
}

fn has_age(row: &Item, attribute: &str) -> bool {
    matches!(
        row.get(attribute),
        Some(AttributeValue::S(_) | AttributeValue::N(_))
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::given::{Given, codes};
    use super::*;

    const GROUPS: &str = r#"
[targets]
table       = "targets"
key         = ["target"]
tenant      = "owner"
strategy    = "flag"
retention   = "30d"

[notices]
table       = "notices"
key         = ["id"]
tenant      = "owner"
strategy    = "flag"
retention   = "30d"
[notices.parent]
collection  = "targets"
by          = ["target"]
gsi         = "by_target"
on_delete   = "promote"
promote     = { owner = "of", by = "at", gsi = "by_of" }
"#;

    #[test]
    fn a_member_without_an_age_is_an_error_and_that_of_an_owner_is_not_asked() {
        let given = Given::declared(GROUPS, "notices").rows([
            json!({"id": "1", "target": "t"}),
            json!({"id": "2", "target": "t", "of": "1", "at": {"NULL": true}}),
            json!({"id": "3", "target": "t", "of": "1"}),
            json!({"id": "4", "target": "t", "of": "1", "at": {"N": "2"}}),
            json!({"id": "5", "target": "t", "of": "1", "at": "2026-11-20T10:00:00Z"}),
        ]);

        let found = given.find(check);

        assert_eq!(codes(&found), [Code::PromoteUnreadable]);
        assert_eq!((found[0].found, found[0].of), (Some(2), Some(4)));
        assert_eq!(found[0].key.as_deref(), Some("parent.promote.by"));
    }
}
