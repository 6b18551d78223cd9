//! Strategies, retentions, restores and rights: what they may say about each other.

use std::time::Duration;

use super::*;

/// [`BASE`] with another strategy in both collections.
fn base_of(strategy: &str) -> String {
    BASE.replace("\"flag\"", &format!("\"{strategy}\""))
}

fn messages(text: &str) -> Collection {
    Collections::for_tests(text)
        .get("messages")
        .unwrap()
        .clone()
}

#[test]
fn the_three_strategies_have_one_name_everywhere() {
    for (strategy, word) in [
        (Strategy::Flag, "flag"),
        (Strategy::Archive, "archive"),
        (Strategy::Erase, "erase"),
    ] {
        assert_eq!(strategy.as_str(), word);
        assert_eq!(
            serde_json::to_string(&strategy).unwrap(),
            format!("\"{word}\"")
        );
    }
    assert_eq!(messages(&base_of("archive")).strategy, Strategy::Archive);
}

#[test]
fn what_is_erased_is_not_kept() {
    let text = base_of("erase").replace("retention = \"30d\"\n", "");
    let erased = messages(&text);
    assert_eq!(
        (erased.strategy, erased.retention),
        (Strategy::Erase, Retention::AtOnce)
    );
    assert_eq!(
        erased
            .retention
            .purge_at("2026-11-21T07:00:00Z".parse().unwrap()),
        None
    );

    assert_eq!(
        errors_of(&base_of("erase")),
        "mail.toml:6: discussions.retention: is there, but the strategy \"erase\" keeps nothing; take it out\n\
         mail.toml:13: messages.retention: is there, but the strategy \"erase\" keeps nothing; take it out"
    );
}

#[test]
fn a_cascade_has_one_strategy() {
    refused(
        "strategy = \"flag\"",
        "strategy = \"archive\"",
        "mail.toml:12: messages.strategy: is \"flag\", but that of its parent discussions is \"archive\"; one deletion has one strategy: write the same",
    );
}

#[test]
fn a_cascade_is_restored_as_a_whole_or_never() {
    assert!(messages(BASE).restorable);
    let never = BASE.replace("retention", "restore = \"never\"\nretention");
    assert!(!messages(&never).restorable);

    assert_eq!(
        errors_of(&base_and("restore = \"never\"")),
        "mail.toml:17: messages.restore: is \"never\", but discussions, its parent, can be restored, and would come back without it; take it out, or write it there too"
    );
    refused(
        "retention",
        "restore = \"never\"\nretention",
        "mail.toml:9: messages.restore: is not there, but discussions, its parent, is never restored; write `restore = \"never\"` here too",
    );
    assert_eq!(
        errors_of(&base_and("restore = \"no\"")),
        "mail.toml:17: messages.restore: \"no\" is unknown; write \"never\""
    );
}

#[test]
fn nothing_is_said_about_a_restore_that_cannot_be() {
    let with = |line: &str| {
        errors_of(&format!(
            "[a]\ntable = \"a\"\nkey = [\"id\"]\ntenant = \"t\"\nstrategy = \"flag\"\nretention = \"1d\"\nrestore = \"never\"\n{line}\n"
        ))
    };

    assert_eq!(
        with("permissions = { restore = [\"admin\"] }"),
        "mail.toml:8: a.permissions.restore: grants what `restore = \"never\"` rules out; take one of the two out"
    );
    assert_eq!(
        with("live = \"null\""),
        "mail.toml:8: a.live: is for a restore, which `restore = \"never\"` rules out; take one of the two out"
    );
    assert_eq!(with("permissions = { restore = [] }"), "");
}

#[test]
fn a_live_row_may_have_an_explicit_null() {
    assert!(!messages(BASE).live_is_null);
    assert!(messages(&base_and("live = \"null\"")).live_is_null);
    assert_eq!(
        errors_of(&base_and("live = \"absent\"")),
        "mail.toml:17: messages.live: \"absent\" is unknown; write \"null\""
    );
}

#[test]
fn a_version_is_for_the_archive() {
    let archived = format!("{}version = \"v\"\n", base_of("archive"));
    assert_eq!(messages(&archived).version.as_deref(), Some("v"));

    assert_eq!(
        errors_of(&base_and("version = \"v\"")),
        "mail.toml:17: messages.version: is asked by the strategy \"archive\" only, and this one is \"flag\"; take it out"
    );
}

