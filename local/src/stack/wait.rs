//! Waiting for a part to be ready: bounded, and with the end of its log when it does not come.

use std::future::Future;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::process::Identity;
use crate::tail;

/// Asks `ready` every 100 ms until it answers with a value.
///
/// # Errors
///
/// When `limit` has passed, or the process has ended before; the error tells the last answer and the end of the log.
pub(crate) async fn until<T, F>(
    what: &str,
    process: &Identity,
    log: &Path,
    limit: Duration,
    mut ready: impl FnMut() -> F,
) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    let begun = Instant::now();
    loop {
        let refused = match ready().await {
            Ok(value) => return Ok(value),
            Err(refused) => format!("{refused:#}"),
        };
        if !process.alive() {
            bail!("{what} ended by itself\n{}", tail::quote(log));
        }
        if begun.elapsed() > limit {
            let waited = limit.as_secs();
            bail!(
                "{what} is not ready after {waited} s ({refused})\n{}",
                tail::quote(log)
            );
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// A port that was free a moment ago.
///
/// # Errors
///
/// When the system has none.
pub(crate) fn free_port() -> Result<u16> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0");
    listener
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .context("no free port on 127.0.0.1")
}
