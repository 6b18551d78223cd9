//! `cargo xtask`: parses the command line and answers with an exit code.

use std::process::ExitCode;

use clap::Parser as _;
use xtask::cli::Cli;
use xtask::{layout, terminal};

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = async {
        layout::find_workspace()?;
        Box::pin(cli.run()).await
    };
    match Box::pin(done).await {
        Ok(code) => code,
        Err(failure) => {
            terminal::note(&format!("error: {failure:#}"));
            ExitCode::FAILURE
        }
    }
}
