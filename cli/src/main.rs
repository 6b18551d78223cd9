//! `tombstone`: parses the command line, prints the answer, and ends with its exit code.

use std::io::{Write as _, stderr, stdout};
use std::process::ExitCode;

use clap::Parser as _;
use tombstone::answer;
use tombstone::arguments::Cli;
use tombstone::exit::Exit;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let json = cli.json;
    match Box::pin(cli.run()).await {
        Ok(answer) => {
            // Nobody reads on: what was done is done, and the exit code says so.
            let _closed = writeln!(stdout(), "{}", answer.shown(json));
            answer.exit.into()
        }
        Err(error) => {
            let _closed = writeln!(stderr(), "error: {}", answer::chain(&error));
            Exit::from(&error).into()
        }
    }
}
