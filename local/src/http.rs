//! Plain HTTP calls to the stand-ins: what the other AWS services are asked needs no SDK crate each.
//!
//! The signature is a dummy. The stand-ins read only its scope (which service, which region) and take the key `test`
//! for the account's root.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::Value;

/// Region of everything local.
pub const REGION: &str = "us-east-1";
/// Access key and secret of everything local.
pub const KEY: &str = "test";

/// A client whose calls end within `limit`.
///
/// # Errors
///
/// When the client cannot be built.
pub fn client(limit: Duration) -> Result<Client> {
    Client::builder()
        .timeout(limit)
        .no_proxy()
        .build()
        .context("make an HTTP client")
}

/// A request with the dummy signature for `service`.
pub fn signed(client: &Client, method: Method, url: &str, service: &str) -> RequestBuilder {
    client
        .request(method, url)
        .header("authorization", authorization(REGION, service))
        .header("x-amz-date", "20260101T000000Z")
}

/// The dummy signature of the account's root.
pub(crate) fn authorization(region: &str, service: &str) -> String {
    let scope = format!("{KEY}/20260101/{region}/{service}/aws4_request");
    format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0")
}

/// A call of the JSON protocol, as Cognito and DynamoDB speak it.
///
/// # Errors
///
/// When the service does not answer, or answers with an error: its type and message are in the text.
pub async fn json_call(endpoint: &str, service: &str, target: &str, body: &Value) -> Result<Value> {
    let version = if service == "dynamodb" { "1.0" } else { "1.1" };
    let request = signed(
        &client(Duration::from_secs(30))?,
        Method::POST,
        endpoint,
        service,
    )
    .header("content-type", format!("application/x-amz-json-{version}"))
    .header("x-amz-target", target)
    .body(body.to_string());
    read(
        request.send().await.context(format!("call {target}"))?,
        target,
    )
    .await
}

/// The JSON of an answer; what is not a success becomes a failure that quotes it.
///
/// # Errors
///
/// When the answer is not a success, or not JSON.
pub async fn read(response: Response, what: &str) -> Result<Value> {
    let status = response.status();
    let text = response
        .text()
        .await
        .context(format!("read the answer of {what}"))?;
    if !status.is_success() {
        bail!("{what} answered {status}: {}", text.trim());
    }
    if text.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_str(&text).context(format!("read the answer of {what}"))
}
