//! What the stacks of a run have recorded of the roles: what was refused, and what nothing has used.
//!
//! A refusal fails the run: on AWS it would be a fault. So does an action of a policy that no call has used when all
//! tests ran: it is a right too many, or a behaviour without a test.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::layout::StateDir;
use crate::stack::authorizer::record::Record;
use crate::stack::authorizer::{record_file, wildcard};
use crate::terminal;

/// Rights that the tests do not use, as `ROLE STATEMENT ACTION` with `*` for any text, and why the role has them.
const UNUSED: [(&str, &str); 10] = [
    (
        "* logs:*",
        "the Lambda service writes the logs, in the function's role",
    ),
    (
        "* kms:*",
        "DynamoDB uses the key of a table, in the function's role",
    ),
    (
        "ConsumerRole * sqs:ReceiveMessage",
        "the poller of Lambda receives, in the function's role",
    ),
    (
        "ConsumerRole * sqs:DeleteMessage",
        "the poller of Lambda deletes, in the function's role",
    ),
    (
        "ConsumerRole * sqs:GetQueueAttributes",
        "the poller of Lambda asks, in the function's role",
    ),
    (
        "ConsumerRole Archive dynamodb:PartiQLUpdate",
        "replaces a copy whose row was written between copy and removal",
    ),
    (
        "SweeperRole Tell events:PutEvents",
        "publishes what consumers still owe when a deletion has ended",
    ),
    (
        "SweeperRole MarkAndRemoveRows *",
        "clears and removes, in a comparison, what a restored deletion has left marked",
    ),
    (
        "SweeperRole Copies dynamodb:PartiQLDelete",
        "removes, in a comparison, copies that a restored or purged deletion has left",
    ),
    (
        "SweeperRole LookThroughRows dynamodb:Scan",
        "looks for rows that others have marked, where a file says `adopt`; no collection of the stack does",
    ),
];

/// Refusals that a test provokes, as `ROLE ACTION`, and the test.
const PROVOKED: [(&str, &str); 2] = [
    (
        "ConsumerRole dynamodb:Scan",
        "a_call_that_the_role_does_not_allow_is_refused_as_on_aws",
    ),
    (
        "ApiRole es:ESHttpDelete",
        "a_request_to_search_that_the_role_does_not_allow_is_refused_as_on_aws",
    ),
];

/// Where every stack of this workspace lives.
const STACKS: &str = ".local";

/// Removes what earlier runs have left.
///
/// # Errors
///
/// When a file cannot be removed.
pub fn forget() -> Result<()> {
    for file in records()? {
        fs::remove_file(&file).context(format!("remove {}", file.display()))?;
    }
    Ok(())
}

/// Reads what all stacks have recorded since [`forget`].
///
/// # Errors
///
/// When a file cannot be read.
pub fn gather() -> Result<Record> {
    let mut all = Record::default();
    for file in records()? {
        all.add(Record::read(&file)?);
    }
    Ok(all)
}

/// What a stack that has ended has refused.
///
/// # Errors
///
/// When its record cannot be read.
pub fn refused(state: &StateDir) -> Result<Vec<String>> {
    Record::read(&record_file(state)).map(|record| unexpected(&record))
}

fn records() -> Result<Vec<PathBuf>> {
    let stacks = StateDir::new(Path::new(STACKS));
    let Ok(folders) = fs::read_dir(stacks.root()) else {
        return Ok(Vec::new());
    };
    let mut files = Vec::new();
    for folder in folders {
        let folder = folder.context("look through the stacks")?.path();
        let file = record_file(&StateDir::new(&folder));
        if file.is_file() {
            files.push(file);
        }
    }
    files.sort();
    Ok(files)
}

