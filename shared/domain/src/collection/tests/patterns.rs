//! Keys that are made of parts: what a file says with them, and what it cannot say.

use super::*;
use crate::key::{RecordId, RecordKey};
use crate::principal::Tenant;
use crate::row::Row;

pub(super) fn tenant(name: &str) -> Tenant {
    Tenant::new(name).unwrap()
}

/// A collection with these lines.
fn declared(name: &str, lines: &str) -> String {
    format!(
        "[{name}]\ntable = \"{name}\"\n{lines}\nstrategy = \"flag\"\nretention = \"30d\"\npermissions = {{ delete = [\"member\"] }}\n\n"
    )
}

pub(super) fn refused_with(text: &str, message: &str) {
    let errors = errors_of(text);
    assert!(
        errors.contains(message),
        "{errors}\n\nis without\n\n{message}"
    );
}

const VERSIONS: &str = r#"key = [{ attribute = "id", is = "{tenant}|{resource}" }, { attribute = "vid", type = "N" }]
tenant = { part = "tenant" }"#;

const SITES: &str = r#"key = [{ attribute = "PK", is = ["{site}/docs#{doc}", "docs#{doc}"] }, { attribute = "SK", is = "tags#{tag}" }]
tenant = { part = "site", default = "default" }"#;

#[test]
fn a_records_id_is_what_the_token_does_not_say_of_its_key() {
    let collections = Collections::for_tests(&declared("versions", VERSIONS));
    let versions = collections.get("versions").unwrap();
    let key = RecordKey::stored("acme|r-100", Some("10"));

    assert_eq!(versions.id_parts(), ["resource", "vid"]);
    assert_eq!(
        versions.key_of(&tenant("acme"), "r-100", Some("10")),
        Ok(key.clone())
    );
    let id = versions.id_of(&key);
    assert_eq!(id, RecordId::new("r-100", Some("10")));
    let row = |key: &RecordKey| Row {
        key: key.clone(),
        attributes: serde_json::Map::new(),
    };
    assert!(row(&key).is_of(&tenant("acme"), versions));
    assert!(!row(&key).is_of(&tenant("globex"), versions));
}

#[test]
fn a_value_that_pretends_to_be_another_tenants_is_refused() {
    let collections = Collections::for_tests(&declared("versions", VERSIONS));
    let versions = collections.get("versions").unwrap();

    for (tenant_of, id) in [("acme", "x|r-1"), ("acme|x", "r-1"), ("acme", "")] {
        assert!(
            versions.key_of(&tenant(tenant_of), id, Some("1")).is_err(),
            "{tenant_of} {id}"
        );
    }
}

#[test]
fn a_number_is_written_in_one_way() {
    let collections = Collections::for_tests(&declared("versions", VERSIONS));
    let versions = collections.get("versions").unwrap();
    let of = |number: &str| versions.key_of(&tenant("acme"), "r", Some(number));

    for number in [
        "0",
        "7",
        "10",
        "-3",
        "2.5",
        "12345678901234567890123456789012345678",
    ] {
        assert_eq!(of(number), Ok(RecordKey::stored("acme|r", Some(number))));
    }
    for number in [
        "07",
        "7.0",
        "+7",
        "-0",
        "1e3",
        ".5",
        "5.",
        "seven",
        "0x7",
        " 7",
        "٧",
        "--1",
        "1.2.3",
        "-",
        "123456789012345678901234567890123456789",
    ] {
        assert!(of(number).is_err(), "{number}");
    }
}

#[test]
fn rows_without_the_tenants_part_are_the_default_ones() {
    let collections = Collections::for_tests(&declared("tags", SITES));
    let tags = collections.get("tags").unwrap();
    let key = |site: &str| tags.key_of(&tenant(site), "d-1", Some("x")).unwrap();

    assert_eq!(key("finance").partition, "finance/docs#d-1");
    assert_eq!(key("default").partition, "docs#d-1");
    for site in ["finance", "default"] {
        let row = Row {
            key: key(site),
            attributes: serde_json::Map::new(),
        };
        assert!(row.is_of(&tenant(site), tags), "{site}");
        assert!(!row.is_of(&tenant("other"), tags), "{site}");
        assert_eq!(tags.id_of(&row.key), RecordId::new("d-1", Some("x")));
    }
    let pretends = Row {
        key: RecordKey::stored("default/docs#d-1", Some("tags#x")),
        attributes: serde_json::Map::new(),
    };
    assert!(
        pretends.unreadable(tags).is_some(),
        "there would be two records of one id"
    );
}

#[test]
fn what_fits_two_patterns_is_no_record() {
    let collections = Collections::for_tests(&declared("tags", SITES));
    let tags = collections.get("tags").unwrap();

    assert!(!tags.has(&RecordKey::stored("docs#a/docs#d-1", Some("tags#x"))));
    assert!(!tags.has(&RecordKey::stored("finance/docs#d-1", Some("attr#x"))));
    assert!(tags.has(&RecordKey::stored("finance/docs#d-1", Some("tags#x"))));
}

