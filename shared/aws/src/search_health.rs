//! How the search is, whatever runs it: no purge into a sick one.

use super::open_search_domain::OpenSearchDomain;
use super::opensearch_documents::OpenSearchDocuments;
use domain::collection::Collection;
use ports::{DependencyError, DomainHealth, Health};

/// What is asked for the state of the search.
#[derive(Debug, Clone)]
pub enum SearchHealth {
    /// The service that runs the domain.
    Domain(OpenSearchDomain),
    /// A serverless collection, which nobody describes: the index of one of our collections is asked for nothing.
    Serverless(Box<SearchedIndex>),
    /// Nobody: there is no search, or nothing to be searched.
    None,
}

/// One of the indexes.
#[derive(Debug, Clone)]
pub struct SearchedIndex {
    /// Where it is.
    pub documents: OpenSearchDocuments,
    /// Whose it is.
    pub collection: Collection,
}

impl DomainHealth for SearchHealth {
    async fn health(&self) -> Result<Health, DependencyError> {
        match self {
            Self::Domain(domain) => domain.health().await,
            Self::Serverless(index) => {
                let answered = index.documents.answers(&index.collection).await;
                answered.map(|()| Health::Well)
            }
            Self::None => Ok(Health::Well),
        }
    }
}
