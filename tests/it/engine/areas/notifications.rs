//! The shipped `notifications.toml`: many are deleted by what they have in common, and nothing else is.

use std::collections::BTreeMap;

use domain::deletion::{Action, State};
use domain::page::Outcome;
use serde_json::{Map, Value, json};
use testing::samples::{key, key2};
use testing::{Moment, Operation};

use super::asking::{Asked, by, put};
use super::{shipped, text_of};
use crate::engine::world::{Ignore as _, World};

/// Two targets with the same six notifications.
fn notifications() -> World {
    notifications_of(&text_of("notifications.toml"))
}

fn notifications_of(collections: &str) -> World {
    let world = World::new(collections);
    for target in ["t", "u"] {
        world.put("targets", &key(target), None);
        for (number, more) in [
            json!({"kind": "comment", "group_type": "article", "group_id": "7", "event_key": "comment.created"}),
            json!({"kind": "comment", "group_type": "article", "group_id": "8", "event_key": "comment.answered", "opened_at": "2026-11-21T06:30:00Z"}),
            json!({"kind": "mention", "group_type": "page", "group_id": "7", "event_key": "comment.created", "opened_at": null}),
            json!({"kind": "mention", "sent_at": "2026-11-21T06:00:00.121Z", "opened_at": "2026-11-21T06:30:00Z"}),
            json!({"kind": "mention", "sent_at": 1_795_240_800_119_i64}),
            json!({"kind": "reminder", "sent_at": "soon"}),
        ]
        .iter()
        .enumerate()
        {
            put(&world, target, &format!("{target}{number}"), more);
        }
    }
    world
}

fn records(world: &World) -> BTreeMap<String, Value> {
    let all = world.everything().into_iter().map(|(collection, key)| {
        let name = format!("{collection} {}", json!(key));
        let both = [
            world.row(&collection, &key).map(Value::Object),
            world.document(&collection, &key).map(Value::Object),
        ];
        (name, json!(both))
    });
    all.collect()
}

#[tokio::test]
async fn each_filter_alone_and_all_together_delete_the_named_targets_and_no_other() {
    for (filters, expected) in [
        (json!({"type": "comment"}), vec!["t0", "t1"]),
        (
            json!({"group_type": "article", "group_id": "7"}),
            vec!["t0"],
        ),
        (json!({"key": "comment.created"}), vec!["t0", "t2"]),
        (
            json!({"later_than": "2026-11-21T06:00:00.120Z"}),
            vec!["t3"],
        ),
        (
            json!({"later_than": "2026-11-21T06:00:00.119Z"}),
            vec!["t0", "t1", "t2", "t3"],
        ),
        (
            json!({"earlier_than": "2026-11-21T06:00:00.120Z"}),
            vec!["t4"],
        ),
        (
            json!({"earlier_than": "2026-11-21T06:00:00.121Z"}),
            vec!["t0", "t1", "t2", "t4"],
        ),
        (
            json!({"later_than": "2026-11-21T06:00:00.119Z", "earlier_than": "2026-11-21T06:00:00.121Z"}),
            vec!["t0", "t1", "t2"],
        ),
        (json!({"opened": true}), vec!["t1", "t3"]),
        (json!({"opened": false}), vec!["t0", "t2", "t4", "t5"]),
        (json!({"type": "comment", "opened": true}), vec!["t1"]),
        (
            json!({
                "type": "comment", "group_type": "article", "group_id": "8", "key": "comment.answered", "opened": true,
                "later_than": "2026-11-21T05:00:00Z", "earlier_than": "2026-11-21T06:30:00Z",
            }),
            vec!["t1"],
        ),
        (json!({"type": "comment", "key": "none"}), vec![]),
        (Value::Null, vec!["t0", "t1", "t2", "t3", "t4", "t5"]),
    ] {
        let world = notifications();
        let asked = by(filters.clone());
        let preview = world.preview_asked(&asked).await;

        let deletion = world.destroyed(&asked).await;

        assert_eq!(deletion.state, State::Deleted);
        assert_eq!(world.marked_notifications(), expected, "{filters}");
        let counts = world.counts(&deletion, "notifications");
        let counted = u64::try_from(expected.len()).unwrap();
        assert_eq!(
            (counts.selected, counts.deleted),
            (counted, counted),
            "{filters}"
        );
        assert_eq!(
            (preview.count, preview.exact),
            (expected.len(), true),
            "{filters}"
        );
        let told = world.outcomes(&deletion);
        let expected: BTreeMap<String, Outcome> = expected
            .iter()
            .map(|id| (format!("notifications {id}"), Outcome::Deleted))
            .collect();
        assert_eq!(told, expected, "{filters}");
    }
}

