//! Whether each row says where its document is.

use crate::doctor::code::Code;
use crate::doctor::finding::{Finding, Level};
use crate::doctor::item::{Item, key_of};
use crate::doctor::subject::{Subject, place_of};
use domain::collection::IdError;

pub(super) fn check(subject: Subject<'_>) -> Vec<Finding> {
    let collection = subject.collection;
    let has_key = |row: &Item| key_of(row, &collection.key).is_some();
    let error = |row: &Item| place_of(collection, row).err();
    let is_at = |row: &Item, wanted: &str| error(row).is_some_and(|error| key(&error) == wanted);
    let mut found = Vec::new();
    for (key, seen, advice) in [
        (
            "document.id",
            "the key holds the separator of the id, or makes an id of more than 512 bytes, or a part of the id is no text in the row: the deletion of such a record fails",
            "choose a separator that no key holds, as the documents have it, and name what each row has as a text",
        ),
        (
            "document.routing",
            "the row has no text in what its document is routed by: the deletion of such a record fails",
            "name what each row has as a text",
        ),
        (
            "document.index",
            "the row has no text in what the name of its index is made of, or one that no index can have: the deletion of such a record fails",
            "name what each row has as a text; `{name|lower}` makes it small",
        ),
    ] {
        let share = subject.rows_of(has_key, |row| is_at(row, key));
        if !share.is_none() {
            let finding = Finding::new(Level::Error, Code::DocumentId, seen, advice);
            found.push(finding.at(key).in_rows(share));
        }
    }
    found
}

/// The key of the file that such a row does not fit.
fn key(error: &IdError) -> &'static str {
    match error {
        IdError::Ambiguous { .. } | IdError::Missing { .. } | IdError::TooLong { .. } => {
            "document.id"
        }
        IdError::NoRouting { .. } => "document.routing",
        IdError::NoIndex { .. } => "document.index",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::given::{Given, codes};
    use super::*;

    const MAIL: &str = r#"
[mails]
table       = "mails"
key         = ["box", "mail"]
tenant      = "owner"
document    = { index = "mails", id = "{box}_{mail}", fields = [] }
strategy    = "flag"
retention   = "30d"
"#;

    #[test]
    fn a_key_that_holds_the_separator_is_an_error() {
        let given = Given::declared(MAIL, "mails").rows([
            json!({"box": "9_9", "mail": "1"}),
            json!({"box": "9", "mail": "1"}),
        ]);

        let found = given.find(check);

        assert_eq!(codes(&found), [Code::DocumentId]);
        assert_eq!(found[0].keys, [["9_9", "1"]]);
    }
}
