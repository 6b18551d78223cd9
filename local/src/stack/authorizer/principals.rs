//! Who calls: the functions, each with session credentials of its role, and what the role's policies say.
//!
//! ministack makes the credentials of a function from its ARN and its role's (`execution_credentials` in
//! `core/lambda_runtime.py` of the pinned version), and CloudFormation has put the policies into its IAM as the template
//! says. A later version that makes them otherwise shows at once: every call would be one of an unknown key.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use anyhow::{Context as _, Result};
use percent_encoding::percent_decode_str;
use reqwest::{Client, Method};
use sha2::{Digest as _, Sha256};

use super::policy::Policies;
use crate::http;

/// A function in its role.
#[derive(Debug, Clone, Default)]
pub struct Principal {
    /// `arn:aws:sts::…:assumed-role/ROLE/FUNCTION`, as refusals name it.
    pub arn: String,
    /// Its account.
    pub account: String,
    /// What the template calls the role.
    pub role: String,
    /// What its signatures are made with.
    pub secret: String,
    /// What goes with the key in each request.
    pub token: String,
    /// What it may do.
    pub policies: Policies,
}

/// The functions of the stack behind `aws`, by their access keys.
///
/// # Errors
///
/// When ministack does not answer, or a policy is not understood.
pub async fn principals(aws: &str) -> Result<BTreeMap<String, Principal>> {
    let client = http::client(Duration::from_secs(10))?;
    let request = http::signed(
        &client,
        Method::GET,
        &format!("{aws}/2015-03-31/functions/"),
        "lambda",
    );
    let answer = request.send().await.context("list the functions")?;
    let listed = http::read(answer, "ListFunctions").await?;
    let mut principals = BTreeMap::new();
    for function in listed["Functions"].as_array().into_iter().flatten() {
        let text = |name: &str| function[name].as_str().context(format!("read {name}"));
        let (arn, role_arn) = (text("FunctionArn")?, text("Role")?);
        let role = role_arn.rsplit('/').next().unwrap_or_default();
        let (key, mut principal) = credentials(text("FunctionName")?, arn, role_arn, role);
        for document in documents(&client, aws, role).await? {
            principal
                .policies
                .add(&document)
                .context(format!("understand a policy of {role}"))?;
        }
        principals.insert(key, principal);
    }
    Ok(principals)
}

/// The session that ministack gives to a function.
fn credentials(name: &str, arn: &str, role_arn: &str, role: &str) -> (String, Principal) {
    let digest = hex(&format!("{arn}:{role_arn}"));
    let account = arn.split(':').nth(4).unwrap_or_default();
    let principal = Principal {
        arn: format!("arn:aws:sts::{account}:assumed-role/{role}/{name}"),
        account: account.to_owned(),
        role: logical_id(role).to_owned(),
        secret: hex(&format!("secret:{digest}")),
        token: hex(&format!("token:{digest}")),
        policies: Policies::default(),
    };
    (format!("ASIA{}", digest[..16].to_uppercase()), principal)
}

fn hex(text: &str) -> String {
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(text) {
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

/// `STACK-LOGICALID-SUFFIX` is what CloudFormation makes of a role without a name of its own.
fn logical_id(role: &str) -> &str {
    let mut parts = role.rsplit('-');
    let (_suffix, id) = (parts.next(), parts.next());
    id.unwrap_or(role)
}

/// The policy documents of a role: its own, then the managed ones.
async fn documents(client: &Client, aws: &str, role: &str) -> Result<Vec<String>> {
    let mut documents = Vec::new();
    let own = ask(
        client,
        aws,
        &[("Action", "ListRolePolicies"), ("RoleName", role)],
    )
    .await?;
    for name in within(&own, "member") {
        let call = [
            ("Action", "GetRolePolicy"),
            ("RoleName", role),
            ("PolicyName", name),
        ];
        let answer = ask(client, aws, &call).await?;
        documents.extend(within(&answer, "PolicyDocument").map(decoded));
    }
    let call = [("Action", "ListAttachedRolePolicies"), ("RoleName", role)];
    let managed = ask(client, aws, &call).await?;
    for arn in within(&managed, "PolicyArn") {
        let policy = ask(client, aws, &[("Action", "GetPolicy"), ("PolicyArn", arn)]).await?;
        for version in within(&policy, "DefaultVersionId") {
            let call = [
                ("Action", "GetPolicyVersion"),
                ("PolicyArn", arn),
                ("VersionId", version),
            ];
            let answer = ask(client, aws, &call).await?;
            documents.extend(within(&answer, "Document").map(decoded));
        }
    }
    Ok(documents)
}

/// One call of IAM, which answers in XML.
async fn ask(client: &Client, aws: &str, parameters: &[(&str, &str)]) -> Result<String> {
    let encoded = parameters.iter().map(|(name, value)| {
        let value =
            percent_encoding::utf8_percent_encode(value, percent_encoding::NON_ALPHANUMERIC);
        format!("&{name}={value}")
    });
    let answer = http::signed(client, Method::POST, &format!("{aws}/"), "iam")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(format!("Version=2010-05-08{}", encoded.collect::<String>()))
        .send()
        .await
        .context("ask for the policies")?;
    let answer = answer.error_for_status().context("ask for the policies")?;
    answer.text().await.context("read the policies")
}

/// The texts of all elements of this name, none of which holds another.
fn within<'a>(xml: &'a str, element: &str) -> impl Iterator<Item = &'a str> {
    let (open, close) = (format!("<{element}>"), format!("</{element}>"));
    let mut rest = xml;
    std::iter::from_fn(move || {
        let (_before, behind) = rest.split_once(&*open)?;
        let (text, behind) = behind.split_once(&*close)?;
        rest = behind;
        Some(text)
    })
}

fn decoded(document: &str) -> String {
    percent_decode_str(document)
        .decode_utf8_lossy()
        .into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values are what ministack 1.5.33 gave to a function of these names.
    #[test]
    fn a_function_is_known_by_the_key_that_ministack_makes() {
        let arn = "arn:aws:lambda:us-east-1:000000000000:function:f";
        let role = "arn:aws:iam::000000000000:role/tombstone-ApiRole-1A2B";

        let (key, principal) = credentials("f", arn, role, "tombstone-ApiRole-1A2B");

        assert_eq!(key.len(), 20);
        assert!(key.starts_with("ASIA"));
        assert_eq!(
            principal.arn,
            "arn:aws:sts::000000000000:assumed-role/tombstone-ApiRole-1A2B/f"
        );
        assert_eq!(principal.role, "ApiRole");
        assert_eq!(principal.account, "000000000000");
    }

    #[test]
    fn elements_are_read_one_after_the_other() {
        let xml = "<A><member>x</member><member>y%7B</member></A>";

        let members: Vec<&str> = within(xml, "member").collect();

        assert_eq!(members, ["x", "y%7B"]);
        assert_eq!(decoded(members[1]), "y{");
    }
}
