//! Id tokens of the local user pool, for any subject, tenant and groups.
//!
//! Cognito makes up `sub` itself, so the subject is the user name, and the local stack reads the claim
//! `cognito:username`. One user can change tenant and groups from call to call: a token says what was asked for last.

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use crate::http;
use crate::stack::StackFile;

/// Fulfils the pool's rules; the pool exists for a few minutes on this machine.
const PASSWORD: &str = "Local-only-1!";

/// Makes sure that the user is there, with this tenant and these groups and no others, and signs in.
///
/// # Errors
///
/// When the stack has no user pool, or refuses.
pub async fn token(
    file: &StackFile,
    tenant: &str,
    subject: &str,
    groups: &[String],
) -> Result<String> {
    if file.user_pool_id.is_empty() {
        bail!("this stack trusts another issuer and has no user pool to sign in at");
    }
    let pool = Pool {
        endpoint: &file.endpoints.aws,
        id: &file.user_pool_id,
    };
    let attributes = json!([{"Name": "custom:tenant", "Value": tenant}]);
    let user = pool.user_call("AdminGetUser", subject, json!({})).await;
    if user.is_ok() {
        pool.user_call(
            "AdminUpdateUserAttributes",
            subject,
            json!({"UserAttributes": attributes}),
        )
        .await?;
    } else {
        let new = json!({"UserAttributes": attributes, "MessageAction": "SUPPRESS"});
        pool.user_call("AdminCreateUser", subject, new).await?;
        pool.user_call(
            "AdminSetUserPassword",
            subject,
            json!({"Password": PASSWORD, "Permanent": true}),
        )
        .await?;
    }
    pool.set_groups(subject, groups).await?;

    let answer = pool
        .call(
            "InitiateAuth",
            json!({
                "AuthFlow": "USER_PASSWORD_AUTH",
                "ClientId": file.client_id,
                "AuthParameters": {"USERNAME": subject, "PASSWORD": PASSWORD},
            }),
        )
        .await?;
    let token = answer["AuthenticationResult"]["IdToken"]
        .as_str()
        .context("Cognito gave no id token")?;
    Ok(token.to_owned())
}

struct Pool<'a> {
    endpoint: &'a str,
    id: &'a str,
}

impl Pool<'_> {
    async fn call(&self, operation: &str, body: Value) -> Result<Value> {
        let target = format!("AWSCognitoIdentityProviderService.{operation}");
        http::json_call(self.endpoint, "cognito-idp", &target, &body).await
    }

    async fn user_call(&self, operation: &str, user: &str, mut body: Value) -> Result<Value> {
        body["UserPoolId"] = self.id.into();
        body["Username"] = user.into();
        self.call(operation, body).await
    }

    async fn set_groups(&self, user: &str, wanted: &[String]) -> Result<()> {
        let answer = self
            .user_call("AdminListGroupsForUser", user, json!({}))
            .await?;
        let present: Vec<&str> = answer["Groups"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|group| group["GroupName"].as_str())
            .collect();
        for group in wanted
            .iter()
            .filter(|group| !present.contains(&group.as_str()))
        {
            let name = json!({"UserPoolId": self.id, "GroupName": group});
            if self.call("GetGroup", name.clone()).await.is_err() {
                self.call("CreateGroup", name).await?;
            }
            self.user_call("AdminAddUserToGroup", user, json!({"GroupName": group}))
                .await?;
        }
        for group in present
            .iter()
            .filter(|group| !wanted.iter().any(|wanted| wanted == *group))
        {
            self.user_call(
                "AdminRemoveUserFromGroup",
                user,
                json!({"GroupName": group}),
            )
            .await?;
        }
        Ok(())
    }
}
