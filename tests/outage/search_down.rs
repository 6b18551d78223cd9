//! OpenSearch stands still for longer than any call may take: every 202 is kept, and nothing fails that was only late.

use std::time::Duration;

use local::stack::{Part, StackFile, pause, resume};
use tests::functions::{sweep, sweep_until_done};
use tests::mail::Tenant;
use tests::stacks::stack;
use tests::wait;

use crate::alone;

/// Longer than a call's time-out (4 s), a slice (10 s) and a resend (5 s) on this stack.
const OUTAGE: Duration = Duration::from_secs(14);

/// Lets OpenSearch go on, also when the test fails.
struct Paused<'a>(&'a StackFile);

impl<'a> Paused<'a> {
    fn new(stack: &'a StackFile) -> Self {
        pause(stack, Part::Opensearch).unwrap();
        Self(stack)
    }
}

impl Drop for Paused<'_> {
    fn drop(&mut self) {
        let _ended = resume(self.0, Part::Opensearch);
    }
}

#[tokio::test]
async fn deletes_accepted_while_search_is_down_are_kept_and_none_fails() {
    let Some(stack) = stack() else { return };
    let _alone = alone().await;
    let tenant = Tenant::new(&stack, "down");
    let admin = tenant.admin().await;
    let mut threads = Vec::new();
    for name in ["a", "b", "c"] {
        threads.push(tenant.thread(name, 30).await);
    }

    let paused = Paused::new(&stack);
    let mut ids = Vec::new();
    for thread in &threads {
        ids.push(admin.begin(&format!("/v1/discussions/{thread}")).await);
    }
    // Reads of the truth go on; search says what is wrong.
    assert_eq!(admin.get("/v1/discussions").await.status, 200);
    let searched = admin.get("/v1/search/messages?q=body").await;
    assert_eq!(
        (searched.status, searched.code()),
        (503, "DEPENDENCY_UNAVAILABLE".to_owned())
    );
    wait::pause(OUTAGE).await;
    sweep(&stack).await;
    for id in &ids {
        let deletion = admin.deletion(id).await;
        assert_eq!(deletion["done"], false, "{deletion:#}");
        assert!(
            matches!(
                deletion["state"].as_str(),
                Some("PENDING_DELETE" | "DELETING")
            ),
            "{deletion:#}"
        );
    }
    drop(paused);

    for (id, thread) in ids.iter().zip(&threads) {
        let deletion = sweep_until_done(&admin, &stack, id, Duration::from_secs(90)).await;
        assert_eq!(deletion["state"], "DELETED", "{deletion:#}");
        tenant.held(thread).await.assert_marked_by(&deletion, 30);
    }
}
