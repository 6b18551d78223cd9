//! Tables that teams have: schemas that nobody here made, each with a collections file, on real tables. The schemas lie
//! beside the checkout (`../shared/schemas`) and are not copied; without them these tests say that they are skipped.

mod chat_by_indexes;

use std::io::Write as _;
use std::path::PathBuf;

use domain::collection::{Collections, SourceFile};
use serde_json::{Map, Value};

use crate::on_tables::OnTables;

/// Rows as DynamoDB's JSON.
type Items = Vec<Map<String, Value>>;

/// A schema: its rows, in tables of the collections that were declared for it.
struct Attached {
    on: OnTables,
    /// The rows of each collection, as they were loaded.
    loaded: Vec<(String, Items)>,
}

/// The schema of this name with these collections; `None`, and a word about it, where the schemas are not there.
fn attached(name: &str, collections: &str, tenant: &str) -> Option<Attached> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/schemas");
    let path = folder.join(format!("{name}.json"));
    let Ok(text) = std::fs::read_to_string(&path) else {
        let skipped = format!("SKIPPED: there is no {}\n", path.display());
        let _told = std::io::stderr().write_all(skipped.as_bytes());
        return None;
    };
    let schema: Value = serde_json::from_str(&text).expect("a schema is JSON");
    let file = SourceFile {
        name: format!("{name}.toml"),
        text: collections.to_owned(),
    };
    let declared = Collections::from_files(&[file]).unwrap_or_else(|errors| panic!("{errors}"));
    let on = OnTables::new(declared, tenant);
    for item in schema["items"].as_array().expect("items") {
        let table = item["table"].as_str().expect("a table");
        let mut collections = on.collections.iter();
        if let Some(collection) = collections.find(|collection| collection.table == table) {
            let item = item["item"].as_object().expect("an item");
            on.tables.put_item(&on.tables.names().of(collection), item);
        }
    }
    let loaded = rows(&on);
    Some(Attached { on, loaded })
}

/// The rows of each collection, in a fixed order.
fn rows(on: &OnTables) -> Vec<(String, Items)> {
    let of = |name: &str| {
        let mut items = on.items(name);
        items.sort_by_key(|item| Value::Object(item.clone()).to_string());
        items
    };
    let names = on.collections.iter().map(|collection| &collection.name);
    names
        .map(|name| (name.to_string(), of(name.as_ref())))
        .collect()
}