#[test]
fn a_child_references_its_parent_by_parts_of_its_key_or_of_another_attribute() {
    let collections = Collections::for_tests(
        &(declared(
            "sets",
            "key = [\"name\", \"version\"]\ntenant = { fixed = \"main\" }",
        ) + &declared(
            "granules",
            r#"key = ["granuleId"]
tenant = { fixed = "main" }
parts = { collectionId = "{name}___{version}" }
parent = { collection = "sets", by = ["name", "version"], gsi = "by_set", on_delete = "cascade" }"#,
        )),
    );
    let granules = collections.get("granules").unwrap();
    let row = |set: &str| Row {
        key: RecordKey::stored("g", None),
        attributes: serde_json::json!({ "collectionId": set })
            .as_object()
            .unwrap()
            .clone(),
    };

    assert_eq!(
        row("MOD__A___006").parent_key(granules, &tenant("main")),
        Some(RecordKey::stored("MOD__A", Some("006")))
    );
    assert_eq!(row("MOD").parent_key(granules, &tenant("main")), None);
    assert_eq!(granules.behind("name"), "collectionId");
    assert!(granules.judged_attributes().contains(&"collectionId"));
    assert!(!granules.judged_attributes().contains(&"name"));
}

#[test]
fn kinds_of_rows_in_one_table_are_told_apart_by_their_patterns() {
    let kind = |name: &str, is: &str| {
        declared(
            name,
            &format!(
                "key = [{{ attribute = \"PK\", is = \"LPA#{{a}}\" }}, {{ attribute = \"SK\", is = {is} }}]\ntenant = {{ fixed = \"main\" }}"
            ),
        )
        .replace(&format!("table = \"{name}\""), "table = \"lpas\"")
    };
    let _apart =
        Collections::for_tests(&(kind("a", "\"ATTORNEY#{s}\"") + &kind("b", "\"SUB#{s}\"")));

    let message = "a row could be of both: write in both, as `is` or `begins` of one attribute of `key`, patterns of which no text is of both, or in one of them `without`, or another table";
    refused_with(
        &(kind("a", "\"S{s}\"") + &kind("b", "\"SUB#{s}\"")),
        message,
    );
    refused_with(&(kind("a", "\"{s}\"") + &kind("b", "\"SUB#{s}\"")), message);
}

#[test]
fn what_a_pattern_cannot_say_is_refused_at_its_place() {
    let key = |elements: &str, rest: &str| declared("c", &format!("key = [{elements}]\n{rest}"));
    let fixed = "tenant = { fixed = \"main\" }";
    for (text, message) in [
        (
            key("{ attribute = \"a\", is = \"{x}{y}\" }", fixed),
            "mail.toml:3: c.key.is: \"{x}{y}\" has nothing between `{x}` and `{y}`; write a separator that the values cannot hold",
        ),
        (
            key("{ attribute = \"a\", is = \"X#{x\" }", fixed),
            "has a brace without its partner; write each part as `{name}`",
        ),
        (
            key("{ attribute = \"a\", type = \"N\", is = \"X#{x}\" }", fixed),
            "is beside `type = \"N\"`: it says what texts are made of; take one of the two out",
        ),
        (
            key("{ attribute = \"a\", is = [] }", fixed),
            "has no text; write one, or take it out",
        ),
        (
            key("{ attribute = \"a\", is = \"X#{x}#{sort}#{z}\" }", fixed),
            "has the part `sort`: an id of more than two parts is given by their names, and that one is another parameter of requests; give the part another name",
        ),
        (
            key("{ attribute = \"a\", is = [\"X#{x}\", \"Y#{x}\"] }", fixed),
            "with the same parts: one id would be of two records; write `begins`, which takes a text as a whole, or declare two collections",
        ),
        (
            key("{ attribute = \"a\", is = [\"X#{x}\", \"Y#{y}\"] }", fixed),
            "with different parts; patterns of one attribute differ in the tenant only",
        ),
        (
            key("{ attribute = \"a\", is = \"METADATA\" }", fixed),
            "has 0 parts beside the tenant",
        ),
        (
            key(
                "{ attribute = \"a\", is = \"X#{x}\" }",
                "tenant = { part = \"y\" }",
            ),
            "\"y\" is the part of no attribute of the key, or of two, nor of one in `parts`; name a part of one pattern",
        ),
        (
            key(
                "{ attribute = \"a\", is = [\"{t}/X#{x}\", \"X#{x}\"] }",
                "tenant = { part = \"t\" }",
            ),
            "is not in every pattern of `a`; write whose the others are, as `default = \"…\"`",
        ),
        (
            key(
                "{ attribute = \"a\", is = \"{t}/X#{x}\" }",
                "tenant = { part = \"t\", default = \"d\" }",
            ),
            "is of no use: every pattern of `a` has the tenant; take it out",
        ),
        (
            key("\"a\"", "tenant = { fixed = \"main\", attribute = \"t\" }"),
            "is beside `fixed`, which says whose a record is; take one of the two out",
        ),
        (
            key("\"a\"", "tenant = { from = \"parent\" }"),
            "is \"parent\", but there is no `parent`; declare it, or write whose the records are",
        ),
        (
            key(
                "\"a\"",
                &format!("{fixed}\nparts = {{ b = \"{{a}}-{{c}}\" }}"),
            ),
            "reads `{a}`, which is read from the key or another attribute; give it a name of its own",
        ),
        (
            key(
                "\"a\"",
                &format!("{fixed}\nparts = {{ a = \"{{b}}-{{c}}\" }}"),
            ),
            "is an attribute of the key; write its pattern there, as `is`",
        ),
        (
            key("\"a\"", &format!("{fixed}\nparts = {{ b = \"none\" }}")),
            "has no part; write one as `{name}`, or take it out",
        ),
    ] {
        refused_with(&text, message);
    }
}

