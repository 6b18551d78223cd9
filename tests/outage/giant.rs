//! A discussion with 100,000 messages: deleted, restored and purged in slices, in memory that does not grow with it.

use std::time::{Duration, Instant};

use local::load::{Archive, Mail, Shape, generate};
use local::stack::StackFile;
use reqwest::Method;
use serde_json::{Value, json};
use tests::caller::Caller;
use tests::functions::{logged, peak_memory, sweep};
use tests::mail::Tenant;
use tests::stacks::{say, stack};
use tests::wait;

use crate::alone;

const MESSAGES: usize = 100_000;

/// How long a slice is on this stack.
const SLICE: Duration = Duration::from_secs(10);

/// Far more than a page takes, far less than a hundred thousand messages do.
const MEMORY_KIB: u64 = 128 * 1_024;

#[tokio::test]
async fn a_giant_is_deleted_restored_and_purged_in_slices_without_growing_memory() {
    let Some(stack) = stack() else { return };
    let _alone = alone().await;
    let tenant = Tenant::new(&stack, "giant");
    let admin = tenant.admin().await;
    let collections = tombstone::collections::read(None).unwrap();
    let mail = Mail::of(&collections).unwrap();
    let shape = Shape {
        list: tenant.name.clone(),
        discussions: 1,
        messages: MESSAGES,
        seed: 1,
    };
    let archive = Archive::from_lines("generated", generate(&shape).map(Ok), &mail).unwrap();
    let discussion = Mail::discussion_id(&archive.messages()[0]);
    let loaded = local::load::write(&stack, &mail, &archive).await.unwrap();
    drop(archive);
    say(&format!(
        "loaded {} rows and {} documents in {:?}",
        loaded.rows, loaded.documents, loaded.took
    ));

    let key = ("discussion_id", discussion.as_str());
    let marked = async |id: &str| {
        let mark = ("deletion_id", id);
        (
            tenant
                .stores
                .count_in_partition("messages", key, mark)
                .await,
            tenant
                .stores
                .count_documents("messages", &[key, mark])
                .await,
        )
    };
    let mut passes = Passes::default();

    let id = admin.begin(&format!("/v1/discussions/{discussion}")).await;
    let deletion = passes.run(&stack, &admin, &id, "delete").await;
    assert_eq!(deletion["state"], "DELETED", "{deletion:#}");
    let all = json!({ "selected": MESSAGES, "deleted": MESSAGES, "already_deleted": 0, "missing": 0, "kept": 0, "failed": 0, "not_reached": 0 });
    assert_eq!(deletion["counts"]["delete"]["messages"], all);
    assert_eq!(marked(&id).await, (MESSAGES, MESSAGES));

    ask(&admin, &id, "restore").await;
    let deletion = passes.run(&stack, &admin, &id, "restore").await;
    assert_eq!(deletion["state"], "RESTORED", "{deletion:#}");
    assert_eq!(
        deletion["counts"]["restore"]["messages"],
        json!({ "restored": MESSAGES, "conflict": 0, "failed": 0 })
    );
    assert_eq!(marked(&id).await, (0, 0));

    let id = admin.begin(&format!("/v1/discussions/{discussion}")).await;
    let deletion = passes.run(&stack, &admin, &id, "delete again").await;
    assert_eq!(deletion["counts"]["delete"]["messages"], all);
    ask(&admin, &id, "purge").await;
    let deletion = passes.run(&stack, &admin, &id, "purge").await;
    assert_eq!(deletion["state"], "PURGED", "{deletion:#}");
    assert_eq!(
        deletion["counts"]["purge"]["messages"],
        json!({ "purged": MESSAGES, "kept": 0, "failed": 0 })
    );
    assert_eq!(marked(&id).await, (0, 0));
    let documents = tenant.stores.count_documents("messages", &[key]).await;
    assert_eq!(documents, 0, "no document is left, with or without a mark");

    say(&format!("{MESSAGES} messages: {}", passes.told.join(", ")));
    let peak = passes.peak;
    assert!(peak > 0 && peak < MEMORY_KIB, "{peak} KiB");
}

/// What the passes took, side by side.
#[derive(Default)]
struct Passes {
    told: Vec<String>,
    /// Of any consumer, in any pass.
    peak: u64,
}

impl Passes {
    /// Waits for the end of a pass that was just asked for.
    async fn run(&mut self, stack: &StackFile, admin: &Caller, id: &str, pass: &str) -> Value {
        let begun = Instant::now();
        let slices_before = slices(stack, id).await;
        let deletion = loop {
            wait::pause(Duration::from_millis(500)).await;
            let peak = peak_memory(stack, &stack.functions.consumer).unwrap_or_default();
            self.peak = self.peak.max(peak);
            let deletion = admin.deletion(id).await;
            if deletion["done"] == true {
                break deletion;
            }
            assert!(begun.elapsed() < Duration::from_mins(5), "{deletion:#}");
            if begun.elapsed() > Duration::from_mins(2) {
                sweep(stack).await;
            }
        };
        let took = begun.elapsed();
        let slices = 1 + slices(stack, id).await - slices_before;
        assert!(
            slices > 1 || took < SLICE,
            "{pass}: one slice, and {took:?}"
        );
        let rate = u128::try_from(MESSAGES).unwrap() * 1_000 / took.as_millis();
        let told = format!("{pass} {rate} a second ({took:?}, {slices} slices)");
        say(&format!(
            "{told}; peak of a consumer: {} MiB",
            self.peak / 1_024
        ));
        self.told.push(told);
        deletion
    }
}

async fn slices(stack: &StackFile, id: &str) -> usize {
    let lines = logged(stack, "consumer", id).await;
    let continued = lines.iter().filter(|line| line.contains("\"continued\""));
    continued.count()
}

async fn ask(admin: &Caller, id: &str, action: &str) {
    let path = format!("/v1/deletions/{id}/{action}");
    let answer = admin.call(Method::POST, &path, &[], None).await;
    assert_eq!(answer.status, 202, "{answer:?}");
}
