//! `cargo xtask validate`: `sam validate --lint` on `template.yaml`, by the pinned SAM CLI and linter.

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result};
use local::http::REGION;
use local::layout::{StateDir, workspace};
use local::process;
use local::stack::DEMO_TABLES;
use local::terminal::{self, Step};
use local::tools;

/// Lints the template.
///
/// # Errors
///
/// When the linter finds something: the error quotes it.
pub async fn run() -> Result<ExitCode> {
    let state = StateDir::new(Path::new(".local/validate"));
    let log = state.log("validate");
    if log.exists() {
        fs::remove_file(&log).context("remove the log of the last time")?;
    }
    let venv = tools::python(&log).await?;

    let step = Step::begin("validate");
    step.doing("sam validate --lint");
    let home = state.join("home");
    fs::create_dir_all(&home).context(format!("make {}", home.display()))?;
    let mut command = Command::new(venv.program("sam"));
    // Nothing of the developer's environment: no profile there decides which region's rules apply.
    command
        .env_clear()
        .env("PATH", venv.search_path())
        .env("HOME", &home)
        .env("LANG", "C.UTF-8")
        .env("AWS_REGION", REGION)
        .env("AWS_DEFAULT_REGION", REGION)
        .env("SAM_CLI_TELEMETRY", "0")
        .args(["validate", "--lint", "--template-file", "template.yaml"])
        .current_dir(workspace());
    process::run(command, &log).await?;
    // The SAM CLI does not look into a nested template.
    let mut command = Command::new(venv.program("cfn-lint"));
    command
        .env_clear()
        .env("PATH", venv.search_path())
        .env("HOME", &home)
        .env("LANG", "C.UTF-8")
        .args(["--regions", REGION, "--template", DEMO_TABLES])
        .current_dir(workspace());
    process::run(command, &log).await?;
    step.end(&format!("template.yaml and {DEMO_TABLES} are clean"));
    terminal::answer("template.yaml: valid");
    Ok(ExitCode::SUCCESS)
}
