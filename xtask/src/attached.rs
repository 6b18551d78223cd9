//! A table of a team's own for the tests: there before the deploy, unknown to `template.yaml`, attached by parameters.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::failure::{Context, Result};
use crate::http::REGION;
use crate::layout::workspace;

/// Its name, which no prefix makes.
pub const TABLE: &str = "warehouse-items-v7";

/// What the collection file calls it.
const LOGICAL: &str = "items";

/// The body of `CreateTable`.
#[must_use]
pub fn definition() -> Value {
    json!({
        "TableName": TABLE,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": "item_id", "AttributeType": "S"},
            {"AttributeName": "company_id", "AttributeType": "S"},
        ],
        "KeySchema": [{"AttributeName": "item_id", "KeyType": "HASH"}],
        "GlobalSecondaryIndexes": [{
            "IndexName": "by_company",
            "KeySchema": [
                {"AttributeName": "company_id", "KeyType": "HASH"},
                {"AttributeName": "item_id", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "ALL"},
        }],
    })
}

/// The values of parameters that attach it; nothing else does.
#[must_use]
pub fn parameters() -> BTreeMap<String, String> {
    let arn = format!("arn:aws:dynamodb:{REGION}:000000000000:table/{TABLE}");
    BTreeMap::from([
        ("DataTableArns".into(), arn.clone()),
        ("WrittenTableArns".into(), arn),
        ("TableNames".into(), format!("{LOGICAL}={TABLE}")),
    ])
}

/// Puts its collection file into a folder, with documents or without.
///
/// # Errors
///
/// When the file cannot be read or written.
pub fn write_collection(folder: &Path, documents: bool) -> Result<()> {
    let source = workspace().join("tests/stack/collections/inventory.toml");
    let text = fs::read_to_string(&source).context(format!("read {}", source.display()))?;
    let lines = text.lines().filter(|line| documents || !of_a_search(line));
    let text: String = lines.flat_map(|line| [line, "\n"]).collect();
    let text = if documents {
        text
    } else {
        text.replace("\"search\", ", "")
    };
    fs::create_dir_all(folder).context(format!("make {}", folder.display()))?;
    let copy = folder.join("inventory.toml");
    fs::write(&copy, text).context(format!("write {}", copy.display()))
}

fn of_a_search(line: &str) -> bool {
    line.starts_with("document ")
}
