//! Streams, messages and the files that they share.

use domain::collection::Strategy;
use domain::deletion::Deletion;
use domain::key::RecordKey;
use domain::narrowing::Narrowing;
use domain::page::Outcome;
use requests::destroy::{DestroyRequest, Requested, destroy};
use serde_json::json;
use testing::samples::{key, key2};

use crate::engine::world::{World, admin};

/// Streams with messages and a cover, direct messages, and files that messages of both kinds and streams share: links at
/// two levels, and over an index as well as in their own table.
const CHAT: &str = r#"
[streams]
table       = "streams"
key         = ["stream_id"]
tenant      = "realm"
strategy    = "flag"
retention   = "30d"
permissions = { read = ["member"], delete = ["admin"], destroy_all = ["admin"], restore = ["admin"], purge = ["admin"] }

[covers]
table       = "covers"
key         = ["file_id", "stream_id"]
tenant      = "realm"
parent      = { collection = "streams", by = ["stream_id"], gsi = "by_stream", on_delete = "cascade" }
keeps       = { collection = "files", by = ["file_id"] }
strategy    = "flag"
retention   = "30d"
permissions = { read = ["member"], delete = ["admin"], restore = ["admin"], purge = ["admin"] }

[messages]
table       = "messages"
key         = ["stream_id", "message_id"]
tenant      = "realm"
parent      = { collection = "streams", by = ["stream_id"], on_delete = "cascade" }
strategy    = "flag"
retention   = "30d"
author      = { attribute = "sender", gsi = "by_sender" }
filters     = { time = "sent_at" }
permissions = { read = ["member"], delete = ["admin"], destroy_all = ["admin"], restore = ["admin"], purge = ["admin"] }

[message_files]
table       = "message_files"
key         = ["message_id", "file_id"]
tenant      = "realm"
parent      = { collection = "messages", by = ["stream_id", "message_id"], on_delete = "cascade", required = true }
keeps       = { collection = "files", by = ["file_id"], gsi = "by_file" }
strategy    = "flag"
retention   = "30d"
permissions = { read = ["member"], delete = ["admin"], destroy_all = ["admin"], restore = ["admin"], purge = ["admin"] }

[files]
table       = "files"
key         = ["file_id"]
tenant      = "realm"
document    = { index = "files", id = "{file_id}", fields = ["subject"] }
strategy    = "flag"
retention   = "30d"
permissions = { read = ["member"], delete = ["admin"], restore = ["admin"], purge = ["admin"] }
"#;

pub(crate) const STRATEGIES: [Strategy; 3] = [Strategy::Flag, Strategy::Archive, Strategy::Erase];

pub(crate) const PAGE_SIZES: [usize; 3] = [1, 2, 1000];

/// Two streams of two messages. Of the files `s0` has `own` and `both`, `s1` `both` and `shared`, `t0` `shared`; the
/// stream `s` has the cover `own` and `t` the cover `cover`; nothing links to `loose`.
pub(crate) fn chat(strategy: Strategy, page_keys: usize) -> World {
    let text = CHAT.replace("\"flag\"", &format!("\"{}\"", strategy.as_str()));
    let lines = text
        .lines()
        .filter(|line| strategy != Strategy::Erase || !line.starts_with("retention"));
    let mut world = World::new(&lines.collect::<Vec<_>>().join("\n"));
    world.page_keys = page_keys;
    for file in ["own", "both", "shared", "cover", "loose"] {
        world.put("files", &key(file), None);
    }
    for stream in ["s", "t"] {
        world.put("streams", &key(stream), None);
        for place in 0..2 {
            let message = format!("{stream}{place}");
            let more = [
                ("sender", json!(if place == 0 { "ann" } else { "bob" })),
                ("sent_at", json!("2026-11-21T06:59:00Z")),
            ];
            let at = key2(stream, &message);
            world.put_with("messages", &at, Some(&key(stream)), &more);
        }
    }
    for (message, file) in [
        ("s0", "own"),
        ("s0", "both"),
        ("s1", "both"),
        ("s1", "shared"),
        ("t0", "shared"),
    ] {
        put_link(&world, message, file);
    }
    world.put("covers", &key2("own", "s"), Some(&key("s")));
    world.put("covers", &key2("cover", "t"), Some(&key("t")));
    world
}

pub(crate) fn message(id: &str) -> RecordKey {
    key2(&id[..1], id)
}

/// Attaches a file to a message.
pub(crate) fn put_link(world: &World, id: &str, file: &str) {
    world.put("message_files", &key2(id, file), Some(&message(id)));
}

/// The files that are there without a mark, in row and document.
pub(crate) fn live_files(world: &World) -> Vec<String> {
    let files = world.rows.keys(world.collection("files")).into_iter();
    let live = files.filter(|file| {
        let (row, document) = world.marks("files", file);
        row.as_deref() == Some("") && document.as_deref() == Some("")
    });
    live.map(|file| file.partition).collect()
}

/// The files in the manifest, each with what became of it.
pub(crate) fn listed(world: &World, deletion: &Deletion) -> Vec<(String, Outcome)> {
    let mut listed = Vec::new();
    for (page, exceptions) in world.deletions.manifest(&world.now(deletion)) {
        for (place, entry) in page.entries.iter().enumerate() {
            if entry.collection.as_ref() == "files" {
                let outcome = page.outcome(place, &exceptions);
                listed.push((entry.key.partition.clone(), outcome));
            }
        }
    }
    listed.sort_by(|one, other| one.0.cmp(&other.0));
    listed
}

pub(crate) fn deleted(files: &[&str]) -> Vec<(String, Outcome)> {
    let deleted = |file: &&str| ((*file).to_owned(), Outcome::Deleted);
    files.iter().map(deleted).collect()
}

pub(crate) async fn destroy_messages(
    world: &World,
    collection: &str,
    named: Requested<'_>,
) -> Deletion {
    let request = DestroyRequest {
        principal: &admin(),
        collection: world.collection(collection),
        named,
        whole: None,
        parent: None,
        filters: Narrowing::default(),
        as_of: None,
        expected_count: None,
        request_id: "request-1".to_owned(),
        once: None,
    };
    let destroyed = destroy(&world.api(&world.faults()), request).await;
    *destroyed.expect("it is accepted").deletion
}
