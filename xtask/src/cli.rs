//! The command line: what can be asked, and which module answers.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context as _, Result};
use clap::{Args, Parser, Subcommand};
use demo::Demo;
use local::interrupt::or_interrupt;
use local::layout::{StateDir, workspace};
use local::load::Load;
use local::logs::{self, Function};
use local::stack::{self, Options, Stack, StackFile};
use local::{env, terminal, token, tools};

use crate::test::Test;
use crate::validate;

/// The local stack and the tasks of the project.
///
/// Everything runs on 127.0.0.1 and leaves nothing behind; what has to be downloaded is kept in ~/.cache/tombstone
/// (or `TOMBSTONE_CACHE`).
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", disable_help_subcommand = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Starts the stack, deploys template.yaml to it, and leaves it running.
    Up(Up),
    /// Stops the stack, complete or not, and removes what it left but for the logs.
    Down(Place),
    /// Shows each part with its process and its answer; exit code 0 only when all are well.
    Status(Place),
    /// Prints an id token for the running stack, and nothing else.
    Token(Token),
    /// Prints what a function of the running stack has logged.
    Logs {
        #[command(flatten)]
        place: Place,
        /// Whose logs.
        #[arg(value_enum)]
        function: Function,
    },
    /// Prints the variables with which a function works on the running stack from outside: see events/README.md.
    Env {
        #[command(flatten)]
        place: Place,
        /// As JSON for `sam local invoke --env-vars`.
        #[arg(long)]
        sam: bool,
    },
    /// Loads a mail archive into both stores of the running stack; nothing is written when a line of it is wrong.
    Load(Load),
    /// Shows a delete from the request to the purge on a stack of its own, with a crash and a lost message on the way.
    Demo(Demo),
    /// Starts two stacks, runs `cargo test --workspace` against them, and stops them.
    ///
    /// Then it tells what the roles of the functions were refused, and what of them no test has used.
    Test(Test),
    /// Writes docs/openapi.json, which the API serves: what the code says.
    Openapi,
    /// Lints template.yaml with the pinned SAM CLI.
    Validate,
    /// Installs the pinned SAM CLI and cargo-lambda, and prints the folder that they are in: `PATH="$(cargo xtask
    /// tools):$PATH"`.
    Tools,
}

#[derive(Debug, Args)]
struct Place {
    /// Folder of the stack; another one is a second stack beside the first.
    #[arg(long, default_value = ".local", value_name = "DIR")]
    state: PathBuf,
}

impl Place {
    fn dir(&self) -> StateDir {
        StateDir::new(&self.state)
    }
}

#[derive(Debug, Args)]
struct Up {
    #[command(flatten)]
    place: Place,
    /// Folder with collection files, instead of the compiled-in ones.
    #[arg(long, value_name = "DIR")]
    collections: Option<PathBuf>,
    /// A template parameter, instead of the local default; may be repeated.
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = name_and_value)]
    parameters: Vec<(String, String)>,
    /// A variable that all functions see; may be repeated.
    #[arg(long = "env", value_name = "NAME=VALUE", value_parser = name_and_value)]
    environment: Vec<(String, String)>,
    /// Let the functions call everything, whatever their roles say.
    #[arg(long)]
    no_iam: bool,
    /// Take the functions as they lie in the target folder.
    #[arg(long)]
    no_build: bool,
}

#[derive(Debug, Args)]
struct Token {
    #[command(flatten)]
    place: Place,
    /// The claim custom:tenant.
    #[arg(long)]
    tenant: String,
    /// Who is calling.
    #[arg(long, default_value = "demo")]
    sub: String,
    /// A group of the caller; may be repeated.
    #[arg(long = "group", value_name = "GROUP")]
    groups: Vec<String>,
}

impl Cli {
    /// Does what was asked.
    ///
    /// # Errors
    ///
    /// When it could not be done.
    pub async fn run(self) -> Result<ExitCode> {
        match self.command {
            Command::Up(up) => Box::pin(or_interrupt(up.run())).await,
            Command::Down(place) => down(&place.dir()),
            Command::Status(place) => status(&place.dir()).await,
            Command::Token(asked) => asked.run().await,
            Command::Logs { place, function } => {
                let lines = logs::lines(&StackFile::read(&place.dir())?, function).await?;
                for line in lines {
                    terminal::answer(&line);
                }
                Ok(ExitCode::SUCCESS)
            }
            Command::Env { place, sam } => {
                let file = StackFile::read(&place.dir())?;
                let lines = if sam {
                    vec![format!("{:#}", env::sam(&file).await?)]
                } else {
                    env::lines(&file).await?
                };
                for line in lines {
                    terminal::answer(&line);
                }
                Ok(ExitCode::SUCCESS)
            }
            Command::Load(load) => Box::pin(or_interrupt(load.run())).await,
            Command::Demo(demo) => Box::pin(or_interrupt(demo.run())).await,
            Command::Test(test) => Box::pin(or_interrupt(test.run())).await,
            Command::Openapi => openapi(),
            Command::Validate => Box::pin(or_interrupt(validate::run())).await,
            Command::Tools => Box::pin(or_interrupt(tools::run())).await,
        }
    }
}

impl Up {
    async fn run(self) -> Result<ExitCode> {
        let begun = Instant::now();
        let parts = stack::look(&self.place.dir()).await;
        if !parts.is_empty() && parts.iter().all(|part| part.healthy) {
            let file = StackFile::read(&self.place.dir())?;
            terminal::note(&format!("the stack is up already: {}", file.api_url));
            return Ok(ExitCode::SUCCESS);
        }
        let options = Options {
            state: self.place.state,
            collections_dir: self.collections,
            parameters: BTreeMap::from_iter(self.parameters),
            tables: Vec::new(),
            enforce_iam: !self.no_iam,
            environment: BTreeMap::from_iter(self.environment),
            build: !self.no_build,
        };
        let file = Stack::start(&options).await?.leave();
        terminal::note(&format!(
            "ready after {}: {}",
            terminal::seconds(begun.elapsed()),
            file.api_url
        ));
        Ok(ExitCode::SUCCESS)
    }
}

fn openapi() -> Result<ExitCode> {
    let file = workspace().join("docs/openapi.json");
    fs::write(&file, api::openapi::text()).context(format!("write {}", file.display()))?;
    Ok(ExitCode::SUCCESS)
}

fn down(state: &StateDir) -> Result<ExitCode> {
    match stack::down(state)? {
        0 => terminal::note("nothing was running"),
        ended => terminal::note(&format!("{ended} processes stopped")),
    }
    Ok(ExitCode::SUCCESS)
}

async fn status(state: &StateDir) -> Result<ExitCode> {
    let parts = stack::look(state).await;
    if parts.is_empty() {
        terminal::answer("the stack is down");
        return Ok(ExitCode::FAILURE);
    }
    for part in &parts {
        let mark = if part.healthy { "ok" } else { "--" };
        let pid = part
            .pid
            .map_or_else(|| "-".to_owned(), |pid| pid.to_string());
        terminal::answer(&format!(
            "{mark} {:<11} pid {pid:<8} {:<24} {}",
            part.name, part.url, part.answer
        ));
    }
    Ok(if parts.iter().all(|part| part.healthy) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

impl Token {
    async fn run(self) -> Result<ExitCode> {
        let file = StackFile::read(&self.place.dir())?;
        terminal::answer(&token::token(&file, &self.tenant, &self.sub, &self.groups).await?);
        Ok(ExitCode::SUCCESS)
    }
}

fn name_and_value(text: &str) -> Result<(String, String)> {
    let (name, value) = text.split_once('=').context("must be NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::Cli;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
