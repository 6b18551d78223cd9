//! Whether the primary key is the one of the file, with the same types.

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
    let each = table.key.iter().zip(subject.collection.key.each());
    let others = each.filter(|(part, (_, form))| part.kind != form.kind.as_str());
    others
        .map(|(part, (_, form))| {
            let (attribute, kind) = (&part.attribute, &part.kind);
            let declared = form.kind.as_str();
            let seen = format!("`{attribute}` is of type {kind}, and the file says {declared}");
            let advice = match kind.as_str() {
                "S" | "N" => {
                    format!("write `{{ attribute = \"{attribute}\", type = \"{kind}\" }}` in `key`")
                }
                _ => "this table cannot be attached: binary keys are not supported".to_owned(),
            };
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
    fn a_number_where_the_file_says_a_text_is_an_error_with_what_to_write() {
        let mut given = Given::notes();
        assert!(given.find(check).is_empty());

        given.table().key[0].kind = "N".to_owned();

        let found = given.find(check);

        assert_eq!(codes(&found), [Code::KeyType]);
        assert!(
            found[0].advice.contains("type = \"N\""),
            "{}",
            found[0].advice
        );
    }
}
