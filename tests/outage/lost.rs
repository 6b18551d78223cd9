//! A message that is lost: the deletion itself is the outbox, and the sweeper sends it again.

use std::time::Duration;

use tests::functions::{sweep, sweep_until_done, without_the_consumer};
use tests::mail::Tenant;
use tests::stacks::stack;
use tests::{queues, wait};

use crate::alone;

#[tokio::test]
async fn a_lost_message_is_sent_again_and_not_before_its_time() {
    let Some(stack) = stack() else { return };
    let _alone = alone().await;
    let tenant = Tenant::new(&stack, "lost");
    let admin = tenant.admin().await;
    let discussion = tenant.thread("d", 5).await;
    let sqs = stack.sqs();

    let id = Box::pin(without_the_consumer(&stack, async {
        let id = admin.begin(&format!("/v1/discussions/{discussion}")).await;
        let taken = queues::take(&sqs, &stack.queues.deletions).await;
        let ours = taken
            .iter()
            .filter(|message| message.body.as_deref().unwrap().contains(&id));
        assert_eq!(ours.count(), 1, "{taken:?}");

        // Younger than RESEND_AFTER: left alone.
        sweep(&stack).await;
        assert_eq!(queues::take(&sqs, &stack.queues.deletions).await, []);
        id
    }))
    .await;
    wait::pause(Duration::from_secs(1)).await;
    assert_eq!(admin.deletion(&id).await["state"], "PENDING_DELETE");
    let deletion = sweep_until_done(&admin, &stack, &id, Duration::from_secs(40)).await;

    assert_eq!(deletion["state"], "DELETED");
    tenant
        .held(&discussion)
        .await
        .assert_marked_by(&deletion, 5);
}
