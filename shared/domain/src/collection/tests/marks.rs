//! What a mark may write, and take off: what is read, and each refusal with its way out.

use serde_json::{Value, json};

use super::*;

fn marks(lines: &str) -> Marks {
    let collections = Collections::for_tests(&base_and(lines));
    collections.get("messages").unwrap().marks.clone()
}

/// The error for lines that are added to `messages`, without its line.
fn error(lines: &str) -> String {
    let errors = errors_of(&base_and(lines));
    errors
        .replace("mail.toml:", "")
        .split_once(": messages.")
        .map_or(errors.clone(), |(_, rest)| rest.to_owned())
}

#[test]
fn every_form_of_a_mark_is_read() {
    let read = marks(
        r#"
        ttl = "expires"
        [messages.marks]
        deleted_at = { attribute = "deletedAt", type = "epoch_s_fraction" }
        state      = { attribute = "_deleted", deleted = true, live = [false, "null", "absent", "OK", 0], busy = ["LOCKED", 2.5] }
        purge_at   = { attribute = "_ttl", type = "epoch_s" }
        touch      = { _version = "+1", _changed = "epoch_ms" }
        takes_off  = ["GSI1PK"]
        kept       = "was"
        "#,
    );

    assert_eq!(read.all(), ["deletedAt", "deleted_by", "deletion_id"]);
    assert_eq!(read.form, TimeForm::Fraction);
    let state = read.state.clone().unwrap();
    assert_eq!(state.deleted, json!(true));
    let live = [
        Some(json!(false)),
        Some(Value::Null),
        None,
        Some(json!("OK")),
        Some(json!(0)),
    ];
    assert_eq!(state.live, live);
    assert_eq!(state.busy, [json!("LOCKED"), json!(2.5)]);
    assert_eq!(read.purge_at.as_ref().unwrap().form, TimeForm::Seconds);
    assert_eq!(read.touch["_version"], Touch::PlusOne);
    assert_eq!(read.touch["_changed"], Touch::Time(TimeForm::Milliseconds));
    let written: Vec<&str> = read.written().collect();
    assert_eq!(
        written,
        [
            "deletedAt",
            "deleted_by",
            "deletion_id",
            "was",
            "_deleted",
            "_ttl",
            "expires",
            "GSI1PK",
            "_changed",
            "_version"
        ]
    );
}

