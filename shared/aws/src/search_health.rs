//! The health of the search, for each kind of search: no purge while it is unhealthy.

use super::open_search_domain::OpenSearchDomain;
use super::opensearch_documents::OpenSearchDocuments;
use domain::collection::Collection;
use ports::{DependencyError, DomainHealth, Health};

/// What reports the state of the search.
#[derive(Debug, Clone)]
pub enum SearchHealth {
    /// The service that runs the domain.
    Domain(OpenSearchDomain),
    /// A serverless collection, for which no service reports a state: a search that matches nothing is sent to the
    /// index of one of our collections.
    Serverless(Box<SearchedIndex>),
    /// Nothing: there is no search, or nothing to be searched.
    None,
}

/// One of the indexes.
#[derive(Debug, Clone)]
pub struct SearchedIndex {
    /// Where it is.
    pub documents: OpenSearchDocuments,
    /// The collection that it belongs to.
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
