//! One request to OpenSearch, and what its failure means.
//!
//! Texts of errors never carry what the server said about a document: a parse error quotes the value. Only the error's
//! type is taken.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ::opensearch::auth::Credentials;
use ::opensearch::http::headers::{CONTENT_TYPE, HeaderMap, HeaderValue};
use ::opensearch::http::transport::{
    BuildError, SingleNodeConnectionPool, Transport, TransportBuilder,
};
use ::opensearch::http::{Method, Url};
use aws_config::SdkConfig;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{INDEX, OpenSearchDocuments};
use crate::ports::DependencyError;

/// How requests are signed.
#[derive(Debug, Clone, Copy)]
pub enum SearchAuth<'a> {
    /// `SigV4`, as AWS domains and collections want it.
    SigV4(&'a SdkConfig),
    /// Not at all.
    None,
}

/// Why there is no transport.
#[derive(Debug, thiserror::Error)]
pub enum SearchTransportError {
    /// The endpoint is not a URL.
    #[error("the OpenSearch endpoint is not a URL")]
    Endpoint(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Signing needs credentials and a region.
    #[error("requests to OpenSearch cannot be signed")]
    Credentials(#[source] ::opensearch::Error),
}

/// A failure of a request.
#[derive(Debug, thiserror::Error)]
pub(super) enum RequestError {
    /// The answer did not come in time.
    #[error("no answer within {} ms", .0.as_millis())]
    Timeout(Duration),
    /// An answer with another status than 200.
    #[error("HTTP status {status} {kind}")]
    Status {
        /// The status.
        status: u16,
        /// The type of the error, where the body has one.
        kind: String,
    },
    /// There is no such index.
    #[error("the index `{0}` does not exist")]
    NoIndex(String),
    /// Something in the answer that makes the whole call a failure.
    #[error("{0}")]
    Answer(String),
}

/// What OpenSearch says of a failure. The reason is not read: it may quote a document.
#[derive(Debug, Default, Deserialize)]
struct Failure {
    #[serde(default)]
    error: Kind,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Kind {
    r#type: String,
    root_cause: Vec<Cause>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Cause {
    r#type: String,
}

impl Kind {
    /// The type of what went wrong first, where there is one: a search only says that all of its shards failed.
    fn first(self) -> String {
        let cause = self.root_cause.into_iter().map(|cause| cause.r#type);
        cause
            .into_iter()
            .find(|kind| TOO_MUCH.contains(&kind.as_str()))
            .unwrap_or(self.r#type)
    }
}

/// What a request asks too much with; OpenSearch answers 500.
const TOO_MUCH: [&str; 2] = ["too_many_clauses", "too_many_nested_clauses"];

/// The way to one OpenSearch endpoint.
///
/// The client behind it is made at the first request: its certificates take longer to read than all else at a cold
/// start, and most calls of the api never search.
#[derive(Debug, Clone)]
pub struct SearchTransport {
    endpoint: Url,
    credentials: Option<Credentials>,
    client: Arc<OnceLock<Transport>>,
}

/// The transport to this endpoint. No request is made.
///
/// # Errors
///
/// [`SearchTransportError`] says what is wrong with the endpoint or the credentials.
pub fn search_transport(
    endpoint: &str,
    auth: SearchAuth<'_>,
) -> Result<SearchTransport, SearchTransportError> {
    let endpoint =
        Url::parse(endpoint).map_err(|error| SearchTransportError::Endpoint(error.into()))?;
    let credentials = match auth {
        SearchAuth::SigV4(config) => {
            Some(Credentials::try_from(config).map_err(SearchTransportError::Credentials)?)
        }
        SearchAuth::None => None,
    };
    Ok(SearchTransport {
        endpoint,
        credentials,
        client: Arc::default(),
    })
}

impl SearchTransport {
    fn client(&self) -> Result<&Transport, BuildError> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let host = self.endpoint.host_str().unwrap_or_default();
        // A serverless collection has another service name to sign for.
        let service = if host.ends_with(".aoss.amazonaws.com") {
            "aoss"
        } else {
            "es"
        };
        let pool = SingleNodeConnectionPool::new(self.endpoint.clone());
        let mut builder = TransportBuilder::new(pool).service_name(service);
        if let Some(credentials) = &self.credentials {
            builder = builder.auth(credentials.clone());
        }
        let made = builder.build()?;
        Ok(self.client.get_or_init(|| made))
    }
}

impl OpenSearchDocuments {
    /// Runs the requests of one call within the time of one call.
    pub(super) async fn in_time<T>(
        &self,
        operation: &'static str,
        call: impl Future<Output = Result<T, DependencyError>> + Send,
    ) -> Result<T, DependencyError> {
        match tokio::time::timeout(self.call_timeout, call).await {
            Ok(answer) => answer,
            Err(_) => Err(DependencyError::unavailable(
                INDEX,
                operation,
                RequestError::Timeout(self.call_timeout),
            )),
        }
    }

    /// Posts a body and reads the answer.
    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        path: &str,
        query: &[(&str, &str)],
        content_type: &'static str,
        body: String,
    ) -> Result<T, DependencyError> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        let unavailable =
            |error: ::opensearch::Error| DependencyError::unavailable(INDEX, operation, error);
        let client = self
            .transport
            .client()
            .map_err(|error| DependencyError::refused(INDEX, operation, error))?;
        let answer = client
            .send(Method::Post, path, headers, Some(query), Some(body), None)
            .await
            .map_err(unavailable)?;
        let status = answer.status_code().as_u16();
        if status == 200 {
            return answer.json().await.map_err(unavailable);
        }
        // A body that is not JSON (413 has none) leaves the status.
        let kind = answer
            .json::<Failure>()
            .await
            .unwrap_or_default()
            .error
            .first();
        Err(failure(operation, path, status, kind))
    }
}

/// A status that is not 200: busy or broken passes; what is refused stays refused, 413 among it, because the same body
/// comes again.
fn failure(operation: &'static str, path: &str, status: u16, kind: String) -> DependencyError {
    let is_busy =
        status == 429 || status == 408 || status >= 500 || kind == "cluster_block_exception";
    let later = is_busy && !TOO_MUCH.contains(&kind.as_str());
    let error = if status == 404 && kind == "index_not_found_exception" {
        RequestError::NoIndex(
            path.split('/')
                .find(|part| !part.is_empty())
                .unwrap_or_default()
                .to_owned(),
        )
    } else {
        RequestError::Status { status, kind }
    };
    if later {
        DependencyError::unavailable(INDEX, operation, error)
    } else {
        DependencyError::refused(INDEX, operation, error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn retryable(status: u16, kind: &str) -> bool {
        failure("search", "/i/_search", status, kind.to_owned()).retryable
    }

    #[test]
    fn a_busy_or_broken_cluster_passes() {
        for status in [408, 429, 500, 502, 503, 504] {
            assert!(retryable(status, ""), "{status}");
        }
        assert!(retryable(403, "cluster_block_exception"));
    }

    #[test]
    fn a_refusal_does_not() {
        for status in [400, 401, 403, 404, 413] {
            assert!(!retryable(status, ""), "{status}");
        }
    }

    #[test]
    fn what_asks_too_much_is_refused_though_it_is_answered_as_a_failure_of_the_server() {
        let body = r#"{"error":{"root_cause":[{"type":"too_many_clauses","reason":"…"}],"type":"search_phase_execution_exception"},"status":500}"#;
        let kind = serde_json::from_str::<Failure>(body).unwrap().error.first();

        assert!(!retryable(500, &kind));
        assert!(retryable(500, "search_phase_execution_exception"));
    }

    #[test]
    fn a_missing_index_is_named() {
        let error = failure(
            "search",
            "/pre-messages/_search",
            404,
            "index_not_found_exception".to_owned(),
        );

        assert_eq!(
            crate::telemetry::chain(&error),
            "search index could not search: the index `pre-messages` does not exist"
        );
    }

    #[test]
    fn an_endpoint_without_a_scheme_is_refused() {
        assert!(matches!(
            search_transport("localhost", SearchAuth::None),
            Err(SearchTransportError::Endpoint(_))
        ));
    }
}
