//! The running stacks, and what else `cargo xtask test` hands over. Without it a test is skipped, loudly: a rule that did
//! not run is no rule that holds.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use local::layout::StateDir;
use local::stack::StackFile;

/// The stack for the behaviours: the collections as they ship.
#[must_use]
pub fn stack() -> Option<StackFile> {
    running("TOMBSTONE_STACK")
}

/// The stack with short times: pages of two, slices and a retention of seconds.
#[must_use]
pub fn short_stack() -> Option<StackFile> {
    running("TOMBSTONE_SHORT_STACK")
}

/// The archive of real mails.
#[must_use]
pub fn mail_archive() -> Option<PathBuf> {
    given("TOMBSTONE_R_LISTS")
}

/// A name that nobody else has: stores outlive the tests, and tests run side by side.
#[must_use]
pub fn unique(name: &str) -> String {
    static MADE: AtomicU32 = AtomicU32::new(0);
    let made = MADE.fetch_add(1, Ordering::Relaxed);
    format!("{name}-{}-{made}", std::process::id())
}

/// Prints what a person wants to see even when all is well: past the test runner, which would keep it to itself.
pub fn say(line: &str) {
    let mut stderr = std::io::stderr();
    writeln!(stderr, "{line}").unwrap();
}

fn running(variable: &str) -> Option<StackFile> {
    let file = given(variable)?;
    let folder = file.parent().expect("a file lies in a folder");
    Some(StackFile::read(&StateDir::new(folder)).unwrap())
}

fn given(variable: &str) -> Option<PathBuf> {
    let value = std::env::var_os(variable).filter(|value| !value.is_empty());
    if value.is_none() {
        let thread = std::thread::current();
        let test = thread.name().unwrap_or("a test");
        say(&format!(
            "SKIPPED: {test}: {variable} is not set; `cargo xtask test` sets it"
        ));
    }
    value.map(PathBuf::from)
}
