//! Wires the sweeper: configuration, clients, ports. Everything else is in the library.

use std::process::ExitCode;

use jiff::Timestamp;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde::de::IgnoredAny;
use shared::adapters::{
    DynamoDeletions, DynamoRows, EventBridgeEvents, OpenSearchDocuments, OpenSearchDomain,
    SearchAuth, SqsQueue, SystemClock, TableNames, sdk_config, search_transport,
};
use shared::config::{Config, Function, SearchSigning};
use shared::ports::Wired;
use shared::service::advance::Engine;
use shared::service::sweep::SweepReport;
use shared::telemetry::chain;
use tracing::error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    lambda_runtime::tracing::init_default_subscriber();
    let config = match Config::from_env(Function::Sweeper) {
        Ok(config) => config,
        Err(wrong) => {
            for problem in wrong.problems() {
                error!(variable = problem.variable, "{problem}");
            }
            return ExitCode::FAILURE;
        }
    };
    match serve(config).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(wrong) => {
            error!(error = %chain(&*wrong), "the sweeper ended");
            ExitCode::FAILURE
        }
    }
}

async fn serve(config: Config) -> Result<(), Error> {
    let own = config.engine.expect("read for the sweeper");
    let sweep = config.sweeper.expect("read for the sweeper");
    let sdk = sdk_config(config.call_timeout).await;
    let dynamo = aws_sdk_dynamodb::Client::new(&sdk);
    let tables = TableNames::new(config.table_prefix, config.table_names);
    let signing = match config.opensearch_auth {
        SearchSigning::SigV4 => SearchAuth::SigV4(&sdk),
        SearchSigning::None => SearchAuth::None,
    };
    let search = search_transport(&config.opensearch_endpoint, signing)?;
    let engine = Engine {
        ports: Wired {
            rows: DynamoRows::new(dynamo.clone(), tables.clone()),
            documents: OpenSearchDocuments::new(search, config.index_prefix, config.call_timeout),
            deletions: DynamoDeletions::new(dynamo, config.control_table, tables),
            queue: SqsQueue::new(aws_sdk_sqs::Client::new(&sdk), config.queue_url),
            events: EventBridgeEvents::new(aws_sdk_eventbridge::Client::new(&sdk), own.event_bus),
            clock: SystemClock,
            domain: OpenSearchDomain::new(
                aws_sdk_opensearch::Client::new(&sdk),
                sweep.search_domain,
            ),
        },
        collections: config.collections,
        timing: config.timing,
        patience: own.patience,
        page_keys: own.page_keys,
    };
    let (engine, purge_slice) = (&engine, sweep.purge_slice);
    // Whatever the event says: it only tells the time.
    let handle = move |event: LambdaEvent<IgnoredAny>| async move {
        let deadline = Timestamp::try_from(event.context.deadline())?;
        // Boxed: all that the engine may be waiting for is in this future.
        let report = Box::pin(sweeper::handle(engine, deadline, purge_slice)).await?;
        Ok::<SweepReport, Error>(report)
    };
    lambda_runtime::run(service_fn(handle)).await
}
