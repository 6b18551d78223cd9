//! Wires the sweeper: configuration, clients, ports. Everything else is in the library.

use std::process::ExitCode;

use jiff::Timestamp;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde::de::IgnoredAny;
use shared::adapters::{EventBridgeEvents, EventBridgeSchedules, SystemClock};
use shared::config::SweeperConfig;
use shared::engine::Engine;
use shared::engine::SweepReport;
use shared::ports::{Clock, Wired};
use shared::telemetry::emit;
use shared::wiring::{Stores, configured, ended};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    lambda_runtime::tracing::init_default_subscriber();
    let Some(config) = configured(SweeperConfig::from_env()) else {
        return ExitCode::FAILURE;
    };
    ended("sweeper", serve(config).await)
}

async fn serve(config: SweeperConfig) -> Result<(), Error> {
    let stores = Stores::of(&config.stores).await?;
    let domain = stores.search_health(&config);
    let own = config.engine;
    let engine = Engine {
        ports: Wired {
            rows: stores.rows.archived_in(own.archive_table),
            documents: stores.documents,
            deletions: stores.deletions,
            queue: stores.queue,
            events: EventBridgeEvents::new(
                aws_sdk_eventbridge::Client::new(&stores.sdk),
                own.event_bus,
            ),
            schedules: EventBridgeSchedules::new(
                aws_sdk_scheduler::Client::new(&stores.sdk),
                own.schedule_group,
            ),
            clock: SystemClock,
            domain,
        },
        collections: config.collections,
        timing: config.timing,
        patience: own.patience,
        page_keys: own.page_keys,
    };
    let (engine, purge_slice) = (&engine, config.purge_slice);
    // Whatever the event says: it only tells the time.
    let handle = move |event: LambdaEvent<IgnoredAny>| async move {
        let deadline = Timestamp::try_from(event.context.deadline())?;
        // Boxed: all that the engine may be waiting for is in this future.
        let report = Box::pin(sweeper::handle(engine, deadline, purge_slice)).await?;
        let function = &event.context.env_config.function_name;
        emit(&sweeper::metrics(function, SystemClock.now(), &report))?;
        Ok::<SweepReport, Error>(report)
    };
    lambda_runtime::run(service_fn(handle)).await
}
