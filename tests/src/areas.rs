//! Tenants of the areas beside mail, with what `cargo xtask load --kind` gives them.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use local::http;
use local::load::{Area, Kind};
use local::stack::StackFile;
use reqwest::Method;
use serde_json::{Value, json};

/// Loads so many tasks, learners or streams of a tenant; answers what was written.
pub async fn loaded(stack: &StackFile, kind: Kind, tenant: &str, count: usize) -> Area {
    let collections = tombstone::collections::read(stack.collections_dir.as_deref()).unwrap();
    let area = Area::generated(kind, tenant, count, 1).unwrap();
    area.write(stack, &collections).await.unwrap();
    area
}

/// The texts of one attribute of all records of a collection that have this value in another.
#[must_use]
pub fn texts(area: &Area, collection: &str, having: (&str, &str), attribute: &str) -> Vec<String> {
    let records = area.records[collection].iter();
    records
        .filter(|record| record[having.0] == having.1)
        .map(|record| record[attribute].as_str().unwrap().to_owned())
        .collect()
}

/// Whether the schedules of records have an entry.
pub async fn is_scheduled(stack: &StackFile, name: &str) -> bool {
    is_scheduled_in(stack, &stack.schedule_group, name).await
}

/// Whether a group of EventBridge Scheduler has an entry.
pub async fn is_scheduled_in(stack: &StackFile, group: &str, name: &str) -> bool {
    let client = http::client(Duration::from_secs(30)).unwrap();
    let url = format!("{}/schedules/{name}?groupName={group}", stack.endpoints.aws);
    let answer = http::signed(&client, Method::GET, &url, "scheduler");
    let status = answer.send().await.unwrap().status().as_u16();
    assert!(matches!(status, 200 | 404), "{name}: {status}");
    status == 200
}

/// Makes a far entry in a group of EventBridge Scheduler.
pub async fn schedule_in(stack: &StackFile, group: &str, name: &str) {
    let client = http::client(Duration::from_secs(30)).unwrap();
    let url = format!("{}/schedules/{name}", stack.endpoints.aws);
    let body = json!({
        "GroupName": group,
        "ScheduleExpression": "at(2099-01-01T00:00:00)",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {
            "Arn": "arn:aws:sqs:us-east-1:000000000000:nowhere",
            "RoleArn": "arn:aws:iam::000000000000:role/nobody",
        },
    });
    let request = http::signed(&client, Method::POST, &url, "scheduler").json(&body);
    let status = request.send().await.unwrap().status();
    assert!(status.is_success(), "{name}: {status}");
}

/// The items that a deletion has moved to the archive, with their whole rows.
pub async fn archived(stack: &StackFile, deletion: &str) -> Vec<Value> {
    let client = stack.dynamodb();
    let tables = client.list_tables().send().await.unwrap();
    let table = tables
        .table_names
        .unwrap_or_default()
        .into_iter()
        .find(|name| name.to_lowercase().contains("archive"))
        .unwrap();
    let mut items = client
        .scan()
        .table_name(table)
        .consistent_read(true)
        .filter_expression("deletion_id = :d")
        .expression_attribute_values(":d", AttributeValue::S(deletion.to_owned()))
        .into_paginator()
        .items()
        .send();
    let mut found = Vec::new();
    while let Some(item) = items.next().await {
        let fields = item.unwrap().into_iter();
        found.push(Value::Object(
            fields.map(|(name, value)| (name, plain(value))).collect(),
        ));
    }
    found
}

fn plain(value: AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) => text.into(),
        AttributeValue::N(number) => serde_json::from_str(&number).unwrap(),
        AttributeValue::Bool(truth) => truth.into(),
        AttributeValue::L(values) => values.into_iter().map(plain).collect(),
        AttributeValue::M(fields) => Value::Object(
            fields
                .into_iter()
                .map(|(name, value)| (name, plain(value)))
                .collect(),
        ),
        _ => Value::Null,
    }
}
