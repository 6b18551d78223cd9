//! Key attributes whose texts are taken as a whole: how they begin, and what they do not hold.

use super::patterns::{refused_with, tenant};
use super::*;
use crate::key::{KeyError, RecordId, RecordKey};
use crate::row::Row;

fn declared(name: &str, table: &str, lines: &str) -> String {
    format!(
        "[{name}]\ntable = \"{table}\"\n{lines}\nstrategy = \"flag\"\nretention = \"30d\"\npermissions = {{ delete = [\"member\"] }}\n\n"
    )
}

fn row(key: &RecordKey) -> Row {
    Row {
        key: key.clone(),
        attributes: serde_json::Map::new(),
    }
}

const APPLICATIONS: &str = r#"key = [{ attribute = "PK", is = "LPA#{application}" }, { attribute = "SK", begins = ["DONOR#", "ORGANISATION#"] }]
tenant = { part = "SK" }"#;

const ATTORNEYS: &str = r#"key = [{ attribute = "PK", is = "LPA#{application}" }, { attribute = "SK", is = "ATTORNEY#{attorney}" }]
tenant = { from = "parent" }
parent = { collection = "applications", by = ["application"], on_delete = "cascade" }"#;

const ASSETS: &str = r##"key = [{ attribute = "database", without = "#deleted" }, "asset"]
tenant = { fixed = "main" }"##;

const REMOVED: &str = r#"key = [{ attribute = "database", is = "{of}#deleted" }, "asset"]
tenant = { fixed = "main" }"#;

#[test]
fn records_of_two_shapes_are_of_one_collection_and_have_children() {
    let text =
        declared("applications", "lpas", APPLICATIONS) + &declared("attorneys", "lpas", ATTORNEYS);
    let collections = Collections::for_tests(&text);
    let applications = collections.get("applications").unwrap();
    let attorneys = collections.get("attorneys").unwrap();

    for owner in ["DONOR#sub-1", "ORGANISATION#o-9"] {
        let key = RecordKey::stored("LPA#a-1", Some(owner));
        assert_eq!(
            applications.key_of(&tenant(owner), "a-1", None),
            Ok(key.clone())
        );
        assert_eq!(applications.id_of(&key), RecordId::new("a-1", None));
        assert!(row(&key).is_of(&tenant(owner), applications));
        assert!(!row(&key).is_of(&tenant("DONOR#sub-2"), applications));
        let attorney = RecordKey::stored("LPA#a-1", Some("ATTORNEY#s"));
        assert_eq!(
            row(&attorney).parent_key(attorneys, &tenant(owner)),
            Some(key)
        );
    }
    for other in ["ATTORNEY#s", "DONOR#", "DONORS#sub-1", "donor#sub-1"] {
        assert!(!applications.has(&RecordKey::stored("LPA#a-1", Some(other))));
        let refused = applications.key_of(&tenant(other), "a-1", None);
        let message = refused.unwrap_err().to_string();
        assert_eq!(
            message,
            "the value of `SK` is not one that begins with `DONOR#` or `ORGANISATION#` and goes on behind that"
        );
    }
}

#[test]
fn a_text_that_is_no_tenants_is_in_the_id_as_a_whole() {
    let shapes = r#"key = ["kind", { attribute = "name", begins = ["A-", "B-"] }]
tenant = { fixed = "main" }"#;
    let collections = Collections::for_tests(&declared("things", "things", shapes));
    let things = collections.get("things").unwrap();
    let key = RecordKey::stored("k", Some("B-1"));

    assert_eq!(
        things.key_of(&tenant("main"), "k", Some("B-1")),
        Ok(key.clone())
    );
    assert_eq!(things.id_of(&key), RecordId::new("k", Some("B-1")));
    let refused = things.key_of(&tenant("main"), "k", Some("C-1"));
    assert!(matches!(&refused, Err(KeyError::Part(_))), "{refused:?}");
    assert_eq!(things.field_of(&refused.unwrap_err()), "sort");
}

