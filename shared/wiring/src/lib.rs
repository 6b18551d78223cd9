//! What the three mains have in common: a configuration or the list of its problems, the ports, and an exit code.

pub mod config;

use std::error::Error;
use std::process::ExitCode;

use aws_config::SdkConfig;
use tracing::error;

use crate::config::{ConfigError, EngineConfig, Search, StoresConfig, SweeperConfig};
use aws::{
    DynamoDeletions, DynamoRows, EventBridgeEvents, EventBridgeSchedules, OpenSearchDocuments,
    OpenSearchDomain, SearchAuth, SearchHealth, SearchTransportError, SearchedIndex, SqsQueue,
    SystemClock, TableNames, sdk_config, search_transport,
};
use ports::{OutgoingOf, StoresOf, Wired};
use telemetry::chain;

/// The stores in AWS.
pub type AwsStores = StoresOf<DynamoRows, OpenSearchDocuments, DynamoDeletions>;

/// The ports of the api.
pub type ApiWired = Wired<AwsStores, OutgoingOf<SqsQueue>, SystemClock>;

/// The ports of the consumer, and, with the search domain, of the sweeper.
pub type EngineWired<H = ()> =
    Wired<AwsStores, OutgoingOf<SqsQueue, EventBridgeEvents, EventBridgeSchedules>, SystemClock, H>;

/// The clients that every function has.
#[derive(Debug)]
pub struct Clients {
    sdk: SdkConfig,
    stores: AwsStores,
    queue: SqsQueue,
}

impl Clients {
    /// Builds the clients, once per process; nothing is called yet.
    ///
    /// # Errors
    ///
    /// When the endpoint of OpenSearch cannot be used.
    pub async fn of(config: &StoresConfig) -> Result<Self, SearchTransportError> {
        let sdk = sdk_config(config.call_timeout, config.local_endpoint.as_deref()).await;
        let dynamo = aws_sdk_dynamodb::Client::new(&sdk);
        let tables = TableNames::new(config.table_prefix.clone(), config.table_names.clone());
        let stores = StoresOf {
            rows: DynamoRows::new(dynamo.clone(), tables.clone()),
            documents: documents(config, &sdk)?,
            deletions: DynamoDeletions::new(dynamo, config.control_table.clone(), tables),
        };
        Ok(Self {
            stores,
            queue: SqsQueue::new(aws_sdk_sqs::Client::new(&sdk), config.queue_url.clone()),
            sdk,
        })
    }

    /// The api's ports.
    #[must_use]
    pub fn of_api(self) -> ApiWired {
        Wired {
            stores: self.stores,
            outgoing: OutgoingOf {
                queue: self.queue,
                events: (),
                schedules: (),
            },
            clock: SystemClock,
            domain: (),
        }
    }

    /// The engine's ports; `domain` is the sweeper's.
    #[must_use]
    pub fn of_engine<H>(self, config: &EngineConfig, domain: H) -> EngineWired<H> {
        let rows = self.stores.rows.archived_in(&config.archive_table);
        Wired {
            stores: StoresOf {
                rows,
                ..self.stores
            },
            outgoing: OutgoingOf {
                queue: self.queue,
                events: EventBridgeEvents::new(
                    aws_sdk_eventbridge::Client::new(&self.sdk),
                    config.event_bus.clone(),
                ),
                schedules: EventBridgeSchedules::new(
                    aws_sdk_scheduler::Client::new(&self.sdk),
                    config.schedule_group.clone(),
                ),
            },
            clock: SystemClock,
            domain,
        }
    }

    /// The health check of the sweeper, which it calls before it removes anything. Only a domain has a name; without a
    /// search no collection has documents.
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
                documents: self.stores.documents.clone(),
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

/// The function's configuration; if it is wrong, each problem is logged with its variable, and there is no
/// configuration.
#[must_use]
pub fn configured<T>(read: Result<T, ConfigError>) -> Option<T> {
    read.inspect_err(|wrong| {
        for problem in wrong.problems() {
            error!(variable = problem.variable, "{problem}");
        }
    })
    .ok()
}

/// The exit code of a function that has ended.
pub fn ended(function: &str, outcome: Result<(), Box<dyn Error + Send + Sync>>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(wrong) => {
            error!(error = %chain(&*wrong), "the {function} ended");
            ExitCode::FAILURE
        }
    }
}
