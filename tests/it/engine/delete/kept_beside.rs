//! Marks that replace what a row has: a word, a TTL, a version. Whatever happens to the worker or to the row, what was
//! there is put back, once.

use domain::deletion::{Action, Deletion, State};
use domain::page::Outcome;
use requests::OnPublishFailure;
use serde_json::{Map, Value, json};
use testing::samples::{key, key2};
use testing::{Fault, Faults, Moment, Operation};

use crate::engine::accept::accepting::word;
use crate::engine::disturbed::crashes::ends_the_same_wherever_killed;
use crate::engine::world::{World, admin, ask};

/// Folders with notes, each in a table of its own.
fn world(strategy: &str) -> World {
    let world = World::new(&format!(
        r#"
        [folders]
        table       = "folders"
        key         = ["folder"]
        tenant      = "owner"
        strategy    = "{strategy}"
        retention   = "30d"
        ttl         = "expires"
        permissions = {{ delete = ["admin"], restore = ["admin"], purge = ["admin"] }}
        marks       = {{ touch = {{ version = "+1" }} }}

        [notes]
        table       = "notes"
        key         = ["folder", "note"]
        tenant      = "owner"
        parent      = {{ collection = "folders", by = ["folder"], on_delete = "cascade" }}
        strategy    = "{strategy}"
        retention   = "30d"
        permissions = {{ delete = ["admin"], restore = ["admin"], purge = ["admin"] }}
        [notes.marks]
        deleted_at  = {{ attribute = "deletedAt", type = "epoch_ms" }}
        state       = {{ attribute = "_deleted", deleted = true, live = [false, "null", "absent"], busy = ["LOCKED"] }}
        purge_at    = {{ attribute = "_ttl", type = "epoch_s" }}
        touch       = {{ _version = "+1" }}
        takes_off   = ["gsi1pk"]
        "#
    ));
    world.put_row(
        "folders",
        with(
            &world,
            "folders",
            &key("f"),
            &json!({ "expires": 1_796_036_000, "version": 1 }),
        ),
    );
    for (note, more) in [
        ("1", json!({ "_version": 1, "gsi1pk": "notes#1" })),
        ("2", json!({ "_version": 2, "_deleted": false, "_ttl": 5 })),
        (
            "3",
            json!({ "_version": 3, "_deleted": null, "deletedAt": null }),
        ),
    ] {
        let row = with(&world, "notes", &key2("f", note), &more);
        world.put_row("notes", row);
    }
    world
}

fn with(
    world: &World,
    name: &str,
    key: &domain::key::RecordKey,
    more: &Value,
) -> Map<String, Value> {
    let mut row = world.live_row(name, key, None);
    row.extend(more.as_object().cloned().unwrap());
    row
}

fn all(world: &World) -> Vec<Option<Map<String, Value>>> {
    let all = world.everything();
    all.iter().map(|(name, key)| world.row(name, key)).collect()
}

/// The same rows, with versions that are higher by so much.
fn raised(rows: &[Option<Map<String, Value>>], by: i64) -> Vec<Option<Map<String, Value>>> {
    let mut rows = rows.to_vec();
    for row in rows.iter_mut().flatten() {
        for name in ["version", "_version"] {
            if let Some(version) = row.get(name).and_then(Value::as_i64) {
                row.insert(name.to_owned(), json!(version + by));
            }
        }
    }
    rows
}

async fn deleted(world: &World) -> Deletion {
    let deletion = world.accept("folders", &key("f")).await;
    world.come_to_rest().await;
    assert_eq!(world.now(&deletion).state, State::Deleted);
    deletion
}

fn change(world: &World, name: &str, key: &domain::key::RecordKey, more: &Value) {
    let mut row = world.row(name, key).unwrap();
    row.extend(more.as_object().cloned().unwrap());
    world.rows.put(world.collection(name), row);
}

#[tokio::test]
async fn a_restore_gives_every_row_back_exactly_and_raises_each_version_twice() {
    for strategy in ["flag", "archive"] {
        let world = world(strategy);
        let before = all(&world);

        let deletion = deleted(&world).await;
        let restored = world.act_and_rest(&deletion, Action::Restore).await;

        assert_eq!(restored.state, State::Restored, "{strategy}");
        assert_eq!(all(&world), raised(&before, 2), "{strategy}");
    }
}