#[test]
fn a_tenant_that_is_the_parents_is_in_a_key_that_names_the_parent() {
    let parent = declared(
        "applications",
        "key = [{ attribute = \"PK\", is = \"LPA#{application}\" }, { attribute = \"SK\", is = \"DONOR#{owner}\" }]\ntenant = { part = \"owner\" }",
    );
    let child = |by: &str, rest: &str| {
        declared(
            "attorneys",
            &format!(
                "key = [{{ attribute = \"PK\", is = \"LPA#{{application}}\" }}, {{ attribute = \"SK\", is = \"ATTORNEY#{{sub}}\" }}]\ntenant = {{ from = \"parent\" }}\nparent = {{ collection = \"applications\", by = [\"{by}\"]{rest}, on_delete = \"cascade\" }}"
            ),
        )
    };
    let collections = Collections::for_tests(&(parent.clone() + &child("application", "")));
    let attorneys = collections.get("attorneys").unwrap();
    let row = Row {
        key: RecordKey::stored("LPA#a-1", Some("ATTORNEY#sub-2")),
        attributes: serde_json::Map::new(),
    };

    assert_eq!(
        row.parent_key(attorneys, &tenant("sub-1")),
        Some(RecordKey::stored("LPA#a-1", Some("DONOR#sub-1")))
    );
    assert_eq!(row.unreadable(attorneys), None);
    refused_with(
        &(parent + &child("about", ", gsi = \"by_about\"")),
        "is \"parent\", but `parent.by` has `about`, which is not in the key: the row could be moved to another tenant's parent",
    );
}

#[test]
fn a_record_without_a_row_has_a_key_and_what_is_below_it() {
    let above = |lines: &str| {
        declared(
            "customers",
            &format!(
                "key = [{{ attribute = \"pk\", is = \"CUST#{{customer}}\" }}]\nrow = \"none\"\n{lines}"
            ),
        )
    };
    let below = |rest: &str, on_delete: &str| {
        declared(
            "cards",
            &format!(
                "key = [{{ attribute = \"pk\", is = \"CUST#{{customer}}\" }}, {{ attribute = \"sk\", is = \"CARD#{{card}}\" }}]\n{rest}\nparent = {{ collection = \"customers\", by = [\"customer\"], on_delete = \"{on_delete}\" }}"
            ),
        )
        .replace("table = \"cards\"", "table = \"customers\"")
    };
    let fixed = "tenant = { fixed = \"main\" }";
    let collections = Collections::for_tests(&(above(fixed) + &below(fixed, "cascade")));
    let cards = collections.get("cards").unwrap();
    assert!(collections.parent_of(cards).is_none(), "it is never read");
    let declared_parent = collections.declared_parent_of(cards).unwrap();
    assert_eq!(declared_parent.name.as_str(), "customers");

    for (text, message) in [
        (
            above(&format!("{fixed}\nauthor = \"by\"")),
            "customers.author: is there, but with `row = \"none\"` there is no row that it could be about; take it out",
        ),
        (
            above("tenant = \"owner\""),
            "customers.tenant: says whose a record is by its row, but with `row = \"none\"` there is none; name a part of the key, or one tenant for all",
        ),
        (
            above(fixed) + &below(fixed, "restrict"),
            "cards.parent.on_delete: is not \"cascade\", but a record of customers has no row",
        ),
        (
            above(fixed) + &below(fixed, "cascade").replace("30d", "10d"),
            "cards.retention: \"10d\" is not the \"30d\" of customers, which has no row",
        ),
    ] {
        refused_with(&text, message);
    }
}

