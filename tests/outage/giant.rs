//! A discussion with 100,000 messages: deleted in slices, in memory that does not grow with it.

use std::time::{Duration, Instant};

use serde_json::json;
use tests::functions::{logged, peak_memory, sweep};
use tests::mail::Tenant;
use tests::stacks::{say, stack};
use tests::wait;
use xtask::load::{Archive, Mail, Shape, generate};

use crate::alone;

const MESSAGES: usize = 100_000;

/// How long a slice is on this stack.
const SLICE: Duration = Duration::from_secs(10);

/// Far more than a page takes, far less than a hundred thousand messages do.
const MEMORY_KIB: u64 = 128 * 1_024;

#[tokio::test]
async fn a_giant_is_deleted_in_slices_without_growing_memory() {
    let Some(stack) = stack() else { return };
    let _alone = alone().await;
    let tenant = Tenant::new(&stack, "giant");
    let admin = tenant.admin().await;
    let collections = xtask::index::collections(None).unwrap();
    let mail = Mail::of(&collections).unwrap();
    let shape = Shape {
        list: tenant.name.clone(),
        discussions: 1,
        messages: MESSAGES,
        seed: 1,
    };
    let archive = Archive::from_lines("generated", generate(&shape).map(Ok), &mail).unwrap();
    let discussion = Mail::discussion_id(&archive.messages()[0]);
    let loaded = xtask::load::write(&stack, &mail, &archive).await.unwrap();
    drop(archive);
    say(&format!(
        "loaded {} rows and {} documents in {:?}",
        loaded.rows, loaded.documents, loaded.took
    ));

    let begun = Instant::now();
    let id = admin.begin(&format!("/v1/discussions/{discussion}")).await;
    let mut peak = 0;
    let deletion = loop {
        wait::pause(Duration::from_millis(500)).await;
        peak = peak.max(peak_memory(&stack, &stack.functions.consumer).unwrap_or_default());
        let deletion = admin.deletion(&id).await;
        if deletion["done"] == true {
            break deletion;
        }
        assert!(begun.elapsed() < Duration::from_mins(5), "{deletion:#}");
        if begun.elapsed() > Duration::from_mins(2) {
            sweep(&stack).await;
        }
    };
    let took = begun.elapsed();

    let rate = u128::try_from(MESSAGES).unwrap() * 1_000 / took.as_millis();
    let slices = logged(&stack, "consumer", &id).await;
    let slices = 1 + slices
        .iter()
        .filter(|line| line.contains("\"continued\""))
        .count();
    say(&format!(
        "{MESSAGES} messages deleted in {took:?} and {slices} slices: {rate} a second; peak of a consumer: {} MiB",
        peak / 1_024
    ));
    assert!(slices > 1 || took < SLICE, "one slice, and {took:?}");
    assert_eq!(deletion["state"], "DELETED", "{deletion:#}");
    assert_eq!(
        deletion["counts"]["delete"]["messages"],
        json!({ "selected": MESSAGES, "deleted": MESSAGES, "already_deleted": 0, "missing": 0, "failed": 0, "not_reached": 0 })
    );
    let key = ("discussion_id", discussion.as_str());
    let rows = tenant
        .stores
        .count_in_partition("messages", key, ("deletion_id", &id))
        .await;
    let documents = tenant
        .stores
        .count_documents("messages", &[key, ("deletion_id", &id)])
        .await;
    assert_eq!((rows, documents), (MESSAGES, MESSAGES));
    assert!(peak > 0 && peak < MEMORY_KIB, "{peak} KiB");
}
