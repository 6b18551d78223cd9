//! Values of a parent that is deleted and restored with its children: they are as if nothing had happened.

use domain::collection::Strategy;
use domain::deletion::{Action, Deletion, State};
use domain::narrowing::Narrowing;
use requests::destroy::{DestroyRequest, Requested, destroy};
use serde_json::{Map, Value, json};
use testing::samples::{key, key2};

use crate::engine::effects::STREAMS;
use crate::engine::world::{World, admin};

const STRATEGIES: [Strategy; 2] = [Strategy::Flag, Strategy::Archive];
const PAGE_SIZES: [usize; 4] = [1, 2, 3, 1000];

/// A realm of two streams with three messages each, which know the first and the latest of them.
fn realm(strategy: Strategy, page_keys: usize) -> World {
    let above = r#"
[realms]
table       = "realms"
key         = ["realm_id"]
tenant      = "owner"
strategy    = "flag"
retention   = "30d"
permissions = { delete = ["admin"], restore = ["admin"], purge = ["admin"] }
"#;
    let streams = STREAMS.replacen(
        "tenant      = { attribute = \"owner\", gsi = \"by_owner\" }",
        "tenant      = \"owner\"\nparent      = { collection = \"realms\", by = [\"realm_id\"], gsi = \"by_realm\", on_delete = \"cascade\" }",
        1,
    );
    let streams = streams.replacen(
        "delete = [\"admin\"]",
        "delete = [\"admin\"], destroy_all = [\"admin\"]",
        1,
    );
    let text = format!("{above}{streams}");
    let mut world = World::new(&text.replace("\"flag\"", &format!("\"{}\"", strategy.as_str())));
    world.page_keys = page_keys;
    world.put("realms", &key("r"), None);
    for stream in ["s", "t"] {
        world.put_stream(stream, &["1", "2", "3"]);
        let mut row = world.row("streams", &key(stream)).unwrap();
        row.insert("realm_id".to_owned(), json!("r"));
        world.put_row("streams", row);
    }
    world
}

/// The rows of all streams.
fn streams(world: &World) -> [Option<Map<String, Value>>; 2] {
    ["s", "t"].map(|stream| world.row("streams", &key(stream)))
}

async fn destroy_streams(world: &World) -> Deletion {
    let request = DestroyRequest {
        principal: &admin(),
        collection: world.collection("streams"),
        named: Requested::Ids {
            ids: vec![key("s"), key("t")],
            author: None,
        },
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
    world.come_to_rest().await;
    deletion
}

#[tokio::test]
async fn streams_that_go_with_the_realm_keep_their_pointers_and_nothing_is_told() {
    for strategy in STRATEGIES {
        for page_keys in PAGE_SIZES {
            let world = realm(strategy, page_keys);
            let before = streams(&world);

            let deletion = world.delete_and_rest("realms", &key("r")).await;
            let restored = world.act_and_rest(&deletion, Action::Restore).await;

            let context = format!("{strategy:?}, {page_keys}");
            assert_eq!(restored.state, State::Restored, "{context}");
            assert_eq!(streams(&world), before, "{context}");
            assert_eq!(world.told("AggregateChanged"), [], "{context}");
        }
    }
}

#[tokio::test]
async fn streams_that_go_without_a_root_have_their_pointers_when_they_come_back() {
    for strategy in STRATEGIES {
        for page_keys in PAGE_SIZES {
            let world = realm(strategy, page_keys);
            let before = streams(&world);

            let deletion = destroy_streams(&world).await;
            let restored = world.act_and_rest(&deletion, Action::Restore).await;

            let context = format!("{strategy:?}, {page_keys}");
            assert_eq!(restored.state, State::Restored, "{context}");
            assert_eq!(streams(&world), before, "{context}");
            if strategy == Strategy::Flag {
                assert_eq!(world.told("AggregateChanged"), [], "{context}");
            }
        }
    }
}

#[tokio::test]
async fn a_message_that_does_not_come_back_is_no_pointer_of_its_stream() {
    for (collection, root) in [("realms", "r"), ("streams", "s")] {
        for page_keys in PAGE_SIZES {
            let world = realm(Strategy::Flag, page_keys);
            let deletion = world.delete_and_rest(collection, &key(root)).await;
            for message in ["1", "3"] {
                let messages = world.collection("stream_messages");
                world.rows.remove(messages, &key2("s", message));
            }

            let restored = world.act_and_rest(&deletion, Action::Restore).await;

            let context = format!("{collection}, {page_keys}");
            assert_eq!(restored.state, State::Restored, "{context}");
            assert_eq!(world.known("s"), (json!("2"), json!("at-2")), "{context}");
            assert_eq!(world.told("AggregateChanged").len(), 2, "{context}");
        }
    }
}
