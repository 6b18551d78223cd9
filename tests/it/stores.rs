//! Real stores for tests.
//!
//! DynamoDB is Dynoxide inside this process and always there. The others run outside and are found through the file that
//! `TOMBSTONE_STACK` names; `cargo xtask test` starts them and sets it. Where they are missing a test is skipped, loudly:
//! a rule that did not run is no rule that holds.

pub(crate) mod aws;
pub(crate) mod dynamo;
pub(crate) mod opensearch;
pub(crate) mod queues;
pub(crate) mod schedules;

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};

use serde_json::Value;

/// The endpoint of one part of the running stack, by its name in the file; `None`, with a note, where there is none.
pub(crate) fn endpoint(name: &str) -> Option<String> {
    static STACK: OnceLock<Option<Value>> = OnceLock::new();
    let stack = STACK.get_or_init(read_stack);
    let endpoint = stack.as_ref().and_then(|stack| {
        Some(
            stack["endpoints"][name]
                .as_str()?
                .trim_end_matches('/')
                .to_owned(),
        )
    });
    if endpoint.is_none() {
        skipped(name);
    }
    endpoint
}

/// A name that nobody else has: stores outlive the tests, and tests run side by side.
pub(crate) fn unique(what: &str) -> String {
    static MADE: AtomicU32 = AtomicU32::new(0);
    format!(
        "{what}-{}-{}",
        std::process::id(),
        MADE.fetch_add(1, Ordering::Relaxed)
    )
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests have no configuration, and this is where they read it"
)]
fn read_stack() -> Option<Value> {
    let path = std::env::var("TOMBSTONE_STACK").ok()?;
    let text = std::fs::read_to_string(&path).expect("TOMBSTONE_STACK names a file");
    Some(serde_json::from_str(&text).expect("TOMBSTONE_STACK names a file with JSON"))
}

/// Past the test runner, which shows what a test prints only when it fails; once for each part.
fn skipped(name: &str) {
    static TOLD: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let first = TOLD
        .lock()
        .is_ok_and(|mut told| told.insert(name.to_owned()));
    if first {
        let note =
            format!("SKIPPED: every test that needs `{name}`; `cargo xtask test` starts it\n");
        let _nobody_reads_it = std::io::stderr().write_all(note.as_bytes());
    }
}
