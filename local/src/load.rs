//! Loads mail archives, and data of the other areas, into both stores, fast enough to try things on real amounts.
//!
//! Nothing is written before every line was read and found right, so a broken file changes nothing. For that the
//! archive is held in memory, which is meant: these are files of some hundred megabytes at most.
//!
//! A loaded record is a new one: what stood under its key, a mark included, is replaced.

mod archive;
mod areas;
mod documents;
mod generate;
mod line;
mod mail;
mod moment;
mod progress;
mod rows;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};
use clap::Args;
use tombstone::collections;

use crate::layout::StateDir;
use crate::stack::StackFile;
use crate::terminal;

pub use archive::{Archive, Counts};
pub use areas::{Area, Attributes, Kind};
pub use documents::refresh;
pub use generate::{Shape, generate};
pub use line::Message;
pub use mail::Mail;
use progress::Progress;

/// What is to be loaded, and where.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("what").required(true))]
pub struct Load {
    /// Folder of the running stack.
    #[arg(long, default_value = ".local", value_name = "DIR")]
    state: PathBuf,
    /// NDJSON, plain or gzip, with the fields list, thread, id, `sent_at`, author, subject and body.
    #[arg(group = "what", value_name = "FILE")]
    file: Option<PathBuf>,
    /// Generate that many discussions, tasks, learners, streams or targets instead.
    #[arg(long, group = "what", value_name = "COUNT")]
    generate: Option<usize>,
    /// Generate one discussion with that many messages instead.
    #[arg(long, group = "what", value_name = "MESSAGES")]
    messages_in_one: Option<usize>,
    /// What to generate, or what to make of the mails of the file: those can be mail or chat.
    #[arg(
        long,
        alias = "as",
        value_enum,
        default_value_t,
        conflicts_with = "messages_in_one"
    )]
    kind: Kind,
    /// Messages in each generated discussion.
    #[arg(long, default_value_t = 5, requires = "generate")]
    messages: usize,
    /// The list, and so the tenant, of what is generated.
    #[arg(long, default_value = "generated")]
    list: String,
    /// The same seed generates the same archive.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// What was loaded.
#[derive(Debug, Clone)]
pub struct Report {
    /// What each list has.
    pub lists: BTreeMap<String, Counts>,
    /// Lines that named a message that an earlier one had named.
    pub repeated: usize,
    /// Rows written, discussions and messages together.
    pub rows: usize,
    /// Documents written.
    pub documents: usize,
    /// How long the writing took.
    pub took: Duration,
}

impl Load {
    /// Loads, and prints what was loaded.
    ///
    /// # Errors
    ///
    /// When the file has a wrong line (all are named), or a store refuses.
    pub async fn run(self) -> Result<ExitCode> {
        let stack = StackFile::read(&StateDir::new(&self.state))?;
        let collections = collections::read(stack.collections_dir.as_deref())?;
        let mail = Mail::of(&collections)?;
        if let Some(area) = self.area(&mail)? {
            area.print(area.write(&stack, &collections).await?);
            return Ok(ExitCode::SUCCESS);
        }
        let archive = self.archive(&mail)?;
        let report = write(&stack, &mail, &archive).await?;
        report.print();
        Ok(ExitCode::SUCCESS)
    }

    /// What is not mail.
    fn area(&self, mail: &Mail) -> Result<Option<Area>> {
        match (self.kind, &self.file) {
            (Kind::Mail, _) => Ok(None),
            (Kind::Chat, Some(file)) => Area::chat_of(&Archive::read(file, mail)?).map(Some),
            (kind, Some(_)) => Err(anyhow!(
                "a mail archive can be loaded as mail or as chat, not as {kind:?}"
            )),
            (kind, None) => {
                let count = self.generate.unwrap_or_default();
                Area::generated(kind, &self.list, count, self.seed).map(Some)
            }
        }
    }

    fn archive(&self, mail: &Mail) -> Result<Archive> {
        if let Some(file) = &self.file {
            return Archive::read(file, mail);
        }
        let (discussions, messages) = self
            .messages_in_one
            .map_or((self.generate.unwrap_or_default(), self.messages), |n| {
                (1, n)
            });
        let shape = Shape {
            list: self.list.clone(),
            discussions,
            messages,
            seed: self.seed,
        };
        Archive::from_lines("generated", generate(&shape).map(Ok), mail)
    }
}

/// Writes an archive into both stores of a running stack; what it wrote can be searched when it returns.
///
/// # Errors
///
/// When a store refuses. What was written until then stays; loading again is safe.
pub async fn write(stack: &StackFile, mail: &Mail<'_>, archive: &Archive) -> Result<Report> {
    let begun = Instant::now();
    let (discussions, messages) = (archive.discussions().count(), archive.messages().len());
    let documents = mail
        .collections()
        .filter(|collection| collection.document.is_some())
        .map(|collection| {
            if collection.parent.is_some() {
                messages
            } else {
                discussions
            }
        })
        .sum();
    let rows = discussions + messages;
    let progress = Progress::start(rows + documents);
    let (dynamodb, opensearch) = (stack.dynamodb(), stack.opensearch()?);
    let write_rows = async {
        for (collection, records) in archive.records(mail) {
            rows::write(&dynamodb, stack, collection, records, &progress).await?;
        }
        anyhow::Ok(())
    };
    let write_documents = async {
        for (collection, records) in archive.records(mail) {
            documents::write(&opensearch, stack, collection, records, &progress).await?;
        }
        anyhow::Ok(())
    };
    futures_util::future::try_join(write_rows, write_documents).await?;
    drop(progress);
    Ok(Report {
        lists: archive.counts(),
        repeated: archive.repeated(),
        rows,
        documents,
        took: begun.elapsed(),
    })
}

impl Report {
    /// What all lists have together.
    #[must_use]
    pub fn total(&self) -> Counts {
        self.lists.values().copied().sum()
    }

    /// Rows and documents a second.
    #[must_use]
    pub fn rate(&self) -> f64 {
        let written = u32::try_from(self.rows + self.documents).unwrap_or(u32::MAX);
        f64::from(written) / self.took.as_secs_f64().max(0.001)
    }

    /// Prints a table of the lists, and how fast it went.
    pub fn print(&self) {
        terminal::answer(&format!(
            "{:<24} {:>12} {:>10}",
            "list", "discussions", "messages"
        ));
        let total = ("all".to_owned(), self.total());
        let lists = self
            .lists
            .iter()
            .map(|(list, counts)| (list.clone(), *counts));
        for (list, counts) in lists.chain([total]) {
            terminal::answer(&format!(
                "{list:<24} {:>12} {:>10}",
                counts.discussions, counts.messages
            ));
        }
        terminal::answer(&format!("lines that repeat a message: {}", self.repeated));
        terminal::answer(&format!(
            "{} rows and {} documents in {}: {:.0} a second",
            self.rows,
            self.documents,
            terminal::seconds(self.took),
            self.rate()
        ));
    }
}

/// The name of a collection's table in this stack.
#[must_use]
pub fn table(stack: &StackFile, collection: &domain::collection::Collection) -> String {
    format!("{}{}", stack.table_prefix, collection.table)
}

/// The name of a collection's index in this stack.
///
/// # Errors
///
/// When the collection is not searched.
pub fn index(stack: &StackFile, collection: &domain::collection::Collection) -> Result<String> {
    let document = collection
        .document
        .as_ref()
        .context(format!("{} is not searched", collection.name))?;
    let name = document.index.fixed();
    let name = name.context(format!("{} has several indexes", collection.name))?;
    Ok(format!("{}{name}", stack.index_prefix))
}
