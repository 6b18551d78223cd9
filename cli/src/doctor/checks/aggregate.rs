//! Whether what a parent's values are computed from can be a value: a text where the order comes from, and no list or map
//! elsewhere.

use aws_sdk_dynamodb::types::AttributeValue;

use crate::doctor::code::Code;
use crate::doctor::finding::{Finding, Level};
use crate::doctor::item::{Item, is_no_text};
use crate::doctor::subject::Subject;

pub(super) fn check(subject: Subject<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for aggregate in &subject.collection.aggregates {
        let of = aggregate.of.as_str();
        let values: Vec<String> = (aggregate.set.keys())
            .map(|name| format!("`{name}`"))
            .collect();
        let values = values.join(", ");
        let share = subject.rows_where(|row| is_no_text(row, of));
        if !share.is_none() {
            let kinds = subject.kinds(of, |row| is_no_text(row, of));
            let seen = format!(
                "`{of}` is no text but {kinds}: {values} of the parent cannot be computed from it"
            );
            let advice = "name an attribute of type S; numbers are not compared yet";
            let finding = Finding::new(Level::Error, Code::AggregateNotText, seen, advice);
            found.push(finding.at("aggregates").in_rows(share));
        }
        for (name, from) in aggregate.set.iter().filter(|(_, from)| **from != of) {
            let share = subject.rows_where(|row| is_of_several(row, from));
            if !share.is_none() {
                let kinds = subject.kinds(from, |row| is_of_several(row, from));
                let seen = format!(
                    "`{from}` is {kinds}: `{name}` of the parent becomes NULL where it would have that"
                );
                let advice =
                    "name an attribute that has one value: a text, a number, a boolean or bytes";
                let finding = Finding::new(Level::Error, Code::AggregateNotText, seen, advice);
                found.push(finding.at("aggregates.set").in_rows(share));
            }
        }
    }
    found
}

/// Whether an attribute is a list, a map or a set.
fn is_of_several(row: &Item, attribute: &str) -> bool {
    use AttributeValue::{Bs, L, M, Ns, Ss};
    matches!(
        row.get(attribute),
        Some(L(_) | M(_) | Ss(_) | Ns(_) | Bs(_))
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::given::{Given, codes};
    use super::*;

    const CHAT: &str = r#"
[streams]
table       = "streams"
key         = ["stream"]
tenant      = "owner"
strategy    = "flag"
retention   = "30d"

[messages]
table       = "messages"
key         = ["id"]
tenant      = "owner"
parent      = { collection = "streams", by = ["stream"], gsi = "by_stream", on_delete = "cascade" }
aggregates  = [{ on = "streams", attribute = "newest", take = "max", of = "at", gsi = "by_stream" }]
strategy    = "flag"
retention   = "30d"
"#;

    #[test]
    fn a_number_is_not_computed_from() {
        let given = Given::declared(CHAT, "messages").rows([
            json!({"id": "1", "stream": "s", "at": {"N": "1"}}),
            json!({"id": "2", "stream": "s", "at": "2"}),
        ]);

        let found = given.find(check);

        assert_eq!(codes(&found), [Code::AggregateNotText]);
        assert_eq!(found[0].found, Some(1));
    }

    #[test]
    fn a_list_is_no_value_of_a_parent_and_a_number_is_one() {
        let file = CHAT.replace(
            "attribute = \"newest\"",
            "set = { newest = \"at\", who = \"by\" }",
        );
        let given = Given::declared(&file, "messages").rows([
            json!({"id": "1", "stream": "s", "at": "1", "by": {"L": []}}),
            json!({"id": "2", "stream": "s", "at": "2", "by": {"N": "7"}}),
        ]);

        let found = given.find(check);

        assert_eq!(codes(&found), [Code::AggregateNotText]);
        assert_eq!(found[0].key.as_deref(), Some("aggregates.set"));
    }
}
