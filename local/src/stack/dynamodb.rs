//! Dynoxide: DynamoDB in memory, compiled into `stack-part` and run as a process of its own, so that `up` can leave it
//! behind.

use std::process::{Child, Command};
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::json;
use tokio::net::TcpListener;

use crate::http;
use crate::layout::{self, StateDir};
use crate::process::{self, Identity};
use crate::stack::wait;

/// Serves until the process is told to end.
///
/// # Errors
///
/// When the port is taken.
pub async fn serve(port: u16) -> Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", port))
        .await
        .context(format!("listen on 127.0.0.1:{port}"))?;
    let database = dynoxide::Database::memory()
        .map_err(anyhow::Error::msg)
        .context("open the database")?;
    dynoxide::server::serve_with_shutdown(listener, database, std::future::pending())
        .await
        .map_err(anyhow::Error::msg)
        .context("serve DynamoDB")
}

/// Starts the server.
///
/// # Errors
///
/// When there is no free port, or `stack-part` cannot be started.
pub fn start(state: &StateDir) -> Result<(String, Identity, Child)> {
    let port = wait::free_port()?;
    let mut command = Command::new(layout::binaries()?.join("stack-part"));
    command
        .env_clear()
        .args(["dynamodb", "--port", &port.to_string()])
        .current_dir(layout::workspace());
    let (identity, child) = process::start(command, &state.log("dynamodb"))?;
    Ok((format!("http://127.0.0.1:{port}"), identity, child))
}

/// Waits until it answers.
///
/// # Errors
///
/// When it does not within ten seconds, or ends; the error quotes its log.
pub async fn ready(state: &StateDir, url: &str, identity: &Identity) -> Result<()> {
    wait::until(
        "Dynoxide",
        identity,
        &state.log("dynamodb"),
        Duration::from_secs(10),
        || tables(url),
    )
    .await
    .map(|_none| ())
}

/// The names of the tables.
///
/// # Errors
///
/// When the server does not answer.
pub async fn tables(url: &str) -> Result<Vec<String>> {
    let answer =
        http::json_call(url, "dynamodb", "DynamoDB_20120810.ListTables", &json!({})).await?;
    serde_json::from_value(answer["TableNames"].clone()).context("read the list of tables")
}
