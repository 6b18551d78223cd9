//! `tombstone doctor`: its options, and what it answers.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use aws::TableNames;
use aws_sdk_dynamodb::Client;
use clap::Args;
use jiff::Timestamp;
use reqwest::Url;
use serde_json::json;

use super::plan::{Naming, Plan, Searched};
use super::progress::Progress;
use super::read::{Search, Stores};
use super::report::{exit, lines, verdict};
use super::{Files, Look, describe, examine, shown};
use crate::answer::Answer;
use crate::collections;
use crate::exit::Usage;
use crate::search::{self, SearchKind};
use crate::sign_in::SignIn;

const EXAMPLES: &str = "Examples:
  tombstone doctor --collections FOLDER --table-prefix prod-
  tombstone doctor --collections FOLDER --table-names orders=shop-orders-v2 --endpoint https://YOUR-DOMAIN --index-prefix ''
  tombstone doctor --collections FOLDER --table-prefix prod- --plan";

/// Where to look, and how closely.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Doctor {
    /// Folder with collection files, instead of the compiled-in ones.
    #[arg(long, value_name = "DIR")]
    collections: Option<PathBuf>,
    /// What stands before the table names: the template's parameter `TablePrefix`.
    #[arg(
        long,
        value_name = "PREFIX",
        default_value = "",
        hide_default_value = true
    )]
    table_prefix: String,
    /// Names of tables that the prefix does not make, separated by commas: the template's parameter `TableNames`.
    #[arg(long, value_name = "LOGICAL=NAME", value_parser = table_name, value_delimiter = ',')]
    table_names: Vec<Option<(String, String)>>,
    /// URL of the OpenSearch domain or serverless collection, where a collection has documents.
    #[arg(long, value_name = "URL", requires = "prefix")]
    endpoint: Option<Url>,
    /// What stands before the index names, which may be nothing: the template's parameter `IndexPrefix`.
    #[arg(
        long = "index-prefix",
        id = "prefix",
        value_name = "PREFIX",
        requires = "endpoint"
    )]
    index_prefix: Option<String>,
    /// What the endpoint is: the template's parameter `SearchKind`.
    #[arg(long, value_enum, default_value_t)]
    search_kind: SearchKind,
    /// Do not sign the requests to the endpoint.
    #[arg(long, requires = "endpoint")]
    no_sign: bool,
    /// How many rows of each table are looked at, with their parents and documents; 0 looks at the tables only.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u16).range(0..=1000))]
    sample: u16,
    /// Show the keys of at most three records with each finding. Nothing else of a row is ever shown.
    #[arg(long)]
    show_keys: bool,
    /// Print the template's parameters for these tables, and look at no row.
    #[arg(long, conflicts_with_all = ["sample", "show_keys"])]
    plan: bool,
    #[command(flatten)]
    sign_in: SignIn,
}

impl Doctor {
    /// Looks, and says what fits and what does not. Progress is shown on a terminal, unless a program reads the answer.
    ///
    /// # Errors
    ///
    /// When a collection file is wrong, or the stores cannot be asked at all.
    pub async fn run(self, is_for_a_program: bool) -> Result<Answer> {
        let sources = collections::sources(self.collections.as_deref())?;
        let files = Files {
            collections: collections::of(&sources)?,
            sources,
        };
        search::without_secret(self.endpoint.as_ref())?;
        self.has_search_for(&files)?;
        self.names_tables_of(&files)?;
        let stores = self.stores().await?;
        let progress = Progress::new(!is_for_a_program);
        if self.plan {
            return self.plan(&stores, &files, &progress).await;
        }
        let look = Look {
            sample: self.sample.into(),
            show_keys: self.show_keys,
            now: now(),
        };
        let report = examine(&stores, &files, look, &progress).await?;
        drop(progress);
        Ok(Answer {
            text: report.text(),
            json: serde_json::to_value(&report).context("write the answer")?,
            exit: report.exit(),
        })
    }

