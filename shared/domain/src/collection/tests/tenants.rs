//! Whose the records are: by an attribute, by a part of one, or all of one tenant.

use serde_json::json;

use super::*;

/// Two collections with these tenants.
fn files(first: &str, second: &str) -> String {
    let collection = |name: &str, tenant: &str| {
        format!(
            "[{name}]\ntable = \"{name}\"\nkey = [\"id\"]\ntenant = {tenant}\nstrategy = \"flag\"\nretention = \"30d\"\npermissions = {{ delete = [\"member\"] }}\n"
        )
    };
    collection("posts", first) + &collection("blogs", second)
}

#[test]
fn all_records_of_a_deployment_may_belong_to_one_tenant() {
    let fixed = r#"{ fixed = "main" }"#;
    let collections = Collections::for_tests(&files(fixed, fixed));

    let tenant = collections.fixed_tenant().unwrap();

    assert_eq!(tenant.as_str(), "main");
    let posts = collections.get("posts").unwrap();
    let row = |attributes: serde_json::Value| crate::row::Row {
        key: crate::key::RecordKey::stored("p", None),
        attributes: attributes.as_object().unwrap().clone(),
    };
    for any in [
        json!({}),
        json!({ "tenant": "acme" }),
        json!({ "tenant": 17 }),
    ] {
        let row = row(any);
        assert!(row.is_of(tenant, posts) && row.unreadable(posts).is_none());
        assert!(!row.is_of(&crate::principal::Tenant::new("acme").unwrap(), posts));
    }
    assert!(!posts.judged_attributes().contains(&"tenant"));
}

#[test]
fn a_deployment_has_one_fixed_tenant_or_none() {
    for (first, second, error) in [
        (
            r#"{ fixed = "main" }"#,
            r#""user_id""#,
            "posts.tenant: names the tenant by an attribute, but",
        ),
        (
            r#"{ fixed = "main" }"#,
            r#"{ fixed = "other" }"#,
            "tenant: is \"main\", but that of blogs is \"other\"",
        ),
        (
            r#"{ fixed = "" }"#,
            r#""user_id""#,
            "posts.tenant.fixed: is empty; write a name",
        ),
        (
            r#"{ fixed = "main", attribute = "user_id" }"#,
            r#""user_id""#,
            "posts.tenant.attribute: is beside `fixed`",
        ),
        (
            r#"{ fixed = "main", gsi = "by_user" }"#,
            r#""user_id""#,
            "posts.tenant.gsi: is beside `fixed`",
        ),
    ] {
        let told = errors_of(&files(first, second));
        let told_otherwise = errors_of(&files(second, first));
        let is_told = [&told, &told_otherwise]
            .iter()
            .any(|told| told.contains(error));
        assert!(is_told, "{told}\n{told_otherwise}");
    }
}

/// Notifications whose tenant is inside a text that is no key.
fn inside(parts: &str, tenant: &str) -> String {
    format!(
        "[notes]\ntable = \"notes\"\nkey = [\"id\"]\nparts = {parts}\ntenant = {tenant}\nstrategy = \"flag\"\nretention = \"30d\"\npermissions = {{ delete = [\"member\"] }}\n"
    )
}

#[test]
fn a_tenant_may_stand_inside_a_text_and_another_kind_of_text_is_nobodys_and_no_error() {
    let file = inside(
        r#"{ target = "User#{user}" }"#,
        r#"{ part = "user", gsi = "by_target" }"#,
    );
    let collections = Collections::for_tests(&file);
    let notes = collections.get("notes").unwrap();
    let tenant = crate::principal::Tenant::new("17").unwrap();
    let row = |target: serde_json::Value| crate::row::Row {
        key: crate::key::RecordKey::stored("n", None),
        attributes: [("target".to_owned(), target)].into_iter().collect(),
    };

    assert_eq!(notes.tenant.text_of(&tenant), "User#17");
    assert_eq!(notes.tenant.attribute(), Some("target"));
    assert_eq!(notes.tenant.index(), Some(("by_target", "user")));
    assert_eq!(notes.id_parts(), ["id"]);
    assert!(notes.judged_attributes().contains(&"target"));
    assert!(row(json!("User#17")).is_of(&tenant, notes));
    for other in [json!("User#170"), json!("Admin#17"), json!("User#")] {
        let row = row(other);
        assert!(!row.is_of(&tenant, notes), "{row:?}");
        assert_eq!(row.unreadable(notes), None, "{row:?}");
    }
    for unreadable in [json!(17), json!(null), json!("")] {
        let row = row(unreadable);
        let why = row.unreadable(notes);
        assert_eq!(why, Some(crate::row::Unreadable::Tenant), "{row:?}");
    }
}

#[test]
fn a_tenant_inside_a_text_is_all_that_the_text_says() {
    let user = r#"{ part = "user" }"#;
    for (parts, tenant, error) in [
        (
            r#"{ target = "{kind}#{user}" }"#,
            user,
            "notes.tenant.part: is one of several parts of `target`, which is no key; name the part of a text that has no other",
        ),
        (
            r#"{ target = "User#{user}" }"#,
            r#"{ part = "owner" }"#,
            "notes.tenant.part: \"owner\" is the part of no attribute of the key, or of two, nor of one in `parts`; name a part of one pattern",
        ),
        (
            r#"{ target = "User#{user}" }"#,
            r#"{ part = "user", default = "main" }"#,
            "notes.tenant.default: is beside `part`, which says whose a record is; take one of the two out",
        ),
    ] {
        let told = errors_of(&inside(parts, tenant));
        assert!(told.ends_with(error), "{told}");
    }
}

#[test]
fn a_filter_of_a_text_may_be_about_a_part_and_no_other_filter() {
    let with = |filters: &str| {
        let file = inside(
            r#"{ target = "User#{user}", subject = "{kind}#{number}" }"#,
            r#"{ part = "user" }"#,
        );
        errors_of(&format!("{file}filters = {filters}\n"))
    };

    assert_eq!(with(r#"{ type = "kind", group = ["kind", "number"] }"#), "");
    for filters in [
        r#"{ time = "number" }"#,
        r#"{ opened = { attribute = "number", op = "exists" } }"#,
    ] {
        let told = with(filters);
        assert!(
            told.contains("has `number`, which is also the name of a part"),
            "{told}"
        );
    }
}
