//! Children that stay when their parent goes, that keep it, or that get a new owner.

use domain::deletion::{Action, Deletion, State};
use domain::narrowing::Narrowing;
use requests::accept::AcceptError;
use requests::destroy::{DestroyRequest, Requested, destroy};
use serde_json::{Value, json};
use testing::samples::{key, key2};
use testing::{Moment, Operation};

use crate::engine::compare::compares::compared;
use crate::engine::world::{Ignore, World, admin};

/// Notes stay when their folder goes; a folder of somebody else keeps its own.
const FOLDERS: &str = r#"
[folders]
table       = "folders"
key         = ["folder_id"]
tenant      = { attribute = "owner", gsi = "by_owner" }
strategy    = "flag"
retention   = "30d"
permissions = { read = ["member"], delete = ["admin"], restore = ["admin"], purge = ["admin"] }

[notes]
table       = "notes"
key         = ["note_id"]
tenant      = { attribute = "owner", gsi = "by_owner" }
parent      = { collection = "folders", by = ["folder_id"], gsi = "by_folder", on_delete = "detach" }
strategy    = "flag"
retention   = "30d"
permissions = { read = ["member"], delete = ["admin"], restore = ["admin"], purge = ["admin"] }
"#;

/// An account stays while it has a live invoice.
const ACCOUNTS: &str = r#"
[accounts]
table       = "accounts"
key         = ["account_id"]
tenant      = { attribute = "owner", gsi = "by_owner" }
strategy    = "flag"
retention   = "30d"
permissions = { read = ["member"], delete = ["admin"], restore = ["admin"], purge = ["admin"] }

[invoices]
table       = "invoices"
key         = ["invoice_id"]
tenant      = { attribute = "owner", gsi = "by_owner" }
parent      = { collection = "accounts", by = ["account_id"], gsi = "by_account", on_delete = "restrict" }
strategy    = "flag"
retention   = "30d"
permissions = { read = ["member"], delete = ["admin"], restore = ["admin"], purge = ["admin"] }
"#;

/// Notifications come in groups, each with an owner.
const GROUPS: &str = r#"
[targets]
table       = "targets"
key         = ["target_id"]
tenant      = { attribute = "owner", gsi = "by_owner" }
strategy    = "flag"
retention   = "30d"
permissions = { read = ["member"], delete = ["admin"], restore = ["admin"], purge = ["admin"] }

[notifications]
table       = "notifications"
key         = ["target_id", "notification_id"]
tenant      = "owner"
strategy    = "flag"
retention   = "30d"
permissions = { read = ["member"], delete = ["admin"], restore = ["admin"], purge = ["admin"] }

[notifications.parent]
collection  = "targets"
by          = ["target_id"]
on_delete   = "promote"
promote     = { owner = "group_owner_id", by = "created_at", gsi = "by_group_owner" }
"#;

fn folders() -> World {
    let world = World::new(FOLDERS);
    for (folder, notes) in [("f", 30), ("g", 2)] {
        world.put("folders", &key(folder), None);
        for n in 0..notes {
            world.put(
                "notes",
                &key(&format!("{folder}-{n:02}")),
                Some(&key(folder)),
            );
        }
    }
    world
}

fn assert_detached(world: &World) {
    for n in 0..30 {
        let note = world.row("notes", &key(&format!("f-{n:02}"))).unwrap();
        assert_eq!(note.get("folder_id"), None);
        assert_eq!(note.get("deleted_at"), None);
    }
    let kept = world.row("notes", &key("g-01")).unwrap();
    assert_eq!(kept.get("folder_id"), Some(&json!("g")));
}

#[tokio::test]
async fn detached_children_stay_and_name_no_parent_any_more() {
    let world = folders();

    let deletion = world.accept("folders", &key("f")).await;
    world.come_to_rest().await;

    let ended = world.now(&deletion);
    assert_eq!(ended.state, State::Deleted);
    assert!(!ended.deleted.contains_key("notes"));
    assert_detached(&world);
}

/// A note that the index does not show when its folder is deleted.
async fn note_that_is_not_shown(strategy: &str) -> (World, Deletion) {
    let text = FOLDERS.replace("\"flag\"", &format!("\"{strategy}\""));
    let is_said = |line: &&str| strategy != "erase" || !line.starts_with("retention");
    let lines: Vec<&str> = text.lines().filter(is_said).collect();
    let world = World::new(&lines.join("\n"));
    world.put("folders", &key("f"), None);
    world.rows.lag();
    world.put("notes", &key("late"), Some(&key("f")));
    let deletion = world.accept("folders", &key("f")).await;
    world.come_to_rest().await;
    world.rows.settle();
    assert_eq!(folder_of_the_note(&world), Some(json!("f")), "not shown");
    (world, deletion)
}

