//! The pinned tools of the local stack, installed once into the cache folder.
//!
//! Each installation is keyed by the hash of the file that pins it, so a changed pin is a new installation and two
//! checkouts can share the cache.

pub(crate) mod jars;
pub(crate) mod python;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use sha2::{Digest, Sha256};

use crate::environment;
use crate::layout::StateDir;
use crate::prerequisites::Prerequisites;
use crate::terminal;
pub use python::Venv;

/// Makes sure that the Python tools are there, and prints their folder.
///
/// # Errors
///
/// When Python is missing, or pip fails.
pub async fn run() -> Result<ExitCode> {
    let log = StateDir::new(Path::new(".local/tools")).log("tools");
    let venv = python(&log).await?;
    terminal::answer(&venv.programs().display().to_string());
    Ok(ExitCode::SUCCESS)
}

/// Makes sure that the Python tools are there.
///
/// # Errors
///
/// When Python is missing, or pip fails; the error quotes the log.
pub async fn python(log: &Path) -> Result<Venv> {
    let cache = environment::cache_dir()?;
    python::install(python::STACK, &Prerequisites::python()?, &cache, log).await
}

/// Makes sure that schemathesis is there.
///
/// # Errors
///
/// When Python is missing, or pip fails; the error quotes the log.
pub async fn schemathesis(log: &Path) -> Result<Venv> {
    let cache = environment::cache_dir()?;
    let tools = python::SCHEMATHESIS;
    python::install(tools, &Prerequisites::python()?, &cache, log).await
}

/// The first characters of the hash of what pins an installation.
fn key(pins: &str) -> String {
    Sha256::digest(pins.as_bytes())
        .iter()
        .take(6)
        .fold(String::new(), |mut key, byte| {
            let _infallible = write!(key, "{byte:02x}");
            key
        })
}

/// Removes what an earlier run left unfinished; nothing there is fine.
fn discard(folder: &Path) {
    let _absent = fs::remove_dir_all(folder);
}
