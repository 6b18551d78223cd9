//! The API as a client uses it, and the same request as a `curl` line.

use std::fmt::Write as _;
use std::time::Duration;

use anyhow::{Context as _, Result};
use local::http;
use local::layout::workspace;
use local::stack::StackFile;
use local::token;
use reqwest::Method;
use serde_json::Value;

/// Who asks in the demo.
const SUBJECT: &str = "demo";
/// The group that may delete and restore.
const GROUP: &str = "admin";

/// One caller.
#[derive(Debug, Clone)]
pub(super) struct Api {
    client: reqwest::Client,
    url: String,
    token: String,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) retry_after: Option<String>,
    pub(super) body: Value,
}

impl Api {
    /// Signs in for a tenant.
    pub(super) async fn sign_in(stack: &StackFile, tenant: &str) -> Result<Self> {
        Ok(Self {
            client: http::client(Duration::from_secs(30))?,
            url: stack.api_url.clone(),
            token: token::token(stack, tenant, SUBJECT, &[GROUP.to_owned()]).await?,
        })
    }

    /// How to sign in by hand.
    pub(super) fn sign_in_line(stack: &StackFile, tenant: &str) -> String {
        format!(
            "export TOKEN=$(cargo xtask token --state {} --tenant {} --sub {SUBJECT} --group {GROUP})",
            state_typed(stack),
            quoted(tenant)
        )
    }

    /// The request as it is typed.
    pub(super) fn curl(method: &Method, path: &str) -> String {
        let method = if *method == Method::GET {
            String::new()
        } else {
            format!("-X {method} ")
        };
        format!("curl -s {method}-H \"authorization: Bearer $TOKEN\" \"$API{path}\"")
    }

    pub(super) async fn get(&self, path: &str) -> Result<Answer> {
        self.call(Method::GET, path, None).await
    }

    pub(super) async fn delete(&self, path: &str) -> Result<Answer> {
        self.call(Method::DELETE, path, None).await
    }

    pub(super) async fn post(&self, path: &str) -> Result<Answer> {
        self.call(Method::POST, path, None).await
    }

    /// A request with a body.
    pub(super) async fn send(&self, method: Method, path: &str, body: &Value) -> Result<Answer> {
        self.call(method, path, Some(body)).await
    }

    /// What a deletion says about itself.
    pub(super) async fn deletion(&self, id: &str) -> Result<Value> {
        Ok(self.get(&format!("/v1/deletions/{id}")).await?.body)
    }

    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Answer> {
        let what = format!("{method} {path}");
        let mut request = self
            .client
            .request(method, format!("{}{path}", self.url))
            .bearer_auth(&self.token);
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body.to_string());
        }
        let answer = request.send().await.context(what.clone())?;
        let status = answer.status().as_u16();
        let retry_after = answer
            .headers()
            .get("retry-after")
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned);
        let text = answer.text().await.context(what.clone())?;
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Ok(Answer {
            status,
            retry_after,
            body,
        })
    }
}

impl Answer {
    /// The member of this name, as text.
    pub(super) fn text(&self, member: &str) -> &str {
        self.body[member].as_str().unwrap_or_default()
    }

    /// The id of the deletion in the answer to a DELETE.
    pub(super) fn deletion(&self) -> Option<&str> {
        self.body["deletion"]["id"].as_str()
    }

    /// The keys of the items of a list.
    pub(super) fn ids(&self) -> Vec<&str> {
        let items = self.body["items"].as_array().into_iter().flatten();
        items.filter_map(|item| item["id"].as_str()).collect()
    }

    /// The answer in one line.
    pub(super) fn short(&self) -> String {
        let body = if let Some(items) = self.body["items"].as_array() {
            format!("{} items", items.len())
        } else {
            let members = ["status", "state", "code", "message"].map(|name| self.text(name));
            let said: Vec<&str> = members
                .into_iter()
                .filter(|text| !text.is_empty())
                .collect();
            if said.is_empty() {
                shortened(&self.body.to_string())
            } else {
                said.join(", ")
            }
        };
        format!("{}: {body}", self.status)
    }
}

/// The path of a record. Ids that a path segment cannot carry go into the query.
pub(super) fn record_path(collection: &str, id: &str, sort: Option<&str>) -> String {
    let parts: Vec<&str> = std::iter::once(id).chain(sort).collect();
    let fits = |part: &str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        part.bytes().all(plain) && part != "." && part != ".."
    };
    if parts.iter().all(|part| fits(part)) {
        return format!("/v1/{collection}/{}", parts.join("/"));
    }
    let sort = sort.map_or(String::new(), |sort| format!("&sort={}", encoded(sort)));
    format!("/v1/{collection}?id={}{sort}", encoded(id))
}

/// A value of a query string: a space as `%20`, because there a `+` is a plus.
pub(super) fn encoded(value: &str) -> String {
    value.bytes().fold(String::new(), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _infallible = write!(text, "%{byte:02X}");
        }
        text
    })
}

/// The folder of a stack, as one types it after `--state`.
pub(super) fn state_typed(stack: &StackFile) -> String {
    let state = stack.state();
    let root = state.root();
    let root = root.strip_prefix(workspace()).unwrap_or(root);
    quoted(&root.display().to_string())
}

/// A text as one word of a shell.
pub(super) fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./~:@".contains(c);
    if !text.is_empty() && text.chars().all(plain) && !text.starts_with('~') {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

fn shortened(text: &str) -> String {
    let mut short: String = text.chars().take(100).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_no_path_carries_goes_into_the_query() {
        assert_eq!(
            record_path("discussions", "r~1", None),
            "/v1/discussions/r~1"
        );
        assert_eq!(
            record_path("messages", "r~1", Some("m.1")),
            "/v1/messages/r~1/m.1"
        );
        assert_eq!(
            record_path("messages", "r~1", Some("a b/+")),
            "/v1/messages?id=r~1&sort=a%20b%2F%2B"
        );
        assert_eq!(
            record_path("discussions", "..", None),
            "/v1/discussions?id=.."
        );
    }

    #[test]
    fn a_line_for_the_shell_has_each_text_as_one_word() {
        assert_eq!(quoted("r-help"), "r-help");
        assert_eq!(quoted("it's $HOME"), r"'it'\''s $HOME'");
        assert_eq!(quoted(""), "''");
    }
}
