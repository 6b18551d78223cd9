//! ministack: API Gateway, Cognito, SQS, Lambda, EventBridge, Scheduler, IAM and CloudFormation in one Python process.

use std::process::{Child, Command};
use std::time::Duration;

use anyhow::{Context as _, Result};
use reqwest::Method;
use serde_json::json;

use crate::http;
use crate::layout::StateDir;
use crate::process::{self, Identity};
use crate::stack::options::Options;
use crate::stack::wait;
use crate::tools::python::Venv;

const LAUNCHER: &str = include_str!("../../stack/launch_ministack.py");

/// Starts ministack on a port; `services` is where the functions find all AWS services.
///
/// # Errors
///
/// When Python cannot be started.
pub(crate) fn start(
    state: &StateDir,
    options: &Options,
    venv: &Venv,
    port: u16,
    services: &str,
) -> Result<(Identity, Child)> {
    let tmp = state.join("tmp");
    let launcher = tmp.join("launch_ministack.py");
    std::fs::write(&launcher, LAUNCHER).context("write the launcher of ministack")?;

    let mut command = Command::new(venv.program("python"));
    // The functions inherit this environment: nothing of the developer's (profiles, tokens, proxies) may be in it.
    command
        .env_clear()
        .env("PATH", venv.search_path())
        .env("HOME", &tmp)
        .env("TMPDIR", &tmp)
        .env("LANG", "C.UTF-8")
        .env("PYTHONUNBUFFERED", "1")
        .env("BIND_HOST", "127.0.0.1")
        .env("GATEWAY_PORT", port.to_string())
        .env("IOT_MTLS_ENABLED", "0") // would listen on 0.0.0.0:8883 in spite of BIND_HOST
        .env("SFTP_ENABLED", "0")
        .env("LAMBDA_EXECUTOR", "local")
        .env("AUTH", if options.enforce_iam { "true" } else { "false" })
        .env("PERSIST_STATE", "0")
        .env("S3_PERSIST", "0")
        .env("STATE_DIR", tmp.join("state"))
        .env("S3_DATA_DIR", tmp.join("s3"))
        .env("AWS_ENDPOINT_URL", services)
        .env("AWS_LAMBDA_LOG_FORMAT", "JSON")
        .env("AWS_LAMBDA_LOG_LEVEL", "INFO")
        .envs(&options.environment)
        .arg(&launcher)
        .current_dir(&tmp);
    process::start(command, &state.log("ministack"))
}

/// Waits until it answers.
///
/// # Errors
///
/// When it does not within half a minute, or ends; the error quotes its log.
pub(crate) async fn ready(state: &StateDir, url: &str, identity: &Identity) -> Result<()> {
    let client = http::client(Duration::from_secs(2))?;
    let ask = || healthy(&client, url);
    wait::until(
        "ministack",
        identity,
        &state.log("ministack"),
        Duration::from_secs(30),
        ask,
    )
    .await
}

/// Asks it how it is.
///
/// # Errors
///
/// When it does not answer.
pub(crate) async fn healthy(client: &reqwest::Client, url: &str) -> Result<()> {
    let answer = client
        .get(format!("{url}/_ministack/health"))
        .send()
        .await
        .context("ask ministack")?;
    answer
        .error_for_status()
        .context("ask ministack")
        .map(|_health| ())
}

/// Creates the OpenSearch domain whose state the sweeper asks for before a purge.
///
/// # Errors
///
/// When ministack refuses it.
pub(crate) async fn create_domain(url: &str, name: &str) -> Result<()> {
    let client = http::client(Duration::from_secs(10))?;
    let request = http::signed(
        &client,
        Method::POST,
        &format!("{url}/2021-01-01/opensearch/domain"),
        "es",
    )
    .json(&json!({"DomainName": name, "EngineVersion": "OpenSearch_2.19"}));
    http::read(
        request
            .send()
            .await
            .context("create the OpenSearch domain")?,
        "CreateDomain",
    )
    .await
    .map(|_domain| ())
}

/// Repairs CORS, which ministack loses when it comes from a template: the values are those of `template.yaml`.
///
/// # Errors
///
/// When ministack refuses it.
pub(crate) async fn repair_cors(url: &str, api: &str, origins: &str) -> Result<()> {
    let client = http::client(Duration::from_secs(10))?;
    let origins: Vec<&str> = origins.split(',').map(str::trim).collect();
    let cors = json!({
        "allowOrigins": origins,
        "allowMethods": ["GET", "PUT", "POST", "DELETE"],
        "allowHeaders": ["authorization", "content-type", "idempotency-key", "if-match", "if-none-match"],
        "exposeHeaders": ["etag", "location", "retry-after", "idempotency-replayed"],
        "maxAge": 600,
    });
    let request = http::signed(
        &client,
        Method::PATCH,
        &format!("{url}/v2/apis/{api}"),
        "apigateway",
    )
    .json(&json!({"corsConfiguration": cors}));
    http::read(request.send().await.context("set CORS")?, "UpdateApi")
        .await
        .map(|_api| ())
}
