//! Whether the primary key is the one of the file, and made of texts.

use crate::doctor::code::Code;
use crate::doctor::finding::{Finding, Level};
use crate::doctor::subject::Subject;

pub(super) fn check(subject: Subject<'_>) -> Vec<Finding> {
    let Some(table) = subject.table() else {
        return Vec::new();
    };
    let names: Vec<&str> = table.key.iter().map(|part| &*part.attribute).collect();
    let declared: Vec<&str> = subject.collection.key.attributes().collect();
    if names != declared {
        let quoted: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
        let seen = format!("the table's key is {}", names.join(", "));
        let advice = format!("write `key = [{}]`", quoted.join(", "));
        return vec![Finding::new(Level::Error, Code::KeyNames, seen, advice).at("key")];
    }
    let others = table.key.iter().filter(|part| part.kind != "S");
    others
        .map(|part| {
            let seen = format!(
                "`{}` is of type {}, and keys of the type S are supported",
                part.attribute, part.kind
            );
            let advice = "this table cannot be attached yet: its records are never found";
            Finding::new(Level::Error, Code::KeyType, seen, advice).at("key")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::given::{Given, codes, part};
    use super::*;

    #[test]
    fn a_key_of_other_attributes_is_told_with_what_to_write() {
        let mut given = Given::notes();
        given.table().key = vec![part("note", "S"), part("version", "N")];

        let found = given.find(check);

        assert_eq!(codes(&found), [Code::KeyNames]);
        assert_eq!(found[0].advice, "write `key = [\"note\", \"version\"]`");
    }

    #[test]
    fn a_number_in_the_key_is_an_error_and_texts_are_fine() {
        let mut given = Given::notes();
        assert!(given.find(check).is_empty());

        given.table().key[0].kind = "N".to_owned();

        assert_eq!(codes(&given.find(check)), [Code::KeyType]);
    }
}