#[tokio::test]
async fn a_purge_removes_what_carries_a_mark_in_other_words() {
    for strategy in ["flag", "archive"] {
        let world = world(strategy);
        let deletion = deleted(&world).await;

        let purged = world.act_and_rest(&deletion, Action::Purge).await;

        assert_eq!(purged.state, State::Purged, "{strategy}");
        assert!(world.everything().is_empty(), "{strategy}");
    }
}

#[tokio::test]
async fn a_delete_that_is_killed_at_any_call_keeps_what_was_there_and_raises_each_version_once() {
    for strategy in ["flag", "archive"] {
        let start = async || {
            let mut world = world(strategy);
            world.page_keys = 2;
            let deletion = world.accept("folders", &key("f")).await;
            (world, deletion)
        };
        let seen = |world: &World, _: &Deletion| {
            let copies = world.rows.copies();
            let copies = copies.into_iter().map(|(deletion, name, key)| {
                world
                    .rows
                    .copy_of(deletion, world.collection(name.as_ref()), &key)
            });
            let mut rows: Vec<_> = all(world).into_iter().chain(copies).flatten().collect();
            for row in &mut rows {
                row.retain(|name, _| {
                    name != "deletion_id" && name != "deletedAt" && name != "deleted_at"
                });
            }
            rows
        };

        let expected = ends_the_same_wherever_killed(strategy, start, seen).await;

        let kept: Vec<_> = expected.iter().map(|row| &row["deletion_kept"]).collect();
        for value in [
            json!({ "expires": 1_796_036_000 }),
            json!({ "gsi1pk": "notes#1" }),
            json!({ "_deleted": false, "_ttl": 5 }),
            json!({ "_deleted": null }),
        ] {
            assert!(kept.contains(&&value), "{strategy}: {kept:?}");
        }
    }
}

#[tokio::test]
async fn a_restore_that_is_killed_at_any_call_gives_every_row_back_once() {
    for strategy in ["flag", "archive"] {
        let before = all(&world(strategy));
        let start = async || {
            let mut world = world(strategy);
            world.page_keys = 2;
            let deletion = deleted(&world).await;
            world.act(&deletion, Action::Restore).await.unwrap();
            (world, deletion)
        };
        let seen = |world: &World, deletion: &Deletion| (world.now(deletion).state, all(world));

        let end = ends_the_same_wherever_killed(strategy, start, seen).await;

        assert_eq!(end, (State::Restored, raised(&before, 2)), "{strategy}");
    }
}

#[tokio::test]
async fn a_row_that_is_busy_below_a_deleted_one_fails_and_a_retry_takes_it_when_that_is_over() {
    for strategy in ["flag", "archive"] {
        let world = world(strategy);
        change(
            &world,
            "notes",
            &key2("f", "2"),
            &json!({ "_deleted": "LOCKED" }),
        );
        let deletion = world.accept("folders", &key("f")).await;
        world.come_to_rest().await;
        let failed = world.now(&deletion);
        assert_eq!(failed.state, State::DeleteFailed, "{strategy}");
        assert_eq!(failed.deleted["notes"].failed, 1, "{strategy}");
        let manifest = world.deletions.manifest(&deletion);
        let reasons: Vec<_> = manifest
            .iter()
            .flat_map(|(_, exceptions)| exceptions.deleted.values())
            .collect();
        assert!(
            matches!(reasons[..], [Outcome::Failed { reason }, ..] if reason.starts_with("ROW_BUSY: ")),
            "{reasons:?}"
        );
        change(
            &world,
            "notes",
            &key2("f", "2"),
            &json!({ "_deleted": false }),
        );

        let again = world.act_and_rest(&deletion, Action::Retry).await;

        assert_eq!(again.state, State::Deleted, "{strategy}");
        assert_eq!(again.deleted["notes"].deleted, 3, "{strategy}");
    }
}

