//! One record of a page of the manifest: its key, how it was judged, and what must be known of it when its row is gone.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::above::Above;
use crate::collection::{Collection, CollectionName, Obstacle, Recipients};
use crate::deletion::DeletionId;
use crate::effects::Effects;
use crate::fingerprint::Fingerprint;
use crate::found::Found;
use crate::key::RecordKey;
use crate::principal::Tenant;
use crate::row::{Row, RowMark};

/// The state of a record's row when it was selected. Existence and earlier marks are judged then, and only then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Judged {
    /// No mark.
    #[serde(rename = "l")]
    Live,
    /// No mark, but the mark attribute is an explicit NULL, which a restore puts back.
    #[serde(rename = "n")]
    LiveNull,
    /// Marked already by another deletion.
    #[serde(rename = "d")]
    AlreadyDeleted,
    /// Requested, but there is no such record for this deletion: it is absent, another tenant's, or one that the caller
    /// may not delete. Nothing of it is read, written or published.
    #[serde(rename = "m")]
    Missing,
}

impl Judged {
    /// The judgement of a row by its mark, for a deletion with this id.
    #[must_use]
    pub fn of(mark: RowMark, deletion: DeletionId) -> Self {
        match mark {
            // One that is unreadable or busy is tried, and fails with the reason.
            RowMark::Absent | RowMark::Busy | RowMark::Unreadable => Self::Live,
            RowMark::Null => Self::LiveNull,
            RowMark::By(by) if by == Some(deletion) => Self::Live,
            RowMark::By(_) => Self::AlreadyDeleted,
        }
    }

    /// Whether the delete has something to do here.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Self::Live | Self::LiveNull)
    }
}

/// One record of a page.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Entry {
    /// Its collection.
    pub collection: CollectionName,
    /// Its key.
    pub key: RecordKey,
    /// What was found.
    pub judged: Judged,
    /// What effects will need to know about it.
    pub effects: Effects,
    /// What tells it apart from the next record of its key, where nothing else does: no root hides it.
    pub fingerprint: Option<Fingerprint>,
    /// Which record was above it, where that is not the deletion's itself.
    pub above: Above,
    /// What was found in the row where a mark changes it.
    pub as_read: AsRead,
}

/// What somebody has found in a row that was just read. It is never stored, and no part of what an entry is: an entry
/// that comes from a page does not know it.
#[derive(Debug, Clone, Default)]
pub struct AsRead(Option<Box<Found>>);

impl AsRead {
    /// What this row has, where a mark depends on it.
    #[must_use]
    pub fn of(collection: &Collection, row: &Row) -> Self {
        let is_needed = collection.is_read_to_be_marked();
        Self(is_needed.then(|| Box::new(row.found(collection))))
    }
}

impl PartialEq for AsRead {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for AsRead {}

impl std::hash::Hash for AsRead {
    fn hash<H: std::hash::Hasher>(&self, _: &mut H) {}
}

impl Entry {
    /// A record without effects.
    #[must_use]
    pub fn new(collection: CollectionName, key: RecordKey, judged: Judged) -> Self {
        Self {
            collection,
            key,
            judged,
            effects: Effects::default(),
            fingerprint: None,
            above: Above::default(),
            as_read: AsRead::default(),
        }
    }

    /// The record of this row, as a deletion finds it.
    #[must_use]
    pub fn of_row(collection: &Collection, row: Row, deletion: DeletionId) -> Self {
        let judged = Judged::of(row.mark(collection), deletion);
        let effects = match judged {
            Judged::Live | Judged::LiveNull => Effects::of(&row, collection),
            Judged::AlreadyDeleted | Judged::Missing => Effects::default(),
        };
        let as_read = AsRead::of(collection, &row);
        Self {
            collection: collection.name.clone(),
            key: row.key,
            judged,
            effects,
            fingerprint: None,
            above: Above::default(),
            as_read,
        }
    }

