//! The authorizer: every call of a function is checked against the role that it has on AWS, by AWS's rules.
//!
//! The stand-ins know less of IAM than AWS, and OpenSearch and Dynoxide know nothing of it. So the functions reach them
//! through this proxy: it knows the caller by its session credentials, finds out what the request accesses, asks the
//! role's policies as CloudFormation has resolved them from the template, and answers what they do not allow as AWS
//! would. What was allowed by which statement is recorded, so that a statement that nothing uses is found, too.
//! Tools and tests go to the stores themselves; here the key `test` may do all.

mod access;
mod batch;
mod dynamodb;
mod judge;
mod partiql;
mod policy;
pub mod principals;
mod proxy;
pub mod record;
mod refusal;
mod scope;
mod search;
mod services;
mod signature;
pub(crate) mod wildcard;

#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::process::{Child, Command};
use std::time::Duration;

pub use proxy::{Authorize, serve};

use anyhow::{Context as _, Result};

use crate::http;
use crate::layout::{self, StateDir};
use crate::process::{self, Identity};
use crate::stack::wait;

/// Where it says that it is there.
const HEALTH: &str = "/_authorizer/health";

/// What the authorizer stands in front of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Behind<'a> {
    /// ministack.
    pub(super) aws: &'a str,
    /// Dynoxide.
    pub(super) dynamodb: &'a str,
    /// OpenSearch.
    pub(super) opensearch: &'a str,
    /// Name of its domain.
    pub(super) domain: &'a str,
    /// ARN of its collection.
    pub(super) collection: &'a str,
}

/// Where the functions go.
#[derive(Debug, Clone)]
pub(super) struct Urls {
    /// For the AWS services.
    pub(super) aws: String,
    /// For search.
    pub(super) search: String,
}

/// The file of the record: beside the logs, which stay when the stack has ended.
#[must_use]
pub fn record_file(state: &StateDir) -> PathBuf {
    state.join("logs").join("authorization.json")
}

/// Starts the process.
///
/// # Errors
///
/// When there is no free port, or `stack-part` cannot be started.
pub(super) fn start(state: &StateDir, behind: &Behind<'_>) -> Result<(Urls, Identity, Child)> {
    let (port, search_port) = (wait::free_port()?, wait::free_port()?);
    let mut command = Command::new(layout::binaries()?.join("stack-part"));
    command
        .env_clear()
        .arg("authorize")
        .args(["--port", &port.to_string()])
        .args(["--search-port", &search_port.to_string()])
        .args(["--aws", behind.aws])
        .args(["--dynamodb", behind.dynamodb])
        .args(["--opensearch", behind.opensearch])
        .args(["--domain", behind.domain])
        .args(["--collection", behind.collection])
        .arg("--record")
        .arg(record_file(state));
    let (identity, child) = process::start(command, &state.log("authorizer"))?;
    let url = |port: u16| format!("http://127.0.0.1:{port}");
    let urls = Urls {
        aws: url(port),
        search: url(search_port),
    };
    Ok((urls, identity, child))
}

/// Waits until both ports answer.
///
/// # Errors
///
/// When they do not within ten seconds, or the process ends; the error quotes its log.
pub(super) async fn ready(state: &StateDir, urls: &Urls, identity: &Identity) -> Result<()> {
    let client = http::client(Duration::from_secs(2))?;
    let ask = || async {
        healthy(&client, &urls.aws).await?;
        healthy(&client, &urls.search).await
    };
    wait::until(
        "the authorizer",
        identity,
        &state.log("authorizer"),
        Duration::from_secs(10),
        ask,
    )
    .await
    .map(|_refused| ())
}

/// Asks it how it is; how many accesses it has refused.
///
/// # Errors
///
/// When it does not answer.
pub(super) async fn healthy(client: &reqwest::Client, url: &str) -> Result<u64> {
    let answer = client
        .get(format!("{url}{HEALTH}"))
        .send()
        .await
        .context("ask the authorizer")?;
    let health = http::read(answer, "the authorizer").await?;
    health["refused"].as_u64().context("read its health")
}
