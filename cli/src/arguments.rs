//! The command line: what can be asked, and which module answers.

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::answer::Answer;
use crate::doctor::command::Doctor;
use crate::index::command::Index;
use crate::verify::command::Verify;

/// Works with a deployment of Tombstone, from wherever its stores can be reached.
///
/// Credentials are those of the AWS CLI: keys in the environment, a profile, SSO, `aws login`, a process, a role.
#[derive(Debug, Parser)]
#[command(
    name = "tombstone",
    version,
    disable_help_subcommand = true,
    after_help = "Exit codes: 0 done, 1 the check says no, 2 wrong command line, 3 could not be done, 4 nothing to check."
)]
pub struct Cli {
    /// Answer with one JSON document on standard output.
    #[arg(long, global = true)]
    pub json: bool,
    #[command(subcommand)]
    command: Command,
}

/// What can be asked.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Looks whether tables, rows and documents are as the collection files say.
    ///
    /// It describes the tables, samples rows with their parents and documents, and says per collection what fits, what
    /// does not, and what to write. It writes nothing and shows no value of a row. It needs dynamodb:DescribeTable,
    /// dynamodb:DescribeTimeToLive, dynamodb:DescribeContinuousBackups, dynamodb:Scan and dynamodb:BatchGetItem on the
    /// tables, dynamodb:ListTables, and es:ESHttpGet on DOMAIN-ARN/PREFIX* (aoss:APIAccessAll on a serverless collection).
    /// What it lacks it names, and goes on with the others.
    Doctor(Box<Doctor>),
    /// Creates the OpenSearch indexes and mappings of all collections.
    ///
    /// Run it once after the first deploy, and again when a collection file gets a new field: what is there keeps its
    /// documents. It needs es:ESHttpHead and es:ESHttpPut on DOMAIN-ARN/PREFIX* (aoss:APIAccessAll on a serverless
    /// collection). A domain with fine-grained access control asks for mapped roles too, for this command and for the
    /// functions: a refusal says which, and --print-role-mapping prints those of the functions.
    Index(Box<Index>),
    /// Recomputes the certificate of a deletion from its manifest.
    ///
    /// It reads every page of the manifest and its exceptions, and computes the head of the hash chain and the counts
    /// anew. Exit code 0 only when both are what the deletion says. It needs dynamodb:GetItem on the control table.
    Verify(Verify),
}

impl Cli {
    /// Does what was asked.
    ///
    /// # Errors
    ///
    /// When it could not be done.
    pub async fn run(self) -> Result<Answer> {
        match self.command {
            Command::Doctor(asked) => Box::pin(asked.run(self.json)).await,
            Command::Index(asked) => Box::pin(asked.run()).await,
            Command::Verify(asked) => Box::pin(asked.run()).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, Parser as _};

    use super::Cli;

    fn reads(arguments: &str) -> bool {
        let arguments = arguments.split(' ').map(|one| one.trim_matches('\''));
        Cli::try_parse_from(["tombstone"].into_iter().chain(arguments)).is_ok()
    }

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn an_endpoint_needs_a_prefix_which_may_be_empty_and_a_mapping_needs_whom_it_is_for() {
        for right in [
            "index --endpoint https://x --index-prefix t-",
            "index --endpoint https://x --index-prefix '' --search-kind serverless",
            "index --endpoint https://x --index-prefix t- --profile p --region eu-west-1 --json",
            "index --print-role-mapping --index-prefix t- --role-arn a --role-arn b",
        ] {
            assert!(reads(right), "{right}");
        }
        for wrong in [
            "index",
            "index --endpoint https://x",
            "index --endpoint x --index-prefix t-",
            "index --index-prefix t-",
            "index --search-kind serverless",
            "index --print-role-mapping --index-prefix t-",
            "index --print-role-mapping --role-arn a",
            "index --print-role-mapping --index-prefix t- --role-arn a --endpoint https://x",
            "index --endpoint https://x --index-prefix t- --no-sign --profile p",
        ] {
            assert!(!reads(wrong), "{wrong}");
        }
    }

    #[test]
    fn the_doctor_asks_a_search_only_with_a_prefix_and_plans_or_looks() {
        for right in [
            "doctor",
            "doctor --table-prefix p- --table-names a=b,c=d --table-names e=f --sample 0 --show-keys",
            "doctor --table-names '' --json",
            "doctor --endpoint https://x --index-prefix '' --no-sign --profile p --search-kind serverless",
            "doctor --plan --collections folder",
        ] {
            assert!(reads(right), "{right}");
        }
        for wrong in [
            "doctor --endpoint https://x",
            "doctor --index-prefix t-",
            "doctor --no-sign",
            "doctor --table-names a",
            "doctor --table-names =b",
            "doctor --sample 1001",
            "doctor --plan --sample 5",
        ] {
            assert!(!reads(wrong), "{wrong}");
        }
    }

    #[test]
    fn what_is_verified_is_an_id_of_a_tenant_in_a_table() {
        let id = "01932c5e-7a00-7000-8000-000000000001";

        assert!(reads(&format!("verify {id} --tenant t --table c")));
        assert!(reads(&format!("--json verify {id} --tenant t --table c")));
        for wrong in [
            format!("verify {id} --tenant t"),
            format!("verify {id} --table c"),
            format!("verify {id} --tenant '' --table c"),
            "verify discussion-1 --tenant t --table c".to_owned(),
        ] {
            assert!(!reads(&wrong), "{wrong}");
        }
    }
}
