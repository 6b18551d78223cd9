//! A page that takes longer than a slice, whatever it is that takes so long: what a slice has found out and done, the next
//! one does not do again, so the page ends.

use std::time::Duration;

use domain::collection::Strategy;
use domain::deletion::{Action, Deletion, State};
use requests::destroy::Requested;
use serde_json::json;
use testing::Operation;
use testing::samples::{key, key2};

use crate::engine::effects::{REALMS, STREAMS};
use crate::engine::shared_records::world::{chat, live_files, put_link};
use crate::engine::world::strategies::sum;
use crate::engine::world::{Ignore as _, World, admin};

/// So many records are in the page.
const MANY: usize = 1000;

fn name(n: usize) -> String {
    format!("a{n:04}")
}

/// A deletion of these records of a collection, which lists them itself.
async fn listed(world: &World, collection: &str, ids: Vec<domain::key::RecordKey>) -> Deletion {
    let named = Requested::Ids { ids, author: None };
    world
        .destroy(&world.faults(), &admin(), collection, named, None)
        .await
        .expect("it is accepted")
}

/// Works on the deletion, slice by slice, with a store that takes so long for these calls; returns the number of slices.
async fn slices(world: &World, deletion: &Deletion, slow: &[(Operation, u64)]) -> usize {
    for slice in 1..=20 {
        let faults = world.faults();
        for (operation, milliseconds) in slow {
            faults.slow_at(*operation, Duration::from_millis(*milliseconds));
        }
        world.deliver(&faults, deletion).await.unwrap().ignore();
        let stands = world.now(deletion);
        if stands.state.working_pass().is_none() {
            return slice;
        }
        if stands.lease.is_some() {
            // The last call took so long that nothing could be stored any more.
            world.clock.advance(Duration::from_mins(2));
        }
    }
    panic!("it never ends: {:?}", world.now(deletion));
}

fn collection(name: &str, key: &str, more: &str) -> String {
    format!(
        r#"
[{name}]
table       = "{name}"
key         = [{key}]
tenant      = "owner"
strategy    = "flag"
retention   = "30d"
permissions = {{ delete = ["admin"], destroy_all = ["admin"], restore = ["admin"], purge = ["admin"] }}
{more}
"#
    )
}