fn folder_of_the_note(world: &World) -> Option<Value> {
    let note = world.row("notes", &key("late")).expect("it stays");
    note.get("folder_id").cloned()
}

#[tokio::test]
async fn a_child_that_the_index_did_not_show_is_detached_once_it_does() {
    for strategy in ["flag", "archive", "erase"] {
        for is_purged_at_once in [false, true] {
            let (world, deletion) = note_that_is_not_shown(strategy).await;
            if is_purged_at_once && world.now(&deletion).state == State::Deleted {
                world.act_and_rest(&deletion, Action::Purge).await;
            }

            let report = compared(&world, &deletion).await;

            let context = format!("{strategy}, purged: {is_purged_at_once}");
            assert_eq!((report.compared, report.drift_found), (1, 0), "{context}");
            assert_eq!(folder_of_the_note(&world), None, "{context}");
        }
    }
}

#[tokio::test]
async fn a_parent_that_is_there_again_keeps_its_children() {
    for strategy in ["flag", "archive", "erase"] {
        let (world, deletion) = note_that_is_not_shown(strategy).await;
        world.put("folders", &key("f"), None);

        compared(&world, &deletion).await;

        assert_eq!(folder_of_the_note(&world), Some(json!("f")), "{strategy}");
    }
}

/// Folders and notes that say when they were written; the deletion is accepted at 07:00.
fn dated_folders(strategy: &str) -> World {
    let dated = FOLDERS.replace(
        "permissions",
        "filters     = { time = \"created_at\" }\npermissions",
    );
    let text = dated.replace("\"flag\"", &format!("\"{strategy}\""));
    let is_said = |line: &&str| strategy != "erase" || !line.starts_with("retention");
    let lines: Vec<&str> = text.lines().filter(is_said).collect();
    let world = World::new(&lines.join("\n"));
    put_dated(&world, "folders", "f", EARLIER);
    world
}

const EARLIER: &str = "2026-11-21T06:00:00Z";
const LATER: &str = "2026-11-21T07:00:30Z";

/// A folder, or a note in `f`.
fn put_dated(world: &World, collection: &str, id: &str, at: &str) {
    let folder = key("f");
    let parent = (collection == "notes").then_some(&folder);
    let at = [("created_at", json!(at))];
    world.put_with(collection, &key(id), parent, &at);
}

fn assert_only_the_new_note_is_in_it(world: &World, context: &str) {
    for (note, folder) in [("old", None), ("new", Some(json!("f")))] {
        let row = world.row("notes", &key(note)).expect("it stays");
        assert_eq!(row.get("folder_id").cloned(), folder, "{context}: {note}");
    }
}

/// Otherwise they would be shown in a folder that they have never been in.
#[tokio::test]
async fn the_children_of_a_parent_do_not_stay_below_the_next_record_of_its_key() {
    for strategy in ["flag", "archive", "erase"] {
        let world = dated_folders(strategy);
        world.rows.lag();
        put_dated(&world, "notes", "old", EARLIER);
        let deletion = world.accept("folders", &key("f")).await;
        world.come_to_rest().await;
        world.rows.settle();
        if strategy == "flag" {
            world.act_and_rest(&deletion, Action::Purge).await;
        }
        put_dated(&world, "folders", "f", LATER);
        put_dated(&world, "notes", "new", LATER);

        compared(&world, &deletion).await;

        assert_only_the_new_note_is_in_it(&world, strategy);
    }
}

#[tokio::test]
async fn nor_if_its_worker_dies_when_the_parent_is_gone_and_its_key_is_taken() {
    for (strategy, removal) in [
        ("archive", Operation::TakeRows),
        ("erase", Operation::EraseRows),
    ] {
        let begun = async || {
            let world = dated_folders(strategy);
            put_dated(&world, "notes", "old", EARLIER);
            let deletion = world.accept("folders", &key("f")).await;
            let faults = world.faults();
            (world, deletion, faults)
        };
        let (world, deletion, faults) = begun().await;
        world.deliver(&faults, &deletion).await.unwrap().ignore();
        let log = faults.log();
        let at = log.iter().find(|call| call.operation == removal);
        let (world, deletion, faults) = begun().await;
        faults.crash_at(at.expect("it removes the row").number, Moment::After);
        let _dead = faults.until_crash(world.deliver(&faults, &deletion)).await;
        assert_eq!(world.row("folders", &key("f")), None, "{strategy}");
        put_dated(&world, "folders", "f", LATER);
        put_dated(&world, "notes", "new", LATER);

        world.come_to_rest().await;
        // One that is erased leaves no copy to know it by.
        if strategy == "erase" {
            compared(&world, &deletion).await;
        }

        assert_only_the_new_note_is_in_it(&world, strategy);
    }
}

