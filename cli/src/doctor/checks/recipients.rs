//! Whether those who are told of a deletion can be read in the rows: a list or a set of texts, or one text.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::collection::Recipients;

use crate::doctor::code::Code;
use crate::doctor::finding::{Finding, Level};
use crate::doctor::item::{Item, is_absent, text};
use crate::doctor::subject::Subject;

pub(super) fn check(subject: Subject<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    if let Some(Recipients::Attribute(attribute)) = &subject.collection.recipients {
        let is_other = |row: &Item| !is_absent(row, attribute) && !lists_texts(row, attribute);
        let share = subject.rows_where(is_other);
        if !share.is_none() {
            let kinds = subject.kinds(attribute, is_other);
            let seen = format!(
                "`{attribute}` is no text and no list of texts but {kinds}: nobody in it is told"
            );
            let advice = "name an attribute that lists users as texts (L of S, SS or S)";
            let finding = Finding::new(Level::Error, Code::RecipientsUnreadable, seen, advice);
            found.push(finding.at("recipients.attribute").in_rows(share));
        }
    }
    // The rows of this collection may be the recipients of another one's events.
    for other in subject.collections.iter() {
        let Some(Recipients::Rows {
            collection, user, ..
        }) = &other.recipients
        else {
            continue;
        };
        if *collection != subject.collection.name {
            continue;
        }
        let share = subject.rows_where(|row| text(row, user).is_none());
        if !share.is_none() {
            let seen = format!(
                "`{user}` is absent or no text in these rows, which are the recipients of {}: nobody is told by them",
                other.name
            );
            let advice = "name the attribute of type S that holds the user's subject claim";
            let finding = Finding::new(Level::Error, Code::RecipientsUnreadable, seen, advice);
            found.push(Finding {
                collection: Some(other.name.to_string()),
                ..finding.at("recipients.user").in_rows(share)
            });
        }
    }
    found
}

fn lists_texts(row: &Item, attribute: &str) -> bool {
    match row.get(attribute) {
        Some(AttributeValue::S(_) | AttributeValue::Ss(_)) => true,
        Some(AttributeValue::L(values)) => values.iter().all(AttributeValue::is_s),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::given::{Given, codes};
    use super::*;

    const CHAT: &str = r#"
[letters]
table       = "letters"
key         = ["id"]
tenant      = "owner"
event       = { type = "gone", group = ["talk"] }
recipients  = { attribute = "who" }
strategy    = "flag"
retention   = "30d"

[posts]
table       = "posts"
key         = ["id"]
tenant      = "owner"
event       = { type = "gone", group = ["talk"] }
recipients  = { collection = "seats", by = ["talk"], user = "who" }
strategy    = "flag"
retention   = "30d"

[seats]
table       = "seats"
key         = ["talk", "seat"]
tenant      = "owner"
strategy    = "flag"
retention   = "30d"
"#;

    #[test]
    fn users_are_read_as_texts_alone_or_in_a_list() {
        let given = Given::declared(CHAT, "letters").rows([
            json!({"id": "1", "who": "ada"}),
            json!({"id": "2", "who": {"L": ["ada", "bob"]}}),
            json!({"id": "3"}),
            json!({"id": "4", "who": {"L": [{"N": "7"}]}}),
            json!({"id": "5", "who": {"M": {}}}),
        ]);

        let found = given.find(check);

        assert_eq!(codes(&found), [Code::RecipientsUnreadable]);
        assert_eq!(found[0].found, Some(2));
    }

    #[test]
    fn a_row_that_names_no_user_is_told_of_the_collection_whose_events_it_is_for() {
        let given = Given::declared(CHAT, "seats").rows([json!({"talk": "t", "seat": "1"})]);

        let found = given.find(check);

        assert_eq!(codes(&found), [Code::RecipientsUnreadable]);
        assert_eq!(found[0].collection.as_deref(), Some("posts"));
    }
}
