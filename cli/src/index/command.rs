//! `tombstone index`: its options, and what it answers. It creates indexes, or only tells what has to be allowed.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::{ArgGroup, Args};
use reqwest::Url;
use serde_json::json;

use super::access::{self, Reader};
use super::{Made, SearchKind, Target, create};
use crate::answer::Answer;
use crate::collections;
use crate::exit::Exit;
use crate::search;
use crate::sign_in::SignIn;

const EXAMPLES: &str = "Examples:
  tombstone index --endpoint https://YOUR-DOMAIN --index-prefix tombstone-
  tombstone index --endpoint https://YOUR-COLLECTION --index-prefix tombstone- --search-kind serverless --profile prod
  tombstone index --print-role-mapping --index-prefix tombstone- --role-arn ROLE-OF-API --role-arn ROLE-OF-CONSUMER";

/// Where the indexes are to be; the help of the command says what it needs there.
#[derive(Debug, Args)]
#[command(
    after_help = EXAMPLES,
    group = ArgGroup::new("where").args(["endpoint", "print_role_mapping"]).required(true)
)]
pub struct Index {
    /// URL of an OpenSearch domain or serverless collection: the stack's output `SearchEndpoint`.
    #[arg(long, value_name = "URL", requires = "prefix")]
    endpoint: Option<Url>,
    /// What stands before the index names, which may be nothing: the stack's output `IndexPrefix`.
    #[arg(long = "index-prefix", value_name = "PREFIX")]
    prefix: Option<String>,
    /// What the endpoint is: the template's parameter `SearchKind`.
    #[arg(long, value_enum, default_value_t)]
    search_kind: SearchKind,
    /// Do not sign the requests.
    #[arg(long, requires = "endpoint", conflicts_with_all = ["profile", "region"])]
    no_sign: bool,
    /// Folder with collection files, instead of the compiled-in ones.
    #[arg(long, value_name = "DIR")]
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
    #[command(flatten)]
    sign_in: SignIn,
}

impl Index {
    /// Creates the indexes, or says who must be allowed what.
    ///
    /// # Errors
    ///
    /// When a collection file is wrong, or the endpoint refuses.
    pub async fn run(self) -> Result<Answer> {
        let collections = collections::read(self.collections.as_deref())?;
        let prefix = self.prefix.unwrap_or_default();
        search::without_secret(self.endpoint.as_ref())?;
        let Some(endpoint) = self.endpoint else {
            let indexes = access::patterns(&prefix, &collections);
            return Ok(mapped(&prefix, &indexes, self.search_kind, &self.role_arns));
        };
        let signed = if self.no_sign {
            None
        } else {
            Some(self.sign_in.config().await?)
        };
        let target = Target {
            endpoint,
            prefix,
            kind: self.search_kind,
            signed,
            shards: self.shards,
            replicas: self.replicas,
        };
        let made = create(&target, &collections).await?;
        Ok(Answer {
            text: made
                .iter()
                .map(Made::to_string)
                .collect::<Vec<_>>()
                .join("\n"),
            json: json!({"indexes": serde_json::to_value(&made).context("write the answer")?}),
            exit: Exit::Done,
        })
    }
}

fn mapped(prefix: &str, indexes: &[String], kind: SearchKind, arns: &[String]) -> Answer {
    let (text, json) = match kind {
        SearchKind::Domain => {
            let calls = access::mapping(prefix, indexes, Reader::Functions, arns);
            (access::to_paste(&calls), json!({"calls": calls}))
        }
        SearchKind::Serverless => {
            let policy = access::policy(indexes, arns);
            (format!("{policy:#}"), json!({"policy": policy}))
        }
    };
    Answer {
        text,
        json,
        exit: Exit::Done,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_gets_the_calls_that_a_person_pastes() {
        let arns = ["arn:aws:iam::1:role/api".to_owned()];

        let answer = mapped("t-", &["t-*".to_owned()], SearchKind::Domain, &arns);

        let calls = answer.json["calls"].as_array().unwrap();
        assert_eq!(calls.len(), 2);
        for call in calls {
            assert_eq!(call["method"], "PUT");
            let path = call["path"].as_str().unwrap();
            assert!(answer.text.contains(&format!("PUT {path}\n")), "{path}");
            assert!(answer.text.contains(&format!("{:#}", call["body"])));
        }
    }
}
