//! `cargo xtask`: parses the command line and answers with an exit code.

use std::process::ExitCode;

use clap::Parser as _;
use local::{layout, terminal};
use xtask::cli::Cli;

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
