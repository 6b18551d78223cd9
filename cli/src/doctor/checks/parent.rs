//! Whether rows name their parents, and whether those are there. A record below a parent that is missing is not live.

use std::collections::BTreeSet;

use domain::collection::Parent;

use crate::doctor::code::Code;
use crate::doctor::finding::{Finding, Level, Share};
use crate::doctor::item::{Item, is_absent, is_no_text};
use crate::doctor::part;
use crate::doctor::seen::Referenced;
use crate::doctor::subject::Subject;

pub(super) fn check(subject: Subject<'_>) -> Vec<Finding> {
    let Some(parent) = &subject.collection.parent else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let behind: BTreeSet<&str> = parent
        .by
        .iter()
        .map(|name| subject.collection.behind(name))
        .collect();
    for attribute in behind {
        not_named(subject, attribute, parent.required, &mut found);
        not_text(subject, attribute, &mut found);
    }
    if let Some(parents) = &subject.seen.parents {
        missing(subject, parent, parents, &mut found);
        of_another_tenant(subject, parent, parents, &mut found);
    }
    found
}

fn not_named(subject: Subject<'_>, attribute: &str, required: bool, found: &mut Vec<Finding>) {
    let share = subject.rows_where(|row| is_absent(row, attribute));
    if share.is_none() {
        return;
    }
    let is_all = share.found == share.of;
    let (level, what) = match (required, is_all) {
        (true, _) => (Level::Error, "and with `required` such a row is not live"),
        (false, true) => (
            Level::Error,
            "in every row, so no parent's deletion reaches one",
        ),
        (false, false) => (Level::Note, "so these rows have no parent"),
    };
    let seen = format!("`{attribute}` is absent or NULL, {what}");
    let advice = match level {
        Level::Error if is_all => "name the attribute that holds the parent's key",
        Level::Error => "write the parent's key into these rows, or take `required` out",
        Level::Warning | Level::Note => {
            "nothing, if rows without a parent are meant to be; else write `required = true`"
        }
    };
    let finding = Finding::new(level, Code::ParentNotNamed, seen, advice);
    found.push(finding.at("parent.by").in_rows(share));
}

fn not_text(subject: Subject<'_>, attribute: &str, found: &mut Vec<Finding>) {
    let share = subject.rows_where(|row| is_no_text(row, attribute));
    if !share.is_none() {
        let kinds = subject.kinds(attribute, |row| is_no_text(row, attribute));
        let seen = format!(
            "`{attribute}` is no text but {kinds}: such a row is not found below its parent, and stays when that is deleted"
        );
        let advice = "name an attribute of type S that holds the parent's key";
        let finding = Finding::new(Level::Error, Code::ParentNotText, seen, advice);
        found.push(finding.at("parent.by").in_rows(share));
    }
}

fn missing(subject: Subject<'_>, parent: &Parent, parents: &Referenced, found: &mut Vec<Finding>) {
    let named = |row: &Item| part::reference(row, subject.collection, &parent.by, &parent.of);
    let share = subject.rows_of(
        |row| named(row).is_some(),
        |row| named(row).is_some_and(|reference| !parents.contains_key(&reference)),
    );
    if share.is_none() {
        return;
    }
    let (level, advice) = advice_for_missing(&share);
    let seen = "the parent has no row: such a record is not live, so it is neither shown nor deleted by its own id";
    let finding = Finding::new(level, Code::ParentMissing, seen, advice);
    found.push(finding.at("parent").in_rows(share));
}

fn advice_for_missing(share: &Share) -> (Level, &'static str) {
    if share.is_most() {
        let advice = "name the attributes that hold the parent's key as its table has it (of a reference inside a longer \
                      text say the parts, as `parts = { owner = \"User#{user}\" }`), or take `parent` out; if no parent has a \
                      row, declare it with `row = \"none\"`";
        (Level::Error, advice)
    } else {
        let advice = "nothing, if these are left over from parents that were removed; Tombstone does not remove them";
        (Level::Warning, advice)
    }
}

