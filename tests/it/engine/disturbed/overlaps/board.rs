//! Where deletions meet: two streams with messages, notes and reactions, and what another tenant has beside them.

use std::sync::{Mutex, MutexGuard};

use domain::collection::Strategy;
use domain::key::RecordKey;
use ports::Clock;
use serde_json::{Value, json};
use testing::samples::{key, key2, with_null};

use super::lanes::Mailbox;
use super::ledger::{BORN, Ledger};
use crate::engine::world::{TENANT, World};

/// Messages are found in their own table, notes over an index, so that they can move; reactions have no documents.
const BOARD: &str = r#"
[streams]
table       = "streams"
key         = ["stream_id"]
tenant      = "realm"
document    = { index = "streams", id = "{stream_id}", fields = ["subject", "born"] }
strategy    = "flag"
retention   = "30d"
filters     = { time = "sent_at" }
permissions = { read = ["member"], delete = ["admin"], restore = ["admin"], purge = ["admin"] }

[messages]
table       = "messages"
key         = ["stream_id", "message_id"]
tenant      = "realm"
parent      = { collection = "streams", by = ["stream_id"], on_delete = "cascade" }
document    = { index = "messages", id = "{stream_id}~{message_id}", fields = ["subject", "born"] }
strategy    = "flag"
retention   = "30d"
author      = { attribute = "sender", gsi = "by_sender" }
filters     = { time = "sent_at" }
permissions = { read = ["member"], delete = ["admin"], destroy_all = ["admin"], restore = ["admin"], purge = ["admin"] }
marks       = { deleted_at = "date_delete" }

[notes]
table       = "notes"
key         = ["note_id"]
tenant      = "realm"
parent      = { collection = "streams", by = ["stream"], gsi = "by_stream", on_delete = "cascade" }
document    = { index = "notes", id = "{note_id}", fields = ["subject", "born"] }
strategy    = "flag"
retention   = "30d"
author      = { attribute = "sender", gsi = "by_sender" }
filters     = { time = "sent_at" }
permissions = { read = ["member"], delete = ["admin"], destroy_all = ["admin"], restore = ["admin"], purge = ["admin"] }

[reactions]
table       = "reactions"
key         = ["message_id", "emoji"]
tenant      = "realm"
parent      = { collection = "messages", by = ["stream_id", "message_id"], on_delete = "cascade", required = true }
strategy    = "flag"
retention   = "30d"
permissions = { read = ["member"], delete = ["admin"], restore = ["admin"], purge = ["admin"] }
"#;

/// Whose the records are that nothing may touch.
pub(super) const FOREIGN: &str = "globex";

/// What makes a row too large for a mark.
pub(super) const LARGE: &str = "large";