#[tokio::test]
async fn ids_and_a_filter_that_does_not_match_delete_nothing_and_a_matching_one_what_matches() {
    let ids = || {
        ["t0", "t1", "u0", "none"]
            .map(|id| key2(&id[..1], id))
            .to_vec()
    };
    for (filters, parent, expected) in [
        (json!({"key": "none"}), None, vec![]),
        (json!({"type": "comment"}), Some("t"), vec!["t0", "t1"]),
        (json!({"opened": false}), None, vec!["t0", "u0"]),
    ] {
        let world = notifications();
        let asked = Asked {
            filters,
            ids: Some(ids()),
            parent,
        };

        let deletion = world.destroyed(&asked).await;

        assert_eq!(world.marked_notifications(), expected);
        let counts = world.counts(&deletion, "notifications");
        assert_eq!(counts.missing, 4 - counts.deleted);
        assert_eq!(
            world.preview_asked(&asked).await.count,
            0,
            "all of it is deleted"
        );
    }
}

#[tokio::test]
async fn an_id_of_another_target_or_tenant_is_missing_like_one_that_does_not_exist() {
    let world = notifications();
    let mut row = world.row("notifications", &key2("t", "t1")).unwrap();
    row.insert("account_id".to_owned(), json!("globex"));
    world.put_row("notifications", row);
    let asked = Asked {
        ids: Some(vec![
            key2("t", "t0"),
            key2("t", "t1"),
            key2("u", "u0"),
            key2("t", "x"),
        ]),
        ..by(json!({"type": "comment"}))
    };

    let deletion = world.destroyed(&asked).await;

    let told = world.outcomes(&deletion);
    assert_eq!(told["notifications t0"], Outcome::Deleted);
    for missing in ["t1", "u0", "x"] {
        assert_eq!(told[&format!("notifications {missing}")], Outcome::Missing);
    }
    assert_eq!(world.marked_notifications(), ["t0"]);
}

#[tokio::test]
async fn one_that_arrives_after_the_request_survives_delete_all() {
    let world = notifications();
    let deletion = world.destroy_asked(&world.faults(), &by(Value::Null)).await;
    let deletion = deletion.unwrap();
    put(
        &world,
        "t",
        "t9",
        &json!({"sent_at": "2026-11-21T07:00:00.001Z"}),
    );

    world.come_to_rest().await;

    assert_eq!(world.now(&deletion).state, State::Deleted);
    assert_eq!(
        world.marked_notifications(),
        ["t0", "t1", "t2", "t3", "t4", "t5"]
    );
}

#[tokio::test]
async fn one_that_arrives_during_the_delete_is_deleted_and_counted_or_neither() {
    for query in 1..=6 {
        let mut world = notifications();
        world.page_keys = 2;
        let deletion = world.destroy_asked(&world.faults(), &by(Value::Null)).await;
        let deletion = deletion.unwrap();
        let faults = world.faults();
        let beside = world.clone();
        faults.beside(Operation::QueryRows, query, Moment::Before, move || {
            put(&beside, "t", "t15", &json!({}));
            put(&beside, "t", "t99", &json!({}));
            put(
                &beside,
                "t",
                "t98",
                &json!({"sent_at": "2026-11-21T07:00:00.001Z"}),
            );
        });
        world.deliver(&faults, &deletion).await.unwrap().ignore();
        world.come_to_rest().await;

        let told: Vec<String> = world.outcomes(&deletion).into_keys().collect();
        let marked = world.marked_notifications();
        let marked: Vec<String> = marked
            .iter()
            .map(|id| format!("notifications {id}"))
            .collect();
        assert_eq!(told, marked, "{query}");
        let count = u64::try_from(told.len()).unwrap();
        assert_eq!(world.counts(&deletion, "notifications").deleted, count);
        assert!(!marked.contains(&"notifications t98".to_owned()), "{query}");
    }
}

#[tokio::test]
async fn deleting_all_again_when_all_is_deleted_writes_nothing_to_the_records() {
    let world = notifications();
    world.destroyed(&by(Value::Null)).await;
    let before = records(&world);

    let again = world.destroyed(&by(Value::Null)).await;

    assert_eq!(again.state, State::Deleted);
    assert_eq!(records(&world), before);
    let counts = world.counts(&again, "notifications");
    assert_eq!(
        (counts.selected, counts.deleted, counts.already_deleted),
        (0, 0, 0)
    );
    assert_eq!(again.pages, 0);
}

#[tokio::test]
async fn a_restore_of_a_delete_by_filters_brings_back_exactly_what_it_deleted() {
    let world = notifications();
    let before = records(&world);
    world.destroyed(&by(json!({"opened": true}))).await;
    let between = records(&world);
    let deletion = world.destroyed(&by(json!({"type": "mention"}))).await;
    assert_eq!(world.marked_notifications(), ["t1", "t2", "t3", "t4"]);

    let restored = world.act_and_rest(&deletion, Action::Restore).await;

    assert_eq!(restored.state, State::Restored);
    assert_eq!(world.marked_notifications(), ["t1", "t3"]);
    assert_eq!(records(&world), between);
    assert_ne!(before, between);
}

