//! The ports that clients write through, disturbed.

use super::{Failing, Operation};
use crate::domain::collection::Collection;
use crate::domain::document::Document;
use crate::domain::key::RecordKey;
use crate::domain::row::Row;
use crate::ports::{
    Attempt, DependencyError, IndexDocuments, IndexOutcome, Stored, TakeBackOutcome, WriteOutcome,
    WriteRows,
};

impl<P: WriteRows> WriteRows for Failing<P> {
    type Kept = P::Kept;

    async fn stored(
        &self,
        collection: &Collection,
        key: &RecordKey,
    ) -> Result<Option<Stored<P::Kept>>, DependencyError> {
        self.call(Operation::ReadStored, self.inner.stored(collection, key))
            .await
    }

    async fn write(
        &self,
        collection: &Collection,
        row: &Row,
        before: Option<&Stored<P::Kept>>,
    ) -> Result<WriteOutcome, DependencyError> {
        let act = self.inner.write(collection, row, before);
        self.call(Operation::WriteRow, act).await
    }

    async fn take_back(
        &self,
        collection: &Collection,
        row: &Row,
        before: Option<&Stored<P::Kept>>,
    ) -> Result<TakeBackOutcome, DependencyError> {
        let act = self.inner.take_back(collection, row, before);
        self.call(Operation::TakeBackRow, act).await
    }
}

impl<P: IndexDocuments> IndexDocuments for Failing<P> {
    async fn index(
        &self,
        collection: &Collection,
        document: &Document,
    ) -> Result<Attempt<IndexOutcome>, DependencyError> {
        let act = self.inner.index(collection, document);
        self.call(Operation::IndexDocument, act).await
    }
}
