//! How the search is, whatever runs it: no purge into a sick one.

use super::open_search_domain::OpenSearchDomain;
use super::opensearch_documents::OpenSearchDocuments;
use crate::domain::collection::Collection;
use crate::ports::{DependencyError, DomainHealth, Health};

/// What is asked for the state of the search.
#[derive(Debug, Clone)]
pub enum SearchHealth {
    /// The service that runs the domain.
    Domain(OpenSearchDomain),
    /// The data of a serverless collection, which has no other state: one of its indexes is asked for nothing.
    Serverless {
        /// Where the documents are.
        documents: OpenSearchDocuments,
        /// Whose index is asked; without one there is nothing to be sick.
        collection: Option<Box<Collection>>,
    },
    /// Nobody: there is no search.
    None,
}

impl DomainHealth for SearchHealth {
    async fn health(&self) -> Result<Health, DependencyError> {
        match self {
            Self::Domain(domain) => domain.health().await,
            Self::Serverless {
                documents,
                collection: Some(collection),
            } => documents.answers(collection).await.map(|()| Health::Well),
            Self::Serverless {
                collection: None, ..
            }
            | Self::None => Ok(Health::Well),
        }
    }
}