/// Accounts stay while they have a live record in one of three collections.
fn accounts() -> World {
    let child = |name: &str| {
        let parent =
            r#"parent = { collection = "accounts", by = ["account_id"], on_delete = "restrict" }"#;
        let text = collection(name, r#""account_id", "id""#, parent);
        text.replace(r#", destroy_all = ["admin"]"#, "")
    };
    let all = [
        collection("accounts", r#""account_id""#, ""),
        child("cards"),
        child("invoices"),
        child("orders"),
    ];
    World::new(&all.concat())
}

/// A deletion of that many accounts, every `nth` of which has an order.
async fn listed_accounts(nth: usize) -> (World, Deletion) {
    let world = accounts();
    for n in 0..MANY {
        world.put("accounts", &key(&name(n)), None);
        if n % nth == 0 {
            world.put("orders", &key2(&name(n), "o"), Some(&key(&name(n))));
        }
    }
    let ids = (0..MANY).map(|n| key(&name(n))).collect();
    let deletion = listed(&world, "accounts", ids).await;
    (world, deletion)
}

#[tokio::test]
async fn records_whose_children_are_asked_for_end() {
    for nth in [1, 2, 100, MANY] {
        let (world, deletion) = listed_accounts(nth).await;

        let slices = slices(&world, &deletion, &[(Operation::QueryRows, 40)]).await;

        assert!((2..=6).contains(&slices), "{slices}, every {nth}th");
        let counts = world.counts(&deletion, "accounts");
        let kept = (MANY / nth) as u64;
        assert_eq!((counts.failed, counts.deleted), (kept, MANY as u64 - kept));
        let stands = world.now(&deletion);
        assert_eq!(stands.state, State::DeleteFailed);
        let part = world.deletions.exceptions_of(&deletion, 1).part;
        assert_eq!(part, None, "nothing is left of it");

        // A retry asks only for those that were kept, and that takes as long.
        world.act(&deletion, Action::Retry).await.unwrap();
        let again = self::slices(&world, &deletion, &[(Operation::QueryRows, 40)]).await;
        assert!(again <= 6, "{again}, every {nth}th");
        assert_eq!(world.counts(&deletion, "accounts").failed, kept);
    }
}

#[tokio::test]
async fn a_record_with_more_dead_children_than_a_slice_can_read_is_judged() {
    for has_order in [false, true] {
        let world = accounts();
        let account = key("a");
        world.put("accounts", &account, None);
        let gone = [
            ("deletion_id", json!("0192f000-0000-7000-8000-000000000000")),
            ("deleted_at", json!("2026-11-01T00:00:00Z")),
        ];
        for n in 0..15_000 {
            world.put_with(
                "invoices",
                &key2("a", &format!("i{n:05}")),
                Some(&account),
                &gone,
            );
        }
        if has_order {
            world.put("orders", &key2("a", "o"), Some(&account));
        }
        let deletion = listed(&world, "accounts", vec![account]).await;

        let slices = slices(&world, &deletion, &[(Operation::QueryRows, 4_000)]).await;

        assert!((2..=8).contains(&slices), "{slices}");
        let counts = world.counts(&deletion, "accounts");
        let expected = if has_order { (1, 0) } else { (0, 1) };
        assert_eq!((counts.failed, counts.deleted), expected);
    }
}

/// A task with that many steps, each with a schedule.
fn tasks() -> World {
    let world = World::new(STREAMS);
    world.put("tasks", &key("t"), None);
    world
}

fn put_steps(world: &World) {
    for n in 0..MANY {
        let slot = [("slot", json!(name(n)))];
        world.put_with("steps", &key2("t", &name(n)), Some(&key("t")), &slot);
        world.schedules.put(&format!("step-{}", name(n)));
    }
}

#[tokio::test]
async fn records_with_schedules_end() {
    let world = tasks();
    put_steps(&world);
    let deletion = world.accept("tasks", &key("t")).await;

    let slices = slices(&world, &deletion, &[(Operation::RemoveSchedule, 100)]).await;

    assert!((2..=6).contains(&slices), "{slices}");
    assert_eq!(
        sum(&world.now(&deletion).deleted, "deleted"),
        MANY as u64 + 1
    );
    assert!(world.schedules.all().is_empty());
}

#[tokio::test]
async fn late_records_with_schedules_are_purged() {
    let world = tasks();
    let deletion = world.delete_and_rest("tasks", &key("t")).await;
    put_steps(&world);
    world.act(&deletion, Action::Purge).await.unwrap();

    let slices = slices(&world, &deletion, &[(Operation::RemoveSchedule, 100)]).await;

    assert!((2..=6).contains(&slices), "{slices}");
    assert_eq!(world.now(&deletion).state, State::Purged);
    assert_eq!(sum(&world.now(&deletion).purged, "purged"), MANY as u64 + 1);
    assert!(world.schedules.all().is_empty());
}

#[tokio::test]
async fn shared_records_are_asked_for_and_end() {
    for strategy in [Strategy::Flag, Strategy::Archive, Strategy::Erase] {
        let world = chat(strategy, MANY);
        for n in 0..MANY {
            world.put("files", &key(&name(n)), None);
            put_link(&world, "s0", &name(n));
        }
        // One of them is kept.
        put_link(&world, "t1", &name(7));
        let deletion = world.accept("streams", &key("s")).await;
        let slow = [(Operation::QueryRows, 40)];

        let selected = slices(&world, &deletion, &slow).await;

        assert!((2..=12).contains(&selected), "{selected}, {strategy:?}");
        let live = live_files(&world);
        assert_eq!(live, ["a0007", "cover", "loose", "shared"], "{strategy:?}");
        if strategy == Strategy::Erase {
            continue;
        }
        world.act(&deletion, Action::Purge).await.unwrap();
        let purged = slices(&world, &deletion, &slow).await;
        assert!((2..=6).contains(&purged), "{purged}, {strategy:?}");
        assert_eq!(world.now(&deletion).state, State::Purged);
    }
}

#[tokio::test]
async fn groups_that_get_a_new_owner_end() {
    let targets = collection("targets", r#""target_id""#, "");
    let promoted = r#"
[notifications.parent]
collection  = "targets"
by          = ["target_id"]
on_delete   = "promote"
promote     = { owner = "group_owner_id", by = "created_at", gsi = "by_group_owner" }
"#;
    let notifications = collection(
        "notifications",
        r#""target_id", "notification_id""#,
        promoted,
    );
    let world = World::new(&(targets + &notifications));
    world.put("targets", &key("t"), None);
    for n in 0..MANY {
        world.put("notifications", &key2("t", &name(n)), Some(&key("t")));
        let member = [
            ("group_owner_id", json!(name(n))),
            ("created_at", json!("2026-11-20T00:00:00Z")),
        ];
        let id = key2("t", &format!("m{n:04}"));
        world.put_with("notifications", &id, Some(&key("t")), &member);
    }
    let ids = (0..MANY).map(|n| key2("t", &name(n))).collect();
    let deletion = listed(&world, "notifications", ids).await;

    let slices = slices(&world, &deletion, &[(Operation::QueryRows, 100)]).await;

    assert!((2..=6).contains(&slices), "{slices}");
    for n in 0..MANY {
        let row = world
            .row("notifications", &key2("t", &format!("m{n:04}")))
            .unwrap();
        assert!(
            row.get("group_owner_id")
                .is_none_or(serde_json::Value::is_null),
            "{row:?}"
        );
    }
}

#[tokio::test]
async fn children_that_stay_are_detached_and_the_page_ends() {
    let folders = collection("folders", r#""folder_id""#, "");
    let parent = r#"parent = { collection = "folders", by = ["folder_id"], gsi = "by_folder", on_delete = "detach" }"#;
    let world = World::new(&(folders + &collection("notes", r#""note_id""#, parent)));
    for n in 0..MANY {
        world.put("folders", &key(&name(n)), None);
        world.put("notes", &key(&name(n)), Some(&key(&name(n))));
    }
    let ids = (0..MANY).map(|n| key(&name(n))).collect();
    let deletion = listed(&world, "folders", ids).await;

    let slices = slices(&world, &deletion, &[(Operation::QueryRows, 100)]).await;

    assert!((2..=6).contains(&slices), "{slices}");
    assert_eq!(sum(&world.now(&deletion).deleted, "deleted"), MANY as u64);
    for n in 0..MANY {
        let row = world.row("notes", &key(&name(n))).unwrap();
        assert!(row.get("folder_id").is_none_or(serde_json::Value::is_null));
    }
}

#[tokio::test]
async fn values_of_many_parents_are_corrected_and_told_once() {
    let destroyed = r#"permissions = { read = ["member"], delete = ["admin"], destroy_all = ["admin"], restore = ["admin"], purge = ["admin"] }
aggregates"#;
    let plain = r#"permissions = { read = ["member"], delete = ["admin"], restore = ["admin"], purge = ["admin"] }
aggregates"#;
    let world = World::new(&STREAMS.replace(plain, destroyed));
    for n in 0..MANY {
        world.put_stream(&name(n), &["1", "2"]);
    }
    let ids = (0..MANY).map(|n| key2(&name(n), "1")).collect();
    let deletion = listed(&world, "stream_messages", ids).await;

    let slow = [(Operation::RowsInOrder, 60)];
    let slices = slices(&world, &deletion, &slow).await;

    assert!((2..=12).contains(&slices), "{slices}");
    world.come_to_rest().await;
    assert_eq!(world.now(&deletion).state, State::Deleted);
    for n in 0..MANY {
        assert_eq!(world.known(&name(n)), (json!("2"), json!("at-2")));
    }
    assert_eq!(world.told("AggregateChanged").len(), MANY);
}

#[tokio::test]
async fn recipients_of_many_groups_are_found() {
    for strategy in ["flag", "archive"] {
        let world = World::new(&REALMS.replace("\"flag\"", &format!("\"{strategy}\"")));
        world.put("realms", &key("r"), None);
        for n in 0..MANY {
            let at = key2(&name(n), "m");
            world.put_with(
                "stream_messages",
                &at,
                Some(&key("r")),
                &[("topic", json!("t"))],
            );
            world.put("subscriptions", &key2(&name(n), &format!("u{n}")), None);
        }
        let deletion = world.accept("realms", &key("r")).await;

        let slices = slices(&world, &deletion, &[(Operation::QueryRows, 100)]).await;

        assert!((2..=12).contains(&slices), "{slices}, {strategy}");
        world.come_to_rest().await;
        let told = world.told("delete_message");
        assert_eq!(told.len(), MANY, "{strategy}");
        for event in told {
            let users = event.detail["recipients"].to_string();
            assert!(users.contains("\"u"), "{strategy}: {users}");
        }
    }
}

#[tokio::test]
async fn records_that_may_have_to_stay_for_a_child_that_failed_end() {
    let document = r#"document = { index = "cards", id = "{account_id}~{id}", fields = [] }
parent = { collection = "accounts", by = ["account_id"], on_delete = "cascade" }"#;
    let all = collection("accounts", r#""account_id""#, "")
        + &collection("cards", r#""account_id", "id""#, document);
    let text = all.replace("\"flag\"", "\"erase\"");
    let lines = text.lines().filter(|line| !line.starts_with("retention"));
    let world = World::new(&lines.collect::<Vec<_>>().join("\n"));
    for n in 0..MANY {
        world.put("accounts", &key(&name(n)), None);
    }
    world.put("cards", &key2("a0003", "c"), Some(&key("a0003")));
    world
        .documents
        .reject("a0003~c", "mapper_parsing_exception");
    let ids = (0..MANY).map(|n| key(&name(n))).collect();
    let deletion = listed(&world, "accounts", ids).await;

    let slices = slices(&world, &deletion, &[(Operation::QueryRows, 100)]).await;

    assert!((2..=12).contains(&slices), "{slices}");
    let counts = world.counts(&deletion, "accounts");
    assert_eq!((counts.failed, counts.deleted), (1, MANY as u64 - 1));
    assert!(world.row("accounts", &key("a0003")).is_some());
}
