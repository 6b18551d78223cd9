//! Attributes beside the key whose texts are made of parts, and texts that are of none of their patterns.

use super::*;
use crate::key::RecordKey;
use crate::principal::Tenant;
use crate::row::Row;

/// A collection with these lines.
fn declared(name: &str, lines: &str) -> String {
    format!("[{name}]\ntable = \"{name}\"\n{lines}\nstrategy = \"flag\"\nretention = \"30d\"\n\n")
}

fn refused_with(text: &str, message: &str) {
    let errors = errors_of(text);
    assert!(errors.contains(message), "{errors}");
}

#[test]
fn a_text_beside_the_key_is_of_one_of_several_patterns_or_of_none() {
    let users = declared("users", "key = [\"user\"]\ntenant = { fixed = \"main\" }");
    let notices = |parts: &str| {
        declared(
            "notices",
            &format!(
                "key = [\"id\"]\ntenant = {{ fixed = \"main\" }}\nparts = {{ target = {parts} }}\nparent = {{ collection = \"users\", by = [\"of\"], gsi = \"by_target\", on_delete = \"cascade\" }}"
            ),
        )
    };
    let text = users.clone() + &notices("[\"User#{of}\", \"Admin#{admin}\", \"NOBODY\"]");
    let collections = Collections::for_tests(&text);
    let notices_of = collections.get("notices").unwrap();
    let tenant = Tenant::new("main").unwrap();
    let row = |target: serde_json::Value| Row {
        key: RecordKey::stored("n", None),
        attributes: serde_json::json!({ "id": "n", "target": target })
            .as_object()
            .unwrap()
            .clone(),
    };
    for (target, parent, is_unreadable) in [
        (serde_json::json!("User#17"), Some("17"), false),
        (serde_json::json!("Admin#17"), None, false),
        (serde_json::json!("NOBODY"), None, false),
        (serde_json::json!(null), None, false),
        (serde_json::json!("Group#17"), None, true),
        (serde_json::json!("User#"), None, true),
        (serde_json::json!(17), None, true),
    ] {
        let row = row(target);
        let named = row.parent_key(notices_of, &tenant);
        let named = named.as_ref().map(|key| key.partition.as_str());
        assert_eq!(named, parent, "{row:?}");
        let why = row.unreadable(notices_of);
        assert_eq!(why.is_some(), is_unreadable, "{row:?}");
        if let Some(why) = why {
            let reason = why.reason(notices_of);
            assert!(
                reason.starts_with("ROW_UNREADABLE: ")
                    && reason.contains("`target`")
                    && reason.contains("`User#{of}` or `Admin#{admin}` or `NOBODY`"),
                "{reason}"
            );
        }
    }
    let asked = notices_of.conditions(&[("of", "17")]).unwrap();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].known, Known::Whole("User#17".to_owned()));
    for (parts, message) in [
        (
            "[\"User#{of}\", \"Admin#{of}\"]",
            "has `{of}` in two patterns; give it another name in one of them",
        ),
        (
            "[\"User#{of}\", \"User#1{admin}\"]",
            "has two patterns, and a text could be of both; begin each with a text of its own",
        ),
    ] {
        refused_with(&(users.clone() + &notices(parts)), message);
    }
}

#[test]
fn an_id_of_more_than_two_parts_is_given_and_told_by_their_names() {
    let text = declared(
        "readings",
        "key = [{ attribute = \"PK\", is = \"{realm}#{site}#{device}\" }, { attribute = \"SK\", is = \"AT#{at}\" }]\ntenant = { part = \"realm\" }\nfilters = { at = \"at\" }",
    );
    let collections = Collections::for_tests(&text);
    let readings = collections.get("readings").unwrap();
    let tenant = Tenant::new("acme").unwrap();
    let given = |name: &str| match name {
        "site" => Some("s"),
        "device" => Some("d"),
        "at" => Some("7"),
        _ => None,
    };

    let key = readings.key_of_parts(&tenant, given).unwrap();

    assert_eq!(key, RecordKey::stored("acme#s#d", Some("AT#7")));
    let id = serde_json::json!(readings.id_of(&key));
    let named = serde_json::json!({ "id": { "site": "s", "device": "d", "at": "7" } });
    assert_eq!(id, named);
    let missing = readings.key_of_parts(&tenant, |name| given(name).filter(|_| name != "at"));
    let error = missing.unwrap_err();
    assert_eq!(readings.field_of(&error), "at");
    assert!(error.to_string().contains("site, device, at"), "{error}");
    let separator = readings.key_of_parts(&tenant, |name| given(name).map(|_| "a#b"));
    assert_eq!(readings.field_of(&separator.unwrap_err()), "site");
}

#[test]
fn a_filter_is_about_a_part_only_where_it_compares_texts() {
    let with = |filters: &str| {
        declared(
            "lines",
            &format!(
                "key = [\"note\", {{ attribute = \"SK\", is = \"{{day}}#{{line}}\" }}]\ntenant = {{ fixed = \"main\" }}\nfilters = {filters}"
            ),
        )
    };
    for filters in [
        "{ day = \"day\" }",
        "{ type = \"day\", both = [\"line\", \"level\"] }",
    ] {
        let _taken = Collections::for_tests(&with(filters));
    }
    let message = "which is also the name of a part: an attribute is meant here";
    for filters in [
        "{ seen = { attribute = \"day\", op = \"exists\" } }",
        "{ time = \"day\" }",
    ] {
        refused_with(&with(filters), message);
    }
}

#[test]
fn a_part_that_is_called_like_a_field_of_a_request_does_not_move_the_blame() {
    let text = declared(
        "odd",
        "key = [\"sort\", \"id\"]\ntenant = { fixed = \"main\" }",
    );
    let collections = Collections::for_tests(&text);
    let odd = collections.get("odd").unwrap();
    let tenant = Tenant::new("main").unwrap();

    for (id, sort, field) in [
        ("", Some("x"), "id"),
        ("x", Some(""), "sort"),
        ("x", None, "sort"),
    ] {
        let error = odd.key_of(&tenant, id, sort).unwrap_err();
        assert_eq!(odd.field_of(&error), field, "{error}");
    }
}