/// The name of a record: its collection and its key.
pub(super) type Name = (&'static str, RecordKey);

/// One place where a record may be; its home is the parent that it is first written below.
#[derive(Debug, Clone)]
pub(super) struct Slot {
    pub(super) name: Name,
    pub(super) home: Option<RecordKey>,
    pub(super) sender: &'static str,
}

/// How many places there are.
pub(super) const SLOTS: usize = 15;

/// All places, parents first.
pub(super) fn slots() -> Vec<Slot> {
    let mut slots = Vec::with_capacity(SLOTS);
    let mut put = |collection, record: RecordKey, home: Option<RecordKey>| {
        let sender = if slots.len() % 2 == 0 { "ann" } else { "bob" };
        slots.push(Slot {
            name: (collection, record),
            home,
            sender,
        });
    };
    put("streams", key("s"), None);
    put("streams", key("t"), None);
    for id in ["s0", "s1", "s2", "t0", "t1"] {
        put("messages", key2(&id[..1], id), Some(key(&id[..1])));
    }
    for (id, home) in [("n0", "s"), ("n1", "s"), ("n2", "t"), ("n3", "t")] {
        put("notes", key(id), Some(key(home)));
    }
    for (id, emoji) in [("s0", "x"), ("s0", "y"), ("s1", "x"), ("t0", "x")] {
        put("reactions", key2(id, emoji), Some(key2(&id[..1], id)));
    }
    slots
}

/// A place, and those above and below it.
fn family(slots: &[Slot], hot: usize) -> Vec<usize> {
    let is_above = |one: &Slot, other: &Slot| other.home.as_ref() == Some(&one.name.1);
    let near = |place: &usize| {
        let (one, hot) = (&slots[*place], &slots[hot]);
        let is_twice_above = slots
            .iter()
            .any(|other| is_above(one, other) && is_above(other, hot));
        one.name == hot.name || is_above(one, hot) || is_above(hot, one) || is_twice_above
    };
    (0..slots.len()).filter(near).collect()
}

/// The world with its places, who works in it, and what has been seen of them.
pub(super) struct Board {
    pub(super) world: World,
    pub(super) slots: Vec<Slot>,
    /// The place to which most happens, and those above and below it.
    pub(super) hot: usize,
    pub(super) family: Vec<usize>,
    ledger: Mutex<Ledger>,
    mailbox: Mutex<Mailbox>,
}

impl Board {
    /// An empty one under this strategy.
    pub(super) fn new(strategy: Strategy, page_keys: usize, hot: usize) -> Self {
        let text = BOARD.replace("\"flag\"", &format!("\"{}\"", strategy.as_str()));
        let is_said = |line: &&str| strategy != Strategy::Erase || !line.starts_with("retention");
        let lines: Vec<&str> = text.lines().filter(is_said).collect();
        let mut world = World::new(&lines.join("\n"));
        world.page_keys = page_keys;
        Self {
            world,
            family: family(&slots(), hot),
            slots: slots(),
            hot,
            ledger: Mutex::default(),
            mailbox: Mutex::default(),
        }
    }

    pub(super) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().expect("nobody panics with it")
    }

    pub(super) fn mailbox(&self) -> MutexGuard<'_, Mailbox> {
        self.mailbox.lock().expect("nobody panics with it")
    }

    /// Writes a new record into both stores: no two have the same `born`.
    pub(super) fn write(&self, slot: &Slot, has_null: bool) {
        let (collection, record) = &slot.name;
        self.write_for(
            TENANT,
            (collection, record),
            slot.home.as_ref(),
            (slot.sender, has_null),
        );
    }

    /// What another tenant has: a stream with a message and a note by the same author, and a note that names our stream.
    pub(super) fn write_foreign(&self) {
        self.write_for(FOREIGN, ("streams", &key("f")), None, ("ann", false));
        self.write_for(
            FOREIGN,
            ("messages", &key2("f", "f0")),
            Some(&key("f")),
            ("ann", false),
        );
        self.write_for(
            FOREIGN,
            ("notes", &key("nf")),
            Some(&key("f")),
            ("ann", false),
        );
        self.write_for(
            FOREIGN,
            ("notes", &key("ns")),
            Some(&key("s")),
            ("ann", false),
        );
    }

    fn write_for(
        &self,
        tenant: &str,
        (collection, record): (&str, &RecordKey),
        parent: Option<&RecordKey>,
        (sender, has_null): (&str, bool),
    ) {
        let declared = self.world.collection(collection);
        let mut row = self.world.live_row(collection, record, parent);
        row.insert(
            declared.tenant.attribute().unwrap().to_owned(),
            json!(tenant),
        );
        row.insert("sender".to_owned(), json!(sender));
        row.insert(
            "sent_at".to_owned(),
            json!(self.world.clock.now().to_string()),
        );
        row.insert(BORN.to_owned(), json!(self.ledger().next_born()));
        if has_null {
            row = with_null(declared, row);
        }
        self.world.put_row(collection, row);
    }

    /// Whether there is a row.
    pub(super) fn is_there(&self, collection: &str, record: &RecordKey) -> bool {
        self.world.row(collection, record).is_some()
    }

    /// Changes a row as its owner does, and writes its document as the row is then.
    pub(super) fn rewrite(&self, slot: &Slot, attributes: &[(&str, Value)]) {
        let (collection, record) = &slot.name;
        if let Some(mut row) = self.world.row(collection, record) {
            for (name, value) in attributes {
                row.insert((*name).to_owned(), value.clone());
            }
            self.world.put_row(collection, row);
        }
    }
}
