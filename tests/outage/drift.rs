//! What others do to the search index after a delete: the next comparison finds it and repairs it.

use std::time::Duration;

use tests::functions::sweep;
use tests::mail::{Tenant, message_id};
use tests::stacks::stack;
use tests::wait;

use crate::alone;

#[tokio::test]
async fn a_document_that_was_put_back_is_marked_again() {
    let Some(stack) = stack() else { return };
    let _alone = alone().await;
    let tenant = Tenant::new(&stack, "drift");
    let admin = tenant.admin().await;
    let discussion = tenant.thread("d", 2).await;
    let id = admin.begin(&format!("/v1/discussions/{discussion}")).await;
    let deletion = admin.done(&id, Duration::from_secs(15)).await;
    assert_eq!(deletion["state"], "DELETED", "{deletion:#}");

    let unmarked = tenant.message(&discussion, &message_id(0), "a body");
    tenant.put_documents(&[unmarked]).await;
    assert_eq!(tenant.held(&discussion).await.marks().len(), 2);

    // The comparison is due 2 s after the end.
    wait::until("the repair", Duration::from_secs(20), async || {
        sweep(&stack).await;
        (tenant.held(&discussion).await.marks().len() == 1).then_some(())
    })
    .await;
    tenant
        .held(&discussion)
        .await
        .assert_marked_by(&deletion, 2);
}