    /// Without a search, documents could only be passed over in silence.
    fn has_search_for(&self, files: &Files) -> Result<()> {
        let searched = files
            .collections
            .iter()
            .filter(|one| one.document.is_some());
        let names: Vec<&str> = searched.map(|one| one.name.as_ref()).collect();
        if self.endpoint.is_none() && !names.is_empty() {
            let why = format!(
                "these collections have documents, so --endpoint and --index-prefix are needed: {}",
                names.join(", ")
            );
            return Err(Usage(why).into());
        }
        Ok(())
    }

    /// A name that is written wrong would let another table be looked at.
    fn names_tables_of(&self, files: &Files) -> Result<()> {
        let mut seen = BTreeSet::new();
        for (logical, _) in self.table_names.iter().flatten() {
            let is_known = files.collections.iter().any(|one| one.table == *logical);
            if !is_known {
                let why =
                    format!("--table-names names {logical}, which is no collection's `table`");
                return Err(Usage(why).into());
            }
            if !seen.insert(logical) {
                return Err(Usage(format!("--table-names names {logical} twice")).into());
            }
        }
        Ok(())
    }

    fn naming(&self) -> Naming {
        let names = self.table_names.iter().flatten().cloned();
        Naming {
            prefix: self.table_prefix.clone(),
            names: names.collect::<BTreeMap<_, _>>(),
        }
    }

    fn searched(&self) -> Option<Searched> {
        Some(Searched {
            kind: self.search_kind,
            endpoint: self.endpoint.clone()?,
            prefix: self.index_prefix.clone().unwrap_or_default(),
        })
    }

    async fn stores(&self) -> Result<Stores> {
        let config = self.sign_in.config().await?;
        let search = match self.searched() {
            None => None,
            Some(searched) => {
                let signed = Some(&config).filter(|_| !self.no_sign);
                Some(Search {
                    client: search::client(&searched.endpoint, searched.kind, signed)?,
                    kind: searched.kind,
                    endpoint: searched.endpoint,
                    prefix: searched.prefix,
                })
            }
        };
        let Naming { prefix, names } = self.naming();
        Ok(Stores {
            dynamodb: Client::new(&config),
            names: TableNames::new(prefix, names),
            region: config.region().map(ToString::to_string).unwrap_or_default(),
            search,
        })
    }

    async fn plan(&self, stores: &Stores, files: &Files, progress: &Progress) -> Result<Answer> {
        let (tables, findings) = describe(stores, files, progress).await?;
        progress.tell("");
        let findings = findings.into_iter().map(|one| shown(one, files, false));
        let findings: Vec<_> = findings.collect();
        let searched = self.searched();
        let mut plan = Plan::of(
            &files.collections,
            &tables,
            &self.naming(),
            searched.as_ref(),
        );
        if self.collections.is_some() {
            plan.ask_for_files();
        }
        let told = lines(findings.iter());
        let text = plan.text();
        Ok(Answer {
            text: if told.is_empty() {
                text
            } else {
                format!("{text}\n\n{}", told.trim_end())
            },
            json: json!({
                "parameters": plan.parameters,
                "parameter_overrides": plan.overrides(),
                "fill_in": plan.fill_in,
                "findings": findings,
            }),
            exit: exit(verdict(&findings)),
        })
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the command is run once, by a person or a script, and what it looks at is tested with a time of its own"
)]
fn now() -> Timestamp {
    Timestamp::now()
}

/// `orders=shop-orders-v2`; nothing is none, as where a variable is empty.
fn table_name(text: &str) -> Result<Option<(String, String)>, String> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let pair = text.split_once('=');
    let pair = pair.map(|(logical, name)| (logical.trim().to_owned(), name.trim().to_owned()));
    match pair {
        Some((logical, name)) if !logical.is_empty() && !name.is_empty() => {
            Ok(Some((logical, name)))
        }
        _ => Err("write LOGICAL=NAME, such as orders=shop-orders-v2".to_owned()),
    }
}
