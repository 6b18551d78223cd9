//! What this version cannot say is refused, whatever is beside it; nothing is ignored.

use super::super::read::keys::KEYS;
use super::*;

#[test]
fn binary_keys_are_refused() {
    let key = |key: &str| errors_of(&base_with("key = [\"discussion_id\"]", key));

    assert_eq!(
        key("key = [{ attribute = \"id\", type = \"B\" }]"),
        "mail.toml:3: discussions.key.type: \"B\" is unknown; write \"S\" or \"N\""
    );
}

#[test]
fn filters_are_read_for_their_shape() {
    let shape = |lines: &str| errors_of(&base_and(lines));

    assert_eq!(
        shape("filters = { group = \"group_id\" }"),
        "mail.toml:17: messages.filters.group: is a string; write it like `group = [\"group_type\", \"group_id\"]`"
    );
    assert_eq!(
        shape("filters = { opened = { at = \"opened_at\" } }"),
        "mail.toml:17: messages.filters.opened.at: is unknown; did you mean `op`?\n\
         mail.toml:17: messages.filters.opened.attribute: is missing; write it like `attribute = \"opened_at\"`\n\
         mail.toml:17: messages.filters.opened.op: is missing; write it like `op = \"exists\"`"
    );
    for (filter, error) in [
        (
            "group = [\"a\"]",
            "group: is not two attributes; write the one with the group's type and the one with its id",
        ),
        (
            "group = [\"a\", \"a\"]",
            "group: names \"a\" twice; write it once",
        ),
        (
            "group_id = \"a\"",
            "group_id: is a field that requests have for `group` or `time`; write another name",
        ),
        (
            "later_than = \"a\"",
            "later_than: is a field that requests have for `group` or `time`; write another name",
        ),
        (
            "Colour = \"a\"",
            "Colour: is no name for a filter; write up to 64 lower-case letters, digits or `_`, a letter first",
        ),
        (
            "colour = []",
            "colour: is empty; write an attribute of the row",
        ),
        (
            "colour = [3]",
            "colour: holds an integer; write each element as a text in quotes",
        ),
        (
            "colour = { attribute = \"a\", op = \"is\" }",
            "colour.op: \"is\" is unknown; write \"exists\" or \"equals\"",
        ),
        (
            "colour = { attribute = \"a\" }",
            "colour.op: is missing; write it like `op = \"exists\"`",
        ),
        (
            "opened = { attribute = \"a\", op = \"equals\" }",
            "opened.op: \"equals\" is unknown; write \"exists\"",
        ),
    ] {
        assert_eq!(
            shape(&format!("filters = {{ {filter} }}")),
            format!("mail.toml:17: messages.filters.{error}")
        );
    }
    for filters in [
        "type = \"kind\", group = [\"g\", \"h\"], key = \"k\", time = \"t\", opened = { attribute = \"o\", op = \"exists\" }",
        "colour = \"paint\", place = [\"country\", \"town\"], pinned = { attribute = \"pin\", op = \"equals\" }",
    ] {
        assert_eq!(shape(&format!("filters = {{ {filters} }}")), "");
    }
}

#[test]
fn a_mark_cannot_be_the_attribute_of_a_filter() {
    assert_eq!(
        errors_of(&base_and("filters = { type = \"deleted_at\" }")),
        "mail.toml:8: messages.marks.deleted_at: is `deleted_at`, which is also in `filters`; give the mark a name of its own"
    );
}

#[test]
fn a_list_of_tables_is_read_for_its_shape() {
    let shape = |lines: &str| errors_of(&base_and(lines));

    assert_eq!(
        shape("event = { typ = \"x\" }"),
        "mail.toml:17: messages.event.typ: is unknown; did you mean `type`?\n\
         mail.toml:17: messages.event.type: is missing; write it like `type = \"delete_message\"`"
    );
    assert!(
        shape("[[messages.aggregates]]\non = \"discussions\"\nof_what = \"x\"").contains(
            "mail.toml:19: messages.aggregates.of_what: is unknown; known here are on, attribute, set, take, of, gsi"
        )
    );
    assert_eq!(
        shape("aggregates = [3]"),
        "mail.toml:17: messages.aggregates: holds an integer; write it like `aggregates = [{ on = \"streams\", attribute = \"first_message_id\", take = \"min\", of = \"message_id\" }]`"
    );
}

#[test]
fn every_key_refuses_every_type_but_its_own() {
    let values = [
        ("string", "\"discussion_id\""),
        ("integer", "7"),
        ("float", "1.5"),
        ("boolean", "true"),
        ("datetime", "2026-01-01"),
        ("array", "[]"),
        ("table", "{}"),
    ];
    for key in KEYS {
        for (kind, value) in values.iter().filter(|(kind, _)| !key.types.contains(kind)) {
            let path = key.path.replace('*', "colour");
            // In a collection of its own, so that nothing is declared twice; what else is wrong with it does not
            // matter.
            let errors = errors_of(&format!("{BASE}[other]\n{path} = {value}\n"));
            let refused = errors
                .lines()
                .any(|line| line.contains(&format!(" other.{path}: is a")));
            assert!(
                refused || path.starts_with("aggregates.") || path.starts_with("key."),
                "{path} took {kind}: {errors}"
            );
        }
    }
}
