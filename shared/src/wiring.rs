//! What the three mains have in common: a configuration or named complaints, the stores, and an exit code.

use std::error::Error;
use std::process::ExitCode;

use aws_config::SdkConfig;
use tracing::error;

use crate::adapters::{
    DynamoDeletions, DynamoRows, OpenSearchDocuments, OpenSearchDomain, SearchAuth, SearchHealth,
    SearchTransportError, SqsQueue, TableNames, sdk_config, search_transport,
};
use crate::config::{Config, Function, Search};
use crate::domain::collection::Collection;
use crate::telemetry::chain;

/// What every function works with.
#[derive(Debug)]
pub struct Stores {
    /// For further clients.
    pub sdk: SdkConfig,
    /// The truth.
    pub rows: DynamoRows,
    /// The copy.
    pub documents: OpenSearchDocuments,
    /// The control table.
    pub deletions: DynamoDeletions,
    /// The delete queue.
    pub queue: SqsQueue,
}

impl Stores {
    /// Builds the clients, once per process; nothing is called yet.
    ///
    /// # Errors
    ///
    /// When the endpoint of OpenSearch cannot be used.
    pub async fn of(config: &Config) -> Result<Self, SearchTransportError> {
        let sdk = sdk_config(config.call_timeout, config.local_endpoint.as_deref()).await;
        let dynamo = aws_sdk_dynamodb::Client::new(&sdk);
        let tables = TableNames::new(config.table_prefix.clone(), config.table_names.clone());
        let mut rows = DynamoRows::new(dynamo.clone(), tables.clone());
        if let Some(engine) = &config.engine {
            rows = rows.archived_in(&engine.archive_table);
        }
        Ok(Self {
            rows,
            documents: documents(config, &sdk)?,
            deletions: DynamoDeletions::new(dynamo, config.control_table.clone(), tables),
            queue: SqsQueue::new(aws_sdk_sqs::Client::new(&sdk), config.queue_url.clone()),
            sdk,
        })
    }

    /// What the sweeper asks before it removes anything.
    #[must_use]
    pub fn search_health(&self, config: &Config) -> SearchHealth {
        let domain = config.sweeper.as_ref();
        match (
            &config.search,
            domain.and_then(|own| own.search_domain.as_ref()),
        ) {
            (Search::None, _) => SearchHealth::None,
            (Search::Domain { .. }, Some(name)) => {
                let client = aws_sdk_opensearch::Client::new(&self.sdk);
                SearchHealth::Domain(OpenSearchDomain::new(client, name))
            }
            (Search::Domain { .. } | Search::Serverless { .. }, _) => {
                let searched = |collection: &&Collection| collection.document.is_some();
                let collection = config.collections.iter().find(searched);
                SearchHealth::Serverless {
                    documents: self.documents.clone(),
                    collection: collection.cloned().map(Box::new),
                }
            }
        }
    }
}

fn documents(
    config: &Config,
    sdk: &SdkConfig,
) -> Result<OpenSearchDocuments, SearchTransportError> {
    let (endpoint, auth) = match &config.search {
        Search::Domain { endpoint } => (endpoint, SearchAuth::Domain(sdk)),
        Search::Serverless { endpoint } => (endpoint, SearchAuth::Serverless(sdk)),
        Search::None => return Ok(OpenSearchDocuments::nowhere()),
    };
    let transport = search_transport(endpoint, auth)?;
    let prefix = config.index_prefix.clone();
    Ok(OpenSearchDocuments::new(
        transport,
        prefix,
        config.call_timeout,
    ))
}

/// The function's configuration; if it is wrong, each problem is logged by its variable and there is none.
#[must_use]
pub fn configured(function: Function) -> Option<Config> {
    Config::from_env(function)
        .inspect_err(|wrong| {
            for problem in wrong.problems() {
                error!(variable = problem.variable, "{problem}");
            }
        })
        .ok()
}

/// How a function that has ended says so.
pub fn ended(function: &str, outcome: Result<(), Box<dyn Error + Send + Sync>>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(wrong) => {
            error!(error = %chain(&*wrong), "the {function} ended");
            ExitCode::FAILURE
        }
    }
}