/// Tells what was refused and what nothing used; whether all is well. Unused actions count only when `whole` says that
/// all tests ran.
#[must_use]
pub fn judge(record: &Record, whole: bool) -> bool {
    let refusals = unexpected(record);
    let (unused, excused) = unused(record);
    terminal::note(&format!(
        "authorization: {} roles; {} refused, {} actions and {} resources unused ({excused} more have a reason)",
        record.roles.len(),
        refusals.len(),
        unused.actions.len(),
        unused.resources.len(),
    ));
    for (title, lines) in [
        ("refused", &refusals),
        ("unused action", &unused.actions),
        ("unused resource", &unused.resources),
        ("tables not touched", &unused.tables),
    ] {
        for line in lines {
            terminal::note(&format!("  {title}: {line}"));
        }
    }
    // Notice and not judged: some reasons are for what two calls at one moment do, which a run may or may not see.
    let stale = if whole { stale(record) } else { Vec::new() };
    for line in &stale {
        terminal::note(&format!("  a reason that excused nothing: {line}"));
    }
    let missed = if whole { missed(record) } else { Vec::new() };
    for line in &missed {
        terminal::note(&format!("  not refused, as its test expects: {line}"));
    }
    let all_used = !whole || (unused.actions.is_empty() && unused.resources.is_empty());
    refusals.is_empty() && missed.is_empty() && all_used
}

/// What was refused although no test provokes it.
fn unexpected(record: &Record) -> Vec<String> {
    record
        .refusals
        .iter()
        .filter(|(refused, _)| !PROVOKED.iter().any(|(what, _)| is(refused, what)))
        .map(|(refused, count)| format!("{refused} ({count} times)"))
        .collect()
}

/// Provoked refusals that did not come.
fn missed(record: &Record) -> Vec<String> {
    PROVOKED
        .iter()
        .filter(|(what, _)| !record.refusals.keys().any(|refused| is(refused, what)))
        .map(|(what, test)| format!("{what} ({test})"))
        .collect()
}

/// Reasons that no unused right has needed: the tests use it by now, or no role has it.
fn stale(record: &Record) -> Vec<&'static str> {
    let rights: Vec<String> = idle(record).collect();
    let excuses = |of: &str| rights.iter().any(|right| wildcard::matches(of, right));
    let all = UNUSED.iter().map(|(rights, _)| *rights);
    all.filter(|of| !excuses(of)).collect()
}

/// Actions that nothing has used, as `ROLE STATEMENT ACTION`.
fn idle(record: &Record) -> impl Iterator<Item = String> {
    record.roles.iter().flat_map(|(role, statements)| {
        statements.iter().flat_map(move |(statement, of)| {
            let idle = of.actions.iter().filter(|(_, count)| **count == 0);
            idle.map(move |(action, _)| format!("{role} {statement} {action}"))
        })
    })
}

/// `ROLE ACTION RESOURCE` begins with `ROLE ACTION`.
fn is(refused: &str, what: &str) -> bool {
    refused
        .strip_prefix(what)
        .is_some_and(|rest| rest.starts_with(' '))
}

#[derive(Default)]
struct Unused {
    actions: Vec<String>,
    resources: Vec<String>,
    /// Tables of a list: told and not judged, because every statement about tables gets the list as it is deployed.
    tables: Vec<String>,
}

/// What has no use, and how many actions need none.
fn unused(record: &Record) -> (Unused, usize) {
    let (mut unused, mut excused) = (Unused::default(), 0);
    for (role, statements) in &record.roles {
        for (statement, of) in statements {
            let idle = of.actions.iter().filter(|(_, count)| **count == 0);
            let (with_reason, without): (Vec<String>, Vec<String>) = idle
                .map(|(action, _)| format!("{role} {statement} {action}"))
                .partition(|right| reason(right).is_some());
            excused += with_reason.len();
            unused.actions.extend(without);
            if with_reason.len() == of.actions.len() {
                continue;
            }
            let idle = of.resources.iter().filter(|(_, count)| **count == 0);
            let (tables, others): (Vec<_>, Vec<_>) = idle
                .map(|(resource, _)| resource)
                .partition(|resource| of.resources.len() > 1 && resource.contains(":table/"));
            let lines = others
                .iter()
                .map(|resource| format!("{role} {statement} {resource}"));
            unused.resources.extend(lines);
            if !tables.is_empty() {
                let names: Vec<&str> = tables
                    .iter()
                    .filter_map(|arn| Some(arn.split_once(":table/")?.1))
                    .collect();
                let listed = of.resources.len();
                unused.tables.push(format!(
                    "{role} {statement}, {} of {listed}: {}",
                    names.len(),
                    names.join(" ")
                ));
            }
        }
    }
    (unused, excused)
}

