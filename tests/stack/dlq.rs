//! The whole way of a poison message: received five times, then kept aside with its history, while others are worked on.

use std::time::Duration;

use tests::mail::Tenant;
use tests::stacks::{short_stack, unique};
use tests::{queues, wait};

#[tokio::test]
async fn a_poison_message_reaches_the_dlq_and_blocks_nothing() {
    let Some(stack) = short_stack() else { return };
    let tenant = Tenant::new(&stack, "poison");
    let admin = tenant.admin().await;
    let sqs = stack.sqs();
    let discussion = tenant.thread("d", 3).await;
    let poison = unique("this is not a deletion message");
    sqs.send_message()
        .queue_url(&stack.queues.deletions)
        .message_body(&poison)
        .send()
        .await
        .unwrap();

    let id = admin.begin(&format!("/v1/discussions/{discussion}")).await;
    let deletion = admin.done(&id, Duration::from_secs(25)).await;

    assert_eq!(deletion["state"], "DELETED");
    // Read at once: the retention on this stack is shorter than the way of the poison.
    let held = tenant.held(&discussion).await;
    held.assert_marked_by(&deletion, 3);
    // Five receives, six seconds apart.
    let kept = wait::until(
        "the message in the DLQ",
        Duration::from_secs(90),
        async || {
            let waiting = queues::peek(&sqs, &stack.queues.dlq).await;
            waiting
                .into_iter()
                .find(|message| message.body.as_deref() == Some(&poison))
        },
    )
    .await;
    assert_eq!(kept.body, Some(poison));
}
