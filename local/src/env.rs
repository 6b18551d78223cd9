//! `cargo xtask env`: what a function needs to know to work on the running stack from outside, as `cargo lambda watch
//! --env-file` and a shell read it, or as `sam local invoke --env-vars` does.
//!
//! The deployed functions are asked: the template is the one place that says what a function is told.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, Result};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::http::{self, KEY, REGION};
use crate::stack::StackFile;

type Variables = BTreeMap<String, String>;

/// The variables of all functions as `NAME=value` lines, and how the SDKs reach the stand-ins.
///
/// # Errors
///
/// When the stack does not answer.
pub async fn lines(file: &StackFile) -> Result<Vec<String>> {
    let mut all = Variables::from_iter([
        ("AWS_ACCESS_KEY_ID".to_owned(), KEY.to_owned()),
        ("AWS_SECRET_ACCESS_KEY".to_owned(), KEY.to_owned()),
        ("AWS_REGION".to_owned(), REGION.to_owned()),
        ("AWS_ENDPOINT_URL".to_owned(), file.endpoints.aws.clone()),
        (
            "AWS_ENDPOINT_URL_DYNAMODB".to_owned(),
            file.endpoints.dynamodb.clone(),
        ),
    ]);
    for (_, function) in functions(file) {
        all.extend(deployed(file, function).await?);
    }
    let line = |(name, value)| format!("{name}={value}");
    Ok(all.into_iter().map(line).collect())
}

/// The variables of each function under its logical id, with the endpoint that stands for all AWS services there.
///
/// # Errors
///
/// When the stack does not answer.
pub async fn sam(file: &StackFile) -> Result<Value> {
    let mut all = BTreeMap::new();
    for (id, function) in functions(file) {
        let mut variables = deployed(file, function).await?;
        let endpoint = every_service(file).to_owned();
        variables.insert("LOCAL_ENDPOINT".to_owned(), endpoint);
        all.insert(id, variables);
    }
    Ok(json!(all))
}

/// The one URL that serves every AWS service.
fn every_service(file: &StackFile) -> &str {
    &file.endpoints.authorizer
}

fn functions(file: &StackFile) -> [(&'static str, &str); 3] {
    [
        ("ApiFunction", &file.functions.api),
        ("ConsumerFunction", &file.functions.consumer),
        ("SweeperFunction", &file.functions.sweeper),
    ]
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Configuration {
    environment: Environment,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Environment {
    variables: Variables,
}

async fn deployed(file: &StackFile, function: &str) -> Result<Variables> {
    let client = http::client(Duration::from_secs(10))?;
    let url = format!(
        "{}/2015-03-31/functions/{function}/configuration",
        file.endpoints.aws
    );
    let request = http::signed(&client, Method::GET, &url, "lambda");
    let answer = request
        .send()
        .await
        .context(format!("ask for {function}"))?;
    let read = http::read(answer, function).await?;
    let configuration: Configuration =
        serde_json::from_value(read).context(format!("understand {function}"))?;
    Ok(configuration.environment.variables)
}