#[tokio::test]
async fn detaching_that_is_killed_at_any_step_is_finished_later() {
    let steps = {
        let world = folders();
        let faults = world.faults();
        let deletion = world.accept("folders", &key("f")).await;
        world.deliver(&faults, &deletion).await.unwrap().ignore();
        faults.calls()
    };
    for step in 1..=steps {
        let world = folders();
        let faults = world.faults();
        let deletion = world.accept("folders", &key("f")).await;
        faults.crash_at(step, Moment::Midway);
        let _dead = faults.until_crash(world.deliver(&faults, &deletion)).await;
        world.come_to_rest().await;

        assert_eq!(world.now(&deletion).state, State::Deleted, "step {step}");
        assert_detached(&world);
    }
}

#[tokio::test]
async fn a_parent_with_a_live_child_is_refused_and_nothing_is_written() {
    let world = World::new(ACCOUNTS);
    world.put("accounts", &key("a"), None);
    world.put("invoices", &key("i"), Some(&key("a")));

    let refused = world.ask(&world.faults(), "accounts", &key("a")).await;

    assert!(
        matches!(&refused, Err(AcceptError::HasChildren(child)) if child.as_ref() == "invoices"),
        "{refused:?}"
    );
    assert!(world.deletions.all().is_empty());
    assert_eq!(world.marks("accounts", &key("a")).0.as_deref(), Some(""));
}

#[tokio::test]
async fn a_parent_whose_children_are_deleted_or_another_tenants_is_not_kept() {
    let world = World::new(ACCOUNTS);
    world.put("accounts", &key("a"), None);
    for n in 0..12 {
        let invoice = key(&format!("i-{n:02}"));
        world.put("invoices", &invoice, Some(&key("a")));
        world.accept("invoices", &invoice).await;
    }
    let mut foreign = world.live_row("invoices", &key("j"), Some(&key("a")));
    foreign.insert("owner".to_owned(), json!("globex"));
    world.put_row("invoices", foreign);

    let deletion = world.accept("accounts", &key("a")).await;
    world.come_to_rest().await;

    assert_eq!(world.now(&deletion).state, State::Deleted);
}

/// A target with a group of four, of which `n-1` is the owner, and a notification that is in no group.
fn group() -> World {
    group_of(GROUPS)
}

fn group_of(collections: &str) -> World {
    let world = World::new(collections);
    world.put("targets", &key("t"), None);
    for (id, owner, at) in [
        ("n-1", None, "1"),
        ("n-2", Some("n-1"), "4"),
        ("n-3", Some("n-1"), "2"),
        ("n-4", Some("n-1"), "3"),
        ("n-5", None, "5"),
    ] {
        let mut more = vec![("created_at", json!(at))];
        more.extend(owner.map(|owner| ("group_owner_id", json!(owner))));
        world.put_with("notifications", &key2("t", id), Some(&key("t")), &more);
    }
    world
}

fn owner(world: &World, id: &str) -> Option<serde_json::Value> {
    let row = world.row("notifications", &key2("t", id)).unwrap();
    row.get("group_owner_id").cloned()
}

#[tokio::test]
async fn the_oldest_remaining_member_of_a_group_becomes_its_owner() {
    let world = group();
    world.accept("notifications", &key2("t", "n-3")).await;
    world.come_to_rest().await;

    world.accept("notifications", &key2("t", "n-1")).await;
    world.come_to_rest().await;

    assert_eq!(owner(&world, "n-4"), None);
    assert_eq!(owner(&world, "n-2"), Some(json!("n-4")));
    assert_eq!(owner(&world, "n-3"), Some(json!("n-1")), "deleted before");
    assert_eq!(owner(&world, "n-5"), None);
}

#[tokio::test]
async fn the_oldest_by_a_number_is_the_smallest_number_and_not_the_smallest_text() {
    let world = group();
    for (id, at) in [
        ("n-2", json!(1_795_836_010)),
        ("n-3", json!(1_795_836_000.25)),
        ("n-4", json!(999_999_999)),
    ] {
        let mut row = world.row("notifications", &key2("t", id)).unwrap();
        row.insert("created_at".to_owned(), at);
        world.put_row("notifications", row);
    }

    world.accept("notifications", &key2("t", "n-1")).await;
    world.come_to_rest().await;

    assert_eq!(owner(&world, "n-4"), None, "the oldest");
    assert_eq!(owner(&world, "n-2"), Some(json!("n-4")));
    assert_eq!(owner(&world, "n-3"), Some(json!("n-4")));
}