#[test]
fn an_author_may_have_a_time_limit() {
    let text = |permissions: &str, lines: &str| {
        base_and(lines).replace("{ read = [\"member\"] }", permissions)
    };
    let limited = "{ delete = [\"author\"], author_within = \"10m\" }";
    let all = "author = \"sender\"\nfilters = { time = \"sent_at\" }";

    let limit = messages(&text(limited, all));
    assert_eq!(
        limit.permissions.author_within,
        Some(Duration::from_mins(10))
    );
    assert_eq!(limit.filters.time.as_deref(), Some("sent_at"));

    assert_eq!(
        errors_of(&text(limited, "author = \"sender\"")),
        "mail.toml:16: messages.permissions.author_within: has no moment to count from; write `filters = { time = \"…\" }`, the attribute that says when the record was written"
    );
    assert_eq!(
        errors_of(&text(
            "{ author_within = \"10m\" }",
            "filters = { time = \"sent_at\" }"
        )),
        "mail.toml:16: messages.permissions.author_within: limits the author, but no attribute says who that is; write `author = \"…\"` in the collection"
    );
    assert_eq!(
        errors_of(&text(
            "{ delete = [\"admin\"], author_within = \"10m\" }",
            all
        )),
        "mail.toml:16: messages.permissions.author_within: limits the author, who may neither delete nor write; grant one of them to author, or take it out"
    );
    assert_eq!(
        errors_of(&text(
            "{ delete = [\"author\"], author_within = \"never\" }",
            all
        )),
        "mail.toml:16: messages.permissions.author_within: \"never\" is no time; write one like \"10m\", or leave it out where there is no limit"
    );
    assert_eq!(
        errors_of(&text(
            "{ delete = [\"author\"], author_within = \"soon\" }",
            all
        )),
        "mail.toml:16: messages.permissions.author_within: \"soon\" is not a time; write a whole number and d, h, m or s, like \"30d\""
    );
}

#[test]
fn who_may_write_is_who_may_delete_unless_it_is_said() {
    let write = |permissions: &str| {
        let text = base_and("author = \"sender\"").replace("{ read = [\"member\"] }", permissions);
        messages(&text).permissions.write
    };

    assert_eq!(
        write("{ delete = [\"ops\", \"author\"] }"),
        [Grant::Group("ops".into()), Grant::Author]
    );
    assert_eq!(
        write("{ delete = [\"ops\"], write = [\"member\"] }"),
        [Grant::Member]
    );
    assert_eq!(write("{ delete = [\"ops\"], write = [] }"), []);
}

#[test]
fn the_records_of_many_authors_are_not_deleted_as_their_author() {
    refused(
        "{ read = [\"member\"] }",
        "{ destroy_all = [\"author\"] }",
        "mail.toml:16: messages.permissions.destroy_all: \"author\" cannot destroy_all: a deletion is of many records, and has no author; write member or a group",
    );
    let allowed = base_with("{ read = [\"member\"] }", "{ destroy_all = [\"admin\"] }");
    assert_eq!(
        messages(&allowed).permissions.destroy_all,
        [Grant::Group("admin".into())]
    );
}

#[test]
fn groups_are_denied_and_nobody_else() {
    let denied = base_with("{ read = [\"member\"] }", "{ deny = [\"guest\", \"bot\"] }");
    assert_eq!(messages(&denied).permissions.deny, ["guest", "bot"]);

    for word in ["member", "author"] {
        refused(
            "{ read = [\"member\"] }",
            &format!("{{ deny = [\"{word}\"] }}"),
            &format!(
                "mail.toml:16: messages.permissions.deny: \"{word}\" is no group; write the groups that may do nothing"
            ),
        );
    }
}

#[test]
fn a_status_has_values_and_none_of_a_deletion() {
    let status = |allowed: &str| {
        errors_of(&base_and(&format!(
            "status = {{ attribute = \"status\", allowed = {allowed} }}"
        )))
    };

    assert_eq!(status("[\"ACTIVE\"]"), "");
    for state in ["PENDING_DELETE", "DELETE_FAILED", "DELETED", "PURGED"] {
        assert_eq!(
            status(&format!("[\"ACTIVE\", \"{state}\"]")),
            format!(
                "mail.toml:17: messages.status.allowed: \"{state}\" is a state of a deletion, which clients cannot write; take it out"
            )
        );
    }
    assert_eq!(
        status("[]"),
        "mail.toml:17: messages.status.allowed: is empty, so no record could be written; name the values that clients may write"
    );
    assert_eq!(
        errors_of(&base_and(
            "status = { attribute = \"deleted_by\", allowed = [\"A\"] }"
        )),
        "mail.toml:8: messages.marks.deleted_by: is `deleted_by`, which is also in `status`; give the mark a name of its own"
    );
}
