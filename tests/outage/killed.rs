//! A consumer that is killed in the middle of a delete: another one goes on from the checkpoint.

use std::time::Duration;

use serde_json::{Value, json};
use tests::bus::Bus;
use tests::caller::Caller;
use tests::functions::sweep_until_done;
use tests::mail::Tenant;
use tests::stacks::{say, stack};

use crate::alone;

const MESSAGES: usize = 4_000;

#[tokio::test]
async fn a_delete_whose_consumer_is_killed_in_the_middle_ends_with_exact_counts() {
    let Some(stack) = stack() else { return };
    let _alone = alone().await;
    let tenant = Tenant::new(&stack, "killed");
    let admin = tenant.admin().await;
    let mut bus = Bus::listen(&stack, &tenant.name).await;
    let discussion = tenant.thread("d", MESSAGES).await;

    let id = admin.begin(&format!("/v1/discussions/{discussion}")).await;
    let reached = somewhere_in_the_middle(&admin, &id).await;
    let killed = local::lambda::kill_bootstraps(&stack, &stack.functions.consumer).unwrap();
    let after = admin.deletion(&id).await;
    assert!(killed > 0);
    assert_eq!(after["done"], false, "killed too late: {after:#}");
    say(&format!(
        "killed {killed} consumers after {reached} of {MESSAGES} messages"
    ));

    let deletion = sweep_until_done(&admin, &stack, &id, Duration::from_secs(90)).await;

    assert_eq!(deletion["state"], "DELETED");
    assert_eq!(
        deletion["counts"]["delete"]["messages"],
        json!({ "selected": MESSAGES, "deleted": MESSAGES, "already_deleted": 0, "missing": 0, "kept": 0, "failed": 0, "not_reached": 0 })
    );
    tenant
        .held(&discussion)
        .await
        .assert_marked_by(&deletion, MESSAGES);
    // Every record was told, whoever told it, and a repeated event is known by its id.
    let heard = bus.finished(1, Duration::from_mins(1)).await;
    let told: std::collections::BTreeSet<String> = heard
        .iter()
        .filter(|event| event.kind == "RecordsDeleted")
        .flat_map(|event| {
            event.detail["ids"]
                .as_array()
                .unwrap()
                .iter()
                .map(Value::to_string)
        })
        .collect();
    assert_eq!(told.len(), MESSAGES + 1);
}

/// Waits until at least one page of messages is done; answers how many messages that are.
async fn somewhere_in_the_middle(admin: &Caller, id: &str) -> u64 {
    loop {
        let deletion = admin.deletion(id).await;
        assert_eq!(
            deletion["done"], false,
            "too fast to be killed: {deletion:#}"
        );
        let done = &deletion["counts"]["delete"]["messages"]["deleted"];
        if let Some(done) = done.as_u64().filter(|done| *done > 0) {
            return done;
        }
    }
}
