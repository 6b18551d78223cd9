//! Wires the api: configuration, clients, ports. Everything else is in the library.

use std::process::ExitCode;
use std::sync::Arc;

use api::{router, run};
use lambda_runtime::Error;
use shared::adapters::{
    DynamoDeletions, DynamoRows, OpenSearchDocuments, SearchAuth, SqsQueue, SystemClock,
    TableNames, sdk_config, search_transport,
};
use shared::config::{Config, Function, SearchSigning};
use shared::ports::Wired;
use shared::service::accept::Api;
use shared::telemetry::chain;
use tracing::error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    lambda_runtime::tracing::init_default_subscriber();
    let config = match Config::from_env(Function::Api) {
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
            error!(error = %chain(&*wrong), "the api ended");
            ExitCode::FAILURE
        }
    }
}

async fn serve(config: Config) -> Result<(), Error> {
    let own = config.api.expect("read for the api");
    let sdk = sdk_config(config.call_timeout).await;
    let dynamo = aws_sdk_dynamodb::Client::new(&sdk);
    let tables = TableNames::new(config.table_prefix, config.table_names);
    let signing = match config.opensearch_auth {
        SearchSigning::SigV4 => SearchAuth::SigV4(&sdk),
        SearchSigning::None => SearchAuth::None,
    };
    let search = search_transport(&config.opensearch_endpoint, signing)?;
    let api = Api {
        ports: Wired {
            rows: DynamoRows::new(dynamo.clone(), tables.clone()),
            documents: OpenSearchDocuments::new(search, config.index_prefix, config.call_timeout),
            deletions: DynamoDeletions::new(dynamo, config.control_table, tables),
            queue: SqsQueue::new(aws_sdk_sqs::Client::new(&sdk), config.queue_url),
            events: (),
            clock: SystemClock,
            domain: (),
        },
        collections: config.collections,
        timing: config.timing,
        on_publish_failure: own.on_publish_failure,
    };
    run(router(Arc::new(api), own.claims)).await
}
