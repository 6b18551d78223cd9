//! Keys made of parts in the ways that a reader found broken once: on real tables, because only they show what a query
//! does not ask for.

use domain::deletion::{Action, State};
use domain::key::RecordKey;
use domain::narrowing::Narrowing;
use requests::destroy::{DestroyRequest, Requested, destroy};
use requests::records::{Below, list};
use serde_json::{Value, json};

use super::Attached;

/// A schema of one table with these key attributes and items.
fn schema(key: &[(&str, &str)], items: &[Value]) -> Value {
    let part = |place: usize| {
        let (name, kind) = key[place];
        json!({ "name": name, "type": kind })
    };
    let mut described = json!({ "hash": part(0) });
    if key.len() > 1 {
        described["range"] = part(1);
    }
    let items = items
        .iter()
        .map(|item| json!({ "table": "t", "item": item }));
    json!({
        "tables": [{ "name": "t", "key": described, "indexes": [] }],
        "items": items.collect::<Vec<_>>(),
    })
}

fn text(value: &str) -> Value {
    json!({ "S": value })
}

#[tokio::test]
async fn a_part_behind_one_that_is_unknown_is_compared_all_the_same() {
    let of = |pk: &str, sk: &str| json!({ "PK": text(pk), "SK": text(sk) });
    let schema = schema(
        &[("PK", "S"), ("SK", "S")],
        &[
            of("USER#u", "THREAD#t-1"),
            of("USER#u", "THREAD#t-2"),
            of("USER#u", "MSG#2026-01#t-1"),
            of("USER#u", "MSG#2026-02#t-2"),
            of("USER#u", "MSG#2026-03#t-10"),
        ],
    );
    let file = r#"
[threads]
table       = "t"
key         = [{ attribute = "PK", is = "USER#{user}" }, { attribute = "SK", is = "THREAD#{thread}" }]
tenant      = { part = "user" }
strategy    = "erase"
restore     = "never"
permissions = { delete = ["member"] }

[messages]
table       = "t"
key         = [{ attribute = "PK", is = "USER#{user}" }, { attribute = "SK", is = "MSG#{time}#{thread}" }]
tenant      = { part = "user" }
parent      = { collection = "threads", by = ["user", "thread"], on_delete = "cascade" }
strategy    = "erase"
restore     = "never"
"#;
    let table = Attached::of("threads", &schema, file, "u");

    let deletion = table.delete("threads", "t-1", None).await;

    assert_eq!(deletion.deleted["messages"].deleted, 1);
    let gone: Vec<Value> = table
        .changed()
        .into_iter()
        .map(|(_, item)| item["SK"].clone())
        .collect();
    assert_eq!(gone, [text("MSG#2026-01#t-1"), text("THREAD#t-1")]);
}

#[tokio::test]
async fn children_of_a_number_are_found_deleted_and_restored_below_it() {
    let of = |id: &str, line: &str| json!({ "order_id": { "N": id }, "line": text(line) });
    let schema = schema(
        &[("order_id", "N"), ("line", "S")],
        &[
            of("7", "HEAD#"),
            of("70", "HEAD#"),
            of("7", "LINE#1"),
            of("7", "LINE#2"),
            of("70", "LINE#1"),
        ],
    );
    let file = r#"
[orders]
table       = "t"
key         = [{ attribute = "order_id", type = "N" }, { attribute = "line", is = "HEAD#" }]
tenant      = { fixed = "main" }
strategy    = "flag"
retention   = "30d"
permissions = { delete = ["admin"], restore = ["admin"], purge = ["admin"] }

[lines]
table       = "t"
key         = [{ attribute = "order_id", type = "N" }, { attribute = "line", is = "LINE#{line_number}" }]
tenant      = { fixed = "main" }
parent      = { collection = "orders", by = ["order_id"], on_delete = "cascade", required = true }
strategy    = "flag"
retention   = "30d"
"#;
    let table = Attached::of("orders", &schema, file, "main");

    let deletion = table.delete("orders", "7", None).await;

    assert_eq!(deletion.state, State::Deleted);
    assert_eq!(deletion.deleted["lines"].deleted, 2);
    let changed = table.changed();
    assert!(
        changed
            .iter()
            .all(|(_, item)| item["order_id"] == json!({ "N": "7" }))
    );
    let restored = table.act(&deletion, Action::Restore).await;
    assert_eq!((restored.state, table.changed()), (State::Restored, vec![]));
    let again = table.delete("orders", "7", None).await;
    let purged = table.act(&again, Action::Purge).await;
    assert_eq!((purged.state, table.changed().len()), (State::Purged, 3));
}

#[tokio::test]
async fn a_detached_row_loses_the_composed_text_that_names_its_parent() {
    let mut schema = schema(
        &[("id", "S")],
        &[
            json!({ "id": text("SET#a#1") }),
            json!({ "id": text("G#1"), "set": text("a___1") }),
            json!({ "id": text("G#2"), "set": text("a___10") }),
        ],
    );
    schema["tables"][0]["indexes"] = json!([
        { "name": "by_set", "hash": { "name": "set", "type": "S" }, "projection": "ALL" }
    ]);
    let file = r#"
[sets]
table       = "t"
key         = [{ attribute = "id", is = "SET#{name}#{version}" }]
tenant      = { fixed = "main" }
strategy    = "flag"
retention   = "30d"
permissions = { delete = ["admin"], purge = ["admin"] }

[granules]
table       = "t"
key         = [{ attribute = "id", is = "G#{granule}" }]
tenant      = { fixed = "main" }
parts       = { set = "{name}___{version}" }
parent      = { collection = "sets", by = ["name", "version"], gsi = "by_set", on_delete = "detach" }
strategy    = "flag"
retention   = "30d"
"#;
    let table = Attached::of("sets", &schema, file, "main");

    let deletion = table.delete("sets", "a", Some("1")).await;

    assert_eq!(deletion.state, State::Deleted);
    let now = table.rows().remove(0).1;
    let of = |id: &str| now.iter().find(|item| item["id"] == text(id)).unwrap();
    assert_eq!(of("G#1").get("set"), None);
    assert_eq!(of("G#2")["set"], text("a___10"));
}

