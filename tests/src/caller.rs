//! Somebody with a token, and what the API answers them.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use local::stack::StackFile;
use reqwest::{Client, Method};
use serde_json::Value;

/// Somebody who calls the API.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The subject of the token; empty for somebody without one.
    pub subject: String,
    api_url: String,
    token: Option<String>,
    client: Client,
    /// How often a request that is answered 503 is sent again.
    patience: u32,
}

/// An answer, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers, with lower case names.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub text: String,
}

impl Caller {
    /// Somebody of this tenant, with these groups. The subject must be nobody else's: a token says what was asked last.
    pub async fn new(stack: &StackFile, tenant: &str, subject: &str, groups: &[&str]) -> Self {
        let groups: Vec<String> = groups.iter().map(|group| (*group).to_owned()).collect();
        let token = local::token::token(stack, tenant, subject, &groups)
            .await
            .unwrap();
        Self {
            subject: subject.to_owned(),
            ..Self::with_token(stack, Some(token))
        }
    }

    /// Somebody with this token, or none.
    #[must_use]
    pub fn with_token(stack: &StackFile, token: Option<String>) -> Self {
        Self {
            subject: String::new(),
            api_url: stack.api_url.clone(),
            token,
            client: local::http::client(Duration::from_mins(1)).unwrap(),
            patience: 0,
        }
    }

    /// Sends again what is answered 503, as clients do: on the second stack a call has one second, which a machine with
    /// much to do does not keep.
    #[must_use]
    pub fn patient(self) -> Self {
        Self {
            patience: 20,
            ..self
        }
    }

    /// The token.
    #[must_use]
    pub fn token(&self) -> &str {
        self.token.as_deref().unwrap_or_default()
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, &[], None).await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Answer {
        self.call(Method::DELETE, path, &[], None).await
    }

    /// Any request. The path is sent as it is written here; so is the query string.
    pub async fn call(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&str>,
    ) -> Answer {
        for _ in 0..self.patience {
            let answer = self.once(method.clone(), path, headers, body).await;
            if answer.status != 503 {
                return answer;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        self.once(method, path, headers, body).await
    }

    async fn once(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&str>,
    ) -> Answer {
        let mut request = self
            .client
            .request(method, format!("{}{path}", self.api_url));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body.to_owned());
        }
        let answer = Answer::read(request.send().await.unwrap()).await;
        // What the gateway itself answers is its own.
        if answer.status != 401 {
            let cached = answer.header("cache-control");
            assert_eq!(cached, Some("no-store"), "{path}: {answer:?}");
        }
        answer
    }

    /// Deletes what must be there, and answers the deletion's id.
    pub async fn begin(&self, path: &str) -> String {
        let answer = self.delete(path).await;
        assert_eq!(answer.status, 202, "{path}: {answer:?}");
        assert_eq!(
            answer.json()["status"],
            "PENDING_DELETE",
            "{path}: {answer:?}"
        );
        answer.deletion_id()
    }

    /// One deletion as it stands.
    pub async fn deletion(&self, id: &str) -> Value {
        let answer = self.get(&format!("/v1/deletions/{id}")).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    /// Polls as a client should, until the deletion is done.
    pub async fn done(&self, id: &str, limit: Duration) -> Value {
        let begun = Instant::now();
        loop {
            let answer = self.get(&format!("/v1/deletions/{id}")).await;
            assert_eq!(answer.status, 200, "{answer:?}");
            let deletion = answer.json();
            if deletion["done"] == true {
                return deletion;
            }
            assert!(
                begun.elapsed() < limit,
                "not done within {limit:?}: {deletion:#}"
            );
            let pause: u64 = answer.header("retry-after").unwrap().parse().unwrap();
            tokio::time::sleep(Duration::from_secs(pause)).await;
        }
    }

    /// All items of a list, page by page, and how many pages there were.
    pub async fn all(&self, path: &str) -> (Vec<Value>, usize) {
        let (mut items, mut pages) = (Vec::new(), 0);
        let mut cursor: Option<String> = None;
        loop {
            let page = match &cursor {
                None => self.get(path).await,
                Some(cursor) => {
                    let joint = if path.contains('?') { '&' } else { '?' };
                    self.get(&format!("{path}{joint}cursor={cursor}")).await
                }
            };
            assert_eq!(page.status, 200, "{path}: {page:?}");
            let page = page.json();
            items.extend(page["items"].as_array().unwrap().iter().cloned());
            pages += 1;
            cursor = page["next_cursor"].as_str().map(str::to_owned);
            if cursor.is_none() {
                return (items, pages);
            }
        }
    }
}

impl Answer {
    async fn read(response: reqwest::Response) -> Self {
        let headers = response.headers().iter();
        let headers = headers
            .map(|(name, value)| {
                let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                (name.as_str().to_owned(), value)
            })
            .collect();
        Self {
            status: response.status().as_u16(),
            headers,
            text: response.text().await.unwrap(),
        }
    }

    /// The body as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// One header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// The code of a problem.
    #[must_use]
    pub fn code(&self) -> String {
        let body = self.json();
        body["code"].as_str().unwrap_or_default().to_owned()
    }

    /// The id of the deletion in the body.
    #[must_use]
    pub fn deletion_id(&self) -> String {
        let body = self.json();
        let id = body["deletion"]["id"].as_str();
        id.unwrap_or_else(|| panic!("no deletion in {self:?}"))
            .to_owned()
    }

    /// What must be the same for two requests that may not be told apart: all but the time and the request's id.
    #[must_use]
    pub fn told(&self) -> Self {
        let mut told = self.clone();
        for name in [
            "date",
            "x-amzn-requestid",
            "x-amz-apigw-id",
            "apigw-requestid",
            "x-amzn-trace-id",
            "x-amz-request-id",
            "x-amz-id-2",
        ] {
            told.headers.remove(name);
        }
        if let Ok(body) = serde_json::from_str::<Value>(&self.text)
            && let Some(id) = body["request_id"].as_str()
        {
            told.text = told.text.replace(id, "…");
        }
        told
    }
}
