//! `cargo xtask`: parses the command line and answers with an exit code.

use std::process::ExitCode;

use clap::Parser as _;
use xtask::cli::Cli;
use xtask::terminal;

#[tokio::main]
async fn main() -> ExitCode {
    match Box::pin(Cli::parse().run()).await {
        Ok(code) => code,
        Err(failure) => {
            terminal::note(&format!("error: {}", failure.chain()));
            ExitCode::FAILURE
        }
    }
}
