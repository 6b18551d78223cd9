//! Tables of a team's own for the tests: there before the deploy, unknown to `template.yaml`, attached by parameters.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use local::http::REGION;
use local::layout::workspace;
use serde_json::{Value, json};

/// A table, under a name that no prefix makes.
#[derive(Debug)]
pub struct Table {
    /// What the collection file calls it.
    pub logical: &'static str,
    /// Its name.
    pub name: &'static str,
    key: &'static str,
    /// An index and its key.
    index: Option<(&'static str, [&'static str; 2])>,
}

/// The tables of `tests/stack/collections/inventory.toml`.
pub const TABLES: [Table; 3] = [
    Table {
        logical: "items",
        name: "warehouse-items-v7",
        key: "item_id",
        index: Some(("by_company", ["company_id", "item_id"])),
    },
    Table {
        logical: "movements",
        name: "warehouse-movements",
        key: "movement_id",
        index: Some(("by_item", ["item_id", "movement_id"])),
    },
    Table {
        logical: "receipts",
        name: "Receipts",
        key: "receipt_id",
        index: None,
    },
];

/// The bodies of `CreateTable`.
#[must_use]
pub fn definitions() -> Vec<Value> {
    TABLES.iter().map(definition).collect()
}

fn definition(table: &Table) -> Value {
    let key = |names: &[&str]| -> Value {
        let kinds = ["HASH", "RANGE"];
        let parts = names.iter().zip(kinds);
        parts
            .map(|(name, kind)| json!({"AttributeName": name, "KeyType": kind}))
            .collect()
    };
    let mut attributes = vec![table.key];
    let mut definition = json!({
        "TableName": table.name,
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": key(&[table.key]),
    });
    if let Some((index, names)) = &table.index {
        attributes.extend(names.iter().filter(|name| **name != table.key));
        definition["GlobalSecondaryIndexes"] = json!([{
            "IndexName": index,
            "KeySchema": key(names),
            "Projection": {"ProjectionType": "ALL"},
        }]);
    }
    definition["AttributeDefinitions"] = attributes
        .iter()
        .map(|name| json!({"AttributeName": name, "AttributeType": "S"}))
        .collect();
    definition
}

/// The values of parameters that attach them; nothing else does. The API may write the first.
#[must_use]
pub fn parameters() -> BTreeMap<String, String> {
    let arn = |table: &Table| {
        format!(
            "arn:aws:dynamodb:{REGION}:000000000000:table/{}",
            table.name
        )
    };
    let name = |table: &Table| format!("{}={}", table.logical, table.name);
    let all = |of: &dyn Fn(&Table) -> String| TABLES.iter().map(of).collect::<Vec<_>>().join(", ");
    BTreeMap::from([
        ("DataTableArns".into(), all(&arn)),
        ("WrittenTableArns".into(), arn(&TABLES[0])),
        ("TableNames".into(), all(&name)),
    ])
}

/// Puts their collection file into a folder, with documents or without.
///
/// # Errors
///
/// When the file cannot be read or written.
pub fn write_collection(folder: &Path, documents: bool) -> Result<()> {
    let source = workspace().join("tests/stack/collections/inventory.toml");
    let mut text = fs::read_to_string(&source).context(format!("read {}", source.display()))?;
    if !documents {
        let lines = text.lines().filter(|line| !line.starts_with("document "));
        text = lines.flat_map(|line| [line, "\n"]).collect();
        text = text.replace("\"search\", ", "");
    }
    fs::create_dir_all(folder).context(format!("make {}", folder.display()))?;
    let copy = folder.join("inventory.toml");
    fs::write(&copy, text).context(format!("write {}", copy.display()))
}