#[tokio::test]
async fn a_busy_root_is_refused_and_never_answered_as_deleted() {
    let world = world("flag");
    let note = key2("f", "2");
    change(&world, "notes", &note, &json!({ "_deleted": "LOCKED" }));
    let before = world.row("notes", &note);

    let answer = world.ask(&world.faults(), "notes", &note).await;

    assert_eq!(word(&answer), "busy");
    assert_eq!(world.row("notes", &note), before);
}

/// Does something to the root right before the nth call of this operation.
fn beside(world: &World, faults: &Faults, operation: Operation, change_of: Value) {
    let beside = world.clone();
    faults.beside(operation, 1, Moment::Before, move || {
        change(&beside, "folders", &key("f"), &change_of);
    });
}

#[tokio::test]
async fn a_ttl_of_the_root_that_changes_while_it_is_accepted_is_the_one_that_is_kept() {
    let world = world("flag");
    let faults = world.faults();
    beside(&world, &faults, Operation::Accept, json!({ "expires": 7 }));

    let answer = world.ask(&faults, "folders", &key("f")).await;

    assert_eq!(word(&answer), "scheduled");
    let row = world.row("folders", &key("f")).unwrap();
    assert_eq!(row["deletion_kept"], json!({ "expires": 7 }));
    assert!(!row.contains_key("expires"));
}

#[tokio::test]
async fn a_root_that_its_owner_changes_at_the_end_of_a_restore_is_read_again() {
    let world = world("flag");
    let deletion = deleted(&world).await;
    world.act(&deletion, Action::Restore).await.unwrap();
    let faults = world.faults();
    beside(
        &world,
        &faults,
        Operation::FinishRestore,
        json!({ "expires": 9, "version": 20 }),
    );

    let _ended = world.deliver(&faults, &deletion).await.unwrap();

    assert_eq!(world.now(&deletion).state, State::Restored);
    let row = world.row("folders", &key("f")).unwrap();
    assert_eq!((&row["expires"], &row["version"]), (&json!(9), &json!(21)));
    assert!(!row.contains_key("deletion_kept"));
}

#[tokio::test]
async fn an_acceptance_that_is_rolled_back_puts_back_what_it_has_taken_off() {
    let world = world("flag");
    let before = all(&world);
    let faults = world.faults();
    faults.fail(Operation::Send, .., Fault::Unavailable(Moment::Before));
    let mut api = world.api(&faults);
    api.on_publish_failure = OnPublishFailure::Rollback;

    let answer = ask(&api, &admin(), "folders", &key("f")).await;

    assert_eq!(word(&answer), "taken back");
    let row = world.row("folders", &key("f")).unwrap();
    assert_eq!(row["expires"], json!(1_796_036_000));
    assert_eq!(row.len(), before[0].as_ref().unwrap().len());
}

#[tokio::test]
async fn an_owner_who_writes_the_word_of_a_live_row_has_taken_the_row_back() {
    let world = world("flag");
    let deletion = deleted(&world).await;
    let note = key2("f", "2");
    change(&world, "notes", &note, &json!({ "_deleted": false }));
    let taken_back = world.row("notes", &note);

    let restored = world.act_and_rest(&deletion, Action::Restore).await;

    assert_eq!(restored.state, State::Restored);
    assert_eq!(world.row("notes", &note), taken_back);
}

#[tokio::test]
async fn an_owner_who_marks_a_row_anew_keeps_it_from_the_purge() {
    let world = world("flag");
    let deletion = deleted(&world).await;
    let note = key2("f", "2");
    change(
        &world,
        "notes",
        &note,
        &json!({ "deletedAt": "2026-11-22" }),
    );

    let purged = world.act_and_rest(&deletion, Action::Purge).await;

    assert_eq!(purged.purged["notes"].kept, 1);
    assert!(world.row("notes", &note).is_some());
}

#[tokio::test]
async fn what_could_not_be_put_back_fails_before_anything_is_written() {
    let world = world("flag");
    let note = key2("f", "1");
    change(&world, "notes", &note, &json!({ "gsi1pk": ["a"] }));
    let before = world.row("notes", &note);

    let deletion = world.accept("folders", &key("f")).await;
    world.come_to_rest().await;

    assert_eq!(world.now(&deletion).deleted["notes"].failed, 1);
    assert_eq!(world.row("notes", &note), before);
}