/// Why nothing uses this right.
fn reason(right: &str) -> Option<&'static str> {
    UNUSED
        .iter()
        .find(|(rights, _)| wildcard::matches(rights, right))
        .map(|(_, why)| *why)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(role: &str, statement: &str, actions: &[(&str, u64)]) -> Record {
        let mut record = Record::default();
        let statements = record.roles.entry(role.to_owned()).or_default();
        let of = statements.entry(statement.to_owned()).or_default();
        for (action, count) in actions {
            of.actions.insert((*action).to_owned(), *count);
        }
        record
    }

    #[test]
    fn an_action_that_nothing_used_fails_the_whole_run_and_no_part_of_it() {
        let mut record = record(
            "ApiRole",
            "Rows",
            &[("dynamodb:GetItem", 3), ("dynamodb:Scan", 0)],
        );
        for (what, _test) in PROVOKED {
            record.refusals.insert(format!("{what} x"), 1);
        }

        assert_eq!(unused(&record).0.actions, ["ApiRole Rows dynamodb:Scan"]);
        assert!(!judge(&record, true));
        assert!(judge(&record, false));
    }

    #[test]
    fn what_only_the_lambda_service_does_is_not_missed() {
        let receives = [("sqs:ReceiveMessage", 0), ("sqs:SendMessage", 1)];
        let consumer = record("ConsumerRole", "Receive", &receives);
        let sweeper = record("SweeperRole", "Receive", &receives);
        let mut logs = record("ApiRole", "Log", &[("logs:PutLogEvents", 0)]);
        let of = logs
            .roles
            .get_mut("ApiRole")
            .unwrap()
            .get_mut("Log")
            .unwrap();
        of.resources
            .insert("arn:aws:logs:r:1:log-group:g".to_owned(), 0);

        assert!(unused(&consumer).0.actions.is_empty());
        assert_eq!(unused(&sweeper).0.actions.len(), 1);
        let (none, excused) = unused(&logs);
        assert!(none.actions.is_empty() && none.resources.is_empty());
        assert_eq!(excused, 1);
    }

    #[test]
    fn a_reason_that_excused_nothing_is_told() {
        let receives = [("sqs:ReceiveMessage", 0), ("sqs:DeleteMessage", 1)];
        let record = record("ConsumerRole", "Receive", &receives);

        let stale = stale(&record);

        assert_eq!(stale.len(), UNUSED.len() - 1);
        assert!(!stale.contains(&"ConsumerRole * sqs:ReceiveMessage"));
        assert!(stale.contains(&"ConsumerRole * sqs:DeleteMessage"));
    }

    #[test]
    fn a_refusal_fails_the_run_unless_a_test_provokes_it() {
        let mut record = Record::default();
        let (what, _test) = PROVOKED[0];
        record
            .refusals
            .insert(format!("{what} arn:aws:dynamodb:r:1:table/t"), 1);
        assert!(judge(&record, false));
        assert_eq!(missed(&record).len(), PROVOKED.len() - 1);

        record.refusals.insert(format!("{what}Other arn"), 2);

        assert_eq!(unexpected(&record), [format!("{what}Other arn (2 times)")]);
        assert!(!judge(&record, false));
    }
}
