//! Documents in memory, as they are removed.

use super::{Document, FakeDocuments, has_documents, index, slot};
use domain::collection::{Collection, DocumentAt};
use ports::{Attempt, DependencyError, DocumentVersion, PurgeDocuments, RemoveOutcome};

impl PurgeDocuments for FakeDocuments {
    async fn remove(
        &self,
        collection: &Collection,
        documents: &[(DocumentAt, DocumentVersion)],
    ) -> Result<Vec<Attempt<RemoveOutcome>>, DependencyError> {
        let operation = "remove documents";
        let state = &mut *self.begin(operation, Self::PURGE_BATCH, documents.len())?;
        let is_piped = has_documents(collection, operation)?.copy.is_by_pipeline();
        let mut outcomes = Vec::new();
        for (at, version) in documents {
            let index = index(&mut state.indexes, at, operation)?;
            let slot = slot(at);
            let now = index.get(&slot).map(Document::version);
            // As OpenSearch: when it must remove a certain version, it cannot say whether the document is missing or was
            // changed. What a pipeline writes is compared by the version that the pipeline compares.
            let is_as_read = match now {
                Some(now) if is_piped => now.version <= version.version,
                None if is_piped => true,
                now => now == Some(*version),
            };
            let outcome = match state.rejected.get(&at.id) {
                _ if !is_as_read => RemoveOutcome::Changed,
                Some(reason) if now.is_some() => RemoveOutcome::Rejected(reason.clone()),
                _ => {
                    index.remove(&slot);
                    let left = version.version + i64::from(!is_piped);
                    state.removed.insert((at.index.clone(), slot), left);
                    RemoveOutcome::Gone
                }
            };
            outcomes.push(Attempt::Done(outcome));
        }
        Ok(outcomes)
    }
}
