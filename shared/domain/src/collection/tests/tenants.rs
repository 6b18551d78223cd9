//! Whose the records are: by an attribute, or all of one tenant.

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
