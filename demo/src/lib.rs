//! The guided tour (`demo`): each step prints the request that it makes and what came back, and checks it.
//!
//! It runs on a stack of its own, with a retention of a minute instead of 30 days, and leaves nothing behind: the stack
//! ends with the tour, however that ends. What both stores hold is read with plain clients, never through the functions.

mod acts;
mod api;
mod bulk;
mod compare;
mod delete;
mod hands;
mod life;
mod listwise;
mod mishaps;
mod narrator;
mod parked;
mod purge;
mod settings;
mod short;
mod stores;
mod tour;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;
use clap::Args;
use local::authorization;
use local::layout::StateDir;
use local::load::{Archive, Mail, Shape, generate};
use local::stack::Stack;
use local::terminal;
use tombstone::collections;

use narrator::Narrator;
use tour::Tour;

/// The list of the discussion that is generated to be large enough for a crash in the middle.
const LARGE: &str = "large";
/// Its messages: some seconds of work with pages of [`settings::PAGE_KEYS`].
const LARGE_MESSAGES: usize = 4_000;

/// The list whose discussions are restored, cancelled, retried and purged on request.
const LIFE: &str = "life";
/// Messages in each of its three discussions: enough that a cancel lands in the middle.
const LIFE_MESSAGES: usize = 1_500;

/// What the tour is shown on.
#[derive(Debug, Args)]
pub struct Demo {
    /// Show delete, hidden, restore and purge only, on one discussion: less than a minute once everything is installed.
    #[arg(long)]
    short: bool,
    /// A mail archive, as `load` takes it; a generated one when none is given.
    #[arg(long, value_name = "FILE")]
    input: Option<PathBuf>,
    /// The list whose discussions are all deleted; the one of middle size when none is given.
    #[arg(long, value_name = "NAME")]
    list: Option<String>,
    /// Folder of the stack.
    #[arg(long, default_value = ".local/demo", value_name = "DIR")]
    state: PathBuf,
    /// Take the functions as they lie in the target folder.
    #[arg(long)]
    no_build: bool,
    /// Let the functions call everything, whatever their roles say.
    #[arg(long)]
    no_iam: bool,
}

impl Demo {
    /// Starts the stack, goes through all steps, and stops it. The exit code tells whether all was as promised.
    ///
    /// # Errors
    ///
    /// When the archive is wrong, or the stack does not come up. A step that fails is told, and the next one follows.
    pub async fn run(self) -> Result<ExitCode> {
        let begun = Instant::now();
        let compiled_in = collections::read(None)?;
        let archive = self.archive(&Mail::of(&compiled_in)?)?;
        let list = tour::list_to_delete(&archive, self.list.as_deref())?;
        let discussions = archive.counts()[&list].discussions;
        let mut options = settings::options(&self.state, discussions)?;
        options.build = !self.no_build;
        options.enforce_iam = !self.no_iam;

        terminal::note("starting a stack for the demo");
        let stack = Stack::start(&options).await?;
        let collections = collections::read(stack.file.collections_dir.as_deref())?;
        let mut narrator = Narrator::default();
        let toured = async {
            let mail = Mail::of(&collections)?;
            let mut tour = Tour::new(&stack.file, mail, &archive, list.clone(), &mut narrator)?;
            tour.is_short = self.short;
            if self.short {
                Box::pin(tour.go_short()).await
            } else {
                Box::pin(tour.go()).await
            }
        }
        .await;
        stack.stop().await?;
        toured?;
        narrator.nothing(
            "no call of a function went beyond its role",
            &authorization::refused(&StateDir::new(&self.state))?,
        );
        match &self.input {
            Some(file) => narrator.end(
                begun.elapsed(),
                &api::quoted(&file.display().to_string()),
                &list,
            ),
            None => narrator.end(begun.elapsed(), "--generate 60", "generated"),
        }
        Ok(narrator.verdict())
    }

    fn archive(&self, mail: &Mail) -> Result<Archive> {
        // What only the later steps of the whole tour need.
        let large = Shape {
            list: LARGE.into(),
            discussions: 1,
            messages: LARGE_MESSAGES,
            seed: 1,
        };
        let life = Shape {
            list: LIFE.into(),
            discussions: 3,
            messages: LIFE_MESSAGES,
            seed: 1,
        };
        let Some(file) = &self.input else {
            let shapes = [("r-grids", 30, 6), ("r-models", 40, 4), ("r-plots", 20, 3)].map(
                |(list, discussions, messages)| Shape {
                    list: list.into(),
                    discussions,
                    messages,
                    seed: 7,
                },
            );
            let later = [&large, &life];
            let later = later.into_iter().filter(|_| !self.short);
            let lines = shapes.iter().chain(later).flat_map(generate);
            return Archive::from_lines("generated", lines.map(Ok), mail);
        };
        let mut archive = Archive::read(file, mail)?;
        if self.short {
            return Ok(archive);
        }
        let lines = [&large, &life].into_iter().flat_map(generate).map(Ok);
        archive.append(Archive::from_lines("generated", lines, mail)?)?;
        Ok(archive)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lists(short: bool) -> Vec<String> {
        let demo = Demo {
            short,
            input: None,
            list: None,
            state: PathBuf::new(),
            no_build: true,
            no_iam: false,
        };
        let collections = collections::read(None).unwrap();
        let archive = demo.archive(&Mail::of(&collections).unwrap()).unwrap();
        archive.counts().into_keys().collect()
    }

    #[test]
    fn the_short_tour_loads_nothing_that_only_the_whole_one_needs() {
        assert_eq!(lists(true), ["r-grids", "r-models", "r-plots"]);
        assert_eq!(lists(false).len(), 5);
    }
}