#[tokio::test]
async fn a_child_whose_text_begins_like_its_parents_and_cannot_be_read_fails_and_is_counted() {
    let of =
        |id: &str, thread: &str| json!({ "user": text("u"), "id": text(id), "at": text(thread) });
    let schema = schema(
        &[("user", "S"), ("id", "S")],
        &[
            json!({ "user": text("u"), "id": text("THREAD#t-1") }),
            of("MSG#1", "t-1#2026-01"),
            of("MSG#2", "t-1#2026#02"),
            of("MSG#3", "t-10#2026#03"),
            // The row of a kind that nobody declares.
            of("NOTE#1", "t-1#2026#04"),
        ],
    );
    for strategy in ["flag", "archive"] {
        let file = format!(
            r#"
[threads]
table       = "t"
key         = ["user", {{ attribute = "id", is = "THREAD#{{thread}}" }}]
tenant      = "user"
strategy    = "{strategy}"
retention   = "30d"
permissions = {{ delete = ["member"], purge = ["member"] }}

[messages]
table       = "t"
key         = ["user", {{ attribute = "id", is = "MSG#{{message}}" }}]
tenant      = "user"
parts       = {{ at = "{{of}}#{{time}}" }}
parent      = {{ collection = "threads", by = ["user", "of"], on_delete = "cascade" }}
strategy    = "{strategy}"
retention   = "30d"
"#
        );
        let table = Attached::of("threads", &schema, &file, "u");

        let deletion = table.delete("threads", "u", Some("t-1")).await;

        assert_eq!(deletion.state, State::DeleteFailed, "{strategy}");
        let counts = &deletion.deleted["messages"];
        assert_eq!((counts.deleted, counts.failed), (1, 1), "{strategy}");
        let changed = table.changed();
        let is_touched = |id: &str| changed.iter().any(|(_, item)| item["id"] == text(id));
        assert!(is_touched("MSG#1"), "{strategy}");
        for id in ["MSG#2", "MSG#3", "NOTE#1"] {
            assert!(!is_touched(id), "{strategy}: {id}");
        }
        let purged = table.act(&deletion, Action::Purge).await;
        assert_eq!(purged.state, State::PurgeFailed, "{strategy}");
        let now = table.rows().remove(0).1;
        let left = |id: &str| now.iter().any(|item| item["id"] == text(id));
        assert!(
            left("MSG#2") && left("THREAD#t-1"),
            "{strategy}: below a thread that stays"
        );
    }
}

#[tokio::test]
async fn a_delete_and_a_list_that_a_part_narrows_ask_the_table_for_it() {
    let of = |sk: &str| json!({ "PK": text("LOG#s"), "SK": text(sk) });
    let schema = schema(
        &[("PK", "S"), ("SK", "S")],
        &[
            of("HEAD"),
            of("2026-01#web#1"),
            of("2026-01#job#2"),
            of("2026-010#web#3"),
            of("2026-02#web#4"),
        ],
    );
    let file = r#"
[streams]
table       = "t"
key         = [{ attribute = "PK", is = "LOG#{stream}" }, { attribute = "SK", is = "HEAD" }]
tenant      = { fixed = "main" }
strategy    = "flag"
retention   = "30d"

[lines]
table       = "t"
key         = [{ attribute = "PK", is = "LOG#{stream}" }, { attribute = "SK", is = "{day}#{kind}#{line}" }]
tenant      = { fixed = "main" }
parent      = { collection = "streams", by = ["stream"], on_delete = "cascade" }
strategy    = "flag"
retention   = "30d"
filters     = { day = "day", kind = "kind" }
permissions = { read = ["member"], destroy_all = ["member"] }
"#;
    let table = Attached::of("logs", &schema, file, "main");
    let faults = table.on.faults();
    let (lines, principal) = (table.on.collection("lines"), &table.on.principal);
    let parent = RecordKey::stored("LOG#s", Some("HEAD"));
    let asked = json!({ "day": "2026-01", "kind": "web" });
    let filters = Narrowing::parse(asked.as_object().unwrap(), &lines.filters).unwrap();
    let conditions = filters.conditions(&lines.filters).unwrap();
    let below = Below {
        parent: Some(&parent),
        filters: &conditions,
    };

    let api = table.on.api(&faults);
    let listed = Box::pin(list(&api, principal, lines, below, 10, None)).await;
    let request = DestroyRequest {
        principal,
        collection: lines,
        named: Requested::Matching { beside: Vec::new() },
        whole: None,
        parent: Some(parent),
        filters,
        as_of: None,
        expected_count: None,
        request_id: "r".to_owned(),
        once: None,
    };
    let accepted = Box::pin(destroy(&api, request)).await.unwrap();
    let _ended = table
        .on
        .deliver(&faults, accepted.deletion.id)
        .await
        .unwrap();

    let shown: Vec<RecordKey> = listed
        .unwrap()
        .items
        .into_iter()
        .map(|row| row.key)
        .collect();
    assert_eq!(shown, [RecordKey::stored("LOG#s", Some("2026-01#web#1"))]);
    let deletion = table.on.read(accepted.deletion.id).await;
    assert_eq!(deletion.deleted["lines"].deleted, 1);
    let changed = table.changed();
    assert!(
        changed
            .iter()
            .all(|(_, item)| item["SK"] == text("2026-01#web#1")),
        "{changed:?}"
    );
}
