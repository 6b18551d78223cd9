//! Whether the attributes beside the key that are made of parts can be read as the file says.

use crate::doctor::code::Code;
use crate::doctor::finding::{Finding, Level};
use crate::doctor::item::{Item, text};
use crate::doctor::subject::Subject;

pub(super) fn check(subject: Subject<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (attribute, patterns) in &subject.collection.composed {
        let has_text = |row: &Item| text(row, attribute).is_some();
        let is_other = |row: &Item| text(row, attribute).is_some_and(|text| !patterns.fits(text));
        let share = subject.rows_of(has_text, is_other);
        if share.is_none() {
            continue;
        }
        let level = if share.is_most() {
            Level::Error
        } else {
            Level::Warning
        };
        let seen = format!(
            "`{attribute}` is not of the pattern {patterns}: such a row has none of these parts, so a delete that meets one fails with ROW_UNREADABLE where it is judged by them"
        );
        let advice = "compare the pattern with the texts of a few rows; a text of another form that is right has a pattern of its own in the list of `parts`";
        let finding = Finding::new(level, Code::PartUnreadable, seen, advice);
        found.push(finding.at("parts").in_rows(share));
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::given::{Given, codes};
    use super::*;

    const NOTICES: &str = r#"
[users]
table       = "users"
key         = ["user"]
row         = "none"
tenant      = { fixed = "main" }
strategy    = "flag"
retention   = "30d"

[notices]
table       = "notices"
key         = ["id"]
tenant      = { fixed = "main" }
parts       = { target = "User#{user}" }
parent      = { collection = "users", by = ["user"], gsi = "by_target", on_delete = "cascade" }
strategy    = "flag"
retention   = "30d"
"#;

    #[test]
    fn a_text_that_does_not_parse_is_counted_among_those_that_are_there() {
        let user = || json!({"id": "1", "target": "User#17"});
        let admin = || json!({"id": "2", "target": "Admin#17"});
        let few = Given::declared(NOTICES, "notices").rows([user(), user(), admin()]);
        let most = Given::declared(NOTICES, "notices").rows([
            user(),
            admin(),
            admin(),
            json!({"id": "3"}),
        ]);

        let (few, most) = (few.find(check), most.find(check));

        assert_eq!(codes(&few), [Code::PartUnreadable]);
        assert_eq!((few[0].found, few[0].of), (Some(1), Some(3)));
        assert_eq!((most[0].found, most[0].of), (Some(2), Some(3)));
        assert_eq!(
            (few[0].level, most[0].level),
            (Level::Warning, Level::Error)
        );
    }
}
