//! Everything that is read from the developer's environment, in one place.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::{Context as _, Result};

/// Where downloaded tools are kept between runs: `TOMBSTONE_CACHE`, or `tombstone` in the user's cache folder.
///
/// # Errors
///
/// When neither of the variables that name a place is set.
pub fn cache_dir() -> Result<PathBuf> {
    if let Some(chosen) = path("TOMBSTONE_CACHE") {
        return std::path::absolute(chosen).context("find TOMBSTONE_CACHE");
    }
    let base = path("XDG_CACHE_HOME")
        .or_else(|| path("HOME").map(|home| home.join(".cache")))
        .context("no place for a cache: set TOMBSTONE_CACHE to a folder")?;
    Ok(base.join("tombstone"))
}

/// The JDK that the developer chose.
pub(crate) fn java_home() -> Option<PathBuf> {
    path("JAVA_HOME")
}

/// The first file of that name on the PATH.
pub(crate) fn find_program(name: &str) -> Option<PathBuf> {
    env::split_paths(&search_path())
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

/// The cargo that runs this program.
#[must_use]
pub fn cargo() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// The package that cargo runs, in the checkout that it was called in.
pub(crate) fn package() -> Option<PathBuf> {
    path("CARGO_MANIFEST_DIR")
}

/// Whether a variable has been set on purpose, so that it is not chosen here.
#[must_use]
pub fn is_set(name: &str) -> bool {
    env::var_os(name).is_some()
}

fn search_path() -> OsString {
    env::var_os("PATH").unwrap_or_default()
}

fn path(name: &str) -> Option<PathBuf> {
    env::var_os(name)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
}
