//! A small stand-in for a team's pipeline: it follows the rows and writes the index, when it is told to.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::collection::DocumentAt;
use domain::deletion::{DeletionId, State};
use serde_json::{Map, Value};

use crate::attached::{Attached, attached};

type Item = Map<String, Value>;

/// What a pipeline makes of a row.
#[derive(Debug, Clone)]
pub(super) struct Write {
    at: DocumentAt,
    version: Option<i64>,
    /// `None`: the document is removed.
    source: Option<Item>,
}

impl Write {
    pub(super) fn put(at: DocumentAt, source: Item) -> Self {
        Self {
            at,
            version: None,
            source: Some(source),
        }
    }

    pub(super) fn remove(at: DocumentAt) -> Self {
        Self {
            at,
            version: None,
            source: None,
        }
    }

    /// The index refuses it where it has this version, or a later one.
    pub(super) fn with_version(self, version: i64) -> Self {
        Self {
            version: Some(version),
            ..self
        }
    }
}

/// A schema with its pipeline.
pub(super) struct Piped {
    pub(super) attached: Attached,
    pipeline: fn(&str, &Item) -> Option<Write>,
    /// The rows as the pipeline has seen them, by table and what their documents are.
    seen: BTreeMap<String, (String, Item)>,
    latest: Vec<Write>,
}

impl Piped {
    /// The schema of this name, with its documents as they are.
    pub(super) fn of(
        name: &str,
        file: &str,
        tenant: &str,
        pipeline: fn(&str, &Item) -> Option<Write>,
    ) -> Option<Self> {
        let attached = attached(name, file, tenant)?;
        let mut piped = Self {
            attached,
            pipeline,
            seen: BTreeMap::new(),
            latest: Vec::new(),
        };
        // What the schema has of each document, and of rows without one what the pipeline makes of them.
        piped.run();
        piped.latest.clear();
        Some(piped)
    }

    /// Follows what has changed in the tables since it was last here.
    pub(super) fn run(&mut self) {
        let mut now = BTreeMap::new();
        for (table, items) in self.attached.rows() {
            for item in items {
                if let Some(write) = (self.pipeline)(&table, &item) {
                    now.insert(format!("{:?}", write.at), (table.clone(), item));
                }
            }
        }
        self.latest.clear();
        for (place, (table, item)) in &now {
            if self.seen.get(place).map(|(_, seen)| seen) != Some(item) {
                self.latest.extend((self.pipeline)(table, item));
            }
        }
        for (place, (table, item)) in &self.seen {
            if !now.contains_key(place) && !self.is_there(table, item) {
                let write = (self.pipeline)(table, item);
                self.latest
                    .extend(write.map(|write| Write::remove(write.at)));
            }
        }
        self.seen = now;
        self.repeat();
    }

    /// Whether the row is there still, in whatever state.
    fn is_there(&self, table: &str, item: &Item) -> bool {
        let rows = self.attached.rows();
        let of_table = rows.iter().filter(|(name, _)| name == table);
        let keys = ["id", "vid", "pk", "sk", "PK", "SK"];
        let key = |item: &Item| keys.map(|name| item.get(name).cloned());
        of_table
            .flat_map(|(_, items)| items)
            .any(|row| key(row) == key(item))
    }

    /// Delivers what it did last once more.
    pub(super) fn repeat(&self) {
        let documents = &self.attached.on.documents;
        for Write {
            at,
            version,
            source,
        } in &self.latest
        {
            match (source, version) {
                (None, _) => documents.forget_at(at),
                (Some(source), None) => documents.put_at(at, source.clone()),
                (Some(source), Some(version)) => {
                    let _is_new = documents.put_version(at, *version, source.clone());
                }
            }
        }
    }

    /// Lets the time of a comparison come.
    pub(super) async fn compare(&self) {
        let on = &self.attached.on;
        // What a worker that was killed has left comes first.
        for _ in 0..3 {
            on.clock.advance(Duration::from_mins(11));
            let _report = on.sweep(&on.faults()).await;
        }
    }

    /// Delivers the message of a deletion until it is over.
    pub(super) async fn finish(&self, id: DeletionId) {
        let on = &self.attached.on;
        for _ in 0..5 {
            if on.read(id).await.state == State::Deleted {
                return;
            }
            on.clock.advance(Duration::from_mins(5));
            let _left = on.deliver(&on.faults(), id).await;
        }
    }
}
