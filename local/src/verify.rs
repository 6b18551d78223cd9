//! Recomputes a deletion's certificate from its manifest, while that exists.

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Args;
use shared::adapters::{DynamoDeletions, TableNames};
use shared::domain::certificate::{Recount, Verdict};
use shared::domain::deletion::{Deletion, DeletionId, State};
use shared::domain::principal::Tenant;
use shared::ports::ReadDeletions;

use crate::layout::StateDir;
use crate::stack::StackFile;
use crate::terminal;

/// What to verify, and where.
#[derive(Debug, Args)]
pub struct Verify {
    /// The deletion's id.
    deletion: String,
    /// Its tenant.
    #[arg(long)]
    tenant: String,
    /// Folder of the running local stack.
    #[arg(long, default_value = ".local", value_name = "DIR")]
    state: std::path::PathBuf,
    /// Name of a control table on AWS (the stack's output `ControlTableName`), read with the credentials of the
    /// environment, instead of the local one.
    #[arg(long, value_name = "NAME")]
    table: Option<String>,
}

impl Verify {
    /// The same question about a local stack, without a command line.
    #[must_use]
    pub fn of(deletion: &str, tenant: &str, state: &std::path::Path) -> Self {
        Self {
            deletion: deletion.to_owned(),
            tenant: tenant.to_owned(),
            state: state.to_path_buf(),
            table: None,
        }
    }

    /// Prints what was found; success only when the manifest proves the certificate.
    ///
    /// # Errors
    ///
    /// When there is no such deletion, or it could not be read.
    pub async fn run(self) -> Result<ExitCode> {
        let id: DeletionId = self.deletion.parse().context("understand the id")?;
        let tenant = Tenant::new(&self.tenant).context("the tenant is empty")?;
        let deletions = self.deletions().await?;
        let read = deletions.deletion(&tenant, id).await;
        let deletion = read
            .context("read the deletion")?
            .with_context(|| format!("tenant {tenant} has no deletion {id}"))?;
        describe(&deletion);
        let mut recount = Recount::begin(id);
        for number in 1..=deletion.pages {
            let page = deletions.page(&tenant, id, number).await;
            let Some(page) = page.context("read a page")? else {
                return Ok(dropped(&deletion, number));
            };
            let exceptions = deletions.exceptions(&tenant, id, number).await;
            let exceptions = exceptions.context("read exceptions")?.unwrap_or_default();
            recount.add(&deletion, &page, &exceptions);
        }
        if deletion.pages == 0 && deletion.state == State::Purged {
            return Ok(dropped(&deletion, 1));
        }
        Ok(judge(&deletion, &recount))
    }

    async fn deletions(&self) -> Result<DynamoDeletions> {
        let (client, table) = match &self.table {
            None => {
                let file = StackFile::read(&StateDir::new(&self.state))?;
                (file.dynamodb(), file.control_table.clone())
            }
            Some(table) => {
                let version = aws_config::BehaviorVersion::v2026_01_12();
                let config = aws_config::load_defaults(version).await;
                (aws_sdk_dynamodb::Client::new(&config), table.clone())
            }
        };
        Ok(DynamoDeletions::new(client, table, TableNames::default()))
    }
}

fn describe(deletion: &Deletion) {
    terminal::answer(&format!("deletion      {}", deletion.id));
    terminal::answer(&format!("state         {}", deletion.state));
    terminal::answer(&format!(
        "requested by  {} at {}",
        deletion.requested_by, deletion.deleted_at
    ));
    for (collection, counts) in &deletion.deleted {
        terminal::answer(&format!(
            "{collection}: {} selected, {} deleted, {} already deleted, {} missing, {} failed, {} not reached",
            counts.selected,
            counts.deleted,
            counts.already_deleted,
            counts.missing,
            counts.failed,
            counts.not_reached
        ));
    }
    terminal::answer(&format!("head          {}", deletion.chain));
}

/// The manifest is not there any more, or one of its pages is not.
fn dropped(deletion: &Deletion, page: u32) -> ExitCode {
    if deletion.state == State::Purged {
        terminal::answer(
            "the manifest was dropped after the purge; the head stands for who has kept a copy of it",
        );
    } else {
        terminal::answer(&format!(
            "NOT PROVED: page {page} of {} is missing",
            deletion.pages
        ));
    }
    ExitCode::FAILURE
}

fn judge(deletion: &Deletion, recount: &Recount) -> ExitCode {
    match recount.verdict(deletion) {
        Verdict::Proved => {
            terminal::answer(&format!(
                "PROVED: the {} pages of the manifest give this head, and their counts are these",
                recount.pages
            ));
            return ExitCode::SUCCESS;
        }
        Verdict::OtherPages(head) => {
            terminal::answer(&format!("NOT PROVED: the pages give the head {head}"));
        }
        Verdict::NoHead => {
            terminal::answer("NOT PROVED: it was accepted by a build that kept no head");
        }
        Verdict::OtherCounts(counts) => {
            terminal::answer(&format!(
                "NOT PROVED: the pages and their exceptions count {counts:?}"
            ));
        }
    }
    ExitCode::FAILURE
}
