//! Streams with messages and reactions, direct messages, and somebody who deletes many of them at once.

use std::collections::BTreeMap;

use domain::deletion::{DeleteCounts, Deletion};
use domain::key::RecordKey;
use domain::narrowing::Narrowing;
use domain::page::Outcome;
use domain::principal::Principal;
use requests::destroy::{DestroyError, DestroyRequest, Requested, destroy};
use serde_json::{Map, Value, json};
use testing::Faults;
use testing::samples::{key, key2};

use crate::engine::world::{Ignore, TENANT, World, admin};

/// As in `chat.toml`, marked in place.
pub(crate) const CHAT: &str = r#"
[streams]
table       = "streams"
key         = ["stream_id"]
tenant      = "realm"
strategy    = "flag"
retention   = "30d"
permissions = { read = ["member"], delete = ["admin"], restore = ["admin"], purge = ["admin"] }

[messages]
table       = "messages"
key         = ["stream_id", "message_id"]
tenant      = "realm"
parent      = { collection = "streams", by = ["stream_id"], on_delete = "cascade" }
document    = { index = "messages", id = "{stream_id}~{message_id}", fields = ["subject"] }
strategy    = "flag"
retention   = "30d"
author      = { attribute = "sender", gsi = "by_sender" }
filters     = { time = "sent_at" }
permissions = { read = ["member"], delete = ["admin", "author"], author_within = "10m", destroy_all = ["admin"], restore = ["admin"], purge = ["admin"], deny = ["guest"] }

[reactions]
table       = "reactions"
key         = ["message_id", "emoji"]
tenant      = "realm"
parent      = { collection = "messages", by = ["stream_id", "message_id"], on_delete = "cascade", required = true }
strategy    = "flag"
retention   = "30d"
permissions = { read = ["member"], delete = ["admin"], restore = ["admin"], purge = ["admin"] }

[direct]
table       = "direct"
key         = ["conversation_id", "message_id"]
tenant      = "realm"
document    = { index = "direct", id = "{conversation_id}~{message_id}", fields = ["subject"] }
strategy    = "flag"
retention   = "30d"
author      = { attribute = "sender", gsi = "by_sender" }
filters     = { time = "sent_at" }
permissions = { read = ["author"], delete = ["admin", "author"], destroy_all = ["admin"], restore = ["admin"], purge = ["admin"] }
"#;

/// Two streams of four messages each, by ann and bob in turn, each with two reactions; a conversation of four.
pub(crate) fn chat() -> World {
    chat_as("flag")
}

/// The same under another strategy.
pub(crate) fn chat_as(strategy: &str) -> World {
    let text = CHAT.replace("\"flag\"", &format!("\"{strategy}\""));
    // What is erased is not kept.
    let is_said = |line: &&str| strategy != "erase" || !line.starts_with("retention");
    let lines: Vec<&str> = text.lines().filter(is_said).collect();
    let world = World::new(&lines.join("\n"));
    for stream in ["s", "t"] {
        world.put("streams", &key(stream), None);
        for message in 0..4 {
            put_message(
                &world,
                stream,
                &format!("{stream}{message}"),
                author(message),
            );
            for emoji in ["x", "🪦"] {
                put_reaction(&world, stream, &format!("{stream}{message}"), emoji);
            }
        }
    }
    for message in 0..4 {
        put_direct(&world, &format!("c{message}"), author(message));
    }
    world
}

fn author(message: usize) -> &'static str {
    if message.is_multiple_of(2) {
        "ann"
    } else {
        "bob"
    }
}

/// A minute before the clock's beginning.
pub(crate) const SENT: &str = "2026-11-21T06:59:00Z";

pub(crate) fn message(id: &str) -> RecordKey {
    key2(&id[..1], id)
}

pub(crate) fn put_message(world: &World, stream: &str, id: &str, sender: &str) {
    put_sent(
        world,
        "messages",
        &key2(stream, id),
        Some(&key(stream)),
        sender,
        SENT,
    );
}

pub(crate) fn put_direct(world: &World, id: &str, sender: &str) {
    put_sent(world, "direct", &key2("c", id), None, sender, SENT);
}

pub(crate) fn put_sent(
    world: &World,
    collection: &str,
    key: &RecordKey,
    parent: Option<&RecordKey>,
    sender: &str,
    sent_at: &str,
) {
    let mut row = world.live_row(collection, key, parent);
    row.insert("sender".to_owned(), json!(sender));
    row.insert("sent_at".to_owned(), json!(sent_at));
    world.put_row(collection, row);
}

