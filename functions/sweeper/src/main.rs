//! Wires the sweeper: configuration, clients, ports. Everything else is in the library.

use std::process::ExitCode;

use aws::SystemClock;
use engine::Engine;
use engine::SweepReport;
use jiff::Timestamp;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use ports::Clock;
use serde::de::IgnoredAny;
use telemetry::emit;
use wiring::config::SweeperConfig;
use wiring::{Clients, configured, ended};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    lambda_runtime::tracing::init_default_subscriber();
    let Some(config) = configured(SweeperConfig::from_env()) else {
        return ExitCode::FAILURE;
    };
    ended("sweeper", serve(config).await)
}

async fn serve(config: SweeperConfig) -> Result<(), Error> {
    let clients = Clients::of(&config.stores).await?;
    let domain = clients.search_health(&config);
    let engine = Engine {
        ports: clients.of_engine(&config.engine, domain),
        collections: config.collections,
        timing: config.timing,
        patience: config.engine.patience,
        page_keys: config.engine.page_keys,
        unreadable_rows: telemetry::Counter::default(),
    };
    let engine = &engine;
    // The event is ignored: it only contains the time.
    let handle = move |event: LambdaEvent<IgnoredAny>| async move {
        let deadline = Timestamp::try_from(event.context.deadline())?;
        // Boxed: this future contains everything that the engine may wait for.
        let report = Box::pin(sweeper::handle(engine, deadline)).await?;
        let function = &event.context.env_config.function_name;
        emit(&sweeper::metrics(function, SystemClock.now(), &report))?;
        Ok::<SweepReport, Error>(report)
    };
    lambda_runtime::run(service_fn(handle)).await
}
