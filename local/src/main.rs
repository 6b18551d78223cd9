//! `stack-part`: a part of the stack that is a process of its own, so that `up` can leave it behind. Nobody types this.

use std::process::ExitCode;

use clap::Parser;
use local::stack::authorizer::{self, Authorize};
use local::stack::dynamodb;
use local::terminal;

/// A part of the local stack; `cargo xtask up` starts it.
#[derive(Debug, Parser)]
enum Part {
    /// Serves DynamoDB (Dynoxide) in memory on 127.0.0.1.
    Dynamodb {
        /// The port to listen on.
        #[arg(long)]
        port: u16,
    },
    /// Stands between the functions and everything else, and checks their calls against their roles.
    Authorize(Authorize),
}

#[tokio::main]
async fn main() -> ExitCode {
    let served = match Part::parse() {
        Part::Dynamodb { port } => dynamodb::serve(port).await,
        Part::Authorize(told) => Box::pin(authorizer::serve(told)).await,
    };
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            terminal::note(&format!("error: {failure:#}"));
            ExitCode::FAILURE
        }
    }
}
