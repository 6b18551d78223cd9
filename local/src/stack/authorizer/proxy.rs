//! The process: takes the functions' requests, lets through what is allowed, and answers the rest as AWS would.
//!
//! Two ports, as on AWS there are two kinds of hosts: the services, told apart by what a request is signed for, and the
//! search domain.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header, request::Parts};
use axum::serve::ListenerExt as _;
use clap::Args;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::HEALTH;
use super::access::Request;
use super::batch;
use super::judge::{Judge, Verdict, scope};
use super::refusal::Voice;
use super::scope::Scope;
use super::search::{self, Place};
use crate::http;
use crate::terminal;

/// The largest body that any of the services takes is ten megabytes.
const LARGEST: usize = 64 << 20;

/// What the process is told.
#[derive(Debug, Clone, Args)]
pub struct Authorize {
    /// The port that stands for the AWS services.
    #[arg(long)]
    pub port: u16,
    /// The port that stands for the search domain.
    #[arg(long)]
    pub search_port: u16,
    /// ministack.
    #[arg(long)]
    pub aws: String,
    /// Dynoxide.
    #[arg(long)]
    pub dynamodb: String,
    /// OpenSearch.
    #[arg(long)]
    pub opensearch: String,
    /// Name of the domain that OpenSearch stands for.
    #[arg(long)]
    pub domain: String,
    /// ARN of the collection that it stands for, too.
    #[arg(long)]
    pub collection: String,
    /// Where the record of what was used and refused goes.
    #[arg(long)]
    pub record: std::path::PathBuf,
}

/// One port.
#[derive(Debug)]
struct Side {
    judge: Arc<Judge>,
    client: reqwest::Client,
    stores: Arc<Authorize>,
    search: bool,
}

/// Serves until it is told to end.
///
/// # Errors
///
/// When a port is taken.
pub async fn serve(told: Authorize) -> Result<()> {
    let stores = Arc::new(told);
    let place = Place {
        domain: stores.domain.clone(),
        collection: stores.collection.clone(),
    };
    let judge = Arc::new(Judge::new(stores.aws.clone(), place, stores.record.clone()));
    let client = reqwest::Client::builder()
        .no_proxy()
        .no_gzip()
        .pool_idle_timeout(Duration::from_secs(20))
        .build()
        .context("make an HTTP client")?;
    let side = |search| {
        Arc::new(Side {
            judge: Arc::clone(&judge),
            client: client.clone(),
            stores: Arc::clone(&stores),
            search,
        })
    };
    let services = listen(stores.port, side(false)).await?;
    let search = listen(stores.search_port, side(true)).await?;
    let mut end = signal(SignalKind::terminate()).context("wait for the end")?;
    let mut tick = tokio::time::interval(Duration::from_secs(1));
    let write = || {
        if let Err(failure) = judge.write() {
            terminal::note(&format!("error: {failure:#}"));
        }
    };
    let (services, search) = (std::pin::pin!(services), std::pin::pin!(search));
    let mut both = std::pin::pin!(async { tokio::try_join!(services, search).map(|_| ()) });
    loop {
        tokio::select! {
            ended = &mut both => return ended.context("serve"),
            _ = tick.tick() => write(),
            _ = end.recv() => {
                write();
                return Ok(());
            }
        }
    }
}

async fn listen(port: u16, side: Arc<Side>) -> Result<impl Future<Output = std::io::Result<()>>> {
    let listener = TcpListener::bind(("127.0.0.1", port))
        .await
        .context(format!("listen on 127.0.0.1:{port}"))?
        .tap_io(|stream| {
            // Answers are small: none waits for the next one.
            let _ = stream.set_nodelay(true);
        });
    let router = Router::new().fallback(answer).with_state(side);
    Ok(axum::serve(listener, router).into_future())
}

