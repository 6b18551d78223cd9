//! The deployed functions as a test treats them: called directly, and killed in the middle of their work.

use std::fs;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use reqwest::Method;
use serde_json::Value;

use crate::http;
use crate::process::{Identity, Signal};
use crate::stack::{Part, StackFile};

/// Calls a function and waits for its answer.
///
/// # Errors
///
/// When it cannot be called, or its answer is an error: the text quotes it.
pub async fn invoke(file: &StackFile, function: &str, payload: &Value) -> Result<Value> {
    let client = http::client(Duration::from_mins(2))?;
    let url = format!(
        "{}/2015-03-31/functions/{function}/invocations",
        file.endpoints.aws
    );
    let request = http::signed(&client, Method::POST, &url, "lambda").body(payload.to_string());
    let answer = request.send().await.context(format!("call {function}"))?;
    let failed = answer.headers().contains_key("x-amz-function-error");
    let body = http::read(answer, function).await?;
    if failed {
        bail!("{function} failed: {body}");
    }
    Ok(body)
}

/// Kills the running processes of a function, as a machine failure would. Answers how many there were.
///
/// # Errors
///
/// As [`bootstraps`].
pub fn kill_bootstraps(file: &StackFile, function: &str) -> Result<usize> {
    Ok(bootstraps(file, function)?
        .iter()
        .filter(|bootstrap| bootstrap.signal(Signal::Kill).is_ok())
        .count())
}

/// The running processes of a function.
///
/// # Errors
///
/// When the stack does not run, or the system has no `/proc` to find them in.
pub fn bootstraps(file: &StackFile, function: &str) -> Result<Vec<Identity>> {
    if !std::path::Path::new("/proc/self/environ").exists() {
        bail!("finding the processes of a function needs /proc");
    }
    let ministack = crate::stack::identity(file, Part::Ministack)?;
    let name = format!("AWS_LAMBDA_FUNCTION_NAME={function}");
    // All functions are children of ministack; only their environment tells them apart for certain, as two with the
    // same code share a folder.
    Ok(crate::stack::processes_where(|pid| {
        parent_of(pid) == Some(ministack.pid)
            && fs::read(format!("/proc/{pid}/environ")).is_ok_and(|environment| {
                environment
                    .split(|byte| *byte == 0)
                    .any(|entry| entry == name.as_bytes())
            })
    }))
}

fn parent_of(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()
}
