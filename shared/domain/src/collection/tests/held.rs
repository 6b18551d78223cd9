//! What holds records back: what is read, and each refusal with its way out.

use serde_json::json;

use super::*;

/// A collection with this name and these lines.
fn declared(name: &str, lines: &str) -> String {
    format!(
        "[{name}]\ntable = \"{name}\"\nkey = [\"id\"]\ntenant = \"owner\"\nretention = \"30d\"\n{lines}\n"
    )
}

fn below(parent: &str) -> String {
    format!(
        "parent = {{ collection = \"{parent}\", by = [\"{parent}_id\"], gsi = \"by_{parent}\", on_delete = \"cascade\" }}\nstrategy = \"flag\""
    )
}

#[test]
fn one_value_or_several_hold_a_record_back() {
    let text = declared(
        "granules",
        "strategy = \"flag\"\nheld = { published = true, state = [\"RUNNING\", 7] }",
    );
    let collections = Collections::for_tests(&text);
    let granules = collections.get("granules").unwrap();

    assert_eq!(granules.held.0["published"], [json!(true)]);
    assert_eq!(granules.held.0["state"], [json!("RUNNING"), json!(7)]);
    assert_eq!(granules.watched(), ["published", "state"]);
    assert!(granules.is_read_to_be_marked());
    for name in ["published", "state"] {
        assert!(granules.judged_attributes().contains(&name), "{name}");
    }
}

#[test]
fn what_cannot_be_honoured_is_refused_with_a_way_out() {
    let of = |lines: &str| declared("granules", &format!("strategy = \"flag\"\n{lines}"));
    for (text, message) in [
        (
            of("held = {}"),
            "granules.held: names no attribute; write one with the value that holds a record back, or take it out",
        ),
        (
            of("held = { published = [] }"),
            "granules.held.published: is empty, so it holds nothing back; write a value that does, or take it out",
        ),
        (
            of("held = { published = [[true]] }"),
            "granules.held.published: holds an array; write a boolean, a number or a text",
        ),
        (
            of("held = { deleted_at = true }"),
            "is `deleted_at`, which is also in `held`; give the mark a name of its own",
        ),
        (
            of("held = { published = true }\nhidden = [\"published\"]"),
            "names `published`, which `held` lets clients see",
        ),
        (
            declared(
                "granules",
                "strategy = \"erase\"\nheld = { published = true }",
            )
            .replace("retention = \"30d\"\n", ""),
            "granules.held: is checked in the write that marks a row, and the strategy \"erase\" removes rows without a mark; write \"flag\" or \"archive\", or take it out",
        ),
        (
            declared("a", "strategy = \"flag\"")
                + &declared("b", &below("a"))
                + &declared("c", &(below("b") + "\nheld = { published = true }")),
            "c.held: is below b, which is below a: a deletion that comes from there could not be refused because of it; take it out, or write it in b",
        ),
        (
            declared("a", "strategy = \"flag\"")
                + &declared(
                    "links",
                    &(below("a")
                        + "\nkeeps = { collection = \"files\", by = [\"file\"], gsi = \"by_file\" }"),
                )
                + &declared("files", "strategy = \"flag\"\nheld = { published = true }"),
            "files.held: is in a collection whose records are deleted with the last link of links to them, which could not be refused because of it; take it out",
        ),
    ] {
        let errors = errors_of(&text);
        assert!(errors.contains(message), "{errors}");
    }
}
