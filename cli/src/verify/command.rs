//! `tombstone verify`: its options, and what it answers.

use anyhow::{Context as _, Result};
use aws::{DynamoDeletions, TableNames};
use clap::Args;
use domain::deletion::DeletionId;
use domain::principal::Tenant;

use super::verify;
use crate::answer::Answer;
use crate::sign_in::SignIn;

const EXAMPLES: &str = "Examples:
  tombstone verify DELETION_ID --tenant acme --table CONTROL_TABLE
  tombstone verify DELETION_ID --tenant acme --table CONTROL_TABLE --json | jq .verdict";

/// What to verify, and where.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Verify {
    /// The deletion's id.
    #[arg(value_name = "DELETION")]
    deletion: DeletionId,
    /// Its tenant.
    #[arg(long, value_parser = tenant)]
    tenant: Tenant,
    /// Name of the control table: the stack's output `ControlTableName`.
    #[arg(long, value_name = "NAME")]
    table: String,
    #[command(flatten)]
    sign_in: SignIn,
}

impl Verify {
    /// Asks the control table.
    ///
    /// # Errors
    ///
    /// When it could not be read.
    pub async fn run(self) -> Result<Answer> {
        let client = aws_sdk_dynamodb::Client::new(&self.sign_in.config().await?);
        let deletions = DynamoDeletions::new(client, self.table.clone(), TableNames::default());
        let found = verify(&deletions, &self.tenant, self.deletion)
            .await
            .with_context(|| {
                format!(
                    "the deletion in the table {} could not be checked",
                    self.table
                )
            })?;
        Ok(Answer {
            text: found.lines().join("\n"),
            json: serde_json::to_value(&found).context("write the answer")?,
            exit: found.exit(),
        })
    }
}

fn tenant(text: &str) -> Result<Tenant> {
    Tenant::new(text).context("the tenant is empty")
}
