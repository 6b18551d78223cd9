//! Tables that teams have: schemas that nobody here made, each with a collections file, on real tables. The schemas lie
//! beside the checkout (`../shared/schemas`) and are not copied; without them these tests say that they are skipped.

mod applications;
mod asset_library;
mod chat_by_indexes;
mod chat_with_ttl;
mod doctor;
mod documents_per_site;
mod granules;
mod granules_indexed;
mod grouped_notifications;
mod index;
mod made_of_parts;
mod page;
mod piped;
mod synced_searchable_api;
mod transactions_routed;
mod units;
mod versioned_resources;

use std::io::Write as _;
use std::path::PathBuf;

use domain::collection::{Collections, SourceFile};
use domain::deletion::{Action, Deletion, DeletionId};
use requests::destroy::{WholeAnswer, WholeRequest, delete_whole};
use serde_json::{Map, Value};
use testing::{FakeDocuments, Faults};

use crate::on_tables::{OnTables, Search};
use crate::stores::dynamo::Tables;

/// Rows as DynamoDB's JSON.
type Items = Vec<Map<String, Value>>;

/// A schema: its tables with its rows, attached by the collections that were declared for it.
struct Attached<S = FakeDocuments> {
    on: OnTables<S>,
    tables: Vec<String>,
    /// The rows of each table, as they were loaded.
    loaded: Vec<(String, Items)>,
}

/// The schema of this name; `None`, and a word about it, where the schemas are not there.
fn schema(name: &str) -> Option<Value> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/schemas");
    let path = folder.join(format!("{name}.json"));
    let Ok(text) = std::fs::read_to_string(&path) else {
        let skipped = format!("SKIPPED: there is no {}\n", path.display());
        let _told = std::io::stderr().write_all(skipped.as_bytes());
        return None;
    };
    Some(serde_json::from_str(&text).expect("a schema is JSON"))
}

/// The schema of this name with these collections; `None` where the schemas are not there.
fn attached(name: &str, collections: &str, tenant: &str) -> Option<Attached> {
    Some(Attached::of(name, &schema(name)?, collections, tenant))
}

/// The collections of a file.
fn declared(name: &str, collections: &str) -> Collections {
    let file = SourceFile {
        name: format!("{name}.toml"),
        text: collections.to_owned(),
    };
    Collections::from_files(&[file]).unwrap_or_else(|errors| panic!("{errors}"))
}

impl Attached {
    /// This schema with these collections.
    fn of(name: &str, schema: &Value, collections: &str, tenant: &str) -> Self {
        let declared = declared(name, collections);
        Self::over(FakeDocuments::of(&declared), schema, declared, tenant)
    }
}

impl<S: Search> Attached<S> {
    /// The same, with this search.
    fn over(documents: S, schema: &Value, declared: Collections, tenant: &str) -> Self {
        let stores = Tables::described(&schema["tables"]);
        let on = OnTables::on(stores, documents, declared, tenant);
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        for item in schema["items"].as_array().expect("items") {
            let table = on.tables.named(&text(&item["table"]));
            let item = item["item"].as_object().expect("an item");
            on.tables.put_item(&table, item);
        }
        let tables = schema["tables"].as_array().expect("tables").iter();
        let tables: Vec<String> = tables.map(|table| text(&table["name"])).collect();
        let mut attached = Self {
            on,
            tables,
            loaded: Vec::new(),
        };
        attached.loaded = attached.rows();
        attached
    }

    /// The rows of each table, in a fixed order: also those that no collection declares.
    fn rows(&self) -> Vec<(String, Items)> {
        let of = |table: &String| {
            let mut items = self.on.tables.items(&self.on.tables.named(table));
            items.sort_by_key(|item| Value::Object(item.clone()).to_string());
            (table.clone(), items)
        };
        self.tables.iter().map(of).collect()
    }

    /// The rows that are not there as they were loaded, by table: changed, removed or new.
    fn changed(&self) -> Vec<(String, Value)> {
        let mut changed = Vec::new();
        for ((table, before), (_, now)) in self.loaded.iter().zip(self.rows()) {
            let is_new = |item: &&Map<String, Value>| !before.contains(item);
            let is_lost = |item: &&Map<String, Value>| !now.contains(item);
            let lost = before.iter().filter(is_lost);
            let new = now.iter().filter(is_new);
            let both = lost.chain(new).cloned().map(Value::Object);
            changed.extend(both.map(|item| (table.clone(), item)));
        }
        changed
    }

    /// Asks for the deletion of a record by the id that clients have for it, and does it.
    async fn delete(&self, collection: &str, id: &str, sort: Option<&str>) -> Deletion {
        let faults = self.on.faults();
        self.delete_with(&faults, collection, id, sort).await
    }

    async fn delete_with(
        &self,
        faults: &Faults,
        collection: &str,
        id: &str,
        sort: Option<&str>,
    ) -> Deletion {
        let declared = self.on.collection(collection);
        let key = declared.key_of(&self.on.principal.tenant, id, sort);
        let key = key.unwrap_or_else(|error| panic!("{error}"));
        let accepted = self.on.accept(faults, collection, &key).await;
        let _ended = self.on.deliver(faults, accepted.id).await.unwrap();
        self.on.read(accepted.id).await
    }

    /// Asks for the deletion of all that is below a record without a row, and does it.
    async fn delete_whole(&self, collection: &str, id: &str) -> Deletion {
        let faults = self.on.faults();
        self.delete_whole_with(&faults, collection, id).await
    }

    async fn delete_whole_with(&self, faults: &Faults, collection: &str, id: &str) -> Deletion {
        let (declared, principal) = (self.on.collection(collection), &self.on.principal);
        let request = WholeRequest {
            principal,
            collection: declared,
            key: declared.key_of(&principal.tenant, id, None).unwrap(),
            request_id: "r".to_owned(),
            once: None,
        };
        let api = self.on.api(faults);
        let answer = Box::pin(delete_whole(&api, request)).await;
        let WholeAnswer::Scheduled(accepted) = answer.unwrap() else {
            panic!("nothing is live below {id}")
        };
        let id = accepted.deletion.id;
        let _ended = self.on.deliver(faults, id).await.unwrap();
        self.on.read(id).await
    }

    /// Asks for an action, and does it.
    async fn act(&self, deletion: &Deletion, action: Action) -> Deletion {
        let faults = self.on.faults();
        self.act_with(&faults, deletion, action).await
    }

    async fn act_with(&self, faults: &Faults, deletion: &Deletion, action: Action) -> Deletion {
        self.on.act(faults, deletion.id, action).await;
        let _ended = self.on.deliver(faults, deletion.id).await.unwrap();
        self.on.read(deletion.id).await
    }

    /// Sweeps, and does the one deletion that takes over rows of others.
    async fn take_over(&self) -> Deletion {
        let report = self.on.sweep(&self.on.faults()).await;
        assert_eq!((report.adopted, report.errors), (1, 0));
        let taken_over = self.on.next_message().expect("it has a deletion");
        self.deliver(taken_over).await
    }

    /// Sweeps at this moment, at which the purge of a deletion is due, and does it.
    async fn purge_due(&self, deletion: &Deletion, at: &str) -> Deletion {
        self.on.clock.set(at.parse().expect("a moment"));
        assert_eq!(self.on.sweep(&self.on.faults()).await.purging, 1);
        self.deliver(deletion.id).await
    }

    async fn deliver(&self, id: DeletionId) -> Deletion {
        let _ended = self.on.deliver(&self.on.faults(), id).await.unwrap();
        self.on.read(id).await
    }
}
