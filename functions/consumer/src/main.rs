//! Wires the consumer: configuration, clients, ports. Everything else is in the library.

use std::process::ExitCode;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use jiff::Timestamp;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use shared::adapters::{EventBridgeEvents, EventBridgeSchedules, SystemClock};
use shared::config::ConsumerConfig;
use shared::engine::Engine;
use shared::ports::{Clock, Wired};
use shared::telemetry::emit;
use shared::wiring::{Stores, configured, ended};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    lambda_runtime::tracing::init_default_subscriber();
    let Some(config) = configured(ConsumerConfig::from_env()) else {
        return ExitCode::FAILURE;
    };
    ended("consumer", serve(config).await)
}

async fn serve(config: ConsumerConfig) -> Result<(), Error> {
    let stores = Stores::of(&config.stores).await?;
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
        let handled = Box::pin(consumer::handle(engine, event.payload, deadline)).await?;
        let function = &event.context.env_config.function_name;
        if let Some(line) = consumer::metrics(function, SystemClock.now(), &handled) {
            emit(&line)?;
        }
        Ok::<SqsBatchResponse, Error>(handled.response)
    };
    lambda_runtime::run(service_fn(handle)).await
}
