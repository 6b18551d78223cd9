//! Whether the values that a parent's value is computed from are texts.

use crate::doctor::code::Code;
use crate::doctor::finding::{Finding, Level};
use crate::doctor::item::is_no_text;
use crate::doctor::subject::Subject;

pub(super) fn check(subject: Subject<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for aggregate in &subject.collection.aggregates {
        let of = aggregate.of.as_str();
        let share = subject.rows_where(|row| is_no_text(row, of));
        if !share.is_none() {
            let kinds = subject.kinds(of, |row| is_no_text(row, of));
            let seen = format!(
                "`{of}` is no text but {kinds}: `{}` of the parent cannot be computed from it",
                aggregate.attribute
            );
            let advice = "name an attribute of type S; numbers are not compared yet";
            let finding = Finding::new(Level::Error, Code::AggregateNotText, seen, advice);
            found.push(finding.at("aggregates").in_rows(share));
        }
    }
    found
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
}