pub(crate) fn put_reaction(world: &World, stream: &str, message: &str, emoji: &str) {
    let parent = key2(stream, message);
    world.put("reactions", &key2(message, emoji), Some(&parent));
}

/// Everything that the stores hold of the records.
pub(crate) fn records(world: &World) -> Value {
    let all = world.everything().into_iter().map(|(collection, key)| {
        let name = format!("{collection} {}", json!(key));
        let both = json!([
            world.row(&collection, &key),
            world.document(&collection, &key)
        ]);
        (name, both)
    });
    all.collect::<Map<_, _>>().into()
}

pub(crate) fn ids(ids: &[&str]) -> Requested<'static> {
    Requested::Ids {
        ids: ids.iter().map(|id| message(id)).collect(),
        author: None,
    }
}

impl World {
    /// Asks for a delete of many records of a collection.
    pub(crate) async fn destroy(
        &self,
        faults: &Faults,
        principal: &Principal,
        collection: &str,
        named: Requested<'_>,
        parent: Option<RecordKey>,
    ) -> Result<Deletion, DestroyError> {
        let request = DestroyRequest {
            principal,
            collection: self.collection(collection),
            named,
            whole: None,
            parent,
            filters: Narrowing::default(),
            as_of: None,
            expected_count: None,
            request_id: "request-1".to_owned(),
            once: None,
        };
        let destroyed = destroy(&self.api(faults), request).await?;
        Ok(*destroyed.deletion)
    }

    /// Asks for a delete of messages by their ids, as an administrator whom nothing disturbs.
    pub(crate) async fn destroy_ids(&self, named: &[&str]) -> Deletion {
        self.destroy(&self.faults(), &admin(), "messages", ids(named), None)
            .await
            .expect("it is accepted")
    }

    /// Asks for a delete of all messages of an author, direct ones too.
    pub(crate) async fn destroy_author(&self, author: &str) -> Deletion {
        let named = Requested::Author {
            author: author.to_owned(),
            beside: vec![self.collection("direct")],
        };
        self.destroy(&self.faults(), &admin(), "messages", named, None)
            .await
            .expect("it is accepted")
    }

    /// The delete's counts of a collection.
    pub(crate) fn counts(&self, deletion: &Deletion, collection: &str) -> DeleteCounts {
        let counts = self.now(deletion).deleted;
        let of = counts.iter().find(|(name, _)| name.as_ref() == collection);
        of.map(|(_, counts)| *counts).unwrap_or_default()
    }

    /// What the manifest says of each record.
    pub(crate) fn outcomes(&self, deletion: &Deletion) -> BTreeMap<String, Outcome> {
        let manifest = self.deletions.manifest(&self.now(deletion));
        let mut outcomes = BTreeMap::new();
        for (page, exceptions) in manifest {
            for (place, entry) in page.entries.iter().enumerate() {
                let name = name(entry.collection.as_ref(), &entry.key);
                let twice = outcomes.insert(name.clone(), page.outcome(place, &exceptions));
                assert_eq!(twice, None, "{name} stands there twice");
            }
        }
        outcomes
    }

    /// One slice of a worker with this script, whatever comes of it.
    pub(crate) async fn work(&self, faults: &Faults, deletion: &Deletion) {
        if let Ok(advanced) = self.deliver(faults, deletion).await {
            advanced.ignore();
        }
    }

    /// Makes a row another tenant's.
    pub(crate) fn give_away(&self, collection: &str, key: &RecordKey) {
        let mut row = self.row(collection, key).expect("it is there");
        row.insert("realm".to_owned(), json!("globex"));
        self.put_row(collection, row);
    }

    /// The keys of the records that carry the mark of a deletion, in their rows.
    pub(crate) fn marked_by(&self, deletion: &Deletion) -> Vec<String> {
        let all = self.everything().into_iter();
        let ours = all.filter(|(collection, key)| {
            self.marks(collection, key).0.as_deref() == Some(&deletion.id.to_string())
        });
        ours.map(|(collection, key)| name(&collection, &key))
            .collect()
    }
}

/// How tests call a record: messages by the part of the key that is nobody else's.
fn name(collection: &str, key: &RecordKey) -> String {
    let values: Vec<&str> = key.values().collect();
    match collection {
        "reactions" => format!("{collection} {}", values.join(" ")),
        _ => format!("{collection} {}", values.last().unwrap_or(&"")),
    }
}

/// Somebody of the tenant.
pub(crate) fn member(subject: &str, groups: &[&str]) -> Principal {
    crate::engine::world::principal(subject, TENANT, groups)
}
