//! How a run ended: everything that a client, a reader of the stores or a reader of the bus can see.

use std::collections::BTreeMap;

use domain::collection::Collection;
use domain::deletion::{Deletion, State};
use domain::event::Event;
use domain::page::{Exceptions, Page};
use serde_json::{Map, Value, json};

use crate::engine::world::{World, document_id};

/// How a deletion ended, for a comparison of two runs: everything that a client, a reader of the stores or a reader of
/// the bus can see of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct End {
    pub(crate) state: State,
    pub(crate) counts: Value,
    pub(crate) manifest: Vec<(Page, Exceptions)>,
    pub(crate) rows: Value,
    pub(crate) documents: Value,
    pub(crate) events: BTreeMap<String, Value>,
}

impl World {
    /// Everything that can be seen of the deletion and of the stores.
    pub(crate) fn end(&self, deletion: &Deletion) -> End {
        let stands = self.now(deletion);
        let events = self
            .events
            .distinct()
            .into_iter()
            .filter(|event| event.detail["deletion_id"] == json!(deletion.id));
        End {
            state: stands.state,
            counts: json!({ "deleted": stands.deleted, "restored": stands.restored, "purged": stands.purged, "failure": stands.failure, "pages": stands.pages }),
            manifest: self.deletions.manifest(deletion),
            rows: self.stored(|collection| {
                let keys = self.rows.keys(collection).into_iter();
                keys.map(|key| (json!(key).to_string(), self.rows.get(collection, &key)))
                    .collect()
            }),
            documents: self.stored(|collection| {
                let ids = self.documents.ids(collection).into_iter();
                ids.map(|id| (id.clone(), self.documents.get(collection, &id)))
                    .collect()
            }),
            events: events
                .map(|event| (event.detail["event_id"].to_string(), named(&event)))
                .collect(),
        }
    }

    /// How often each record is named in events of a kind, repetitions of an event left out.
    pub(crate) fn named(&self, kind: &str) -> BTreeMap<(String, String), usize> {
        let mut named = BTreeMap::new();
        for event in self
            .events
            .distinct()
            .into_iter()
            .filter(|event| event.kind == kind)
        {
            for id in event.detail["ids"]
                .as_array()
                .expect("such an event names records")
            {
                let collection = event.detail["collection"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned();
                *named.entry((collection, id.to_string())).or_default() += 1;
            }
        }
        named
    }

    fn stored(
        &self,
        all: impl Fn(&Collection) -> BTreeMap<String, Option<Map<String, Value>>>,
    ) -> Value {
        self.collections
            .iter()
            .map(|collection| (collection.name.to_string(), json!(all(collection))))
            .collect::<Map<_, _>>()
            .into()
    }

    /// A document without a row could never be explained, nor found again (invariant 3).
    pub(crate) fn assert_every_document_has_its_row(&self, context: &str) {
        for collection in self.collections.iter() {
            let explained: Vec<_> = self
                .rows
                .keys(collection)
                .iter()
                .filter_map(|key| document_id(collection, key))
                .collect();
            for id in self.documents.ids(collection) {
                assert!(
                    explained.contains(&id),
                    "{context}: document {id:?} of {} has no row",
                    collection.name
                );
            }
        }
    }
}

fn named(event: &Event) -> Value {
    json!({ "kind": event.kind, "detail": event.detail })
}
