//! The consumer, called as the queue calls it: one bad message affects itself only.

use std::time::Duration;

use local::stack::StackFile;
use serde_json::{Value, json};
use tests::mail::Tenant;
use tests::stacks::stack;

#[tokio::test]
async fn of_a_batch_only_what_cannot_be_read_comes_again() {
    let Some(stack) = stack() else { return };
    let tenant = Tenant::new(&stack, "batch");
    let admin = tenant.admin().await;
    let discussion = tenant.thread("d", 3).await;
    let id = admin.begin(&format!("/v1/discussions/{discussion}")).await;
    let good = message(&tenant.name, &id).to_string();
    let mut newer = message(&tenant.name, &id);
    newer["v"] = 2.into();

    let answer = consume(
        &stack,
        &[
            ("good", &good),
            ("unparsable", "this is not a deletion message"),
            ("repeated", &good),
            ("newer", &newer.to_string()),
            ("empty", ""),
            (
                "unknown",
                &message(&tenant.name, "01932c5e-7a00-7000-8000-000000000001").to_string(),
            ),
            ("foreign", &message("another", &id).to_string()),
        ],
    )
    .await;

    let failed = ["unparsable", "newer", "empty"].map(|id| json!({ "itemIdentifier": id }));
    assert_eq!(answer, json!({ "batchItemFailures": failed }));
    let deletion = admin.done(&id, Duration::from_mins(1)).await;
    assert_eq!(deletion["state"], "DELETED");
    tenant
        .held(&discussion)
        .await
        .assert_marked_by(&deletion, 3);
}

#[tokio::test]
async fn ten_deliveries_at_once_are_one_deletion() {
    let Some(stack) = stack() else { return };
    let tenant = Tenant::new(&stack, "deliveries");
    let admin = tenant.admin().await;
    let mut bus = tests::bus::Bus::listen(&stack, &tenant.name).await;
    let discussion = tenant.thread("d", 400).await;
    let id = admin.begin(&format!("/v1/discussions/{discussion}")).await;
    let body = message(&tenant.name, &id).to_string();

    let batch = [("delivery", body.as_str())];
    let deliveries = (0..10).map(|_| consume(&stack, &batch));
    let answers = futures_util::future::join_all(deliveries).await;
    let deletion = admin.done(&id, Duration::from_mins(1)).await;
    let again = consume(&stack, &batch).await;

    for answer in answers.iter().chain([&again]) {
        assert_eq!(*answer, json!({ "batchItemFailures": [] }));
    }
    assert_eq!(deletion["counts"]["delete"]["messages"]["deleted"], 400);
    tenant
        .held(&discussion)
        .await
        .assert_marked_by(&deletion, 400);
    let heard = bus.finished(1, Duration::from_secs(30)).await;
    let finished = heard
        .iter()
        .filter(|event| event.kind == "DeletionFinished");
    assert_eq!(finished.count(), 1);
}

fn message(tenant: &str, deletion: &str) -> Value {
    json!({
        "v": 1,
        "deletion_id": deletion,
        "tenant": tenant,
        "collection": "discussions",
        "root": { "id": "only for people who read a queue" },
        "requested_at": "2026-11-21T07:00:00.000Z",
        "request_id": "r-1",
    })
}

async fn consume(stack: &StackFile, messages: &[(&str, &str)]) -> Value {
    let records: Vec<Value> = messages
        .iter()
        .map(|(id, body)| {
            json!({
                "messageId": id,
                "receiptHandle": "handle",
                "body": body,
                "attributes": { "ApproximateReceiveCount": "1" },
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:deletions",
                "awsRegion": "us-east-1",
            })
        })
        .collect();
    let payload = json!({ "Records": records });
    local::lambda::invoke(stack, &stack.functions.consumer, &payload)
        .await
        .unwrap()
}
