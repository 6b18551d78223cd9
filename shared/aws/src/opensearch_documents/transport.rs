//! One request to OpenSearch, and what its failure means.
//!
//! Texts of errors never contain what the server said about a document: a parse error quotes the value. Only the
//! error's type is used.

use std::error::Error as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ::opensearch::auth::Credentials;
use ::opensearch::http::headers::{CONTENT_TYPE, HeaderMap, HeaderValue};
use ::opensearch::http::response::Response;
use ::opensearch::http::transport::{
    BuildError, SingleNodeConnectionPool, Transport, TransportBuilder,
};
use ::opensearch::http::{Method, Url};
use aws_config::SdkConfig;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use ports::DependencyError;

/// The search's name in errors.
pub(super) const INDEX: &str = "search index";

/// The service that runs OpenSearch, for which requests are also signed.
#[derive(Debug, Clone, Copy)]
pub enum SearchAuth<'a> {
    /// An OpenSearch Service domain.
    Domain(&'a SdkConfig),
    /// An OpenSearch Serverless collection.
    Serverless(&'a SdkConfig),
    /// A self-hosted one, without signatures: for tools and tests.
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
    /// An answer with a status other than 200.
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
    /// There is no search at all.
    #[error("there is no search")]
    NoSearch,
    /// Something in the answer that makes the whole call a failure.
    #[error("{0}")]
    Answer(String),
}

/// What OpenSearch says about a failure. The reason is not read: it may quote a document.
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
        let mut causes = self.root_cause.into_iter().map(|cause| cause.r#type);
        causes
            .find(|kind| TOO_MUCH.contains(&kind.as_str()))
            .unwrap_or(self.r#type)
    }
}

/// The error of a request that asks for too much; OpenSearch answers it with 500.
const TOO_MUCH: [&str; 2] = ["too_many_clauses", "too_many_nested_clauses"];

/// The way to one OpenSearch endpoint.
///
/// The client is made at the first request: reading its certificates takes longer than everything else at a cold start,
/// and most calls of the api never search.
#[derive(Debug, Clone)]
pub struct SearchTransport {
    endpoint: Url,
    signing: Option<(Credentials, &'static str)>,
    /// The verb of `_mget`. For a serverless collection only GET is documented; a role for a domain needs the right to
    /// POST anyway.
    read: Method,
    client: Arc<Mutex<Option<Arc<Transport>>>>,
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
    let sign = |config: &SdkConfig, service| {
        let credentials = Credentials::try_from(config);
        credentials
            .map(|credentials| Some((credentials, service)))
            .map_err(SearchTransportError::Credentials)
    };
    let (signing, read) = match auth {
        SearchAuth::Domain(config) => (sign(config, "es")?, Method::Post),
        SearchAuth::Serverless(config) => (sign(config, "aoss")?, Method::Get),
        SearchAuth::None => (None, Method::Post),
    };
    Ok(SearchTransport {
        endpoint,
        signing,
        read,
        client: Arc::default(),
    })
}

impl SearchTransport {
    /// The verb of `_mget`.
    pub(super) fn read(&self) -> Method {
        self.read
    }

    /// Sends a request and reads the answer.
    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        request: &Request<'_>,
    ) -> Result<T, DependencyError> {
        let answer = self.send(operation, request).await?;
        let status = answer.status_code().as_u16();
        if status == 200 {
            let unavailable =
                |error: ::opensearch::Error| DependencyError::unavailable(INDEX, operation, error);
            return answer.json().await.map_err(unavailable);
        }
        // If the body is not JSON (413 has none), only the status is used.
        let kind = answer
            .json::<Failure>()
            .await
            .unwrap_or_default()
            .error
            .first();
        Err(failure(operation, request.path, status, kind))
    }

    fn client(&self) -> Result<Arc<Transport>, BuildError> {
        let mut current = self.current();
        if let Some(client) = &*current {
            return Ok(Arc::clone(client));
        }
        let pool = SingleNodeConnectionPool::new(self.endpoint.clone());
        let mut builder = TransportBuilder::new(pool);
        if let Some((credentials, service)) = &self.signing {
            builder = builder.auth(credentials.clone()).service_name(service);
        }
        let made = Arc::new(builder.build()?);
        *current = Some(Arc::clone(&made));
        Ok(made)
    }

    /// Drops a client, and all its connections with it, unless another call has done so.
    fn forget(&self, client: &Arc<Transport>) {
        self.current()
            .take_if(|current| Arc::ptr_eq(current, client));
    }

    fn current(&self) -> MutexGuard<'_, Option<Arc<Transport>>> {
        self.client.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a request, and sends it once more, over new connections, if no answer came.
    ///
    /// When a function was frozen, the other side may have closed its connections, which only shows when one is used.
    /// All that is sent here may be sent again: marking and clearing say what a document becomes, not what changes in
    /// it; a removal contains the version that it removes; a document that is written is compared with its row
    /// afterwards.
    async fn send(
        &self,
        operation: &'static str,
        request: &Request<'_>,
    ) -> Result<Response, DependencyError> {
        let client = || {
            self.client()
                .map_err(|error| DependencyError::refused(INDEX, operation, error))
        };
        let first = client()?;
        let answer = match request.over(&first).await {
            Err(error) if got_no_answer(&error) => {
                self.forget(&first);
                request.over(&*client()?).await
            }
            answer => answer,
        };
        answer.map_err(|error| DependencyError::unavailable(INDEX, operation, error))
    }
}

/// Whether the connection failed. A request that timed out has had its time, and one that could not be signed has no
/// source.
fn got_no_answer(error: &::opensearch::Error) -> bool {
    error.source().is_some() && !error.is_timeout()
}

/// One request, which can be sent again if needed.
pub(super) struct Request<'a> {
    pub(super) method: Method,
    pub(super) path: &'a str,
    pub(super) query: &'a [(&'a str, &'a str)],
    pub(super) content_type: &'static str,
    pub(super) body: &'a str,
}

impl Request<'_> {
    async fn over(&self, client: &Transport) -> Result<Response, ::opensearch::Error> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        let (query, body) = (Some(self.query), Some(self.body));
        let call = client.send(self.method, self.path, headers, query, body, None);
        call.await
    }
}

/// A status that is not 200: busy or broken is temporary; a refusal is permanent, also 413, because the same body would
/// be sent again.
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
            telemetry::chain(&error),
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
