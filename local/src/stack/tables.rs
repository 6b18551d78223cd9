//! Copies the tables that CloudFormation made inside ministack to Dynoxide, where the functions look for them.

use anyhow::{Context as _, Result};
use serde_json::{Map, Value, json};

use crate::http;
use crate::stack::dynamodb;

/// Copies every table: keys, indexes with their projections, on demand. Answers their names.
///
/// # Errors
///
/// When one of the two stores refuses.
pub(crate) async fn copy(from: &str, to: &str) -> Result<Vec<String>> {
    let names = dynamodb::tables(from).await?;
    for name in &names {
        let body = json!({"TableName": name});
        let described =
            http::json_call(from, "dynamodb", "DynamoDB_20120810.DescribeTable", &body).await?;
        let definition = definition(&described["Table"]);
        http::json_call(to, "dynamodb", "DynamoDB_20120810.CreateTable", &definition)
            .await
            .context(format!("create table {name}"))?;
    }
    Ok(names)
}

/// Makes the tables that a team has already.
///
/// # Errors
///
/// When the store refuses one.
pub(crate) async fn create(at: &str, definitions: &[Value]) -> Result<()> {
    for definition in definitions {
        http::json_call(at, "dynamodb", "DynamoDB_20120810.CreateTable", definition)
            .await
            .context(format!("create table {}", definition["TableName"]))?;
    }
    Ok(())
}

/// What `CreateTable` takes, out of what `DescribeTable` tells.
fn definition(table: &Value) -> Value {
    let mut definition = pick(table, &["TableName", "KeySchema", "AttributeDefinitions"]);
    definition.insert("BillingMode".into(), "PAY_PER_REQUEST".into());
    for kind in ["GlobalSecondaryIndexes", "LocalSecondaryIndexes"] {
        let indexes: Vec<Value> = table[kind]
            .as_array()
            .into_iter()
            .flatten()
            .map(|index| Value::Object(pick(index, &["IndexName", "KeySchema", "Projection"])))
            .collect();
        if !indexes.is_empty() {
            definition.insert(kind.into(), indexes.into());
        }
    }
    Value::Object(definition)
}

fn pick(from: &Value, names: &[&str]) -> Map<String, Value> {
    names
        .iter()
        .filter_map(|name| {
            from.get(name)
                .filter(|value| !value.is_null())
                .map(|value| ((*name).to_owned(), value.clone()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copied_table_has_keys_and_indexes_and_nothing_that_only_describes() {
        let described = json!({
            "TableName": "t", "TableStatus": "ACTIVE", "ItemCount": 3,
            "KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "a", "AttributeType": "S"}],
            "GlobalSecondaryIndexes": [{
                "IndexName": "i", "IndexStatus": "ACTIVE",
                "KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["b"]},
            }],
            "LocalSecondaryIndexes": [],
        });

        assert_eq!(
            definition(&described),
            json!({
                "TableName": "t", "BillingMode": "PAY_PER_REQUEST",
                "KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}],
                "AttributeDefinitions": [{"AttributeName": "a", "AttributeType": "S"}],
                "GlobalSecondaryIndexes": [{
                    "IndexName": "i",
                    "KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}],
                    "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["b"]},
                }],
            })
        );
    }
}
