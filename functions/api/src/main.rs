//! Wires the api: configuration, clients, ports. Everything else is in the library.

use std::process::ExitCode;
use std::sync::Arc;

use api::run;
use lambda_runtime::Error;
use requests::{Api, CursorKeys};
use wiring::config::{ApiConfig, Secret};
use wiring::{Clients, configured, ended};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    lambda_runtime::tracing::init_default_subscriber();
    let Some(config) = configured(ApiConfig::from_env()) else {
        return ExitCode::FAILURE;
    };
    ended("api", serve(config).await)
}

async fn serve(config: ApiConfig) -> Result<(), Error> {
    let clients = Clients::of(&config.stores).await?;
    let api = Api {
        ports: clients.of_api(),
        collections: config.collections,
        timing: config.timing,
        cursor_keys: CursorKeys::new(
            config.cursor_key.reveal(),
            config.cursor_key_before.as_ref().map(Secret::reveal),
        ),
        on_publish_failure: config.on_publish_failure,
        unreadable_rows: telemetry::Counter::default(),
    };
    run(Arc::new(api), config.claims).await
}
