//! Wires the consumer: configuration, clients, ports. Everything else is in the library.

use std::process::ExitCode;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use jiff::Timestamp;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use shared::adapters::{
    DynamoDeletions, DynamoRows, EventBridgeEvents, OpenSearchDocuments, SearchAuth, SqsQueue,
    SystemClock, TableNames, sdk_config, search_transport,
};
use shared::config::{Config, Function, SearchSigning};
use shared::ports::Wired;
use shared::service::advance::Engine;
use shared::telemetry::chain;
use tracing::error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    lambda_runtime::tracing::init_default_subscriber();
    let config = match Config::from_env(Function::Consumer) {
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
            error!(error = %chain(&*wrong), "the consumer ended");
            ExitCode::FAILURE
        }
    }
}

async fn serve(config: Config) -> Result<(), Error> {
    let own = config.engine.expect("read for the consumer");
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
            domain: (),
        },
        collections: config.collections,
        timing: config.timing,
        patience: own.patience,
        page_keys: own.page_keys,
    };
    let engine = &engine;
    let handle = move |event: LambdaEvent<SqsEvent>| async move {
        let deadline = Timestamp::try_from(event.context.deadline())?;
        // Boxed: all that the engine may be waiting for is in this future.
        let response = Box::pin(consumer::handle(engine, event.payload, deadline)).await?;
        Ok::<SqsBatchResponse, Error>(response)
    };
    lambda_runtime::run(service_fn(handle)).await
}
