//! What stands in a record stands in no log, event, queue or DLQ.

use std::time::Duration;

use serde_json::Value;
use tests::bus::Bus;
use tests::functions::{FUNCTIONS, logged, without_the_consumer};
use tests::mail::{Tenant, message_id};
use tests::queues;
use tests::stacks::stack;

use crate::alone;

const CANARY: &str = "canary-1c9e5b7a";

#[tokio::test]
async fn a_canary_in_a_record_is_found_in_no_log_event_or_queue() {
    let Some(stack) = stack() else { return };
    let _alone = alone().await;
    let tenant = Tenant::new(&stack, "quiet");
    let (admin, sqs) = (tenant.admin().await, stack.sqs());
    let mut bus = Bus::listen(&stack, &tenant.name).await;
    let discussion = tenant.id("d");
    tenant
        .discussion(&discussion, CANARY, &format!("subject {CANARY}"))
        .await;
    let messages = (0..3)
        .map(|number| tenant.message(&discussion, &message_id(number), &format!("body {CANARY}")));
    tenant.put_messages(&messages.collect::<Vec<_>>()).await;

    // Also by the routes that hold the record in their hands.
    for path in [
        format!("/v1/discussions/{discussion}"),
        format!("/v1/search/messages?q={CANARY}"),
        format!("/v1/messages?parent={discussion}"),
    ] {
        let shown = admin.get(&path).await;
        assert!(shown.text.contains(CANARY), "{path}: {shown:?}");
    }
    let (id, queued) = Box::pin(without_the_consumer(&stack, async {
        let id = admin.begin(&format!("/v1/discussions/{discussion}")).await;
        (id, queues::peek(&sqs, &stack.queues.deletions).await)
    }))
    .await;
    admin.done(&id, Duration::from_mins(1)).await;
    let heard = bus.finished(1, Duration::from_mins(1)).await.to_vec();
    let dead = queues::peek(&sqs, &stack.queues.dlq).await;

    let queued: Vec<String> = queued
        .into_iter()
        .filter_map(|message| message.body)
        .collect();
    let ours: Vec<&String> = queued.iter().filter(|body| body.contains(&id)).collect();
    let [message] = ours[..] else {
        panic!("{queued:?}")
    };
    assert_is_a_reference_only(message);
    assert!(
        heard
            .iter()
            .all(|event| !event.detail.to_string().contains(CANARY)),
        "{heard:?}"
    );
    let dead: Vec<String> = dead
        .into_iter()
        .filter_map(|message| message.body)
        .collect();
    assert!(
        queued
            .iter()
            .chain(&dead)
            .all(|body| !body.contains(CANARY))
    );
    for function in FUNCTIONS {
        for secret in [CANARY, admin.token()] {
            assert_eq!(logged(&stack, function, secret).await, Vec::<String>::new());
        }
    }
    // Otherwise this would only prove that nothing was read.
    for function in ["api", "consumer"] {
        assert!(
            !logged(&stack, function, &id).await.is_empty(),
            "{function}"
        );
    }
}

fn assert_is_a_reference_only(message: &str) {
    let message: Value = serde_json::from_str(message).unwrap();
    let mut members: Vec<&str> = message
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    members.sort_unstable();
    assert_eq!(
        members,
        [
            "collection",
            "deletion_id",
            "request_id",
            "requested_at",
            "root",
            "tenant",
            "v"
        ]
    );
}