#[tokio::test]
async fn those_that_cannot_be_deleted_are_named_and_a_retry_touches_only_them() {
    let world = notifications();
    // Its document's id would be another record's.
    put(&world, "t", "t\u{1f}6", &json!({"kind": "comment"}));
    let failed = world.destroyed(&by(json!({"type": "comment"}))).await;

    assert_eq!(failed.state, State::DeleteFailed);
    let told = world.outcomes(&failed);
    assert_eq!(told["notifications t0"], Outcome::Deleted);
    assert_eq!(told["notifications t1"], Outcome::Deleted);
    assert!(matches!(
        told["notifications t\u{1f}6"],
        Outcome::Failed { .. }
    ));
    let before = records(&world);
    world.act(&failed, Action::Retry).await.unwrap();
    let faults = world.faults();
    world.deliver(&faults, &failed).await.unwrap().ignore();

    assert_eq!(faults.count(Operation::MarkDocuments), 0);
    assert_eq!(records(&world), before);
    assert_eq!(world.now(&failed).state, State::DeleteFailed);
}

#[tokio::test]
async fn what_is_opened_or_moved_before_its_page_is_done_again_is_not_deleted() {
    let world = notifications();
    let deletion = world
        .destroy_asked(&world.faults(), &by(json!({"opened": false})))
        .await;
    let deletion = deletion.unwrap();
    let faults = world.faults();
    // The page is written, and the worker dies before any row is marked.
    faults.fail(
        Operation::MarkRows,
        1..=1,
        testing::Fault::Unavailable(Moment::Before),
    );
    let _ = world.deliver(&faults, &deletion).await;
    let mut opened = world.row("notifications", &key2("t", "t0")).unwrap();
    opened.insert("opened_at".to_owned(), json!("2026-11-21T07:00:00Z"));
    world.put_row("notifications", opened);

    world.come_to_rest().await;

    assert_eq!(world.marked_notifications(), ["t2", "t4", "t5"]);
}

#[tokio::test]
async fn a_filter_that_the_file_has_lost_since_deletes_nothing() {
    let mut world = notifications();
    let deletion = world
        .destroy_asked(&world.faults(), &by(json!({"opened": false})))
        .await;
    let deletion = deletion.unwrap();
    let text = text_of("notifications.toml");
    let without: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with("opened "))
        .collect();
    world.collections = std::sync::Arc::new(domain::collection::Collections::for_tests(
        &without.join("\n"),
    ));

    world.come_to_rest().await;

    assert_eq!(world.now(&deletion).state, State::Deleted);
    assert_eq!(world.marked_notifications(), Vec::<String>::new());
}

#[tokio::test]
async fn notifications_go_with_their_target_and_come_back_with_it() {
    let world = notifications();

    let deletion = world.delete_and_rest("targets", &key("t")).await;

    assert_eq!(
        world.marked_notifications(),
        ["t0", "t1", "t2", "t3", "t4", "t5"]
    );
    let restored = world.act_and_rest(&deletion, Action::Restore).await;
    assert_eq!(restored.state, State::Restored);
    assert_eq!(world.marked_notifications(), Vec::<String>::new());
}

#[tokio::test]
async fn a_target_with_notifications_is_kept_where_the_file_says_restrict() {
    let text = text_of("notifications.toml").replace("\"promote\"", "\"restrict\"");
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with("promote "))
        .collect();
    let world = notifications_of(&lines.join("\n"));

    let refused = world.ask(&world.faults(), "targets", &key("t")).await;

    assert!(
        matches!(refused, Err(requests::accept::AcceptError::HasChildren(_))),
        "{refused:?}"
    );
    assert!(world.deletions.all().is_empty());
    world.destroyed(&by(Value::Null)).await;
    let deletion = world.delete_and_rest("targets", &key("t")).await;
    assert_eq!(deletion.state, State::Deleted);
}

#[tokio::test]
async fn the_oldest_remaining_member_of_a_group_becomes_its_owner() {
    let world = shipped("notifications.toml");
    world.put("targets", &key("t"), None);
    put(
        &world,
        "t",
        "owner",
        &json!({"kind": "comment", "sent_at": "2026-11-21T06:00:00Z"}),
    );
    for (id, minute, kind) in [
        ("m1", 3, "mention"),
        ("m2", 1, "comment"),
        ("m3", 2, "mention"),
    ] {
        let sent_at = format!("2026-11-21T06:0{minute}:00Z");
        put(
            &world,
            "t",
            id,
            &json!({"kind": kind, "sent_at": sent_at, "group_owner_id": "owner"}),
        );
    }

    world.destroyed(&by(json!({"type": "comment"}))).await;

    assert_eq!(world.marked_notifications(), ["m2", "owner"]);
    let owner_of = |id: &str| {
        let row: Map<String, Value> = world.row("notifications", &key2("t", id)).unwrap();
        row.get("group_owner_id").cloned()
    };
    assert_eq!(owner_of("m3"), None, "the oldest that is left");
    assert_eq!(owner_of("m1"), Some(json!("m3")));
}
