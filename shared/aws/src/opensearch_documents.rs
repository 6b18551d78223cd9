//! Documents in OpenSearch: marked, removed, written and searched.
//!
//! Two traps shape this adapter. `_bulk` answers 200 in any case, so every line's own status counts. And an update of a
//! document in a *missing index* creates the index (unless the cluster forbids it) and reports "document missing",
//! which would make every deletion look done: so an update checks first that the index exists.

mod answer;
mod by_index;
mod clear;
mod index;
mod mark;
mod purge;
mod read;
mod search;
mod transport;
mod update;

use std::time::Duration;

use serde::de::DeserializeOwned;

pub use self::transport::{SearchAuth, SearchTransport, SearchTransportError, search_transport};

use self::transport::{INDEX, Request, RequestError};
use domain::collection::{Collection, DocumentSpec};
use ports::DependencyError;

/// Documents in OpenSearch indexes.
#[derive(Debug, Clone)]
pub struct OpenSearchDocuments {
    /// `None` where there is no search.
    transport: Option<SearchTransport>,
    index_prefix: String,
    call_timeout: Duration,
}

/// The service requests what a collection does not have.
#[derive(Debug, thiserror::Error)]
enum NotIts {
    #[error("the collection `{0}` has no documents")]
    Documents(String),
    #[error("a pipeline writes the documents of the collection `{0}`, and nobody else does")]
    Writing(String),
}

impl OpenSearchDocuments {
    /// The documents that this transport reaches. No call takes longer than `call_timeout`.
    pub fn new(
        transport: SearchTransport,
        index_prefix: impl Into<String>,
        call_timeout: Duration,
    ) -> Self {
        Self {
            transport: Some(transport),
            index_prefix: index_prefix.into(),
            call_timeout,
        }
    }

    /// No documents at all, for collections that have none: a request for documents is answered with the error that
    /// there is no search.
    #[must_use]
    pub fn nowhere() -> Self {
        Self {
            transport: None,
            index_prefix: String::new(),
            call_timeout: Duration::ZERO,
        }
    }

    /// Runs the requests of one call within the time of one call.
    async fn in_time<T>(
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

    /// Sends a request and reads the answer.
    async fn ask<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        request: &Request<'_>,
    ) -> Result<T, DependencyError> {
        self.transport(operation)?.ask(operation, request).await
    }

    fn transport(&self, operation: &'static str) -> Result<&SearchTransport, DependencyError> {
        self.transport
            .as_ref()
            .ok_or_else(|| DependencyError::refused(INDEX, operation, RequestError::NoSearch))
    }

    /// The real name of an index.
    fn real(&self, index: &str) -> String {
        format!("{}{index}", self.index_prefix)
    }
}

/// The collection's declared documents.
fn has_documents<'a>(
    collection: &'a Collection,
    operation: &'static str,
) -> Result<&'a DocumentSpec, DependencyError> {
    collection.document.as_ref().ok_or_else(|| {
        let name = collection.name.to_string();
        DependencyError::refused(INDEX, operation, NotIts::Documents(name))
    })
}

/// The same, where we write into them: a write would raise the version of what a pipeline writes, and its next one
/// would be refused.
fn writes_documents<'a>(
    collection: &'a Collection,
    operation: &'static str,
) -> Result<&'a DocumentSpec, DependencyError> {
    let spec = has_documents(collection, operation)?;
    if spec.copy.is_by_pipeline() {
        let error = NotIts::Writing(collection.name.to_string());
        return Err(DependencyError::refused(INDEX, operation, error));
    }
    Ok(spec)
}
