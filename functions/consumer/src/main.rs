//! Wires the consumer: configuration, clients, ports. Everything else is in the library.

use std::process::ExitCode;

use aws::SystemClock;
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use engine::Engine;
use jiff::Timestamp;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use ports::Clock;
use telemetry::emit;
use wiring::config::ConsumerConfig;
use wiring::{Clients, configured, ended};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    lambda_runtime::tracing::init_default_subscriber();
    let Some(config) = configured(ConsumerConfig::from_env()) else {
        return ExitCode::FAILURE;
    };
    ended("consumer", serve(config).await)
}

async fn serve(config: ConsumerConfig) -> Result<(), Error> {
    let clients = Clients::of(&config.stores).await?;
    let engine = Engine {
        ports: clients.of_engine(&config.engine, ()),
        collections: config.collections,
        timing: config.timing,
        patience: config.engine.patience,
        page_keys: config.engine.page_keys,
        unreadable_rows: telemetry::Counter::default(),
    };
    let engine = &engine;
    let handle = move |event: LambdaEvent<SqsEvent>| async move {
        let deadline = Timestamp::try_from(event.context.deadline())?;
        // Boxed: this future contains everything that the engine may wait for.
        let handled = Box::pin(consumer::handle(engine, event.payload, deadline)).await?;
        let function = &event.context.env_config.function_name;
        if let Some(line) = consumer::metrics(function, SystemClock.now(), &handled) {
            emit(&line)?;
        }
        Ok::<SqsBatchResponse, Error>(handled.response)
    };
    lambda_runtime::run(service_fn(handle)).await
}
