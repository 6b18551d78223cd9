//! The purge: not before its time, then everything, then the manifest.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use local::stack::StackFile;
use serde_json::{Value, json};
use tests::bus::Bus;
use tests::caller::Caller;
use tests::functions::{FUNCTIONS, logged, sweep};
use tests::mail::{Tenant, message_id};
use tests::stacks::short_stack;
use tests::wait;

use crate::alone;

/// More than two pages of two.
const MESSAGES: usize = 5;

#[tokio::test]
async fn records_are_gone_for_good_at_purge_at_and_not_before() {
    let Some(stack) = short_stack() else { return };
    let _alone = alone().await;
    let tenant = Tenant::new(&stack, "purge");
    let admin = tenant.admin().await;
    let mut bus = Bus::listen(&stack, &tenant.name).await;
    let (discussion, kept) = (
        tenant.thread("d", MESSAGES).await,
        tenant.thread("kept", 1).await,
    );

    let begun = Instant::now();
    let id = admin.begin(&format!("/v1/discussions/{discussion}")).await;
    let deletion = admin.done(&id, Duration::from_secs(15)).await;
    assert_eq!(deletion["state"], "DELETED", "{deletion:#}");
    // One that comes late is hidden at once and collected by the purge.
    tenant.messages(&discussion, MESSAGES..MESSAGES + 1).await;
    let late = admin
        .get(&format!(
            "/v1/messages/{discussion}/{}",
            message_id(MESSAGES)
        ))
        .await;
    assert_eq!(late.status, 410, "{late:?}");

    // The retention is 20 s: until shortly before, sweeps remove nothing.
    while begun.elapsed() < Duration::from_secs(18) {
        sweep(&stack).await;
        let held = tenant.held(&discussion).await;
        assert_eq!(
            (held.rows.len(), held.documents.len()),
            (MESSAGES + 2, MESSAGES + 2),
            "after {:?}",
            begun.elapsed()
        );
        wait::pause(Duration::from_secs(2)).await;
    }
    let purged = until_purged(&stack, &admin, &id).await;

    assert!(begun.elapsed() >= Duration::from_secs(20));
    assert!(tenant.held(&discussion).await.is_gone());
    tenant.held(&kept).await.assert_live(1);
    assert_eq!(
        purged["counts"]["purge"]["messages"],
        json!({ "purged": MESSAGES + 1, "kept": 0, "failed": 0 })
    );
    assert_eq!(
        purged["counts"]["purge"]["discussions"],
        json!({ "purged": 1, "kept": 0, "failed": 0 })
    );
    assert_told(&mut bus, &discussion).await;
    only_the_certificate_stays(&stack, &tenant, &admin, &id).await;
    nothing_was_denied(&stack).await;
}

async fn until_purged(stack: &StackFile, admin: &Caller, id: &str) -> Value {
    wait::until("the purge", Duration::from_secs(45), async || {
        sweep(stack).await;
        let deletion = admin.deletion(id).await;
        assert_ne!(deletion["state"], "PURGE_FAILED", "{deletion:#}");
        (deletion["state"] == "PURGED").then_some(deletion)
    })
    .await
}

async fn assert_told(bus: &mut Bus, discussion: &str) {
    let heard = bus.finished(2, Duration::from_secs(30)).await;
    let purged: Vec<&Value> = heard
        .iter()
        .filter(|event| event.kind == "RecordsPurged")
        .map(|event| &event.detail)
        .collect();
    assert!(
        purged
            .iter()
            .all(|detail| detail["origin"] == "purge" && detail["actor"] == Value::Null)
    );
    let told: BTreeSet<String> = purged
        .iter()
        .flat_map(|detail| detail["ids"].as_array().unwrap())
        .map(Value::to_string)
        .collect();
    let messages =
        (0..=MESSAGES).map(|number| json!({ "id": discussion, "sort": message_id(number) }));
    let expected = messages
        .chain([json!({ "id": discussion })])
        .map(|key| key.to_string());
    assert_eq!(told, expected.collect());
    let finished = heard
        .iter()
        .filter(|event| event.kind == "DeletionFinished");
    let states: Vec<&str> = finished
        .map(|event| event.detail["state"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["DELETED", "PURGED"]);
}

/// After the last look the pages are dropped; who, when and how many stay.
async fn only_the_certificate_stays(stack: &StackFile, tenant: &Tenant, admin: &Caller, id: &str) {
    let partition = format!("T#{}#D#{id}", tenant.name);
    wait::until(
        "the manifest is dropped",
        Duration::from_secs(20),
        async || {
            sweep(stack).await;
            let items = tenant
                .stores
                .items(&stack.control_table, ("pk", &partition))
                .await;
            let kinds: Vec<&str> = items
                .iter()
                .map(|item| item["sk"].as_str().unwrap())
                .collect();
            assert!(kinds.contains(&"META"), "{kinds:?}");
            (!kinds
                .iter()
                .any(|kind| kind.starts_with("P#") || kind.starts_with("X#")))
            .then_some(())
        },
    )
    .await;
    let certificate = admin.deletion(id).await;
    assert_eq!(certificate["state"], "PURGED");
    assert_eq!(
        certificate["counts"]["purge"]["messages"]["purged"],
        MESSAGES + 1
    );
    let records = admin.get(&format!("/v1/deletions/{id}/records")).await;
    assert_eq!(
        (records.status, records.code()),
        (410, "RECORDS_DROPPED".to_owned())
    );
}

/// No function asked for anything that its role does not give.
async fn nothing_was_denied(stack: &StackFile) {
    for function in FUNCTIONS {
        assert!(
            !logged(stack, function, "INFO").await.is_empty(),
            "{function} has logged nothing"
        );
        let denied = logged(stack, function, "AccessDenied").await;
        assert!(denied.is_empty(), "{function}: {denied:#?}");
    }
}
