//! Whether links name a shared record that is there.

use crate::doctor::code::Code;
use crate::doctor::finding::{Finding, Level};
use crate::doctor::item::Item;
use crate::doctor::part;
use crate::doctor::subject::Subject;

pub(super) fn check(subject: Subject<'_>) -> Vec<Finding> {
    let Some(keeps) = &subject.collection.keeps else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let named = |row: &Item| part::reference(row, subject.collection, &keeps.by, &keeps.of);
    let unnamed = subject.rows_where(|row| named(row).is_none());
    if !unnamed.is_none() {
        let seen = format!(
            "`{}` is absent, no text or does not parse: such a link keeps nothing, and a shared record may be deleted under it",
            keeps.by.join("`, `")
        );
        let advice = "name the attributes, of type S, that hold the key of the shared record";
        let finding = Finding::new(Level::Error, Code::KeptNotNamed, seen, advice);
        found.push(finding.at("keeps.by").in_rows(unnamed));
    }
    if let Some(kept) = &subject.seen.kept {
        let missing = subject.rows_of(
            |row| named(row).is_some(),
            |row| named(row).is_some_and(|reference| !kept.contains_key(&reference)),
        );
        if !missing.is_none() {
            let level = if missing.is_most() {
                Level::Error
            } else {
                Level::Warning
            };
            let seen = "the shared record has no row";
            let advice = "look at a few of these links: `keeps.by` must hold that record's key as its table has it";
            let finding = Finding::new(level, Code::KeptMissing, seen, advice);
            found.push(finding.at("keeps").in_rows(missing));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::given::{Given, codes};
    use super::*;

    const FILES: &str = r#"
[posts]
table       = "posts"
key         = ["post"]
tenant      = "owner"
strategy    = "archive"
retention   = "30d"

[post_files]
table       = "post_files"
key         = ["post", "place"]
tenant      = "owner"
parent      = { collection = "posts", by = ["post"], on_delete = "cascade" }
keeps       = { collection = "files", by = ["file"], gsi = "by_file" }
strategy    = "archive"
retention   = "30d"

[files]
table       = "files"
key         = ["file"]
tenant      = "owner"
strategy    = "archive"
retention   = "30d"
"#;

    #[test]
    fn links_without_a_target_are_counted_apart_from_those_that_name_none() {
        let link = |place: &str, file: serde_json::Value| json!({"post": "p", "place": place, "file": file});
        let given = Given::declared(FILES, "post_files")
            .rows([
                link("1", json!("f")),
                link("2", json!("f")),
                link("3", json!("gone")),
                link("4", json!({"N": "7"})),
            ])
            .kept(&[("f", "a")]);

        let found = given.find(check);

        assert_eq!(codes(&found), [Code::KeptNotNamed, Code::KeptMissing]);
        assert_eq!((found[1].found, found[1].of), (Some(1), Some(3)));
        assert_eq!(found[1].level, Level::Warning);
    }
}
