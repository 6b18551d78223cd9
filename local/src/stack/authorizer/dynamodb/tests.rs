//! Calls of DynamoDB, and what each accesses.

use axum::http::Method;

use super::*;
use crate::stack::authorizer::scope::Scope;

fn all(operation: &str, body: &str) -> Result<Vec<Access>, Unknown> {
    let scope = Scope {
        region: "us-west-2".into(),
        service: "dynamodb".into(),
        ..Scope::default()
    };
    accesses(&Request {
        scope: &scope,
        account: "123456789012",
        target: &format!("{API}{operation}"),
        method: &Method::POST,
        uri: &"/".parse().unwrap(),
        body: body.as_bytes(),
    })
}

fn pairs(operation: &str, body: &str) -> Vec<(String, String)> {
    let prefix = "arn:aws:dynamodb:us-west-2:123456789012:table/";
    all(operation, body)
        .unwrap()
        .into_iter()
        .map(|access| {
            let action = access.action.strip_prefix("dynamodb:").unwrap().to_owned();
            let resource = access.resource.strip_prefix(prefix).unwrap().to_owned();
            (action, resource)
        })
        .collect()
}

fn list(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(action, resource)| ((*action).to_owned(), (*resource).to_owned()))
        .collect()
}

#[test]
fn a_single_call_is_on_its_table_and_a_query_on_its_index() {
    assert_eq!(
        pairs(
            "GetItem",
            r#"{"TableName": "Music", "Key": {"Artist": {"S": "x"}}}"#
        ),
        list(&[("GetItem", "Music")])
    );
    assert_eq!(
        pairs("Query", r#"{"TableName": "Music"}"#),
        list(&[("Query", "Music")])
    );
    assert_eq!(
        pairs("Query", r#"{"TableName": "Music", "IndexName": "index1"}"#),
        list(&[("Query", "Music/index/index1")])
    );
    let arn = "arn:aws:dynamodb:us-west-2:123456789012:table/Music";
    assert_eq!(
        pairs(
            "PutItem",
            &format!(r#"{{"TableName": "{arn}", "Item": {{}}}}"#)
        ),
        list(&[("PutItem", "Music")])
    );
}

#[test]
fn a_batch_is_one_action_on_each_table() {
    assert_eq!(
        pairs(
            "BatchGetItem",
            r#"{"RequestItems": {"a": {"Keys": [{}, {}]}, "b": {"Keys": [{}]}}}"#
        ),
        list(&[("BatchGetItem", "a"), ("BatchGetItem", "b")])
    );
}

/// Developer Guide, "Using IAM with DynamoDB transactions": `Put`, `Update`, `Delete` and `Get` are governed by the
/// underlying operations, `ConditionCheck` by `dynamodb:ConditionCheckItem`.
#[test]
fn a_transaction_is_what_its_parts_are() {
    let written = r#"{"TransactItems": [
        {"Put": {"TableName": "control", "Item": {}}},
        {"Update": {"TableName": "a", "Key": {}}},
        {"Delete": {"TableName": "b", "Key": {}}},
        {"ConditionCheck": {"TableName": "c", "Key": {}}}
    ]}"#;
    assert_eq!(
        pairs("TransactWriteItems", written),
        list(&[
            ("PutItem", "control"),
            ("UpdateItem", "a"),
            ("DeleteItem", "b"),
            ("ConditionCheckItem", "c"),
        ])
    );
    assert_eq!(
        all("TransactWriteItems", written).unwrap()[0].enclosing_operation,
        Some("TransactWriteItems")
    );
    assert_eq!(
        pairs(
            "TransactGetItems",
            r#"{"TransactItems": [{"Get": {"TableName": "a", "Key": {}}}]}"#
        ),
        list(&[("GetItem", "a")])
    );
}

/// Developer Guide, "IAM security policies with PartiQL for DynamoDB": by the kind of the statement, on the table or
/// the index.
#[test]
fn each_partiql_statement_is_authorised_by_its_kind() {
    assert_eq!(
        pairs(
            "ExecuteStatement",
            r#"{"Statement": "SELECT * FROM \"Music\".\"index1\""}"#
        ),
        list(&[("PartiQLSelect", "Music/index/index1")])
    );
    assert_eq!(
        pairs(
            "BatchExecuteStatement",
            r#"{"Statements": [
                {"Statement": "UPDATE \"Music\" SET \"a\" = ? WHERE \"p\" = ?", "Parameters": [{"S": "1"}]},
                {"Statement": "DELETE FROM \"Other\" WHERE \"p\" = ?"}
            ]}"#
        ),
        list(&[("PartiQLUpdate", "Music"), ("PartiQLDelete", "Other")])
    );
    assert_eq!(
        pairs(
            "ExecuteTransaction",
            r#"{"TransactStatements": [{"Statement": "INSERT INTO \"Music\" VALUE {'a': ?}"}]}"#
        ),
        list(&[("PartiQLInsert", "Music")])
    );
}

#[test]
fn what_is_not_understood_is_not_known() {
    assert!(all("GetItem", "{}").is_err());
    assert!(all("GetItem", "no json").is_err());
    assert!(all("ExecuteStatement", r#"{"Statement": "DROP TABLE \"t\""}"#).is_err());
    assert!(
        all(
            "TransactWriteItems",
            r#"{"TransactItems": [{"Merge": {"TableName": "a"}}]}"#
        )
        .is_err()
    );
}
