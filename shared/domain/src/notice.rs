//! What the events of a page say beside its keys. It is stored before the first of them is published, so that a
//! repeated event says the same.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::collection::CollectionName;
use crate::deletion::Pass;
use crate::effects::Audience;
use crate::key::RecordKey;

/// The most bytes of all recipients of a page: with names and punctuation it stays below an item's 400 KB.
const BYTES: usize = 300_000;

/// The recipients of a page's events, and the aggregates that it changed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Notice {
    /// By the attributes that the recipients depend on, see [`Entry::audience_key`](crate::page::Entry::audience_key).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub recipients: BTreeMap<String, Audience>,
    /// In the order found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<AggregateChange>,
}

/// A value of a parent that a page changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AggregateChange {
    /// The pass that changed it.
    pub pass: Pass,
    /// The run, if it is not the one that did the page first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<u32>,
    /// The parent's collection.
    pub on: CollectionName,
    /// The parent.
    pub key: RecordKey,
    /// Its attribute.
    pub attribute: String,
    /// Its value now; `None` is NULL.
    pub value: Option<String>,
}

impl AggregateChange {
    /// Whether both are about one value, by one run.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        (self.pass, self.run, &self.on, &self.key, &self.attribute)
            == (
                other.pass,
                other.run,
                &other.on,
                &other.key,
                &other.attribute,
            )
    }
}

impl Notice {
    /// Whether there is nothing to publish.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Adds this change, and replaces an earlier one of the same value.
    pub fn record_change(&mut self, change: AggregateChange) {
        match self.changes.iter_mut().find(|other| other.is_same(&change)) {
            Some(other) => *other = change,
            None => self.changes.push(change),
        }
    }

    /// Adds recipients, or only a reference to them if all together would become too large.
    pub fn add_recipients(&mut self, key: String, audience: Audience) {
        let bytes: usize = self
            .recipients
            .iter()
            .map(|(key, audience)| key.len() + audience.bytes())
            .sum();
        let fits = bytes + key.len() + audience.bytes() <= BYTES;
        let audience = if fits { audience } else { Audience::Many };
        self.recipients.insert(key, audience);
    }
}
