//! Collections with effects, in the strategy that keeps the rows: the other ones run the same effects.

mod aggregates;
mod children;
mod events;
mod newest;
mod schedules;
mod values;

use domain::event::Event;
use domain::key::RecordKey;
use serde_json::{Value, json};
use testing::samples::{key, key2};

use crate::engine::world::World;

/// Streams and direct messages of a realm, whose deletion reaches all of them; nobody reads but members.
pub(crate) const REALMS: &str = r#"
[realms]
table       = "realms"
key         = ["realm_id"]
tenant      = { attribute = "owner", gsi = "by_owner" }
strategy    = "flag"
retention   = "30d"
permissions = { read = ["member"], delete = ["admin"], restore = ["admin"], purge = ["admin"] }

[stream_messages]
table       = "stream_messages"
key         = ["stream_id", "message_id"]
tenant      = "owner"
parent      = { collection = "realms", by = ["realm_id"], gsi = "by_realm", on_delete = "cascade" }
strategy    = "flag"
retention   = "30d"
author      = "sender_id"
permissions = { read = ["member"], delete = ["admin", "author"], restore = ["admin"], purge = ["admin"] }
event       = { type = "delete_message", group = ["stream_id", "topic"], ids = "message_ids", set = { message_type = "stream" } }
recipients  = { collection = "subscriptions", by = ["stream_id"], user = "user_id", unless = "long_term_idle" }

[subscriptions]
table       = "subscriptions"
key         = ["stream_id", "user_id"]
tenant      = "owner"
strategy    = "flag"
retention   = "30d"
permissions = { delete = ["admin"] }

[direct_messages]
table       = "direct_messages"
key         = ["conversation_id", "message_id"]
tenant      = "owner"
parent      = { collection = "realms", by = ["realm_id"], gsi = "by_realm", on_delete = "cascade" }
strategy    = "flag"
retention   = "30d"
author      = "sender_id"
permissions = { read = ["author"], delete = ["admin", "author"], restore = ["admin"], purge = ["admin"] }
event       = { type = "delete_message", group = ["conversation_id"], ids = "message_ids", set = { message_type = "private" } }
recipients  = { attribute = "participant_ids" }
"#;

/// Streams that know their first message, and tasks with a schedule.
pub(crate) const STREAMS: &str = r#"
[streams]
table       = "streams"
key         = ["stream_id"]
tenant      = { attribute = "owner", gsi = "by_owner" }
document    = { index = "streams", id = "{stream_id}", fields = [] }
strategy    = "flag"
retention   = "30d"
permissions = { read = ["member"], delete = ["admin"], restore = ["admin"], purge = ["admin"] }

[stream_messages]
table       = "stream_messages"
key         = ["stream_id", "message_id"]
tenant      = "owner"
parent      = { collection = "streams", by = ["stream_id"], on_delete = "cascade" }
strategy    = "flag"
retention   = "30d"
permissions = { read = ["member"], delete = ["admin"], restore = ["admin"], purge = ["admin"] }
aggregates  = [
  { on = "streams", attribute = "first_message_id", take = "min", of = "message_id" },
  { on = "streams", attribute = "latest_sent_at", take = "max", of = "sent_at", gsi = "by_stream_and_time" },
]

[tasks]
table       = "tasks"
key         = ["task_uuid"]
tenant      = { attribute = "owner", gsi = "by_owner" }
strategy    = "flag"
retention   = "30d"
permissions = { read = ["member"], delete = ["admin"], restore = ["admin"], purge = ["admin"] }
schedule    = "task-{task_uuid}"
event       = { type = "TaskDeleted", ids = "task_uuids" }

[steps]
table       = "steps"
key         = ["task_uuid", "step_id"]
tenant      = "owner"
parent      = { collection = "tasks", by = ["task_uuid"], on_delete = "cascade" }
strategy    = "flag"
retention   = "30d"
permissions = { read = ["member"], delete = ["admin"], restore = ["admin"], purge = ["admin"] }
schedule    = "step-{slot}"
"#;

impl World {
    /// Puts a record below `parent`, with these further attributes.
    pub(crate) fn put_with(
        &self,
        collection: &str,
        key: &RecordKey,
        parent: Option<&RecordKey>,
        more: &[(&str, Value)],
    ) {
        let mut row = self.live_row(collection, key, parent);
        row.extend(
            more.iter()
                .map(|(name, value)| ((*name).to_owned(), value.clone())),
        );
        self.put_row(collection, row);
    }

    /// A stream with these messages, which knows the first and the latest of them.
    pub(crate) fn put_stream(&self, stream: &str, messages: &[&str]) {
        let first = messages.iter().min();
        let latest = messages.iter().max().map(|message| format!("at-{message}"));
        let known = [
            ("first_message_id", json!(first)),
            ("latest_sent_at", json!(latest)),
        ];
        self.put_with("streams", &key(stream), None, &known);
        for message in messages {
            let sent_at = json!(format!("at-{message}"));
            self.put_with(
                "stream_messages",
                &key2(stream, message),
                Some(&key(stream)),
                &[("sent_at", sent_at)],
            );
        }
    }

    /// What the stream's row says of its first and latest message.
    pub(crate) fn known(&self, stream: &str) -> (Value, Value) {
        let row = self.row("streams", &key(stream)).expect("a stream");
        let value = |name: &str| row.get(name).cloned().unwrap_or(json!("absent"));
        (value("first_message_id"), value("latest_sent_at"))
    }

    /// The events of one kind, each once.
    pub(crate) fn told(&self, kind: &str) -> Vec<Event> {
        let mut events = self.events.distinct();
        events.retain(|event| event.kind == kind);
        events
    }
}
