//! A small stand-in for a team's pipeline: it follows the rows and writes the index, when it is told to.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::collection::DocumentAt;
use domain::deletion::{DeletionId, State};
use serde_json::{Map, Value};

use testing::FakeDocuments;

use crate::attached::index::Written;
use crate::attached::{Attached, declared};

type Item = Map<String, Value>;

/// What a pipeline makes of a row.
#[derive(Debug, Clone)]
pub(in crate::attached) struct Write {
    at: DocumentAt,
    version: Option<i64>,
    /// `None`: the document is removed.
    source: Option<Item>,
}

impl Write {
    pub(in crate::attached) fn put(at: DocumentAt, source: Item) -> Self {
        Self {
            at,
            version: None,
            source: Some(source),
        }
    }

    pub(in crate::attached) fn remove(at: DocumentAt) -> Self {
        Self {
            at,
            version: None,
            source: None,
        }
    }

    /// The index refuses it where it has this version, or a later one.
    pub(in crate::attached) fn with_version(self, version: i64) -> Self {
        Self {
            version: Some(version),
            ..self
        }
    }
}

/// A schema with its pipeline.
pub(in crate::attached) struct Piped<S = FakeDocuments> {
    pub(in crate::attached) attached: Attached<S>,
    pipeline: fn(&str, &Item) -> Option<Write>,
    /// The rows as the pipeline has seen them, by table and what their documents are.
    seen: BTreeMap<String, (String, Item)>,
    latest: Vec<Write>,
}

impl<S: Written> Piped<S> {
    /// This schema, with its documents as they are.
    pub(in crate::attached) async fn over(
        documents: S,
        schema: &Value,
        (file, tenant): (&str, &str),
        pipeline: fn(&str, &Item) -> Option<Write>,
    ) -> Self {
        let collections = declared("schema", file);
        let attached = Attached::over(documents, schema, collections, tenant);
        let mut piped = Self {
            attached,
            pipeline,
            seen: BTreeMap::new(),
            latest: Vec::new(),
        };
        // What the schema has of each document, and of rows without one what the pipeline makes of them.
        piped.run().await;
        piped.latest.clear();
        piped
    }

    /// Follows what has changed in the tables since it was last here.
    pub(in crate::attached) async fn run(&mut self) {
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
                let removed = write.map(|write| Write {
                    source: None,
                    ..write
                });
                self.latest.extend(removed);
            }
        }
        self.seen = now;
        self.repeat().await;
    }

    /// Whether the row is there still, in whatever state.
    fn is_there(&self, table: &str, item: &Item) -> bool {
        let rows = self.attached.rows();
        let of_table = rows.iter().filter(|(name, _)| name == table);
        let keys = ["id", "vid", "pk", "sk", "PK", "SK", "databaseId", "assetId"];
        let key = |item: &Item| keys.map(|name| item.get(name).cloned());
        of_table
            .flat_map(|(_, items)| items)
            .any(|row| key(row) == key(item))
    }

    /// Delivers what it did last once more.
    pub(in crate::attached) async fn repeat(&self) {
        let documents = &self.attached.on.documents;
        for Write {
            at,
            version,
            source,
        } in &self.latest
        {
            match (source, version) {
                (None, None) => documents.forget_at(at).await,
                (None, Some(version)) => documents.remove_version(at, *version).await,
                (Some(source), None) => documents.put_at(at, source.clone()).await,
                (Some(source), Some(version)) => {
                    documents.put_version(at, *version, source.clone()).await;
                }
            }
        }
    }

    /// Lets the time of a comparison come.
    pub(in crate::attached) async fn compare(&self) {
        let on = &self.attached.on;
        // What a worker that was killed has left comes first.
        for _ in 0..3 {
            on.clock.advance(Duration::from_mins(11));
            let _report = on.sweep(&on.faults()).await;
        }
    }

    /// Delivers the message of a deletion until it is over.
    pub(in crate::attached) async fn finish(&self, id: DeletionId) {
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
