//! Ctrl-C and friends: the running work is dropped, and whatever it owns ends its processes.

use std::future::Future;

use anyhow::{Context as _, Result, anyhow};
use tokio::signal::unix::{SignalKind, signal};

/// Runs `work` until it is done, or until this program is asked to end.
///
/// # Errors
///
/// When `work` fails, or was interrupted.
pub async fn or_interrupt<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let mut interrupt = signal(SignalKind::interrupt()).context("listen for Ctrl-C")?;
    let mut terminate = signal(SignalKind::terminate()).context("listen for SIGTERM")?;
    let mut hangup = signal(SignalKind::hangup()).context("listen for SIGHUP")?;
    tokio::select! {
        result = work => result,
        _ = interrupt.recv() => Err(anyhow!("interrupted")),
        _ = terminate.recv() => Err(anyhow!("asked to end")),
        _ = hangup.recv() => Err(anyhow!("the terminal is gone")),
    }
}