    /// What was found in its row where a mark changes it; `None` if somebody has to read the row first.
    #[must_use]
    pub fn found(&self, collection: &Collection) -> Option<Found> {
        let null = self.judged == Judged::LiveNull;
        if collection.is_read_to_be_marked() {
            let found = self.as_read.0.as_deref()?.clone();
            return Some(Found { null, ..found });
        }
        Some(Found {
            null,
            ..Found::default()
        })
    }

    /// Whether its row was held back when it was just read; of one that nobody has read just now, nobody can say.
    #[must_use]
    pub fn is_held_back(&self, collection: &Collection) -> bool {
        let found = self.as_read.0.as_deref();
        let obstacle = found.and_then(|found| collection.obstacle(|name| found.values.get(name)));
        self.judged.is_open() && matches!(obstacle, Some(Obstacle::Held(_)))
    }

    /// The same record, open for a deletion that takes over what others have marked.
    #[must_use]
    pub fn taken_over(self, collection: &Collection, row: &Row) -> Self {
        Self {
            judged: Judged::Live,
            effects: Effects::of(row, collection),
            ..self
        }
    }

    /// The same record, with what tells it apart from the next one of its key.
    #[must_use]
    pub fn with(self, fingerprint: Option<Fingerprint>) -> Self {
        Self {
            fingerprint,
            ..self
        }
    }

    /// The same record, below this one.
    #[must_use]
    pub fn below(self, above: Above) -> Self {
        Self { above, ..self }
    }

    /// About how many bytes it takes in a page.
    #[must_use]
    pub fn bytes(&self) -> usize {
        // A number of up to ten digits, and a comma.
        let fingerprint = self.fingerprint.map_or(0, |_| 11);
        self.key.bytes() + self.effects.bytes() + fingerprint + self.above.bytes()
    }

    /// The value of an attribute, of the key or of those that effects need.
    #[must_use]
    pub fn value(&self, collection: &Collection, attribute: &str) -> Option<Value> {
        let text = self.text(collection, attribute).map(Value::from);
        text.or_else(|| self.effects.values.get(attribute).cloned())
    }

    /// The text of such an attribute, or the value of a part.
    #[must_use]
    pub fn text<'a>(&'a self, collection: &Collection, name: &str) -> Option<&'a str> {
        collection.part(&self.key, |attribute| self.held(attribute), name)
    }

    /// The text of an attribute beside the key that effects or the document need.
    #[must_use]
    pub fn held(&self, attribute: &str) -> Option<&str> {
        self.effects.values.get(attribute)?.as_str()
    }

    /// The parent that the record of this tenant referenced; only known where effects need it.
    #[must_use]
    pub fn parent_key(&self, collection: &Collection, tenant: &Tenant) -> Option<RecordKey> {
        let parent = collection.parent.as_ref()?;
        let value = |name: &str| self.text(collection, name);
        parent.of.key(&parent.by, tenant, value)
    }

    /// The key of the shared record that it references, where it is a link.
    #[must_use]
    pub fn shared_record_key(&self, collection: &Collection, tenant: &Tenant) -> Option<RecordKey> {
        let keeps = collection.keeps.as_ref()?;
        keeps
            .of
            .key(&keeps.by, tenant, |name: &str| self.text(collection, name))
    }

    /// The group of the collection's own event that the record is in: the attributes that it has.
    #[must_use]
    pub fn group(&self, collection: &Collection) -> BTreeMap<String, Value> {
        let group = collection.event.iter().flat_map(|event| &event.group);
        group
            .filter_map(|name| Some((name.clone(), self.value(collection, name)?)))
            .collect()
    }

    /// The attributes that the recipients of its event depend on, as text; `None` where the collection declares no
    /// recipients.
    #[must_use]
    pub fn audience_key(&self, collection: &Collection) -> Option<String> {
        let mut group = self.group(collection);
        match collection.recipients.as_ref()? {
            Recipients::Rows { by, .. } => group.retain(|name, _| by.contains(name)),
            Recipients::Attribute(_) => {}
        }
        Some(serde_json::json!([collection.name, group]).to_string())
    }
}