#[tokio::test]
async fn a_record_costs_a_query_and_a_group_the_same_calls_however_many_members_it_has() {
    let delete = async |singles: usize, members: usize| {
        let world = World::new(GROUPS);
        world.put("targets", &key("t"), None);
        let owner = json!("o");
        for n in 0..members {
            let more = vec![
                ("created_at", json!(format!("{n:03}"))),
                ("group_owner_id", owner.clone()),
            ];
            let member = key2("t", &format!("m-{n:03}"));
            world.put_with("notifications", &member, Some(&key("t")), &more);
        }
        let singles = (0..singles).map(|n| key2("t", &format!("s-{n:03}")));
        let ids: Vec<_> = singles.chain([key2("t", "o")]).collect();
        for id in &ids {
            let more = [("created_at", json!("000"))];
            world.put_with("notifications", id, Some(&key("t")), &more);
        }
        let request = DestroyRequest {
            principal: &admin(),
            collection: world.collection("notifications"),
            named: Requested::Ids { ids, author: None },
            whole: None,
            parent: None,
            filters: Narrowing::default(),
            as_of: None,
            expected_count: None,
            request_id: "request-1".to_owned(),
            once: None,
        };
        let destroyed = destroy(&world.api(&world.faults()), request).await;
        let deletion = *destroyed.expect("it is accepted").deletion;
        let faults = world.faults();
        world.deliver(&faults, &deletion).await.unwrap().ignore();
        assert_eq!(world.now(&deletion).state, State::Deleted);
        let of = [Operation::QueryRows, Operation::DetachRows];
        of.map(|operation| faults.count(operation))
    };

    let alone = delete(0, 1).await;
    let [queries, named] = delete(99, 20).await;

    assert_eq!((queries, alone[0]), (100, 1));
    // A group of one names nobody else.
    assert_eq!((named, alone[1]), (2, 1));
}

#[tokio::test]
async fn a_promotion_that_is_killed_at_any_step_ends_with_one_owner() {
    let steps = {
        let world = group();
        let faults = world.faults();
        let deletion = world.accept("notifications", &key2("t", "n-1")).await;
        world.deliver(&faults, &deletion).await.unwrap().ignore();
        faults.calls()
    };
    for step in 1..=steps {
        for moment in Moment::ALL {
            let world = group();
            let faults = world.faults();
            let deletion = world.accept("notifications", &key2("t", "n-1")).await;
            faults.crash_at(step, moment);
            let _dead = faults.until_crash(world.deliver(&faults, &deletion)).await;
            world.come_to_rest().await;

            let owners = ["n-2", "n-3", "n-4"].map(|id| owner(&world, id));
            let expected = [Some(json!("n-3")), None, Some(json!("n-3"))];
            assert_eq!(owners, expected, "step {step} {moment:?}");
        }
    }
}

/// What a delete has failed on is followed by what follows when its purge removes it.
#[tokio::test]
async fn the_owner_of_a_group_that_had_failed_has_a_successor_when_it_is_purged() {
    let document = "document    = { index = \"notifications\", id = \"{target_id}~{notification_id}\", fields = [] }";
    let key_of = "key         = [\"target_id\", \"notification_id\"]";
    let world = group_of(&GROUPS.replace(key_of, &format!("{key_of}\n{document}")));
    world.documents.reject("t~n-1", "mapper_parsing_exception");
    let deletion = world.accept("notifications", &key2("t", "n-1")).await;
    world.come_to_rest().await;
    assert_eq!(world.now(&deletion).state, State::DeleteFailed);
    assert_eq!(owner(&world, "n-2"), Some(json!("n-1")));
    world.documents.accept("t~n-1");

    let purged = world.act_and_rest(&deletion, Action::Purge).await;

    assert_eq!(purged.state, State::Purged);
    let owners = ["n-2", "n-3", "n-4"].map(|id| owner(&world, id));
    assert_eq!(owners, [Some(json!("n-3")), None, Some(json!("n-3"))]);
}

#[tokio::test]
async fn a_target_that_goes_takes_its_groups_along_without_promoting_anybody() {
    let world = group();
    let faults = world.faults();

    let deletion = world.accept("targets", &key("t")).await;
    world.deliver(&faults, &deletion).await.unwrap().ignore();

    assert_eq!(world.now(&deletion).deleted["notifications"].deleted, 5);
    assert_eq!(faults.count(Operation::DetachRows), 0);
    assert_eq!(owner(&world, "n-2"), Some(json!("n-1")));
}