async fn answer(
    State(side): State<Arc<Side>>,
    request: axum::http::Request<Body>,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    if parts.uri.path() == HEALTH {
        return health(&side);
    }
    let body = match to_bytes(body, LARGEST).await {
        Ok(body) => body,
        Err(error) => return failed(StatusCode::BAD_REQUEST, &error.to_string()),
    };
    let Some(scope) = scope(&parts.headers) else {
        let voice = Voice::of("", side.search);
        return voice.knows_nobody(&search::action(&parts.method)).answer();
    };
    let target = parts.headers.get("x-amz-target");
    let asked = Request {
        scope: &scope,
        account: "",
        target: target
            .and_then(|target| target.to_str().ok())
            .unwrap_or_default(),
        method: &parts.method,
        uri: &parts.uri,
        body: &body,
    };
    match side.judge.judge(&asked, &parts.headers, side.search).await {
        Verdict::Allowed => side.forward(&parts, &scope, body).await,
        Verdict::Refused(refusal) => refusal.answer(),
        Verdict::PartlyRefused(places) => side.forward_rest(&parts, &scope, &body, &places).await,
    }
}

fn health(side: &Side) -> Response<Body> {
    Response::new(Body::from(
        json!({"refused": side.judge.refused()}).to_string(),
    ))
}

fn failed(status: StatusCode, why: &str) -> Response<Body> {
    let mut answer = Response::new(Body::from(json!({"message": why}).to_string()));
    *answer.status_mut() = status;
    answer
}

impl Side {
    async fn forward(&self, parts: &Parts, scope: &Scope, body: Bytes) -> Response<Body> {
        let (to, as_root) = if self.search {
            (&self.stores.opensearch, false)
        } else if scope.service == "dynamodb" {
            (&self.stores.dynamodb, false)
        } else {
            (&self.stores.aws, true)
        };
        let mut headers = parts.headers.clone();
        for name in [
            header::HOST,
            header::CONNECTION,
            header::TRANSFER_ENCODING,
            header::CONTENT_LENGTH,
        ] {
            headers.remove(name);
        }
        if as_root {
            become_root(&mut headers, scope);
        }
        let asked = self
            .client
            .request(parts.method.clone(), format!("{to}{}", parts.uri))
            .headers(headers)
            .body(body)
            .send()
            .await;
        match asked {
            Ok(answer) => pass_on(&parts.method, answer).await,
            Err(error) => {
                let to = if self.search {
                    "search"
                } else {
                    &scope.service
                };
                terminal::note(&format!("{to} did not answer: {error}"));
                failed(StatusCode::BAD_GATEWAY, "the store did not answer")
            }
        }
    }

    /// Forwards the statements of a batch that are allowed; the others are answered here, in their places.
    async fn forward_rest(
        &self,
        parts: &Parts,
        scope: &Scope,
        body: &[u8],
        refused: &BTreeMap<usize, String>,
    ) -> Response<Body> {
        let mut answered = None;
        if let Some(left) = batch::without(body, refused) {
            let answer = self.forward(parts, scope, left.to_string().into()).await;
            if answer.status() != StatusCode::OK {
                return answer;
            }
            let body = to_bytes(answer.into_body(), LARGEST).await.ok();
            answered = body.and_then(|body| serde_json::from_slice(&body).ok());
        }
        let response = batch::with_refusals(answered, refused);
        let mut answer = Response::new(Body::from(response.to_string()));
        answer.headers_mut().insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/x-amz-json-1.0"),
        );
        answer
    }
}

/// What was judged here is not judged again by ministack, which knows other rules.
fn become_root(headers: &mut HeaderMap, scope: &Scope) {
    headers.remove("x-amz-security-token");
    let root = http::authorization(&scope.region, &scope.service);
    if let Ok(root) = HeaderValue::from_str(&root) {
        headers.insert(header::AUTHORIZATION, root);
    }
}

async fn pass_on(method: &Method, answer: reqwest::Response) -> Response<Body> {
    let (status, mut headers) = (answer.status(), answer.headers().clone());
    headers.remove(header::CONNECTION);
    headers.remove(header::TRANSFER_ENCODING);
    if method != Method::HEAD {
        headers.remove(header::CONTENT_LENGTH);
    }
    match answer.bytes().await {
        Ok(body) => {
            let mut passed = Response::new(Body::from(body));
            *passed.status_mut() = status;
            *passed.headers_mut() = headers;
            passed
        }
        Err(error) => failed(StatusCode::BAD_GATEWAY, &error.to_string()),
    }
}
