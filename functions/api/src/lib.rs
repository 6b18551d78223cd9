//! The api function: translates HTTP into the use cases of `requests`, and their outcomes back.
//!
//! [`handle`] is the whole way of one request: [`gateway`] turns the event into a request that no odd id can distort,
//! the layers of [`router`] identify the caller and render what went wrong, and the routes translate. Nothing here
//! decides what a deletion is, and nothing below knows a status code.

mod body;
mod call;
mod conditions;
mod forms;
pub mod gateway;
mod identify;
mod json;
pub mod openapi;
mod principal;
pub mod problem;
mod query;
mod respond;
mod routes;
mod token;
mod view;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::middleware::{from_fn, from_fn_with_state};
use lambda_http::aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use lambda_http::{Error, LambdaEvent, service_fn};
use ports::{ApiPorts, Clock as _};
use requests::Api;
use serde_json::Value;
use telemetry::Unit;
use tower::ServiceExt as _;
use wiring::config::ClaimNames;

use crate::principal::Identity;

/// All routes: the caller is identified before any of them, and everything that went wrong is rendered after them.
pub fn router<P: ApiPorts + 'static>(api: Arc<Api<P>>, claims: ClaimNames) -> Router {
    let identity = Identity::new(claims, api.collections.fixed_tenant().cloned());
    routes::all()
        .with_state(api)
        .layer(from_fn_with_state(Arc::new(identity), call::authenticate))
        .layer(from_fn(respond::finish))
}

/// Answers one event of the gateway.
///
/// The event is taken as it is and not as `lambda_http` would turn it into a request: that drops a tab, reads a
/// backslash as a slash, cuts at a `#` and panics at a `<`, so that an odd id would become another record's.
pub async fn handle(
    router: Router,
    event: LambdaEvent<ApiGatewayV2httpRequest>,
) -> ApiGatewayV2httpResponse {
    let request = gateway::request(event.payload, &event.context.request_id);
    answer(router, request).await
}

/// Answers one event as the runtime hands it over.
///
/// A header that cannot be one, such as a value with a control byte, would make the whole event unreadable, and the
/// gateway would answer 502 to what is a client's mistake: it is taken out, and the request is refused.
///
/// # Errors
///
/// When the event is none of the gateway's.
pub async fn serve(
    router: Router,
    event: LambdaEvent<Value>,
) -> Result<ApiGatewayV2httpResponse, Error> {
    let (mut payload, context) = event.into_parts();
    let broken = gateway::take_broken_header(&mut payload);
    let mut request = gateway::request(serde_json::from_value(payload)?, &context.request_id);
    if let Some(broken) = broken {
        request.extensions_mut().insert(broken);
    }
    Ok(answer(router, request).await)
}

async fn answer(router: Router, request: Request<Body>) -> ApiGatewayV2httpResponse {
    let Ok(response) = router.oneshot(request).await;
    gateway::response(response)
        .await
        .unwrap_or_else(|| gateway::bare(StatusCode::INTERNAL_SERVER_ERROR))
}

/// Serves events until the environment ends; `main` ends with it. What a request has to report to operators is written to
/// the log behind it.
///
/// # Errors
///
/// When the runtime API does not answer.
pub async fn run<P: ApiPorts + 'static>(api: Arc<Api<P>>, claims: ClaimNames) -> Result<(), Error> {
    let router = &router(Arc::clone(&api), claims);
    let api = &api;
    let each = |event: LambdaEvent<Value>| async move {
        let function = event.context.env_config.function_name.clone();
        let answer = serve(router.clone(), event).await;
        if let Some(line) = metrics(&function, api) {
            telemetry::emit(&line)?;
        }
        answer
    };
    lambda_runtime::run(service_fn(each)).await
}

/// What a request reports to operators, if there is something: one line for the log.
pub fn metrics<P: ApiPorts>(function: &str, api: &Api<P>) -> Option<String> {
    let unreadable = api.unreadable_rows.take();
    (unreadable > 0).then(|| {
        let counts = [(telemetry::UNREADABLE_ROWS, Unit::Count, unreadable)];
        telemetry::metrics(function, api.ports.clock().now(), &counts)
    })
}
