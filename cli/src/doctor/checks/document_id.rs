//! Whether each row's key makes an id of a document.

use crate::doctor::code::Code;
use crate::doctor::finding::{Finding, Level};
use crate::doctor::item::key_of;
use crate::doctor::subject::{Subject, id_of};

pub(super) fn check(subject: Subject<'_>) -> Vec<Finding> {
    let collection = subject.collection;
    let Some(document) = &collection.document else {
        return Vec::new();
    };
    let share = subject.rows_of(
        |row| key_of(row, &collection.key).is_some(),
        |row| id_of(collection, document, row).is_none(),
    );
    if share.is_none() {
        return Vec::new();
    }
    let seen = "the key holds the separator of the id, or makes an id of more than 512 bytes: the deletion of such a record \
                fails";
    let advice = "choose a separator that no key holds, as the documents have it";
    let finding = Finding::new(Level::Error, Code::DocumentId, seen, advice);
    vec![finding.at("document.id").in_rows(share)]
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
