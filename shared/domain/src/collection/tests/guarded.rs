//! What may be hidden from clients or kept from being changed, and the errors for what may not.

use super::*;

const FILE: &str = r#"
[streams]
table       = "streams"
key         = ["stream_id"]
tenant      = "realm"
strategy    = "flag"
retention   = "30d"
ABOVE
permissions = { delete = ["admin"] }

[posts]
table       = "posts"
key         = ["stream_id", "post_id"]
tenant      = "realm"
parent      = { collection = "streams", by = ["stream_id"], on_delete = "cascade" }
document    = { index = "posts", id = "{stream_id}~{post_id}", fields = ["subject"] }
strategy    = "archive"
retention   = "30d"
version     = "revision"
author      = "sender"
filters     = { time = "sent_at", type = "kind" }
status      = { attribute = "status", allowed = ["ACTIVE"] }
aggregates  = [{ on = "streams", attribute = "first_post", take = "min", of = "post_id" }]
BELOW
permissions = { delete = ["admin"] }
"#;

fn file(here: &str, there: &str) -> String {
    let text = FILE
        .replace("\"archive\"", "\"flag\"")
        .replace("version     = \"revision\"\n", "");
    text.replace("ABOVE", here).replace("BELOW", there)
}

#[track_caller]
fn refused(there: &str, message: &str) {
    let text = file("", there);
    let line = 1 + text.lines().position(|line| line == there).unwrap();
    assert_eq!(
        errors_of(&text),
        format!("mail.toml:{line}: posts.{message}")
    );
}

#[test]
fn attributes_without_a_meaning_to_clients_are_hidden_and_kept() {
    let text = file(
        "",
        "hidden = [\"note\", \"score\"]\nreadonly = [\"sender\", \"sent_at\", \"kind\", \"subject\", \"other\"]",
    );
    let collections = Collections::for_tests(&text);
    let posts = collections.get("posts").unwrap();

    assert_eq!(posts.guarded.hidden, ["note", "score"]);
    assert_eq!(posts.guarded.readonly.len(), 5);
    let shown = ["note", "score", "deleted_at", "sender", "post_id"].map(|name| posts.shows(name));
    assert_eq!(shown, [false, false, false, true, true]);
}

#[test]
fn what_clients_see_write_or_find_by_is_not_hidden() {
    for (attribute, key) in [
        ("post_id", "key"),
        ("realm", "tenant"),
        ("sender", "author"),
        ("stream_id", "key"),
        ("subject", "document.fields"),
        ("status", "status"),
        ("sent_at", "filters.time"),
        ("kind", "filters"),
    ] {
        refused(
            &format!("hidden = [\"{attribute}\"]"),
            &format!(
                "hidden: names `{attribute}`, which `{key}` lets clients see, write or find records by; take it out of one of the two"
            ),
        );
    }
    refused(
        "hidden = [\"deleted_by\"]",
        "hidden: names `deleted_by`, which is a mark, and no answer shows those; take it out",
    );
}

#[test]
fn what_nobody_changes_or_writers_must_write_is_not_only_read() {
    for (attribute, key) in [
        ("post_id", "key"),
        ("realm", "tenant"),
        ("deletion_id", "marks"),
    ] {
        refused(
            &format!("readonly = [\"{attribute}\"]"),
            &format!(
                "readonly: names `{attribute}`, which is in `{key}`, so no client changes it; take it out"
            ),
        );
    }
    refused(
        "readonly = [\"status\"]",
        "readonly: names `status`, which is in `status`, so those who write records must write it; take it out",
    );
    for list in ["hidden", "readonly"] {
        let text = FILE
            .replace("ABOVE", "")
            .replace("BELOW", &format!("{list} = [\"revision\"]"));
        assert!(errors_of(&text).contains("`revision`, which"), "{list}");
    }
}

#[test]
fn a_name_stands_in_one_of_the_two_lists_and_once() {
    refused(
        "hidden = [\"note\", \"note\"]",
        "hidden: names \"note\" twice; write it once",
    );
    refused(
        "readonly = [\"note\", \"note\"]",
        "readonly: names \"note\" twice; write it once",
    );
    let both = errors_of(&file("", "hidden = [\"note\"]\nreadonly = [\"note\"]"));
    assert!(both.ends_with("posts.hidden: names `note`, which is also in `readonly`; what is hidden is not written either, so take it out there"), "{both}");
}

#[test]
fn a_computed_value_is_shown_and_changed_by_no_client_anyway() {
    for list in ["hidden", "readonly"] {
        let errors = errors_of(&file(&format!("{list} = [\"first_post\"]"), ""));

        assert!(
            errors.ends_with(&format!("posts.aggregates: computes `first_post` of streams, which is in its `{list}`; a computed value is shown, and no client changes it: take it out there")),
            "{errors}"
        );
    }
}