fn of_another_tenant(
    subject: Subject<'_>,
    parent: &Parent,
    parents: &Referenced,
    found: &mut Vec<Finding>,
) {
    let collection = subject.collection;
    let (Some(tenant), None) = (collection.tenant.place(), collection.tenant.fixed()) else {
        return;
    };
    let both = |row: &Item| {
        let own = part::tenant(row, collection)?;
        let reference = part::reference(row, collection, &parent.by, &parent.of)?;
        let above = parents.get(&reference)?.clone()?;
        Some((own, above))
    };
    let share = subject.rows_of(
        |row| both(row).is_some(),
        |row| both(row).is_some_and(|(own, above)| own != above),
    );
    if !share.is_none() {
        let seen =
            format!("`{tenant}` is another one than the parent's: its deletion leaves such a row");
        let advice = "name the attribute that holds the parent's tenant in these rows, or write that into them";
        let finding = Finding::new(Level::Error, Code::ParentTenant, seen, advice);
        found.push(finding.at("tenant").in_rows(share));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use domain::key::RecordKey;

    use super::super::given::{Given, codes};
    use super::*;
    use crate::doctor::part::Reference;

    const BOOKS: &str = r#"
[shelves]
table       = "shelves"
key         = ["shelf"]
tenant      = "owner"
strategy    = "flag"
retention   = "30d"

[books]
table       = "books"
key         = ["shelf", "book"]
tenant      = "owner"
parent      = { collection = "shelves", by = ["shelf"], on_delete = "cascade" }
strategy    = "flag"
retention   = "30d"

[lent]
table       = "lent"
key         = ["loan"]
tenant      = "owner"
parent      = { collection = "shelves", by = ["shelf"], gsi = "by_shelf", on_delete = "cascade" }
strategy    = "flag"
retention   = "30d"
"#;

    #[test]
    fn a_few_rows_without_a_parent_are_a_note_and_all_of_them_an_error() {
        let some = Given::declared(BOOKS, "lent").rows([
            json!({"loan": "1", "owner": "a", "shelf": "s"}),
            json!({"loan": "2", "owner": "a"}),
        ]);
        let all = Given::declared(BOOKS, "lent").rows([json!({"loan": "2", "owner": "a"})]);

        let (some, all) = (some.find(check), all.find(check));

        assert_eq!(codes(&some), [Code::ParentNotNamed]);
        assert_eq!((some[0].level, all[0].level), (Level::Note, Level::Error));
    }

    #[test]
    fn with_required_a_row_without_a_parent_is_an_error() {
        let required = BOOKS.replace(
            "gsi = \"by_shelf\",",
            "gsi = \"by_shelf\", required = true,",
        );
        let given = Given::declared(&required, "lent").rows([
            json!({"loan": "1", "owner": "a", "shelf": "s"}),
            json!({"loan": "2", "owner": "a"}),
        ]);

        let found = given.find(check);

        assert_eq!(codes(&found), [Code::ParentNotNamed]);
        assert_eq!(found[0].level, Level::Error);
    }

    #[test]
    fn a_reference_that_is_a_number_is_an_error() {
        let given = Given::declared(BOOKS, "lent")
            .rows([json!({"loan": "1", "owner": "a", "shelf": {"N": "7"}})]);

        assert_eq!(codes(&given.find(check)), [Code::ParentNotText]);
    }

    #[test]
    fn parents_that_are_mostly_missing_are_an_error_and_a_few_a_warning() {
        let book = |shelf: &str, book: &str| json!({"shelf": shelf, "book": book, "owner": "a"});
        let rows = [book("s", "1"), book("s", "2"), book("gone", "3")];
        let few = Given::declared(BOOKS, "books")
            .rows(rows.clone())
            .parents(&[("s", "a")]);
        let most = Given::declared(BOOKS, "books").rows(rows).parents(&[]);

        let (few, most) = (few.find(check), most.find(check));

        assert_eq!(codes(&few), [Code::ParentMissing]);
        assert_eq!(few[0].keys, [["gone", "3"]]);
        assert_eq!(
            (few[0].level, most[0].level),
            (Level::Warning, Level::Error)
        );
    }

    const GRANULES: &str = r#"
[sets]
table       = "sets"
key         = ["name", "version"]
tenant      = { fixed = "main" }
strategy    = "flag"
retention   = "30d"

[granules]
table       = "granules"
key         = ["id"]
tenant      = { fixed = "main" }
parts       = { set = "{name}___{version}" }
parent      = { collection = "sets", by = ["name", "version"], gsi = "by_set", on_delete = "cascade" }
strategy    = "flag"
retention   = "30d"
"#;

    #[test]
    fn a_parent_that_is_named_by_one_composed_text_is_looked_for_by_its_parts() {
        let mut given = Given::declared(GRANULES, "granules").rows([
            json!({"id": "1", "set": "MOD__09___006"}),
            json!({"id": "2", "set": "MOD__09___0061"}),
            json!({"id": "3"}),
        ]);
        let there = Reference::Key(RecordKey::stored("MOD__09", Some("006")));
        given.seen.parents = Some(Referenced::from([(there, None)]));

        let found = given.find(check);

        assert_eq!(codes(&found), [Code::ParentNotNamed, Code::ParentMissing]);
        assert!(found[0].seen.starts_with("`set`"), "{}", found[0].seen);
        assert_eq!((found[1].found, found[1].of), (Some(1), Some(2)));
    }

    #[test]
    fn a_parent_without_a_row_is_not_looked_for() {
        let file = r#"
[customers]
table       = "t"
key         = [{ attribute = "pk", is = "CUST#{customer}" }]
row         = "none"
tenant      = { fixed = "main" }
strategy    = "flag"
retention   = "30d"

[transactions]
table       = "t"
key         = [{ attribute = "pk", is = "CUST#{customer}" }, { attribute = "sk", is = "TXN#{transaction}" }]
tenant      = { fixed = "main" }
parent      = { collection = "customers", by = ["customer"], on_delete = "cascade" }
strategy    = "flag"
retention   = "30d"
"#;
        let given =
            Given::declared(file, "transactions").rows([json!({"pk": "CUST#1", "sk": "TXN#1"})]);

        assert!(given.find(check).is_empty());
    }

    #[test]
    fn a_child_of_another_tenant_than_its_parent_is_an_error() {
        let given = Given::declared(BOOKS, "books")
            .rows([json!({"shelf": "s", "book": "1", "owner": "b"})])
            .parents(&[("s", "a")]);

        assert_eq!(codes(&given.find(check)), [Code::ParentTenant]);
    }
}
