//! What the three mains have in common: a configuration or named complaints, the stores, and an exit code.

use std::error::Error;
use std::process::ExitCode;

use aws_config::SdkConfig;
use tracing::error;

use crate::adapters::{
    DynamoDeletions, DynamoRows, OpenSearchDocuments, OpenSearchDomain, SearchAuth, SearchHealth,
    SearchTransportError, SearchedIndex, SqsQueue, TableNames, sdk_config, search_transport,
};
use crate::config::{ConfigError, Search, StoresConfig, SweeperConfig};
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
    pub async fn of(config: &StoresConfig) -> Result<Self, SearchTransportError> {
        let sdk = sdk_config(config.call_timeout, config.local_endpoint.as_deref()).await;
        let dynamo = aws_sdk_dynamodb::Client::new(&sdk);
        let tables = TableNames::new(config.table_prefix.clone(), config.table_names.clone());
        Ok(Self {
            rows: DynamoRows::new(dynamo.clone(), tables.clone()),
            documents: documents(config, &sdk)?,
            deletions: DynamoDeletions::new(dynamo, config.control_table.clone(), tables),
            queue: SqsQueue::new(aws_sdk_sqs::Client::new(&sdk), config.queue_url.clone()),
            sdk,
        })
    }

    /// What the sweeper asks before it removes anything. Only a domain has a name; without a search no collection has
    /// documents.
    #[must_use]
    pub fn search_health(&self, config: &SweeperConfig) -> SearchHealth {
        if let Some(name) = &config.search_domain {
            let client = aws_sdk_opensearch::Client::new(&self.sdk);
            return SearchHealth::Domain(OpenSearchDomain::new(client, name));
        }
        let mut collections = config.collections.iter();
        let searched = collections.find(|collection| collection.document.is_some());
        searched.map_or(SearchHealth::None, |collection| {
            SearchHealth::Serverless(Box::new(SearchedIndex {
                documents: self.documents.clone(),
                collection: collection.clone(),
            }))
        })
    }
}

fn documents(
    config: &StoresConfig,
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

/// The function's configuration, as it was read; if it is wrong, each problem is logged by its variable and there is none.
#[must_use]
pub fn configured<T>(read: Result<T, ConfigError>) -> Option<T> {
    read.inspect_err(|wrong| {
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
