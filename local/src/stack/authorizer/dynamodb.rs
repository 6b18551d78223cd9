//! What a call of DynamoDB accesses.
//!
//! A transaction is authorised by its parts, each as the operation that it stands for (Developer Guide,
//! "Using IAM with DynamoDB transactions", `transaction-apis-iam`); a PartiQL statement by its kind, whatever operation
//! carries it ("IAM security policies with PartiQL for DynamoDB", `ql-iam`); a batch is one action on each table.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::access::{Access, Request, Unknown};
use super::partiql;

const API: &str = "DynamoDB_20120810.";

/// What the call accesses.
pub(super) fn accesses(request: &Request<'_>) -> Result<Vec<Access>, Unknown> {
    let Some(operation) = request.target.strip_prefix(API) else {
        return Err(Unknown(format!(
            "no operation of DynamoDB: {}",
            request.target
        )));
    };
    let action = format!("dynamodb:{operation}");
    match operation {
        "GetItem" | "PutItem" | "UpdateItem" | "DeleteItem" | "DescribeTable" => {
            let Table { table_name, .. } = read(request, operation)?;
            Ok(vec![Access::new(action, table(request, &table_name))])
        }
        "Query" | "Scan" => {
            let Table {
                table_name,
                index_name,
            } = read(request, operation)?;
            let mut resource = table(request, &table_name);
            if let Some(index) = index_name {
                resource = format!("{resource}/index/{index}");
            }
            Ok(vec![Access::new(action, resource)])
        }
        "BatchGetItem" | "BatchWriteItem" => {
            let Batch { request_items } = read(request, operation)?;
            let tables = request_items.keys();
            Ok(tables
                .map(|name| Access::new(&*action, table(request, name)))
                .collect())
        }
        "TransactWriteItems" => parts(request, operation, "TransactWriteItems"),
        "TransactGetItems" => parts(request, operation, "TransactGetItems"),
        "ExecuteStatement" => {
            let one: partiql::Statement = read(request, operation)?;
            one.access(request).map(|access| vec![access])
        }
        "BatchExecuteStatement" => {
            let Statements { statements } = read(request, operation)?;
            statements.iter().map(|one| one.access(request)).collect()
        }
        "ExecuteTransaction" => {
            let Transaction {
                transact_statements,
            } = read(request, operation)?;
            let accesses = transact_statements.iter().map(|one| {
                one.access(request).map(|access| Access {
                    enclosing_operation: Some("ExecuteTransaction"),
                    ..access
                })
            });
            accesses.collect()
        }
        // What lists all tables, or none, is about no single one; and what is not known here, no function may call.
        _ => Ok(vec![Access::new(action, "*")]),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Table {
    table_name: String,
    #[serde(default)]
    index_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Batch {
    #[expect(
        clippy::zero_sized_map_values,
        reason = "serde reads no set out of an object, and the values are large"
    )]
    request_items: BTreeMap<String, IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Parts {
    transact_items: Vec<BTreeMap<String, Table>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Statements {
    pub(super) statements: Vec<partiql::Statement>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Transaction {
    transact_statements: Vec<partiql::Statement>,
}

fn read<T: DeserializeOwned>(request: &Request<'_>, operation: &str) -> Result<T, Unknown> {
    serde_json::from_slice(request.body).map_err(|error| Unknown::body(operation, &error))
}

fn parts(
    request: &Request<'_>,
    operation: &str,
    enclosing: &'static str,
) -> Result<Vec<Access>, Unknown> {
    let Parts { transact_items } = read(request, operation)?;
    transact_items
        .iter()
        .flatten()
        .map(|(part, on)| {
            let action = match part.as_str() {
                "Get" => "dynamodb:GetItem",
                "Put" => "dynamodb:PutItem",
                "Update" => "dynamodb:UpdateItem",
                "Delete" => "dynamodb:DeleteItem",
                "ConditionCheck" => "dynamodb:ConditionCheckItem",
                other => return Err(Unknown(format!("no part of a transaction: {other}"))),
            };
            Ok(Access {
                enclosing_operation: Some(enclosing),
                ..Access::new(action, table(request, &on.table_name))
            })
        })
        .collect()
}

/// A table may be named by its ARN.
pub(super) fn table(request: &Request<'_>, name: &str) -> String {
    if name.starts_with("arn:") {
        return name.to_owned();
    }
    request.arn("dynamodb", &format!("table/{name}"))
}

#[cfg(test)]
mod tests;
