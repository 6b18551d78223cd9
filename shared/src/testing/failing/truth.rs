//! The ports of the rows, disturbed.

use super::{Failing, Operation};
use crate::domain::collection::Collection;
use crate::domain::deletion::DeletionId;
use crate::domain::key::RecordKey;
use crate::domain::row::{Mark, Row};
use crate::ports::{
    Attempt, ClearOutcome, ClearRows, DependencyError, Fields, MarkOutcome, MarkRows, PurgeOutcome,
    PurgeRows, ReadRows, RowPage, RowQuery, RowToClear, RowToMark,
};

impl<P: ReadRows> ReadRows for Failing<P> {
    const READ_BATCH: usize = P::READ_BATCH;

    async fn read(
        &self,
        collection: &Collection,
        keys: &[RecordKey],
        fields: Fields,
    ) -> Result<Vec<Attempt<Option<Row>>>, DependencyError> {
        let act =
            |keys: Vec<RecordKey>| async move { self.inner.read(collection, &keys, fields).await };
        self.batch(Operation::ReadRows, keys, act).await
    }

    async fn query(&self, query: RowQuery<'_>) -> Result<RowPage, DependencyError> {
        self.call(Operation::QueryRows, self.inner.query(query))
            .await
    }
}

impl<P: MarkRows> MarkRows for Failing<P> {
    const MARK_BATCH: usize = P::MARK_BATCH;

    async fn mark(
        &self,
        collection: &Collection,
        mark: &Mark,
        rows: &[RowToMark],
    ) -> Result<Vec<Attempt<MarkOutcome>>, DependencyError> {
        let act =
            |rows: Vec<RowToMark>| async move { self.inner.mark(collection, mark, &rows).await };
        self.batch(Operation::MarkRows, rows, act).await
    }
}

impl<P: ClearRows> ClearRows for Failing<P> {
    const CLEAR_BATCH: usize = P::CLEAR_BATCH;

    async fn clear(
        &self,
        collection: &Collection,
        deletion: DeletionId,
        rows: &[RowToClear],
    ) -> Result<Vec<Attempt<ClearOutcome>>, DependencyError> {
        let act = |rows: Vec<RowToClear>| async move {
            self.inner.clear(collection, deletion, &rows).await
        };
        self.batch(Operation::ClearRows, rows, act).await
    }
}

impl<P: PurgeRows> PurgeRows for Failing<P> {
    const PURGE_BATCH: usize = P::PURGE_BATCH;

    async fn purge(
        &self,
        collection: &Collection,
        deletion: DeletionId,
        keys: &[RecordKey],
    ) -> Result<Vec<Attempt<PurgeOutcome>>, DependencyError> {
        let act = |keys: Vec<RecordKey>| async move {
            self.inner.purge(collection, deletion, &keys).await
        };
        self.batch(Operation::PurgeRows, keys, act).await
    }
}