#[test]
fn a_number_in_the_key_is_no_computed_value() {
    let parent = declared("resources", "key = [\"id\"]\ntenant = { fixed = \"main\" }");
    let child = declared(
        "versions",
        r#"key = ["id", { attribute = "vid", type = "N" }]
tenant = { fixed = "main" }
parent = { collection = "resources", by = ["id"], on_delete = "cascade" }
aggregates = [{ on = "resources", attribute = "latest", take = "max", of = "vid" }]"#,
    );

    refused_with(
        &(parent + &child),
        "is `vid`, a number, and computed values are texts; take it out",
    );
}

#[test]
fn what_would_be_read_as_something_else_is_refused() {
    let key = |elements: &str, rest: &str| declared("c", &format!("key = [{elements}]\n{rest}"));
    let fixed = "tenant = { fixed = \"main\" }";
    let owner =
        r#"{ attribute = "PK", is = "LPA#{a}" }, { attribute = "SK", is = "DONOR#{owner}" }"#;
    let applications = declared(
        "applications",
        &format!("key = [{owner}]\ntenant = {{ part = \"owner\" }}\nserve = [\"write\"]"),
    );
    let attorneys = declared(
        "attorneys",
        r#"key = [{ attribute = "PK", is = "LPA#{a}" }, { attribute = "SK", is = "ATTORNEY#{b}" }]
tenant = { from = "parent" }
parent = { collection = "applications", by = ["a"], on_delete = "cascade" }"#,
    );
    let orders = declared(
        "orders",
        &format!("key = [{{ attribute = \"id\", type = \"N\" }}]\n{fixed}"),
    );
    let lines = declared(
        "lines",
        &format!(
            "key = [\"line\"]\n{fixed}\nparent = {{ collection = \"orders\", by = [\"order\"], gsi = \"by_order\", on_delete = \"cascade\" }}"
        ),
    );
    let sets = declared("sets", &format!("key = [\"name\"]\n{fixed}"));
    let granules = |by: &str| {
        declared(
            "granules",
            &format!(
                "key = [\"id\"]\n{fixed}\nparts = {{ set = \"{{name}}___{{version}}\" }}\nparent = {{ collection = \"sets\", by = [\"{by}\"], gsi = \"by_set\", on_delete = \"cascade\" }}"
            ),
        )
    };
    for (text, message) in [
        (
            applications + &attorneys,
            "and applications serves \"write\": every tenant could write a parent of their own above these rows",
        ),
        (
            key(
                r#"{ attribute = "a", is = ["{site}/{doc}", "{doc}"] }"#,
                "tenant = { part = \"site\", default = \"main\" }",
            ),
            "every text of the one with the tenant is one of the other, too; begin the other with a text of its own",
        ),
        (
            key(
                r#"{ attribute = "a", is = ["{site}/x#{doc}", "x#{doc}"] }"#,
                "tenant = { part = \"site\", default = \"main\" }\ndocument = { index = \"d\", id = \"{site}~{doc}\", fields = [] }",
            ),
            "rows of the default tenant are without a part of which its id is made",
        ),
        (
            key(
                r#"{ attribute = "PK", is = "USER#{user_id}" }"#,
                "tenant = \"user_id\"",
            ),
            "has `user_id`, which is also the name of a part: an attribute is meant here; give the part another name",
        ),
        (
            key(
                r#""d", { attribute = "SK", is = "MSG#{created_at}" }"#,
                &format!("{fixed}\nfilters = {{ time = \"created_at\" }}"),
            ),
            "c.filters.time: has `created_at`, which is also the name of a part",
        ),
        (
            orders + &lines,
            "has `order` for `id`, which is a number in the key of orders; name an attribute of the key of the same type",
        ),
        (
            sets.clone() + &granules("name"),
            "is without `version`: the index has whole texts \"{name}___{version}\", so all parts of them are needed",
        ),
        (
            sets + &granules("set"),
            "has `set`, which is made of parts; name those that are the parent's key",
        ),
    ] {
        refused_with(&text, message);
    }
}

#[test]
fn a_key_that_two_patterns_fit_is_nobodys_and_no_id_makes_one() {
    let collections = Collections::for_tests(&declared("tags", SITES));
    let tags = collections.get("tags").unwrap();
    let row = Row {
        key: RecordKey::stored("docs#a/docs#d-1", Some("tags#x")),
        attributes: serde_json::Map::new(),
    };

    assert!(!row.is_of(&tenant("default"), tags));
    assert!(row.unreadable(tags).is_some());
    assert!(
        tags.key_of(&tenant("default"), "a/docs#d-1", Some("x"))
            .is_err()
    );
    assert!(tags.key_of(&tenant("docs#a"), "d-1", Some("x")).is_err());
}