#[test]
fn a_text_that_another_collection_has_is_not_of_this_one() {
    let text = declared("assets", "assets", ASSETS) + &declared("removed", "assets", REMOVED);
    let collections = Collections::for_tests(&text);
    let assets = collections.get("assets").unwrap();
    let removed = collections.get("removed").unwrap();
    let live = RecordKey::stored("db-a", Some("x"));
    let gone = RecordKey::stored("db-a#deleted", Some("x"));

    assert!(assets.has(&live) && !assets.has(&gone));
    assert!(removed.has(&gone) && !removed.has(&live));
    let refused = assets.key_of(&tenant("main"), "db-a#deleted", Some("x"));
    let error = refused.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the value of `database` makes a text with `#deleted` in it, which is not of this collection"
    );
    assert_eq!(assets.field_of(&error), "id");
}

#[test]
fn a_part_may_not_make_a_text_that_is_of_no_record() {
    let lines = r##"key = [{ attribute = "pk", is = "A#{a}", without = "#x" }]
tenant = { fixed = "main" }"##;
    let collections = Collections::for_tests(&declared("things", "things", lines));
    let things = collections.get("things").unwrap();

    assert!(things.key_of(&tenant("main"), "1", None).is_ok());
    // "A#" and "x": the pattern's own text is a part of what no record has.
    for value in ["x", "1#x"] {
        let refused = things.key_of(&tenant("main"), value, None).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "the value of `a` makes a text with `#x` in it, which is not of this collection"
        );
    }
}

#[test]
fn what_texts_cannot_be_is_refused_at_its_place() {
    let key = |element: &str| {
        declared(
            "c",
            "c",
            &format!("key = [{element}]\ntenant = {{ fixed = \"main\" }}"),
        )
    };
    for (element, message) in [
        (
            "{ attribute = \"a\", begins = \"A\", is = \"A{x}\" }",
            "mail.toml:3: c.key.begins: is beside `is`, which says what the texts are made of; take one of the two out",
        ),
        (
            "{ attribute = \"a\", begins = [] }",
            "has no text; write one, or take it out",
        ),
        (
            "{ attribute = \"a\", begins = \"\" }",
            "holds \"\", which is no text that values begin with; write such as \"DONOR#\", or `is` for a pattern",
        ),
        (
            "{ attribute = \"a\", begins = [\"A\", \"B#{x}\"] }",
            "holds \"B#{x}\", which is no text that values begin with",
        ),
        (
            "{ attribute = \"a\", type = \"N\", without = \"1\" }",
            "is beside `type = \"N\"`: it says what texts are made of; take one of the two out",
        ),
        (
            "{ attribute = \"a\", type = \"N\", begins = \"1\" }",
            "is beside `type = \"N\"`",
        ),
        (
            "{ attribute = \"a\", without = \"\" }",
            "is empty, and every text holds that; write such as \"#deleted\", or take it out",
        ),
        (
            "{ attribute = \"a\", is = \"A#{x}\", without = \"A\" }",
            "is in every text of \"A#{x}\", so that no row is of this collection; take one of the two out",
        ),
        (
            "{ attribute = \"a\", begins = \"A#\", without = \"#\" }",
            "is in every text of \"A#{a}\", so that no row is of this collection",
        ),
    ] {
        refused_with(&key(element), message);
    }
    let attorneys = ATTORNEYS
        .replace("is = \"ATTORNEY#{attorney}\"", "begins = \"ATTORNEY#\"")
        .replace("by = [\"application\"]", "by = [\"application\", \"SK\"]");
    refused_with(
        &(declared("applications", "lpas", APPLICATIONS)
            + &declared("attorneys", "lpas", &attorneys)),
        "has `SK` for `SK` of applications, but no text is a value of both: look at `begins` and `without` in the two keys",
    );
    let other = REMOVED.replace("{of}#deleted", "{of}#del");
    refused_with(
        &(declared("assets", "assets", ASSETS) + &declared("removed", "assets", &other)),
        "a row could be of both",
    );
    let plain = "key = [\"database\", \"asset\"]\ntenant = { fixed = \"main\" }";
    refused_with(
        &(declared("assets", "assets", ASSETS) + &declared("removed", "assets", plain)),
        "a row could be of both",
    );
}