#[test]
fn a_file_of_before_means_what_it_meant() {
    let read = marks(r#"marks = { deleted_at = "gone" }"#);

    assert_eq!(read.form, TimeForm::Text);
    assert!(!read.keeps() && !read.depends_on_more());
    assert_eq!(read.own(), ["gone", "deleted_by", "deletion_id"]);
}

#[test]
fn what_is_no_form_is_refused_with_those_there_are() {
    for (lines, message) in [
        (
            r#"marks = { deleted_at = { attribute = "a", type = "ms" } }"#,
            r#"marks.deleted_at.type: "ms" is unknown; write "iso" or "epoch_ms" or "epoch_s" or "epoch_s_fraction""#,
        ),
        (
            r#"marks = { deleted_at = { attribute = "a" } }"#,
            r#"marks.deleted_at.type: is missing; write it like `type = "epoch_ms"`"#,
        ),
        (
            r#"marks = { touch = { v = "+2" } }"#,
            r#"marks.touch.v: "+2" is unknown; write "+1" or "iso" or "epoch_ms" or "epoch_s" or "epoch_s_fraction""#,
        ),
        (
            r#"marks = { state = { attribute = "s", deleted = [1], live = [0] } }"#,
            "marks.state.deleted: is an array; write it like `deleted = true`",
        ),
        (
            r#"marks = { state = { attribute = "s", deleted = 1, live = [[0]] } }"#,
            "marks.state.live: holds an array; write a boolean, a number or a text",
        ),
        (
            r#"marks = { state = { attribute = "s", deleted = 1, live = [] } }"#,
            r#"marks.state.live: is empty, so no row is live; name what a live row has, "absent" and "null" included"#,
        ),
        (
            r#"marks = { state = { attribute = "s", deleted = 1 } }"#,
            r#"marks.state.live: is missing; write it like `live = [false, "null", "absent"]`"#,
        ),
        (
            r#"marks = { state = { attribute = "s", deleted = 1, live = [1] } }"#,
            "marks.state.live: holds what is also in `deleted`; take it out of one of the two",
        ),
        (
            r#"marks = { state = { attribute = "s", deleted = 1, live = [0], busy = [0] } }"#,
            "marks.state.busy: holds what is also in `live`; take it out of one of the two",
        ),
        (
            r#"marks = { kept = "was" }"#,
            "marks.kept: names a map of what a mark replaces, but it replaces nothing; take it out, or declare `ttl`, `marks.state`, `marks.purge_at` or `marks.takes_off`",
        ),
    ] {
        assert_eq!(error(lines), message, "{lines}");
    }
}

#[test]
fn what_has_another_meaning_cannot_be_taken_off_or_replaced() {
    for (lines, message) in [
        (
            r#"ttl = "user_id""#,
            "ttl: names `user_id`, which is also in `tenant`; take it out of one of the two",
        ),
        (
            r#"marks = { takes_off = ["discussion_id"] }"#,
            "marks.takes_off: names `discussion_id`, which is also in `key`; take it out of one of the two",
        ),
        (
            r#"marks = { takes_off = ["subject"] }"#,
            "marks.takes_off: names `subject`, which is also in `document.fields`; take it out of one of the two",
        ),
        (
            "ttl = \"at\"\nfilters = { time = \"at\" }",
            "ttl: names `at`, which is also in `filters.time`; take it out of one of the two",
        ),
        (
            "ttl = \"_ttl\"\nmarks = { purge_at = { attribute = \"_ttl\", type = \"epoch_s\" } }",
            "ttl: is `_ttl`, which is also in `marks.purge_at`; that one replaces it, keeps it and puts it back: take `ttl` out",
        ),
        (
            "ttl = \"deletion_kept\"",
            "ttl: names `deletion_kept`, which is also in `marks.kept`; take it out of one of the two",
        ),
        (
            r#"marks = { takes_off = ["kind"] }
            event = { type = "gone", group = "kind" }"#,
            "marks.takes_off: names `kind`, which is also in `event, recipients, keeps or aggregates`; take it out of one of the two",
        ),
    ] {
        assert_eq!(error(lines), message, "{lines}");
    }
}

#[test]
fn what_a_strategy_a_retention_or_a_route_does_not_do_is_refused() {
    let state = r#"marks = { state = { attribute = "s", deleted = 1, live = [0] } }"#;
    let purge_at = r#"marks = { purge_at = { attribute = "_ttl", type = "epoch_s" } }"#;
    let touch = r#"marks = { touch = { v = "+1" } }"#;
    let erase = |lines: &str| {
        let text = BASE.replace(
            "strategy = \"flag\"\nretention = \"30d\"",
            "strategy = \"erase\"",
        );
        errors_of(&format!("{text}{lines}\n"))
    };
    for (lines, key) in [(state, "marks.state"), (purge_at, "marks.purge_at")] {
        let expected = format!(
            "messages.{key}: is for rows that stay, marked, until they are purged; the strategy \"erase\" keeps nothing: take it out, or write \"flag\" or \"archive\""
        );
        assert!(erase(lines).ends_with(&expected), "{}", erase(lines));
    }
    assert_eq!(erase("ttl = \"expires\""), "");
    let adopt = r#"adopt = { deleted_at = "deletedAt" }"#;
    assert!(erase(adopt).ends_with(
        "messages.adopt: takes rows over that keep their mark until they are purged, and the strategy \"erase\" would remove them at once; take it out, or write \"flag\" or \"archive\""
    ));
    assert_eq!(error(adopt), "");
    assert_eq!(
        error("adopt = { deleted_by = \"by\" }"),
        "adopt.deleted_at: is missing; write it like `deleted_at = \"deletedAt\"`"
    );
    let never = BASE.replace("30d", "never");
    assert!(
        errors_of(&format!("{never}{purge_at}\n")).ends_with(
            "messages.marks.purge_at: says when a row is purged, but `retention` is \"never\"; write a time in `retention`, or take this out"
        )
    );
    for (lines, key) in [
        (state, "marks.state"),
        (purge_at, "marks.purge_at"),
        (touch, "marks.touch"),
    ] {
        assert_eq!(
            error(&format!("{lines}\nserve = [\"write\"]")),
            format!(
                "{key}: is written by the team's own programs, which a write of a client would pass by; take \"write\" out of `serve`"
            )
        );
    }
    assert_eq!(error("ttl = \"expires\"\nserve = [\"write\"]"), "");
}
