//! The virtual environment with ministack, the SAM CLI, cargo-lambda and cfn-lint.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::failure::{Context, Result};
use crate::process;
use crate::terminal::Step;

const REQUIREMENTS: &str = include_str!("../../stack/requirements.txt");

/// An installed virtual environment.
#[derive(Debug, Clone)]
pub(crate) struct Venv(PathBuf);

impl Venv {
    /// One of its programs.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.0.join("bin").join(name)
    }

    /// A PATH with these programs and the system's, and none of the developer's.
    pub(crate) fn search_path(&self) -> String {
        format!("{}:/usr/bin:/bin", self.0.join("bin").display())
    }
}

/// Makes sure that the environment is there.
///
/// # Errors
///
/// When pip fails; the error quotes its log.
pub(crate) async fn install(python: &Path, cache: &Path, log: &Path) -> Result<Venv> {
    let place = cache.join(format!("venv-{}", super::key(REQUIREMENTS)));
    // A virtual environment knows its own path, so it cannot be made elsewhere and moved: a marker says that it is complete.
    let complete = place.join(".complete");
    if complete.is_file() {
        return Ok(Venv(place));
    }
    let step = Step::begin_long(
        "tools",
        "installing ministack and the SAM CLI, about two minutes, once",
    );
    fs::create_dir_all(cache).context(format!("make {}", cache.display()))?;
    let lock = File::create(place.with_extension("lock"))
        .context("make the lock of the virtual environment")?;
    while lock.try_lock().is_err() {
        tokio::time::sleep(Duration::from_millis(200)).await; // another installation: asked again, so that Ctrl-C works
    }
    if complete.is_file() {
        return Ok(Venv(place));
    }
    super::discard(&place);

    let mut make = Command::new(python);
    make.args(["-m", "venv"]).arg(&place);
    process::run(make, log).await?;
    let requirements = place.join("requirements.txt");
    fs::write(&requirements, REQUIREMENTS).context("write requirements.txt")?;
    let mut pip = Command::new(place.join("bin/python"));
    pip.args([
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "--no-input",
        "-r",
    ])
    .arg(&requirements);
    process::run(pip, log).await?;

    fs::write(&complete, "").context("mark the virtual environment as complete")?;
    step.end("ministack 1.5.33, SAM CLI 1.167.0 installed");
    Ok(Venv(place))
}
