//! What is asked for once more of a delete by filters: what an index did not show in time, and nothing that meets a filter
//! only since the request.

use domain::deletion::Deletion;
use domain::key::RecordKey;
use domain::narrowing::Narrowing;
use requests::destroy::{DestroyRequest, Requested, destroy};
use serde_json::{Value, json};
use testing::samples::key2;

use crate::engine::bulk::world::{CHAT, SENT, put_direct, put_sent};
use crate::engine::compare::compares::compared;
use crate::engine::world::{World, admin};

const STRATEGIES: [&str; 3] = ["flag", "archive", "erase"];

fn is_live(world: &World, collection: &str, record: &RecordKey) -> bool {
    world.marks(collection, record).0.as_deref() == Some("")
}

/// Chats in which direct messages are found by their tenant too, and may be opened.
fn narrowed(strategy: &str) -> World {
    let text = CHAT
        .replacen(
            "key         = [\"conversation_id\", \"message_id\"]\ntenant      = \"realm\"",
            "key         = [\"conversation_id\", \"message_id\"]\ntenant      = { attribute = \"realm\", gsi = \"by_realm\" }",
            1,
        )
        .replace(
            "filters     = { time = \"sent_at\" }",
            "filters     = { time = \"sent_at\", opened = { attribute = \"opened_at\", op = \"exists\" } }",
        );
    let text = text.replace("\"flag\"", &format!("\"{strategy}\""));
    let is_said = |line: &&str| strategy != "erase" || !line.starts_with("retention");
    let lines: Vec<&str> = text.lines().filter(is_said).collect();
    let world = World::new(&lines.join("\n"));
    for message in ["c0", "c1"] {
        put_direct(&world, message, "ann");
    }
    world
}

/// Many direct messages are deleted, as `named` and these filters say.
async fn destroyed(world: &World, named: Requested<'_>, filters: Value) -> Deletion {
    let collection = world.collection("direct");
    let fields = filters.as_object();
    let filters = fields.map(|fields| Narrowing::parse(fields, &collection.filters).unwrap());
    let principal = admin();
    let request = DestroyRequest {
        principal: &principal,
        collection,
        named,
        whole: None,
        parent: None,
        filters: filters.unwrap_or_default(),
        as_of: None,
        expected_count: None,
        request_id: "request-1".to_owned(),
        once: None,
    };
    let destroyed = destroy(&world.api(&world.faults()), request).await;
    let deletion = *destroyed.expect("it is accepted").deletion;
    world.come_to_rest().await;
    deletion
}

fn all() -> Requested<'static> {
    Requested::Matching { beside: Vec::new() }
}

fn anns() -> Requested<'static> {
    Requested::Author {
        author: "ann".to_owned(),
        beside: Vec::new(),
    }
}

#[tokio::test]
async fn what_an_index_over_tenants_did_not_show_is_deleted_once_it_does() {
    for strategy in STRATEGIES {
        for filters in [Value::Null, json!({"later_than": "2026-11-21T06:00:00Z"})] {
            let world = narrowed(strategy);
            world.rows.lag();
            put_direct(&world, "c9", "bob");
            let deletion = destroyed(&world, all(), filters).await;
            world.rows.settle();
            let late = key2("c", "c9");
            assert!(is_live(&world, "direct", &late), "not shown");
            put_sent(
                &world,
                "direct",
                &key2("c", "c-later"),
                None,
                "bob",
                "2026-11-22T06:00:00Z",
            );

            let report = compared(&world, &deletion).await;
            world.come_to_rest().await;

            assert_eq!((report.returned, report.drift_found), (1, 0), "{strategy}");
            assert!(!is_live(&world, "direct", &late), "{strategy}");
            assert!(
                is_live(&world, "direct", &key2("c", "c-later")),
                "{strategy}"
            );
            let report = compared(&world, &deletion).await;
            assert_eq!((report.returned, report.drift_found), (0, 0), "{strategy}");
        }
    }
}

#[tokio::test]
async fn what_meets_the_filters_only_after_the_request_is_left_alone() {
    for strategy in STRATEGIES {
        for named in [all, anns] {
            let world = narrowed(strategy);
            let opened = |id: &str| {
                let mut row = world.row("direct", &key2("c", id)).unwrap();
                row.insert("opened_at".to_owned(), json!(SENT));
                world.put_row("direct", row);
            };
            opened("c0");
            let filters = json!({"opened": true});
            let deletion = destroyed(&world, named(), filters).await;
            assert!(!is_live(&world, "direct", &key2("c", "c0")), "{strategy}");
            opened("c1");

            compared(&world, &deletion).await;
            world.come_to_rest().await;

            assert!(is_live(&world, "direct", &key2("c", "c1")), "{strategy}");
        }
    }
}
