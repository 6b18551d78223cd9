//! `sam deploy` of the built template to ministack, and the outputs of the stack.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use reqwest::Method;

use crate::http;
use crate::layout::StateDir;
use crate::process;
use crate::stack::STACK_NAME;
use crate::tools::python::Venv;

/// Deploys, with the same command that a deployment to AWS uses.
///
/// # Errors
///
/// When the SAM CLI fails; the error quotes its log.
pub(crate) async fn deploy(
    state: &StateDir,
    venv: &Venv,
    url: &str,
    template: &Path,
    parameters: &BTreeMap<String, String>,
) -> Result<()> {
    let tmp = state.join("tmp");
    let mut command = Command::new(venv.program("sam"));
    // Nothing of the developer's environment: a profile or a region there must not send this deployment to AWS.
    command
        .env_clear()
        .env("PATH", venv.search_path())
        .env("HOME", &tmp)
        .env("TMPDIR", &tmp)
        .env("LANG", "C.UTF-8")
        .env("AWS_ACCESS_KEY_ID", http::KEY)
        .env("AWS_SECRET_ACCESS_KEY", http::KEY)
        .env("AWS_REGION", http::REGION)
        .env("AWS_DEFAULT_REGION", http::REGION)
        .env("AWS_ENDPOINT_URL", url)
        .env("SAM_CLI_TELEMETRY", "0")
        .env("SAM_CLI_POLL_DELAY", "0.5")
        .arg("deploy")
        .arg("--template-file")
        .arg(template)
        .args([
            "--stack-name",
            STACK_NAME,
            "--resolve-s3",
            "--no-confirm-changeset",
            "--no-fail-on-empty-changeset",
        ])
        .args([
            "--no-progressbar",
            "--capabilities",
            "CAPABILITY_IAM",
            "CAPABILITY_AUTO_EXPAND",
        ])
        .arg("--parameter-overrides")
        .args(
            parameters
                .iter()
                .map(|(name, value)| format!("ParameterKey={name},ParameterValue=\"{value}\"")),
        )
        .current_dir(state.root());
    process::run(command, &state.log("deploy")).await
}

/// The outputs of the deployed stack.
///
/// # Errors
///
/// When there is no such stack.
pub(crate) async fn outputs(url: &str) -> Result<BTreeMap<String, String>> {
    let client = http::client(Duration::from_secs(10))?;
    let answer = http::signed(&client, Method::POST, url, "cloudformation")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(format!(
            "Action=DescribeStacks&Version=2010-05-15&StackName={STACK_NAME}"
        ))
        .send()
        .await
        .context("describe the stack")?;
    let text = answer
        .text()
        .await
        .context("read the description of the stack")?;
    let outputs = read_outputs(&text);
    if outputs.is_empty() {
        bail!("the stack has no outputs: {}", text.trim());
    }
    Ok(outputs)
}

/// `<OutputKey>a</OutputKey>…<OutputValue>b</OutputValue>`: the only XML here, so no parser for it.
fn read_outputs(xml: &str) -> BTreeMap<String, String> {
    xml.split("<OutputKey>")
        .skip(1)
        .filter_map(|rest| {
            let (key, rest) = rest.split_once("</OutputKey>")?;
            let (_before, value) = rest.split_once("<OutputValue>")?;
            let (value, _after) = value.split_once("</OutputValue>")?;
            Some((
                key.to_owned(),
                value
                    .replace("&lt;", "<")
                    .replace("&gt;", ">")
                    .replace("&amp;", "&"),
            ))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::read_outputs;

    #[test]
    fn outputs_are_read_from_the_description() {
        let xml = "<Outputs><member><OutputKey>A</OutputKey><OutputValue>1&amp;2</OutputValue></member>\
                   <member><OutputKey>B</OutputKey><Description>x</Description><OutputValue>b</OutputValue></member></Outputs>";

        let outputs = read_outputs(xml);

        assert_eq!(outputs.len(), 2);
        assert_eq!(outputs["A"], "1&2");
        assert_eq!(outputs["B"], "b");
    }
}
