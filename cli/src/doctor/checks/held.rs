//! Whether what holds records back is of a type that says so: of another one nobody can say.

use crate::doctor::code::Code;
use crate::doctor::finding::{Finding, Level};
use crate::doctor::item::{Item, json};
use crate::doctor::subject::Subject;
use domain::collection::Held;

pub(super) fn check(subject: Subject<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (attribute, words) in &subject.collection.held.0 {
        let held = Held([(attribute.clone(), words.clone())].into());
        let is_unknown = |row: &Item| {
            let value = row.get(attribute).map(json);
            held.is_unknown(|_| value.as_ref())
        };
        let share = subject.rows_where(is_unknown);
        if share.is_none() {
            continue;
        }
        let kinds = subject.kinds(attribute, is_unknown);
        let seen = format!(
            "`{attribute}` is {kinds}, and no value of `held` is: nobody can say whether such a row is held back, so a delete that meets one fails with ROW_UNREADABLE"
        );
        let advice =
            "write the value in `held` with the type that the rows have, or correct the rows";
        let finding = Finding::new(Level::Error, Code::HeldUnreadable, seen, advice);
        found.push(finding.at("held").in_rows(share));
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::given::{Given, codes};
    use super::*;

    #[test]
    fn a_value_of_another_type_says_nothing() {
        let given = Given::notes_with("held = { published = true }").rows([
            json!({"id": "1", "published": {"BOOL": true}}),
            json!({"id": "2", "published": {"BOOL": false}}),
            json!({"id": "3", "published": {"NULL": true}}),
            json!({"id": "4"}),
            json!({"id": "5", "published": "true"}),
            json!({"id": "6", "published": {"N": "1"}}),
        ]);

        let found = given.find(check);

        assert_eq!(codes(&found), [Code::HeldUnreadable]);
        assert_eq!((found[0].found, found[0].of), (Some(2), Some(6)));
        assert_eq!(found[0].level, Level::Error);
    }
}
