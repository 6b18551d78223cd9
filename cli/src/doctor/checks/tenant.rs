//! Whether each row says whose it is. With one that does not nothing is done.

use domain::collection::TenantRule;
use domain::principal::Tenant;

use crate::doctor::code::Code;
use crate::doctor::finding::{Finding, Level};
use crate::doctor::item::{Item, is_absent, is_no_text};
use crate::doctor::part;
use crate::doctor::subject::Subject;

pub(super) fn check(subject: Subject<'_>) -> Vec<Finding> {
    match &subject.collection.tenant {
        TenantRule::Attribute { attribute, .. } => named(subject, attribute),
        TenantRule::Part { name, default } => in_key(subject, name, default.as_ref()),
        // Nothing in the row says it: it is as it is declared, or as the parent's row says.
        TenantRule::Fixed(_) | TenantRule::Parent => Vec::new(),
    }
}

/// A row whose key names the tenant of the rows without one: their keys would be another way to write one record's.
fn in_key(subject: Subject<'_>, part: &str, default: Option<&Tenant>) -> Vec<Finding> {
    let Some(default) = default.map(Tenant::as_str) else {
        return Vec::new();
    };
    let names_it = |row: &Item| {
        let value = part::value(row, subject.collection, part);
        value.is_some_and(|value| value == default)
    };
    let share = subject.rows_where(names_it);
    if share.is_none() {
        return Vec::new();
    }
    let seen = format!(
        "`{{{part}}}` is the `default`, which belongs to rows without it: such a row is nobody's, and a delete that meets it fails with ROW_UNREADABLE"
    );
    let advice = "write another name as `default`, one that no key has, or write these rows under the key without it";
    let finding = Finding::new(Level::Error, Code::TenantIsDefault, seen, advice);
    vec![finding.at("tenant.default").in_rows(share)]
}

fn named(subject: Subject<'_>, tenant: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    let missing = subject.rows_where(|row| is_absent(row, tenant));
    if !missing.is_none() {
        let seen = format!(
            "`{tenant}` is absent or NULL: such a row is nobody's, and a delete that meets it fails with ROW_UNREADABLE"
        );
        let advice = if missing.is_most() {
            "name the attribute that says whose a row is; if the table knows no tenants, write `tenant = { fixed = \"main\" }`"
        } else {
            "write the attribute into these rows"
        };
        let finding = Finding::new(Level::Error, Code::TenantMissing, seen, advice);
        found.push(finding.at("tenant").in_rows(missing));
    }
    let other = subject.rows_where(|row| is_no_text(row, tenant));
    if !other.is_none() {
        let kinds = subject.kinds(tenant, |row| is_no_text(row, tenant));
        let seen = format!(
            "`{tenant}` is no text but {kinds}: such a row is nobody's, and a delete that meets it fails with ROW_UNREADABLE"
        );
        let advice =
            "name an attribute of type S, or write the tenant as a text, as the token has it";
        let finding = Finding::new(Level::Error, Code::TenantNotText, seen, advice);
        found.push(finding.at("tenant").in_rows(other));
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::given::{Given, codes};
    use super::*;

    #[test]
    fn rows_without_a_tenant_and_those_with_a_number_are_counted_apart() {
        let given = Given::notes().rows([
            json!({"id": "1", "owner": "acme"}),
            json!({"id": "2"}),
            json!({"id": "3", "owner": {"N": "7"}}),
            json!({"id": "4", "owner": {"NULL": true}}),
            json!({"id": "5", "owner": ""}),
        ]);

        let found = given.find(check);

        assert_eq!(codes(&found), [Code::TenantMissing, Code::TenantNotText]);
        assert_eq!((found[0].found, found[0].of), (Some(2), Some(5)));
        assert_eq!(found[0].keys, [["2"], ["4"]]);
        assert_eq!((found[1].found, found[1].of), (Some(2), Some(5)));
        assert!(
            found[1].seen.contains("N (1), empty S (1)"),
            "{}",
            found[1].seen
        );
        assert!(found.iter().all(|finding| !finding.seen.contains("acme")));
    }

    #[test]
    fn a_table_that_knows_no_tenants_is_not_asked() {
        let file = r#"
[notes]
table       = "notes"
key         = ["id"]
tenant      = { fixed = "main" }
strategy    = "flag"
retention   = "30d"
"#;
        let given = Given::declared(file, "notes").rows([json!({"id": "1"})]);

        assert!(given.find(check).is_empty());
    }

    #[test]
    fn a_key_that_names_the_tenant_of_the_rows_without_one_is_an_error() {
        let file = r#"
[documents]
table       = "docs"
key         = [{ attribute = "pk", is = ["{site}/docs#{document}", "docs#{document}"] }]
tenant      = { part = "site", default = "main" }
strategy    = "flag"
retention   = "30d"
"#;
        let given = Given::declared(file, "documents").rows([
            json!({"pk": "docs#1"}),
            json!({"pk": "main/docs#1"}),
            json!({"pk": "finance/docs#1"}),
        ]);

        let found = given.find(check);

        assert_eq!(codes(&found), [Code::TenantIsDefault]);
        assert_eq!((found[0].found, found[0].of), (Some(1), Some(3)));
    }

    #[test]
    fn rows_with_a_tenant_are_fine() {
        let given = Given::notes().rows([json!({"id": "1", "owner": "acme"})]);

        assert!(given.find(check).is_empty());
    }
}
