//! Chat: the events of the product, in groups and with recipients, and the first message of a stream.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use local::load::Kind;
use local::stack::StackFile;
use reqwest::Method;
use serde_json::{Value, json};
use tests::areas::{archived, loaded, texts};
use tests::bus::Bus;
use tests::functions::sweep;
use tests::mail::Tenant;
use tests::stacks::stack;
use tests::wait;

const SOON: Duration = Duration::from_mins(1);

#[tokio::test]
async fn a_deleted_message_is_told_to_the_subscribers_and_the_stream_points_to_the_next_one() {
    let Some(stack) = stack() else { return };
    let tenant = Tenant::new(&stack, "chat");
    let admin = tenant.admin().await;
    let area = loaded(&stack, Kind::Chat, &tenant.name, 1).await;
    let stream = area.records["streams"][0]["stream_id"].as_str().unwrap();
    let messages = texts(
        &area,
        "stream_messages",
        ("stream_id", stream),
        "message_id",
    );
    let pointer = async || {
        let row = tenant.stores.row("streams", &[("stream_id", stream)]).await;
        row.unwrap()["first_message_id"].clone()
    };
    assert_eq!(pointer().await, messages[0].as_str());
    let mut bus = Bus::listen(&stack, &tenant.name).await;

    let id = admin
        .begin(&format!("/v1/stream_messages/{stream}/{}", messages[0]))
        .await;
    let deletion = admin.done(&id, SOON).await;
    let heard = bus.finished(1, SOON).await;

    assert_eq!(deletion["state"], "DELETED", "{deletion:#}");
    assert_eq!(pointer().await, messages[1].as_str());
    let told: Vec<&Value> = heard
        .iter()
        .filter(|event| event.kind == "delete_message")
        .map(|event| &event.detail)
        .collect();
    assert_eq!(told.len(), 1, "{told:#?}");
    let told = told[0];
    for (name, value) in [
        ("message_type", json!("stream")),
        ("stream_id", json!(stream)),
        ("topic", json!("topic 0")),
        ("message_ids", json!([messages[0]])),
    ] {
        assert_eq!(told[name], value, "{name} of {told:#}");
    }
    let recipients: BTreeSet<&str> = told["recipients"]
        .as_array()
        .unwrap()
        .iter()
        .map(|user| user.as_str().unwrap())
        .collect();
    let awake = area.records["subscriptions"]
        .iter()
        .filter(|subscription| subscription["long_term_idle"] == false)
        .map(|subscription| subscription["user_id"].as_str().unwrap());
    let expected: BTreeSet<&str> = awake.chain([admin.subject.as_str()]).collect();
    assert_eq!(recipients, expected);
}

#[tokio::test]
async fn a_restored_stream_has_the_same_records_again() {
    let Some(stack) = stack() else { return };
    let tenant = Tenant::new(&stack, "stream-back");
    let admin = tenant.admin().await;
    let area = loaded(&stack, Kind::Chat, &tenant.name, 1).await;
    let stream = area.records["streams"][0]["stream_id"].as_str().unwrap();
    let held = async || {
        let key = ("stream_id", stream);
        let mut rows = Vec::new();
        rows.extend(tenant.stores.row("streams", &[key]).await);
        for table in ["subscriptions", "stream_messages"] {
            rows.extend(tenant.stores.partition(table, key).await);
        }
        rows
    };
    let before = held().await;

    let id = admin.begin(&format!("/v1/streams/{stream}")).await;
    let deletion = admin.done(&id, SOON).await;
    assert_eq!(deletion["state"], "DELETED", "{deletion:#}");
    assert_eq!(held().await, [], "{deletion:#}");
    let path = format!("/v1/deletions/{id}/restore");
    let answer = admin.call(Method::POST, &path, &[], None).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    let deletion = admin.done(&id, SOON).await;

    assert_eq!(deletion["state"], "RESTORED", "{deletion:#}");
    assert_eq!(held().await, before);
}

