//! The ports of the documents, disturbed.

use super::{Failing, Operation};
use crate::domain::collection::Collection;
use crate::domain::deletion::DeletionId;
use crate::domain::row::Mark;
use crate::ports::{
    Attempt, ClearDocuments, DependencyError, DocumentClearOutcome, DocumentMarkOutcome,
    DocumentState, DocumentVersion, MarkDocuments, PurgeDocuments, ReadDocuments, RemoveOutcome,
    SearchDocuments, SearchPage, SearchQuery,
};

impl<P: MarkDocuments> MarkDocuments for Failing<P> {
    const MARK_BATCH: usize = P::MARK_BATCH;

    async fn mark(
        &self,
        collection: &Collection,
        mark: &Mark,
        ids: &[String],
    ) -> Result<Vec<Attempt<DocumentMarkOutcome>>, DependencyError> {
        let act = |ids: Vec<String>| async move { self.inner.mark(collection, mark, &ids).await };
        self.batch(Operation::MarkDocuments, ids, act).await
    }
}

impl<P: ClearDocuments> ClearDocuments for Failing<P> {
    const CLEAR_BATCH: usize = P::CLEAR_BATCH;

    async fn clear(
        &self,
        collection: &Collection,
        deletion: DeletionId,
        ids: &[String],
    ) -> Result<Vec<Attempt<DocumentClearOutcome>>, DependencyError> {
        let act =
            |ids: Vec<String>| async move { self.inner.clear(collection, deletion, &ids).await };
        self.batch(Operation::ClearDocuments, ids, act).await
    }
}

impl<P: ReadDocuments> ReadDocuments for Failing<P> {
    const STATE_BATCH: usize = P::STATE_BATCH;

    async fn states(
        &self,
        collection: &Collection,
        ids: &[String],
    ) -> Result<Vec<Attempt<Option<DocumentState>>>, DependencyError> {
        let act = |ids: Vec<String>| async move { self.inner.states(collection, &ids).await };
        self.batch(Operation::DocumentStates, ids, act).await
    }
}

impl<P: PurgeDocuments> PurgeDocuments for Failing<P> {
    const PURGE_BATCH: usize = P::PURGE_BATCH;

    async fn remove(
        &self,
        collection: &Collection,
        documents: &[(String, DocumentVersion)],
    ) -> Result<Vec<Attempt<RemoveOutcome>>, DependencyError> {
        let act =
            |documents: Vec<_>| async move { self.inner.remove(collection, &documents).await };
        self.batch(Operation::RemoveDocuments, documents, act).await
    }
}

impl<P: SearchDocuments> SearchDocuments for Failing<P> {
    async fn search(&self, query: SearchQuery<'_>) -> Result<SearchPage, DependencyError> {
        self.call(Operation::Search, self.inner.search(query)).await
    }
}
