//! What the bus is told. Keys only, never record values; the same event always has the same id.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::domain::collection::CollectionName;
use crate::domain::deletion::{Deletion, Failure, Pass};
use crate::domain::key::RecordKey;
use crate::domain::page::PAGE_KEYS;
use crate::domain::time::rfc3339;

/// The most bytes of keys, as they are written, in one event: a control character in a key is six.
const EVENT_BYTES: usize = 240_000;

/// One event, ready for the bus.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The detail-type.
    pub kind: &'static str,
    /// The detail, as its JSON Schema under `docs/events/` describes it.
    pub detail: Value,
}

/// The delete was accepted; sent by the first slice.
#[must_use]
pub fn accepted(deletion: &Deletion) -> Event {
    let mut detail = common(deletion, "DeletionAccepted", &deletion.collection, 0, 1);
    detail["root"] = json!(deletion.root);
    detail["requested_at"] = json!(rfc3339(deletion.deleted_at));
    Event {
        kind: "DeletionAccepted",
        detail,
    }
}

/// The records of a page that this deletion marked, in both stores: one event per collection and part.
#[must_use]
pub fn records_deleted(
    deletion: &Deletion,
    page: u32,
    records: &BTreeMap<CollectionName, Vec<RecordKey>>,
) -> Vec<Event> {
    of_records(deletion, "RecordsDeleted", page, records)
}

/// The records of a page that are gone for good.
#[must_use]
pub fn records_purged(
    deletion: &Deletion,
    page: u32,
    records: &BTreeMap<CollectionName, Vec<RecordKey>>,
) -> Vec<Event> {
    of_records(deletion, "RecordsPurged", page, records)
}

/// The deletion reached a final state.
#[must_use]
pub fn finished(deletion: &Deletion) -> Event {
    let mut detail = common(deletion, "DeletionFinished", &deletion.collection, 0, 1);
    let pass = deletion.state.pass();
    detail["state"] = json!(deletion.state);
    detail["pass"] = json!(pass);
    detail["counts"] = match pass {
        Pass::Delete => json!(total(deletion.deleted.values())),
        Pass::Purge => json!(total(deletion.purged.values())),
    };
    detail["failure"] = deletion.failure.as_ref().map_or(
        Value::Null,
        |Failure { code, reason }| json!({ "code": code, "reason": reason }),
    );
    Event {
        kind: "DeletionFinished",
        detail,
    }
}

fn total<'a, C: Default + Copy + std::ops::AddAssign + 'a>(
    counts: impl Iterator<Item = &'a C>,
) -> C {
    let mut sum = C::default();
    for more in counts {
        sum += *more;
    }
    sum
}

fn of_records(
    deletion: &Deletion,
    kind: &'static str,
    page: u32,
    records: &BTreeMap<CollectionName, Vec<RecordKey>>,
) -> Vec<Event> {
    let mut events = Vec::new();
    for (collection, keys) in records {
        let parts = split(keys);
        for (index, ids) in parts.iter().enumerate() {
            let part = index + 1;
            let mut detail = common(deletion, kind, collection, page, part);
            detail["group"] = Value::Null;
            detail["ids"] = json!(ids);
            detail["page"] = json!(page);
            detail["part"] = json!(part);
            detail["parts"] = json!(parts.len());
            events.push(Event { kind, detail });
        }
    }
    events
}

/// At most [`PAGE_KEYS`] keys and [`EVENT_BYTES`] bytes a part.
fn split(keys: &[RecordKey]) -> Vec<&[RecordKey]> {
    let mut parts = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for (place, key) in keys.iter().enumerate() {
        if place > start && (place - start == PAGE_KEYS || bytes + written(key) > EVENT_BYTES) {
            parts.push(&keys[start..place]);
            (start, bytes) = (place, 0);
        }
        bytes += written(key);
    }
    if start < keys.len() {
        parts.push(&keys[start..]);
    }
    parts
}

/// How many bytes a key takes in an event.
fn written(key: &RecordKey) -> usize {
    serde_json::to_string(key).map_or(0, |json| json.len() + 1)
}

fn common(
    deletion: &Deletion,
    kind: &str,
    collection: &CollectionName,
    page: u32,
    part: usize,
) -> Value {
    let purge = deletion.state.pass() == Pass::Purge;
    json!({
        "event_id": event_id(deletion, kind, collection, page, part),
        "deletion_id": deletion.id,
        "tenant": deletion.tenant,
        "collection": collection,
        // A purge that the retention asked for has no actor.
        "actor": if purge { Value::Null } else { json!(deletion.requested_by) },
        "origin": if purge { "purge" } else { "user" },
        "deleted_at": rfc3339(deletion.deleted_at),
    })
}

/// hash(deletion, run, page, kind, group, part): a repeated event is recognised by its id.
fn event_id(
    deletion: &Deletion,
    kind: &str,
    collection: &CollectionName,
    page: u32,
    part: usize,
) -> String {
    let name = format!(
        "{}/{}/{page}/{kind}/{collection}/{part}",
        deletion.id, deletion.run
    );
    Sha256::digest(name.as_bytes())
        .iter()
        .take(16)
        .fold(String::new(), |mut hex, byte| {
            use std::fmt::Write as _;
            let _ = write!(hex, "{byte:02x}");
            hex
        })
}
