//! `cargo xtask test`: two stacks of their own, and `cargo test --workspace` against them.
//!
//! The second has short times, pages of two and a retention of seconds, so that a purge and the way to the DLQ can be
//! waited for. Both end with this command, whatever its outcome. Then it tells what the roles of the functions were
//! refused, and what of them nothing has used ([`local::authorization`]).

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, anyhow};
use clap::Args;
use local::layout::{StateDir, workspace};
use local::process::EndOnDrop;
use local::stack::{Options, Stack};
use local::terminal::{self, seconds};
use local::{authorization, environment};

use crate::attached;

/// What the tests read; `tests/src/stacks.rs` has the same names.
const STACK: &str = "TOMBSTONE_STACK";
const SHORT_STACK: &str = "TOMBSTONE_SHORT_STACK";
const R_LISTS: &str = "TOMBSTONE_R_LISTS";

/// Stacks that run while the tests compile and run.
const MAIN: &str = ".local/test";
const SHORT: &str = ".local/short";

/// Pages of the first stack: small enough that a discussion of some hundred messages has several.
const PAGE_KEYS: &str = "250";

/// Times of the second stack, all short: a message reaches the DLQ after five visibilities.
const SHORT_TIMES: [(&str, &str); 6] = [
    ("PageKeys", "2"),
    ("SliceSeconds", "3"),
    ("GraceSeconds", "2"),
    ("CallTimeoutSeconds", "1"),
    ("FunctionTimeoutSeconds", "6"),
    ("QueueVisibilitySeconds", "6"),
];

/// The retention on the second stack: long enough to see that nothing is purged before.
const RETENTION: &str = "20s";

/// What is to be tested.
#[derive(Debug, Args)]
pub struct Test {
    /// Arguments for `cargo test --workspace`, such as `--test stack -- mail`.
    #[arg(last = true, value_name = "ARGS")]
    arguments: Vec<String>,
}

impl Test {
    /// Starts the stacks, runs the tests and stops the stacks. The answer is that of `cargo test`.
    ///
    /// # Errors
    ///
    /// When a stack does not start, or does not stop.
    pub async fn run(self) -> Result<ExitCode> {
        let begun = Instant::now();
        authorization::forget()?;
        terminal::note("stack for the behaviours (.local/test)");
        let main = Box::pin(Stack::start(&main_options())).await?;
        terminal::note("stack with short times (.local/short)");
        let short = Box::pin(Stack::start(&short_options()?)).await?;
        terminal::note(&format!(
            "both stacks are ready after {}",
            seconds(begun.elapsed())
        ));

        let tested = Instant::now();
        let result = self.cargo_test().await;
        let tested = tested.elapsed();
        let stopped = main.stop().await;
        short.stop().await?;
        stopped?;

        let authorized = authorization::judge(&authorization::gather()?, self.is_whole());
        let mut code = result?;
        if code == 0 && !authorized {
            code = 1;
        }
        let verdict = if code == 0 { "passed" } else { "failed" };
        terminal::note(&format!(
            "tests {verdict} after {} ({} with the stacks)",
            seconds(tested),
            seconds(begun.elapsed())
        ));
        if code != 0 {
            terminal::note(&format!("logs of the stacks: {MAIN}/logs and {SHORT}/logs"));
        }
        Ok(ExitCode::from(code))
    }

    /// Whether all tests run: a few of them use a few of the rights.
    fn is_whole(&self) -> bool {
        self.arguments.is_empty()
    }

    /// Runs in a group of its own, so that no test outlives this command.
    async fn cargo_test(&self) -> Result<u8> {
        let mut command = tokio::process::Command::new(environment::cargo());
        command
            .args(["test", "--workspace"])
            .args(&self.arguments)
            .env(STACK, StateDir::new(Path::new(MAIN)).join("stack.json"))
            .env(
                SHORT_STACK,
                StateDir::new(Path::new(SHORT)).join("stack.json"),
            )
            .current_dir(workspace())
            .stdin(Stdio::null())
            .process_group(0);
        let archive = workspace().join("../shared/data/r-lists.ndjson.gz");
        if !environment::is_set(R_LISTS) && archive.is_file() {
            command.env(
                R_LISTS,
                archive.canonicalize().context("find the mail archive")?,
            );
        }
        if !environment::is_set("RUST_TEST_THREADS") {
            // They wait for the stack more than they work.
            command.env("RUST_TEST_THREADS", "6");
        }
        let mut child = command.spawn().context("start cargo test")?;
        let group = EndOnDrop::of(child.id());
        let status = child.wait().await.context("wait for cargo test")?;
        drop(group);
        let code = status.code().context(format!("cargo test: {status}"))?;
        Ok(u8::try_from(code).unwrap_or(u8::MAX))
    }
}

fn parameters(of: &[(&str, &str)]) -> BTreeMap<String, String> {
    of.iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn main_options() -> Options {
    Options {
        state: PathBuf::from(MAIN),
        parameters: parameters(&[("PageKeys", PAGE_KEYS)]),
        ..Options::default()
    }
}

fn short_options() -> Result<Options> {
    let mut parameters = parameters(&SHORT_TIMES);
    parameters.extend(attached::parameters());
    Ok(Options {
        state: PathBuf::from(SHORT),
        collections_dir: Some(collections_with_a_short_retention(Path::new(SHORT))?),
        parameters,
        tables: attached::definitions(),
        build: false,
        ..Options::default()
    })
}

/// A copy of the collections beside the stack, in which everything is purged soon.
fn collections_with_a_short_retention(state: &Path) -> Result<PathBuf> {
    let source = workspace().join("collections/mail.toml");
    let text = fs::read_to_string(&source).context("read collections/mail.toml")?;
    let folder = StateDir::new(state).join("collections");
    fs::create_dir_all(&folder).context(format!("make {}", folder.display()))?;
    let copy = folder.join("mail.toml");
    fs::write(&copy, shortened(&text)?).context(format!("write {}", copy.display()))?;
    attached::write_collection(&folder, true)?;
    Ok(folder)
}

fn shortened(text: &str) -> Result<String> {
    let (long, short) = ("= \"30d\"", format!("= \"{RETENTION}\""));
    match text.matches(long).count() {
        2 => Ok(text.replace(long, &short)),
        found => Err(anyhow!(
            "collections/mail.toml has {found} retentions of 30d, not 2"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_collections_of_the_example_get_the_short_retention() {
        let text = fs::read_to_string(workspace().join("collections/mail.toml")).unwrap();

        let shortened = shortened(&text).unwrap();

        assert_eq!(shortened.matches("= \"20s\"").count(), 2);
        assert!(super::shortened(&shortened).is_err());
    }

    #[test]
    fn the_times_of_the_short_stack_keep_the_rules_of_the_template() {
        let parameters = parameters(&SHORT_TIMES);
        let number = |name: &str| parameters[name].parse::<u32>().unwrap();

        assert!(number("CallTimeoutSeconds") < number("GraceSeconds"));
        let lease = number("SliceSeconds") + number("GraceSeconds");
        assert!(lease < number("FunctionTimeoutSeconds"));
        assert!(lease < number("QueueVisibilitySeconds"));
    }
}
