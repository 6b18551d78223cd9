//! `cargo xtask index`: on the running local stack, on AWS, or only told what has to be allowed there.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{ArgGroup, Args};

use super::Place;
use local::stack::StackFile;
use local::terminal;
use tombstone::index::access::{self, Reader};
use tombstone::index::{self, SearchKind, Target};

/// Where the indexes are to be; the help of the command says what it needs there.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("where").args(["endpoint", "print_role_mapping"]))]
pub(super) struct Index {
    #[command(flatten)]
    place: Place,
    /// URL of an OpenSearch domain or serverless collection, instead of the running local stack.
    #[arg(long, value_name = "URL", requires = "prefix")]
    endpoint: Option<String>,
    /// What stands before the index names there, which may be nothing: the stack's output `IndexPrefix`.
    #[arg(long = "index-prefix", value_name = "PREFIX", requires = "where")]
    prefix: Option<String>,
    /// What the endpoint is: the template's parameter `SearchKind`.
    #[arg(long, value_enum, default_value_t, requires = "where")]
    search_kind: SearchKind,
    /// Do not sign the requests.
    #[arg(long, requires = "endpoint")]
    no_sign: bool,
    /// Folder with collection files, instead of the compiled-in ones.
    #[arg(long, value_name = "DIR", requires = "where")]
    collections: Option<PathBuf>,
    /// Primary shards of a new index; a serverless collection has none to choose.
    #[arg(long, default_value_t = 1, requires = "endpoint")]
    shards: u32,
    /// Replicas of a new index; a serverless collection has none to choose.
    #[arg(long, default_value_t = 1, requires = "endpoint")]
    replicas: u32,
    /// Print what has to be allowed inside a domain with fine-grained access control, or in the access policy of a
    /// serverless collection, and call nothing.
    #[arg(long, requires = "prefix", requires = "role_arns")]
    print_role_mapping: bool,
    /// The role of a function: the stack's outputs `ApiRoleArn`, `ConsumerRoleArn` and `SweeperRoleArn`.
    #[arg(long = "role-arn", value_name = "ARN", requires = "print_role_mapping")]
    role_arns: Vec<String>,
}

impl Index {
    pub(super) async fn run(self) -> Result<ExitCode> {
        let prefix = self.prefix.unwrap_or_default();
        if self.print_role_mapping {
            let collections = index::collections(self.collections.as_deref())?;
            let indexes = access::patterns(&prefix, &collections);
            terminal::answer(&match self.search_kind {
                SearchKind::Domain => {
                    access::mapping(&prefix, &indexes, Reader::Functions, &self.role_arns)
                }
                SearchKind::Serverless => access::policy(&indexes, &self.role_arns),
            });
            return Ok(ExitCode::SUCCESS);
        }
        let Some(endpoint) = self.endpoint else {
            let count = local::stack::indexes::create(&StackFile::read(&self.place.dir())?).await?;
            terminal::note(&format!("{count} indexes are there, with their mappings"));
            return Ok(ExitCode::SUCCESS);
        };
        let target = Target {
            endpoint,
            prefix,
            kind: self.search_kind,
            sign: !self.no_sign,
            shards: self.shards,
            replicas: self.replicas,
        };
        let collections = index::collections(self.collections.as_deref())?;
        for name in index::create(&target, &collections).await? {
            terminal::note(&format!("{name} is there, with its mapping"));
        }
        Ok(ExitCode::SUCCESS)
    }
}