#[tokio::test]
async fn a_shared_attachment_is_kept_until_its_last_parent_goes_and_comes_back_with_it() {
    let Some(stack) = stack() else { return };
    let tenant = Tenant::new(&stack, "shared");
    let admin = tenant.admin().await;
    let area = loaded(&stack, Kind::Chat, &tenant.name, 1).await;
    let text = |collection: &str, attribute: &str| {
        let value = area.records[collection][0][attribute].as_str();
        value.unwrap().to_owned()
    };
    let file = text("attachments", "attachment_id");
    let stream = text("streams", "stream_id");
    let linked = texts(
        &area,
        "stream_attachments",
        ("attachment_id", &file),
        "message_id",
    );
    assert!(linked.len() > 1, "several messages share it");
    let attachment = async || {
        let key = [("attachment_id", file.as_str())];
        tenant.stores.row("attachments", &key).await
    };
    let links = async || {
        let mut links = Vec::new();
        for message in &linked {
            let key = ("message_id", message.as_str());
            links.extend(tenant.stores.partition("stream_attachments", key).await);
        }
        // Message ids are of a stream, and those of other tenants' streams are the same.
        links.retain(|link| link["realm_id"] == tenant.name.as_str());
        links
    };
    let before = (attachment().await, links().await);

    let whole_stream = admin.begin(&format!("/v1/streams/{stream}")).await;
    let first = admin.done(&whole_stream, SOON).await;
    assert_eq!(first["state"], "DELETED", "{first:#}");
    assert_eq!(links().await, []);
    assert_eq!(attachment().await, before.0, "a direct message has it, too");
    assert_eq!(first["counts"]["delete"].get("attachments"), None);
    let direct = format!(
        "/v1/direct_messages/{}/{}",
        text("direct_attachments", "conversation_id"),
        text("direct_attachments", "message_id")
    );
    let last_link = admin.begin(&direct).await;
    let last = admin.done(&last_link, SOON).await;

    assert_eq!(last["state"], "DELETED", "{last:#}");
    assert_eq!(attachment().await, None, "{last:#}");

    for id in [&last_link, &whole_stream] {
        let path = format!("/v1/deletions/{id}/restore");
        let answer = admin.call(Method::POST, &path, &[], None).await;
        assert_eq!(answer.status, 202, "{answer:?}");
        let deletion = admin.done(id, SOON).await;
        assert_eq!(deletion["state"], "RESTORED", "{deletion:#}");
    }
    assert_eq!((attachment().await, links().await), before);
}

/// What a worker that woke up too late would leave: nobody may bring it back any more.
#[tokio::test]
async fn a_copy_that_comes_behind_the_purge_is_removed_by_the_comparison() {
    let Some(stack) = stack() else { return };
    let tenant = Tenant::new(&stack, "behind");
    let admin = tenant.admin().await;
    let area = loaded(&stack, Kind::Chat, &tenant.name, 1).await;
    let text = |attribute: &str| {
        let value = area.records["stream_messages"][0][attribute].as_str();
        value.unwrap().to_owned()
    };
    let path = format!(
        "/v1/stream_messages/{}/{}",
        text("stream_id"),
        text("message_id")
    );
    let id = admin.begin(&path).await;
    admin.done(&id, SOON).await;
    let copies = copies(&stack, &id).await;
    assert!(!copies.is_empty());

    let purge = format!("/v1/deletions/{id}/purge");
    let answer = admin.call(Method::POST, &purge, &[], None).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    let deletion = admin.done(&id, SOON).await;
    assert_eq!(deletion["state"], "PURGED", "{deletion:#}");
    assert!(archived(&stack, &id).await.is_empty());
    let put = stack.dynamodb().put_item().table_name(&stack.archive_table);
    put.set_item(Some(copies[0].clone())).send().await.unwrap();

    wait::until("the copy is removed", SOON, async || {
        sweep(&stack).await;
        archived(&stack, &id).await.is_empty().then_some(())
    })
    .await;
}

/// The copies of a deletion as they are stored.
async fn copies(stack: &StackFile, deletion: &str) -> Vec<HashMap<String, AttributeValue>> {
    let scan = stack
        .dynamodb()
        .scan()
        .table_name(&stack.archive_table)
        .consistent_read(true)
        .filter_expression("deletion_id = :d")
        .expression_attribute_values(":d", AttributeValue::S(deletion.to_owned()));
    let items: Result<Vec<_>, _> = scan.into_paginator().items().send().collect().await;
    items.unwrap()
}
