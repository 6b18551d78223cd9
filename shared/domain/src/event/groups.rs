//! The events of a page's records: one for each group and part.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::envelope::{Event, Identity, common};
use crate::collection::{Collection, CollectionName, EventSpec, Recipients};
use crate::deletion::{Deletion, Pass};
use crate::effects::Audience;
use crate::json_text::escaped;
use crate::key::RecordId;
use crate::notice::Notice;
use crate::page::{Entry, PAGE_KEYS};

/// The most bytes of one event's detail without the names: a control character in a key is six.
const EVENT_BYTES: usize = 240_000;

/// Records that one event, or several parts of it, list.
#[derive(Debug, Clone)]
pub struct Group<'a> {
    /// Their collection.
    pub collection: &'a CollectionName,
    /// The collection's own event.
    pub event: Option<&'a EventSpec>,
    /// The values of the group's attributes.
    pub values: BTreeMap<String, Value>,
    /// The recipients: the field of the detail and its value.
    pub addressed: Option<(&'static str, Value)>,
    /// What clients call them.
    pub keys: Vec<RecordId>,
}

impl<'a> Group<'a> {
    /// The only group of a collection without an event of its own.
    #[must_use]
    pub fn plain(collection: &'a CollectionName) -> Self {
        Self {
            collection,
            event: None,
            values: BTreeMap::new(),
            addressed: None,
            keys: Vec::new(),
        }
    }

    /// The groups of these records of one collection, in the order of the groups' values.
    #[must_use]
    pub fn all(collection: &'a Collection, entries: &[&Entry], notice: &Notice) -> Vec<Self> {
        let mut groups: BTreeMap<String, Self> = BTreeMap::new();
        for entry in entries {
            let values = entry.group(collection);
            let group = groups
                .entry(json!(values).to_string())
                .or_insert_with(|| Self {
                    event: collection.event.as_ref(),
                    addressed: addressed(collection, entry, &values, notice),
                    values,
                    ..Self::plain(&collection.name)
                });
            group.keys.push(collection.id_of(&entry.key));
        }
        groups.into_values().collect()
    }

    fn label(&self) -> String {
        if self.values.is_empty() {
            String::new()
        } else {
            json!(self.values).to_string()
        }
    }
}

/// The list of recipients, or how to find them if there are many.
fn addressed(
    collection: &Collection,
    entry: &Entry,
    group: &BTreeMap<String, Value>,
    notice: &Notice,
) -> Option<(&'static str, Value)> {
    let key = entry.audience_key(collection)?;
    if let Audience::Users(users) = notice.recipients.get(&key)? {
        return Some(("recipients", json!(users)));
    }
    let audience = match collection.recipients.as_ref()? {
        Recipients::Rows {
            collection,
            by,
            user,
            unless,
            ..
        } => {
            let value = |name: &String| group.get(name).cloned().unwrap_or_default();
            let by: Map<String, Value> =
                by.iter().map(|name| (name.clone(), value(name))).collect();
            json!({ "collection": collection, "by": by, "user": user, "unless": unless })
        }
        Recipients::Attribute(attribute) => {
            json!({ "collection": collection.name, "by": group, "user": attribute, "unless": null })
        }
    };
    Some(("audience", audience))
}

/// The records of a page that a pass has done, in groups. A delete publishes them with the collection's own event.
#[must_use]
pub fn of_groups(
    deletion: &Deletion,
    pass: Pass,
    page: u32,
    redone: Option<u32>,
    groups: &[Group<'_>],
) -> Vec<Event> {
    let mut events = Vec::new();
    for group in groups {
        let own = group.event.filter(|_| pass == Pass::Delete);
        let kind = match (own, pass) {
            (Some(own), _) => own.kind.as_str(),
            (None, Pass::Delete) => "RecordsDeleted",
            (None, Pass::Restore) => "RecordsRestored",
            (None, Pass::Purge) => "RecordsPurged",
        };
        let label = group.label();
        let addressed = group.addressed.as_ref().filter(|_| own.is_some());
        let beside = addressed.map_or(0, |(_, value)| escaped(value.to_string()).len())
            + 2 * escaped(label.clone()).len();
        let twice = own.is_some_and(|own| own.ids.is_some());
        let parts = split(&group.keys, EVENT_BYTES.saturating_sub(beside), twice);
        for (index, ids) in parts.iter().enumerate() {
            let part = index + 1;
            let id = Identity {
                run: redone,
                page,
                part,
                of: &label,
                ..Identity::of_page(deletion, pass, kind, group.collection)
            };
            let mut detail = common(deletion, pass, &id);
            detail["group"] = if group.values.is_empty() {
                Value::Null
            } else {
                json!(group.values)
            };
            detail["ids"] = json!(ids);
            detail["page"] = json!(page);
            detail["part"] = json!(part);
            detail["parts"] = json!(parts.len());
            if let Some(own) = own {
                write_own(&mut detail, own, group, ids);
            }
            if let Some((field, value)) = addressed {
                detail[*field] = value.clone();
            }
            events.push(Event {
                kind: kind.to_owned().into(),
                detail,
            });
        }
    }
    events
}

/// The fields that the collection declares.
fn write_own(detail: &mut Value, own: &EventSpec, group: &Group<'_>, ids: &[RecordId]) {
    for (name, value) in &group.values {
        detail[name.as_str()] = value.clone();
    }
    for (name, value) in &own.set {
        detail[name.as_str()] = json!(value);
    }
    if let Some(name) = &own.ids {
        detail[name.as_str()] = json!(ids.iter().map(RecordId::last).collect::<Vec<_>>());
    }
}

/// At most [`PAGE_KEYS`] keys and `most` bytes a part; `twice` where the last part of each key is listed once more.
fn split(keys: &[RecordId], most: usize, twice: bool) -> Vec<&[RecordId]> {
    let mut parts = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for (place, key) in keys.iter().enumerate() {
        let written = written(key, twice);
        if place > start && (place - start == PAGE_KEYS || bytes + written > most) {
            parts.push(&keys[start..place]);
            (start, bytes) = (place, 0);
        }
        bytes += written;
    }
    if start < keys.len() {
        parts.push(&keys[start..]);
    }
    parts
}

/// How many bytes a key takes in an event.
fn written(key: &RecordId, twice: bool) -> usize {
    let bytes = |json: serde_json::Result<String>| json.map_or(0, |json| escaped(json).len() + 1);
    let once = bytes(serde_json::to_string(key));
    if twice {
        once + bytes(serde_json::to_string(key.last()))
    } else {
        once
    }
}
